//! Lists of byte strings in one piece of memory, as collections go to the journal, to the snapshot and
//! back.

use std::fmt;

/// A list of byte strings: the length of each in 4 bytes, little-endian, and then its bytes.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Items<'a>(&'a [u8]);

/// An [`Items`] under way.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ItemsBuf(Vec<u8>);

impl<'a> Items<'a> {
    /// The list as the bytes that [`Items`] describes.
    pub fn packed(self) -> &'a [u8] {
        self.0
    }

    /// A list of these bytes; what does not follow [`Items`] at their end is not in it.
    pub fn from_packed(packed: &'a [u8]) -> Self {
        Self(packed)
    }

    /// The byte strings, in order.
    pub fn iter(self) -> impl Iterator<Item = &'a [u8]> {
        let mut rest = self.0;
        std::iter::from_fn(move || {
            let (len, after) = rest.split_first_chunk()?;
            let len = usize::try_from(u32::from_le_bytes(*len)).ok()?;
            let (item, after) = after.split_at_checked(len)?;
            rest = after;
            Some(item)
        })
    }
}

impl fmt::Debug for Items<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = |item| String::from_utf8_lossy(item);
        f.debug_list().entries(self.iter().map(text)).finish()
    }
}

impl ItemsBuf {
    /// Adds a byte string. They are far below 4 GiB: see [`crate::limits`].
    pub fn push(&mut self, item: &[u8]) {
        let len = u32::try_from(item.len()).unwrap_or(u32::MAX);
        self.0.extend_from_slice(&len.to_le_bytes());
        self.0.extend_from_slice(item);
    }

    /// The list so far.
    pub fn as_items(&self) -> Items<'_> {
        Items(&self.0)
    }

    /// The bytes of memory that it takes.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is none in it.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Removes all; the memory stays for others.
    pub fn clear(&mut self) {
        self.0.clear();
    }

    pub(in crate::store) fn into_packed(self) -> Vec<u8> {
        self.0
    }
}

impl<'a> FromIterator<&'a [u8]> for ItemsBuf {
    fn from_iter<I: IntoIterator<Item = &'a [u8]>>(items: I) -> Self {
        let mut list = Self::default();
        for item in items {
            list.push(item);
        }
        list
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_put_in_comes_out_in_order() {
        let long = vec![b'x'; 70_000];
        let strings = [&b""[..], b"a", b"\xff\x00", &long, b""];
        let list: ItemsBuf = strings.into_iter().collect();
        assert!(list.as_items().iter().eq(strings));
        assert_eq!(ItemsBuf::default().as_items().iter().next(), None);
    }
}
