//! Transactions: `MULTI EXEC DISCARD WATCH UNWATCH`, and how nodes pass them on.
//!
//! A transaction is carried out by one node, the owner of all its keys: nothing else runs meanwhile, and
//! its writes are one group, which a crash takes back as a whole. A node that is asked to carry one out for
//! another owner sends it there as one request, `TRIAD EXEC`.

mod carry_out;
mod queue;

use super::{Args, Command, Context, Error, Frame, Keys, Outcome, Route, Step, reply};
use crate::limits::WATCHED_KEYS_MAX;
use crate::store::{Store, Watch};
pub(crate) use carry_out::{exec, nothing};
pub use queue::{Queued, Transaction};

pub(super) const COMMANDS: &[Command] = &[
    of_step(
        "multi",
        1,
        Keys::NONE,
        Step::Multi,
        "Begins a transaction",
        multi,
    ),
    of_step(
        "exec",
        1,
        Keys::NONE,
        Step::Exec,
        "Carries out a transaction, whose keys have one owner",
        |cx, _| exec(cx, &mut |_, _| carry_out::not_allowed()),
    ),
    of_step(
        "discard",
        1,
        Keys::NONE,
        Step::Discard,
        "Forgets a transaction",
        discard,
    ),
    of_step(
        "watch",
        -2,
        Keys::ALL,
        Step::Watch,
        "Has a transaction fail if one of these keys changes before it",
        watch,
    ),
    of_step(
        "unwatch",
        1,
        Keys::NONE,
        Step::Unwatch,
        "Forgets the watched keys",
        unwatch,
    ),
];

const fn of_step(
    name: &'static str,
    arity: i32,
    keys: Keys,
    step: Step,
    summary: &'static str,
    run: super::Run,
) -> Command {
    Command {
        name,
        arity,
        flags: match step {
            Step::Exec => &["noscript", "loading", "stale", "skip_slowlog"],
            _ => &["noscript", "loading", "stale", "fast", "allow_busy"],
        },
        keys,
        route: Route::Transaction(step),
        summary,
        run,
    }
}

/// The commands that nodes send each other.
pub(super) const OF_PEERS: &[Command] = &[
    Command::here(
        "triad|exec",
        -4,
        &["write"],
        Keys::NONE,
        "Carries out a transaction for a client of another node",
        carry_out::exec_for_peer,
    ),
    Command::here(
        "triad|watch",
        -4,
        &[],
        Keys::NONE,
        "Watches keys for a client of another node",
        watch_for_peer,
    ),
    Command::here(
        "triad|unwatch",
        3,
        &[],
        Keys::NONE,
        "Forgets the keys that are watched for a client of another node",
        unwatch_for_peer,
    ),
];

/// The watched keys of one client, as the node knows them that owns them.
#[derive(Debug, Default)]
pub struct Watches(Vec<Watch>);

impl Watches {
    fn add(&mut self, store: &mut Store, key: &[u8]) -> Result<(), Error> {
        if self.0.len() >= WATCHED_KEYS_MAX {
            return Err(Error::too_many_watched());
        }
        self.0.push(store.watch(key));
        Ok(())
    }

    /// How many there are.
    fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether one of the keys has changed.
    fn have_changed(&self, store: &mut Store) -> bool {
        self.0.iter().any(|watch| store.has_changed(*watch))
    }

    /// Forgets them.
    pub(crate) fn end(self, store: &mut Store) {
        for watch in self.0 {
            store.unwatch(watch);
        }
    }
}

fn multi<'s>(cx: Context<'s, '_>, _: Args<'_>) -> Result<Outcome<'s>, Error> {
    if cx.session.transaction.is_some() {
        return Err(Error::new("ERR MULTI calls can not be nested"));
    }
    cx.session.transaction = Some(Box::default());
    cx.session.client.queued.set(0);
    reply(Frame::OK)
}

fn discard<'s>(cx: Context<'s, '_>, _: Args<'_>) -> Result<Outcome<'s>, Error> {
    if cx.session.transaction.is_none() {
        return Err(Error::new("ERR DISCARD without MULTI"));
    }
    cx.session.end_transaction(cx.host);
    unwatch(cx, Args::from_slices(&[]))
}

/// Watches keys of this node for a client of its own.
fn watch<'s>(cx: Context<'s, '_>, args: Args<'_>) -> Result<Outcome<'s>, Error> {
    let id = cx.session.id;
    watch_for(cx, id, args.from(1))
}

/// Only a node watches for many clients: one of these could name as many as it likes, and each has its own
/// bound.
fn check_peer(cx: &Context<'_, '_>) -> Result<(), Error> {
    if cx.session.client.is_peer() {
        return Ok(());
    }
    Err(Error::new(
        "ERR only another node asks this; use MULTI, EXEC and WATCH",
    ))
}

fn watch_for_peer<'s>(cx: Context<'s, '_>, args: Args<'_>) -> Result<Outcome<'s>, Error> {
    check_peer(&cx)?;
    let id = super::parse_number(args.get(1).unwrap_or_default())?;
    watch_for(cx, id, args.from(2))
}

fn watch_for<'s>(cx: Context<'s, '_>, id: u64, keys: Args<'_>) -> Result<Outcome<'s>, Error> {
    if keys.iter().any(|key| !cx.host.owns(key)) {
        return Err(Error::new("NOTOWNER a node watches its own keys only"));
    }
    let watches = cx.session.watches.entry(id).or_default();
    for key in keys {
        watches.add(cx.store, key)?;
    }
    reply(Frame::OK)
}

fn unwatch<'s>(cx: Context<'s, '_>, _: Args<'_>) -> Result<Outcome<'s>, Error> {
    let id = cx.session.id;
    unwatch_for(cx, id)
}

fn unwatch_for_peer<'s>(cx: Context<'s, '_>, args: Args<'_>) -> Result<Outcome<'s>, Error> {
    check_peer(&cx)?;
    let id = super::parse_number(args.get(1).unwrap_or_default())?;
    unwatch_for(cx, id)
}

fn unwatch_for<'s>(cx: Context<'s, '_>, id: u64) -> Result<Outcome<'s>, Error> {
    if let Some(watches) = cx.session.watches.remove(&id) {
        watches.end(cx.store);
    }
    reply(Frame::OK)
}
