//! From the bytes of a cluster file to its nodes.

use serde_json::{Map, Value};

use super::error::{Fault, NodeFault, NodePlace};
use super::{Node, json};
use crate::placement::NodeName;
use crate::rule::Rule;
use crate::rule::wording::{instead, quote, quote_text};

const NODES: &str = "nodes";
const NAME: &str = "name";
const ADDRESS: &str = "address";
const RULE: &str = "rule";

/// What some editors put before a text. RFC 8259, section 8.1, lets a reader pass over it.
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// The nodes of a cluster file, each valid by itself; the list is still to be checked.
pub(super) fn nodes(bytes: &[u8]) -> Result<Vec<Node>, Fault> {
    let text = bytes.strip_prefix(BYTE_ORDER_MARK).unwrap_or(bytes);
    if text.trim_ascii().is_empty() {
        return Err(Fault::Empty);
    }
    let file = json::parse(text)?;
    let Value::Object(fields) = &file else {
        return Err(Fault::NoList {
            found: format!("{} is not a list of nodes", quote(&file)),
        });
    };
    if let Some(field) = fields.keys().find(|field| *field != NODES) {
        return Err(Fault::UnknownField {
            found: quote_text(field),
        });
    }
    let entries = match fields.get(NODES) {
        Some(Value::Array(entries)) => entries,
        Some(other) => {
            return Err(Fault::NoList {
                found: format!("field \"nodes\" is {}", quote(other)),
            });
        }
        None => {
            return Err(Fault::NoList {
                found: "field \"nodes\" is missing".to_owned(),
            });
        }
    };
    (1..)
        .zip(entries)
        .map(|(number, entry)| node_at(number, entry))
        .collect()
}

fn node_at(number: usize, entry: &Value) -> Result<Node, Fault> {
    node(entry).map_err(|fault| {
        // The name helps to find the node, but only a valid one is fit to be shown as a name.
        let name = entry.get(NAME).and_then(Value::as_str);
        let name = name
            .filter(|name| name.parse::<NodeName>().is_ok())
            .map(str::to_owned);
        Fault::Node {
            place: NodePlace { number, name },
            fault,
        }
    })
}

fn node(entry: &Value) -> Result<Node, NodeFault> {
    let Value::Object(fields) = entry else {
        return Err(NodeFault::NotAnObject {
            found: quote(entry),
        });
    };
    let known = [NAME, ADDRESS, RULE];
    if let Some(field) = fields.keys().find(|field| !known.contains(&field.as_str())) {
        let instead = instead(field, &known);
        return Err(NodeFault::UnknownField {
            found: quote_text(field),
            instead,
        });
    }
    let name = text(fields, NAME, "\"linux\"")?;
    let address = text(fields, ADDRESS, "\"127.0.0.1:7001\"")?;
    let rule = value(fields, RULE, "\"remainder\"")?;
    Ok(Node {
        name: name.parse().map_err(NodeFault::Name)?,
        address: address.parse().map_err(NodeFault::Address)?,
        rule: Rule::from_json(rule).map_err(NodeFault::Rule)?,
    })
}

fn text<'f>(
    fields: &'f Map<String, Value>,
    field: &'static str,
    example: &'static str,
) -> Result<&'f str, NodeFault> {
    let value = value(fields, field, example)?;
    let not_text = || NodeFault::NotText {
        field,
        found: quote(value),
        example,
    };
    value.as_str().ok_or_else(not_text)
}

fn value<'f>(
    fields: &'f Map<String, Value>,
    field: &'static str,
    example: &'static str,
) -> Result<&'f Value, NodeFault> {
    fields
        .get(field)
        .ok_or(NodeFault::MissingField { field, example })
}
