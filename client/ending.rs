//! How the program ends when it cannot do what was asked: a sentence and an exit code.

use std::fmt::Display;
use std::io::{self, Write as _};
use std::process::ExitCode;

use triad::client::ClientError;

/// The key is absent.
const NO: u8 = 1;
/// Wrong usage.
const USAGE: u8 = 2;
/// A node cannot be reached.
const UNREACHABLE: u8 = 3;
/// Any other failure.
const FAILURE: u8 = 4;

/// See the module's text.
#[derive(Debug)]
pub(crate) struct Ending {
    code: u8,
    message: String,
}

impl Ending {
    pub(crate) fn no(message: impl Display) -> Self {
        Self {
            code: NO,
            message: message.to_string(),
        }
    }

    pub(crate) fn usage(message: impl Display) -> Self {
        Self {
            code: USAGE,
            message: format!("error: {message}"),
        }
    }

    pub(crate) fn unreachable(message: impl Display) -> Self {
        Self {
            code: UNREACHABLE,
            message: format!("error: {message}"),
        }
    }

    pub(crate) fn failure(message: impl Display) -> Self {
        Self {
            code: FAILURE,
            message: format!("error: {message}"),
        }
    }

    /// The sentence, for the menu.
    pub(crate) fn message(&self) -> &str {
        &self.message
    }

    /// Adds what had been done before.
    pub(crate) fn after(mut self, done: impl Display) -> Self {
        self.message = format!("{} ({done})", self.message);
        self
    }

    pub(crate) fn report(self) -> ExitCode {
        // Nobody is left to tell if standard error is closed.
        let _ = writeln!(io::stderr(), "{}", self.message);
        ExitCode::from(self.code)
    }
}

impl From<ClientError> for Ending {
    fn from(error: ClientError) -> Self {
        if error.missing().is_some() {
            Self::unreachable(error)
        } else {
            Self::failure(error)
        }
    }
}

impl From<io::Error> for Ending {
    fn from(error: io::Error) -> Self {
        Self::failure(error)
    }
}
