//! Requests of all kinds, and how their replies are compared.

use std::fmt;

use rand::RngExt as _;
use rand::rngs::StdRng;

use crate::lab;

/// How two replies to a request have to agree.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Comparison {
    Equal,
    /// The same members, in any order.
    Members,
    /// The same number, but for what a long double cannot hold.
    Number,
    /// Both something, or both nothing.
    Kind,
    /// A time that is nearly the same: the two were set, and are asked, one after the other.
    Time,
    /// What an iteration has found, in any order; its cursor is 0.
    Scan,
}

/// A request.
pub(crate) struct Request {
    pub(crate) words: Vec<Vec<u8>>,
    pub(crate) comparison: Comparison,
}

/// The forms of requests. `k` stands for a key, `s` for one of the same owner as the other `s` of the request,
/// `v` for a value, `n` for a whole number, `o` for a place in a value, `f` for a number with a fraction, `m` for
/// a member of a set, `sec` and `ms` for a time from now on, `at` and `atms` for one since 1970, `later` and
/// `laterms` for one that has not passed, and `cond` for a condition of `EXPIRE`.
const FORMS: &str = "\
GET k|SET k v|SET k v|SET k n|SET k f|SET k v NX|SET k v XX|SET k v GET|SET k v nx get|SET k v XX GET|
SET k v NX XX|SET k v GET GET|SET k v XX XX|SET k v nonsense|SET k v EX|SET k|GETSET k v|GETDEL k|SETNX k v|
APPEND k v|APPEND k|STRLEN k|STRLEN|GETRANGE k n n|GETRANGE k o o|GETRANGE k o|SUBSTR k o o|SETRANGE k o v|
SETRANGE k n|INCR k|INCR k|DECR k|INCRBY k n|DECRBY k n|INCRBY k|INCRBYFLOAT k f|INCRBYFLOAT k n|INCRBYFLOAT k v|
MGET k k k|MSET k v k v|MSET k v k|MSETNX s v s v|MSETNX s v s|DEL k k|DEL k|UNLINK k|UNLINK k k|EXISTS k k k|
TOUCH k k|TYPE k|RENAME s s|RENAMENX s s|RENAME s|COPY s s|COPY s s REPLACE|COPY s s DB 0|COPY s s db 0 replace|
COPY s s nonsense|COPY s s DB|COPY s s DB 99|COPY s s DB x|KEYS *|KEYS k*1*|DBSIZE|ECHO v|PING|PING v|SELECT 0|
SELECT x|RANDOMKEY|COMMAND GETKEYS GET k|COMMAND GETKEYS MSET k v k v|COMMAND GETKEYS PING|COMMAND GETKEYS PING a|COMMAND GETKEYS GET a b|

GETEX k|GETEX k EX sec|GETEX k PX ms|GETEX k PERSIST|GETEX k persist PERSIST|GETEX k EX|
GETEX k EX sec PX ms|GETEX k EX sec PERSIST|GETEX k nonsense|GETEX k EXAT at|GETEX k KEEPTTL|
SETEX k sec v|PSETEX k ms v|SETEX k v|SETEX k v v|SET k v EX sec|SET k v PX ms|SET k v EXAT later|
SET k v PXAT laterms|SET k v KEEPTTL|SET k v EX sec KEEPTTL|SET k v KEEPTTL PX ms|SET k v EX sec PX ms|
SET k v EX sec NX|SET k v XX KEEPTTL GET|SET k v GET EX sec|SET k v EX sec EX sec|SET k v PERSIST|
SET k v PX|EXPIRE k sec|PEXPIRE k ms|EXPIREAT k at|PEXPIREAT k atms|EXPIRE k sec cond|
EXPIRE k sec cond cond|EXPIRE k sec NX GT|EXPIRE k sec GT LT|EXPIRE k sec nonsense|EXPIRE k|
PEXPIRE k ms cond|EXPIREAT k at cond|PEXPIREAT k atms cond|EXPIREAT k n|TTL k|
PTTL k|EXPIRETIME k|PEXPIRETIME k|TTL k k|TTL|PERSIST k|PERSIST k|PERSIST k k|SADD k m|SADD k m m|
SADD k m m m|SADD k m m m m|SADD k|SREM k m|SREM k m m|SREM k m m m m|SREM k|SMEMBERS k|SISMEMBER k m|
SISMEMBER k|SMISMEMBER k m m m|SMISMEMBER k|SCARD k|SCARD k k|SPOP k|SPOP k 0|SPOP k 100|SPOP k -1|
SPOP k x|SPOP k 1 2|SRANDMEMBER k|SRANDMEMBER k 2|SRANDMEMBER k 100|SRANDMEMBER k -3|SRANDMEMBER k 0|
SRANDMEMBER k n|SRANDMEMBER k 1 2|SSCAN k 0|SSCAN k 0 COUNT 100|SSCAN k 0 MATCH m*|SSCAN k x|
SSCAN k 0 COUNT 0|SSCAN k 0 COUNT x|SSCAN k 0 TYPE set|SSCAN k 0 nonsense|SSCAN k|SSCAN k 0 MATCH|SET k v|
SADD k m m m|EXPIRE k sec|PEXPIRE k ms|
COMMAND GETKEYS nonsense k|COMMAND GETKEYS GET|COMMAND GETKEYS COPY k k|COMMAND GETKEYS DEL k k|TIME|TIME a|AUTH v|AUTH v v|AUTH default v|AUTH a b c|AUTH";

/// What is rarely asked, since little is left after it.
const RARE_FORMS: [&str; 2] = ["FLUSHALL", "FLUSHDB ASYNC"];
const RARELY: u32 = 400;

const KEYS_EACH: usize = 6;
const VALUES: [&[u8]; 12] = [
    b"",
    b"a",
    b"two words",
    b"\x00\xff\r\n",
    b"0",
    b"-0",
    b"01",
    b" 1",
    b"+1",
    b"1e2",
    b"9223372036854775807",
    b"a value of more than twenty-three bytes, which is stored in another way",
];
const NUMBERS: [&str; 10] = [
    "0",
    "1",
    "-1",
    "12",
    "-345",
    "9223372036854775807",
    "-9223372036854775808",
    "9223372036854775808",
    "x",
    "1.5",
];
const PLACES: [&str; 9] = [
    "0",
    "1",
    "3",
    "40",
    "-1",
    "-2",
    "-40",
    "x",
    "-9223372036854775808",
];
const FRACTIONS: [&str; 12] = [
    "0.1", "0.2", "-0.3", "3", "1e3", "-2.5e-3", "5.", ".5", "inf", "nan", "1e", "0x",
];

const MEMBERS: [&[u8]; 8] = [b"", b"m1", b"m2", b"m3", b"n", b"7", b"-12", b"\xff\x00"];
/// Far enough from now that nothing is gone while the test runs, or already past.
const SECONDS: [&str; 8] = [
    "1000",
    "2000",
    "100000",
    "0",
    "-1",
    "x",
    "9223372036854775807",
    "1e3",
];
const UNIX_SECONDS: [&str; 6] = ["4000000000", "5000000000", "1", "0", "-5", "x"];
const CONDITIONS: [&str; 6] = ["NX", "XX", "GT", "LT", "nx", "gt"];

/// A number of seconds as milliseconds, and a few more.
fn milliseconds(seconds: &str, more: i64) -> String {
    let ms = seconds
        .parse::<i64>()
        .map(|seconds| seconds.saturating_mul(1000));
    ms.map_or(seconds.to_owned(), |ms| ms.saturating_add(more).to_string())
}

/// What requests are made of.
pub(crate) struct Vocabulary {
    /// The keys of each node.
    keys: Vec<Vec<String>>,
    forms: Vec<&'static str>,
}

impl Vocabulary {
    pub(crate) fn new() -> Self {
        let keys = lab::NAMES.map(|owner| {
            let key = |number| lab::key_of(owner, "k", number);
            (0..KEYS_EACH).map(key).collect()
        });
        Self {
            keys: keys.to_vec(),
            forms: FORMS.split('|').map(str::trim).collect(),
        }
    }

    pub(crate) fn request(&self, choice: &mut StdRng) -> Request {
        let form = if choice.random_ratio(1, RARELY) {
            one_of(&RARE_FORMS, choice)
        } else {
            one_of(&self.forms, choice)
        };
        let same_owner: &Vec<String> = one_of(&self.keys, choice);
        let words = form.split(' ').map(|word| match word {
            "k" => {
                let owner: &Vec<String> = one_of(&self.keys, choice);
                one_of(owner, choice).clone().into_bytes()
            }
            "s" => one_of(same_owner, choice).clone().into_bytes(),
            "v" => one_of(&VALUES, choice).to_vec(),
            "n" => one_of(&NUMBERS, choice).as_bytes().to_vec(),
            "o" => one_of(&PLACES, choice).as_bytes().to_vec(),
            "m" => one_of(&MEMBERS, choice).to_vec(),
            "sec" => one_of(&SECONDS, choice).as_bytes().to_vec(),
            "ms" => milliseconds(one_of::<&str>(&SECONDS, choice), 0).into_bytes(),
            "at" => one_of(&UNIX_SECONDS, choice).as_bytes().to_vec(),
            "atms" => milliseconds(one_of::<&str>(&UNIX_SECONDS, choice), 7).into_bytes(),
            // What is set to be gone already is counted until it is collected, by Redis as by us.
            "later" => one_of(&UNIX_SECONDS[..2], choice).as_bytes().to_vec(),
            "laterms" => milliseconds(one_of::<&str>(&UNIX_SECONDS[..2], choice), 7).into_bytes(),
            "cond" => one_of(&CONDITIONS, choice).as_bytes().to_vec(),
            "f" => one_of(&FRACTIONS, choice).as_bytes().to_vec(),
            word => word.as_bytes().to_vec(),
        });
        let words: Vec<_> = words.collect();
        let comparison = match &*words[0] {
            b"INCRBYFLOAT" => Comparison::Number,
            b"RANDOMKEY" | b"TIME" | b"SRANDMEMBER" => Comparison::Kind,
            // Of all members, or none.
            b"SPOP" if words.len() == 2 => Comparison::Kind,
            b"KEYS" | b"SMEMBERS" | b"SPOP" => Comparison::Members,
            b"TTL" | b"PTTL" | b"EXPIRETIME" | b"PEXPIRETIME" => Comparison::Time,
            b"SSCAN" => Comparison::Scan,
            _ => Comparison::Equal,
        };
        Request { words, comparison }
    }
}

impl fmt::Display for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let words = self
            .words
            .iter()
            .map(|word| word.escape_ascii().to_string());
        f.write_str(&words.collect::<Vec<_>>().join(" "))
    }
}

fn one_of<'a, T>(all: &'a [T], choice: &mut StdRng) -> &'a T {
    &all[choice.random_range(0..all.len())]
}
