//! Rough timers for many connections, by one timer of the runtime.
//!
//! A timer of its own for each wait would cost a system call each time, and nearly all of these waits end
//! before their time. Here they are looked at together, once a period, and rarely is one found that has to
//! be woken.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::sleep;

use super::outbox::Outbox;

/// The alarm of one connection.
#[derive(Debug, Default)]
pub(crate) struct Alarm {
    state: Cell<State>,
    /// Whether the clock looks at it.
    listed: Cell<bool>,
}

#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
enum State {
    #[default]
    Off,
    /// Set since the last look.
    Set,
    /// Set, and looked at once since then.
    Seen,
    Rung,
}

impl Alarm {
    /// Whether it has rung since it was set.
    pub(crate) fn has_rung(&self) -> bool {
        self.state.get() == State::Rung
    }

    /// Whether it is set and has not rung.
    pub(crate) fn is_set(&self) -> bool {
        matches!(self.state.get(), State::Set | State::Seen)
    }

    /// It is not wanted any more.
    pub(crate) fn clear(&self) {
        self.state.set(State::Off);
    }

    /// Looks whether its time has come. Whether it is to be looked at again.
    fn look(&self, wake: impl FnOnce()) -> bool {
        let next = match self.state.get() {
            State::Set => State::Seen,
            State::Seen => State::Rung,
            state => state,
        };
        if next != self.state.replace(next) && next == State::Rung {
            wake();
        }
        self.listed.set(self.is_set());
        self.is_set()
    }
}

/// What rings the alarms of one kind: each between one and two periods after it was set.
#[derive(Debug)]
pub(crate) struct Clock {
    period: Duration,
    alarm: fn(&Outbox) -> &Alarm,
    /// The connections whose alarms are looked at: each is in it once.
    listed: RefCell<Vec<Rc<Outbox>>>,
    begun: Notify,
}

impl Clock {
    pub(crate) fn new(period: Duration, alarm: fn(&Outbox) -> &Alarm) -> Self {
        Self {
            period,
            alarm,
            listed: RefCell::default(),
            begun: Notify::new(),
        }
    }

    /// Sets the alarm of `outbox`, unless it is set: then it rings when it would have.
    pub(crate) fn set(&self, outbox: &Rc<Outbox>) {
        let alarm = (self.alarm)(outbox);
        if alarm.is_set() {
            return;
        }
        alarm.state.set(State::Set);
        if alarm.listed.replace(true) {
            return;
        }
        let mut listed = self.listed.borrow_mut();
        listed.push(Rc::clone(outbox));
        if listed.len() == 1 {
            self.begun.notify_one();
        }
    }

    fn look(&self) {
        let look = |outbox: &Rc<Outbox>| (self.alarm)(outbox).look(|| outbox.wake());
        self.listed.borrow_mut().retain(look);
    }
}

/// Runs a clock for as long as the node does. While no alarm is set it does nothing.
pub(crate) async fn run(clock: Rc<Clock>) {
    loop {
        clock.begun.notified().await;
        while !clock.listed.borrow().is_empty() {
            sleep(clock.period).await;
            clock.look();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::outbox::AllReplies;
    use super::*;

    fn clock() -> (Clock, Rc<Outbox>) {
        let clock = Clock::new(Duration::from_secs(1), Outbox::linger);
        (clock, Rc::new(Outbox::new(Rc::new(AllReplies::new()))))
    }

    #[test]
    fn an_alarm_rings_after_one_whole_period() {
        let (clock, outbox) = clock();
        clock.set(&outbox);
        clock.look();
        assert!(outbox.linger().is_set());
        clock.set(&outbox);
        clock.look();
        assert!(outbox.linger().has_rung());
        assert!(clock.listed.borrow().is_empty());
    }

    #[test]
    fn an_alarm_that_was_set_anew_has_a_whole_period_again() {
        let (clock, outbox) = clock();
        clock.set(&outbox);
        clock.look();
        outbox.linger().clear();
        clock.set(&outbox);
        clock.look();
        assert!(outbox.linger().is_set());
        assert_eq!(clock.listed.borrow().len(), 1);
        clock.look();
        assert!(outbox.linger().has_rung());
    }

    #[test]
    fn an_alarm_that_was_cleared_is_forgotten() {
        let (clock, outbox) = clock();
        clock.set(&outbox);
        outbox.linger().clear();
        clock.look();
        assert!(!outbox.linger().has_rung() && !outbox.linger().is_set());
        assert!(clock.listed.borrow().is_empty());
    }
}
