//! The settings of the node that is asked: `CONFIG` and its subcommands.

mod settings;

use settings::{Apply, Change, SETTINGS, Setting};

use super::reference::help;
use super::{Args, Command, Context, Error, Frame, Keys, Outcome, Run, reply};
use crate::pattern;

pub(super) const COMMANDS: &[Command] = &[
    here("config|get", -3, "Returns settings of this node", get),
    here("config|set", -4, "Changes settings of this node", set),
    here(
        "config|resetstat",
        2,
        "Sets the counters of INFO to 0",
        resetstat,
    ),
    here(
        "config|rewrite",
        2,
        "Would write the configuration file, which no node has",
        rewrite,
    ),
    Command::here(
        "config|help",
        2,
        &["loading", "stale"],
        Keys::NONE,
        "Lists these subcommands",
        config_help,
    ),
];

const fn here(name: &'static str, arity: i32, summary: &'static str, run: Run) -> Command {
    let flags = &["admin", "noscript", "loading", "stale"];
    Command::here(name, arity, flags, Keys::NONE, summary, run)
}

/// The settings whose names match one of the patterns.
fn get<'s>(cx: Context<'s, '_>, args: Args<'_>) -> Result<Outcome<'s>, Error> {
    let patterns: Vec<_> = args
        .iter()
        .skip(1)
        .map(<[u8]>::to_ascii_lowercase)
        .collect();
    let is_asked = |setting: &&Setting| {
        let name = setting.name.as_bytes();
        patterns.iter().any(|wanted| pattern::matches(wanted, name))
    };
    let found = SETTINGS.iter().filter(is_asked).map(|setting| {
        let value = (setting.get)(cx.store, cx.host);
        (Frame::text(setting.name), Frame::text(value))
    });
    reply(Frame::map(found))
}

/// Changes all of the settings, or none.
fn set<'s>(cx: Context<'s, '_>, args: Args<'_>) -> Result<Outcome<'s>, Error> {
    if args.len().is_multiple_of(2) {
        return Err(Error::syntax());
    }
    let words: Vec<&[u8]> = args.iter().skip(1).collect();
    let mut found: Vec<(&Setting, &[u8])> = Vec::new();
    for pair in words.chunks_exact(2) {
        let &[name, value] = pair else { continue };
        let known = |setting: &&Setting| name.eq_ignore_ascii_case(setting.name.as_bytes());
        let checked = match SETTINGS.iter().find(known) {
            None => {
                let name = String::from_utf8_lossy(name);
                return Err(Error::new(format!(
                    "ERR Unknown option or number of arguments for CONFIG SET - '{name}'"
                )));
            }
            Some(setting) => check(setting, &found)
                .map_err(|why| refused(&String::from_utf8_lossy(name), why))
                .map(|()| setting),
        };
        found.push((checked?, value));
    }
    let parsed: Result<Vec<Apply>, Error> = found
        .into_iter()
        .map(|(setting, value)| {
            setting
                .parse(cx.store, cx.host, value)
                .map_err(|why| refused(setting.name, &why))
        })
        .collect();
    for apply in parsed? {
        apply(cx.store, cx.host)?;
    }
    Ok(Outcome::Configured)
}

/// Whether the setting can be changed at all, beside those of the request that stand before it.
fn check(setting: &Setting, before: &[(&Setting, &[u8])]) -> Result<(), &'static str> {
    match setting.change {
        Change::Never => Err("can't set immutable config"),
        Change::Protected => Err("can't set protected config"),
        Change::To(_) if before.iter().any(|(known, _)| known.name == setting.name) => {
            Err("duplicate parameter")
        }
        Change::To(_) => Ok(()),
    }
}

fn refused(name: &str, why: &str) -> Error {
    Error::new(format!(
        "ERR CONFIG SET failed (possibly related to argument '{name}') - {why}"
    ))
}

fn resetstat<'s>(cx: Context<'s, '_>, _: Args<'_>) -> Result<Outcome<'s>, Error> {
    cx.host.counters.reset();
    reply(Frame::OK)
}

fn rewrite<'s>(_: Context<'s, '_>, _: Args<'_>) -> Result<Outcome<'s>, Error> {
    Err(Error::new(
        "ERR The server is running without a config file",
    ))
}

fn config_help<'s>(_: Context<'s, '_>, _: Args<'_>) -> Result<Outcome<'s>, Error> {
    reply(help("config"))
}
