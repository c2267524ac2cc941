//! When which keys of a table are gone, in the order of time.
//!
//! So what has expired is found without a look at what has not.

use std::collections::BTreeMap;

use super::entry::Deadline;

/// How many keys there are of each deadline and hash. Nearly always it is one.
#[derive(Default)]
pub(super) struct Deadlines(BTreeMap<(Deadline, u64), u32>);

impl Deadlines {
    /// A key of this hash has another deadline than before.
    pub(super) fn change(&mut self, hash: u64, before: Option<Deadline>, after: Option<Deadline>) {
        if before == after {
            return;
        }
        if let Some(before) = before {
            self.remove(hash, before);
        }
        if let Some(after) = after {
            *self.0.entry((after, hash)).or_default() += 1;
        }
    }

    /// The first deadline, and the hash of a key that has it.
    pub(super) fn first(&self) -> Option<(Deadline, u64)> {
        self.0.first_key_value().map(|(first, _)| *first)
    }

    /// How many keys have one.
    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    fn remove(&mut self, hash: u64, deadline: Deadline) {
        let place = (deadline, hash);
        if let Some(count) = self.0.get_mut(&place) {
            *count -= 1;
            if *count == 0 {
                self.0.remove(&place);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_keys_of_one_hash_have_their_own() {
        let [at_3, at_5] = [3, 5].map(Deadline::new);
        let mut deadlines = Deadlines::default();
        deadlines.change(7, None, at_5);
        deadlines.change(7, None, at_5);
        deadlines.change(7, at_5, at_3);
        assert_eq!(deadlines.first().map(|(first, _)| first.get()), Some(3));
        deadlines.change(7, at_3, None);
        assert_eq!(deadlines.first().map(|(first, _)| first.get()), Some(5));
        deadlines.change(7, at_5, None);
        assert_eq!((deadlines.first(), deadlines.len()), (None, 0));
    }
}
