//! What nodes tell that are not as they should be: another version, another clock, a journal that grows.

use std::time::{SystemTime, UNIX_EPOCH};

use triad::cluster::Cluster;
use triad::resp::Frame;

use super::{examine, finding, told};
use crate::lab::connection::bulk;
use crate::lab::fake::FakeNode;
use crate::lab::{Lab, NAMES};

/// A node that tells what a test wants of itself.
#[derive(Clone, Copy)]
struct Told {
    version: &'static str,
    ahead_us: i64,
    more: &'static str,
}

const AS_IT_SHOULD_BE: Told = Told {
    version: env!("CARGO_PKG_VERSION"),
    ahead_us: 0,
    more: "triad_disk_free_bytes:100000000000\r\ntriad_failure:none\r\n",
};

fn fake(lab: &Lab, name: &'static str, told: Told) -> FakeNode {
    let cluster = Cluster::load(&lab.cluster_file()).unwrap();
    let fingerprint = cluster.placement().fingerprint().to_owned();
    FakeNode::start(&cluster, name, move |words| {
        let first = words[0].to_ascii_uppercase();
        match &*first {
            b"PING" => Frame::Simple("PONG".into()),
            b"TIME" => {
                let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
                let now = i64::try_from(now.as_micros()).unwrap() + told.ahead_us;
                let parts = [now / 1_000_000, now % 1_000_000];
                Frame::Array(parts.map(|part| bulk(part.to_string())).to_vec())
            }
            b"INFO" => bulk(format!(
                "name:{name}\r\ntriad_version:{}\r\nfingerprint:{fingerprint}\r\nnode_id:{name}\r\n\
                 os:linux x86_64\r\n{}",
                told.version, told.more
            )),
            b"TRIAD" if words[1].eq_ignore_ascii_case(b"SELF") => Frame::Map(vec![
                (bulk("keys"), Frame::Integer(0)),
                (bulk("misplaced"), Frame::Integer(0)),
                (bulk("version"), bulk(told.version)),
            ]),
            b"TRIAD" => Frame::Array(Vec::new()),
            _ => Frame::OK,
        }
    })
}

/// A cluster of two nodes of our own and a third one that is what a test wants.
fn with_android(told: Told) -> (Lab, FakeNode) {
    let mut lab = Lab::new();
    let fake = fake(&lab, "android", told);
    lab.start("linux");
    lab.start("mac");
    lab.wait_until_linked();
    (lab, fake)
}

#[test]
fn another_version_is_warned_of() {
    let (lab, _fake) = with_android(Told {
        version: "9.9.9",
        ..AS_IT_SHOULD_BE
    });
    assert_eq!(
        examine(&lab),
        (1, vec![finding("android", "version", "warning")])
    );
    let shown = told(&lab);
    let expected = format!(
        "warning: android: its version is 9.9.9, that of this program {} install the same release on every \
         device: `cargo install --path . --root ~/.local`",
        env!("CARGO_PKG_VERSION")
    );
    assert!(shown.contains(&expected), "{shown}");
}

#[test]
fn clocks_that_differ_are_told_apart() {
    // One second is no matter.
    let (lab, fake_node) = with_android(Told {
        ahead_us: 1_000_000,
        ..AS_IT_SHOULD_BE
    });
    assert_eq!(examine(&lab), (0, Vec::new()));
    drop(fake_node);
    let (lab, _fake) = with_android(Told {
        ahead_us: -3_600_000_000,
        ..AS_IT_SHOULD_BE
    });
    assert_eq!(
        examine(&lab),
        (1, vec![finding("android", "clock", "warning")])
    );
    let shown = told(&lab);
    for part in [
        "warning: android: its clock is ",
        " s behind that of this device; keys that last for some time are gone by the clock of their node",
        "have its device take the time from the network: in Settings, System, Date & time",
    ] {
        assert!(shown.contains(part), "{shown}");
    }
    // This device alone is wrong, if all others agree.
    let lab = Lab::new();
    let _fakes = NAMES.map(|name| {
        fake(
            &lab,
            name,
            Told {
                ahead_us: 10_000_000,
                ..AS_IT_SHOULD_BE
            },
        )
    });
    assert_eq!(examine(&lab), (1, vec![finding("-", "clocks", "warning")]));
    assert!(told(&lab).contains("warning: the clock of this device is "));
    // Two that are wrong by less than it takes, in opposite directions.
    let lab = Lab::new();
    let _fakes = NAMES.map(|name| {
        let ahead_us = match name {
            "linux" => -1_500_000,
            "mac" => 1_500_000,
            _ => 0,
        };
        fake(
            &lab,
            name,
            Told {
                ahead_us,
                ..AS_IT_SHOULD_BE
            },
        )
    });
    assert_eq!(examine(&lab), (1, vec![finding("-", "clocks", "warning")]));
    assert!(told(&lab).contains("warning: the clock of mac is "));
}

#[test]
fn a_journal_that_no_snapshot_follows_is_warned_of() {
    let (lab, _fake) = with_android(Told {
        more: "triad_disk_free_bytes:100000000000\r\naof_current_size:200000000\r\n",
        ..AS_IT_SHOULD_BE
    });
    assert_eq!(
        examine(&lab),
        (1, vec![finding("android", "journal", "warning")])
    );
    let shown = told(&lab);
    let port = lab.address("android").port();
    assert!(
        shown.contains(&format!("`redis-cli -h 127.0.0.1 -p {port} save`")),
        "{shown}"
    );
}

#[test]
fn what_is_no_node_is_no_node() {
    let (lab, _fake) = with_android(Told {
        more: "",
        ..AS_IT_SHOULD_BE
    });
    // One that does not tell how much room there is.
    assert_eq!(
        examine(&lab),
        (1, vec![finding("android", "disk", "warning")])
    );
    let lab = Lab::new();
    let cluster = Cluster::load(&lab.cluster_file()).unwrap();
    let _fakes = NAMES.map(|name| FakeNode::start(&cluster, name, |_| Frame::Integer(7)));
    let (exit, found) = examine(&lab);
    assert_eq!((exit, found.len()), (3, 3));
    let shown = told(&lab);
    for part in [
        "is not understood: ",
        "another program seems to listen at 127.0.0.1:",
    ] {
        assert!(shown.contains(part), "{shown}");
    }
}
