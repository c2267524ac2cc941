//! Transactions and sets under `kill -9`: each transaction is there as a whole or not at all, and every
//! one that was acknowledged is there.

use std::collections::BTreeSet;
use std::io::Write as _;
use std::net::{SocketAddr, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::Duration;

use rand::RngExt as _;
use triad::resp::Frame;

use super::{KILLS, setting};
use crate::lab::connection::{bulk, request};
use crate::lab::{Connection, Lab, NAMES, key_of, text};

/// What there is in both accounts of an owner together.
const TOTAL: i64 = 1_000_000;

/// The longest that transfers run before a node is killed.
const LOAD_MAX: Duration = Duration::from_millis(60);

/// The keys of one owner.
struct Accounts {
    owner: &'static str,
    from: String,
    to: String,
    /// The numbers of the transfers.
    log: String,
    /// The number of the last one, which will be gone in an hour.
    last: String,
}

impl Accounts {
    fn of(owner: &'static str) -> Self {
        let key = |n| key_of(owner, "account", n);
        Self {
            owner,
            from: key(0),
            to: key(1),
            log: key(2),
            last: key(3),
        }
    }

    /// The requests of one transfer, in one piece.
    fn transfer(&self, number: &str) -> Vec<u8> {
        let requests: [&[&str]; 6] = [
            &["MULTI"],
            &["DECRBY", &self.from, "1"],
            &["INCRBY", &self.to, "1"],
            &["SADD", &self.log, number],
            &["SET", &self.last, number, "EX", "3600"],
            &["EXEC"],
        ];
        requests.iter().flat_map(|words| request(words)).collect()
    }

    /// What is there, of which all transfers that were acknowledged have to be a part.
    fn check(&self, via: &mut Connection, acknowledged: &BTreeSet<String>, when: &str) {
        let number = |frame: &Frame<'_>| text(frame.as_bytes().unwrap()).parse::<i64>().unwrap();
        let [from, to] = [&self.from, &self.to].map(|key| number(&via.call(&["GET", key])));
        let Frame::Array(log) = via.call(&["SMEMBERS", &self.log]) else {
            panic!("no set {when}")
        };
        let log: BTreeSet<String> = log.iter().map(|id| text(id.as_bytes().unwrap())).collect();
        let owner = self.owner;
        assert_eq!(
            from + to,
            TOTAL,
            "{owner}: a transfer was taken apart {when}"
        );
        assert_eq!(to, i64::try_from(log.len()).unwrap(), "{owner}: {when}");
        let lost: Vec<_> = acknowledged.difference(&log).collect();
        assert!(lost.is_empty(), "{owner} has lost {lost:?} {when}");
        if !log.is_empty() {
            let newest = text(via.call(&["GET", &self.last]).as_bytes().unwrap());
            assert!(log.contains(&newest), "{owner}: {newest} {when}");
            assert!(matches!(
                via.call(&["TTL", &self.last]),
                Frame::Integer(1..)
            ));
        }
    }
}

/// Makes transfers until it is stopped or its node is gone. Those that were acknowledged.
fn work(
    entry: SocketAddr,
    accounts: &Accounts,
    numbers: &AtomicU64,
    stop: &AtomicBool,
) -> Vec<String> {
    let mut acknowledged = Vec::new();
    let Ok(stream) = TcpStream::connect(entry) else {
        return acknowledged;
    };
    let Ok(mut output) = stream.try_clone() else {
        return acknowledged;
    };
    let mut connection = Connection::of(stream);
    while !stop.load(Ordering::Relaxed) {
        let number = numbers.fetch_add(1, Ordering::Relaxed).to_string();
        if output.write_all(&accounts.transfer(&number)).is_err() {
            break;
        }
        let replies: Vec<_> = (0..6).map_while(|_| connection.try_reply()).collect();
        match replies.last() {
            Some(Frame::Array(done)) if replies.len() == 6 => {
                assert!(
                    !done.iter().any(|reply| matches!(reply, Frame::Error(_))),
                    "{done:?}"
                );
                acknowledged.push(number);
            }
            // The owner is gone, or was when it was asked: nobody knows, or nothing was done.
            Some(_) if replies.len() == 6 => {}
            _ => break,
        }
    }
    acknowledged
}

#[test]
fn a_transaction_outlives_a_kill_as_a_whole_or_not_at_all() {
    let kills = setting("TRIAD_KILLS").unwrap_or(KILLS);
    let mut lab = Lab::started();
    let accounts = NAMES.map(Accounts::of);
    let mut client = lab.connect("linux");
    for one in &accounts {
        assert_eq!(
            client.call(&["SET", &one.from, &TOTAL.to_string()]),
            Frame::OK
        );
        assert_eq!(client.call(&["SET", &one.to, "0"]), Frame::OK);
    }
    let numbers = AtomicU64::new(0);
    let mut acknowledged = NAMES.map(|_| BTreeSet::new());
    for round in 0..kills {
        let victim = NAMES[round % NAMES.len()];
        let stop = AtomicBool::new(false);
        let pause = LOAD_MAX.mul_f64(rand::rng().random_range(0.1..1.0));
        let entries = NAMES.map(|name| lab.address(name));
        let (numbers, stop) = (&numbers, &stop);
        let done: Vec<(usize, Vec<String>)> = thread::scope(|scope| {
            let workers: Vec<_> = accounts
                .iter()
                .enumerate()
                .flat_map(|(at, one)| entries.map(|entry| (at, one, entry)))
                .map(|(at, one, entry)| (at, scope.spawn(move || work(entry, one, numbers, stop))))
                .collect();
            thread::park_timeout(pause);
            lab.kill(victim);
            stop.store(true, Ordering::Relaxed);
            let join = |(at, worker): (usize, thread::ScopedJoinHandle<'_, _>)| {
                (at, worker.join().unwrap())
            };
            workers.into_iter().map(join).collect()
        });
        for (at, numbers) in done {
            acknowledged[at].extend(numbers);
        }
        lab.start(victim);
        lab.wait_until_linked();
        let when = format!("after kill {} of {victim}", round + 1);
        let mut via = lab.connect(NAMES[(round + 1) % NAMES.len()]);
        for (one, acknowledged) in accounts.iter().zip(&acknowledged) {
            one.check(&mut via, acknowledged, &when);
        }
    }
    let count: usize = acknowledged.iter().map(BTreeSet::len).sum();
    // Without load nothing would be found.
    assert!(count >= kills, "{count} transfers were acknowledged");
    let none = bulk("0");
    for one in &accounts {
        assert_ne!(
            client_of(&lab).call(&["GET", &one.to]),
            none,
            "{}",
            one.owner
        );
    }
}

fn client_of(lab: &Lab) -> Connection {
    lab.connect(NAMES[0])
}
