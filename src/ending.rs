//! How a tool ends when it cannot do what was asked: a sentence and an exit code.
//!
//! The codes are an interface that scripts rely on: 0 done; 1 the answer is no; 2 wrong usage; 3 a
//! node can't be reached; 4 any other failure.

use std::fmt::{self, Display};
use std::io::{self, Write as _};
use std::process::ExitCode;

use crate::client::ClientError;
use crate::cluster::ClusterError;
use crate::coverage::{CoverageError, SavedError, VerifyError, file::FileError};
use crate::embedded::EmbeddedError;
use crate::terminal;

/// The kinds of ending that are not success, with their exit codes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// The answer is no: the key is absent, or coverage is not complete.
    No = 1,
    /// The program was called wrongly, or with a file that cannot be used.
    Usage = 2,
    /// A node can't be reached.
    Unreachable = 3,
    /// Anything else.
    Failure = 4,
}

impl Kind {
    /// The exit code.
    pub fn code(self) -> ExitCode {
        ExitCode::from(self as u8)
    }
}

/// An ending that is not success. Printed, it is its sentence.
#[derive(Debug)]
pub struct Ending {
    kind: Kind,
    message: String,
}

impl Ending {
    /// See [`Kind::No`].
    pub fn no(message: impl Display) -> Self {
        Self::new(Kind::No, message)
    }

    /// See [`Kind::Usage`].
    pub fn usage(message: impl Display) -> Self {
        Self::new(Kind::Usage, message)
    }

    /// See [`Kind::Unreachable`].
    pub fn unreachable(message: impl Display) -> Self {
        Self::new(Kind::Unreachable, message)
    }

    /// See [`Kind::Failure`].
    pub fn failure(message: impl Display) -> Self {
        Self::new(Kind::Failure, message)
    }

    fn new(kind: Kind, message: impl Display) -> Self {
        Self {
            kind,
            // Some of it may be what a node said.
            message: terminal::readable(message.to_string().as_bytes()),
        }
    }

    /// Whether a node could not be reached.
    pub fn is_unreachable(&self) -> bool {
        self.kind == Kind::Unreachable
    }

    /// Adds a sentence about what had been done before.
    #[must_use]
    pub fn after(mut self, done: impl Display) -> Self {
        self.message = format!("{}. {done}", self.message);
        self
    }

    /// Writes the sentence to standard error, and gives the exit code.
    pub fn report(&self) -> ExitCode {
        let lead = if self.kind == Kind::No { "" } else { "error: " };
        // Nobody is left to tell if standard error is closed.
        let _ = writeln!(io::stderr(), "{lead}{self}");
        self.kind.code()
    }
}

impl Display for Ending {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl From<io::Error> for Ending {
    fn from(error: io::Error) -> Self {
        Self::failure(error)
    }
}

impl From<ClusterError> for Ending {
    fn from(error: ClusterError) -> Self {
        Self::usage(error)
    }
}

impl From<ClientError> for Ending {
    fn from(error: ClientError) -> Self {
        match error.missing() {
            Some(_) => Self::unreachable(error),
            None => Self::failure(error),
        }
    }
}

impl From<EmbeddedError> for Ending {
    fn from(error: EmbeddedError) -> Self {
        Self::failure(error)
    }
}

impl From<CoverageError> for Ending {
    fn from(error: CoverageError) -> Self {
        if error.report.unreachable.is_empty() {
            Self::failure(error)
        } else {
            Self::unreachable(error)
        }
    }
}

impl From<VerifyError> for Ending {
    fn from(error: VerifyError) -> Self {
        if error.verification.unreachable.is_empty() {
            Self::failure(error)
        } else {
            Self::unreachable(error)
        }
    }
}

impl From<SavedError> for Ending {
    fn from(error: SavedError) -> Self {
        Self::usage(error)
    }
}

impl From<FileError> for Ending {
    fn from(error: FileError) -> Self {
        match error {
            FileError::Failed { .. } => Self::failure(error),
            error => Self::usage(error),
        }
    }
}
