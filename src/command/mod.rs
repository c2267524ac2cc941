//! The commands: one file a family. Each entry says in one place how a command is called, where its
//! keys stand, which nodes it concerns and what it does to this node's store.
//!
//! A command returns a reply and writes nothing; it knows neither sockets nor other nodes. Its
//! [`Route`] is a declaration, which dispatch alone interprets: a command runs on a node only when all
//! of its keys are that node's own.

#![expect(
    clippy::needless_pass_by_value,
    clippy::unnecessary_wraps,
    reason = "all commands have one signature: they take their context whole and may refuse"
)]

mod catalog;
mod client;
mod config;
mod connection;
mod counters;
mod error;
mod events;
mod host;
mod info;
mod keys;
mod moment;
mod pubsub;
mod reference;
mod registry;
mod server;
mod sets;
mod size;
mod strings;
mod transactions;
mod triad;

pub use catalog::{Found, Recent};
pub use counters::{Checkpoints, Counters, ErrorCounts};
pub use error::Error;
pub use events::{Event, EventFlags, Events};
pub(crate) use host::count;
pub use host::{Host, LogLevel, Mute, Session, Watched};
pub use info::Rates;
pub(crate) use keys::parse_number;
pub use keys::{LAST_POSITION, ScanOptions};
pub use pubsub::{Channels, Topic};
pub(crate) use pubsub::{check_subscribed, find_channels};
pub use registry::{Client, ClientType, Clients, Origin, Owed};
pub(crate) use size::ReplySize;
pub use transactions::{Queued, Transaction, Watches};
pub(crate) use transactions::{exec, nothing};
pub use triad::{Hello, PEER_PROTOCOL, Parts, SelfReport};

use crate::resp::{Args, Frame};
use crate::store::Store;

/// One command or subcommand.
#[derive(Debug)]
pub struct Command {
    /// In lower case; a subcommand as `config|get`.
    pub name: &'static str,
    /// The number of arguments with the name (a subcommand: both names); negative: at least so many.
    pub arity: i32,
    /// The flags that `COMMAND` tells clients.
    pub flags: &'static [&'static str],
    /// Where the keys stand.
    pub keys: Keys,
    /// Which nodes it concerns.
    pub route: Route,
    /// What it does, for people.
    pub summary: &'static str,
    /// Its effect on this node.
    pub run: Run,
}

/// The effect of a command on one node.
pub type Run = for<'s, 'c> fn(Context<'s, 'c>, Args<'_>) -> Result<Outcome<'s>, Error>;

/// What a command may look at and change.
pub struct Context<'s, 'c> {
    /// This node's own share. Replies may borrow from it.
    pub store: &'s mut Store,
    /// The connection that asks.
    pub session: &'c mut Session,
    /// The node that answers.
    pub host: &'c Host,
}

/// What comes of a command.
#[derive(Debug)]
pub enum Outcome<'s> {
    /// The reply.
    Reply(Frame<'s>),
    /// The reply, after which the connection ends.
    Close(Frame<'s>),
    /// The reply, and connections that end: others at once, the one that asks after it.
    Kill {
        /// How it is answered.
        reply: Frame<'s>,
        /// The numbers of the others.
        others: Vec<u64>,
        /// Whether the one that asks ends too.
        myself: bool,
    },
    /// `OK`, and settings of the node have changed.
    Configured,
    /// That a checkpoint has begun, which goes on in the background.
    BackgroundCheckpoint,
    /// `OK`, once a checkpoint that begins now has ended.
    Checkpoint,
    /// The connection says that it is the link of another node.
    Peer(Hello),
    /// A reply that is encoded already, in the protocol of the connection.
    Encoded(Vec<u8>),
    /// Something is to be done with the channels of this node.
    Channels(Channels),
}

/// Which nodes a command concerns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Route {
    /// The node that was asked.
    Here,
    /// The transaction of the connection, which is carried out by the owner of all its keys.
    Transaction(Step),
    /// The owner of its one key.
    Key,
    /// The owner of all its keys. It is refused where they have several: its parts could not be done together.
    Together,
    /// The owners of its keys, each with its own part; the replies are merged.
    Split(Merge),
    /// Every node; the replies are merged.
    Everywhere(Merge),
    /// The node that the cursor in its first argument names.
    Cursor,
    /// Every node that can be reached; the others are listed as such.
    Survey,
    /// This node, and every other one that can be reached; the replies of these are merged.
    Reached(Merge),
}

/// What a command does about the transaction of its connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Begins one.
    Multi,
    /// Carries it out.
    Exec,
    /// Forgets it.
    Discard,
    /// Has it fail if keys change before it.
    Watch,
    /// Forgets these keys.
    Unwatch,
}

/// How the replies of several nodes become one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Merge {
    /// The sum of integers.
    Sum,
    /// One array with the elements of all.
    Concat,
    /// One array with an element for each key, in the order in which the keys were asked for.
    ByKey,
    /// `OK` if each said so.
    AllOk,
    /// One of them that is not null, by chance, in proportion to the nodes' shares.
    Any,
    /// One array with the elements of all, each once.
    Union,
    /// One array of names and numbers in turn, as each has it: of each name the sum.
    Counts,
}

/// Where the keys stand among the arguments, as in Redis's `COMMAND`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Keys {
    /// The first key's index; 0: no keys.
    pub first: usize,
    /// The last key's index: one key only, or all to the end.
    pub last: Last,
    /// The arguments from one key to the next.
    pub step: usize,
}

/// Where the keys end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Last {
    /// The first key is the only one.
    Same,
    /// The argument of this index.
    At(usize),
    /// They go on to the last argument.
    End,
}

impl Keys {
    /// The command has no keys.
    pub const NONE: Self = Self {
        first: 0,
        last: Last::Same,
        step: 0,
    };
    /// The first argument is the one key.
    pub const ONE: Self = Self {
        first: 1,
        last: Last::Same,
        step: 1,
    };
    /// The first two arguments are keys.
    pub const TWO: Self = Self {
        first: 1,
        last: Last::At(2),
        step: 1,
    };
    /// All arguments are keys.
    pub const ALL: Self = Self {
        first: 1,
        last: Last::End,
        step: 1,
    };
    /// Keys and values take turns.
    pub const PAIRS: Self = Self {
        first: 1,
        last: Last::End,
        step: 2,
    };

    /// The keys among `args`.
    pub fn of(self, args: Args<'_>) -> impl Iterator<Item = &[u8]> + Clone {
        let (skip, take) = match (self.first, self.last) {
            (0, _) => (0, 0),
            (first, Last::Same) => (first, 1),
            (first, Last::At(last)) => (first, (last + 1).saturating_sub(first)),
            (first, Last::End) => (first, usize::MAX),
        };
        args.iter().skip(skip).step_by(self.step.max(1)).take(take)
    }

    /// Whether the argument at `index` is a key.
    pub fn has(self, index: usize) -> bool {
        let behind = index.checked_sub(self.first).filter(|_| self.first > 0);
        match self.last {
            Last::Same => behind == Some(0),
            Last::At(last) => behind.is_some() && index <= last,
            Last::End => behind.is_some_and(|behind| behind.is_multiple_of(self.step.max(1))),
        }
    }
}

impl Command {
    /// A command about the node that is asked.
    const fn here(
        name: &'static str,
        arity: i32,
        flags: &'static [&'static str],
        keys: Keys,
        summary: &'static str,
        run: Run,
    ) -> Self {
        Self {
            name,
            arity,
            flags,
            keys,
            route: Route::Here,
            summary,
            run,
        }
    }

    /// A command about one key, which is its first argument.
    const fn of_key(
        name: &'static str,
        arity: i32,
        flags: &'static [&'static str],
        summary: &'static str,
        run: Run,
    ) -> Self {
        Self {
            name,
            arity,
            flags,
            keys: Keys::ONE,
            route: Route::Key,
            summary,
            run,
        }
    }

    /// Whether it may change what is stored.
    pub fn is_write(&self) -> bool {
        self.flags.contains(&"write")
    }

    /// Refuses a request with too few or too many arguments. `args` begin with the command's name.
    pub fn check_arity(&self, args: Args<'_>) -> Result<(), Error> {
        let wanted = self.arity.unsigned_abs() as usize;
        let fits = if self.arity < 0 {
            args.len() >= wanted
        } else {
            args.len() == wanted
        };
        // A list of pairs has an odd one out only when its last value is missing.
        let paired = self.keys.last != Last::End
            || self.keys.step < 2
            || args
                .len()
                .saturating_sub(self.keys.first)
                .is_multiple_of(self.keys.step);
        if fits && paired {
            Ok(())
        } else {
            Err(Error::wrong_arity(self.name))
        }
    }
}

impl<'s> From<Frame<'s>> for Outcome<'s> {
    fn from(frame: Frame<'s>) -> Self {
        Self::Reply(frame)
    }
}

/// The first two arguments, such as a key and its value.
fn first_two(args: Args<'_>) -> (&[u8], &[u8]) {
    let word = |index| args.get(index).unwrap_or_default();
    (word(1), word(2))
}

/// The result of a command that replies at once.
pub(crate) fn reply(frame: Frame<'_>) -> Result<Outcome<'_>, Error> {
    Ok(Outcome::Reply(frame))
}
