//! The two files as text, version 2: one grammar of JSON for both, which any JSON tool reads.
//!
//! A journal segment has one object a line: first a header, then records with contiguous `seq`,
//! over all segments and restarts.
//!
//! ```text
//! {"triad":"journal","version":2,"node":"linux","node_id":"6f…","incarnation":3,"segment":4,"seq":17,"crc":"9a3c21f0"}
//! {"seq":18,"op":"start","incarnation":4,"synced":17,"crc":"…"}
//! {"seq":19,"op":"set","key":"name","value":"Ada","synced":18,"crc":"…"}
//! {"seq":20,"op":"set","key":"session","value":"7","expires_unix_ms":1900000000000,"crc":"…"}
//! {"seq":21,"op":"persist","key":"session","crc":"…"}
//! {"seq":22,"op":"sadd","key":"tags","items":["red","blue"],"crc":"…"}
//! {"seq":23,"op":"del","key_base64":"/w==","crc":"…"}
//! {"seq":24,"op":"group","count":2,"crc":"…"}
//! {"seq":25,"op":"set","key":"from","value":"90","crc":"…"}
//! {"seq":26,"op":"set","key":"to","value":"10","crc":"…"}
//! {"seq":27,"op":"clear","crc":"…"}
//! ```
//!
//! The snapshot is one object:
//!
//! ```text
//! {"triad":"snapshot","version":2,"node":"linux","node_id":"6f…","incarnation":3,"seq":17,"replay_from":4,"checksums":true,
//! "entries":[
//! {"key":"name","value":"Ada","crc":"…"},
//! {"key":"session","value":"7","expires_unix_ms":1900000000000,"crc":"…"},
//! {"key":"tags","type":"set","items":["blue","red"],"crc":"…"}
//! ],
//! "count":3,"synced":27,"crc":"…"}
//! ```
//!
//! | field | in | is |
//! |---|---|---|
//! | `triad`, `version` | headers | `journal` or `snapshot`; 2 |
//! | `node`, `node_id` | headers | whose file it is: name, and 32 hexadecimal digits made at random once |
//! | `incarnation` | headers, `start` | how often this node has started |
//! | `segment` | journal header | the number in the file's name |
//! | `seq` | record | its number |
//! | `seq` | journal header | the number of the last record before this segment; all up to it was synced first |
//! | `seq`, `replay_from` | snapshot header | the last record before the segment that replay begins with; that segment |
//! | `synced` | record | the highest number that an fsync had covered when this was written |
//! | `synced` | snapshot | the same, when the snapshot was finished; no entry has a later effect in it |
//! | `op` | record | what happens: see below |
//! | `key`, `value` | record, entry | text; `key_base64`, `value_base64` where the bytes are not UTF-8, or where that is shorter |
//! | `type`, `items` | entry | a collection in place of a `value`: its type, such as `set`, and its items |
//! | `items` | record, entry | a list of texts; `items_base64` where one of them is not UTF-8, or shorter so |
//! | `part` | entry | 2, 3, …: the items belong to those of the key's entry before this one |
//! | `expires_unix_ms` | record, entry | when the key is gone, in milliseconds since 1970; a key without it stays |
//! | `checksums` | snapshot header | whether every entry, and the whole, must carry a `crc` |
//! | `count` | snapshot, `group` | how many entries there are; how many records |
//! | `crc` | all | the checksum, 8 hexadecimal digits: see [`checksum`] |
//!
//! | `op` | does |
//! |---|---|
//! | `set` | the key has this string, and the deadline that stands here or none |
//! | `del` | the key is absent |
//! | `expire`, `persist` | the key, if there is one, has this deadline, or none |
//! | `sadd`, `srem` | these items are members of the key's set, or not |
//! | `clear` | everything is absent |
//! | `group` | the next `count` records all count, or none of them |
//! | `start` | a process began; no change |
//!
//! The order of fields and the white space of the snapshot mean nothing; a record stands on one
//! line. Fields that are not listed are refused, because a reader that skips what it does not know
//! would lose it at the next checkpoint. New ops can come within version 2; a reader refuses a file
//! with an op that it does not know. A snapshot written by hand is `{"entries":[…]}` and no more.
//!
//! Version 1 had no deadlines, no collections and no groups. Files of it are read as they are, and
//! nothing is added to them: a journal goes on in a new segment.

use std::fmt;
use std::marker::PhantomData;

use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};

pub(super) mod bytes;
pub mod checksum;
#[cfg(test)]
mod definition;
pub(super) mod entry;
mod escape;
pub(super) mod header;
pub(super) mod items;
pub(super) mod quick;
pub(super) mod record;
pub(super) mod snapshot;

/// The version that is written. It and all older ones are read.
pub(super) const VERSION: u64 = 2;

/// An object of a file. What `serde` derives would take a list of the values alone as well.
pub(super) struct Object<T>(pub(super) T);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Object<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct OnlyObject<T>(PhantomData<T>);

        impl<'de, T: Deserialize<'de>> Visitor<'de> for OnlyObject<T> {
            type Value = Object<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Object<T>, A::Error> {
                T::deserialize(MapAccessDeserializer::new(map)).map(Object)
            }
        }

        deserializer.deserialize_map(OnlyObject(PhantomData))
    }
}

/// A number in a file. Many JSON tools keep numbers in a `double`, so one that such a tool would change
/// is never written, and is refused.
#[derive(Clone, Copy, serde::Deserialize)]
#[serde(try_from = "u64")]
pub(super) struct Number(pub(super) u64);

/// The largest number that a `double` has all smaller ones of.
pub(super) const NUMBER_MAX: u64 = 1 << 53;

impl TryFrom<u64> for Number {
    type Error = &'static str;

    fn try_from(number: u64) -> Result<Self, &'static str> {
        if number > NUMBER_MAX {
            Err("a number over 2^53")
        } else {
            Ok(Self(number))
        }
    }
}

/// What is wrong with a piece of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Flaw {
    /// It is not what it has to be: no JSON, a field too many, a field too few.
    Malformed(String),
    /// It is well-formed, but its checksum is wrong or missing: damage, or an edit by hand.
    Checksum(String),
    /// It is whole, and from a newer program.
    Newer(String),
    /// It is whole, and belongs elsewhere.
    Foreign(String),
}

impl Flaw {
    pub(super) fn malformed(text: impl Into<String>) -> Self {
        Self::Malformed(text.into())
    }

    /// The flaw as the end of a sentence.
    pub(super) fn text(&self) -> &str {
        match self {
            Self::Malformed(text)
            | Self::Checksum(text)
            | Self::Newer(text)
            | Self::Foreign(text) => text,
        }
    }
}

/// What a parser has to say of a line, without a line number, which would always be 1.
fn malformed_line(expected: &str, error: &serde_json::Error) -> Flaw {
    let (text, column) = (error.to_string(), error.column());
    let position = format!(" at line {} column {column}", error.line());
    let text = text.strip_suffix(&position).unwrap_or(&text);
    Flaw::Malformed(format!(
        "is not {expected}: {text} (column {column} of the line)"
    ))
}
