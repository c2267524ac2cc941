//! Strings, keys, their time to live, sets, and walks over them.

use std::collections::BTreeSet;
use std::time::{SystemTime, UNIX_EPOCH};

use redis::{
    Commands, CopyOptions, ErrorKind, ExistenceCheck, Expiry, IntegerReplyOrNoOp, RedisResult,
    ScanOptions, ServerErrorKind, SetExpiry, SetOptions, ValueType, cmd,
};

use crate::checks::{
    Check, Outcome, about, check, check_of_triad, equal, eventually, fails, holds,
};
use crate::place::{Place, any_bytes};

pub const CHECKS: &[Check] = &[
    check("an empty store", empty),
    check("strings", strings),
    check("empty, binary and large values; any bytes as a key", values),
    check("keys", keys),
    check("types of keys", types),
    check("SET with its options", set_options),
    check("SETEX, PSETEX and GETEX", setex),
    check("EXPIRE with NX, XX, GT and LT", expire),
    check("what has expired is gone, on every node", expired),
    check("sets", sets),
    check("SSCAN as an iterator", sscan),
    check("SCAN as an iterator", scan),
    check("errors are told apart by their kind", errors),
    check_of_triad(
        "MSETNX and RENAME over the keys of two owners are refused",
        crossing,
    ),
];

/// What most errors of a server are to this library.
const RESPONSE: ErrorKind = ErrorKind::Server(ServerErrorKind::ResponseError);

fn set<const N: usize>(members: [&str; N]) -> BTreeSet<String> {
    members.map(String::from).into()
}

fn empty(p: &mut Place) -> Outcome {
    equal(p.client.flushall::<String>()?, "OK".into())?;
    equal(cmd("DBSIZE").query::<i64>(&mut p.client)?, 0)?;
    equal(
        cmd("RANDOMKEY").query::<Option<String>>(&mut p.client)?,
        None,
    )?;
    equal(p.client.get::<_, Option<String>>("absent")?, None)
}

fn strings(p: &mut Place) -> Outcome {
    let c = &mut p.client;
    equal(c.set::<_, _, String>("s", "value")?, "OK".into())?;
    equal(c.get::<_, String>("s")?, "value".into())?;
    equal(c.append::<_, _, i64>("s", "-more")?, 10)?;
    equal(c.strlen::<_, i64>("s")?, 10)?;
    equal(c.getrange::<_, String>("s", 0, 4)?, "value".into())?;
    equal(c.setrange::<_, _, i64>("s", 6, "MORE")?, 10)?;
    equal(c.getset::<_, _, String>("s", 2)?, "value-MORE".into())?;
    equal(c.incr::<_, _, i64>("s", 1)?, 3)?;
    equal(c.decr::<_, _, i64>("s", 5)?, -2)?;
    equal(c.incr::<_, _, f64>("s", 0.5)?, -1.5)?;
    equal(c.get_del::<_, f64>("s")?, -1.5)?;
    equal(c.set_nx::<_, _, bool>("s", "first")?, true)?;
    equal(c.set_nx::<_, _, bool>("s", "second")?, false)?;
    equal(
        c.mset::<_, _, String>(&[("s", "a"), ("t", "b"), ("u", "ü")])?,
        "OK".into(),
    )?;
    let expected = ["a", "b", "ü"].map(|text| Some(text.to_owned()));
    equal(
        c.mget::<_, [Option<String>; 3]>(&["s", "t", "u"])?,
        expected.clone(),
    )?;
    equal(
        p.away.mget::<_, [Option<String>; 3]>(&["s", "t", "u"])?,
        expected,
    )?;
    equal(
        p.client.mget::<_, [Option<String>; 2]>(&["none", "s"])?,
        [None, Some("a".into())],
    )?;
    let [a, b] = p.together("msetnx")?;
    equal(p.client.mset_nx::<_, _, bool>(&[(&a, 1), (&b, 2)])?, true)?;
    equal(p.client.mset_nx::<_, _, bool>(&[(&a, 3), (&b, 4)])?, false)
}

fn values(p: &mut Place) -> Outcome {
    let any = any_bytes();
    let stored = [
        Vec::new(),
        any.clone(),
        b"\r\n$5\r\n".to_vec(),
        any.repeat(16 * 1024),
    ];
    for value in stored {
        for key in [
            b"value".to_vec(),
            any.clone(),
            vec![0xff, 0x80],
            b"\r\n".to_vec(),
            Vec::new(),
        ] {
            equal(p.client.set::<_, _, String>(&key, &value)?, "OK".into())?;
            holds(
                p.client.get::<_, Vec<u8>>(&key)? == value,
                "the bytes that were stored",
            )?;
            holds(
                p.away.get::<_, Vec<u8>>(&key)? == value,
                "the same bytes from another node",
            )?;
            equal(p.client.del::<_, i64>(&key)?, 1)?;
        }
    }
    Ok(())
}

fn keys(p: &mut Place) -> Outcome {
    p.client.flushall::<()>()?;
    let all: Vec<String> = (0..20).map(|n| format!("key:{n}")).collect();
    let pairs: Vec<_> = all.iter().map(|key| (key, key)).collect();
    p.client.mset::<_, _, ()>(&pairs)?;
    equal(
        p.client
            .exists::<_, i64>(&[&all[..], &["none".into()]].concat())?,
        20,
    )?;
    equal(
        cmd("TOUCH")
            .arg(&["key:1", "key:2", "none"])
            .query::<i64>(&mut p.client)?,
        2,
    )?;
    equal(cmd("DBSIZE").query::<i64>(&mut p.client)?, 20)?;
    let found: BTreeSet<String> = p.client.keys("key:1?")?;
    equal(found, all[10..].iter().cloned().collect())?;
    equal(p.client.del::<_, i64>(&["key:1", "key:2", "none"])?, 2)?;
    equal(p.client.unlink::<_, i64>(&["key:3", "key:4", "none"])?, 2)?;
    let [a, b] = p.together("rename")?;
    p.client.set::<_, _, ()>(&a, "x")?;
    equal(p.client.rename::<_, _, String>(&a, &b)?, "OK".into())?;
    let mut copy = |replace| {
        let options = CopyOptions::<&str>::default().replace(replace);
        p.client.copy::<_, _, _, bool>(&b, &a, options)
    };
    equal(
        [copy(false)?, copy(false)?, copy(true)?],
        [true, false, true],
    )?;
    equal(p.client.rename_nx::<_, _, bool>(&a, &b)?, false)?;
    fails(
        RESPONSE,
        "no such key",
        p.client.rename::<_, _, ()>("none", "none"),
    )
}

fn types(p: &mut Place) -> Outcome {
    p.client.set::<_, _, ()>("type-string", "x")?;
    p.client.sadd::<_, _, ()>("type-set", "x")?;
    equal(
        p.client.key_type::<_, ValueType>("type-string")?,
        ValueType::String,
    )?;
    equal(
        p.client.key_type::<_, ValueType>("type-set")?,
        ValueType::Set,
    )?;
    equal(p.client.key_type::<_, String>("type-none")?, "none".into())?;
    for kind in ["string", "set"] {
        let options = ScanOptions::default()
            .with_pattern("type-*")
            .with_type(kind);
        let found: RedisResult<BTreeSet<String>> = p.client.scan_options(options)?.collect();
        equal(found?, set([&format!("type-{kind}")]))?;
    }
    Ok(())
}

fn unix_seconds() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.expect("a time after 1970").as_secs()
}

fn set_options(p: &mut Place) -> Outcome {
    let c = &mut p.client;
    let with = |expiry| SetOptions::default().with_expiration(expiry);
    let only = |check| SetOptions::default().conditional_set(check);
    let ok = || Some("OK".to_owned());
    equal(c.set_options("o", 1, only(ExistenceCheck::NX))?, ok())?;
    equal(
        c.set_options("o", 2, only(ExistenceCheck::NX))?,
        None::<String>,
    )?;
    equal(c.set_options("o", 3, only(ExistenceCheck::XX))?, ok())?;
    equal(
        c.set_options("o-none", 3, only(ExistenceCheck::XX))?,
        None::<String>,
    )?;
    equal(
        c.set_options("o", 4, SetOptions::default().get(true))?,
        Some("3".to_owned()),
    )?;
    equal(c.set_options("o", 5, with(SetExpiry::EX(100)))?, ok())?;
    about(c.ttl::<_, i64>("o")?, 100)?;
    equal(c.set_options("o", 6, with(SetExpiry::KEEPTTL))?, ok())?;
    about(c.ttl("o")?, 100)?;
    equal(c.set::<_, _, String>("o", 7)?, "OK".into())?;
    equal(
        c.ttl::<_, IntegerReplyOrNoOp>("o")?,
        IntegerReplyOrNoOp::ExistsButNotRelevant,
    )?;
    equal(c.set_options("o", 8, with(SetExpiry::PX(100_000)))?, ok())?;
    about(c.pttl::<_, i64>("o")? / 1000, 100)?;
    let at = unix_seconds() + 1000;
    equal(c.set_options("o", 9, with(SetExpiry::EXAT(at)))?, ok())?;
    equal(c.expire_time::<_, u64>("o")?, at)?;
    equal(
        c.set_options("o", 9, with(SetExpiry::PXAT(at * 1000 + 1)))?,
        ok(),
    )?;
    equal(c.pexpire_time::<_, u64>("o")?, at * 1000 + 1)?;
    let zero = c.set_options::<_, _, ()>("o", 1, with(SetExpiry::EX(0)));
    fails(RESPONSE, "invalid expire time in 'set' command", zero)
}

fn setex(p: &mut Place) -> Outcome {
    let c = &mut p.client;
    equal(c.set_ex::<_, _, String>("e", "a", 100)?, "OK".into())?;
    about(c.ttl::<_, i64>("e")?, 100)?;
    equal(c.pset_ex::<_, _, String>("e", "b", 50_000)?, "OK".into())?;
    about(c.ttl::<_, i64>("e")?, 50)?;
    equal(c.get_ex::<_, String>("e", Expiry::EX(200))?, "b".into())?;
    about(c.ttl::<_, i64>("e")?, 200)?;
    equal(c.get_ex::<_, String>("e", Expiry::PX(70_000))?, "b".into())?;
    about(c.ttl::<_, i64>("e")?, 70)?;
    equal(c.get_ex::<_, String>("e", Expiry::PERSIST)?, "b".into())?;
    equal(c.ttl::<_, i64>("e")?, -1)?;
    equal(
        c.get_ex::<_, Option<String>>("e-none", Expiry::EX(1))?,
        None,
    )?;
    let zero = c.set_ex::<_, _, ()>("e", "x", 0);
    fails(RESPONSE, "invalid expire time in 'setex' command", zero)
}

fn expire(p: &mut Place) -> Outcome {
    let c = &mut p.client;
    equal(c.expire::<_, bool>("x-none", 10)?, false)?;
    equal(
        c.ttl::<_, IntegerReplyOrNoOp>("x-none")?,
        IntegerReplyOrNoOp::NotExists,
    )?;
    c.set::<_, _, ()>("x", 1)?;
    for (seconds, mode, done) in [
        (100, "XX", false),
        (100, "GT", false),
        (100, "NX", true),
        (200, "NX", false),
        (50, "GT", false),
        (200, "GT", true),
        (300, "LT", false),
        (50, "LT", true),
        (60, "XX", true),
    ] {
        let came: bool = cmd("EXPIRE").arg("x").arg(seconds).arg(mode).query(c)?;
        equal((seconds, mode, came), (seconds, mode, done))?;
    }
    about(c.ttl::<_, i64>("x")?, 60)?;
    equal(c.pexpire::<_, bool>("x", 50_000)?, true)?;
    about(c.ttl::<_, i64>("x")?, 50)?;
    equal([c.persist::<_, bool>("x")?, c.persist("x")?], [true, false])?;
    let at = i64::try_from(unix_seconds())? + 500;
    equal(c.expire_at::<_, bool>("x", at)?, true)?;
    equal(c.expire_time::<_, i64>("x")?, at)?;
    equal(c.pexpire_at::<_, bool>("x", at * 1000 + 7)?, true)?;
    equal(c.pexpire_time::<_, i64>("x")?, at * 1000 + 7)?;
    equal(c.expire::<_, bool>("x", -1)?, true)?;
    equal(c.exists::<_, bool>("x")?, false)
}

fn expired(p: &mut Place) -> Outcome {
    p.client.pset_ex::<_, _, ()>("gone", 1, 40)?;
    p.client.sadd::<_, _, ()>("gone-set", 1)?;
    p.client.pexpire::<_, ()>("gone-set", 40)?;
    eventually("the string is gone", || {
        Ok(p.client.get::<_, Option<i64>>("gone")?.is_none())
    })?;
    eventually("the set is gone", || {
        Ok(!p.away.exists::<_, bool>("gone-set")?)
    })?;
    equal(p.away.get::<_, Option<i64>>("gone")?, None)?;
    equal(p.client.ttl::<_, i64>("gone")?, -2)
}

fn sets(p: &mut Place) -> Outcome {
    let a = "set";
    let c = &mut p.client;
    equal(c.sadd::<_, _, i64>(a, &["1", "2", "3"])?, 3)?;
    equal(c.sadd::<_, _, i64>(a, &["3", "4", ""])?, 2)?;
    equal(c.sadd::<_, _, i64>("set-bytes", any_bytes())?, 1)?;
    equal(
        c.smembers::<_, Vec<Vec<u8>>>("set-bytes")?,
        vec![any_bytes()],
    )?;
    equal(c.srem::<_, _, i64>(a, &["", "none"])?, 1)?;
    equal(c.scard::<_, i64>(a)?, 4)?;
    equal(
        c.smembers::<_, BTreeSet<String>>(a)?,
        set(["1", "2", "3", "4"]),
    )?;
    equal(
        p.away.smembers::<_, BTreeSet<String>>(a)?,
        set(["1", "2", "3", "4"]),
    )?;
    equal(
        c.smembers::<_, BTreeSet<String>>("set-none")?,
        BTreeSet::new(),
    )?;
    equal(
        [c.sismember::<_, _, bool>(a, 1)?, c.sismember(a, 9)?],
        [true, false],
    )?;
    equal(
        c.smismember::<_, _, Vec<bool>>(a, &[1, 9, 2])?,
        vec![true, false, true],
    )?;
    equal(c.srem::<_, _, i64>(a, 1)?, 1)?;
    let rest = set(["2", "3", "4"]);
    holds(rest.contains(&c.srandmember::<_, String>(a)?), "a member")?;
    equal(c.srandmember_multiple::<_, Vec<String>>(a, 2)?.len(), 2)?;
    equal(c.srandmember_multiple::<_, Vec<String>>(a, -10)?.len(), 10)?;
    holds(rest.contains(&c.spop::<_, String>(a)?), "a member")?;
    equal(
        cmd("SPOP")
            .arg(a)
            .arg(5)
            .query::<BTreeSet<String>>(c)?
            .len(),
        2,
    )?;
    equal(c.exists::<_, bool>(a)?, false)
}

fn sscan(p: &mut Place) -> Outcome {
    let members: BTreeSet<String> = (0..1000).map(|n| format!("member:{n}")).collect();
    p.client.sadd::<_, _, ()>("sscan", &members)?;
    let found: RedisResult<BTreeSet<String>> = p.client.sscan("sscan")?.collect();
    equal(found?, members.clone())?;
    let found: RedisResult<BTreeSet<String>> =
        p.client.sscan_match("sscan", "member:1*")?.collect();
    let some = members
        .into_iter()
        .filter(|member| member.starts_with("member:1"));
    equal(found?, some.collect())?;
    let found: RedisResult<BTreeSet<String>> = p.client.sscan("sscan-none")?.collect();
    equal(found?, BTreeSet::new())
}

fn scan(p: &mut Place) -> Outcome {
    p.client.flushall::<()>()?;
    let keys: BTreeSet<String> = (0..1000).map(|n| format!("scan:{n}")).collect();
    let pairs: Vec<_> = keys.iter().map(|key| (key, key)).collect();
    p.client.mset::<_, _, ()>(&pairs)?;
    p.client.set::<_, _, ()>("other", 1)?;
    let found: RedisResult<BTreeSet<String>> = p.client.scan()?.collect();
    equal(found?.len(), 1001)?;
    let options = ScanOptions::default()
        .with_pattern("scan:*")
        .with_count(100);
    let found: RedisResult<BTreeSet<String>> = p.client.scan_options(options)?.collect();
    equal(found?, keys.clone())?;
    let found: RedisResult<BTreeSet<String>> = p.away.scan_match("scan:99*")?.collect();
    equal(
        found?,
        keys.into_iter()
            .filter(|key| key.starts_with("scan:99"))
            .collect(),
    )
}

fn errors(p: &mut Place) -> Outcome {
    let c = &mut p.client;
    c.sadd::<_, _, ()>("error-set", 1)?;
    c.set::<_, _, ()>("error-string", "x")?;
    let wrong_type = "Operation against a key holding the wrong kind of value";
    let came = c.get::<_, Option<String>>("error-set");
    equal(
        came.as_ref().err().and_then(|error| error.code()),
        Some("WRONGTYPE"),
    )?;
    fails(ErrorKind::Extension, wrong_type, came)?;
    fails(
        ErrorKind::Extension,
        wrong_type,
        c.sadd::<_, _, i64>("error-string", 1),
    )?;
    let number = "value is not an integer or out of range";
    fails(RESPONSE, number, c.incr::<_, _, i64>("error-string", 1))?;
    fails(
        RESPONSE,
        "unknown command 'NONSENSE'",
        cmd("NONSENSE").query::<()>(c),
    )?;
    let arity = "wrong number of arguments for 'get' command";
    fails(RESPONSE, arity, cmd("GET").query::<()>(c))?;
    fails(
        RESPONSE,
        "syntax error",
        cmd("SET").arg("a").arg("b").arg("c").query::<()>(c),
    )
}

fn crossing(p: &mut Place) -> Outcome {
    let ([a, b], _) = p.apart("crossing-command")?;
    p.client.set::<_, _, ()>(&a, 1)?;
    let kind = ErrorKind::Server(ServerErrorKind::CrossSlot);
    fails(kind, "", p.client.mset_nx::<_, _, ()>(&[(&a, 1), (&b, 2)]))?;
    fails(kind, "", p.client.rename::<_, _, ()>(&a, &b))?;
    equal(
        p.client.mget::<_, [Option<i64>; 2]>(&[&a, &b])?,
        [Some(1), None],
    )
}
