//! How things look: tables, lists, and bytes in JSON.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use comfy_table::Table;
use comfy_table::presets::UTF8_FULL_CONDENSED;
use serde_json::{Map, Value, json};

/// One node, as the entry node sees it.
#[derive(Debug)]
pub(crate) struct NodeStatus {
    pub(crate) name: String,
    pub(crate) address: String,
    pub(crate) rule: String,
    pub(crate) share: String,
    pub(crate) reachable: bool,
    pub(crate) keys: Option<i64>,
    pub(crate) misplaced: Option<i64>,
    pub(crate) version: Option<String>,
    pub(crate) error: Option<String>,
}

impl NodeStatus {
    pub(crate) fn json(&self) -> Value {
        json!({
            "name": self.name,
            "address": self.address,
            "rule": self.rule,
            "share": self.share,
            "reachable": self.reachable,
            "keys": self.keys,
            "misplaced": self.misplaced,
            "version": self.version,
            "error": self.error,
        })
    }
}

/// The nodes as a table, with a sentence for each thing to mind.
pub(crate) fn status_table(nodes: &[NodeStatus]) -> String {
    let mut table = Table::new();
    table.load_style(UTF8_FULL_CONDENSED);
    table.set_header(["node", "address", "rule", "share", "keys", "state"]);
    for node in nodes {
        let keys = node
            .keys
            .map_or_else(|| "?".to_owned(), |keys| keys.to_string());
        let state = if node.reachable {
            "reachable"
        } else {
            "not reachable"
        };
        table.add_row([
            &node.name,
            &node.address,
            &node.rule,
            &node.share,
            &keys,
            state,
        ]);
    }
    let mut lines = vec![table.to_string()];
    for node in nodes {
        lines.extend(
            node.error
                .as_ref()
                .map(|error| format!("{}: {error}", node.name)),
        );
        let misplaced = node.misplaced.filter(|count| *count > 0).map(|count| {
            let name = &node.name;
            format!(
                "{name}: {count} keys belong to other nodes now; `client rehome` sends them there"
            )
        });
        lines.extend(misplaced);
    }
    lines.join("\n")
}

/// `linux 120, mac 40`.
pub(crate) fn counts(counts: &[(String, u64)]) -> String {
    let counts: Vec<_> = counts
        .iter()
        .map(|(name, count)| format!("{name} {count}"))
        .collect();
    counts.join(", ")
}

/// Bytes as a field `NAME`, or `NAME_base64` if they are not UTF-8.
pub(crate) fn named_bytes(name: &str, bytes: &[u8]) -> Map<String, Value> {
    let mut fields = Map::new();
    match std::str::from_utf8(bytes) {
        Ok(text) => fields.insert(name.to_owned(), text.into()),
        Err(_) => fields.insert(format!("{name}_base64"), STANDARD.encode(bytes).into()),
    };
    fields
}

/// Bytes for a person: text as it is, without what would move the cursor.
pub(crate) fn readable(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes);
    text.chars()
        .flat_map(|c| {
            let hidden = c.is_control() && c != '\n' && c != '\t';
            let (escaped, plain) = (hidden.then(|| c.escape_default()), (!hidden).then_some(c));
            escaped.into_iter().flatten().chain(plain)
        })
        .collect()
}
