//! The settings, one row each, under the names that Redis has for them, so that tools which ask find
//! what they know.
//!
//! A setting is changed only to what has its effect from then on. Where Redis has a choice and a node has
//! none, the value that is in force is taken and any other refused, with the reason.

use tracing::level_filters::LevelFilter;

use super::super::keys::parse_number;
use super::super::{Error, Host, events};
use crate::limits::{LISTEN_BACKLOG, REQUEST_BULK_MAX_BYTES};
use crate::store::{Fsync, Store};

/// One setting.
pub(super) struct Setting {
    pub(super) name: &'static str,
    /// What is in force.
    pub(super) get: fn(&Store, &Host) -> String,
    pub(super) change: Change,
}

/// How a setting is changed.
pub(super) enum Change {
    /// Not while the node runs.
    Never,
    /// Not over the network.
    Protected,
    /// To what this understands; it may also refuse, and says why.
    To(Parse),
}

/// Understands a value, or says why not. Changes nothing yet.
pub(super) type Parse = fn(&Store, &Host, &str) -> Result<Apply, String>;

/// Has a value take effect.
pub(super) type Apply = Box<dyn FnOnce(&mut Store, &Host) -> Result<(), Error>>;

pub(super) const SETTINGS: &[Setting] = &[
    to("appendfsync", appendfsync, parse_appendfsync),
    to("appendonly", |_, _| "yes".to_owned(), parse_appendonly),
    to(
        "bind",
        |_, host| host.address.ip().to_string(),
        |store, host, value| {
            only(
                "bind",
                "--listen chooses it when the node starts",
                store,
                host,
                value,
            )
        },
    ),
    never("cluster-enabled", |_, _| "no".to_owned()),
    never("databases", |_, _| "1".to_owned()),
    protected("dbfilename", |_, host| format!("{}.json", host.name)),
    protected("dir", |_, host| host.folder.clone()),
    to("loglevel", |_, _| log_level().to_owned(), parse_loglevel),
    to(
        "maxclients",
        |_, host| host.connections_max.get().to_string(),
        parse_maxclients,
    ),
    to("maxmemory", |_, _| "0".to_owned(), parse_maxmemory),
    to(
        "maxmemory-policy",
        |_, _| NO_EVICTION.to_owned(),
        parse_maxmemory_policy,
    ),
    to(
        events::SETTING,
        |_, host| host.events.flags().to_string(),
        |_, _, value| {
            let letters = value.to_owned();
            events::check(&letters)?;
            Ok(Box::new(move |_, host| {
                host.events.set_flags(letters.as_bytes())
            }))
        },
    ),
    to(
        "port",
        |_, host| host.address.port().to_string(),
        parse_port,
    ),
    to(
        "proto-max-bulk-len",
        |_, _| REQUEST_BULK_MAX_BYTES.to_string(),
        |store, host, value| {
            let why = "--max-value bounds what is stored, when the node starts";
            only("proto-max-bulk-len", why, store, host, value)
        },
    ),
    to(
        "requirepass",
        |_, _| String::new(),
        |store, host, value| only("requirepass", "nodes have no passwords", store, host, value),
    ),
    to("save", |_, _| String::new(), parse_save),
    never("tcp-backlog", |_, _| LISTEN_BACKLOG.to_string()),
    to(
        "timeout",
        |_, host| host.idle_max_seconds.get().to_string(),
        parse_timeout,
    ),
    never("triad-max-value", |_, host| {
        host.value_max_bytes.to_string()
    }),
    never("triad-name", |_, host| host.name.clone()),
];

const fn to(name: &'static str, get: fn(&Store, &Host) -> String, parse: Parse) -> Setting {
    let change = Change::To(parse);
    Setting { name, get, change }
}

const fn never(name: &'static str, get: fn(&Store, &Host) -> String) -> Setting {
    let change = Change::Never;
    Setting { name, get, change }
}

const fn protected(name: &'static str, get: fn(&Store, &Host) -> String) -> Setting {
    let change = Change::Protected;
    Setting { name, get, change }
}

impl Setting {
    /// What changes it to `value`. Nothing has changed yet.
    pub(super) fn parse(&self, store: &Store, host: &Host, value: &[u8]) -> Result<Apply, String> {
        match self.change {
            // No value that is taken has other bytes.
            Change::To(parse) => parse(store, host, &String::from_utf8_lossy(value)),
            Change::Never | Change::Protected => Err("can't set immutable config".to_owned()),
        }
    }
}

/// The value is in force already.
fn keep() -> Apply {
    Box::new(|_, _| Ok(()))
}

/// Takes only the value that is in force.
fn only(name: &str, why: &str, store: &Store, host: &Host, value: &str) -> Result<Apply, String> {
    let mut settings = SETTINGS.iter();
    let setting = settings.find(|setting| setting.name == name);
    match setting {
        Some(setting) if (setting.get)(store, host) == value => Ok(keep()),
        _ => Err(why.to_owned()),
    }
}

/// The place of `value` in a list of words, of which the case does not matter.
fn one_of(words: &[&str], value: &str) -> Result<usize, String> {
    let is = |word: &&str| word.eq_ignore_ascii_case(value);
    words.iter().position(is).ok_or_else(|| {
        let words = words.join(", ");
        format!("argument(s) must be one of the following: {words}")
    })
}

fn number_in(value: &str, least: i64, most: i64) -> Result<i64, String> {
    let number = parse_number::<i64>(value.as_bytes())
        .map_err(|_| "argument couldn't be parsed into an integer".to_owned())?;
    if (least..=most).contains(&number) {
        return Ok(number);
    }
    Err(format!(
        "argument must be between {least} and {most} inclusive"
    ))
}

const FSYNC_WORDS: [(&str, Fsync); 3] = [
    ("everysec", Fsync::EverySec),
    ("always", Fsync::Always),
    ("no", Fsync::Never),
];

fn appendfsync(store: &Store, _: &Host) -> String {
    let mut words = FSYNC_WORDS.iter();
    let word = words.find(|(_, fsync)| *fsync == store.fsync());
    word.map_or_else(String::new, |(word, _)| (*word).to_owned())
}

fn parse_appendfsync(_: &Store, _: &Host, value: &str) -> Result<Apply, String> {
    let place = one_of(&FSYNC_WORDS.map(|(word, _)| word), value)?;
    let fsync = FSYNC_WORDS
        .get(place)
        .map_or(Fsync::Always, |(_, fsync)| *fsync);
    Ok(Box::new(move |store, _| Ok(store.set_fsync(fsync)?)))
}

fn parse_appendonly(_: &Store, _: &Host, value: &str) -> Result<Apply, String> {
    match value.to_ascii_lowercase().as_str() {
        "yes" => Ok(keep()),
        "no" => Err("every write goes to the journal, which cannot be left out".to_owned()),
        _ => Err("argument must be 'yes' or 'no'".to_owned()),
    }
}

fn parse_maxclients(_: &Store, host: &Host, value: &str) -> Result<Apply, String> {
    let wanted = number_in(value, 1, i64::from(u32::MAX))?;
    match usize::try_from(wanted) {
        Ok(wanted) if wanted <= host.connections_possible => Ok(Box::new(move |_, host| {
            host.connections_max.set(wanted);
            Ok(())
        })),
        _ => Err(format!(
            "The operating system is not able to handle the specified number of clients, try with {}",
            host.connections_possible
        )),
    }
}

fn parse_timeout(_: &Store, _: &Host, value: &str) -> Result<Apply, String> {
    let seconds = number_in(value, 0, i64::from(i32::MAX))?;
    Ok(Box::new(move |_, host| {
        host.idle_max_seconds.set(seconds.unsigned_abs());
        Ok(())
    }))
}

fn parse_port(_: &Store, host: &Host, value: &str) -> Result<Apply, String> {
    if number_in(value, 0, i64::from(u16::MAX))? == i64::from(host.address.port()) {
        return Ok(keep());
    }
    Err("--listen chooses it when the node starts".to_owned())
}

/// A number with Redis's units of memory behind it, of which here only 0 is taken.
fn parse_maxmemory(_: &Store, _: &Host, value: &str) -> Result<Apply, String> {
    let lower = value.to_ascii_lowercase();
    let digits = lower.trim_end_matches(|letter: char| letter.is_ascii_alphabetic());
    let unit = lower.get(digits.len()..).unwrap_or_default();
    let units = ["", "b", "k", "kb", "m", "mb", "g", "gb"];
    match digits.parse::<u64>() {
        Ok(0) if units.contains(&unit) => Ok(keep()),
        Ok(_) if units.contains(&unit) => Err("no key is ever evicted; only 0 is taken".to_owned()),
        _ => Err("argument must be a memory value".to_owned()),
    }
}

const NO_EVICTION: &str = "noeviction";

fn parse_maxmemory_policy(_: &Store, _: &Host, value: &str) -> Result<Apply, String> {
    let words = [
        "volatile-lru",
        "volatile-lfu",
        "volatile-random",
        "volatile-ttl",
        "allkeys-lru",
        "allkeys-lfu",
        "allkeys-random",
        NO_EVICTION,
    ];
    if one_of(&words, value)? + 1 == words.len() {
        return Ok(keep());
    }
    Err("no key is ever evicted".to_owned())
}

/// Pairs of seconds and changes with Redis. A node decides itself when it writes its file.
fn parse_save(_: &Store, _: &Host, value: &str) -> Result<Apply, String> {
    if value.is_empty() {
        return Ok(keep());
    }
    let words: Vec<&str> = value.split(' ').collect();
    let are_numbers = words.iter().all(|word| word.parse::<u32>().is_ok());
    Err(if are_numbers && words.len().is_multiple_of(2) {
        "a node decides itself when it writes its file; the journal has every change".to_owned()
    } else {
        "Invalid save parameters".to_owned()
    })
}

/// What Redis calls the levels of the log.
const LOG_LEVELS: [(&str, LevelFilter); 4] = [
    ("debug", LevelFilter::TRACE),
    ("verbose", LevelFilter::DEBUG),
    ("notice", LevelFilter::INFO),
    ("warning", LevelFilter::WARN),
];

/// Redis has no word for less than warnings.
fn log_level() -> &'static str {
    let current = LevelFilter::current();
    let mut levels = LOG_LEVELS.iter();
    let level = levels.find(|(_, level)| *level <= current);
    level.map_or("warning", |(word, _)| word)
}

fn parse_loglevel(_: &Store, host: &Host, value: &str) -> Result<Apply, String> {
    let place = one_of(&LOG_LEVELS.map(|(word, _)| word), value)?;
    let (Some((_, level)), Some(log)) = (LOG_LEVELS.get(place), host.log_level.clone()) else {
        return Err("the program in which this node runs decides what is logged".to_owned());
    };
    let level = *level;
    Ok(Box::new(move |_, _| {
        (log.0)(level);
        Ok(())
    }))
}
