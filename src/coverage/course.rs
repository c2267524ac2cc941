//! Which keys of a space are used: handed out batch by batch, and passed over where they are somebody's.

use std::ops::Range;

use super::KeySpace;
use crate::limits::{COVERAGE_PASSED_RUNS_MAX, COVERAGE_TAKEN_MAX};

/// The keys of a space, in order, until so many were used.
#[derive(Debug)]
pub(super) struct Course {
    space: KeySpace,
    count: u64,
    /// The next index.
    drawn: u128,
    used: u64,
    /// The keys that lanes have, which may be used or not.
    under_way: u64,
    /// The keys that were passed over since the last one that was used.
    taken_in_a_row: usize,
    passed: Passed,
}

/// The keys that were passed over: runs of their indices, in order, that do not touch.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Passed {
    runs: Vec<Range<u128>>,
    /// Whether there were more runs than are remembered.
    is_cut: bool,
}

impl Course {
    pub(super) fn new(space: KeySpace, count: u64) -> Self {
        Self {
            space,
            count,
            drawn: 0,
            used: 0,
            under_way: 0,
            taken_in_a_row: 0,
            passed: Passed::default(),
        }
    }

    /// The next keys: at most so many, and none while those that are under way may be enough.
    pub(super) fn draw(&mut self, most: usize) -> Option<Range<u128>> {
        let wanted = self.count.saturating_sub(self.used + self.under_way);
        let left = self.space.size() - self.drawn;
        let count = u128::from(wanted).min(left).min(most as u128);
        if count == 0 || self.taken_in_a_row > COVERAGE_TAKEN_MAX {
            return None;
        }
        let keys = self.drawn..self.drawn + count;
        self.drawn = keys.end;
        self.under_way += u64::try_from(count).unwrap_or(u64::MAX);
        Some(keys)
    }

    /// A key that was drawn could be used.
    pub(super) fn note_used(&mut self) {
        self.under_way -= 1;
        self.used += 1;
        self.taken_in_a_row = 0;
    }

    /// A key that was drawn is somebody's.
    pub(super) fn note_taken(&mut self, index: u128) {
        self.under_way -= 1;
        self.taken_in_a_row += 1;
        self.passed.add(index);
    }

    /// How many indices were handed out.
    pub(super) fn drawn(&self) -> u128 {
        self.drawn
    }

    /// What was passed over.
    pub(super) fn passed(&self) -> &Passed {
        &self.passed
    }

    /// How many keys were passed over.
    pub(super) fn taken(&self) -> u128 {
        self.drawn - u128::from(self.used + self.under_way)
    }

    /// Whether all keys that were wanted were used.
    pub(super) fn is_done(&self) -> bool {
        self.used >= self.count
    }
}

impl Passed {
    /// These runs, if they are in order and do not touch.
    pub(super) fn from_runs(runs: Vec<Range<u128>>) -> Option<Self> {
        let are_whole = runs.iter().all(|run| run.start < run.end);
        let are_apart = runs.is_sorted_by(|a, b| a.end < b.start);
        let is_cut = false;
        (are_whole && are_apart).then_some(Self { runs, is_cut })
    }

    /// The runs, or none if there were too many to be remembered.
    pub(super) fn runs(&self) -> Option<&[Range<u128>]> {
        (!self.is_cut).then_some(&*self.runs)
    }

    /// How many keys there are in all runs.
    pub(super) fn len(&self) -> u128 {
        self.runs.iter().map(|run| run.end - run.start).sum()
    }

    /// Whether a key was passed over.
    pub(super) fn contains(&self, index: u128) -> bool {
        let after = self.runs.partition_point(|run| run.start <= index);
        let run = after.checked_sub(1).and_then(|at| self.runs.get(at));
        run.is_some_and(|run| index < run.end)
    }

    /// Adds an index, which may come out of order: lanes do not wait for each other.
    fn add(&mut self, index: u128) {
        let after = self.runs.partition_point(|run| run.start <= index);
        let next = index + 1;
        let joins_next = self.runs.get(after).is_some_and(|run| run.start == next);
        let is_full = self.runs.len() >= COVERAGE_PASSED_RUNS_MAX;
        let before = after.checked_sub(1);
        match before.and_then(|at| self.runs.get_mut(at)) {
            Some(run) if index < run.end => {}
            Some(run) if run.end == index => {
                run.end = next;
                if joins_next {
                    let joined = self.runs.remove(after);
                    if let Some(run) = before.and_then(|at| self.runs.get_mut(at)) {
                        run.end = joined.end;
                    }
                }
            }
            _ if joins_next => {
                if let Some(run) = self.runs.get_mut(after) {
                    run.start = index;
                }
            }
            _ if is_full => self.is_cut = true,
            _ => self.runs.insert(after, index..next),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn runs_are_the_set_of_what_was_passed_over(indices in prop::collection::vec(0_u128..60, 0..80)) {
            let mut passed = Passed::default();
            let mut model = BTreeSet::new();
            for index in indices {
                passed.add(index);
                model.insert(index);
            }
            let found: BTreeSet<_> = (0..61).filter(|index| passed.contains(*index)).collect();
            prop_assert_eq!(&found, &model);
            prop_assert_eq!(passed.len(), model.len() as u128);
            let runs = passed.runs().unwrap().to_vec();
            prop_assert_eq!(Passed::from_runs(runs), Some(passed));
        }

        #[test]
        fn exactly_the_wanted_keys_are_used_whatever_is_taken_and_in_whatever_order(
            taken in prop::collection::btree_set(0_u128..62, 0..62),
            count in 1_u64..62,
            order in prop::collection::vec(0_usize..3, 400),
        ) {
            let mut course = Course::new(KeySpace::new(1, 0), count);
            let mut lanes: [Option<Range<u128>>; 3] = [const { None }; 3];
            let mut used = BTreeSet::new();
            for lane in order {
                match lanes[lane].take() {
                    None => lanes[lane] = course.draw(5),
                    Some(keys) => for index in keys {
                        if taken.contains(&index) {
                            course.note_taken(index);
                        } else {
                            course.note_used();
                            prop_assert!(used.insert(index));
                        }
                    },
                }
            }
            let free = 62 - taken.len() as u64;
            prop_assert_eq!(used.len() as u64, count.min(free));
            prop_assert_eq!(course.is_done(), count <= free);
            prop_assert_eq!(course.taken(), course.passed().len());
        }
    }

    #[test]
    fn the_memory_of_what_was_passed_over_has_an_end() {
        let mut passed = Passed::default();
        for run in 0..COVERAGE_PASSED_RUNS_MAX as u128 {
            passed.add(2 * run);
        }
        assert!(passed.runs().is_some());
        passed.add(1 << 40);
        assert_eq!(passed.runs(), None);
        assert_eq!(passed.runs.len(), COVERAGE_PASSED_RUNS_MAX);
    }
}
