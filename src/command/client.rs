//! The connections of the node that is asked: `CLIENT` and its subcommands.

mod kill;

use std::rc::Rc;
use std::time::Instant;

use super::keys::parse_number;
use super::reference::help;
use super::registry::{Client, ClientType};
use super::{Args, Command, Context, Error, Frame, Keys, Mute, Outcome, Run, reply};
use crate::limits::CLIENT_NAME_MAX_BYTES;

pub(super) const COMMANDS: &[Command] = &[
    here("client|id", 2, "Returns the number of this connection", id),
    here("client|info", 2, "Tells about this connection", info),
    admin(
        "client|list",
        -2,
        "Lists the connections of this node",
        list,
    ),
    admin(
        "client|kill",
        -3,
        "Closes connections of this node",
        kill::kill,
    ),
    here(
        "client|reply",
        3,
        "Has this connection be answered or not",
        answer,
    ),
    here(
        "client|getname",
        2,
        "Returns the name of this connection",
        getname,
    ),
    here("client|setname", 3, "Names this connection", setname),
    here(
        "client|setinfo",
        4,
        "Takes the name and version of the client's library, as clients send them",
        setinfo,
    ),
    admin(
        "client|no-evict",
        3,
        "Notes that this connection is not to be evicted, which no connection is",
        no_evict,
    ),
    Command::here(
        "client|help",
        2,
        &["loading", "stale"],
        Keys::NONE,
        "Lists these subcommands",
        client_help,
    ),
];

const fn here(name: &'static str, arity: i32, summary: &'static str, run: Run) -> Command {
    let flags = &["noscript", "loading", "stale"];
    Command::here(name, arity, flags, Keys::NONE, summary, run)
}

const fn admin(name: &'static str, arity: i32, summary: &'static str, run: Run) -> Command {
    let flags = &["admin", "noscript", "loading", "stale"];
    Command::here(name, arity, flags, Keys::NONE, summary, run)
}

fn id<'s>(cx: Context<'s, '_>, _: Args<'_>) -> Result<Outcome<'s>, Error> {
    reply(Frame::Integer(
        i64::try_from(cx.session.id).unwrap_or(i64::MAX),
    ))
}

fn info<'s>(cx: Context<'s, '_>, _: Args<'_>) -> Result<Outcome<'s>, Error> {
    reply(lines([Rc::clone(&cx.session.client)]))
}

/// `CLIENT LIST [TYPE type | ID id …]`.
fn list<'s>(cx: Context<'s, '_>, args: Args<'_>) -> Result<Outcome<'s>, Error> {
    let (option, clients) = (args.get(1).unwrap_or_default(), &cx.host.clients);
    let listed = if args.len() == 1 {
        clients.all()
    } else if args.len() == 3 && option.eq_ignore_ascii_case(b"type") {
        let wanted = parse_type(args.get(2).unwrap_or_default())?;
        let mut all = clients.all();
        all.retain(|client| client.client_type() == wanted);
        all
    } else if args.len() > 2 && option.eq_ignore_ascii_case(b"id") {
        let number =
            |word| parse_number::<i64>(word).map_err(|_| Error::new("ERR Invalid client ID"));
        let ids: Result<Vec<i64>, Error> = args.iter().skip(2).map(number).collect();
        let known = |id| u64::try_from(id).ok().and_then(|id| clients.get(id));
        ids?.into_iter().filter_map(known).collect()
    } else {
        return Err(Error::syntax());
    };
    reply(lines(listed))
}

/// A line for each of these connections.
fn lines(clients: impl IntoIterator<Item = Rc<Client>>) -> Frame<'static> {
    let now = Instant::now();
    let mut text = Vec::new();
    for client in clients {
        text.extend(client.line(now));
        text.push(b'\n');
    }
    Frame::Verbatim {
        format: *b"txt",
        text: text.into(),
    }
}

fn parse_type(name: &[u8]) -> Result<ClientType, Error> {
    ClientType::of_name(name).ok_or_else(|| {
        let name = String::from_utf8_lossy(name);
        Error::new(format!("ERR Unknown client type '{name}'"))
    })
}

/// `CLIENT REPLY ON|OFF|SKIP`. Only `ON` is answered itself.
fn answer<'s>(cx: Context<'s, '_>, args: Args<'_>) -> Result<Outcome<'s>, Error> {
    let asks = |mode: &[u8]| {
        let word = args.get(1).unwrap_or_default();
        word.eq_ignore_ascii_case(mode)
    };
    let mute = &mut cx.session.mute;
    *mute = match *mute {
        _ if asks(b"on") => Mute::No,
        _ if asks(b"off") => Mute::Always,
        Mute::Always if asks(b"skip") => Mute::Always,
        _ if asks(b"skip") => Mute::NowAndOnce,
        _ => return Err(Error::syntax()),
    };
    reply(Frame::OK)
}

fn no_evict<'s>(cx: Context<'s, '_>, args: Args<'_>) -> Result<Outcome<'s>, Error> {
    let word = args.get(1).unwrap_or_default();
    let is_kept = match word.to_ascii_lowercase().as_slice() {
        b"on" => true,
        b"off" => false,
        _ => return Err(Error::syntax()),
    };
    cx.session.client.set_kept(is_kept);
    reply(Frame::OK)
}

fn getname<'s>(cx: Context<'s, '_>, _: Args<'_>) -> Result<Outcome<'s>, Error> {
    let name = cx.session.client.name();
    reply(if name.is_empty() {
        Frame::Null
    } else {
        Frame::bulk(name)
    })
}

fn setname<'s>(cx: Context<'s, '_>, args: Args<'_>) -> Result<Outcome<'s>, Error> {
    let name = checked_name(args.get(1).unwrap_or_default())?;
    cx.session.client.set_name(name);
    reply(Frame::OK)
}

fn setinfo<'s>(cx: Context<'s, '_>, args: Args<'_>) -> Result<Outcome<'s>, Error> {
    let (field, value) = (
        args.get(1).unwrap_or_default(),
        args.get(2).unwrap_or_default(),
    );
    let lower = field.to_ascii_lowercase();
    let is_version = match lower.as_slice() {
        b"lib-name" => false,
        b"lib-ver" => true,
        _ => {
            let field = String::from_utf8_lossy(field);
            return Err(Error::new(format!("ERR Unrecognized option '{field}'")));
        }
    };
    if !is_plain(value) {
        let field = String::from_utf8_lossy(&lower);
        return Err(Error::new(format!(
            "ERR {field} cannot contain spaces, newlines or special characters."
        )));
    }
    cx.session.client.set_library(is_version, value);
    reply(Frame::OK)
}

fn client_help<'s>(_: Context<'s, '_>, _: Args<'_>) -> Result<Outcome<'s>, Error> {
    reply(help("client"))
}

fn is_plain(text: &[u8]) -> bool {
    text.len() <= CLIENT_NAME_MAX_BYTES && text.iter().all(u8::is_ascii_graphic)
}

/// A name that a connection may have.
pub(super) fn checked_name(name: &[u8]) -> Result<&[u8], Error> {
    if name.len() > CLIENT_NAME_MAX_BYTES {
        return Err(Error::new(format!(
            "ERR client names are at most {CLIENT_NAME_MAX_BYTES} bytes long"
        )));
    }
    if is_plain(name) {
        return Ok(name);
    }
    Err(Error::new(
        "ERR Client names cannot contain spaces, newlines or special characters.",
    ))
}
