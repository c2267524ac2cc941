//! At rest every key is in the table of exactly its owner, and every node names the same owner.

use serde_json::Value;
use triad::placement::Placement;
use triad::resp::Frame;

use crate::lab::connection::bulk;
use crate::lab::{Lab, NAMES};

/// The services of the sample, and keys that no text file would hold.
fn keys() -> Vec<Vec<u8>> {
    let sample = include_str!("../../data/samples/ports.json");
    let services: serde_json::Map<String, Value> = serde_json::from_str(sample).unwrap();
    let named = services.keys().map(|key| key.as_bytes().to_vec());
    let bytes = (0..=255).flat_map(|byte| [vec![byte], vec![byte; 33]]);
    named.chain(bytes).chain([Vec::new()]).collect()
}

#[test]
fn every_key_is_in_the_table_of_its_owner_alone() {
    let lab = Lab::started();
    let mut nodes = NAMES.map(|name| lab.connect(name));
    let placement = Placement::built_in();
    let keys = keys();
    // Each key is written through another node than the one before, by two kinds of requests.
    for (n, key) in keys.iter().enumerate() {
        let node = &mut nodes[n % NAMES.len()];
        let request: [&[u8]; 3] = [if n % 2 == 0 { b"SET" } else { b"MSET" }, key, b"value"];
        assert_eq!(node.call(&request), Frame::OK);
    }
    let mut counts = [0; 3];
    for key in &keys {
        let owner = placement.owner(key);
        counts[owner.as_usize()] += 1;
        for (place, node) in nodes.iter_mut().enumerate() {
            let name = placement.name(owner).as_bytes();
            assert_eq!(
                node.call(&[b"TRIAD", b"OWNER", &**key]),
                bulk(name),
                "{key:?}"
            );
            let holds = Frame::Integer(i64::from(place == owner.as_usize()));
            assert_eq!(
                node.call(&[b"TRIAD", b"HOLDS", &**key]),
                holds,
                "{key:?} on {place}"
            );
            assert_eq!(
                node.call(&[b"GET", &**key]),
                bulk("value"),
                "{key:?} through {place}"
            );
        }
    }
    for (node, count) in nodes.iter_mut().zip(counts) {
        let Frame::Array(own) = node.call(&["TRIAD", "KEYS"]) else {
            panic!("no keys")
        };
        assert_eq!(own.len(), count);
        assert_eq!(
            node.call(&["DBSIZE"]),
            Frame::Integer(i64::try_from(keys.len()).unwrap())
        );
    }
}
