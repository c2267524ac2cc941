//! This node as a server: `INFO COMMAND CONFIG SAVE LASTSAVE TIME`.

use std::time::{SystemTime, UNIX_EPOCH};

use super::events::SETTING;
use super::{
    Args, Command, Context, Error, Frame, Host, Keys, Outcome, Run, first_two, info, reply,
};
use crate::limits::REQUEST_BULK_MAX_BYTES;
use crate::pattern;
use crate::store::Fsync;

pub(super) const COMMANDS: &[Command] = &[
    here("info", -1, "Tells about this node, by sections", info::info),
    here(
        "command",
        1,
        "Describes all commands",
        super::reference::command,
    ),
    here(
        "command|count",
        2,
        "Counts the commands",
        super::reference::count,
    ),
    here(
        "command|docs",
        -2,
        "Describes commands for people",
        super::reference::docs,
    ),
    here(
        "command|info",
        -2,
        "Describes commands for clients",
        super::reference::info,
    ),
    here(
        "command|getkeys",
        -4,
        "Returns the keys of a request",
        super::reference::getkeys,
    ),
    here("command|help", 2, "Lists these subcommands", command_help),
    here(
        "config|get",
        -3,
        "Returns settings of this node",
        config_get,
    ),
    here(
        "config|set",
        -4,
        "Changes settings of this node",
        config_set,
    ),
    here("config|help", 2, "Lists these subcommands", config_help),
    Command::here(
        "save",
        1,
        &["no_multi"],
        Keys::NONE,
        "Writes this node's JSON file now",
        save,
    ),
    here(
        "lastsave",
        1,
        "Tells when this node's JSON file was last written",
        lastsave,
    ),
    here("time", 1, "Tells the time of this node's clock", time),
];

const fn here(name: &'static str, arity: i32, summary: &'static str, run: Run) -> Command {
    let flags = &["admin", "loading", "stale"];
    Command::here(name, arity, flags, Keys::NONE, summary, run)
}

fn command_help<'s>(_: Context<'s, '_>, _: Args<'_>) -> Result<Outcome<'s>, Error> {
    reply(super::reference::help("command"))
}

fn config_help<'s>(_: Context<'s, '_>, _: Args<'_>) -> Result<Outcome<'s>, Error> {
    reply(super::reference::help("config"))
}

fn save<'s>(_: Context<'s, '_>, _: Args<'_>) -> Result<Outcome<'s>, Error> {
    Ok(Outcome::Checkpoint)
}

fn lastsave<'s>(cx: Context<'s, '_>, _: Args<'_>) -> Result<Outcome<'s>, Error> {
    let seconds = cx.store.status().last_checkpoint_unix_seconds;
    reply(Frame::Integer(i64::try_from(seconds).unwrap_or(i64::MAX)))
}

/// Seconds since 1970, and microseconds of the second.
fn time<'s>(_: Context<'s, '_>, _: Args<'_>) -> Result<Outcome<'s>, Error> {
    let since = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    let numbers = [since.as_secs(), u64::from(since.subsec_micros())];
    let texts = numbers.map(|number| Frame::bulk(number.to_string().into_bytes()));
    reply(Frame::Array(texts.to_vec()))
}

fn config_get<'s>(cx: Context<'s, '_>, args: Args<'_>) -> Result<Outcome<'s>, Error> {
    let asked = |name: &str| {
        args.iter().skip(1).any(|wanted| {
            let wanted = wanted.to_ascii_lowercase();
            pattern::matches(&wanted, name.as_bytes())
        })
    };
    let found = settings(cx.host)
        .into_iter()
        .filter(|(name, _)| asked(name))
        .map(|(name, value)| {
            (
                Frame::bulk(name.as_bytes()),
                Frame::bulk(value.into_bytes()),
            )
        })
        .collect();
    reply(Frame::Map(found))
}

/// There is one setting that can be changed while the node runs.
fn config_set<'s>(cx: Context<'s, '_>, args: Args<'_>) -> Result<Outcome<'s>, Error> {
    let (name, value) = first_two(args);
    if args.len() != 3 {
        return Err(Error::syntax());
    }
    if !name.eq_ignore_ascii_case(SETTING.as_bytes()) {
        let name = String::from_utf8_lossy(name);
        return Err(Error::new(format!(
            "ERR Unknown option or number of arguments for CONFIG SET - '{name}'"
        )));
    }
    cx.host.events.set_flags(value)?;
    reply(Frame::OK)
}

/// The settings under the names that Redis has for them, so that tools which ask find what they know.
fn settings(host: &Host) -> Vec<(&'static str, String)> {
    let fsync = match host.fsync {
        Fsync::Always => "always",
        Fsync::EverySec => "everysec",
        Fsync::Never => "no",
    };
    vec![
        ("appendfsync", fsync.to_owned()),
        ("appendonly", "yes".to_owned()),
        ("bind", host.address.ip().to_string()),
        ("databases", "1".to_owned()),
        ("dir", host.folder.clone()),
        ("maxclients", host.connections_max.to_string()),
        ("maxmemory", "0".to_owned()),
        ("maxmemory-policy", "noeviction".to_owned()),
        (SETTING, host.events.flags().to_string()),
        ("port", host.address.port().to_string()),
        ("proto-max-bulk-len", REQUEST_BULK_MAX_BYTES.to_string()),
        ("save", String::new()),
        ("timeout", "0".to_owned()),
        ("triad-max-value", host.value_max_bytes.to_string()),
        ("triad-name", host.name.clone()),
    ]
}
