//! A key with its value, in one allocation.

/// The length of the key, as LEB128 (7 bits a byte, the lowest first, the top bit says that more
/// follow), then the key, then the value. So a key of up to 127 bytes costs one byte beyond itself.
pub(in crate::store) struct Entry(Box<[u8]>);

impl Entry {
    pub(in crate::store) fn new(key: &[u8], value: &[u8]) -> Self {
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

    pub(in crate::store) fn key(&self) -> &[u8] {
        self.key_and_value().0
    }

    /// Reads its first and its last byte.
    pub(super) fn touch(&self) -> usize {
        let ends = [self.0.first(), self.0.last()];
        ends.into_iter()
            .flatten()
            .map(|byte| usize::from(*byte))
            .sum()
    }

    pub(super) fn value(&self) -> &[u8] {
        self.key_and_value().1
    }

    pub(super) fn key_and_value(&self) -> (&[u8], &[u8]) {
        let (len, rest) = self.key_len();
        rest.split_at_checked(len).unwrap_or_default()
    }

    /// The bytes of key and value, and of the key's length.
    pub(in crate::store) fn bytes(&self) -> usize {
        self.0.len()
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
    use super::Entry;

    #[test]
    fn keys_and_values_of_all_lengths_come_back() {
        for key_len in [0, 1, 127, 128, 16_383, 16_384, 65_536] {
            for value_len in [0, 1, 200] {
                let (key, value) = (vec![b'k'; key_len], vec![b'v'; value_len]);
                let mut entry = Entry::new(&key, &value);
                assert_eq!(entry.key_and_value(), (&*key, &*value));
                entry.set_value(&vec![b'w'; value_len]);
                assert_eq!(entry.key_and_value(), (&*key, &*vec![b'w'; value_len]));
                entry.set_value(b"longer or shorter");
                assert_eq!(entry.key_and_value(), (&*key, &b"longer or shorter"[..]));
            }
        }
    }
}
