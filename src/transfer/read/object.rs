//! One JSON object, whose names are the keys: `{"key": "value", "a set": ["one", "two"], …}`.
//!
//! A value may also be an object, with `value` or `value_base64`, or with `items` or `items_base64` of a set;
//! `expires_unix_ms`, and `key_base64`, which is the key in place of the name, for one that is not text.

use std::fmt;
use std::io::{BufReader, Read};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::de::{DeserializeSeed, Deserializer as _, Error, MapAccess, SeqAccess, Visitor};

use super::{End, Take, quote};
use crate::limits::{FILE_READ_CHUNK_BYTES, PART_BYTES};
use crate::store::{ItemsBuf, Kind, SnapshotEntry, SnapshotValue, Store};
use crate::transfer::source::{Allowance, Rationed};

/// Gives every entry to `take`.
pub(super) fn read(from: impl Read, take: &mut Take<'_>) -> Result<(), End> {
    let (from, allowance) = Rationed::new(from);
    let from = BufReader::with_capacity(FILE_READ_CHUNK_BYTES, from);
    let mut parser = serde_json::Deserializer::from_reader(from);
    let mut reading = Reading {
        take,
        allowance,
        is_unwanted: false,
    };
    let read = parser
        .deserialize_map(Entries(&mut reading))
        .and_then(|()| parser.end());
    match read {
        _ if reading.is_unwanted => Err(End::Unwanted),
        Ok(()) => Ok(()),
        Err(error) => {
            let (line, column) = (error.line(), error.column());
            let text = error.to_string();
            let place = format!(" at line {line} column {column}");
            let problem = text.strip_suffix(&place).unwrap_or(&text);
            Err(End::Fault(format!(
                "line {line}, column {column}: {problem}"
            )))
        }
    }
}

struct Reading<'r, 't> {
    take: &'r mut Take<'t>,
    allowance: Allowance,
    is_unwanted: bool,
}

impl Reading<'_, '_> {
    fn take<E: Error>(&mut self, entry: SnapshotEntry<'_>) -> Result<(), E> {
        self.allowance.renew();
        (self.take)(entry).map_err(|end| match end {
            End::Fault(fault) => E::custom(fault),
            End::Unwanted => {
                self.is_unwanted = true;
                E::custom("")
            }
        })
    }
}

/// The whole object.
struct Entries<'e, 'r, 't>(&'e mut Reading<'r, 't>);

impl<'de> Visitor<'de> for Entries<'_, '_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON object whose values are strings, such as {\"key\": \"value\"}")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(name) = map.next_key::<String>()? {
            let reading = &mut *self.0;
            map.next_value_seed(Value { name, reading })?;
        }
        Ok(())
    }
}

/// What stands behind a name.
struct Value<'v, 'r, 't> {
    name: String,
    reading: &'v mut Reading<'r, 't>,
}

impl Value<'_, '_, '_> {
    fn problem<E: Error>(&self, problem: &str) -> E {
        E::custom(format!("the value of {} {problem}", self.quoted()))
    }

    fn quoted(&self) -> String {
        quote(self.name.as_bytes())
    }

    fn base64<E: Error>(&self, field: &str, text: &str) -> Result<Vec<u8>, E> {
        decoded(field, text, self.name.as_bytes())
    }

    fn no_string<E: Error>(&self) -> E {
        self.problem("is not a string; write it in quotation marks")
    }
}

impl<'de> DeserializeSeed<'de> for Value<'_, '_, '_> {
    type Value = ();

    fn deserialize<D: serde::Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Value<'_, '_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string, a list of strings, or an object")
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<(), E> {
        let key = self.name.as_bytes();
        self.reading.take(string_entry(key, value.as_bytes(), None))
    }

    fn visit_bool<E: Error>(self, _: bool) -> Result<(), E> {
        Err(self.no_string())
    }

    fn visit_i64<E: Error>(self, _: i64) -> Result<(), E> {
        Err(self.no_string())
    }

    fn visit_u64<E: Error>(self, _: u64) -> Result<(), E> {
        Err(self.no_string())
    }

    fn visit_f64<E: Error>(self, _: f64) -> Result<(), E> {
        Err(self.no_string())
    }

    fn visit_unit<E: Error>(self) -> Result<(), E> {
        Err(self.no_string())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<(), A::Error> {
        let mut set = PartedSet::default();
        let key = self.name.as_bytes();
        let items = Items {
            set: &mut set,
            is_base64: false,
            key,
            reading: &mut *self.reading,
        };
        items.visit_seq(seq)?;
        set.end(key, None, self.reading)
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<(), A::Error> {
        Fields::default().read(map, self)
    }
}

fn string_entry<'a>(key: &'a [u8], value: &'a [u8], expires: Option<u64>) -> SnapshotEntry<'a> {
    SnapshotEntry {
        key,
        deadline: expires.and_then(Store::deadline),
        value: SnapshotValue::String(value),
    }
}

/// The fields of an object that stands behind a name.
#[derive(Default)]
struct Fields {
    key: Option<Vec<u8>>,
    value: Option<Vec<u8>>,
    set: Option<PartedSet>,
    expires: Option<u64>,
    kind: Option<String>,
}

impl Fields {
    fn read<'de, A: MapAccess<'de>>(
        mut self,
        mut map: A,
        mut about: Value<'_, '_, '_>,
    ) -> Result<(), A::Error> {
        while let Some(field) = map.next_key::<String>()? {
            let is_new = match field.as_str() {
                "value" => {
                    let value = map.next_value::<String>()?;
                    self.value.replace(value.into_bytes()).is_none()
                }
                "value_base64" => {
                    let value = about.base64(&field, &map.next_value::<String>()?)?;
                    self.value.replace(value).is_none()
                }
                "key_base64" if self.set.as_ref().is_some_and(|set| set.sent > 0) => {
                    return Err(about
                        .problem("has so many items that `key_base64` has to stand before them"));
                }
                "key_base64" => {
                    let key = about.base64(&field, &map.next_value::<String>()?)?;
                    self.key.replace(key).is_none()
                }
                "items" | "items_base64" if self.set.is_none() => {
                    let mut set = PartedSet::default();
                    map.next_value_seed(Items {
                        set: &mut set,
                        is_base64: field == "items_base64",
                        key: self.key.as_deref().unwrap_or(about.name.as_bytes()),
                        reading: &mut *about.reading,
                    })?;
                    self.set.replace(set).is_none()
                }
                "items" | "items_base64" => false,
                "expires_unix_ms" => self.expires.replace(map.next_value()?).is_none(),
                "type" => self.kind.replace(map.next_value()?).is_none(),
                _ => {
                    let field = quote(field.as_bytes());
                    return Err(about.problem(&format!(
                        "is not a string, nor an object with a `value` or `items`: it has the field {field}"
                    )));
                }
            };
            if !is_new {
                return Err(about.problem("has a field twice, or both as text and in base64"));
            }
        }
        self.take(&mut about)
    }

    /// Takes the entry that the fields make up.
    fn take<E: Error>(self, about: &mut Value<'_, '_, '_>) -> Result<(), E> {
        if self
            .expires
            .is_some_and(|expires| Store::deadline(expires).is_none())
        {
            return Err(about.problem("has an `expires_unix_ms` that is no time"));
        }
        let kind = self.kind.as_deref();
        if kind.is_some_and(|kind| kind != SET || self.set.is_none()) {
            return Err(
                about.problem("has a `type` that does not go with it; a \"set\" has `items`")
            );
        }
        let key = self.key.as_deref().unwrap_or(about.name.as_bytes());
        match (self.value, self.set) {
            (Some(value), None) => about.reading.take(string_entry(key, &value, self.expires)),
            (None, Some(set)) => set.end(key, self.expires, about.reading),
            (None, None) => Err(about.problem("has neither a `value` nor `items`")),
            (Some(_), Some(_)) => Err(about.problem("has both a `value` and `items`")),
        }
    }
}

/// The type of what lists are read as.
const SET: &str = "set";

/// A set that is given on in parts.
#[derive(Default)]
struct PartedSet {
    /// What was not given on yet.
    items: ItemsBuf,
    /// The parts that were.
    sent: u64,
}

impl PartedSet {
    fn push<E: Error>(
        &mut self,
        item: &[u8],
        key: &[u8],
        reading: &mut Reading<'_, '_>,
    ) -> Result<(), E> {
        // The last part, which says when the key is gone, has at least one item.
        if self.items.len() >= PART_BYTES {
            self.send(key, None, reading)?;
        }
        self.items.push(item);
        reading.allowance.renew();
        Ok(())
    }

    fn end<E: Error>(
        mut self,
        key: &[u8],
        expires: Option<u64>,
        reading: &mut Reading<'_, '_>,
    ) -> Result<(), E> {
        if self.items.is_empty() {
            let key = quote(key);
            return Err(E::custom(format!(
                "the value of {key} has no items; a set has at least one"
            )));
        }
        self.send(key, expires, reading)
    }

    fn send<E: Error>(
        &mut self,
        key: &[u8],
        expires: Option<u64>,
        reading: &mut Reading<'_, '_>,
    ) -> Result<(), E> {
        let Some(kind) = Kind::by_name(SET) else {
            return Err(E::custom("there are no sets"));
        };
        self.sent += 1;
        let entry = SnapshotEntry {
            key,
            deadline: expires.and_then(Store::deadline),
            value: SnapshotValue::Items {
                kind,
                items: self.items.as_items(),
                part: Some(self.sent).filter(|number| *number > 1),
            },
        };
        reading.take(entry)?;
        self.items.clear();
        Ok(())
    }
}

/// The items of a set.
struct Items<'i, 'r, 't> {
    set: &'i mut PartedSet,
    is_base64: bool,
    key: &'i [u8],
    reading: &'i mut Reading<'r, 't>,
}

impl<'de> DeserializeSeed<'de> for Items<'_, '_, '_> {
    type Value = ();

    fn deserialize<D: serde::Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for Items<'_, '_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of strings")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<(), A::Error> {
        while let Some(item) = seq.next_element::<String>()? {
            let item = if self.is_base64 {
                decoded("items_base64", &item, self.key)?
            } else {
                item.into_bytes()
            };
            self.set.push(&item, self.key, self.reading)?;
        }
        Ok(())
    }
}

/// The bytes of a text in base64.
fn decoded<E: Error>(field: &str, text: &str, key: &[u8]) -> Result<Vec<u8>, E> {
    STANDARD.decode(text).map_err(|error| {
        let key = quote(key);
        E::custom(format!(
            "the value of {key} has a `{field}` that is not base64: {error}"
        ))
    })
}
