//! Pipelines, transactions, and the errors in them.

use std::thread;

use redis::{Commands, ErrorKind, RedisResult, ServerErrorKind, cmd, pipe, transaction};

use crate::checks::{Check, Outcome, check, check_of_triad, equal, fails, holds};
use crate::place::Place;

pub const CHECKS: &[Check] = &[
    check("a pipeline without a transaction", pipeline),
    check("a transaction, as atomic() makes it", atomic),
    check(
        "a transaction that is refused while it is queued leaves nothing",
        refused,
    ),
    check("WATCH", watch),
    check("transaction(), many at a time on one key", counted),
    check_of_triad(
        "a transaction over the keys of two owners is refused as a whole",
        crossing,
    ),
];

const RESPONSE: ErrorKind = ErrorKind::Server(ServerErrorKind::ResponseError);
const EXEC_ABORT: ErrorKind = ErrorKind::Server(ServerErrorKind::ExecAbort);

fn pipeline(p: &mut Place) -> Outcome {
    let mut sets = pipe();
    let mut gets = pipe();
    for n in 0..2000 {
        sets.set(format!("pipe:{n}"), n).ignore();
        gets.get(format!("pipe:{n}"));
    }
    sets.query::<()>(&mut p.client)?;
    equal(gets.query::<Vec<i64>>(&mut p.client)?, (0..2000).collect())?;
    let mut mixed = pipe();
    mixed
        .set("pipe", "text")
        .incr("pipe", 1)
        .append("pipe", "!");
    let number = "value is not an integer or out of range";
    fails(RESPONSE, number, mixed.query::<()>(&mut p.client))?;
    equal(p.client.get::<_, String>("pipe")?, "text!".into())
}

fn atomic(p: &mut Place) -> Outcome {
    let [a, b, none] = p.together("tx")?;
    let mut all = pipe();
    all.atomic()
        .set(&a, 1)
        .ignore()
        .incr(&a, 1)
        .sadd(&b, "x")
        .ttl(&a)
        .get(&none);
    let replies: (i64, i64, i64, Option<String>) = all.query(&mut p.client)?;
    equal(replies, (2, 1, -1, None))?;
    let mut mixed = pipe();
    mixed.atomic().set(&a, "text").incr(&a, 1).append(&a, "!");
    let number = "value is not an integer or out of range";
    fails(RESPONSE, number, mixed.query::<()>(&mut p.client))?;
    equal(p.client.get::<_, String>(&a)?, "text!".into())
}

fn refused(p: &mut Place) -> Outcome {
    let [a] = p.together("refused")?;
    let mut bad = pipe();
    bad.atomic().set(&a, 1).add_command(cmd("GET"));
    fails(EXEC_ABORT, "", bad.query::<()>(&mut p.client))?;
    equal(p.client.get::<_, Option<i64>>(&a)?, None)?;
    let mut by_hand = |words: &[&str]| -> RedisResult<String> {
        let (name, rest) = words.split_first().expect("a command");
        cmd(name).arg(rest).query(&mut p.client)
    };
    equal(by_hand(&["MULTI"])?, "OK".into())?;
    equal(by_hand(&["SET", &a, "1"])?, "QUEUED".into())?;
    equal(by_hand(&["DISCARD"])?, "OK".into())?;
    fails(RESPONSE, "EXEC without MULTI", by_hand(&["EXEC"]))?;
    fails(RESPONSE, "DISCARD without MULTI", by_hand(&["DISCARD"]))?;
    equal(p.client.get::<_, Option<i64>>(&a)?, None)
}

fn watch(p: &mut Place) -> Outcome {
    let [a, b] = p.together("watch")?;
    let mut own = p.connect()?;
    let mut mine = pipe();
    mine.atomic().set(&a, "mine");
    let watched = |own: &mut redis::Connection| cmd("WATCH").arg(&a).arg(&b).query::<()>(own);
    watched(&mut own)?;
    equal(
        mine.query::<Option<(String,)>>(&mut own)?,
        Some(("OK".into(),)),
    )?;
    watched(&mut own)?;
    p.away.set::<_, _, ()>(&a, "theirs")?;
    equal(mine.query::<Option<(String,)>>(&mut own)?, None)?;
    watched(&mut own)?;
    p.client.del::<_, ()>(&a)?;
    equal(mine.query::<Option<(String,)>>(&mut own)?, None)?;
    watched(&mut own)?;
    p.client.sadd::<_, _, ()>(&b, 1)?;
    equal(mine.query::<Option<(String,)>>(&mut own)?, None)?;
    equal(p.client.get::<_, Option<String>>(&a)?, None)?;
    watched(&mut own)?;
    p.away.set::<_, _, ()>(&a, "theirs")?;
    cmd("UNWATCH").query::<()>(&mut own)?;
    equal(
        mine.query::<Option<(String,)>>(&mut own)?,
        Some(("OK".into(),)),
    )
}

fn counted(p: &mut Place) -> Outcome {
    let [key] = p.together("counted")?;
    p.client.set::<_, _, ()>(&key, 0)?;
    let add_ten = |mut connection: redis::Connection| -> RedisResult<()> {
        for _ in 0..10 {
            transaction(&mut connection, &[&key], |connection, pipe| {
                let number: i64 = connection.get(&key)?;
                pipe.set(&key, number + 1)
                    .ignore()
                    .query::<Option<()>>(connection)
            })?;
        }
        Ok(())
    };
    let connections: Vec<_> = (0..4).map(|_| p.connect()).collect::<RedisResult<_>>()?;
    thread::scope(|scope| -> RedisResult<()> {
        let threads: Vec<_> = connections
            .into_iter()
            .map(|connection| scope.spawn(|| add_ten(connection)))
            .collect();
        threads
            .into_iter()
            .try_for_each(|thread| thread.join().expect("no panic"))
    })?;
    equal(p.client.get::<_, i64>(&key)?, 40)
}

fn crossing(p: &mut Place) -> Outcome {
    let ([a, b], owners) = p.apart("crossing")?;
    for owner in owners {
        // Of an atomic pipeline this library says only that the reply to EXEC was no list.
        let mut both = pipe();
        both.atomic().set(&a, 1).set(&b, 1);
        holds(both.query::<()>(&mut p.client).is_err(), "an error")?;
        cmd("MULTI").exec(&mut p.client)?;
        cmd("SET").arg(&a).arg(1).exec(&mut p.client)?;
        cmd("SET").arg(&b).arg(1).exec(&mut p.client)?;
        let executed = cmd("EXEC").query::<()>(&mut p.client);
        fails(EXEC_ABORT, &owner, executed)?;
    }
    equal(p.client.exists::<_, i64>(&[&a, &b])?, 0)
}
