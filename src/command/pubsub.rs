//! Channels: `SUBSCRIBE PSUBSCRIBE UNSUBSCRIBE PUNSUBSCRIBE PUBLISH PUBSUB`.
//!
//! Who is subscribed to what is the node's business: these commands check their arguments and say what is
//! to be done ([`Channels`]).

use super::reference::help;
use super::{
    Args, Command, Context, Error, EventFlags, Frame, Keys, Merge, Outcome, Route, Session, reply,
};
use crate::limits::{CHANNEL_MAX_BYTES, PATTERN_MAX_BYTES};
use crate::resp::Protocol;

/// What a command asks of the channels of the node that runs it. The names are the request's arguments.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Channels {
    /// The connection is to be told of what is published there.
    Subscribe(Topic),
    /// It is not to be told any more; without names: of nothing.
    Unsubscribe(Topic),
    /// Tells the subscribers of this node; the reply is how many they were.
    Publish,
    /// The channels of this node with a subscriber, of those that match.
    List,
    /// How many subscribers of this node each channel has.
    Subscribers,
    /// The patterns of this node with a subscriber.
    Patterns,
    /// The peer that asks is to be told of events of these kinds.
    Events(EventFlags),
}

/// What somebody subscribes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Topic {
    /// A channel, by its name.
    Channel,
    /// Every channel whose name matches a pattern.
    Pattern,
}

pub(super) const COMMANDS: &[Command] = &[
    here(
        "subscribe",
        -2,
        "Has what is published in channels sent to this connection",
        |_, args| subscribe(Topic::Channel, args),
    ),
    here("unsubscribe", -1, "Leaves channels", |_, _| {
        ask(Channels::Unsubscribe(Topic::Channel))
    }),
    here(
        "psubscribe",
        -2,
        "Has what is published in all channels that match sent to this connection",
        |_, args| subscribe(Topic::Pattern, args),
    ),
    here("punsubscribe", -1, "Leaves patterns", |_, _| {
        ask(Channels::Unsubscribe(Topic::Pattern))
    }),
    Command {
        name: "publish",
        arity: 3,
        flags: &["pubsub", "loading", "stale", "fast"],
        keys: Keys::NONE,
        route: Route::Reached(Merge::Sum),
        summary: "Sends a message to the subscribers of a channel, on all nodes that can be reached",
        run: publish,
    },
    reached(
        "pubsub|channels",
        -2,
        Merge::Union,
        "Returns the channels that have subscribers",
        list,
    ),
    reached(
        "pubsub|numsub",
        -2,
        Merge::Counts,
        "Counts the subscribers of channels",
        |_, _| ask(Channels::Subscribers),
    ),
    reached(
        "pubsub|numpat",
        2,
        Merge::Sum,
        "Counts the patterns that have subscribers",
        |_, _| ask(Channels::Patterns),
    ),
    Command::here(
        "pubsub|help",
        2,
        &["loading", "stale"],
        Keys::NONE,
        "Lists these subcommands",
        |_, _| reply(help("pubsub")),
    ),
];

const fn here(name: &'static str, arity: i32, summary: &'static str, run: super::Run) -> Command {
    let flags = &["pubsub", "noscript", "loading", "stale"];
    Command::here(name, arity, flags, Keys::NONE, summary, run)
}

const fn reached(
    name: &'static str,
    arity: i32,
    merge: Merge,
    summary: &'static str,
    run: super::Run,
) -> Command {
    Command {
        route: Route::Reached(merge),
        ..Command::here(
            name,
            arity,
            &["pubsub", "loading", "stale"],
            Keys::NONE,
            summary,
            run,
        )
    }
}

/// The commands of a connection that is subscribed, in RESP2: there a message could be taken for the reply
/// to any other.
const BESIDE_SUBSCRIPTIONS: &[&str] = &[
    "subscribe",
    "unsubscribe",
    "psubscribe",
    "punsubscribe",
    "ping",
    "quit",
    "reset",
];

/// Refuses what a connection may not ask while it is subscribed.
pub(crate) fn check_subscribed(session: &Session, command: &Command) -> Result<(), Error> {
    if !session.is_subscribed()
        || session.protocol == Protocol::Resp3
        || BESIDE_SUBSCRIPTIONS.contains(&command.name)
    {
        return Ok(());
    }
    Err(Error::new(format!(
        "ERR Can't execute '{}': only (P|S)SUBSCRIBE / (P|S)UNSUBSCRIBE / PING / QUIT / RESET are allowed \
         in this context",
        command.name
    )))
}

/// What a request about channels asks for that is for all nodes that can be reached, with its arguments.
pub(crate) fn find_channels(args: Args<'_>) -> Result<(Channels, Args<'_>), Error> {
    let found = super::catalog::find(args)?;
    let asked = match found.command.name {
        "publish" => Channels::Publish,
        "pubsub|channels" => Channels::List,
        "pubsub|numsub" => Channels::Subscribers,
        "pubsub|numpat" => Channels::Patterns,
        _ => return Err(Error::syntax()),
    };
    Ok((asked, found.args))
}

fn ask<'s>(asked: Channels) -> Result<Outcome<'s>, Error> {
    Ok(Outcome::Channels(asked))
}

fn subscribe<'s>(topic: Topic, args: Args<'_>) -> Result<Outcome<'s>, Error> {
    for name in args.iter().skip(1) {
        match topic {
            Topic::Channel => check_channel(name)?,
            Topic::Pattern => check_pattern(name)?,
        }
    }
    ask(Channels::Subscribe(topic))
}

fn publish<'s>(_: Context<'s, '_>, args: Args<'_>) -> Result<Outcome<'s>, Error> {
    check_channel(args.get(1).unwrap_or_default())?;
    ask(Channels::Publish)
}

fn list<'s>(_: Context<'s, '_>, args: Args<'_>) -> Result<Outcome<'s>, Error> {
    if args.len() > 2 {
        let name = String::from_utf8_lossy(args.get(0).unwrap_or_default());
        return Err(Error::new(format!(
            "ERR unknown subcommand or wrong number of arguments for '{name}'. Try PUBSUB HELP."
        )));
    }
    check_pattern(args.get(1).unwrap_or_default())?;
    ask(Channels::List)
}

fn check_channel(name: &[u8]) -> Result<(), Error> {
    if name.len() > CHANNEL_MAX_BYTES {
        return Err(Error::new(format!(
            "ERR the channel's name has {} bytes; one has at most {CHANNEL_MAX_BYTES}",
            name.len()
        )));
    }
    Ok(())
}

fn check_pattern(pattern: &[u8]) -> Result<(), Error> {
    if pattern.len() > PATTERN_MAX_BYTES {
        return Err(Error::new(format!(
            "ERR the pattern is longer than {PATTERN_MAX_BYTES} bytes"
        )));
    }
    Ok(())
}

/// `PING` of a connection that is subscribed, in RESP2: of the form of a message.
pub(super) fn pong(text: &[u8]) -> Frame<'static> {
    Frame::Array(vec![Frame::bulk(b"pong"), Frame::bulk(text.to_vec())])
}
