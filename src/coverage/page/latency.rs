//! How long requests took: the distribution of offers and of readings, for each node.

use std::time::Duration;

use super::html::{Picture, escape, mark, marks, table};
use crate::coverage::figures::{float, grouped, short_time};
use crate::coverage::{Latencies, Report};

/// The bars of one distribution, over the whole scale.
const BARS: u32 = 72;

/// A scale of times by their logarithm, the same for all nodes and kinds.
struct Scale {
    from: f64,
    to: f64,
}

impl Scale {
    /// From the shortest to the longest of these, in whole steps of 1, 2 and 5.
    fn of<'l>(all: impl Iterator<Item = &'l Latencies>) -> Self {
        let (mut from, mut to) = (f64::INFINITY, 0.0_f64);
        for latencies in all.filter(|latencies| latencies.requests() > 0) {
            // One request of a thousand may be cut off at each end.
            from = from.min(latencies.percentile(0.1).as_secs_f64());
            to = to.max(latencies.percentile(99.9).as_secs_f64());
        }
        let from = from.clamp(1e-6, 60.0);
        let to = to.max(from * 4.0);
        Self {
            from: from * 0.9,
            to: to * 1.1,
        }
    }

    /// The place of a time, in hundredths.
    fn at(&self, time: Duration) -> f64 {
        let part = (time.as_secs_f64().max(1e-9) / self.from).ln() / (self.to / self.from).ln();
        100.0 * part.clamp(0.0, 1.0)
    }

    /// The time at so many parts of `BARS`.
    fn time(&self, bar: u32) -> Duration {
        let part = f64::from(bar) / f64::from(BARS);
        Duration::from_secs_f64(self.from * (self.to / self.from).powf(part))
    }

    /// Round times on the scale, not too close.
    fn ticks(&self) -> Vec<Duration> {
        let decades = [1, 10, 100, 1000, 10_000, 100_000, 1_000_000, 10_000_000_u64];
        let times = decades
            .into_iter()
            .flat_map(|decade| [1, 2, 5].map(|step| decade * step));
        let mut ticks: Vec<Duration> = Vec::new();
        for time in times.map(Duration::from_micros) {
            let seconds = time.as_secs_f64();
            let is_inside = (self.from..self.to).contains(&seconds);
            let is_apart = |last: &Duration| self.at(time) - self.at(*last) > 16.0;
            if is_inside && ticks.last().is_none_or(is_apart) {
                ticks.push(time);
            }
        }
        ticks
    }
}

pub(super) fn section(report: &Report) -> String {
    let nodes = &report.measured.nodes;
    let scale = Scale::of(nodes.iter().flat_map(|node| [&node.offers, &node.reads]));
    let offers = nodes.iter().map(|node| (&*node.name, &node.offers));
    let reads = nodes.iter().map(|node| (&*node.name, &node.reads));
    format!(
        r#"<section class="wide">
<h2>How long requests took</h2>
<p>From when a request was written out to when its reply was read, while the cluster was kept busy: the waits
behind other requests are in it. The scale is logarithmic.</p>
<p class="key"><span class="swatch median"></span>median <span class="swatch high"></span>99 of 100 are faster</p>
<div class="pair">
{}
{}
</div>
{}
</section>"#,
        figure("offers", "Offers to a node", &scale, offers),
        figure("reads", "Reads through a node", &scale, reads),
        all_figures(report),
    )
}

fn figure<'l>(
    id: &str,
    title: &str,
    scale: &Scale,
    nodes: impl Iterator<Item = (&'l str, &'l Latencies)>,
) -> String {
    let rows = nodes.enumerate().map(|(place, (name, latencies))| {
        format!(
            r#"<div class="ridge"><p class="who"><b>{name}</b> <span>{p50} · {p99}</span></p>
<div class="plot flat">{svg}</div></div>"#,
            name = escape(name),
            p50 = short_time(latencies.percentile(50.0)),
            p99 = short_time(latencies.percentile(99.0)),
            svg = ridge(
                &format!("{id}-{place}"),
                &format!("{title}: {name}"),
                scale,
                latencies
            ),
        )
    });
    let rows: Vec<_> = rows.collect();
    let ticks = scale.ticks().into_iter();
    let ticks: Vec<_> = ticks
        .map(|time| mark("tick", scale.at(time), &tick(time)))
        .collect();
    format!(
        "<figure><figcaption class=\"head\">{title}</figcaption>\n{}\n{}</figure>",
        rows.join("\n"),
        marks("below", &ticks)
    )
}

/// A round time, without digits behind the point.
fn tick(time: Duration) -> String {
    match time.as_micros() {
        micros @ ..1000 => format!("{micros} µs"),
        micros @ ..1_000_000 => format!("{} ms", micros / 1000),
        micros => format!("{} s", micros / 1_000_000),
    }
}

fn ridge(id: &str, title: &str, scale: &Scale, latencies: &Latencies) -> String {
    let described = format!(
        "{} requests: half took at most {}, 99 of 100 at most {}, the longest {}",
        grouped(latencies.requests()),
        short_time(latencies.percentile(50.0)),
        short_time(latencies.percentile(99.0)),
        short_time(latencies.max()),
    );
    let mut picture = Picture::new(id, title, &described);
    let counts: Vec<_> = (0..BARS)
        .map(|bar| latencies.between(scale.time(bar), scale.time(bar + 1)))
        .collect();
    let most = counts.iter().copied().max().unwrap_or(0).max(1);
    let width = 100.0 / f64::from(BARS);
    for (bar, count) in (0..BARS).zip(counts).filter(|(_, count)| *count > 0) {
        // The root shows what is seldom, too.
        let height = 92.0 * (float(count) / float(most)).sqrt();
        let left = f64::from(bar) * width;
        picture.bar("count", [left, 100.0 - height], [width * 0.86, height]);
    }
    picture.post("median", scale.at(latencies.percentile(50.0)));
    picture.post("high", scale.at(latencies.percentile(99.0)));
    picture.svg()
}

fn all_figures(report: &Report) -> String {
    let row = |name: &str, offers: &Latencies, reads: &Latencies| {
        let mut row = vec![name.to_owned()];
        for latencies in [offers, reads] {
            row.push(short_time(latencies.percentile(50.0)));
            row.push(short_time(latencies.percentile(99.0)));
            row.push(short_time(latencies.max()));
        }
        row
    };
    let measured = &report.measured;
    let nodes = measured.nodes.iter();
    let mut rows: Vec<_> = nodes
        .map(|node| row(&node.name, &node.offers, &node.reads))
        .collect();
    if rows.len() > 1 {
        rows.push(row("all nodes", &measured.offers, &measured.reads));
    }
    let header = [
        "node",
        "offer p50",
        "p99",
        "longest",
        "read p50",
        "p99",
        "longest",
    ];
    table("The same in figures", &header, &rows)
}
