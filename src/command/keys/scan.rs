//! Walks over a table: what was asked of one, and what it has found.

mod whole;

use super::super::{Args, Error, Frame, ReplySize};
use super::parse_number;
use crate::limits::{PATTERN_MAX_BYTES, SCAN_COUNT_DEFAULT, SCAN_COUNT_MAX};
use crate::pattern;
use crate::store::{Store, View};

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
    /// Reads `[MATCH pattern] [COUNT n] [TYPE type]`.
    pub fn parse(args: Args<'a>) -> Result<Self, Error> {
        Self::parse_some(args, true, false, false)
    }

    /// Reads what [`ScanOptions::parse`] does, and `[VALUES | WHOLE]`: for what is in this node's own files.
    pub(in crate::command) fn parse_of_own(args: Args<'a>) -> Result<Self, Error> {
        Self::parse_some(args, true, true, true)
    }

    /// Reads `[MATCH pattern] [COUNT n]`, for the items of a collection.
    pub(in crate::command) fn parse_of_items(args: Args<'a>) -> Result<Self, Error> {
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

/// Reads the position of a node's own cursor.
pub(in crate::command) fn parse_position(word: Option<&[u8]>) -> Result<u64, Error> {
    word.and_then(|word| parse_number::<u64>(word).ok())
        .filter(|position| *position <= LAST_POSITION)
        .ok_or(Error::new("ERR invalid cursor"))
}

/// Collects into one reply what a walk over a table visits, within the bound of a reply.
#[derive(Debug)]
pub(in crate::command) struct Collector<'p> {
    options: ScanOptions<'p>,
    found: Vec<Frame<'static>>,
    size: ReplySize,
    is_over: bool,
}

impl<'p> Collector<'p> {
    pub(in crate::command) fn new(options: ScanOptions<'p>) -> Self {
        Self {
            options,
            found: Vec::new(),
            size: ReplySize::new(),
            is_over: false,
        }
    }

    pub(in crate::command) fn visit(&mut self, key: &[u8], value: View<'_>) {
        if self.is_of_type(value) && self.visit_item(key) && self.options.values {
            self.add_value(value);
        }
    }

    fn is_of_type(&self, value: View<'_>) -> bool {
        let is_it = |wanted: &[u8]| wanted.eq_ignore_ascii_case(value.type_name().as_bytes());
        self.options.only_type.is_none_or(is_it)
    }

    /// Takes a key, or an item of a collection. Whether it was wanted.
    pub(in crate::command) fn visit_item(&mut self, item: &[u8]) -> bool {
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

    pub(in crate::command) fn finish(self) -> Result<Frame<'static>, Error> {
        if self.is_over {
            return Err(Error::reply_too_large());
        }
        Ok(Frame::Array(self.found))
    }
}

/// All keys of this node that match.
pub(in crate::command) fn matching_keys(
    store: &Store,
    pattern: &[u8],
) -> Result<Frame<'static>, Error> {
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
pub(in crate::command) fn scan_step(
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

/// The same with all that each key is. A step ends at [`PART_BYTES`](crate::limits::PART_BYTES) too, so that a reply has few bytes more than
/// those, or than one key.
pub(in crate::command) fn whole_step(
    store: &Store,
    position: u64,
    options: ScanOptions<'_>,
) -> Result<Frame<'static>, Error> {
    let mut found = Collector::new(options);
    let next = store.scan_whole(position, options.count, &mut |key, value, deadline| {
        found.visit_whole(key, value, deadline)
    });
    Ok(scan_reply(next, found.finish()?))
}

/// The reply of every kind of scan: the cursor to go on with, and what was found.
pub(in crate::command) fn scan_reply(next: Option<u64>, found: Frame<'static>) -> Frame<'static> {
    Frame::Array(vec![
        Frame::bulk(next.unwrap_or(0).to_string().into_bytes()),
        found,
    ])
}
