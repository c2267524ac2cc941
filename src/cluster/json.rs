//! JSON in which every field stands once.
//!
//! Of a field that is given twice, most readers keep the last and say nothing: half of a cluster
//! would be missing because of a line that was pasted twice.

use std::fmt;

use serde::de::{self, Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

use super::error::Fault;
use crate::rule::wording::quote_text;

/// Reads one JSON value from the whole of `bytes`. The parser bounds how deep values nest.
pub(super) fn parse(bytes: &[u8]) -> Result<Value, Fault> {
    let Strict(value) = serde_json::from_slice(bytes).map_err(|error| fault(&error))?;
    Ok(value)
}

fn fault(error: &serde_json::Error) -> Fault {
    let (line, column) = (error.line(), error.column());
    let text = error.to_string();
    let position = format!(" at line {line} column {column}");
    // Where a text ends with a line, the parser stands in column 0 of the next.
    let column = column.max(1);
    let problem = text.strip_suffix(&position).unwrap_or(&text).to_owned();
    if error.is_data() {
        Fault::RepeatedField {
            line,
            column,
            problem,
        }
    } else {
        Fault::NotJson {
            line,
            column,
            problem,
        }
    }
}

/// A value without repeated fields.
struct Strict(Value);

impl<'de> Deserialize<'de> for Strict {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(StrictVisitor).map(Self)
    }
}

struct StrictVisitor;

impl<'de> Visitor<'de> for StrictVisitor {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(Number::from_f64(value).map_or(Value::Null, Value::Number))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::String(value.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Value, A::Error> {
        let mut values = Vec::new();
        while let Some(Strict(value)) = list.next_element()? {
            values.push(value);
        }
        Ok(Value::Array(values))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut object: A) -> Result<Value, A::Error> {
        let mut fields = Map::new();
        while let Some(field) = object.next_key::<String>()? {
            if fields.contains_key(&field) {
                let field = quote_text(&field);
                return Err(de::Error::custom(format_args!(
                    "field {field} is given twice"
                )));
            }
            let Strict(value) = object.next_value()?;
            fields.insert(field, value);
        }
        Ok(Value::Object(fields))
    }
}
