//! The formats of files with keys, and where such a file is.

use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::Arc;

use super::read;
use super::source::Source;

/// How a file writes keys and values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// One JSON object, whose names are the keys.
    Object,
    /// A JSON object on each line, which is an entry.
    Lines,
    /// Comma-separated values, with a header.
    Csv,
}

impl Format {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Object, Self::Lines, Self::Csv];

    /// Its name, as options have it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Object => "object",
            Self::Lines => "lines",
            Self::Csv => "csv",
        }
    }

    /// The format that the extension of a file's name stands for.
    pub fn of_path(path: &Path) -> Option<Self> {
        let extension = path.extension()?.to_str()?.to_ascii_lowercase();
        match extension.as_str() {
            "json" => Some(Self::Object),
            "jsonl" | "ndjson" => Some(Self::Lines),
            "csv" => Some(Self::Csv),
            _ => None,
        }
    }
}

impl FromStr for Format {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        let found = Self::ALL.into_iter().find(|format| format.name() == name);
        found.ok_or_else(|| "the formats are object, lines and csv".to_owned())
    }
}

/// Where keys come from, or go to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// A file.
    File(PathBuf),
    /// Standard input, or standard output.
    Standard,
}

impl Place {
    /// The place that an argument names: `-` is the standard one.
    pub fn of_argument(path: PathBuf) -> Self {
        if path.as_os_str() == "-" {
            Self::Standard
        } else {
            Self::File(path)
        }
    }

    /// Whether there is something at it.
    pub(super) fn is_there(&self) -> bool {
        match self {
            Self::File(path) => path.exists(),
            Self::Standard => true,
        }
    }

    /// How long the file is, if it is one that can be read twice.
    pub(super) fn file_bytes(&self) -> Option<u64> {
        let Self::File(path) = self else {
            return None;
        };
        let about = std::fs::metadata(path).ok()?;
        Some(about.len()).filter(|_| about.is_file())
    }

    /// The format of what is there, by its name or by its beginning, if that can be told without taking something
    /// away, as from a pipe.
    pub fn found_format(&self) -> Option<Format> {
        if self.is_doubtful() {
            return None;
        }
        self.format()
            .or_else(|| read::detect(self.peek()?.head()).ok())
    }

    /// Whether its name says that it is one object, while it begins as lines of entries do: to take it for an
    /// object would give keys with the names of their fields.
    pub(super) fn is_doubtful(&self) -> bool {
        self.format() == Some(Format::Object)
            && (self.peek()).is_some_and(|source| read::begins_with_an_entry(source.head()))
    }

    /// What is there, if looking at it takes nothing away.
    fn peek(&self) -> Option<Source> {
        self.file_bytes()?;
        Source::open(self, Arc::default()).ok()
    }

    /// The format that its name stands for.
    pub fn format(&self) -> Option<Format> {
        match self {
            Self::File(path) => Format::of_path(path),
            Self::Standard => None,
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => path.display().fmt(f),
            Self::Standard => f.write_str("standard input"),
        }
    }
}
