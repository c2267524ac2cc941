use std::time::Duration;

use super::ask::Clock;
use super::*;
use crate::client::ClientError;
use crate::cluster::Cluster;
use crate::resp::Frame;
use crate::survey::info::Info;
use crate::terminal::Colours;

const VERSION: &str = "1.2.3";

const MIB: u64 = 1024 * 1024;

/// What a node of the built-in list tells that is well, with other fields before that.
fn facts(name: &str, other: &str) -> Facts {
    let fingerprint = Cluster::built_in().placement().fingerprint().to_owned();
    let text = format!(
        "{other}\r\nname:{name}\r\nfingerprint:{fingerprint}\r\ntriad_version:{VERSION}\r\nos:linux x86_64\r\n\
         misplaced:0\r\naof_current_size:1048576\r\ntriad_snapshot_bytes:2097152\r\n\
         triad_disk_free_bytes:107374182400\r\ntriad_disk_total_bytes:214748364800\r\n\
         triad_failure:none\r\ntriad_checkpoint_failure:none\r\nrdb_bgsave_in_progress:0\r\n\
         db0:keys=7,expires=0,avg_ttl=0\r\n"
    );
    // The first of two fields of one name is the one that a test wants.
    let mut lines: Vec<_> = text.lines().collect();
    lines.reverse();
    Facts {
        ping: Duration::from_micros(1_250),
        clock: Clock {
            offset_us: 30_000,
            error_us: 600,
        },
        info: Info::read(&Frame::bulk(lines.join("\r\n").into_bytes())).unwrap(),
        unreached: Vec::new(),
    }
}

fn all(told: [Result<Facts, ClientError>; 3]) -> Findings {
    let addresses = ["127.0.0.1:7001", "127.0.0.1:7002", "[::1]:7003"];
    let names = ["linux", "mac", "android"];
    let seen = names.into_iter().zip(addresses).zip(told);
    let seen: Vec<_> = seen
        .map(|((name, address), told)| Seen {
            name: name.to_owned(),
            address: address.to_owned(),
            told,
        })
        .collect();
    let cluster = Cluster::built_in();
    Findings::of(&seen, &checks::all(&cluster, VERSION, &seen))
}

fn away(cause: &str) -> Result<Facts, ClientError> {
    Err(ClientError::Unreachable {
        name: "android".to_owned(),
        address: "[::1]:7003".to_owned(),
        cause: cause.to_owned(),
    })
}

/// The result and the sentences of one check of `linux`, if the node tells this.
fn check_of(check: &str, facts: Facts) -> (Verdict, String, String) {
    let told = [
        Ok(facts),
        Ok(self::facts("mac", "")),
        Ok(self::facts("android", "")),
    ];
    let findings = all(told);
    let mut checks = findings.checks().iter();
    let found = checks.find(|found| found.check == check && found.node.as_deref() == Some("linux"));
    let found = found.unwrap().clone();
    (found.result, found.detail, found.action.unwrap_or_default())
}

#[test]
fn a_cluster_that_is_well_is_a_table_and_a_line() {
    let findings = all(["linux", "mac", "android"].map(|name| Ok(facts(name, ""))));
    let expected = "\
node       ping  version    clock        free   journal  misplaced  state
─────────────────────────────────────────────────────────────────────────
linux    1.2 ms  1.2.3    +0.03 s  100.00 GiB  1.00 MiB          0  ok
mac      1.2 ms  1.2.3    +0.03 s  100.00 GiB  1.00 MiB          0  ok
android  1.2 ms  1.2.3    +0.03 s  100.00 GiB  1.00 MiB          0  ok

nothing is wrong, by 35 checks";
    assert_eq!(findings.text(80), expected);
    assert!(findings.is_well() && findings.is_complete());
}

#[test]
fn findings_stand_below_the_table_with_what_to_do() {
    let linux = facts(
        "linux",
        "triad_failure:could not write data/linux.journal-1.jsonl: No space left on device (os error 28); free \
         some space there\r\nmisplaced:3",
    );
    let mut mac = facts("mac", "triad_version:0.0.9");
    mac.clock.offset_us = -62_345_678;
    let findings = all([
        Ok(linux),
        Ok(mac),
        away("no answer within 3 s: the device may be asleep or off the network"),
    ]);
    assert!(!findings.is_well() && !findings.is_complete());
    let expected = "\
node       ping  version     clock        free   journal  misplaced  state
────────────────────────────────────────────────────────────────────────────
linux    1.2 ms  1.2.3     +0.03 s  100.00 GiB  1.00 MiB          3  problem
mac      1.2 ms  0.0.9    -62.34 s  100.00 GiB  1.00 MiB          0  warning
android       ?  ?               ?           ?         ?          ?  DOWN

problem: linux: it takes no writes any more: could not write
  data/linux.journal-1.jsonl: No space left on device (os error 28); free some
  space there
  → make room on its disk (`df -h` there shows how much there is), or change it,
    and start it again: `linux-node`

problem: linux: 3 keys on it belong to other nodes, so that nobody is served
  them
  → send them to their owners: `client rehome`

warning: mac: its version is 0.0.9, that of this program 1.2.3
  → install the same release on every device:
    `cargo install --path . --root ~/.local`

warning: mac: its clock is 62.34 s behind that of this device; keys that last
  for some time are gone by the clock of their node
  → have its device take the time from the network:
    `sudo timedatectl set-ntp true`

problem: android: it can't be reached at [::1]:7003: no answer within 3 s: the
  device may be asleep or off the network
  → wake its device and bring it into the network, on Android by opening Termux
    and typing `termux-wake-lock`; `ping ::1` tells whether it answers

3 problems, 2 warnings";
    assert_eq!(findings.text(80), expected);
    let coloured = findings.text_in(80, Colours::ALL);
    for part in [
        "\u{1b}[1mnode       ping  version     clock        free   journal  misplaced  state\u{1b}[0m\n",
        "          3  \u{1b}[31mproblem\u{1b}[0m\n",
        "          0  \u{1b}[33mwarning\u{1b}[0m\n",
        "?          ?  \u{1b}[31mDOWN\u{1b}[0m\n",
        "\n\n\u{1b}[31mproblem\u{1b}[0m: linux: 3 keys",
        "\n\n\u{1b}[33mwarning\u{1b}[0m: mac: its version",
    ] {
        assert!(coloured.contains(part), "{coloured:?}");
    }
}

#[test]
fn a_narrow_window_has_a_list_and_commands_that_can_be_copied() {
    let linux = facts("linux", "misplaced:3");
    let mut mac = facts("mac", "");
    mac.clock.offset_us = -62_345_678;
    let findings = all([Ok(linux), Ok(mac), Ok(facts("android", ""))]);
    let text = findings.text(40);
    let list = "\
linux
  ping       1.2 ms
  version    1.2.3
  clock      +0.03 s
  free       100.00 GiB
  journal    1.00 MiB
  misplaced  3
  state      problem

mac
  ping       1.2 ms
";
    let sentences = "

problem: linux: 3 keys on it belong to
  other nodes, so that nobody is served
  them
  → send them to their owners:
    `client rehome`

warning: mac: its clock is 62.34 s
  behind that of this device; keys that
  last for some time are gone by the
  clock of their node
  → have its device take the time from
    the network:
    `sudo timedatectl set-ntp true`

1 problem, 1 warning";
    assert!(
        text.starts_with(list) && text.ends_with(sentences),
        "{text}"
    );
}

#[test]
fn the_room_on_a_disk_is_judged_by_what_a_node_keeps() {
    let disk = |free: u64, journal: u64, snapshot: u64| {
        let fields = format!(
            "triad_disk_free_bytes:{free}\r\naof_current_size:{journal}\r\ntriad_snapshot_bytes:{snapshot}"
        );
        check_of("disk", facts("linux", &fields)).0
    };
    assert_eq!(disk(64 * MIB, 0, 0), Verdict::Ok);
    assert_eq!(disk(64 * MIB - 1, 0, 0), Verdict::Warning);
    assert_eq!(disk(MIB - 1, 0, 0), Verdict::Problem);
    assert_eq!(disk(200 * MIB, 50 * MIB, 50 * MIB), Verdict::Ok);
    assert_eq!(disk(200 * MIB - 1, 50 * MIB, 50 * MIB), Verdict::Warning);
    assert_eq!(disk(100 * MIB, 50 * MIB, 50 * MIB), Verdict::Warning);
    assert_eq!(disk(100 * MIB - 1, 50 * MIB, 50 * MIB), Verdict::Problem);
}

#[test]
fn a_journal_is_judged_by_the_snapshot_that_should_follow_it() {
    let journal = |journal: u64, snapshot: u64, running: u64| {
        let fields = format!(
            "aof_current_size:{journal}\r\ntriad_snapshot_bytes:{snapshot}\r\n\
             rdb_bgsave_in_progress:{running}"
        );
        check_of("journal", facts("linux", &fields)).0
    };
    assert_eq!(journal(128 * MIB, 0, 0), Verdict::Ok);
    assert_eq!(journal(128 * MIB + 1, 0, 0), Verdict::Warning);
    assert_eq!(journal(128 * MIB + 1, 0, 1), Verdict::Ok);
    assert_eq!(journal(600 * MIB, 300 * MIB, 0), Verdict::Ok);
    assert_eq!(journal(600 * MIB + 1, 300 * MIB, 0), Verdict::Warning);
}

#[test]
fn a_clock_may_be_as_far_off_as_the_answer_took() {
    let clock = |offset_us, error_us| {
        let mut facts = facts("linux", "");
        facts.clock = Clock {
            offset_us,
            error_us,
        };
        check_of("clock", facts).0
    };
    assert_eq!(clock(2_000_000, 0), Verdict::Ok);
    assert_eq!(clock(2_000_001, 0), Verdict::Warning);
    assert_eq!(clock(-2_000_001, 0), Verdict::Warning);
    assert_eq!(clock(3_000_000, 1_000_000), Verdict::Ok);
    assert_eq!(clock(i64::MIN, 0), Verdict::Warning);
}

#[test]
fn what_to_do_depends_on_why_a_node_is_away() {
    let action = |cause: &str| {
        let findings = all([Ok(facts("linux", "")), Ok(facts("mac", "")), away(cause)]);
        let found = findings.found().next().unwrap().clone();
        found.action.unwrap()
    };
    assert_eq!(
        action("no node runs there (connection refused); start it"),
        "start it on its device: `android-node`"
    );
    assert_eq!(
        action(
            "No route to host (os error 65): the device is off the network, or macOS keeps this program from \
                the local network: allow it in System Settings, Privacy & Security, Local Network"
        ),
        "allow this terminal in System Settings, Privacy & Security, Local Network; then type `client doctor` \
         again"
    );
    assert_eq!(
        action(
            "Permission denied (os error 13): Android keeps Termux from the local network: allow \"Nearby \
                devices\" or \"Local network\" for Termux in the system settings"
        ),
        "allow Termux \"Nearby devices\" or \"Local network\" in the system settings; then type `client doctor` \
         again"
    );
    assert_eq!(
        action("something else"),
        "`ping ::1` tells whether its device answers; if it does, see whether [::1]:7003 in the built-in list is \
         its address"
    );
}

#[test]
fn a_node_that_another_one_does_not_reach_is_no_finding_if_nobody_does() {
    let mut linux = facts("linux", "");
    let lost = |name: &str| {
        (
            name.to_owned(),
            format!("UNREACHABLE {name} x:1: connection refused: no node runs there"),
        )
    };
    linux.unreached = vec![lost("mac"), lost("android"), lost("stranger")];
    let findings = all([Ok(linux), Ok(facts("mac", "")), away("asleep")]);
    let found: Vec<_> = findings
        .found()
        .map(|check| (check.node.as_deref().unwrap(), check.check))
        .collect();
    assert_eq!(found, [("linux", "links"), ("android", "reachable")]);
}
