//! The name of a node.

use std::fmt;
use std::ops::Deref;
use std::str::FromStr;

use crate::rule::wording::quote_text;

/// Names become file names, on devices that tell `A` from `a` and on those that don't.
const NAME_MAX_BYTES: usize = 32;

/// The cluster file's own name.
const RESERVED: &str = "cluster";

/// A valid name of a node: `[a-z][a-z0-9-]{0,31}`, and not `cluster`. It reads as a `str`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NodeName(String);

/// Why a text is no name for a node.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NameError {
    /// A character or a length that names do not have.
    #[error(
        "{found} is not a name for a node; write a letter from a to z, then at most 31 of \
         a to z, 0 to 9 and \"-\"{}", example(.lower.as_ref())
    )]
    Malformed {
        /// The text, quoted.
        found: String,
        /// The text in lower case, where that is a name.
        lower: Option<NodeName>,
    },
    /// A name that is taken by a file of another kind.
    #[error("\"{RESERVED}\" is reserved for the cluster file; choose another name")]
    Reserved,
}

fn example(lower: Option<&NodeName>) -> String {
    lower
        .map(|name| format!(", such as \"{name}\""))
        .unwrap_or_default()
}

impl NodeName {
    /// A name from the program's own text, which is known to be one.
    pub(super) fn literal(name: &'static str) -> Self {
        debug_assert!(name.parse::<Self>().is_ok());
        Self(name.to_owned())
    }
}

impl FromStr for NodeName {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        if !is_well_formed(text) {
            let lower = Some(text.to_ascii_lowercase()).filter(|lower| is_well_formed(lower));
            return Err(NameError::Malformed {
                found: quote_text(text),
                lower: lower.map(Self),
            });
        }
        if text == RESERVED {
            return Err(NameError::Reserved);
        }
        Ok(Self(text.to_owned()))
    }
}

fn is_well_formed(text: &str) -> bool {
    text.len() <= NAME_MAX_BYTES
        && text.starts_with(|first: char| first.is_ascii_lowercase())
        && text
            .bytes()
            .all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-'))
}

impl Deref for NodeName {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for NodeName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl PartialEq<str> for NodeName {
    fn eq(&self, other: &str) -> bool {
        self.0 == other
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_can_be_files_are_taken() {
        let longest = format!("a{}", "-".repeat(NAME_MAX_BYTES - 1));
        for text in [
            "linux",
            "a",
            "z9",
            "my-old-phone-2",
            "clusters",
            "a-",
            &longest,
        ] {
            assert_eq!(&*text.parse::<NodeName>().unwrap(), text);
        }
    }

    #[test]
    fn others_are_refused_with_what_to_write() {
        let too_long = "a".repeat(NAME_MAX_BYTES + 1);
        for text in [
            "", "9", "-a", "a_b", "a b", "a.b", "../a", "a/b", "é", "a\0", "a\n", &too_long,
        ] {
            let message = text.parse::<NodeName>().unwrap_err().to_string();
            assert!(message.starts_with(&quote_text(text)), "{message}");
            assert!(message.ends_with("a to z, 0 to 9 and \"-\""), "{message}");
        }
        let message = "Linux".parse::<NodeName>().unwrap_err().to_string();
        assert!(message.ends_with("such as \"linux\""), "{message}");
        let message = "cluster".parse::<NodeName>().unwrap_err().to_string();
        assert_eq!(
            message,
            "\"cluster\" is reserved for the cluster file; choose another name"
        );
    }
}
