use proptest::prelude::*;
use proptest::{collection, option};

use super::*;

fn node(name: &str, keys: u64, share: f64, expected_share: f64) -> NodeFigures {
    NodeFigures {
        name: name.to_owned(),
        address: "127.0.0.1:7001".to_owned(),
        state: State::Up,
        error: None,
        keys: Some(keys),
        misplaced: Some(0),
        share: Some(share),
        expected_share,
        requests_per_second: Some(1234.5),
        memory_bytes: Some(12_345_678),
        latency_us: Some(321),
    }
}

fn figures(nodes: Vec<NodeFigures>) -> Figures {
    Figures {
        time_unix_ms: 1_800_000_000_000,
        entry: Some("linux".to_owned()),
        keys: nodes.iter().filter_map(|node| node.keys).sum(),
        nodes,
    }
}

fn usual() -> Figures {
    let mut android = node("android", 300_000, 0.25, 1.0 / 3.0);
    android.misplaced = Some(3);
    let mut mac = node("mac", 0, 0.0, 1.0 / 6.0);
    mac.state = State::Error;
    mac.error = Some("could not write mac.journal-1.jsonl: no space\u{1b}[2J".to_owned());
    figures(vec![node("linux", 900_000, 0.75, 0.5), mac, android])
}

fn one_is_away() -> Figures {
    let mut away = node("mac", 0, 0.0, 1.0 / 6.0);
    away.state = State::Down;
    away.error = Some("mac 127.0.0.1:7002 cannot be reached: asleep".to_owned());
    (away.keys, away.misplaced, away.share) = (None, None, None);
    (away.requests_per_second, away.memory_bytes, away.latency_us) = (None, None, None);
    let others = [node("linux", 1, 1.0, 0.6), node("android", 0, 0.0, 0.4)];
    let [linux, android] = others;
    figures(vec![linux, away, android])
}

fn plain(figures: &Figures, columns: u16, rows: u16) -> String {
    figures.text(columns, Some(rows), Colours::NONE)
}

#[test]
fn a_usual_window_has_everything() {
    let expected = "\
1,200,000 keys   3 of 3 nodes   via linux   08:00:00 UTC

node     state     keys   share    rule                 req/s     memory    ping
linux    up     900,000  75.0 %  50.0 %  █████████▓▓▓▓  1,235  11.77 MiB  0.3 ms
mac      ERROR        0   0.0 %  16.7 %  ░░░            1,235  11.77 MiB  0.3 ms
android  up     300,000  25.0 %  33.3 %  ████░░         1,235  11.77 MiB  0.3 ms

mac: could not write mac.journal-1.jsonl: no space\\u{1b}[2J
android: 3 keys here belong to other nodes; `client rehome` sends them there


q leaves";
    assert_eq!(plain(&usual(), 80, 12), expected);
    // Where there is no window nobody leaves.
    let expected = expected.trim_end_matches("\n\n\nq leaves");
    assert_eq!(usual().text(80, None, Colours::NONE), expected);
}

#[test]
fn a_wide_window_says_what_bars_mean() {
    let expected = "\
1 key   2 of 3 nodes   via linux   08:00:00 UTC

node     state  keys    share    rule  ░ under ▓ over the rule           req/s     memory    ping
linux    up        1  100.0 %  60.0 %  ███████████████████▓▓▓▓▓▓▓▓▓▓▓▓▓  1,235  11.77 MiB  0.3 ms
mac      DOWN      ?        ?  16.7 %                                        ?          ?       ?
android  up        0    0.0 %  40.0 %  ░░░░░░░░░░░░░                     1,235  11.77 MiB  0.3 ms

mac 127.0.0.1:7002 cannot be reached: asleep

q leaves";
    assert_eq!(plain(&one_is_away(), 132, 10), expected);
}

#[test]
fn a_narrow_window_has_less_and_a_low_one_fewer_nodes() {
    let expected = "\
1 key   2 of 3 nodes   08:00:00 UTC

node     state  keys  req/s    ping
linux    up        1  1,235  0.3 ms
mac      DOWN      ?      ?       ?
android  up        0  1,235  0.3 ms

mac 127.0.0.1:7002 cannot be reached:
  asleep


q leaves";
    assert_eq!(plain(&one_is_away(), 40, 12), expected);
    let expected = "\
1,200,000 keys
node     state
linux    up
and 2 more";
    assert_eq!(plain(&usual(), 20, 4), expected);
    assert_eq!(plain(&usual(), 5, 1), "1,200");
}

#[test]
fn states_are_coloured_and_nothing_moves() {
    let coloured = one_is_away().text(40, Some(12), Colours::ALL);
    for part in [
        "\u{1b}[1m1 key   2 of 3 nodes   08:00:00 UTC\u{1b}[0m\n",
        "\u{1b}[1mnode     state  keys  req/s    ping\u{1b}[0m\n",
        "linux    \u{1b}[32mup\u{1b}[0m        1  1,235",
        "mac      \u{1b}[31mDOWN\u{1b}[0m      ?",
    ] {
        assert!(coloured.contains(part), "{coloured:?}");
    }
    let bare = ["\u{1b}[0m", "\u{1b}[1m", "\u{1b}[31m", "\u{1b}[32m"];
    let bare = bare
        .iter()
        .fold(coloured, |text, code| text.replace(code, ""));
    assert_eq!(bare, plain(&one_is_away(), 40, 12));
}

fn any_node() -> impl Strategy<Value = NodeFigures> {
    let state = prop_oneof![
        Just(State::Asked),
        Just(State::Up),
        Just(State::Error),
        Just(State::Down)
    ];
    let numbers = (
        any::<Option<u64>>(),
        any::<Option<u64>>(),
        any::<Option<u64>>(),
    );
    let parts = (option::of(0.0..=1.0), 0.0..=1.0, option::of(0.0..1e12));
    let error = option::of("[a-z\u{1b}中 ]{0,200}");
    ("[a-z][a-z0-9-]{0,31}", state, error, numbers, parts).prop_map(
        |(name, state, error, (misplaced, memory_bytes, latency_us), parts)| NodeFigures {
            state,
            error,
            keys: misplaced.map(|number| number / 1000),
            misplaced,
            requests_per_second: parts.2,
            memory_bytes,
            latency_us,
            share: parts.0,
            ..node(&name, 0, 0.0, parts.1)
        },
    )
}

proptest! {
    #[test]
    fn it_never_leaves_the_window(
        nodes in collection::vec(any_node(), 1..40), columns in 2_u16..200, rows in 1_u16..60,
    ) {
        let figures = Figures { keys: u64::MAX, ..figures(nodes.into_iter().map(|mut node| {
            node.keys = None;
            node
        }).collect()) };
        let text = plain(&figures, columns, rows);
        prop_assert!(text.lines().count() <= usize::from(rows), "{text}");
        for line in text.lines() {
            prop_assert!(terminal::width(line) <= usize::from(columns), "{line:?}");
            prop_assert!(!line.contains('\u{1b}'), "{line:?}");
        }
    }
}
