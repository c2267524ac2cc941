//! All commands by name.

use std::sync::LazyLock;

use hashbrown::HashMap;

use super::{
    Args, Command, Error, client, config, connection, keys, pubsub, server, sets, strings,
    transactions, triad,
};

/// The commands and subcommands by family, each under the name that Redis has for such a group.
pub(super) const GROUPS: &[(&str, &[Command])] = &[
    ("connection", connection::COMMANDS),
    ("connection", client::COMMANDS),
    ("string", strings::COMMANDS),
    ("set", sets::COMMANDS),
    ("generic", keys::COMMANDS),
    ("pubsub", pubsub::COMMANDS),
    ("server", server::COMMANDS),
    ("server", config::COMMANDS),
    ("transactions", transactions::COMMANDS),
    ("triad", triad::COMMANDS),
    ("triad", transactions::OF_PEERS),
];

/// Every command and subcommand.
pub(super) fn all() -> impl Iterator<Item = &'static Command> {
    GROUPS.iter().flat_map(|(_, commands)| *commands)
}

/// The command of this name, which is no subcommand.
pub(super) fn by_name(name: &[u8]) -> Option<&'static Command> {
    let mut lower = LowerName::default();
    lower.push(name)?;
    BY_NAME.get(lower.bytes()).copied()
}

/// The commands that only have subcommands, with what they are for.
pub(super) const CONTAINERS: &[(&str, &str)] = &[
    ("client", "Commands about client connections"),
    ("config", "Commands about the settings of this node"),
    ("pubsub", "Commands about channels and their subscribers"),
    ("triad", "Commands about the nodes and their shares"),
];

/// A command with the arguments that it looks at.
#[derive(Debug, Clone, Copy)]
pub struct Found<'a> {
    /// The command.
    pub command: &'static Command,
    /// The request's arguments. For a subcommand, the container's name is left out, so that index 0 is
    /// always the name of the command itself and 1 its first argument.
    pub args: Args<'a>,
}

/// Finds the commands of requests one after the other: most are like the one before them, and to compare the
/// names takes a fifth of the time of a look-up.
#[derive(Debug, Default, Clone, Copy)]
pub struct Recent(Option<&'static Command>);

impl Recent {
    /// Finds the command that a request names and checks the number of its arguments.
    pub fn find<'a>(&mut self, args: Args<'a>) -> Result<Found<'a>, Error> {
        if let Some(found) = self.again(args) {
            return Ok(found);
        }
        let found = find(args)?;
        let is_alone = !has_subcommands(found.command.name.as_bytes());
        // A subcommand has two names.
        if is_alone && found.args.len() == args.len() {
            self.0 = Some(found.command);
        }
        Ok(found)
    }

    /// The command of a request, if it is that of the last one.
    pub fn again<'a>(&self, args: Args<'a>) -> Option<Found<'a>> {
        let command = self.0?;
        let is_same = args.get(0)?.eq_ignore_ascii_case(command.name.as_bytes());
        (is_same && command.check_arity(args).is_ok()).then_some(Found { command, args })
    }
}

/// With a hash that takes a fifth of the time of the standard library's: the names that are looked up come
/// from anywhere, but those in the map do not.
static BY_NAME: LazyLock<HashMap<&'static [u8], &'static Command>> = LazyLock::new(|| {
    all()
        .map(|command| (command.name.as_bytes(), command))
        .collect()
});

/// Stands between a container and its subcommand in the name of the latter.
const SEPARATOR: u8 = b'|';

/// The longest name of a command or of a container with its subcommand; a longer word is none.
const NAME_MAX_BYTES: usize = 32;

/// Finds the command that a request names and checks the number of its arguments.
pub(super) fn find(args: Args<'_>) -> Result<Found<'_>, Error> {
    let name = args.get(0).unwrap_or_default();
    let mut lower = LowerName::default();
    let found = lower.push(name).and_then(|()| BY_NAME.get(lower.bytes()));
    // `COMMAND` alone is a command, and also has subcommands.
    let is_bare = args.len() < 2 || !has_subcommands(lower.bytes());
    // A subcommand is called by two words and never by its whole name.
    let is_whole = !name.contains(&SEPARATOR);
    if let (Some(command), true, true) = (found, is_bare, is_whole) {
        command.check_arity(args)?;
        return Ok(Found { command, args });
    }
    find_subcommand(args, lower)
}

fn find_subcommand(args: Args<'_>, mut name: LowerName) -> Result<Found<'_>, Error> {
    let container = name;
    let Some(container) = std::str::from_utf8(container.bytes())
        .ok()
        .filter(|name| has_subcommands(name.as_bytes()))
    else {
        return Err(Error::unknown_command(args));
    };
    let Some(sub) = args.get(1) else {
        return Err(Error::wrong_arity(container));
    };
    let found = name
        .push(&[SEPARATOR])
        .and_then(|()| name.push(sub))
        .and_then(|()| BY_NAME.get(name.bytes()));
    let Some(command) = found else {
        return Err(Error::unknown_subcommand(container, sub));
    };
    // Redis counts both names in a subcommand's arity; we look at the arguments from the second on.
    command.check_arity(args)?;
    Ok(Found {
        command,
        args: args.from(1),
    })
}

fn has_subcommands(name: &[u8]) -> bool {
    name == b"command"
        || CONTAINERS
            .iter()
            .any(|(container, _)| container.as_bytes() == name)
}

/// A name in lower case, without an allocation.
#[derive(Debug, Default, Clone, Copy)]
struct LowerName {
    bytes: [u8; NAME_MAX_BYTES],
    len: usize,
}

impl LowerName {
    /// Adds `more`; `None` if the name is longer than any command's.
    fn push(&mut self, more: &[u8]) -> Option<()> {
        let end = self.len + more.len();
        let room = self.bytes.get_mut(self.len..end)?;
        room.copy_from_slice(more);
        room.make_ascii_lowercase();
        self.len = end;
        Some(())
    }

    fn bytes(&self) -> &[u8] {
        self.bytes.get(..self.len).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name_of(words: &[&[u8]]) -> Result<&'static str, String> {
        name(find(Args::from_slices(words)))
    }

    fn name(found: Result<Found<'_>, Error>) -> Result<&'static str, String> {
        match found {
            Ok(found) => Ok(found.command.name),
            Err(error) => Err(error.to_string()),
        }
    }

    #[test]
    fn a_request_is_found_alike_whatever_the_one_before_it_was() {
        let requests: &[&[&[u8]]] = &[
            &[b"get", b"k"],
            &[b"GET", b"k"],
            &[b"GET"],
            &[b"set", b"k", b"v"],
            &[b"config", b"get", b"save"],
            &[b"config|get", b"save"],
            &[b"get", b"save"],
            &[b"command"],
            &[b"command", b"count"],
            &[b"command", b"x"],
            &[b"foo"],
            &[b""],
            &[],
        ];
        for before in requests {
            for words in requests {
                let mut recent = Recent::default();
                let _ = recent.find(Args::from_slices(before));
                let args = Args::from_slices(words);
                assert_eq!(
                    name(recent.find(args)),
                    name_of(words),
                    "{words:?} after {before:?}"
                );
                let arguments =
                    |found: Result<Found<'_>, Error>| found.map_or(0, |found| found.args.len());
                assert_eq!(arguments(recent.find(args)), arguments(find(args)));
            }
        }
    }

    #[test]
    fn names_are_found_in_any_case() {
        assert_eq!(name_of(&[b"GeT", b"k"]), Ok("get"));
        assert_eq!(name_of(&[b"config", b"GET", b"save"]), Ok("config|get"));
        assert_eq!(name_of(&[b"COMMAND"]), Ok("command"));
        assert_eq!(name_of(&[b"COMMAND", b"docs"]), Ok("command|docs"));
    }

    #[test]
    fn errors_are_those_of_redis() {
        let error = |words: &[&[u8]]| name_of(words).unwrap_err();
        assert_eq!(
            error(&[b"foo", b"a", b"b"]),
            "ERR unknown command 'foo', with args beginning with: 'a' 'b' "
        );
        assert_eq!(
            error(&[b"GET"]),
            "ERR wrong number of arguments for 'get' command"
        );
        assert_eq!(
            error(&[b"config", b"get"]),
            "ERR wrong number of arguments for 'config|get' command"
        );
        assert_eq!(
            error(&[b"config"]),
            "ERR wrong number of arguments for 'config' command"
        );
        assert_eq!(
            error(&[b"config", b"x"]),
            "ERR unknown subcommand 'x'. Try CONFIG HELP."
        );
        assert_eq!(
            error(&[b"mset", b"a"]),
            "ERR wrong number of arguments for 'mset' command"
        );
        assert_eq!(
            error(&[b"mset", b"a", b"1", b"b"]),
            "ERR wrong number of arguments for 'mset' command"
        );
        assert_eq!(
            error(&[b"config|get", b"save"]),
            "ERR unknown command 'config|get', with args beginning with: 'save' "
        );
        assert!(error(&[&[b'x'; 300]]).len() < 300);
    }

    #[test]
    fn no_two_commands_have_one_name() {
        assert_eq!(all().count(), BY_NAME.len());
    }
}
