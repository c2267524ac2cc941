//! The findings for people.

use std::time::Duration;

use indicatif::BinaryBytes;

use super::{Check, Findings, NodeFacts, Verdict};
use crate::terminal::colour::Tone;
use crate::terminal::{self, Colours, Column};

/// The narrowest window that sentences are broken for.
const COLUMNS_MIN: usize = 20;

impl Findings {
    /// A table of the nodes; then each finding, with what to do about it.
    pub fn text(&self, columns: u16) -> String {
        self.text_in(columns, Colours::NONE)
    }

    /// The same with colours.
    pub fn text_in(&self, columns: u16, colours: Colours) -> String {
        let header = [
            Column::Left("node"),
            Column::Right("ping"),
            Column::Left("version"),
            Column::Right("clock"),
            Column::Right("free"),
            Column::Right("journal"),
            Column::Right("misplaced"),
            Column::Left("state"),
        ];
        let rows = self.nodes.iter().map(|node| self.row(node));
        let table = terminal::table(columns, header, rows);
        let mut parts = vec![colours.paint_table(&table)];
        for check in self.found() {
            parts.push(finding(
                check,
                usize::from(columns).max(COLUMNS_MIN),
                colours,
            ));
        }
        parts.push(self.verdict(colours));
        parts.join("\n\n")
    }

    fn row(&self, node: &NodeFacts) -> [String; 8] {
        let of_node = self
            .checks
            .iter()
            .filter(|check| check.node.as_deref() == Some(&node.name));
        let worst = of_node.map(|check| check.result).max();
        let state = match worst {
            _ if !node.reachable => "DOWN",
            Some(worst) => word(worst),
            None => word(Verdict::Ok),
        };
        let unknown = || "?".to_owned();
        let bytes =
            |bytes: Option<u64>| bytes.map_or_else(unknown, |bytes| BinaryBytes(bytes).to_string());
        [
            node.name.clone(),
            node.ping_us
                .map_or_else(unknown, |ping| time(Duration::from_micros(ping))),
            node.version.clone().unwrap_or_else(unknown),
            node.clock_offset_ms.map_or_else(unknown, signed_seconds),
            bytes(node.disk_free_bytes),
            bytes(node.journal_bytes),
            node.misplaced
                .map_or_else(unknown, |misplaced| misplaced.to_string()),
            state.to_owned(),
        ]
    }

    fn verdict(&self, colours: Colours) -> String {
        let count = |wanted| {
            self.checks
                .iter()
                .filter(|check| check.result == wanted)
                .count()
        };
        let (problems, warnings) = (count(Verdict::Problem), count(Verdict::Warning));
        if problems + warnings == 0 {
            let all = format!("nothing is wrong, by {} checks", self.checks.len());
            return colours.paint(Tone::Good, &all);
        }
        let of = |count: usize, one: &str| match count {
            0 => None,
            1 => Some(format!("1 {one}")),
            _ => Some(format!("{count} {one}s")),
        };
        let both = [of(problems, "problem"), of(warnings, "warning")];
        both.into_iter().flatten().collect::<Vec<_>>().join(", ")
    }
}

/// A finding: what is wrong, and below it what to do.
fn finding(check: &Check, columns: usize, colours: Colours) -> String {
    const INDENT: usize = 2;
    let shown = |text: &str| terminal::readable_line(text.as_bytes());
    let word = word(check.result);
    let whose = check.node.as_deref().map(|node| format!("{node}: "));
    let said = format!(
        "{word}: {}{}",
        whose.unwrap_or_default(),
        shown(&check.detail)
    );
    let mut lines = terminal::wrap(&said, columns, INDENT);
    if let Some(first) = lines.first_mut()
        && let Some(rest) = first.strip_prefix(word)
    {
        let tone = Colours::tone_of(word).unwrap_or(Tone::Heading);
        *first = format!("{}{rest}", colours.paint(tone, word));
    }
    if let Some(action) = &check.action {
        let action = format!("  → {}", keep_whole(&shown(action), columns - 2 * INDENT));
        let action = terminal::wrap(&action, columns, 2 * INDENT).join("\n");
        lines.push(action.replace(KEPT_BLANK, " "));
    }
    lines.join("\n")
}

/// A blank at which no line is broken.
const KEPT_BLANK: char = '\u{a0}';

/// A sentence whose commands, between backticks, stay on one line each, to be copied; unless they are longer.
fn keep_whole(sentence: &str, columns: usize) -> String {
    let parts = sentence.split('`').enumerate().map(|(place, part)| {
        let is_command = place % 2 == 1 && terminal::width(part) + 3 <= columns;
        let mut kept = part.to_owned();
        if is_command {
            kept = kept.replace(' ', &KEPT_BLANK.to_string());
        }
        kept
    });
    parts.collect::<Vec<_>>().join("`")
}

fn word(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Ok => "ok",
        Verdict::Warning => "warning",
        Verdict::Problem => "problem",
    }
}

/// A short time.
pub(super) fn time(time: Duration) -> String {
    let tenths = time.as_micros() / 100;
    if tenths < 10_000 {
        format!("{}.{} ms", tenths / 10, tenths % 10)
    } else {
        format!("{}.{:02} s", tenths / 10_000, tenths % 10_000 / 100)
    }
}

fn signed_seconds(millis: i64) -> String {
    let sign = if millis < 0 { '-' } else { '+' };
    let millis = millis.unsigned_abs();
    format!("{sign}{}.{:02} s", millis / 1000, millis % 1000 / 10)
}
