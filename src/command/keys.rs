//! Keys: `DEL UNLINK EXISTS TOUCH TYPE RENAME RENAMENX COPY RANDOMKEY KEYS DBSIZE SCAN FLUSHALL
//! FLUSHDB`.

mod expiry;
mod relocate;
mod whole;

use super::{
    Args, Command, Context, Error, EventFlags, Frame, Host, Keys, Merge, Outcome, ReplySize, Route,
    reply,
};
use crate::limits::{PATTERN_MAX_BYTES, SCAN_COUNT_DEFAULT, SCAN_COUNT_MAX};
use crate::pattern;
use crate::store::{Refused, Store, View};

pub(super) const COMMANDS: &[Command] = &[
    Command {
        name: "del",
        arity: -2,
        flags: &["write"],
        keys: Keys::ALL,
        route: Route::Split(Merge::Sum),
        summary: "Deletes keys",
        run: del,
    },
    Command {
        name: "exists",
        arity: -2,
        flags: &["readonly", "fast"],
        keys: Keys::ALL,
        route: Route::Split(Merge::Sum),
        summary: "Counts the keys that exist",
        run: exists,
    },
    Command {
        name: "randomkey",
        arity: 1,
        flags: &["readonly"],
        keys: Keys::NONE,
        route: Route::Everywhere(Merge::Any),
        summary: "Returns one of the keys of all nodes, by chance",
        run: randomkey,
    },
    Command {
        name: "keys",
        arity: 2,
        flags: &["readonly"],
        keys: Keys::NONE,
        route: Route::Everywhere(Merge::Concat),
        summary: "Returns the keys of all nodes that match a pattern",
        run: keys,
    },
    Command {
        name: "dbsize",
        arity: 1,
        flags: &["readonly", "fast"],
        keys: Keys::NONE,
        route: Route::Everywhere(Merge::Sum),
        summary: "Counts the keys of all nodes",
        run: dbsize,
    },
    Command {
        name: "scan",
        arity: -2,
        flags: &["readonly"],
        keys: Keys::NONE,
        route: Route::Cursor,
        summary: "Returns the keys of all nodes, some at each call",
        run: scan,
    },
    Command {
        name: "flushall",
        arity: -1,
        flags: &["write"],
        keys: Keys::NONE,
        route: Route::Everywhere(Merge::AllOk),
        summary: "Deletes all keys of all nodes",
        run: flushall,
    },
    Command {
        name: "unlink",
        arity: -2,
        flags: &["write", "fast"],
        keys: Keys::ALL,
        route: Route::Split(Merge::Sum),
        summary: "Deletes keys",
        run: del,
    },
    Command {
        name: "touch",
        arity: -2,
        flags: &["readonly", "fast"],
        keys: Keys::ALL,
        route: Route::Split(Merge::Sum),
        summary: "Counts the keys that exist",
        run: exists,
    },
    Command::of_key(
        "type",
        2,
        &["readonly", "fast"],
        "Returns what kind of value a key has",
        type_of,
    ),
    Command {
        name: "rename",
        arity: 3,
        flags: &["write"],
        keys: Keys::TWO,
        route: Route::Together,
        summary: "Gives a value another key, of the same owner",
        run: relocate::rename,
    },
    Command {
        name: "renamenx",
        arity: 3,
        flags: &["write", "fast"],
        keys: Keys::TWO,
        route: Route::Together,
        summary: "Gives a value another key, of the same owner, that does not exist",
        run: relocate::renamenx,
    },
    Command {
        name: "copy",
        arity: -3,
        flags: &["write", "denyoom"],
        keys: Keys::TWO,
        route: Route::Together,
        summary: "Gives a value to another key, of the same owner, too",
        run: relocate::copy,
    },
    Command::of_key(
        "expire",
        -3,
        &["write", "fast"],
        "Sets in how many seconds a key is gone",
        expiry::expire,
    ),
    Command::of_key(
        "pexpire",
        -3,
        &["write", "fast"],
        "Sets in how many milliseconds a key is gone",
        expiry::pexpire,
    ),
    Command::of_key(
        "expireat",
        -3,
        &["write", "fast"],
        "Sets the second since 1970 at which a key is gone",
        expiry::expireat,
    ),
    Command::of_key(
        "pexpireat",
        -3,
        &["write", "fast"],
        "Sets the millisecond since 1970 at which a key is gone",
        expiry::pexpireat,
    ),
    Command::of_key(
        "ttl",
        2,
        &["readonly", "fast"],
        "Returns in how many seconds a key is gone",
        expiry::ttl,
    ),
    Command::of_key(
        "pttl",
        2,
        &["readonly", "fast"],
        "Returns in how many milliseconds a key is gone",
        expiry::pttl,
    ),
    Command::of_key(
        "expiretime",
        2,
        &["readonly", "fast"],
        "Returns the second since 1970 at which a key is gone",
        expiry::expiretime,
    ),
    Command::of_key(
        "pexpiretime",
        2,
        &["readonly", "fast"],
        "Returns the millisecond since 1970 at which a key is gone",
        expiry::pexpiretime,
    ),
    Command::of_key(
        "persist",
        2,
        &["write", "fast"],
        "Lets a key stay",
        expiry::persist,
    ),
    Command {
        name: "flushdb",
        arity: -1,
        flags: &["write"],
        keys: Keys::NONE,
        route: Route::Everywhere(Merge::AllOk),
        summary: "Deletes all keys of all nodes",
        run: flushall,
    },
];

/// The last position of a node's own cursor: positions are hash prefixes of 48 bits.
pub const LAST_POSITION: u64 = (1 << 48) - 1;

/// What `SCAN` was asked beside the cursor.
#[derive(Debug, Clone, Copy)]
pub struct ScanOptions<'a> {
    /// Only keys that match.
    pub pattern: Option<&'a [u8]>,
    /// About how many keys to look at.
    pub count: usize,
    /// Only values of this type.
    pub only_type: Option<&'a [u8]>,
    /// Whether to return each key's value behind it.
    pub values: bool,
    /// Whether to return of each key all that it is.
    pub whole: bool,
}

impl<'a> ScanOptions<'a> {
    /// Reads `[MATCH pattern] [COUNT n] [TYPE type]`, and `[VALUES]` where that is allowed.
    pub fn parse(args: Args<'a>, may_ask_values: bool) -> Result<Self, Error> {
        Self::parse_some(args, true, may_ask_values, false)
    }

    /// Reads what [`ScanOptions::parse`] does, and `[VALUES | WHOLE]`.
    pub(super) fn parse_of_misplaced(args: Args<'a>) -> Result<Self, Error> {
        Self::parse_some(args, true, true, true)
    }

    /// Reads `[MATCH pattern] [COUNT n]`, for the items of a collection.
    pub(super) fn parse_of_items(args: Args<'a>) -> Result<Self, Error> {
        Self::parse_some(args, false, false, false)
    }

    fn parse_some(
        args: Args<'a>,
        may_ask_type: bool,
        may_ask_values: bool,
        may_ask_whole: bool,
    ) -> Result<Self, Error> {
        let mut options = Self {
            pattern: None,
            count: SCAN_COUNT_DEFAULT,
            only_type: None,
            values: false,
            whole: false,
        };
        let mut words = args.iter();
        while let Some(word) = words.next() {
            if word.eq_ignore_ascii_case(b"match") {
                options.pattern = Some(checked_pattern(words.next().ok_or(Error::syntax())?)?);
            } else if word.eq_ignore_ascii_case(b"count") {
                let count = parse_number::<i64>(words.next().ok_or(Error::syntax())?)?;
                if count < 1 {
                    return Err(Error::syntax());
                }
                options.count =
                    usize::try_from(count).map_or(SCAN_COUNT_MAX, |n| n.min(SCAN_COUNT_MAX));
            } else if may_ask_type && word.eq_ignore_ascii_case(b"type") {
                options.only_type = Some(words.next().ok_or(Error::syntax())?);
            } else if may_ask_values && word.eq_ignore_ascii_case(b"values") {
                options.values = true;
            } else if may_ask_whole && word.eq_ignore_ascii_case(b"whole") {
                options.whole = true;
            } else {
                return Err(Error::syntax());
            }
        }
        if options.values && options.whole {
            return Err(Error::syntax());
        }
        Ok(options)
    }
}

/// Refuses patterns that take too long to match.
fn checked_pattern(pattern: &[u8]) -> Result<&[u8], Error> {
    if pattern.len() > PATTERN_MAX_BYTES {
        return Err(Error::new(format!(
            "ERR the pattern is longer than {PATTERN_MAX_BYTES} bytes"
        )));
    }
    Ok(pattern)
}

/// Reads a decimal number as Redis does: no blanks, no plus sign, no zero before other digits.
pub(crate) fn parse_number<T: std::str::FromStr>(word: &[u8]) -> Result<T, Error> {
    let is_canonical = |text: &&str| {
        let digits = text.strip_prefix('-').unwrap_or(text);
        *text == "0" || !digits.starts_with(['+', '0'])
    };
    std::str::from_utf8(word)
        .ok()
        .filter(is_canonical)
        .and_then(|text| text.parse().ok())
        .ok_or(Error::not_an_integer())
}

/// Reads the position of a node's own cursor.
pub(super) fn parse_position(word: Option<&[u8]>) -> Result<u64, Error> {
    word.and_then(|word| parse_number::<u64>(word).ok())
        .filter(|position| *position <= LAST_POSITION)
        .ok_or(Error::new("ERR invalid cursor"))
}

/// Collects into one reply what a walk over a table visits, within the bound of a reply.
#[derive(Debug)]
pub(super) struct Collector<'p> {
    options: ScanOptions<'p>,
    found: Vec<Frame<'static>>,
    size: ReplySize,
    is_over: bool,
}

impl<'p> Collector<'p> {
    pub(super) fn new(options: ScanOptions<'p>) -> Self {
        Self {
            options,
            found: Vec::new(),
            size: ReplySize::new(),
            is_over: false,
        }
    }

    pub(super) fn visit(&mut self, key: &[u8], value: View<'_>) {
        if self.is_of_type(value) && self.visit_item(key) && self.options.values {
            self.add_value(value);
        }
    }

    fn is_of_type(&self, value: View<'_>) -> bool {
        let is_it = |wanted: &[u8]| wanted.eq_ignore_ascii_case(value.type_name().as_bytes());
        self.options.only_type.is_none_or(is_it)
    }

    /// Takes a key, or an item of a collection. Whether it was wanted.
    pub(super) fn visit_item(&mut self, item: &[u8]) -> bool {
        let pattern = self.options.pattern;
        let is_wanted =
            !self.is_over && pattern.is_none_or(|pattern| pattern::matches(pattern, item));
        if is_wanted {
            self.add(item);
        }
        is_wanted
    }

    /// Adds a string to the reply.
    fn add(&mut self, bytes: &[u8]) {
        self.is_over |= !self.size.add(bytes.len());
        if !self.is_over {
            self.found.push(Frame::bulk(bytes.to_vec()));
        }
    }

    /// Adds a value: a string, or an array of items.
    fn add_value(&mut self, value: View<'_>) {
        if let Some(bytes) = value.as_string() {
            return self.add(bytes);
        }
        let around = std::mem::take(&mut self.found);
        value.visit_items(&mut |item| self.add(item));
        let items = std::mem::replace(&mut self.found, around);
        self.found.push(Frame::Array(items));
    }

    pub(super) fn finish(self) -> Result<Frame<'static>, Error> {
        if self.is_over {
            return Err(Error::reply_too_large());
        }
        Ok(Frame::Array(self.found))
    }
}

/// All keys of this node that match.
pub(super) fn matching_keys(store: &Store, pattern: &[u8]) -> Result<Frame<'static>, Error> {
    let options = ScanOptions {
        pattern: Some(checked_pattern(pattern)?),
        count: usize::MAX,
        only_type: None,
        values: false,
        whole: false,
    };
    let mut found = Collector::new(options);
    store.scan(0, usize::MAX, &mut |key, value| found.visit(key, value));
    found.finish()
}

/// One step of a scan of this node: the next position, or 0 at the end, and what was found.
pub(super) fn scan_step(
    store: &Store,
    position: u64,
    options: ScanOptions<'_>,
) -> Result<Frame<'static>, Error> {
    let mut found = Collector::new(options);
    let next = store.scan(position, options.count, &mut |key, value| {
        found.visit(key, value);
    });
    Ok(scan_reply(next, found.finish()?))
}

/// The reply of every kind of scan: the cursor to go on with, and what was found.
pub(super) fn scan_reply(next: Option<u64>, found: Frame<'static>) -> Frame<'static> {
    Frame::Array(vec![
        Frame::bulk(next.unwrap_or(0).to_string().into_bytes()),
        found,
    ])
}

fn del<'s>(cx: Context<'s, '_>, args: Args<'_>) -> Result<Outcome<'s>, Error> {
    let keys = args.from(1);
    if keys.len() == 1 {
        let is_deleted = delete(cx.store, cx.host, keys.get(0).unwrap_or_default())?;
        return reply(Frame::Integer(i64::from(is_deleted)));
    }
    let deleted = cx.store.grouped(|store| {
        let mut deleted = 0;
        for (place, key) in keys.iter().enumerate() {
            store.fetch_from(place, keys.iter());
            deleted += i64::from(delete(store, cx.host, key)?);
        }
        Ok(deleted)
    })?;
    reply(Frame::Integer(deleted))
}

fn delete(store: &mut Store, host: &Host, key: &[u8]) -> Result<bool, Refused> {
    let is_deleted = store.delete(key)?;
    if is_deleted {
        host.events.note(EventFlags::GENERIC, "del", key);
    }
    Ok(is_deleted)
}

fn exists<'s>(cx: Context<'s, '_>, args: Args<'_>) -> Result<Outcome<'s>, Error> {
    let mut found = 0;
    let keys = args.from(1);
    for (place, key) in keys.iter().enumerate() {
        cx.store.fetch_from(place, keys.iter());
        if cx.store.contains(key) {
            found += 1;
        } else {
            cx.host.events.note_miss(key);
        }
    }
    reply(Frame::Integer(found))
}

fn type_of<'s>(cx: Context<'s, '_>, args: Args<'_>) -> Result<Outcome<'s>, Error> {
    let key = args.get(1).unwrap_or_default();
    let value = cx.store.view(key);
    if value.is_none() {
        cx.host.events.note_miss(key);
    }
    reply(Frame::simple(value.map_or("none", View::type_name)))
}

/// One of this node's keys: the first one behind a place of the table that is chosen by chance.
fn randomkey<'s>(cx: Context<'s, '_>, _: Args<'_>) -> Result<Outcome<'s>, Error> {
    // Without the system's chance any key will do.
    let bits = getrandom::u64().unwrap_or_default();
    let key = first_key(cx.store, bits & LAST_POSITION).or_else(|| first_key(cx.store, 0));
    reply(key.map_or(Frame::Null, Frame::bulk))
}

/// The first key from a position on. Those that have expired and are not removed yet are passed over.
fn first_key(store: &Store, position: u64) -> Option<Vec<u8>> {
    let mut found = None;
    let mut from = Some(position);
    while let (None, Some(position)) = (&found, from) {
        from = store.scan(position, 1, &mut |key, _| {
            found.get_or_insert_with(|| key.to_vec());
        });
    }
    found
}

fn keys<'s>(cx: Context<'s, '_>, args: Args<'_>) -> Result<Outcome<'s>, Error> {
    reply(matching_keys(cx.store, args.get(1).unwrap_or_default())?)
}

fn dbsize<'s>(cx: Context<'s, '_>, _: Args<'_>) -> Result<Outcome<'s>, Error> {
    reply(Frame::Integer(
        i64::try_from(cx.store.len()).unwrap_or(i64::MAX),
    ))
}

/// Runs on the node that the cursor names, with the node taken out of the cursor.
fn scan<'s>(cx: Context<'s, '_>, args: Args<'_>) -> Result<Outcome<'s>, Error> {
    let position = parse_position(args.get(1))?;
    reply(scan_step(
        cx.store,
        position,
        ScanOptions::parse(args.from(2), false)?,
    )?)
}

fn flushall<'s>(cx: Context<'s, '_>, args: Args<'_>) -> Result<Outcome<'s>, Error> {
    let known =
        |word: &[u8]| word.eq_ignore_ascii_case(b"async") || word.eq_ignore_ascii_case(b"sync");
    if args.len() > 2 || args.get(1).is_some_and(|word| !known(word)) {
        return Err(Error::syntax());
    }
    cx.store.clear()?;
    reply(Frame::OK)
}
