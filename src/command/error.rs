//! What a command answers when it does not do what was asked. The texts are Redis's own where Redis
//! has one, because clients match on them.

use std::borrow::Cow;
use std::fmt::{self, Write as _};

use super::catalog;
use crate::limits::{
    ERROR_ECHO_MAX_BYTES, KEY_MAX_BYTES, REPLY_ELEMENTS_MAX, REPLY_MAX_BYTES, WATCHED_KEYS_MAX,
};
use crate::resp::{Args, Excess, Frame, TooLarge};
use crate::store::{Refused, WrongType};

/// An error reply: a code in capitals, a blank, and a sentence. Nothing was changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Error(Cow<'static, str>);

impl Error {
    /// `text` with its code.
    pub fn new(text: impl Into<Cow<'static, str>>) -> Self {
        Self(text.into())
    }

    /// `-ERR syntax error`.
    pub const fn syntax() -> Self {
        Self(Cow::Borrowed("ERR syntax error"))
    }

    /// `-ERR value is not an integer or out of range`.
    pub const fn not_an_integer() -> Self {
        Self(Cow::Borrowed("ERR value is not an integer or out of range"))
    }

    /// The value is of another type than the command is for.
    pub const fn wrong_type() -> Self {
        Self(Cow::Borrowed(
            "WRONGTYPE Operation against a key holding the wrong kind of value",
        ))
    }

    /// A time that is none at which a key can be gone; `name` is the command's.
    pub fn invalid_expiry(name: &str) -> Self {
        Self(format!("ERR invalid expire time in '{name}' command").into())
    }

    /// An option that the command does not have.
    pub fn unsupported_option(option: &[u8]) -> Self {
        Self(format!("ERR Unsupported option {}", echo(option)).into())
    }

    /// A password was given where none is set.
    pub const fn no_password() -> Self {
        Self(Cow::Borrowed(
            "ERR AUTH <password> called without any password configured for the default user. Are you \
             sure your configuration is correct?",
        ))
    }

    /// A checkpoint that was asked for runs already.
    pub const fn save_in_progress() -> Self {
        Self(Cow::Borrowed("ERR Background save already in progress"))
    }

    /// A command whose keys must have one owner has keys of two; `name` is in lower case.
    pub fn several_owners(name: &str, one: (&[u8], &str), other: (&[u8], &str)) -> Self {
        let name = name.to_ascii_uppercase();
        Self(
            format!(
                "CROSSSLOT {name} takes keys of one owner, and '{}' is of {}, '{}' of {}. Nothing was \
                 done: choose keys of one owner (TRIAD OWNER tells it), or do it by requests of one key",
                echo(one.0),
                one.1,
                echo(other.0),
                other.1
            )
            .into(),
        )
    }

    /// A connection watches as many keys as it may.
    pub fn too_many_watched() -> Self {
        Self(format!("ERR a connection watches at most {WATCHED_KEYS_MAX} keys").into())
    }

    /// The error of an `EXEC` that was not one.
    #[must_use]
    pub fn of_exec(self) -> Self {
        let text = self.0.strip_prefix("ERR ").unwrap_or(&self.0);
        Self(format!("EXECABORT Transaction discarded because of: {text}").into())
    }

    /// A transaction has keys of two owners.
    pub fn transaction_of_several(one: (&[u8], &str), other: (&[u8], &str)) -> Self {
        Self(
            format!(
                "EXECABORT a transaction takes keys of one owner, and '{}' is of {}, '{}' of {}. Nothing \
                 was done: choose keys of one owner (TRIAD OWNER tells it), or make a transaction for each \
                 owner, or use a pipeline without a transaction",
                echo(one.0),
                one.1,
                echo(other.0),
                other.1
            )
            .into(),
        )
    }

    /// A transaction has a request that concerns all nodes; `name` is in lower case.
    pub fn transaction_of_all(name: &str) -> Self {
        let name = name.to_ascii_uppercase();
        Self(
            format!(
                "EXECABORT a transaction is carried out by one node, and {name} concerns all. Nothing was \
                 done: ask for it outside of the transaction"
            )
            .into(),
        )
    }

    /// The number of arguments is not what the command takes.
    pub fn wrong_arity(name: &str) -> Self {
        Self(format!("ERR wrong number of arguments for '{name}' command").into())
    }

    /// There is no such command.
    pub fn unknown_command(args: Args<'_>) -> Self {
        let name = args.get(0).unwrap_or_default();
        let mut text = format!(
            "ERR unknown command '{}', with args beginning with: ",
            echo(name)
        );
        let begun = text.len();
        for arg in args.iter().skip(1) {
            let room = ERROR_ECHO_MAX_BYTES.saturating_sub(text.len() - begun);
            if room == 0 {
                break;
            }
            let arg = arg.get(..arg.len().min(room)).unwrap_or_default();
            // Writing to a string cannot fail.
            let _ = write!(text, "'{}' ", echo(arg));
        }
        Self(text.into())
    }

    /// There is such a command, but it has no such subcommand.
    pub fn unknown_subcommand(container: &str, name: &[u8]) -> Self {
        let container = container.to_ascii_uppercase();
        Self(
            format!(
                "ERR unknown subcommand '{}'. Try {container} HELP.",
                echo(name)
            )
            .into(),
        )
    }

    /// The key is longer than a key may be.
    pub fn key_too_long(bytes: usize) -> Self {
        Self(format!("ERR the key has {bytes} bytes; a key has at most {KEY_MAX_BYTES}").into())
    }

    /// The value is longer than this node takes.
    pub fn value_too_large(bytes: usize, limit: usize) -> Self {
        Self(
            format!(
                "ERR the value has {bytes} bytes; a value has at most {limit} here (--max-value \
                 changes it). Nothing was stored"
            )
            .into(),
        )
    }

    /// The request was read past, because of its size.
    pub fn too_large(request: &TooLarge<'_>) -> Self {
        let command = request.command.and_then(catalog::by_name);
        match (request.excess, command) {
            (Excess::Argument { index, bytes, .. }, Some(command)) if command.keys.has(index) => {
                Self::key_too_long(bytes)
            }
            (
                Excess::Argument {
                    index,
                    bytes,
                    limit_bytes,
                },
                Some(command),
            ) if command.is_write() && (1..index).contains(&command.keys.first) => {
                Self::value_too_large(bytes, limit_bytes)
            }
            (excess, _) => Self(format!("ERR {excess}. Nothing was stored").into()),
        }
    }

    /// The reply is more than the one who asks would take.
    pub fn reply_too_large() -> Self {
        Self(
            format!(
                "ERR the reply is larger than {REPLY_MAX_BYTES} bytes or {REPLY_ELEMENTS_MAX} \
                 elements; use SCAN or SSCAN with a smaller COUNT, or ask for fewer keys at once"
            )
            .into(),
        )
    }

    /// The whole text.
    pub fn text(&self) -> &str {
        &self.0
    }

    /// The error as a reply.
    pub fn into_frame(self) -> Frame<'static> {
        Frame::Error(self.0)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl From<WrongType> for Error {
    fn from(_: WrongType) -> Self {
        Self::wrong_type()
    }
}

impl From<Refused> for Error {
    fn from(refused: Refused) -> Self {
        match refused {
            Refused::WrongType(wrong) => wrong.into(),
            refused => Self(format!("MISCONF {refused}").into()),
        }
    }
}

fn echo(bytes: &[u8]) -> Cow<'_, str> {
    String::from_utf8_lossy(
        bytes
            .get(..bytes.len().min(ERROR_ECHO_MAX_BYTES))
            .unwrap_or_default(),
    )
}
