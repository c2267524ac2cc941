//! `COMMAND LIST`: the names of the commands, all or those that a filter lets through.

use super::super::catalog::{CONTAINERS, all};
use super::super::{Args, Context, Error, Frame, Outcome, reply};
use super::categories;
use crate::pattern;

/// Which names are wanted.
enum Filter {
    All,
    /// Of commands of modules, of which there are none.
    None,
    /// Of commands of this category.
    Category(String),
    /// In lower case.
    Pattern(Vec<u8>),
}

/// `COMMAND LIST [FILTERBY MODULE name | ACLCAT category | PATTERN pattern]`.
pub(in crate::command) fn list<'s>(
    _: Context<'s, '_>,
    args: Args<'_>,
) -> Result<Outcome<'s>, Error> {
    let filter = Filter::parse(args)?;
    let commands = all()
        .filter(|command| filter.takes(command.name, || categories::of(command)))
        .map(|command| command.name);
    let containers = CONTAINERS
        .iter()
        .map(|(name, _)| *name)
        .filter(|name| filter.takes(name, || vec![categories::SLOW]));
    let names = containers.chain(commands).map(Frame::text);
    reply(Frame::array(names))
}

impl Filter {
    fn parse(args: Args<'_>) -> Result<Self, Error> {
        let word = |index| args.get(index).unwrap_or_default();
        match args.len() {
            1 => Ok(Self::All),
            4 if word(1).eq_ignore_ascii_case(b"filterby") => {
                let wanted = word(3);
                match word(2).to_ascii_lowercase().as_slice() {
                    b"module" => Ok(Self::None),
                    b"aclcat" => {
                        let name = String::from_utf8_lossy(wanted).to_ascii_lowercase();
                        Ok(Self::Category(format!("@{name}")))
                    }
                    b"pattern" => Ok(Self::Pattern(wanted.to_ascii_lowercase())),
                    _ => Err(Error::syntax()),
                }
            }
            _ => Err(Error::syntax()),
        }
    }

    fn takes(&self, name: &str, categories: impl FnOnce() -> Vec<&'static str>) -> bool {
        match self {
            Self::All => true,
            Self::None => false,
            Self::Category(wanted) => categories().contains(&wanted.as_str()),
            Self::Pattern(pattern) => pattern::matches(pattern, name.as_bytes()),
        }
    }
}
