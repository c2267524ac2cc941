//! A coverage test on its way: keys are drawn, offered, read back and judged, batch by batch.

use std::cell::RefCell;

use tokio::time::Instant;

use super::batch::{Answer, Answers, Batch, VALUE_START};
use super::course::Course;
use super::lane::{Lane, Question};
use super::{Cause, CoverageError, Effort, Phase, Plan, Report, together};
use crate::client::ClientError;
use crate::cluster::Cluster;
use crate::limits::{CLIENT_BATCH_BYTES, CLIENT_BATCH_REQUESTS, COVERAGE_BYTES};

/// What a request takes beside its key and value.
const REQUEST_BYTES: usize = 64;

/// See the module's text. What the lanes change stands in a cell: all of them are one task.
pub(super) struct Trial<'a, P> {
    cluster: &'a Cluster,
    plan: Plan,
    effort: Effort,
    state: RefCell<State<P>>,
}

struct State<P> {
    course: Course,
    report: Report,
    phase: Phase,
    progress: P,
    begun: Instant,
    /// The next index that is to be deleted, and how many are.
    cleaning: u128,
    cleaned: u64,
    /// The places of the nodes that have the key that is judged.
    homes: Vec<usize>,
}

impl<'a, P: FnMut(Phase, u64)> Trial<'a, P> {
    pub(super) fn new(cluster: &'a Cluster, plan: Plan, effort: Effort, progress: P) -> Self {
        let state = State {
            course: Course::new(plan.space, plan.count),
            report: Report::new(cluster, &plan),
            phase: Phase::Test,
            progress,
            begun: Instant::now(),
            cleaning: 0,
            cleaned: 0,
            homes: Vec::new(),
        };
        Self {
            cluster,
            plan,
            effort,
            state: RefCell::new(state),
        }
    }

    /// Runs to the end.
    pub(super) async fn run(&self) -> Result<(), Cause> {
        let batch = batch_keys(self.effort.lanes, self.cluster, self.plan.space.length());
        let useful = self.plan.count.div_ceil(batch as u64);
        let useful = usize::try_from(useful).unwrap_or(usize::MAX);
        let lanes = self.effort.lanes.min(useful).max(1);
        let mut lanes = Lane::open(self.cluster, lanes).await?;
        {
            let mut state = self.state.borrow_mut();
            state.begun = Instant::now();
            state.report.lanes = lanes.len();
        }
        let testing = lanes.iter_mut().map(|lane| self.test(lane, batch));
        together::all(testing).await.map_err(|e| self.stopped(e))?;
        let tested = self.state.borrow().verdict();
        // Where keys are taken the test ends without a verdict, but not without cleaning up.
        if self.plan.clean {
            self.state.borrow_mut().phase = Phase::Clean;
            let cleaning = lanes.iter_mut().map(|lane| self.clean(lane, batch));
            together::all(cleaning).await.map_err(|e| self.stopped(e))?;
        }
        tested
    }

    /// Why the test is over, if somebody wants it to be.
    pub(super) fn broken_off(&self) -> Cause {
        let state = self.state.borrow();
        Cause::BrokenOff {
            keys: state.report.keys,
            phase: state.phase,
        }
    }

    /// What became of it.
    pub(super) fn conclude(self, tested: Result<(), Cause>) -> Result<Report, CoverageError> {
        let State {
            mut report, course, ..
        } = self.state.into_inner();
        report.measured.sum_up();
        report.drawn = u64::try_from(course.drawn()).unwrap_or(u64::MAX);
        report.passed = course.passed().clone();
        match tested {
            Ok(()) => {
                report.conclude();
                Ok(report)
            }
            Err(cause) => {
                report.unreachable = cause.unreachable();
                let drawn = report.drawn;
                let report = Box::new(report);
                Err(CoverageError {
                    report,
                    cause,
                    drawn,
                })
            }
        }
    }

    fn stopped(&self, source: ClientError) -> Cause {
        let keys = self.state.borrow().report.keys;
        Cause::Stopped { keys, source }
    }

    /// Tests batches of keys until there are none.
    async fn test(&self, lane: &mut Lane, most: usize) -> Result<(), ClientError> {
        let placement = self.cluster.placement();
        let (mut batch, mut offers, mut readings) = <(Batch, Answers, Answers)>::default();
        let state = &self.state;
        loop {
            // The cell is free again before the nodes are asked.
            let drawn = state.borrow_mut().course.draw(most);
            let Some(indices) = drawn else {
                return Ok(());
            };
            batch.fill(&self.plan.space, placement, indices);
            let timed = |node, time| state.borrow_mut().report.measured.add_offer(node, time);
            let offering = lane.ask(Question::Offer, &batch, &|_, _| true, &mut offers, &timed);
            offering.await?;
            let timed = |node, time| state.borrow_mut().report.measured.add_read(node, time);
            let reading = lane.ask(Question::Read, &batch, &|_, _| true, &mut readings, &timed);
            reading.await?;
            state.borrow_mut().judge(&batch, &offers, &readings);
        }
    }

    /// Deletes the keys of this test that were drawn, and no others.
    async fn clean(&self, lane: &mut Lane, most: usize) -> Result<(), ClientError> {
        let placement = self.cluster.placement();
        let (mut batch, mut readings, mut done) = <(Batch, Answers, Answers)>::default();
        loop {
            let indices = self.state.borrow_mut().next_to_clean(most);
            if indices.is_empty() {
                return Ok(());
            }
            batch.fill(&self.plan.space, placement, indices);
            lane.delete_ours(&batch, &mut readings, &mut done).await?;
            self.state.borrow_mut().note_cleaned(batch.len());
        }
    }
}

impl Lane {
    /// Deletes the keys of a batch that have the values of this test, at their owners.
    pub(super) async fn delete_ours(
        &mut self,
        batch: &Batch,
        readings: &mut Answers,
        done: &mut Answers,
    ) -> Result<(), ClientError> {
        let is_owner = |node, key| batch.owner(key) == node;
        self.ask(Question::Read, batch, &is_owner, readings, &|_, _| {})
            .await?;
        let is_ours = |node, key| readings.of(node, key) == Some(Answer::Ours);
        self.ask(Question::Delete, batch, &is_ours, done, &|_, _| {})
            .await
    }
}

impl<P: FnMut(Phase, u64)> State<P> {
    /// Adds a batch to the report.
    fn judge(&mut self, batch: &Batch, offers: &Answers, readings: &Answers) {
        let before = self.report.keys;
        for place in 0..batch.len() {
            let has_it = |answer| matches!(answer, Some(Answer::Stored | Answer::Exists));
            let homes = offers.to(place).enumerate();
            self.homes.clear();
            let homes = homes.filter(|(_, answer)| has_it(*answer));
            self.homes.extend(homes.map(|(node, _)| node));
            if is_anothers(&self.homes, place, offers, readings) {
                self.course.note_taken(batch.index(place));
            } else {
                let mut readings = readings.to(place);
                let is_read = readings.all(|reading| reading == Some(Answer::Ours));
                self.course.note_used();
                self.report.count(batch.owner(place), &self.homes, is_read);
            }
        }
        let elapsed = self.begun.elapsed();
        let keys = self.report.keys;
        self.report.pace.note(elapsed, keys - before);
        (self.progress)(Phase::Test, keys);
    }

    /// Whether all keys that were wanted were found.
    fn verdict(&self) -> Result<(), Cause> {
        if self.course.is_done() {
            return Ok(());
        }
        Err(Cause::Taken {
            found: self.report.keys,
            taken: self.course.taken(),
        })
    }

    fn next_to_clean(&mut self, most: usize) -> std::ops::Range<u128> {
        let end = self.course.drawn().min(self.cleaning + most as u128);
        let indices = self.cleaning..end;
        self.cleaning = end;
        indices
    }

    fn note_cleaned(&mut self, keys: usize) {
        self.cleaned += keys as u64;
        (self.progress)(Phase::Clean, self.cleaned.min(self.report.keys));
    }
}

/// Whether somebody else has stored this key: every node that has it had it before, with another value.
fn is_anothers(homes: &[usize], place: usize, offers: &Answers, readings: &Answers) -> bool {
    !homes.is_empty()
        && homes.iter().all(|home| {
            offers.of(*home, place) == Some(Answer::Exists)
                && readings.of(*home, place) == Some(Answer::Anothers)
        })
}

/// How many keys a batch has: as many as keep the nodes busy, and fewer where keys are so long, or nodes so
/// many, that requests would take too much memory.
pub(super) fn batch_keys(lanes: usize, cluster: &Cluster, length: usize) -> usize {
    // An offer holds the key twice: the second time in its value.
    let request_bytes = REQUEST_BYTES + VALUE_START.len() + 2 * length;
    let connections = lanes.max(1) * cluster.nodes().len();
    let bytes = CLIENT_BATCH_BYTES.min(COVERAGE_BYTES / connections);
    (bytes / request_bytes).clamp(1, CLIENT_BATCH_REQUESTS)
}
