mod refused;

use serde_json::{Value, json};

use refused::assert_file_refused;

use super::*;
use crate::limits::NODES_MAX;

/// The built-in list as a file would have it, to be spoiled.
fn good() -> Value {
    json!({ "nodes": [
        { "name": "linux", "address": "127.0.0.1:7001",
          "rule": { "hash": "md5", "last_hex_digit": "even" } },
        { "name": "mac", "address": "127.0.0.1:7002",
          "rule": { "hash": "sha1", "divisible_by": 3 } },
        { "name": "android", "address": "127.0.0.1:7003", "rule": "remainder" },
    ] })
}

fn parse(text: &str) -> Result<Cluster, Fault> {
    Cluster::parse(text.as_bytes(), Source::BuiltIn)
}

fn assert_same_nodes(one: &Cluster, other: &Cluster) {
    let plain = |cluster: &Cluster| -> Vec<(String, String, Rule)> {
        let nodes = cluster.nodes().iter();
        nodes
            .map(|node| (node.name.to_string(), node.address.to_string(), node.rule))
            .collect()
    };
    assert_eq!(plain(one), plain(other));
    assert_eq!(one.placement(), other.placement());
}

#[test]
fn the_built_in_list_is_that_of_the_example_file() {
    let example = Path::new(env!("CARGO_MANIFEST_DIR")).join("data/cluster.example.json");
    let example_file = Cluster::load(&example).unwrap();
    assert_same_nodes(&Cluster::built_in(), &example_file);
    assert_same_nodes(&Cluster::built_in(), &parse(&good().to_string()).unwrap());
    assert_eq!(*example_file.source(), Source::Given(example));
}

#[test]
fn a_node_is_found_by_the_index_of_its_key() {
    let cluster = Cluster::built_in();
    // The SHA-1 of the byte 255 is divisible by 3, and its MD5 is odd.
    let node = cluster.node(cluster.placement().owner(b"\xff")).unwrap();
    assert_eq!(&*node.name, "mac");
    assert_eq!(node.address.to_string(), "127.0.0.1:7002");
}

#[test]
fn addresses_are_not_in_the_fingerprint() {
    let mut moved = good();
    moved["nodes"][0]["address"] = json!("192.168.1.20:7001");
    moved["nodes"][1]["address"] = json!("my-mac.local:7001");
    let moved = parse(&moved.to_string()).unwrap();
    assert_eq!(*moved.placement(), Placement::built_in());
}

#[test]
fn the_longest_list_is_taken_and_a_longer_one_refused() {
    let list = |count: usize| {
        let node = |place: usize| {
            let rule = if place == count {
                json!("remainder")
            } else {
                json!({ "hash": "sha256", "divisible_by": 2 * place })
            };
            json!({ "name": format!("n{place}"), "address": format!("n:{place}"), "rule": rule })
        };
        json!({ "nodes": (1..=count).map(node).collect::<Vec<_>>() }).to_string()
    };
    let longest = parse(&list(NODES_MAX)).unwrap();
    assert_eq!(longest.placement().len(), NODES_MAX);
    assert_eq!(longest.nodes().len(), NODES_MAX);
    let message = parse(&list(NODES_MAX + 1)).unwrap_err().to_string();
    assert_eq!(message, "the list has 256 nodes; it may have 255");
}

#[test]
fn a_byte_order_mark_is_passed_over() {
    let cluster = parse(&format!("\u{feff}{}", good())).unwrap();
    assert_same_nodes(&cluster, &Cluster::built_in());
}

#[test]
fn a_file_may_be_as_large_as_the_limit_and_no_larger() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("large.json");
    let mut text = good().to_string().into_bytes();
    text.resize(usize::try_from(CLUSTER_FILE_MAX_BYTES).unwrap(), b' ');
    fs::write(&path, &text).unwrap();
    assert_same_nodes(&Cluster::load(&path).unwrap(), &Cluster::built_in());
    text.push(b' ');
    fs::write(&path, &text).unwrap();
    assert_file_refused(&path, &["larger than 1048576 bytes", "give a cluster file"]);
}

#[test]
fn the_named_file_comes_first_then_the_default_then_the_built_in_list() {
    let folder = tempfile::tempdir().unwrap();
    let (named, default) = (
        folder.path().join("named.json"),
        folder.path().join("default.json"),
    );
    let one_node = |name: &str| {
        let node = json!({ "name": name, "address": "127.0.0.1:1", "rule": "remainder" });
        json!({ "nodes": [node] }).to_string()
    };

    let found = Cluster::find_or(None, &default).unwrap();
    assert_eq!(*found.source(), Source::BuiltIn);
    assert_eq!(found.source().to_string(), "the built-in list");
    assert_same_nodes(&found, &Cluster::built_in());

    fs::write(&default, one_node("default")).unwrap();
    let found = Cluster::find_or(None, &default).unwrap();
    assert_eq!(&*found.nodes()[0].name, "default");
    assert_eq!(*found.source(), Source::Found(default.clone()));
    assert_eq!(found.source().to_string(), default.display().to_string());

    let error = Cluster::find_or(Some(&named), &default).unwrap_err();
    assert!(matches!(error.fault, Fault::Missing), "{error}");
    fs::write(&named, one_node("named")).unwrap();
    let found = Cluster::find_or(Some(&named), &default).unwrap();
    assert_eq!(&*found.nodes()[0].name, "named");
    assert_eq!(*found.source(), Source::Given(named));
}

#[test]
fn a_default_file_that_cannot_be_used_is_not_passed_over() {
    let folder = tempfile::tempdir().unwrap();
    let default = folder.path().join("default.json");
    fs::write(&default, "{").unwrap();
    let error = Cluster::find_or(None, &default).unwrap_err();
    assert_eq!(error.file, default);
    assert!(matches!(error.fault, Fault::NotJson { .. }), "{error}");

    fs::remove_file(&default).unwrap();
    std::os::unix::fs::symlink(folder.path().join("nowhere"), &default).unwrap();
    let error = Cluster::find_or(None, &default).unwrap_err();
    assert!(
        error.to_string().contains("a link that leads nowhere"),
        "{error}"
    );
}
