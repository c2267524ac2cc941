//! `COMMAND` and its subcommands: what clients ask about the commands themselves.
//!
//! The shapes are those of Redis 7: ten fields a command, of which those about access lists, tips and
//! key specifications are empty here.

use super::catalog::{CONTAINERS, all};
use super::{Args, Command, Context, Error, Frame, Keys, Last, Outcome, reply};

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
    let wanted = args.iter().skip(1).map(|wanted| {
        let known = names().find(|name| wanted.eq_ignore_ascii_case(name.as_bytes()));
        known.map_or(Frame::Null, describe)
    });
    reply(Frame::Array(wanted.collect()))
}

pub(super) fn docs<'s>(_: Context<'s, '_>, args: Args<'_>) -> Result<Outcome<'s>, Error> {
    let asked = |name: &str| {
        args.len() == 1
            || args
                .iter()
                .skip(1)
                .any(|wanted| wanted.eq_ignore_ascii_case(name.as_bytes()))
    };
    let pages = names()
        .filter(|name| asked(name))
        .map(|name| (text(name), page(name)));
    reply(Frame::Map(pages.collect()))
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
    };
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
        Frame::Set(Vec::new()),
        Frame::Set(Vec::new()),
        Frame::Set(Vec::new()),
        Frame::Array(children),
    ])
}

fn page(name: &'static str) -> Frame<'static> {
    let children: Vec<_> = subcommands(name)
        .map(|child| (text(child.name), Frame::Map(vec![summary(child.summary)])))
        .collect();
    let own = all()
        .find(|command| command.name == name)
        .map(|command| command.summary);
    let container = CONTAINERS.iter().find(|(container, _)| *container == name);
    let about = own
        .or(container.map(|(_, about)| *about))
        .unwrap_or_default();
    let mut page = vec![summary(about)];
    if !children.is_empty() {
        page.push((text("subcommands"), Frame::Map(children)));
    }
    Frame::Map(page)
}

fn summary(about: &'static str) -> (Frame<'static>, Frame<'static>) {
    (text("summary"), text(about))
}
