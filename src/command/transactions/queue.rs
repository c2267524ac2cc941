//! The requests of a transaction that waits for its `EXEC`.

use super::super::{Args, Command, Error, Found, Host, Route, count};
use crate::limits::{TRANSACTION_MAX_BYTES, TRANSACTION_WORDS_MAX, TRANSACTIONS_TOTAL_MAX_BYTES};

/// What is no part of a transaction: it has its effect on the connections or on the disk, with which a
/// transaction cannot wait. For the same reason nothing is subscribed to in one.
const NOT_QUEUED: &[&str] = &[
    "bgsave",
    "client|kill",
    "client|reply",
    "config|set",
    "save",
    "triad|peer",
];

/// A transaction between `MULTI` and `EXEC`.
#[derive(Debug, Default)]
pub struct Transaction {
    /// In their order.
    pub requests: Vec<Queued>,
    /// One of them was refused, and with it all.
    pub has_failed: bool,
    /// The memory that the requests take, in bytes, and their words.
    bytes: usize,
    words: usize,
}

/// A request of a transaction.
#[derive(Debug)]
pub struct Queued {
    /// What it asks for.
    pub command: &'static Command,
    /// Its words, as they came.
    pub words: Vec<Vec<u8>>,
}

impl Queued {
    /// Its words as slices.
    pub fn slices(&self) -> Vec<&[u8]> {
        self.words.iter().map(Vec::as_slice).collect()
    }

    /// Those of its words that its command looks at, of all its words.
    pub fn args<'a>(&self, words: &'a [&'a [u8]]) -> Args<'a> {
        Args::from_slices(words).from(self.first())
    }

    /// Its keys.
    pub fn keys(&self) -> impl Iterator<Item = &[u8]> {
        let words = self.words.iter().skip(self.first()).enumerate();
        let keys = words.filter(|(index, _)| self.command.keys.has(*index));
        keys.map(|(_, key)| key.as_slice())
    }

    /// The word that its command looks at first: of a subcommand the second.
    fn first(&self) -> usize {
        usize::from(self.command.name.contains('|'))
    }
}

impl Transaction {
    /// Adds a request, or refuses it and with it the transaction.
    pub fn push(&mut self, found: &Found<'_>, args: Args<'_>, host: &Host) -> Result<(), Error> {
        let queued = self.take(found, args, host);
        self.has_failed |= queued.is_err();
        queued
    }

    fn take(&mut self, found: &Found<'_>, args: Args<'_>, host: &Host) -> Result<(), Error> {
        let command = found.command;
        let subscribes = command.flags.contains(&"pubsub") && command.route == Route::Here;
        // What writes to the asked node's own table could not be taken back with keys of another one.
        let writes_here = command.is_write() && command.route == Route::Here;
        if subscribes || writes_here || NOT_QUEUED.contains(&command.name) {
            return Err(Error::new("ERR Command not allowed inside a transaction"));
        }
        let words = args.iter().map(|word| word.len() + size_of::<Vec<u8>>());
        let bytes = words.sum::<usize>() + size_of::<Queued>();
        let total = &host.counters.transactions_bytes;
        if self.bytes + bytes > TRANSACTION_MAX_BYTES
            || self.words + args.len() > TRANSACTION_WORDS_MAX
            || total.get() + bytes > TRANSACTIONS_TOTAL_MAX_BYTES
        {
            return Err(Error::new(format!(
                "ERR the transaction is too large: it has at most {TRANSACTION_MAX_BYTES} bytes and \
                 {TRANSACTION_WORDS_MAX} words, and those of all clients together \
                 {TRANSACTIONS_TOTAL_MAX_BYTES} bytes"
            )));
        }
        count(total, bytes);
        self.bytes += bytes;
        self.words += args.len();
        self.requests.push(Queued {
            command: found.command,
            words: args.iter().map(<[u8]>::to_vec).collect(),
        });
        Ok(())
    }

    /// Gives its memory back.
    pub(crate) fn end(self, host: &Host) {
        let total = &host.counters.transactions_bytes;
        total.set(total.get().saturating_sub(self.bytes));
    }
}
