//! The connection itself: `PING ECHO HELLO AUTH QUIT RESET SELECT`.

use std::rc::Rc;

use super::client::checked_name;
use super::keys::parse_number;
use super::pubsub::pong;
use super::{Args, Command, Context, Error, Frame, Keys, Outcome, Run, Session, reply};
use crate::resp::Protocol;

pub(super) const COMMANDS: &[Command] = &[
    Command::here(
        "ping",
        -1,
        &["fast"],
        Keys::NONE,
        "Answers PONG, or the argument",
        ping,
    ),
    here("echo", 2, "Answers the argument", echo),
    always(
        "hello",
        -1,
        "Chooses the protocol and tells about the node",
        hello,
    ),
    always(
        "auth",
        -2,
        "Takes the one user's name, and refuses passwords",
        auth,
    ),
    always("quit", -1, "Closes the connection", quit),
    always(
        "reset",
        1,
        "Makes the connection as it was at its beginning",
        reset,
    ),
    here(
        "select",
        2,
        "Chooses a database; there is only number 0",
        select,
    ),
];

const fn here(name: &'static str, arity: i32, summary: &'static str, run: Run) -> Command {
    let flags = &["fast", "loading", "stale"];
    Command::here(name, arity, flags, Keys::NONE, summary, run)
}

/// About the connection itself: taken whatever state that is in.
const fn always(name: &'static str, arity: i32, summary: &'static str, run: Run) -> Command {
    let flags = &[
        "noscript",
        "loading",
        "stale",
        "fast",
        "no_auth",
        "allow_busy",
    ];
    Command::here(name, arity, flags, Keys::NONE, summary, run)
}

fn ping<'s>(cx: Context<'s, '_>, args: Args<'_>) -> Result<Outcome<'s>, Error> {
    let takes_messages = cx.session.is_subscribed() && cx.session.protocol == Protocol::Resp2;
    match (args.len(), args.get(1)) {
        (1 | 2, text) if takes_messages => reply(pong(text.unwrap_or_default())),
        (1, _) => reply(Frame::Simple("PONG".into())),
        (2, Some(text)) => reply(Frame::bulk(text.to_vec())),
        _ => Err(Error::wrong_arity("ping")),
    }
}

fn echo<'s>(_: Context<'s, '_>, args: Args<'_>) -> Result<Outcome<'s>, Error> {
    reply(Frame::bulk(args.get(1).unwrap_or_default().to_vec()))
}

fn quit<'s>(_: Context<'s, '_>, _: Args<'_>) -> Result<Outcome<'s>, Error> {
    Ok(Outcome::Close(Frame::OK))
}

fn reset<'s>(cx: Context<'s, '_>, _: Args<'_>) -> Result<Outcome<'s>, Error> {
    cx.session.end(cx.store, cx.host);
    let watched = std::mem::take(&mut cx.session.watched);
    let client = Rc::clone(&cx.session.client);
    client.reset();
    *cx.session = Session {
        watched,
        ..Session::new(client)
    };
    reply(Frame::simple("RESET"))
}

fn auth<'s>(_: Context<'s, '_>, args: Args<'_>) -> Result<Outcome<'s>, Error> {
    match args.len() {
        2 => Err(Error::no_password()),
        3 => {
            check_user(args.get(1).unwrap_or_default())?;
            reply(Frame::OK)
        }
        _ => Err(Error::syntax()),
    }
}

/// There is one user, whose password is not asked for.
fn check_user(name: &[u8]) -> Result<(), Error> {
    if name == b"default" {
        return Ok(());
    }
    Err(Error::new(
        "WRONGPASS invalid username-password pair or user is disabled.",
    ))
}

fn select<'s>(_: Context<'s, '_>, args: Args<'_>) -> Result<Outcome<'s>, Error> {
    check_database(args.get(1).unwrap_or_default())?;
    reply(Frame::OK)
}

/// There is one database.
pub(super) fn check_database(number: &[u8]) -> Result<(), Error> {
    match parse_number::<i64>(number)? {
        0 => Ok(()),
        _ => Err(Error::new("ERR DB index is out of range")),
    }
}

fn hello<'s>(cx: Context<'s, '_>, args: Args<'_>) -> Result<Outcome<'s>, Error> {
    let mut protocol = cx.session.protocol;
    let mut words = args.iter().skip(1);
    if let Some(version) = words.next() {
        protocol = match parse_number::<i64>(version) {
            Ok(2) => Protocol::Resp2,
            Ok(3) => Protocol::Resp3,
            Ok(_) => return Err(Error::new("NOPROTO unsupported protocol version")),
            Err(_) => {
                return Err(Error::new(
                    "ERR Protocol version is not an integer or out of range",
                ));
            }
        };
    }
    let mut name = None;
    while let Some(word) = words.next() {
        if word.eq_ignore_ascii_case(b"setname") {
            name = Some(checked_name(
                words.next().ok_or_else(|| hello_syntax(word))?,
            )?);
        } else if word.eq_ignore_ascii_case(b"auth") {
            let (Some(user), Some(_password)) = (words.next(), words.next()) else {
                return Err(hello_syntax(word));
            };
            check_user(user)?;
        } else {
            return Err(hello_syntax(word));
        }
    }
    cx.session.protocol = protocol;
    cx.session.client.set_protocol(protocol);
    if let Some(name) = name {
        cx.session.client.set_name(name);
    }
    reply(greeting(cx.session))
}

fn hello_syntax(word: &[u8]) -> Error {
    let word = String::from_utf8_lossy(word);
    Error::new(format!("ERR Syntax error in HELLO option '{word}'"))
}

fn greeting(session: &Session) -> Frame<'static> {
    let text = |text: &'static str| Frame::bulk(text.as_bytes());
    let protocol = match session.protocol {
        Protocol::Resp2 => 2,
        Protocol::Resp3 => 3,
    };
    Frame::Map(vec![
        (text("server"), text("redis")),
        (text("version"), text(super::info::REDIS_VERSION)),
        (text("proto"), Frame::Integer(protocol)),
        (
            text("id"),
            Frame::Integer(i64::try_from(session.id).unwrap_or(i64::MAX)),
        ),
        (text("mode"), text("standalone")),
        (text("role"), text("master")),
        (text("modules"), Frame::Array(Vec::new())),
    ])
}
