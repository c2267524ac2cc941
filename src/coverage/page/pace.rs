//! How many keys a second, over the time of the test.

use super::html::{Picture, mark, marks};
use crate::coverage::Report;
use crate::coverage::figures::{grouped, long_time, rate};

/// Below so many intervals there is no course to be seen.
const INTERVALS_MIN: usize = 4;

pub(super) fn section(report: &Report) -> String {
    let elapsed = report.pace.elapsed();
    let sentence = format!(
        "{} keys in {}: {} keys a second on average.",
        grouped(report.keys),
        long_time(elapsed),
        rate(report.pace.rate())
    );
    let rates = report.pace.rates();
    if rates.len() < INTERVALS_MIN {
        return format!(
            "<section class=\"wide\">\n<h2>The rate over time</h2>\n<p>{sentence} The test was too short to show its \
             course.</p>\n</section>"
        );
    }
    let highest = rates.iter().map(|(_, rate)| *rate).fold(0.0, f64::max);
    let lowest = rates
        .iter()
        .map(|(_, rate)| *rate)
        .fold(f64::INFINITY, f64::min);
    let full = round_up(highest.max(1.0));
    let height = |rate: f64| 100.0 - 100.0 * (rate / full).min(1.0);
    let seconds = elapsed.as_secs_f64().max(1e-9);
    // Each interval is a step as long as it.
    let mut points = Vec::new();
    let mut begun = 0.0;
    for (end, rate) in &rates {
        let end = 100.0 * end.as_secs_f64() / seconds;
        points.extend([[begun, height(*rate)], [end, height(*rate)]]);
        begun = end;
    }
    let mut picture = Picture::new(
        "pace",
        "Keys a second over time",
        &format!(
            "{} keys a second on average, between {} and {}",
            rate(report.pace.rate()),
            rate(lowest),
            rate(highest)
        ),
    );
    for part in [0.25, 0.5, 0.75] {
        picture.line("grid", &[[0.0, 100.0 * part], [100.0, 100.0 * part]]);
    }
    picture.area("rate", &points);
    picture.line("outline", &points);
    let average = height(report.pace.rate());
    picture.line("average", &[[0.0, average], [100.0, average]]);
    let parts = [0.0, 0.25, 0.5, 0.75, 1.0];
    let ticks = parts.map(|part| {
        let text = if part == 0.0 {
            "0".to_owned()
        } else {
            long_time(elapsed.mul_f64(part))
        };
        mark("tick", 100.0 * part, &text)
    });
    format!(
        r#"<section class="wide">
<h2>The rate over time</h2>
<p>{sentence} The dashed line is the average.</p>
<figure><p class="scale" aria-hidden="true">{top} keys a second</p>
<div class="plot">{svg}</div>
{ticks}</figure>
</section>"#,
        top = rate(full),
        svg = picture.svg(),
        ticks = marks("below", &ticks),
    )
}

/// The next number that is 1, 1.5, 2, 3, 4, 5 or 8 with zeros behind.
fn round_up(number: f64) -> f64 {
    let unit = 10_f64.powf(number.log10().floor());
    let steps = [1.0, 1.5, 2.0, 3.0, 4.0, 5.0, 8.0, 10.0];
    let mut steps = steps.into_iter().map(|step| step * unit);
    steps.find(|step| *step >= number).unwrap_or(number)
}
