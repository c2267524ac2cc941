//! A picture as text that fits the window: what has no room is left out, the less important first.

use indicatif::{BinaryBytes, HumanCount};

use super::figures::{Figures, NodeFigures, State};
use crate::terminal::colour::Tone;
use crate::terminal::{self, Colours};

/// The blanks between columns.
const GAP: usize = 2;

/// A bar of fewer places tells nothing, one of more no more.
const BAR_MIN: usize = 6;
const BAR_MAX: usize = 32;

/// The last line of a window that somebody can leave.
const HOW_TO_LEAVE: &str = "q leaves";

/// The columns, in their order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Column {
    Node,
    State,
    Keys,
    Share,
    Rule,
    Bar,
    Requests,
    Memory,
    Ping,
}

const ORDER: [Column; 9] = [
    Column::Node,
    Column::State,
    Column::Keys,
    Column::Share,
    Column::Rule,
    Column::Bar,
    Column::Requests,
    Column::Memory,
    Column::Ping,
];

/// The columns in the order in which they get their room.
const IMPORTANCE: [Column; 9] = [
    Column::Node,
    Column::State,
    Column::Keys,
    Column::Requests,
    Column::Ping,
    Column::Share,
    Column::Bar,
    Column::Rule,
    Column::Memory,
];

impl Figures {
    /// The picture in lines of at most `columns`, and at most `rows` of them where that is bounded.
    pub(super) fn text(&self, columns: u16, rows: Option<u16>, colours: Colours) -> String {
        let columns = usize::from(columns);
        let rows = rows.map_or(usize::MAX, usize::from);
        let mut table = self.table(columns, colours);
        let mut sentences: Vec<String> = Vec::new();
        for sentence in self.sentences() {
            sentences.extend(terminal::wrap(&sentence, columns, 2));
        }
        let heading = self.heading(columns, colours);
        let mut lines = vec![heading];
        if rows > table.len() + 1 {
            lines.push(String::new());
        }
        // A low window keeps the heading and as many nodes as fit.
        let room = rows.saturating_sub(lines.len());
        if table.len() > room {
            let hidden = table.len() - room.saturating_sub(1);
            table.truncate(room.saturating_sub(1));
            if room > 0 {
                table.push(terminal::cut(&format!("and {hidden} more"), columns).to_owned());
            }
        }
        lines.append(&mut table);
        // One line stays empty, and the last one says how to leave.
        let is_window = rows != usize::MAX;
        let room = rows.saturating_sub(lines.len() + 1);
        if !sentences.is_empty() && room > 0 {
            let fits = if is_window {
                room.saturating_sub(2).max(1)
            } else {
                room
            };
            if sentences.len() > fits {
                sentences.truncate(fits);
                if let Some(last) = sentences.last_mut() {
                    *last = format!("{}…", terminal::cut(last, columns.saturating_sub(1)));
                }
            }
            lines.push(String::new());
            lines.append(&mut sentences);
        }
        if is_window && lines.len() + 2 <= rows {
            lines.resize(rows - 1, String::new());
            lines.push(terminal::cut(HOW_TO_LEAVE, columns).to_owned());
        }
        lines.truncate(rows);
        lines.join("\n")
    }

    /// All keys, the nodes, the entry node and the time, as far as there is room.
    fn heading(&self, columns: usize, colours: Colours) -> String {
        let keys = match self.keys {
            1 => "1 key".to_owned(),
            keys => format!("{} keys", HumanCount(keys)),
        };
        let (up, all) = (self.answering(), self.nodes.len());
        let nodes = format!("{up} of {all} nodes");
        let via = self.entry.as_ref().map(|entry| format!("via {entry}"));
        let mut parts = vec![keys, nodes];
        parts.extend(via);
        parts.push(self.clock());
        // The entry node goes first, then the time, then the nodes.
        let mut text = parts.join("   ");
        while terminal::width(&text) > columns && parts.len() > 1 {
            parts.remove(if parts.len() == 4 { 2 } else { parts.len() - 1 });
            text = parts.join("   ");
        }
        colours.paint(Tone::Heading, terminal::cut(&text, columns))
    }

    /// The time of day in UTC: what devices in several places agree on.
    fn clock(&self) -> String {
        let seconds = self.time_unix_ms / 1000 % 86_400;
        let (hours, minutes) = (seconds / 3600, seconds / 60 % 60);
        format!("{hours:02}:{minutes:02}:{:02} UTC", seconds % 60)
    }

    /// What is to be minded.
    fn sentences(&self) -> Vec<String> {
        let mut sentences = Vec::new();
        for node in &self.nodes {
            let shown = |text: &str| terminal::readable_line(text.as_bytes());
            match (&node.error, node.state) {
                // An error of the client names the node itself.
                (Some(error), State::Down) => sentences.push(shown(error)),
                (Some(error), _) => sentences.push(format!("{}: {}", node.name, shown(error))),
                (None, _) => {}
            }
            if let Some(count) = node.misplaced.filter(|count| *count > 0) {
                sentences.push(format!(
                    "{}: {count} keys here belong to other nodes; `client rehome` sends them there",
                    node.name
                ));
            }
        }
        sentences
    }

    /// A heading and a line a node.
    fn table(&self, columns: usize, colours: Colours) -> Vec<String> {
        let widths = self.widths(columns);
        let shown = || ORDER.iter().zip(widths).filter(|(_, width)| *width > 0);
        let scale = self.scale();
        let join = |cells: Vec<String>| cells.join(&" ".repeat(GAP)).trim_end().to_owned();
        let titles = shown().map(|(column, width)| pad(*column, column.title(width), width));
        let heading = join(titles.collect());
        let heading = terminal::cut(&heading, columns);
        let mut lines = vec![colours.paint(Tone::Heading, heading)];
        for node in &self.nodes {
            let cells = shown().map(|(column, width)| {
                let text = match column {
                    Column::Bar => bar(node, width, scale),
                    column => column.text(node),
                };
                let padded = pad(*column, &text, width);
                match Colours::tone_of(&text) {
                    Some(tone) if *column == Column::State => {
                        padded.replace(&text, &colours.paint(tone, &text))
                    }
                    _ => padded,
                }
            });
            lines.push(join(cells.collect()));
        }
        lines
    }

    /// How wide each column is; 0 where there is no room for it.
    fn widths(&self, columns: usize) -> [usize; 9] {
        let mut left = columns + GAP;
        let mut chosen = Vec::new();
        for column in IMPORTANCE {
            let cells = self
                .nodes
                .iter()
                .map(|node| terminal::width(&column.text(node)));
            let wanted = match column {
                Column::Bar => BAR_MIN,
                column => cells.max().unwrap_or(0).max(column.title(0).len()),
            };
            // The first column is always there, cut if need be.
            let wanted = if column == Column::Node {
                wanted.min(columns)
            } else {
                wanted
            };
            if wanted + GAP <= left {
                left -= wanted + GAP;
                chosen.push((column, wanted));
            }
        }
        ORDER.map(|column| {
            let of_column = chosen.iter().find(|(chosen, _)| *chosen == column);
            match of_column {
                Some((Column::Bar, width)) => (width + left).min(BAR_MAX),
                Some((_, width)) => *width,
                None => 0,
            }
        })
    }

    /// The share that a whole bar stands for: the largest one that there is or should be.
    fn scale(&self) -> f64 {
        let shares = self
            .nodes
            .iter()
            .flat_map(|node| [node.share.unwrap_or(0.0), node.expected_share]);
        shares.fold(0.0, f64::max)
    }
}

impl Column {
    /// The title, for a column of a width.
    fn title(self, width: usize) -> &'static str {
        match self {
            Self::Node => "node",
            Self::State => "state",
            Self::Keys => "keys",
            Self::Share => "share",
            Self::Rule => "rule",
            Self::Bar if width >= 23 => "░ under ▓ over the rule",
            Self::Bar if width >= 14 => "░ under ▓ over",
            Self::Bar => "",
            Self::Requests => "req/s",
            Self::Memory => "memory",
            Self::Ping => "ping",
        }
    }

    /// What stands in it, but for a bar.
    fn text(self, node: &NodeFigures) -> String {
        let text = match self {
            Self::Node => Some(node.name.clone()),
            Self::State => Some(node.state.word().to_owned()),
            Self::Keys => node.keys.map(|keys| HumanCount(keys).to_string()),
            Self::Share => node.share.map(percent),
            Self::Rule => Some(percent(node.expected_share)),
            Self::Bar => Some(String::new()),
            Self::Requests => node.requests_per_second.map(rate),
            Self::Memory => node
                .memory_bytes
                .map(|bytes| BinaryBytes(bytes).to_string()),
            Self::Ping => node.latency_us.map(ping),
        };
        text.unwrap_or_else(|| "?".to_owned())
    }

    fn is_text(self) -> bool {
        matches!(self, Self::Node | Self::State | Self::Bar)
    }
}

impl State {
    fn word(self) -> &'static str {
        match self {
            Self::Asked => "…",
            Self::Up => "up",
            Self::Error => "ERROR",
            Self::Down => "DOWN",
        }
    }
}

/// A cell: words stand left, numbers right.
fn pad(column: Column, text: &str, width: usize) -> String {
    let text = terminal::cut(text, width);
    let blanks = " ".repeat(width - terminal::width(text));
    if column.is_text() {
        format!("{text}{blanks}")
    } else {
        format!("{blanks}{text}")
    }
}

/// The share of a node against that of its rule: full as far as both go, and beyond that what is missing or
/// too much.
fn bar(node: &NodeFigures, width: usize, scale: f64) -> String {
    let Some(share) = node.share else {
        return String::new();
    };
    let (share, rule) = (
        places(share, scale, width),
        places(node.expected_share, scale, width),
    );
    format!(
        "{}{}{}",
        "█".repeat(share.min(rule)),
        "░".repeat(rule.saturating_sub(share)),
        "▓".repeat(share.saturating_sub(rule))
    )
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    reason = "it is at most the width of a window"
)]
fn places(share: f64, scale: f64, width: usize) -> usize {
    if scale <= 0.0 {
        return 0;
    }
    ((share / scale * width as f64).round() as usize).min(width)
}

fn percent(part: f64) -> String {
    format!("{:.1} %", part * 100.0)
}

fn rate(per_second: f64) -> String {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "it is a whole number, not negative, and far below 2^64"
    )]
    let whole = per_second.round() as u64;
    HumanCount(whole).to_string()
}

fn ping(micros: u64) -> String {
    let tenths = micros / 100;
    if tenths < 10_000 {
        format!("{}.{} ms", tenths / 10, tenths % 10)
    } else {
        format!("{}.{:02} s", tenths / 10_000, tenths % 10_000 / 100)
    }
}

#[cfg(test)]
mod tests;
