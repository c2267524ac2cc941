//! `export`: the keys of a cluster, or of one node, into a file.
//!
//! Each node tells what lies in its own table, some at a time, so that tables of any size can be exported. It is
//! not of one moment: a key that is there throughout is in the file, with a value that it had meanwhile. Keys
//! that lie on a node which does not own them are left out, and counted whatever they are called.
//!
//! A file gets its name when it is whole; one that is there already is replaced only if that was said.

mod text;

use serde::Serialize;

use super::format::{Format, Place};
use super::tally::{Tally, keys_text};
use super::target::Target;
use super::wholes::{self, Asked, Whole, Wholes};
use crate::ending::Ending;
use crate::json::Key;
use crate::limits::LEFT_OUT_TOLD;
use crate::session::Session;
use crate::terminal::{self, Progress, Unit};
use crate::whole_file::Making;
pub(super) use text::Text;

/// What to export, and how.
#[derive(Debug, Clone)]
pub struct Options {
    /// Where the keys go.
    pub to: Place,
    /// How they are written; none to find out from the file's name.
    pub format: Option<Format>,
    /// Only keys that match, if there is a pattern: those of `KEYS`.
    pub pattern: Option<Vec<u8>>,
    /// Only what lies in this node's own table.
    pub node: Option<String>,
    /// Whether a file that is there may be replaced.
    pub may_replace: bool,
}

/// What was written.
#[derive(Debug, Serialize)]
pub struct Exported {
    keys: u64,
    nodes: Vec<NodeCount>,
    /// Those that lie on nodes which do not own them: they are left out.
    misplaced: u64,
    /// The keys that the format cannot hold.
    left_out: u64,
    first_left_out: Vec<Key>,
    /// Their names for people.
    #[serde(skip)]
    left_out_names: Vec<String>,
}

#[derive(Debug, Serialize)]
struct NodeCount {
    name: String,
    keys: u64,
}

impl Exported {
    /// Whether every key that was to be in the file is.
    pub fn is_complete(&self) -> bool {
        self.left_out == 0 && self.misplaced == 0
    }

    /// The sentences for people.
    pub fn text(&self) -> String {
        let nodes = (self.nodes.iter()).map(|node| format!("{} {}", node.name, node.keys));
        let nodes: Vec<_> = nodes.collect();
        let mut lines = vec![format!(
            "exported {}: {}",
            keys_text(self.keys),
            nodes.join(", ")
        )];
        if self.left_out > 0 {
            let sets = if self.left_out == 1 { "set" } else { "sets" };
            let names = self.left_out_names.join(", ");
            let more = if self.left_out > self.left_out_names.len() as u64 {
                ", …"
            } else {
                ""
            };
            lines.push(format!(
                "left out {} {sets}, which CSV cannot hold: {names}{more}; use --format lines for all",
                self.left_out
            ));
        }
        match self.misplaced {
            0 => {}
            1 => lines.push(
                "1 key lies on a node that does not own it and was left out; `client rehome` sends it home"
                    .to_owned(),
            ),
            keys => lines.push(format!(
                "{keys} keys lie on nodes that do not own them and were left out; `client rehome` sends them \
                 home"
            )),
        }
        lines.join("\n")
    }

    fn leave_out(&mut self, key: &[u8]) {
        self.left_out += 1;
        if self.first_left_out.len() < LEFT_OUT_TOLD {
            self.first_left_out.push(Key::new(key));
            self.left_out_names.push(terminal::readable_line(key));
        }
    }
}

/// The ending of an export that was interrupted: its future was dropped.
pub fn interrupted(options: &Options) -> Ending {
    Ending::failure(match &options.to {
        Place::File(path) => format!("interrupted: nothing was written to {}", path.display()),
        Place::Standard => "interrupted: what was written is not all".to_owned(),
    })
}

/// Writes the keys.
///
/// Dropping the future interrupts the export, and no file is left. A bar shows how far it is, where standard
/// error is a terminal.
pub async fn run(session: &Session, options: &Options, tally: &Tally) -> Result<Exported, Ending> {
    let format = options.format.or_else(|| options.to.format());
    let format = match (format, &options.to) {
        (Some(format), _) => format,
        (None, Place::Standard) => Format::Lines,
        (None, Place::File(path)) => {
            return Err(Ending::usage(format!(
                "the name {} does not tell the format; end it with .json, .jsonl or .csv, or name the format \
                 with --format",
                path.display()
            )));
        }
    };
    let names = options
        .node
        .clone()
        .map_or_else(|| session.names(), |name| vec![name]);
    let nodes = wholes::connect(session, &names).await?;
    let making = Making {
        may_replace: options.may_replace,
        is_private: false,
    };
    let mut out = Vec::new();
    let mut export = Export {
        target: Target::create(&options.to, making)?,
        text: Text::begin(format, &mut out),
        out,
        exported: Exported {
            keys: 0,
            nodes: Vec::new(),
            misplaced: nodes.iter().map(|node| node.misplaced).sum(),
            left_out: 0,
            first_left_out: Vec::new(),
            left_out_names: Vec::new(),
        },
        tally,
        progress: Progress::new(
            "exporting",
            Unit::Keys,
            Some(nodes.iter().map(|node| node.keys).sum()),
        ),
    };
    for node in nodes {
        export.node(node, options).await?;
    }
    export.finish().await
}

/// An export under way.
struct Export<'e> {
    target: Target,
    text: Text,
    /// What is still to be written to the target.
    out: Vec<u8>,
    exported: Exported,
    tally: &'e Tally,
    progress: Progress,
}

impl Export<'_> {
    /// Writes what lies on one node.
    async fn node(&mut self, node: Asked, options: &Options) -> Result<(), Ending> {
        let name = node.client.name().to_owned();
        let before = self.exported.keys;
        let mut wholes = Wholes::own(node.client, options.pattern.clone());
        while let Some(found) = wholes.step().await? {
            for whole in found {
                self.whole(&mut wholes, &whole).await?;
            }
            self.flush().await?;
            self.progress.set(self.exported.keys);
        }
        self.exported.nodes.push(NodeCount {
            name,
            keys: self.exported.keys - before,
        });
        Ok(())
    }

    async fn whole(&mut self, wholes: &mut Wholes, whole: &Whole) -> Result<(), Ending> {
        let entry = whole.entry();
        if whole.is_collection() && !self.text.takes_collections() {
            self.exported.leave_out(entry.key);
            return Ok(());
        }
        if let Some(kind) = whole.large() {
            let mut cursor = Some(b"0".to_vec());
            let mut large = None;
            while let Some(position) = cursor {
                let Some((items, next)) = wholes.items(entry.key, &position).await? else {
                    break;
                };
                cursor = next;
                if items.is_empty() {
                    continue;
                }
                let large =
                    large.get_or_insert_with(|| self.text.begin_large(&mut self.out, &entry, kind));
                self.text
                    .part(&mut self.out, &entry, large, items.as_items());
                self.flush().await?;
            }
            if !wholes.is_still(entry.key, kind).await? {
                // It may be gone before a first part was read.
                if large.is_none() && wholes.again(entry.key).await?.is_none() {
                    return Ok(());
                }
                return Err(wholes::changed(entry.key));
            }
            self.text.end_large(&mut self.out);
        } else {
            self.text.entry(&mut self.out, &entry);
        }
        self.exported.keys += 1;
        self.tally.add(1);
        Ok(())
    }

    async fn flush(&mut self) -> Result<(), Ending> {
        let piece = std::mem::take(&mut self.out);
        self.target.write(piece).await
    }

    async fn finish(mut self) -> Result<Exported, Ending> {
        self.text.end(&mut self.out);
        self.target.write(self.out).await?;
        self.target.finish().await?;
        Ok(self.exported)
    }
}
