//! What a server sends unasked: messages and keyspace notifications.

use std::collections::BTreeSet;
use std::time::Duration;

use redis::{Commands, Msg, PubSub, RedisResult, SetExpiry, SetOptions, cmd};

use crate::checks::{Check, Outcome, check, equal, eventually};
use crate::place::{Place, any_bytes};

pub const CHECKS: &[Check] = &[
    check("messages, published through another node", messages),
    check(
        "keyspace notifications of writes through another node",
        notifications,
    ),
];

/// How long one look for a message takes, where none may come.
const LOOK: Duration = Duration::from_millis(100);

fn parts(message: &Msg) -> RedisResult<(Option<String>, String, Vec<u8>)> {
    Ok((
        message.get_pattern()?,
        message.get_channel_name().to_owned(),
        message.get_payload()?,
    ))
}

fn messages(p: &mut Place) -> Outcome {
    let mut own = p.connect()?;
    let mut subscriber = own.as_pubsub();
    subscriber.subscribe(&["news", "other"])?;
    subscriber.psubscribe("ne?s*")?;
    let mut channels: Vec<String> = cmd("PUBSUB").arg("CHANNELS").query(&mut p.away)?;
    channels.sort();
    equal(channels, vec!["news".into(), "other".into()])?;
    let counts: (String, i64, String, i64) = cmd("PUBSUB")
        .arg("NUMSUB")
        .arg(&["news", "none"])
        .query(&mut p.away)?;
    equal(counts, ("news".into(), 1, "none".into(), 0))?;
    equal(cmd("PUBSUB").arg("NUMPAT").query::<i64>(&mut p.away)?, 1)?;
    equal(p.away.publish::<_, _, i64>("news", any_bytes())?, 2)?;
    equal(
        parts(&subscriber.get_message()?)?,
        (None, "news".into(), any_bytes()),
    )?;
    let matching = parts(&subscriber.get_message()?)?;
    equal(matching, (Some("ne?s*".into()), "news".into(), any_bytes()))?;
    for n in 0..100 {
        equal(p.away.publish::<_, _, i64>("other", n)?, 1)?;
    }
    for n in 0..100 {
        equal(subscriber.get_message()?.get_payload::<i64>()?, n)?;
    }
    subscriber.unsubscribe("news")?;
    equal(p.away.publish::<_, _, i64>("news", "x")?, 1)?;
    subscriber.punsubscribe("ne?s*")?;
    equal(p.away.publish::<_, _, i64>("news", "x")?, 0)?;
    drop(subscriber);
    // The connection goes on as one that has never subscribed.
    equal(own.ping::<String>()?, "PONG".into())?;
    equal(p.away.publish::<_, _, i64>("other", "x")?, 0)
}

fn notifications(p: &mut Place) -> Outcome {
    let mut own = p.connect()?;
    let mut set = |flags: &str| -> RedisResult<String> {
        cmd("CONFIG")
            .arg("SET")
            .arg("notify-keyspace-events")
            .arg(flags)
            .query(&mut p.client)
    };
    equal(set("KEA")?, "OK".into())?;
    let mut subscriber = own.as_pubsub();
    subscriber.psubscribe(&["__keyspace@0__:noted*", "__keyevent@0__:expired"])?;
    subscriber.set_read_timeout(Some(LOOK))?;
    let heard = hear(&mut subscriber, &mut p.away);
    set("")?;
    heard
}

/// The next message as its channel and its text, if one comes soon.
fn look(subscriber: &mut PubSub<'_>) -> RedisResult<Option<(String, String)>> {
    match subscriber.get_message() {
        Ok(message) => Ok(Some((
            message.get_channel_name().to_owned(),
            message.get_payload()?,
        ))),
        Err(error) if error.is_timeout() => Ok(None),
        Err(error) => Err(error),
    }
}

fn hear(subscriber: &mut PubSub<'_>, away: &mut redis::Connection) -> Outcome {
    // Other nodes are told of the interest, and may hear of it after the subscriber has its answer.
    let numbered = (0..8).map(|n| format!("noted:{n}"));
    for key in ["noted".to_owned(), "noted-set".to_owned()]
        .into_iter()
        .chain(numbered)
    {
        let wanted = (format!("__keyspace@0__:{key}"), "set".to_owned());
        eventually(&format!("{key} is heard of"), || {
            away.set::<_, _, ()>(&key, 1)?;
            Ok(look(subscriber)?.as_ref() == Some(&wanted))
        })?;
    }
    away.del::<_, ()>("noted-set")?;
    let briefly = SetOptions::default().with_expiration(SetExpiry::PX(30));
    away.set_options::<_, _, ()>("noted", 1, briefly)?;
    away.del::<_, ()>("noted:0")?;
    away.sadd::<_, _, ()>("noted-set", 1)?;
    away.expire::<_, ()>("noted-set", 100)?;
    let mut missing: BTreeSet<(String, String)> = [
        ("__keyspace@0__:noted", "set"),
        ("__keyspace@0__:noted", "expire"),
        ("__keyspace@0__:noted", "expired"),
        ("__keyevent@0__:expired", "noted"),
        ("__keyspace@0__:noted:0", "del"),
        ("__keyspace@0__:noted-set", "sadd"),
        ("__keyspace@0__:noted-set", "expire"),
    ]
    .map(|(channel, text)| (channel.into(), text.into()))
    .into();
    let came = eventually("all notifications came", || {
        away.get::<_, Option<i64>>("noted")?;
        if let Some(message) = look(subscriber)? {
            missing.remove(&message);
        }
        Ok(missing.is_empty())
    });
    came.map_err(|error| format!("{error}, without {missing:?}").into())
}
