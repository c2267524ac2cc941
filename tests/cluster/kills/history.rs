//! What clients did to keys and what they saw, and what may therefore be seen later. No I/O, no clock:
//! the callers say what happens, in the order in which it happens.
//!
//! Each key has one writer, whose operations take effect in the order in which they were issued, or
//! not at all. So the states of a key stand in a row: at position 0 it is absent, and at position `n`
//! it is as operation `n` leaves it. Of each key is known which position it has reached at least,
//! since that was acknowledged or seen. A read may show any position from the one that was known when
//! it began to the last one that is issued when it ends, but none whose operation was not done.

mod tests;

use std::fmt;

/// A place in the row of a key's states, and the number of the operation that leads to it.
pub(crate) type Position = usize;

/// What a value tells that no operation wrote: they count from 1.
pub(crate) const NOBODYS: Position = 0;

/// What an operation does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Change {
    /// The key gets a value that tells the operation's number.
    Set,
    /// The key is gone.
    Delete,
}

/// A position that a key has reached.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Known {
    position: Position,
    by: Knowledge,
}

/// How a position is known to be reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Knowledge {
    Acknowledged,
    Seen,
}

/// The histories of keys, which are numbered from 0.
#[derive(Debug)]
pub(crate) struct History {
    keys: Vec<Key>,
}

#[derive(Debug)]
struct Key {
    /// The operations up to this one are settled and forgotten.
    base: Position,
    /// The one of them whose value the key has after them, if it has one.
    settled: Option<Position>,
    /// The operations after it.
    steps: Vec<Step>,
    known: Known,
}

#[derive(Debug)]
struct Step {
    change: Change,
    seen: bool,
    /// The writer was told that it was not done.
    undone: bool,
}

impl History {
    /// Of `keys` keys that are absent.
    pub(crate) fn new(keys: usize) -> Self {
        let keys = (0..keys).map(|_| Key::absent()).collect();
        Self { keys }
    }

    /// The next operation of a key is about to be sent. Its outcome is open until more is said.
    pub(crate) fn issue(&mut self, key: usize, change: Change) -> Position {
        let key = &mut self.keys[key];
        key.steps.push(Step {
            change,
            seen: false,
            undone: false,
        });
        key.last()
    }

    /// An operation was acknowledged.
    pub(crate) fn acknowledge(&mut self, key: usize, position: Position) {
        self.keys[key].reach(Known {
            position,
            by: Knowledge::Acknowledged,
        });
    }

    /// An operation was refused: it is not done and never will be.
    pub(crate) fn refuse(&mut self, key: usize, position: Position) -> Result<(), Violation> {
        let known = self.keys[key].known;
        let step = self.keys[key]
            .step_mut(position)
            .expect("it is not settled");
        step.undone = true;
        if step.seen {
            let found = Some(position);
            return Err(Violation::new(Fault::NotDone, key, found, known));
        }
        Ok(())
    }

    /// A read of a key is about to be sent.
    pub(crate) fn begin_read(&self, key: usize) -> Known {
        self.keys[key].known
    }

    /// A read has shown the value of operation `found`, or that there is none.
    pub(crate) fn end_read(
        &mut self,
        key: usize,
        began: Known,
        found: Option<Position>,
    ) -> Result<(), Violation> {
        self.place(key, began, found).map(drop)
    }

    /// A read has shown this while nothing else is under way and nothing of the past can still take
    /// effect: what is not done by now never will be.
    pub(crate) fn settle(&mut self, key: usize, found: Option<Position>) -> Result<(), Violation> {
        let known = self.keys[key].known;
        let position = self.place(key, known, found)?;
        let key = &mut self.keys[key];
        key.base = key.last();
        key.settled = found;
        key.steps.clear();
        let by = if position == known.position {
            known.by
        } else {
            Knowledge::Seen
        };
        key.known = Known {
            position: key.base,
            by,
        };
        Ok(())
    }

    /// The keys that have a value now that everything is settled.
    pub(crate) fn present(&self) -> impl Iterator<Item = usize> {
        let keys = self.keys.iter().enumerate();
        keys.filter(|(_, key)| key.settled.is_some())
            .map(|(number, _)| number)
    }

    /// Finds the first position that a read may have shown, and notes that the key has reached it.
    fn place(
        &mut self,
        number: usize,
        began: Known,
        found: Option<Position>,
    ) -> Result<Position, Violation> {
        let key = &mut self.keys[number];
        let mut positions = began.position..=key.last();
        let Some(position) = positions.find(|position| key.may_show(*position, found)) else {
            let fault = key.fault(began, found);
            return Err(Violation::new(fault, number, found, began));
        };
        if let (Some(_), Some(step)) = (found, key.step_mut(position)) {
            step.seen = true;
        }
        key.reach(Known {
            position,
            by: Knowledge::Seen,
        });
        Ok(position)
    }
}

impl Key {
    fn absent() -> Self {
        Self {
            base: 0,
            settled: None,
            steps: Vec::new(),
            known: Known {
                position: 0,
                by: Knowledge::Seen,
            },
        }
    }

    fn last(&self) -> Position {
        self.base + self.steps.len()
    }

    /// The operation that leads to a position, if it is not settled.
    fn step(&self, position: Position) -> Option<&Step> {
        let index = position.checked_sub(self.base + 1)?;
        self.steps.get(index)
    }

    fn step_mut(&mut self, position: Position) -> Option<&mut Step> {
        let index = position.checked_sub(self.base + 1)?;
        self.steps.get_mut(index)
    }

    /// The operation whose value the key has at a position from the base on.
    fn state(&self, position: Position) -> Option<Position> {
        match self.step(position) {
            None => self.settled,
            Some(step) => (step.change == Change::Set).then_some(position),
        }
    }

    fn may_show(&self, position: Position, found: Option<Position>) -> bool {
        let is_undone = self.step(position).is_some_and(|step| step.undone);
        !is_undone && self.state(position) == found
    }

    fn reach(&mut self, known: Known) {
        if known.position > self.known.position {
            self.known = known;
        }
    }

    /// What is wrong with a read that shows no position from `began` on.
    fn fault(&self, began: Known, found: Option<Position>) -> Fault {
        let was_there = self.state(began.position);
        match (found, was_there) {
            (Some(NOBODYS), _) => Fault::Invented,
            (Some(found), _) if found > self.last() => Fault::Invented,
            (Some(found), _) if self.step(found).is_some_and(Step::has_no_value) => Fault::Invented,
            (Some(found), _) if self.step(found).is_some_and(|step| step.undone) => Fault::NotDone,
            (Some(found), Some(there)) if found > there => Fault::NotDone,
            (Some(_), None) => Fault::Returned,
            (None, None) => Fault::NotDone,
            (_, Some(_)) if began.by == Knowledge::Acknowledged => Fault::Lost,
            (_, Some(_)) => Fault::Dirty,
        }
    }
}

impl Step {
    fn has_no_value(&self) -> bool {
        self.change == Change::Delete
    }
}

/// What a read must not show.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    /// An older state than one that was acknowledged.
    Lost,
    /// An older state than one that was seen: that one was a dirty read.
    Dirty,
    /// A value although the key was deleted after it.
    Returned,
    /// A value that nobody wrote.
    Invented,
    /// The effect of an operation that was refused, or that was found undone before.
    NotDone,
}

/// A read that must not be, with what was known when it began.
#[derive(Debug)]
pub(crate) struct Violation {
    /// What is wrong.
    pub(crate) fault: Fault,
    /// The number of the key.
    pub(crate) key: usize,
    found: Option<Position>,
    known: Known,
}

impl Violation {
    fn new(fault: Fault, key: usize, found: Option<Position>, known: Known) -> Self {
        Self {
            fault,
            key,
            found,
            known,
        }
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Known { position, by } = self.known;
        match self.found {
            Some(found) => write!(f, "{:?}: the value of operation {found}", self.fault)?,
            None => write!(f, "{:?}: no value", self.fault)?,
        }
        match by {
            Knowledge::Acknowledged => write!(f, " after operation {position} was acknowledged"),
            Knowledge::Seen => write!(f, " after what operation {position} left was seen"),
        }
    }
}
