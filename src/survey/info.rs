//! The reply to `INFO`, taken apart.

use std::collections::HashMap;

use crate::resp::Frame;

/// The fields of all sections, by name.
#[derive(Debug, Clone, Default)]
pub(super) struct Info {
    fields: HashMap<String, String>,
}

impl Info {
    /// Reads a reply; none if it is not a text.
    pub(super) fn read(reply: &Frame<'_>) -> Option<Self> {
        let text = String::from_utf8_lossy(reply.as_bytes()?);
        let fields = text.lines().filter_map(|line| line.split_once(':'));
        Some(Self {
            fields: fields
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .collect(),
        })
    }

    /// A field.
    pub(super) fn text(&self, name: &str) -> Option<&str> {
        self.fields.get(name).map(String::as_str)
    }

    /// A field that is a number.
    pub(super) fn number(&self, name: &str) -> Option<u64> {
        self.text(name)?.parse().ok()
    }

    /// A field that tells why something does not work; none if it says `none`.
    pub(super) fn failure(&self, name: &str) -> Option<String> {
        let text = self.text(name).filter(|text| *text != "none");
        text.map(str::to_owned)
    }

    /// The keys in the node's table: the field is left out where there are none.
    pub(super) fn keys(&self) -> u64 {
        let fields = self.text("db0").unwrap_or_default().split(',');
        let mut keys = fields.filter_map(|field| field.strip_prefix("keys="));
        keys.next()
            .and_then(|keys| keys.parse().ok())
            .unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_found_whatever_stands_between_them() {
        let text = "# Server\r\ntriad_version:0.1.0\r\n\r\n# Triad\r\nname:linux\r\nmisplaced:3\r\n\
                    triad_failure:none\r\ntriad_checkpoint_failure:could not write a:b: full\r\n\
                    db0:keys=12,expires=0,avg_ttl=0\r\n";
        let info = Info::read(&Frame::bulk(text.as_bytes())).unwrap();
        assert_eq!(info.text("name"), Some("linux"));
        assert_eq!(
            (info.number("misplaced"), info.number("name")),
            (Some(3), None)
        );
        assert_eq!(info.failure("triad_failure"), None);
        let failure = info.failure("triad_checkpoint_failure");
        assert_eq!(failure.as_deref(), Some("could not write a:b: full"));
        assert_eq!(info.keys(), 12);
        assert_eq!(Info::default().keys(), 0);
        assert!(Info::read(&Frame::Integer(1)).is_none());
    }
}
