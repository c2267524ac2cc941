//! `COMMAND` and its subcommands: what clients ask about the commands themselves.
//!
//! The shapes are those of Redis 7: [ten fields](https://redis.io/docs/latest/commands/command/) a
//! command, of which those about tips and key specifications are empty here; and of a
//! [page](https://redis.io/docs/latest/commands/command-docs/) the fields that are always present.
//! redis-cli makes its help of them, and ends in a crash where one is missing.

mod categories;
mod list;

pub(super) use list::list;

use super::catalog::{CONTAINERS, GROUPS, all, find};
use super::{Args, Command, Context, Error, Frame, Keys, Last, Outcome, reply};

/// The version of this program that had these commands first.
const SINCE: &str = "0.1.0";

pub(super) fn command<'s>(_: Context<'s, '_>, _: Args<'_>) -> Result<Outcome<'s>, Error> {
    reply(Frame::Array(names().map(describe).collect()))
}

pub(super) fn count<'s>(_: Context<'s, '_>, _: Args<'_>) -> Result<Outcome<'s>, Error> {
    reply(Frame::Integer(
        i64::try_from(names().count()).unwrap_or(i64::MAX),
    ))
}

pub(super) fn info<'s>(_: Context<'s, '_>, args: Args<'_>) -> Result<Outcome<'s>, Error> {
    if args.len() == 1 {
        return reply(Frame::Array(names().map(describe).collect()));
    }
    let wanted = args.iter().skip(1);
    let wanted = wanted.map(|wanted| known(wanted).map_or(Frame::Null, describe));
    reply(Frame::Array(wanted.collect()))
}

pub(super) fn docs<'s>(_: Context<'s, '_>, args: Args<'_>) -> Result<Outcome<'s>, Error> {
    if args.len() == 1 {
        return reply(Frame::map(names().map(|name| (text(name), page(name)))));
    }
    let wanted = args.iter().skip(1).filter_map(known);
    reply(Frame::map(wanted.map(|name| (text(name), page(name)))))
}

/// `COMMAND GETKEYS` with a whole request behind it.
pub(super) fn getkeys<'s>(_: Context<'s, '_>, args: Args<'_>) -> Result<Outcome<'s>, Error> {
    let request = args.from(1);
    let Ok(found) = find(request) else {
        let is_known = request.get(0).is_some_and(|name| known(name).is_some());
        return Err(Error::new(if is_known {
            "ERR Invalid number of arguments specified for command"
        } else {
            "ERR Invalid command specified"
        }));
    };
    let keys = found.command.keys.of(found.args);
    let keys: Vec<_> = keys.map(|key| Frame::bulk(key.to_vec())).collect();
    if keys.is_empty() {
        return Err(Error::new("ERR The command has no key arguments"));
    }
    reply(Frame::Array(keys))
}

/// The command, container or subcommand of this name.
fn known(wanted: &[u8]) -> Option<&'static str> {
    let mut all = names().chain(all().map(|command| command.name));
    all.find(|name| wanted.eq_ignore_ascii_case(name.as_bytes()))
}

/// Lists the subcommands of a container, in the form in which Redis does.
pub(super) fn help(container: &str) -> Frame<'static> {
    let title = format!(
        "{} <subcommand> [<arg> [value] [opt] ...]. Subcommands are:",
        container.to_ascii_uppercase()
    );
    let mut lines = vec![Frame::simple(title)];
    for command in subcommands(container) {
        let (_, name) = command.name.split_once('|').unwrap_or_default();
        lines.push(Frame::simple(name.to_ascii_uppercase()));
        lines.push(Frame::simple(format!("    {}.", command.summary)));
    }
    Frame::Array(lines)
}

/// The names of the commands and of those that only have subcommands.
fn names() -> impl Iterator<Item = &'static str> {
    let whole = all()
        .map(|command| command.name)
        .filter(|name| !name.contains('|'));
    whole.chain(CONTAINERS.iter().map(|(name, _)| *name))
}

fn subcommands(container: &str) -> impl Iterator<Item = &'static Command> {
    all().filter(move |command| {
        command
            .name
            .split_once('|')
            .is_some_and(|(before, _)| before == container)
    })
}

fn text(text: &'static str) -> Frame<'static> {
    Frame::bulk(text.as_bytes())
}

fn number(number: usize) -> Frame<'static> {
    Frame::Integer(i64::try_from(number).unwrap_or(i64::MAX))
}

fn describe(name: &'static str) -> Frame<'static> {
    let command = all().find(|command| command.name == name);
    let children = subcommands(name).map(|child| fields(child.name, Some(child), Vec::new()));
    fields(name, command, children.collect())
}

fn fields(
    name: &'static str,
    command: Option<&Command>,
    children: Vec<Frame<'static>>,
) -> Frame<'static> {
    // A container takes at least the name of a subcommand.
    let arity = command.map_or(-2, |command| {
        if children.is_empty() {
            command.arity
        } else {
            -1
        }
    });
    let flags = command.map_or(&[][..], |command| command.flags);
    let keys = command.map_or(Keys::NONE, |command| command.keys);
    let last = match keys.last {
        Last::End => -1,
        Last::Same => i64::try_from(keys.first).unwrap_or(0),
        Last::At(last) => i64::try_from(last).unwrap_or(0),
    };
    let categories = command.map_or_else(|| vec![categories::SLOW], categories::of);
    Frame::Array(vec![
        text(name),
        Frame::Integer(i64::from(arity)),
        Frame::Set(
            flags
                .iter()
                .map(|flag| Frame::Simple((*flag).into()))
                .collect(),
        ),
        number(keys.first),
        Frame::Integer(last),
        number(keys.step),
        Frame::Set(categories.into_iter().map(Frame::simple).collect()),
        Frame::Set(Vec::new()),
        Frame::Set(Vec::new()),
        Frame::Array(children),
    ])
}

fn page(name: &'static str) -> Frame<'static> {
    let children: Vec<_> = subcommands(name)
        .map(|child| (text(child.name), page(child.name)))
        .collect();
    let own = all()
        .find(|command| command.name == name)
        .map(|command| command.summary);
    let container = CONTAINERS.iter().find(|(container, _)| *container == name);
    let about = own
        .or(container.map(|(_, about)| *about))
        .unwrap_or_default();
    let mut page = vec![
        (text("summary"), text(about)),
        (text("since"), text(SINCE)),
        (text("group"), text(group(name))),
    ];
    if !children.is_empty() {
        page.push((text("subcommands"), Frame::Map(children)));
    }
    Frame::Map(page)
}

/// The group of a command, or of a container by its subcommands.
fn group(name: &str) -> &'static str {
    let is_of = |command: &Command| {
        let (container, _) = command.name.split_once('|').unwrap_or((command.name, ""));
        command.name == name || container == name
    };
    let group = GROUPS
        .iter()
        .find(|(_, commands)| commands.iter().any(is_of));
    group.map_or("generic", |(group, _)| group)
}
