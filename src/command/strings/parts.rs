//! Parts of strings: `APPEND STRLEN GETRANGE SUBSTR SETRANGE`.

use super::super::keys::parse_number;
use super::super::{Args, Context, Error, EventFlags, Frame, Host, Outcome, first_two, reply};

pub(super) fn append<'s>(cx: Context<'s, '_>, args: Args<'_>) -> Result<Outcome<'s>, Error> {
    let (key, more) = first_two(args);
    let value = cx.store.string(key)?.unwrap_or_default();
    check_len(value.len() + more.len(), cx.host)?;
    let value = [value, more].concat();
    cx.host.events.note_if_new(cx.store, key);
    cx.store.replace(key, &value)?;
    cx.host.events.note(EventFlags::STRING, "append", key);
    reply(length(value.len()))
}

pub(super) fn strlen<'s>(cx: Context<'s, '_>, args: Args<'_>) -> Result<Outcome<'s>, Error> {
    let key = args.get(1).unwrap_or_default();
    let value = cx.store.string(key)?;
    if value.is_none() {
        cx.host.events.note_miss(key);
    }
    reply(length(value.map_or(0, <[u8]>::len)))
}

pub(super) fn getrange<'s>(cx: Context<'s, '_>, args: Args<'_>) -> Result<Outcome<'s>, Error> {
    let start = parse_number(args.get(2).unwrap_or_default())?;
    let end = parse_number(args.get(3).unwrap_or_default())?;
    let key = args.get(1).unwrap_or_default();
    let value = cx.store.string(key)?;
    if value.is_none() {
        cx.host.events.note_miss(key);
    }
    reply(Frame::bulk(part(value.unwrap_or_default(), start, end)))
}

/// From the byte at `start` to the one at `end`, that one too; negative ones count from the end.
fn part(value: &[u8], start: i64, end: i64) -> &[u8] {
    let len = i64::try_from(value.len()).unwrap_or(i64::MAX);
    if start < 0 && end < 0 && start > end {
        return &[];
    }
    let from_front = |index: i64| {
        if index < 0 {
            len.saturating_add(index).max(0)
        } else {
            index
        }
    };
    let (start, end) = (from_front(start), from_front(end).min(len - 1));
    match (usize::try_from(start), usize::try_from(end)) {
        (Ok(start), Ok(end)) if start <= end => value.get(start..=end).unwrap_or_default(),
        _ => &[],
    }
}

pub(super) fn setrange<'s>(cx: Context<'s, '_>, args: Args<'_>) -> Result<Outcome<'s>, Error> {
    let (key, with) = (
        args.get(1).unwrap_or_default(),
        args.get(3).unwrap_or_default(),
    );
    let offset: i64 = parse_number(args.get(2).unwrap_or_default())?;
    let offset = usize::try_from(offset).map_err(|_| Error::new("ERR offset is out of range"))?;
    let value = cx.store.string(key)?.unwrap_or_default();
    if with.is_empty() {
        return reply(length(value.len()));
    }
    let end = offset.saturating_add(with.len());
    check_len(end, cx.host)?;
    let mut value = value.to_vec();
    value.resize(value.len().max(end), 0);
    if let Some(place) = value.get_mut(offset..end) {
        place.copy_from_slice(with);
    }
    cx.host.events.note_if_new(cx.store, key);
    cx.store.replace(key, &value)?;
    cx.host.events.note(EventFlags::STRING, "setrange", key);
    reply(length(value.len()))
}

fn length(bytes: usize) -> Frame<'static> {
    Frame::Integer(i64::try_from(bytes).unwrap_or(i64::MAX))
}

/// Refuses values that are longer than one may be on this node, however they come about.
fn check_len(bytes: usize, host: &Host) -> Result<(), Error> {
    if bytes > host.value_max_bytes {
        return Err(Error::new(
            "ERR string exceeds maximum allowed size (proto-max-bulk-len)",
        ));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::part;

    #[test]
    fn a_part_is_cut_to_what_there_is() {
        let table = [
            (0, 3, "This"),
            (-3, -1, "ing"),
            (0, -1, "This is a string"),
            (10, 100, "string"),
            (16, 20, ""),
            (-1, -3, ""),
            (5, 3, ""),
            (-100, 3, "This"),
            (-100, -50, "T"),
            (i64::MIN, i64::MAX, "This is a string"),
            (i64::MAX, i64::MIN, ""),
        ];
        for (start, end, expected) in table {
            let found = part(b"This is a string", start, end);
            assert_eq!(found, expected.as_bytes(), "{start} to {end}");
        }
        assert_eq!(part(b"", 0, -1), b"");
    }
}
