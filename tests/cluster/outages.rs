//! Nodes and links that come and go: what a client of the others sees.

use crate::scenario::Expect::{Missing, Ok, Unknown, Unreachable, Value};
use crate::scenario::Request::{Get, Set};
use crate::scenario::Step::{
    Ask, AskUntil, Cut, Expect, ExpectOwners, HeldBytes, Hold, Kill, Linked, Mend, Pause, Release,
    Repeat, Resume, Send, Start, Stop,
};
use crate::scenario::{Name, Scenario, Step, play};

const LINUX: Name = "linux";
const MAC: Name = "mac";
const ANDROID: Name = "android";

/// Each node is started and linked, and has the value `1` of a key.
const BEGIN: &[Step] = &[
    Start(LINUX),
    Start(MAC),
    Start(ANDROID),
    Linked,
    Ask(Set(LINUX, LINUX, "1"), Ok),
    Ask(Set(LINUX, MAC, "1"), Ok),
    Ask(Set(LINUX, ANDROID, "1"), Ok),
];

/// What the first node answers, before and after the others are there, in whichever order they come.
macro_rules! started_in_order {
    ($first:expr, $second:expr, $third:expr) => {
        Scenario {
            proxied: &[],
            steps: &[
                Start($first),
                Ask(Set($first, $first, "1"), Ok),
                AskUntil(Set($first, $second, "0"), Unreachable($second)),
                Ask(Get($first, $third), Unreachable($third)),
                Start($second),
                AskUntil(Set($first, $second, "2"), Ok),
                Ask(Get($first, $third), Unreachable($third)),
                Start($third),
                AskUntil(Set($first, $third, "3"), Ok),
                Ask(Get($first, $first), Value("1")),
                AskUntil(Get($second, $first), Value("1")),
                Ask(Get($first, $second), Value("2")),
                AskUntil(Get($third, $second), Value("2")),
                AskUntil(Get($second, $third), Value("3")),
                ExpectOwners($first),
                ExpectOwners($second),
                ExpectOwners($third),
                Stop($second),
                Stop($first),
                Stop($third),
            ],
        }
    };
}

#[test]
fn nodes_start_in_any_order() {
    for scenario in [
        started_in_order!(LINUX, MAC, ANDROID),
        started_in_order!(LINUX, ANDROID, MAC),
        started_in_order!(MAC, LINUX, ANDROID),
        started_in_order!(MAC, ANDROID, LINUX),
        started_in_order!(ANDROID, LINUX, MAC),
        started_in_order!(ANDROID, MAC, LINUX),
    ] {
        play(&scenario);
    }
}

#[test]
fn keys_of_a_killed_node_are_refused_at_once_and_the_others_go_on() {
    play(&Scenario {
        proxied: &[],
        steps: &[
            Repeat(1, BEGIN),
            Kill(MAC),
            AskUntil(Get(LINUX, MAC), Unreachable(MAC)),
            AskUntil(Get(ANDROID, MAC), Unreachable(MAC)),
            Repeat(
                200,
                &[
                    Ask(Set(LINUX, MAC, "2"), Unreachable(MAC)),
                    Ask(Get(ANDROID, MAC), Unreachable(MAC)),
                    Ask(Get(LINUX, ANDROID), Value("1")),
                    Ask(Get(ANDROID, LINUX), Value("1")),
                ],
            ),
            // The others need no restart to find it again.
            Start(MAC),
            AskUntil(Set(LINUX, MAC, "3"), Ok),
            AskUntil(Get(ANDROID, MAC), Value("3")),
            AskUntil(Get(MAC, ANDROID), Value("1")),
        ],
    });
}

#[test]
fn a_node_that_falls_asleep_leaves_one_outcome_unknown() {
    play(&Scenario {
        proxied: &[],
        steps: &[
            Repeat(1, BEGIN),
            Pause(MAC),
            Ask(Set(LINUX, MAC, "2"), Unknown(MAC)),
            Repeat(
                200,
                &[
                    Ask(Get(LINUX, MAC), Unreachable(MAC)),
                    Ask(Get(LINUX, ANDROID), Value("1")),
                ],
            ),
            Resume(MAC),
            AskUntil(Set(LINUX, MAC, "3"), Ok),
            Ask(Get(LINUX, MAC), Value("3")),
            AskUntil(Get(MAC, LINUX), Value("1")),
        ],
    });
}

#[test]
fn a_cut_link_is_missed_in_its_direction_only() {
    play(&Scenario {
        proxied: &[(LINUX, MAC)],
        steps: &[
            Repeat(1, BEGIN),
            Hold((LINUX, MAC)),
            Send(Set(LINUX, MAC, "2")),
            Send(Get(LINUX, ANDROID)),
            HeldBytes((LINUX, MAC)),
            Cut((LINUX, MAC)),
            Expect(LINUX, Unknown(MAC)),
            Expect(LINUX, Value("1")),
            Repeat(
                200,
                &[
                    Ask(Get(LINUX, MAC), Unreachable(MAC)),
                    Ask(Get(MAC, LINUX), Value("1")),
                ],
            ),
            Mend((LINUX, MAC)),
            AskUntil(Set(LINUX, MAC, "3"), Ok),
            Ask(Get(MAC, MAC), Value("3")),
        ],
    });
}

#[test]
fn a_link_that_is_slow_for_a_moment_loses_nothing() {
    play(&Scenario {
        proxied: &[(LINUX, MAC)],
        steps: &[
            Repeat(1, BEGIN),
            Hold((LINUX, MAC)),
            Send(Set(LINUX, MAC, "2")),
            HeldBytes((LINUX, MAC)),
            Ask(Get(MAC, MAC), Value("1")),
            Release((LINUX, MAC)),
            Expect(LINUX, Ok),
            Ask(Get(MAC, MAC), Value("2")),
        ],
    });
}

#[test]
fn a_node_that_comes_and_goes_is_found_each_time() {
    play(&Scenario {
        proxied: &[],
        steps: &[
            Repeat(1, BEGIN),
            Repeat(
                20,
                &[
                    Kill(MAC),
                    Start(MAC),
                    AskUntil(Set(LINUX, MAC, "2"), Ok),
                    AskUntil(Get(ANDROID, MAC), Value("2")),
                    AskUntil(Get(MAC, LINUX), Value("1")),
                ],
            ),
            Ask(Get(LINUX, ANDROID), Value("1")),
        ],
    });
}

#[test]
fn a_key_that_nobody_set_is_missing_through_every_node() {
    play(&Scenario {
        proxied: &[],
        steps: &[
            Start(ANDROID),
            Start(LINUX),
            Start(MAC),
            Linked,
            Ask(Get(LINUX, MAC), Missing),
            Ask(Get(MAC, ANDROID), Missing),
            Ask(Get(ANDROID, LINUX), Missing),
        ],
    });
}
