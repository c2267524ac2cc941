//! What is checked after a restart, while nobody writes.

use std::collections::BTreeSet;

use triad::resp::Frame;

use super::load::{Book, is_of_a_lost_node};
use crate::lab::{Connection, Lab, NAMES, eventually, text};

/// The keys that are read at once.
const MGET_KEYS: usize = 200;

/// Reads every key through one node: it has what was acknowledged last, or what was issued later, and
/// that is settled then.
pub(crate) fn settle(lab: &Lab, via: &str, book: &Book) {
    let mut client = lab.connect(via);
    let keys: Vec<_> = (0..book.keys.len()).collect();
    for keys in keys.chunks(MGET_KEYS) {
        let mut words = vec!["MGET"];
        words.extend(keys.iter().map(|key| book.keys.name(*key)));
        let values = ask(&mut client, &words);
        assert_eq!(values.len(), keys.len(), "through {via}");
        for (key, value) in keys.iter().zip(&values) {
            book.settle(*key, value);
        }
    }
}

/// Checks that all nodes agree on every key, and that each holds its own keys and no others.
pub(crate) fn agree(lab: &Lab, book: &Book) {
    for name in NAMES {
        settle(lab, name, book);
    }
    let present: Vec<_> = book.history().present().collect();
    for name in NAMES {
        let mut node = lab.connect(name);
        let own = present.iter().filter(|key| book.keys.owner(**key) == name);
        let own: BTreeSet<_> = own.map(|key| book.keys.name(*key).to_owned()).collect();
        let held = ask(&mut node, &["TRIAD", "KEYS"]);
        let held: BTreeSet<_> = held
            .iter()
            .map(|key| text(key.as_bytes().unwrap()))
            .collect();
        assert!(
            held == own,
            "{name} holds more {:?}, less {:?}",
            held.difference(&own),
            own.difference(&held)
        );
        assert_eq!(node.info("misplaced"), 0, "{name}");
    }
}

/// Asks until all nodes that it takes can be reached: on a busy machine one may be taken for lost.
fn ask(client: &mut Connection, words: &[&str]) -> Vec<Frame<'static>> {
    let mut values = Vec::new();
    eventually("all nodes can be reached", || match client.call(words) {
        Frame::Array(found) => {
            values = found;
            true
        }
        Frame::Error(text) if is_of_a_lost_node(&text) => false,
        other => panic!("{} was answered {other:?}", words[0]),
    });
    values
}
