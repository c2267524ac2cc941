//! A test as a page to look at: one file, for any browser, on paper or on a phone.
//!
//! It has no script, no font and no picture from elsewhere. Shapes are drawn by hand as SVG that stretches to
//! its place, with colours from the style sheet, so that one page is right in light and dark and on paper;
//! all words stand beside the shapes as HTML, so that they keep their size on a phone and can be read aloud.
//! A plotting library would have given pictures of a fixed size and colour with the words inside. It is
//! well-formed XML too, by which its tests read it.

mod chance;
mod facts;
mod html;
mod latency;
mod pace;
mod shares;

use super::figures::{date, grouped, rate, short_time};
use super::{Cause, Phase, Report};
use html::escape;

const STYLE: &str = include_str!("style.css");

/// What a page is made of.
#[derive(Debug, Clone, Copy)]
pub struct Page<'a> {
    /// The figures.
    pub report: &'a Report,
    /// Why there is no verdict, if there is none.
    pub cause: Option<&'a Cause>,
    /// When the test ended, in milliseconds since 1970.
    pub unix_ms: u64,
}

impl Page<'_> {
    /// The page.
    pub fn html(&self) -> String {
        let mut sections = Vec::new();
        if self.report.keys > 0 {
            sections.push(shares::section(self.report));
            sections.push(chance::section(self.report));
            sections.push(latency::section(self.report));
            sections.push(pace::section(self.report));
        }
        sections.push(facts::section(self));
        format!(
            r#"<!DOCTYPE html>
<html lang="en" xmlns="http://www.w3.org/1999/xhtml">
<head>
<meta charset="utf-8"/>
<meta name="viewport" content="width=device-width, initial-scale=1"/>
<meta name="color-scheme" content="light dark"/>
<title>{title} – triad coverage test</title>
<style>
{STYLE}</style>
</head>
<body>
<main>
{header}
{sections}
</main>
</body>
</html>
"#,
            title = escape(&self.verdict()),
            header = self.header(),
            sections = sections.join("\n"),
        )
    }

    fn header(&self) -> String {
        let (state, sign) = if self.report.ok {
            ("good", "✓")
        } else {
            ("bad", "✕")
        };
        format!(
            r#"<header class="{state}">
<p class="kind">triad coverage test · {date}</p>
<h1><span class="sign" aria-hidden="true">{sign}</span>{verdict}</h1>
<p class="lead">{lead}</p>
{tiles}
</header>"#,
            date = date(self.unix_ms),
            verdict = escape(&self.verdict()),
            lead = escape(&self.lead()),
            tiles = self.tiles(),
        )
    }

    fn verdict(&self) -> String {
        match self.cause {
            None if self.report.ok => "Every key has exactly one home".to_owned(),
            None => "Not every key has exactly one home".to_owned(),
            Some(Cause::Unreachable(_)) => "Not every node could be reached".to_owned(),
            Some(Cause::Taken { .. }) => "There were too few free keys".to_owned(),
            Some(Cause::BrokenOff {
                phase: Phase::Clean,
                ..
            }) => "To delete the keys was broken off".to_owned(),
            Some(Cause::BrokenOff { .. }) => "The test was broken off".to_owned(),
            Some(Cause::Stopped { .. }) => "The test stopped before its end".to_owned(),
        }
    }

    fn lead(&self) -> String {
        let report = self.report;
        let nodes = match report.nodes.len() {
            1 => "the one node".to_owned(),
            nodes => format!("each of {nodes} nodes"),
        };
        let keys = match report.keys {
            1 => "One random key was".to_owned(),
            keys => format!("{} random keys were", grouped(keys)),
        };
        match self.cause {
            Some(cause) => {
                let cause = cause.to_string();
                let mut letters = cause.chars();
                let first = letters
                    .next()
                    .map(|letter| letter.to_uppercase().to_string());
                format!("{}{}.", first.unwrap_or_default(), letters.as_str())
            }
            None if report.ok => format!(
                "{keys} offered to {nodes}. Exactly one node took each, the one that the rules name, and \
                 every node gave it back."
            ),
            None => {
                let counts = report.counts();
                let [_, (_, stored), several, wrong, unread] = counts;
                let mut flaws = vec![("not stored", report.keys - stored.min(report.keys))];
                flaws.extend([several, wrong, unread]);
                let flaws = flaws.iter().filter(|(_, count)| *count > 0);
                let flaws: Vec<_> = flaws
                    .map(|(what, count)| format!("{} {what}", grouped(*count)))
                    .collect();
                format!("{keys} offered to {nodes}: {}.", flaws.join(", "))
            }
        }
    }

    fn tiles(&self) -> String {
        let report = self.report;
        if report.keys == 0 {
            return String::new();
        }
        let reads = &report.measured.reads;
        let tiles = [
            (grouped(report.keys), "keys tested"),
            (rate(report.pace.rate()), "keys a second"),
            (rate(report.request_rate()), "requests a second"),
            (short_time(reads.percentile(50.0)), "a read, at the median"),
            (short_time(reads.percentile(99.0)), "99 of 100 reads"),
        ];
        let tiles =
            tiles.map(|(figure, what)| format!("<div><dd>{figure}</dd><dt>{what}</dt></div>"));
        format!("<dl class=\"tiles\">{}</dl>", tiles.concat())
    }
}

#[cfg(test)]
mod tests;
