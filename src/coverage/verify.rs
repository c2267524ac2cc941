//! The keys of a saved test, looked for again: after nodes were started anew, rules changed, or files moved.
//!
//! Each key is read through every node, and every node is asked whether its own table has it. Nothing is
//! stored.

use std::cell::RefCell;
use std::error::Error;
use std::fmt;

use tokio::time::Instant;

use super::batch::{Answer, Answers, Batch};
use super::lane::{Lane, Question};
use super::trial::batch_keys;
use super::verification::{Fault, Verification};
use super::{Cause, Effort, Phase, Saved, together};
use crate::client::ClientError;
use crate::cluster::Cluster;

/// Why a verification has no verdict, and how far it came.
#[derive(Debug)]
pub struct VerifyError {
    /// The figures until then, with the nodes that cannot be reached. `ok` is false.
    pub verification: Box<Verification>,
    /// What happened.
    pub cause: Cause,
}

impl fmt::Display for VerifyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.cause.tell("the verification", f)
    }
}

impl Error for VerifyError {}

/// Looks for the keys of `saved`, and with `clean` deletes those that are as they were. `progress` is told
/// how many keys are done in each phase; when `stop` is ready it is broken off.
pub async fn verify(
    cluster: &Cluster,
    saved: &Saved,
    clean: bool,
    effort: Effort,
    progress: impl FnMut(Phase, u64),
    stop: impl Future<Output = ()>,
) -> Result<Verification, VerifyError> {
    let search = Search {
        cluster,
        saved,
        effort,
        state: RefCell::new(State {
            next: 0,
            done: 0,
            deleted: 0,
            elsewhere: 0,
            phase: Phase::Test,
            verification: Verification::new(cluster, saved),
            progress,
            begun: Instant::now(),
        }),
    };
    let searched = tokio::select! {
        biased;
        () = stop => Err(search.broken_off()),
        searched = search.run(clean) => searched,
    };
    let state = search.state.into_inner();
    let deleted = clean.then(|| state.deleted.saturating_sub(state.elsewhere));
    let mut verification = state.verification;
    verification.measured.sum_up();
    match searched {
        Ok(()) => {
            verification.conclude(deleted);
            Ok(verification)
        }
        Err(cause) => {
            verification.unreachable = cause.unreachable();
            let verification = Box::new(verification);
            Err(VerifyError {
                verification,
                cause,
            })
        }
    }
}

/// A verification on its way. What the lanes change stands in a cell: all of them are one task.
struct Search<'a, P> {
    cluster: &'a Cluster,
    saved: &'a Saved,
    effort: Effort,
    state: RefCell<State<P>>,
}

struct State<P> {
    /// The next index.
    next: u128,
    /// How many keys are done in this phase.
    done: u64,
    /// How many keys were deleted at their owners.
    deleted: u64,
    /// How many of those are on other nodes as well.
    elsewhere: u64,
    phase: Phase,
    verification: Verification,
    progress: P,
    begun: Instant,
}

impl<P: FnMut(Phase, u64)> Search<'_, P> {
    async fn run(&self, clean: bool) -> Result<(), Cause> {
        let most = batch_keys(self.effort.lanes, self.cluster, self.saved.space.length());
        let useful = self.saved.count.div_ceil(most as u64);
        let useful = usize::try_from(useful).unwrap_or(usize::MAX);
        let lanes = self.effort.lanes.min(useful).max(1);
        let mut lanes = Lane::open(self.cluster, lanes).await?;
        self.begin(Phase::Test, lanes.len());
        let searching = lanes.iter_mut().map(|lane| self.search(lane, most));
        together::all(searching)
            .await
            .map_err(|e| self.stopped(e))?;
        if clean {
            self.begin(Phase::Clean, lanes.len());
            let cleaning = lanes.iter_mut().map(|lane| self.clean(lane, most));
            together::all(cleaning).await.map_err(|e| self.stopped(e))?;
        }
        Ok(())
    }

    fn begin(&self, phase: Phase, lanes: usize) {
        let mut state = self.state.borrow_mut();
        (state.next, state.done, state.phase) = (0, 0, phase);
        if phase == Phase::Test {
            state.begun = Instant::now();
            state.verification.lanes = lanes;
        }
    }

    fn broken_off(&self) -> Cause {
        let state = self.state.borrow();
        Cause::BrokenOff {
            keys: state.verification.keys,
            phase: state.phase,
        }
    }

    fn stopped(&self, source: ClientError) -> Cause {
        let keys = self.state.borrow().verification.keys;
        Cause::Stopped { keys, source }
    }

    /// Takes the next keys that were not passed over. False if there are none.
    fn fill(&self, batch: &mut Batch, most: usize) -> bool {
        let mut state = self.state.borrow_mut();
        let (first, end) = (state.next, u128::from(self.saved.drawn));
        let mut after = first;
        let indices = (first..end).inspect(|index| after = index + 1);
        let indices = indices
            .filter(|index| !self.saved.passed.contains(*index))
            .take(most);
        batch.fill(&self.saved.space, self.cluster.placement(), indices);
        state.next = after;
        batch.len() > 0
    }

    async fn search(&self, lane: &mut Lane, most: usize) -> Result<(), ClientError> {
        let mut batch = Batch::default();
        let (mut readings, mut holders, mut strays) = <(Answers, Answers, Answers)>::default();
        while self.fill(&mut batch, most) {
            let timed = |node, time| {
                let mut state = self.state.borrow_mut();
                state.verification.measured.add_read(node, time);
            };
            lane.ask(Question::Read, &batch, &|_, _| true, &mut readings, &timed)
                .await?;
            let ignore = |_, _| {};
            lane.ask(Question::Holds, &batch, &|_, _| true, &mut holders, &ignore)
                .await?;
            // A key that no table has may lie on the disk of a node which owned it by earlier rules.
            let is_nowhere = |_, key| {
                holders
                    .to(key)
                    .all(|holder| holder == Some(Answer::Has(false)))
            };
            lane.ask(Question::Strays, &batch, &is_nowhere, &mut strays, &ignore)
                .await?;
            self.state
                .borrow_mut()
                .judge(&batch, &readings, &holders, &strays);
        }
        Ok(())
    }

    async fn clean(&self, lane: &mut Lane, most: usize) -> Result<(), ClientError> {
        let (mut batch, mut readings, mut deleted) = <(Batch, Answers, Answers)>::default();
        while self.fill(&mut batch, most) {
            lane.delete_ours(&batch, &mut readings, &mut deleted)
                .await?;
            let mut state = self.state.borrow_mut();
            state.done += batch.len() as u64;
            let is_deleted =
                |place: &usize| deleted.of(batch.owner(*place), *place) == Some(Answer::Done);
            state.deleted += (0..batch.len()).filter(is_deleted).count() as u64;
            let done = state.done;
            (state.progress)(Phase::Clean, done);
        }
        Ok(())
    }
}

impl<P: FnMut(Phase, u64)> State<P> {
    fn judge(&mut self, batch: &Batch, readings: &Answers, holders: &Answers, strays: &Answers) {
        for place in 0..batch.len() {
            let fault = fault(batch.owner(place), place, readings, holders, strays);
            let owner = batch.owner(place);
            if fault == Some(Fault::Duplicate) && readings.of(owner, place) == Some(Answer::Ours) {
                self.elsewhere += 1;
            }
            let has_it =
                |answers: &Answers, node| answers.of(node, place) == Some(Answer::Has(true));
            self.verification.count(
                batch.key(place),
                fault,
                &|node| has_it(holders, node),
                &|node| has_it(strays, node),
            );
        }
        let (keys, elapsed) = (batch.len() as u64, self.begun.elapsed());
        self.verification.pace.note(elapsed, keys);
        self.done += keys;
        (self.progress)(Phase::Test, self.done);
    }
}

/// What is wrong with a key, if something is.
fn fault(
    owner: usize,
    place: usize,
    readings: &Answers,
    holders: &Answers,
    strays: &Answers,
) -> Option<Fault> {
    let is_held = Some(Answer::Has(true));
    let mut readings = readings.to(place);
    let all_ours = readings
        .clone()
        .all(|reading| reading == Some(Answer::Ours));
    let held = holders.to(place).filter(|held| *held == is_held).count();
    let at_owner = holders.of(owner, place) == is_held;
    if held == 1 && at_owner && all_ours {
        return None;
    }
    Some(
        if readings
            .clone()
            .any(|reading| reading == Some(Answer::Anothers))
        {
            Fault::Wrong
        } else if held > 1 {
            Fault::Duplicate
        } else if held == 1 && !at_owner || strays.to(place).any(|stray| stray == is_held) {
            Fault::Misplaced
        } else if held == 0 && readings.all(|reading| reading == Some(Answer::Nothing)) {
            Fault::Missing
        } else {
            Fault::Unread
        },
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    const HAS: Option<Answer> = Some(Answer::Has(true));
    const NOT: Option<Answer> = Some(Answer::Has(false));
    const OURS: Option<Answer> = Some(Answer::Ours);
    const THEIRS: Option<Answer> = Some(Answer::Anothers);
    const NOTHING: Option<Answer> = Some(Answer::Nothing);

    fn answers(of_nodes: [Option<Answer>; 3]) -> Answers {
        let mut answers = Answers::default();
        let nodes = answers.clear(3, 1).iter_mut();
        nodes
            .zip(of_nodes)
            .for_each(|(node, answer)| node[0] = answer);
        answers
    }

    #[test]
    fn each_fault_is_told_from_the_others() {
        let found = |readings, holders, strays| {
            fault(
                1,
                0,
                &answers(readings),
                &answers(holders),
                &answers(strays),
            )
        };
        let nobody = [None; 3];
        let at_home = [NOT, HAS, NOT];
        let nowhere = [NOT; 3];
        assert_eq!(found([OURS; 3], at_home, nobody), None);
        assert_eq!(found([NOTHING; 3], nowhere, [NOT; 3]), Some(Fault::Missing));
        assert_eq!(found([THEIRS; 3], at_home, nobody), Some(Fault::Wrong));
        assert_eq!(
            found([OURS, OURS, THEIRS], at_home, nobody),
            Some(Fault::Wrong)
        );
        assert_eq!(
            found([NOTHING; 3], nowhere, [HAS, NOT, NOT]),
            Some(Fault::Misplaced)
        );
        assert_eq!(
            found([OURS; 3], [HAS, NOT, NOT], nobody),
            Some(Fault::Misplaced)
        );
        assert_eq!(
            found([OURS; 3], [HAS, HAS, NOT], nobody),
            Some(Fault::Duplicate)
        );
        assert_eq!(
            found([OURS, OURS, NOTHING], at_home, nobody),
            Some(Fault::Unread)
        );
        assert_eq!(found([OURS; 3], nowhere, [NOT; 3]), Some(Fault::Unread));
    }

    #[test]
    fn what_keeps_it_from_its_verdict_is_a_sentence() {
        let told = |cause| {
            let saved = Saved::of(&super::super::report::tests::report_of([1, 0, 0]), 0).unwrap();
            let verification = Box::new(Verification::new(&Cluster::built_in(), &saved));
            let error = VerifyError {
                verification,
                cause,
            };
            error.to_string()
        };
        let broken_off = |phase| Cause::BrokenOff { keys: 30, phase };
        assert_eq!(
            told(broken_off(Phase::Test)),
            "the verification was broken off after 30 keys"
        );
        assert_eq!(
            told(broken_off(Phase::Clean)),
            "the verification of 30 keys is done, but deleting them was broken off"
        );
        let source = ClientError::Refused {
            text: "MISCONF the disk is full".to_owned(),
        };
        assert_eq!(
            told(Cause::Stopped { keys: 7, source }),
            "the verification stopped after 7 keys: MISCONF the disk is full"
        );
    }
}
