//! A key with its value.

use std::num::NonZero;
use std::thread;

use crate::limits::TABLE_DROP_ENTRIES;
use crate::store::value::{Set, Value, View};

/// When a key is gone: milliseconds since 1970.
pub type Deadline = NonZero<u64>;

/// A key with its value.
///
/// Nearly all are strings that stay, and these are one allocation, which the table's place points to
/// itself. The others cost one more.
pub(in crate::store) enum Entry {
    Plain(Plain),
    Rich(Box<Rich>),
}

/// The length of the key, as LEB128 (7 bits a byte, the lowest first, the top bit says that more
/// follow), then the key, then the value. So a key of up to 127 bytes costs one byte beyond itself.
pub(in crate::store) struct Plain(Box<[u8]>);

/// A key with a collection, or one that will be gone.
pub(in crate::store) struct Rich {
    key: Box<[u8]>,
    deadline: Option<Deadline>,
    value: Value,
}

// Each is a place in every leaf; and each string that will be gone takes one of the other kind.
const _: () = assert!(size_of::<Entry>() == 2 * size_of::<usize>());
const _: () = assert!(size_of::<Rich>() <= 6 * size_of::<usize>());

impl Entry {
    pub(in crate::store) fn new(key: &[u8], value: &[u8]) -> Self {
        Self::Plain(Plain::new(key, value))
    }

    /// An entry of any value, which is gone at `deadline` if there is one.
    pub(in crate::store) fn with(key: &[u8], value: Value, deadline: Option<Deadline>) -> Self {
        match (value, deadline) {
            (Value::String(bytes), None) => Self::new(key, &bytes),
            (value, deadline) => Self::Rich(Box::new(Rich {
                key: key.into(),
                deadline,
                value,
            })),
        }
    }

    pub(in crate::store) fn key(&self) -> &[u8] {
        match self {
            Self::Plain(plain) => plain.key_and_value().0,
            Self::Rich(rich) => &rich.key,
        }
    }

    pub(in crate::store) fn view(&self) -> View<'_> {
        match self {
            Self::Plain(plain) => View::String(plain.key_and_value().1),
            Self::Rich(rich) => rich.value.view(),
        }
    }

    pub(in crate::store) fn deadline(&self) -> Option<Deadline> {
        match self {
            Self::Plain(_) => None,
            Self::Rich(rich) => rich.deadline,
        }
    }

    /// The key and the value of a string that stays.
    pub(in crate::store) fn as_plain(&self) -> Option<(&[u8], &[u8])> {
        match self {
            Self::Plain(plain) => Some(plain.key_and_value()),
            Self::Rich(_) => None,
        }
    }

    /// Reads its first and its last byte.
    pub(super) fn touch(&self) -> usize {
        let ends = match self {
            Self::Plain(plain) => [plain.0.first(), plain.0.last()],
            Self::Rich(rich) => [rich.key.first(), rich.key.last()],
        };
        ends.into_iter()
            .flatten()
            .map(|byte| usize::from(*byte))
            .sum()
    }

    /// The bytes of key and value, and of the key's length; of a collection only about.
    pub(in crate::store) fn bytes(&self) -> usize {
        match self {
            Self::Plain(plain) => plain.0.len(),
            Self::Rich(rich) => size_of::<Rich>() + rich.key.len() + rich.value.bytes(),
        }
    }

    /// Gives its memory back; that of a large collection on a thread of its own: a million members take
    /// a tenth of a second, in which nobody would be served.
    pub(in crate::store) fn drop_apart(self) {
        let is_large = |set: &Set| set.len() > TABLE_DROP_ENTRIES;
        if self.view().as_set().is_some_and(is_large) {
            // Without a thread the closure is dropped here, and the entry with it.
            drop(
                thread::Builder::new()
                    .name("drop".to_owned())
                    .spawn(move || drop(self)),
            );
        }
    }

    /// Sets or lifts the moment at which the key is gone.
    pub(super) fn set_deadline(&mut self, deadline: Option<Deadline>) {
        match self {
            Self::Plain(plain) if deadline.is_some() => {
                let (key, value) = plain.key_and_value();
                *self = Self::with(key, Value::String(value.into()), deadline);
            }
            Self::Plain(_) => {}
            Self::Rich(rich) => {
                rich.deadline = deadline;
                if let (None, Value::String(value)) = (deadline, &rich.value) {
                    *self = Self::new(&rich.key, value);
                }
            }
        }
    }

    /// The value of a key with a collection, or of one that will be gone, to be changed.
    pub(super) fn value_mut(&mut self) -> Option<&mut Value> {
        match self {
            Self::Plain(_) => None,
            Self::Rich(rich) => Some(&mut rich.value),
        }
    }
}

impl Plain {
    fn new(key: &[u8], value: &[u8]) -> Self {
        let mut prefix = [0; 10];
        let mut used = 0;
        let mut left = key.len();
        for byte in &mut prefix {
            used += 1;
            *byte = u8::try_from(left & 0x7f).unwrap_or_default();
            left >>= 7;
            if left == 0 {
                break;
            }
            *byte |= 0x80;
        }
        let prefix = prefix.get(..used).unwrap_or(&prefix);
        let mut packed = Vec::with_capacity(prefix.len() + key.len() + value.len());
        packed.extend_from_slice(prefix);
        packed.extend_from_slice(key);
        packed.extend_from_slice(value);
        Self(packed.into_boxed_slice())
    }

    fn key_and_value(&self) -> (&[u8], &[u8]) {
        let (len, rest) = self.key_len();
        rest.split_at_checked(len).unwrap_or_default()
    }

    /// Replaces the value; in place if it is as long as the old one.
    pub(super) fn set_value(&mut self, value: &[u8]) {
        let (key, old) = self.key_and_value();
        if old.len() == value.len() {
            let start = self.0.len() - value.len();
            if let Some(place) = self.0.get_mut(start..) {
                place.copy_from_slice(value);
            }
        } else {
            *self = Self::new(key, value);
        }
    }

    fn key_len(&self) -> (usize, &[u8]) {
        let mut len = 0;
        let mut rest = &*self.0;
        let mut shift = 0;
        while let Some((&byte, after)) = rest.split_first() {
            len |= usize::from(byte & 0x7f) << shift;
            rest = after;
            shift += 7;
            if byte < 0x80 {
                break;
            }
        }
        (len, rest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_and_values_of_all_lengths_come_back() {
        for key_len in [0, 1, 127, 128, 16_383, 16_384, 65_536] {
            for value_len in [0, 1, 200] {
                let (key, value) = (vec![b'k'; key_len], vec![b'v'; value_len]);
                let mut plain = Plain::new(&key, &value);
                assert_eq!(plain.key_and_value(), (&*key, &*value));
                plain.set_value(&vec![b'w'; value_len]);
                assert_eq!(plain.key_and_value(), (&*key, &*vec![b'w'; value_len]));
                plain.set_value(b"longer or shorter");
                assert_eq!(plain.key_and_value(), (&*key, &b"longer or shorter"[..]));
            }
        }
    }

    #[test]
    fn a_string_is_plain_again_when_it_stays() {
        let mut entry = Entry::new(b"key", b"value");
        entry.set_deadline(Deadline::new(7));
        assert_eq!(
            (entry.key(), entry.deadline()),
            (&b"key"[..], Deadline::new(7))
        );
        assert_eq!(entry.view().as_string(), Some(&b"value"[..]));
        assert_eq!(entry.as_plain(), None);
        entry.set_deadline(None);
        assert_eq!(entry.as_plain(), Some((&b"key"[..], &b"value"[..])));
    }
}
