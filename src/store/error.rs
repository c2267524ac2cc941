//! Why a store can't be opened.

use std::fmt;
use std::io;

use super::Seq;
use super::failure::Failure;

/// Where in a file something is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Place {
    /// So many bytes from its beginning.
    Byte(u64),
    /// Counted from 1, as editors do.
    Line {
        /// The line.
        line: usize,
        /// The byte in the line.
        column: usize,
    },
    /// Nowhere in particular.
    Whole,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Byte(offset) => write!(f, ", byte {offset}"),
            Self::Line { line, column } => write!(f, ", line {line}, column {column}"),
            Self::Whole => Ok(()),
        }
    }
}

/// Something wrong with a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Defect {
    file: String,
    place: Place,
    problem: String,
}

impl Defect {
    pub(super) fn new(file: String, place: Place, problem: &str) -> Self {
        Self {
            file,
            place,
            problem: shorten(problem),
        }
    }

    /// The file, with its path.
    pub fn file(&self) -> &str {
        &self.file
    }

    /// Where in it.
    pub fn place(&self) -> Place {
        self.place
    }

    /// What is wrong there.
    pub fn problem(&self) -> &str {
        &self.problem
    }
}

impl fmt::Display for Defect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}: {}", self.file, self.place, self.problem)
    }
}

/// Text that quotes from a file, cut where nobody would read on.
pub(super) fn shorten(text: &str) -> String {
    const SHOWN_CHARS: usize = 400;
    let mut shown: String = text.chars().take(SHOWN_CHARS).collect();
    if shown.len() < text.len() {
        shown.push('…');
    }
    shown
}

/// Why a store can't be opened. The files are as they were, but for what [`OpenError::Disk`] tells.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// Another process has these files.
    #[error(
        "{file} is held by another process{holder}: a node of this name runs on these files \
         already. Stop that one first, or choose another folder with --data"
    )]
    Locked {
        /// The lock.
        file: String,
        /// Who has it, as ` (process 123)`, if that is known.
        holder: String,
    },
    /// The operating system has refused something; if it was a change, what was there is still
    /// there, and the next start goes on from it.
    #[error(transparent)]
    Disk(#[from] Failure),
    /// The file is not what it has to be.
    #[error(
        "{0}. Nothing was changed. Correct it there, put a good copy in its place, or move it \
         away; `client import` loads JSON of other kinds. If triad wrote it, starting the \
         node with --repair loads all that is sound"
    )]
    Malformed(Defect),
    /// What an fsync had covered is not there any more.
    #[error(
        "{0}. The records up to {1} had reached the disk, so this is damage and not the trace of a \
         crash. Nothing was changed. Put a good copy of this node's files in their place, or start \
         the node with --repair, which keeps copies of them and loads all that is sound"
    )]
    Damaged(Defect, Seq),
    /// The text is well-formed, but the checksum says that it was changed.
    #[error(
        "{0}. Nothing was changed. If you edited this on purpose, start with --accept-edits; if \
         not, it is damage: put a good copy in its place, or start the node with --repair, which keeps \
         copies and loads all that is sound"
    )]
    Edited(Defect),
    /// The file belongs to another node.
    #[error("{0}. Nothing was changed. Move it to where it belongs")]
    Foreign(Defect),
    /// A newer program has written the file.
    #[error("{0}. Nothing was changed. Start the newer triad again")]
    Newer(Defect),
    /// The operating system gave no random number or no thread.
    #[error("could not {operation}: {cause}")]
    System {
        /// What was tried.
        operation: &'static str,
        /// What the operating system said.
        cause: io::Error,
    },
}
