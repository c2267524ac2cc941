//! When which keys of a table are gone, in the order of time.
//!
//! So what has expired is found without a look at what has not.

use std::collections::BTreeMap;

use super::entry::Deadline;

/// The deadlines of a table's keys. Most tables are sets, whose members have none: these take a pointer.
#[derive(Default)]
pub(super) struct Deadlines(Option<Box<Known>>);

#[derive(Default)]
struct Known {
    /// How many keys there are of each deadline and hash. Nearly always it is one.
    keys: BTreeMap<(Deadline, u64), u32>,
    count: usize,
    /// Of all deadlines, in milliseconds since 1970.
    sum_ms: u128,
}

impl Deadlines {
    /// A key of this hash has another deadline than before.
    pub(super) fn change(&mut self, hash: u64, before: Option<Deadline>, after: Option<Deadline>) {
        if before == after {
            return;
        }
        let known = self.0.get_or_insert_default();
        if let Some(before) = before {
            known.remove(hash, before);
        }
        if let Some(after) = after {
            known.add(hash, after);
        }
        if known.count == 0 {
            self.0 = None;
        }
    }

    /// The first deadline, and the hash of a key that has it.
    pub(super) fn first(&self) -> Option<(Deadline, u64)> {
        let (first, _) = self.0.as_ref()?.keys.first_key_value()?;
        Some(*first)
    }

    /// How many keys have one.
    pub(super) fn len(&self) -> usize {
        self.0.as_ref().map_or(0, |known| known.count)
    }

    /// The mean of all, in milliseconds since 1970; 0 if there are none.
    pub(super) fn mean_ms(&self) -> u64 {
        let mean = self.0.as_ref().and_then(|known| {
            let mean = known.sum_ms.checked_div(known.count as u128);
            u64::try_from(mean?).ok()
        });
        mean.unwrap_or(0)
    }

    /// How many keys have one that is not later than `now`.
    pub(super) fn len_until(&self, now: u64) -> usize {
        let mut len = 0;
        for ((deadline, _), count) in self.0.iter().flat_map(|known| &known.keys) {
            if deadline.get() > now {
                break;
            }
            len += *count as usize;
        }
        len
    }
}

impl Known {
    fn add(&mut self, hash: u64, deadline: Deadline) {
        *self.keys.entry((deadline, hash)).or_default() += 1;
        self.count += 1;
        self.sum_ms += u128::from(deadline.get());
    }

    fn remove(&mut self, hash: u64, deadline: Deadline) {
        let place = (deadline, hash);
        let Some(count) = self.keys.get_mut(&place) else {
            return;
        };
        *count -= 1;
        if *count == 0 {
            self.keys.remove(&place);
        }
        self.count -= 1;
        self.sum_ms -= u128::from(deadline.get());
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
        assert_eq!((deadlines.len_until(4), deadlines.len_until(5)), (0, 2));
        deadlines.change(7, at_5, at_3);
        assert_eq!((deadlines.len_until(3), deadlines.len_until(5)), (1, 2));
        assert_eq!(deadlines.first().map(|(first, _)| first.get()), Some(3));
        assert_eq!((deadlines.len(), deadlines.mean_ms()), (2, 4));
        deadlines.change(7, at_3, None);
        assert_eq!(deadlines.first().map(|(first, _)| first.get()), Some(5));
        deadlines.change(7, at_5, None);
        assert_eq!((deadlines.first(), deadlines.len()), (None, 0));
        assert_eq!(deadlines.mean_ms(), 0);
    }
}
