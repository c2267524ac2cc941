//! Connections, and what a server tells about itself.

use std::collections::{BTreeMap, HashMap};
use std::time::{SystemTime, UNIX_EPOCH};

use redis::{Client, Commands, ErrorKind, InfoDict, RedisResult, ServerErrorKind, Value, cmd};

use crate::checks::{Check, Outcome, check, equal, eventually, fails, holds};
use crate::place::Place;

pub const CHECKS: &[Check] = &[
    check("the handshake", handshake),
    check("a password where none is set is refused", password),
    check("INFO", info),
    check("CLIENT", client),
    check("a connection that is closed by the server", closed),
    check("CONFIG", config),
    check("COMMAND", command),
    check("the server's time and its saving", saving),
];

fn handshake(p: &mut Place) -> Outcome {
    equal(p.client.ping::<String>()?, "PONG".into())?;
    equal(
        cmd("ECHO").arg("hello").query::<String>(&mut p.client)?,
        "hello".into(),
    )?;
    let greeting: HashMap<String, Value> = cmd("HELLO").arg(p.protocol).query(&mut p.client)?;
    equal(greeting.get("proto"), Some(&Value::Int(p.protocol.into())))?;
    equal(
        greeting.get("role"),
        Some(&Value::BulkString(b"master".to_vec())),
    )
}

fn password(p: &mut Place) -> Outcome {
    let client = Client::open(format!("redis://:secret@127.0.0.1:{}", p.entry))?;
    let connected = client.get_connection().map(|_| ());
    fails(ErrorKind::AuthenticationFailed, "", connected)
}

fn info(p: &mut Place) -> Outcome {
    let about: InfoDict = cmd("INFO").query(&mut p.client)?;
    let version: String = about.get("redis_version").unwrap_or_default();
    holds(
        version.starts_with("7.0."),
        &format!("the version of Redis, not {version}"),
    )?;
    equal(about.get("redis_mode"), Some("standalone".to_owned()))?;
    equal(about.get("tcp_port"), Some(p.entry))?;
    for field in [
        "connected_clients",
        "used_memory",
        "total_commands_processed",
    ] {
        holds(
            about.get::<u64>(field).is_some(),
            &format!("a number as {field}"),
        )?;
    }
    let section: InfoDict = cmd("INFO").arg("server").query(&mut p.client)?;
    holds(
        section.get::<u64>("used_memory").is_none(),
        "one section only",
    )
}

fn client(p: &mut Place) -> Outcome {
    let mut own = p.connect()?;
    let id: i64 = own.client_id()?;
    own.client_setname::<_, ()>("checks")?;
    equal(own.client_getname::<String>()?, "checks".into())?;
    let rows: String = cmd("CLIENT")
        .arg("LIST")
        .arg("ID")
        .arg(id)
        .query(&mut p.client)?;
    equal(rows.lines().count(), 1)?;
    holds(
        rows.starts_with(&format!("id={id} ")),
        &format!("this connection, not {rows}"),
    )?;
    for part in [" name=checks ", " user=default ", " db=0 "] {
        holds(rows.contains(part), &format!("{part} in {rows}"))?;
    }
    let killed = cmd("CLIENT")
        .arg("KILL")
        .arg("ID")
        .arg(1_u64 << 50)
        .query::<i64>(&mut p.client);
    equal(killed?, 0)
}

fn closed(p: &mut Place) -> Outcome {
    let mut own = p.connect()?;
    let id: i64 = own.client_id()?;
    equal(
        cmd("CLIENT")
            .arg("KILL")
            .arg("ID")
            .arg(id)
            .query::<i64>(&mut p.client)?,
        1,
    )?;
    let lost: RedisResult<String> = own.get("a");
    holds(
        lost.is_err_and(|error| error.is_connection_dropped()),
        "a dropped connection",
    )?;
    eventually("it is gone", || {
        let rows: String = cmd("CLIENT").arg("LIST").query(&mut p.client)?;
        Ok(!rows.contains(&format!("id={id} ")))
    })?;
    equal(p.connect()?.ping::<String>()?, "PONG".into())
}

fn config(p: &mut Place) -> Outcome {
    let mut get = |patterns: &[&str]| -> RedisResult<BTreeMap<String, String>> {
        cmd("CONFIG").arg("GET").arg(patterns).query(&mut p.client)
    };
    equal(
        get(&["maxmemory"])?,
        [("maxmemory".into(), "0".into())].into(),
    )?;
    let some: Vec<_> = get(&["maxclients", "time*"])?.into_keys().collect();
    equal(some, ["maxclients", "timeout"].map(String::from).to_vec())?;
    equal(get(&["nonsense"])?, BTreeMap::new())?;
    let before = get(&["timeout"])?;
    let mut set = |name: &str, value: &str| -> RedisResult<String> {
        cmd("CONFIG")
            .arg("SET")
            .arg(name)
            .arg(value)
            .query(&mut p.client)
    };
    equal(set("timeout", "300")?, "OK".into())?;
    equal(set("timeout", &before["timeout"])?, "OK".into())?;
    let unknown = "Unknown option or number of arguments for CONFIG SET - 'nonsense'";
    fails(
        ServerErrorKind::ResponseError.into(),
        unknown,
        set("nonsense", "1"),
    )?;
    equal(
        cmd("CONFIG")
            .arg("RESETSTAT")
            .query::<String>(&mut p.client)?,
        "OK".into(),
    )
}

fn command(p: &mut Place) -> Outcome {
    let all: Vec<Value> = cmd("COMMAND").query(&mut p.client)?;
    let count: usize = cmd("COMMAND").arg("COUNT").query(&mut p.client)?;
    equal(count, all.len())?;
    let list: Vec<String> = cmd("COMMAND").arg("LIST").query(&mut p.client)?;
    holds(list.iter().any(|name| name == "get"), "GET among all")?;
    let request = ["MSET", "a", "1", "b", "2"];
    let keys: Vec<String> = cmd("COMMAND")
        .arg("GETKEYS")
        .arg(&request)
        .query(&mut p.client)?;
    equal(keys, vec!["a".into(), "b".into()])
}

fn saving(p: &mut Place) -> Outcome {
    let now = SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs();
    let (seconds, micros): (u64, u64) = cmd("TIME").query(&mut p.client)?;
    holds(
        seconds.abs_diff(now) < 10 && micros < 1_000_000,
        "the time of this machine",
    )?;
    equal(cmd("SAVE").query::<String>(&mut p.client)?, "OK".into())?;
    let saved: u64 = cmd("LASTSAVE").query(&mut p.client)?;
    holds(saved.abs_diff(now) < 60, "a moment ago")
}
