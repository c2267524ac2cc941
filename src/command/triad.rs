//! The commands of our own: who owns a key, what this node holds, and how nodes meet.
//!
//! None of them is ever forwarded: each is about the node that was asked. For `TRIAD NODES` that node
//! asks the others.

mod rehome;

use super::keys::{matching_keys, parse_number, parse_position, scan_step, whole_step};
use super::{
    Args, Channels, Command, Context, Error, EventFlags, Frame, Keys, Outcome, Route, Run,
    ScanOptions, first_two, reply,
};
use crate::limits::HELLO_FIELD_MAX_BYTES;
use crate::placement::{NodeIndex, NodeName};
use crate::resp::Protocol;
pub use rehome::Parts;

/// The version of what nodes say to each other.
pub const PEER_PROTOCOL: u64 = 1;

pub(super) const COMMANDS: &[Command] = &[
    here(
        "triad|owner",
        3,
        Keys::ONE,
        "Names the owner of a key",
        owner,
    ),
    write(
        "triad|offer",
        -4,
        "Stores a key if this node owns it, else declines",
        offer,
    ),
    here(
        "triad|holds",
        3,
        Keys::ONE,
        "Tells whether this node's own table has a key",
        holds,
    ),
    here(
        "triad|keys",
        -2,
        Keys::NONE,
        "Returns this node's own keys",
        keys,
    ),
    here(
        "triad|scan",
        -3,
        Keys::NONE,
        "Returns this node's own keys, some at each call",
        scan,
    ),
    here(
        "triad|misplaced",
        -3,
        Keys::NONE,
        "Returns keys that other nodes own, with values",
        rehome::misplaced,
    ),
    here(
        "triad|items",
        4,
        Keys::ONE,
        "Returns items of a key in this node's files, some at each call",
        rehome::items,
    ),
    write(
        "triad|part",
        -6,
        "Takes some items of a key that is to be adopted",
        rehome::part,
    ),
    write(
        "triad|adopt",
        -5,
        "Stores a key of any type, with its deadline, if this node owns it and it is absent",
        rehome::adopt,
    ),
    write(
        "triad|replace",
        -5,
        "Stores a key of any type, with its deadline, if this node owns it, whatever it was before",
        rehome::replace,
    ),
    write(
        "triad|release",
        3,
        "Deletes a key here that another node owns",
        rehome::release,
    ),
    here(
        "triad|self",
        2,
        Keys::NONE,
        "Tells about this node",
        tell_self,
    ),
    here(
        "triad|peer",
        7,
        Keys::NONE,
        "Makes this connection the link of another node",
        peer,
    ),
    here(
        "triad|notify",
        3,
        Keys::NONE,
        "Has the peer that asks told of events of these kinds",
        notify,
    ),
    here(
        "triad|help",
        2,
        Keys::NONE,
        "Lists these subcommands",
        triad_help,
    ),
    Command {
        route: Route::Survey,
        ..here(
            "triad|nodes",
            2,
            Keys::NONE,
            "Tells about every node",
            tell_self,
        )
    },
];

const fn here(
    name: &'static str,
    arity: i32,
    keys: Keys,
    summary: &'static str,
    run: Run,
) -> Command {
    Command::here(name, arity, &[], keys, summary, run)
}

const fn write(name: &'static str, arity: i32, summary: &'static str, run: Run) -> Command {
    Command::here(name, arity, &["write"], Keys::ONE, summary, run)
}

fn triad_help<'s>(_: Context<'s, '_>, _: Args<'_>) -> Result<Outcome<'s>, Error> {
    reply(super::reference::help("triad"))
}

fn owner<'s>(cx: Context<'s, '_>, args: Args<'_>) -> Result<Outcome<'s>, Error> {
    let owner = cx.host.placement.owner(args.get(1).unwrap_or_default());
    reply(Frame::bulk(
        cx.host.placement.name(owner).as_bytes().to_vec(),
    ))
}

/// `TRIAD OFFER key value [NX]`: `stored`, `declined`, or with `NX` `exists`; and the owner's name.
fn offer<'s>(cx: Context<'s, '_>, args: Args<'_>) -> Result<Outcome<'s>, Error> {
    let (key, value) = first_two(args);
    let only_absent = match args.get(3) {
        None => false,
        Some(word) if word.eq_ignore_ascii_case(b"nx") && args.len() == 4 => true,
        Some(_) => return Err(Error::syntax()),
    };
    let owner = cx.host.placement.owner(key);
    let verdict: &[u8] = if owner != cx.host.me {
        b"declined"
    } else if only_absent && cx.store.contains(key) {
        b"exists"
    } else {
        cx.host.events.note_if_new(cx.store, key);
        cx.store.set(key, value)?;
        cx.host.events.note(EventFlags::STRING, "set", key);
        b"stored"
    };
    reply(verdict_of(&cx, verdict, owner))
}

/// The answer to an offer: what became of the key, and the owner's name.
fn verdict_of(cx: &Context<'_, '_>, verdict: &[u8], owner: NodeIndex) -> Frame<'static> {
    let owner = cx.host.placement.name(owner).as_bytes().to_vec();
    Frame::Array(vec![Frame::bulk(verdict.to_vec()), Frame::bulk(owner)])
}

fn holds<'s>(cx: Context<'s, '_>, args: Args<'_>) -> Result<Outcome<'s>, Error> {
    reply(Frame::Integer(i64::from(
        cx.store.contains(args.get(1).unwrap_or_default()),
    )))
}

fn keys<'s>(cx: Context<'s, '_>, args: Args<'_>) -> Result<Outcome<'s>, Error> {
    match (args.get(1), args.get(2)) {
        (_, Some(_)) => Err(Error::syntax()),
        (pattern, None) => reply(matching_keys(cx.store, pattern.unwrap_or(b"*"))?),
    }
}

/// `TRIAD SCAN cursor [MATCH pattern] [COUNT n] [TYPE type] [VALUES | WHOLE]`.
fn scan<'s>(cx: Context<'s, '_>, args: Args<'_>) -> Result<Outcome<'s>, Error> {
    let position = parse_position(args.get(1))?;
    let options = ScanOptions::parse_of_own(args.from(2))?;
    reply(if options.whole {
        whole_step(cx.store, position, options)?
    } else {
        scan_step(cx.store, position, options)?
    })
}

/// What a node tells about itself when it is asked by another: `TRIAD SELF`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SelfReport {
    /// The keys in its table.
    pub keys: i64,
    /// The keys on its disk that another node owns.
    pub misplaced: i64,
    /// The version of its program.
    pub version: String,
    /// Why it takes no writes, if its disk has failed.
    pub failure: Option<String>,
}

impl SelfReport {
    /// The report as a reply.
    pub fn into_frame(self) -> Frame<'static> {
        let name = |text: &'static str| Frame::bulk(text.as_bytes());
        let text = |text: String| Frame::bulk(text.into_bytes());
        let mut fields = vec![
            (name("keys"), Frame::Integer(self.keys)),
            (name("misplaced"), Frame::Integer(self.misplaced)),
            (name("version"), text(self.version)),
        ];
        fields.extend(self.failure.map(|failure| (name("failure"), text(failure))));
        Frame::Map(fields)
    }

    /// Reads such a reply; fields that are not known are passed over.
    pub fn from_frame(frame: &Frame<'_>) -> Option<Self> {
        let Frame::Map(fields) = frame else {
            return None;
        };
        let field = |name: &str| {
            fields.iter().find_map(|(field, value)| match field {
                Frame::Bulk(field) if **field == *name.as_bytes() => Some(value),
                _ => None,
            })
        };
        let number = |name| match field(name) {
            Some(Frame::Integer(number)) => Some(*number),
            _ => None,
        };
        let text = |name| match field(name) {
            Some(Frame::Bulk(text)) => Some(String::from_utf8_lossy(text).into_owned()),
            _ => None,
        };
        Some(Self {
            keys: number("keys")?,
            misplaced: number("misplaced")?,
            version: text("version")?,
            failure: text("failure"),
        })
    }
}

fn tell_self<'s>(cx: Context<'s, '_>, _: Args<'_>) -> Result<Outcome<'s>, Error> {
    let count = |len: usize| i64::try_from(len).unwrap_or(i64::MAX);
    // As it is at the moment, without a gate: this has to be told also when the disk has failed.
    let status = cx.store.status();
    let report = SelfReport {
        keys: count(status.keys),
        misplaced: count(status.misplaced),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        failure: status.failure,
    };
    reply(report.into_frame())
}

/// What a node says of itself when it connects to another, and is told in return.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hello {
    /// Its name in the cluster file.
    pub name: String,
    /// The random number that its files carry.
    pub node_id: String,
    /// How often it has been started.
    pub incarnation: u64,
    /// The fingerprint of its list.
    pub fingerprint: String,
}

impl Hello {
    /// The request `TRIAD PEER protocol-version name node-id incarnation fingerprint`.
    pub fn request(&self) -> [Vec<u8>; 7] {
        let text = |text: &str| text.as_bytes().to_vec();
        [
            text("TRIAD"),
            text("PEER"),
            text(&PEER_PROTOCOL.to_string()),
            text(&self.name),
            text(&self.node_id),
            text(&self.incarnation.to_string()),
            text(&self.fingerprint),
        ]
    }

    /// The answer to such a request: the same fields of the node that was asked.
    pub fn into_frame(self) -> Frame<'static> {
        let [_, _, fields @ ..] = self.request();
        Frame::Array(fields.into_iter().map(Frame::bulk).collect())
    }

    /// Reads an answer.
    pub fn from_frame(frame: &Frame<'_>) -> Result<Self, Error> {
        let Frame::Array(fields) = frame else {
            return Err(Error::syntax());
        };
        let fields: Option<Vec<&[u8]>> = fields
            .iter()
            .map(|field| match field {
                Frame::Bulk(field) => Some(&**field),
                _ => None,
            })
            .collect();
        Self::from_fields(&fields.ok_or(Error::syntax())?)
    }

    fn from_fields(fields: &[&[u8]]) -> Result<Self, Error> {
        let &[version, name, node_id, incarnation, fingerprint] = fields else {
            return Err(Error::syntax());
        };
        let version = parse_number::<u64>(version)?;
        if version != PEER_PROTOCOL {
            return Err(Error::new(format!(
                "PEERVERSION this node speaks version {PEER_PROTOCOL} of the peer protocol, the other \
                 version {version}; install the same release on both"
            )));
        }
        let text = |field: &[u8]| {
            if field.len() > HELLO_FIELD_MAX_BYTES {
                return Err(Error::syntax());
            }
            String::from_utf8(field.to_vec()).map_err(|_| Error::syntax())
        };
        let name = text(name)?;
        if let Err(error) = name.parse::<NodeName>() {
            return Err(Error::new(format!("ERR {error}")));
        }
        Ok(Self {
            name,
            node_id: text(node_id)?,
            incarnation: parse_number(incarnation)?,
            fingerprint: text(fingerprint)?,
        })
    }
}

/// `TRIAD NOTIFY letters`: those of `notify-keyspace-events`; none of them takes it back.
fn notify<'s>(_: Context<'s, '_>, args: Args<'_>) -> Result<Outcome<'s>, Error> {
    let letters = args.get(1).unwrap_or_default();
    let flags = EventFlags::parse(letters).ok_or(Error::syntax())?;
    Ok(Outcome::Channels(Channels::Events(flags)))
}

fn peer<'s>(cx: Context<'s, '_>, args: Args<'_>) -> Result<Outcome<'s>, Error> {
    let fields: Vec<&[u8]> = args.iter().skip(1).collect();
    let hello = Hello::from_fields(&fields)?;
    cx.session.protocol = Protocol::Resp3;
    Ok(Outcome::Peer(hello))
}
