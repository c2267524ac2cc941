//! redis-cli, as a person types at it and as scripts use it.

use super::cli::{Cli, everywhere, through_every_node};
use crate::lab::{NAMES, eventually, key_of};

/// Lines to type; `A` and `B` stand for keys of one owner.
fn lines<'e>(lines: &[(&str, &'e str)]) -> Vec<(String, &'e str)> {
    let [a, b] = [0, 1].map(|n| key_of("mac", "cli", n));
    let with_keys = |line: &str| {
        let words = line.split(' ').map(|word| match word {
            "A" => &*a,
            "B" => &*b,
            other => other,
        });
        words.collect::<Vec<_>>().join(" ")
    };
    lines
        .iter()
        .map(|(line, printed)| (with_keys(line), *printed))
        .collect()
}

const WRONG_TYPE: &str =
    "(error) WRONGTYPE Operation against a key holding the wrong kind of value";

#[test]
fn redis_cli_stores_strings_and_sets() {
    everywhere(|cli| {
        cli.converse(&lines(&[
            ("SET A \"two words\" EXAT 4102444800", "OK"),
            ("GET A", "\"two words\""),
            ("EXPIRETIME A", "(integer) 4102444800"),
            ("SET A \"\\xff\\x00\\r\\n\" KEEPTTL", "OK"),
            ("EXPIRETIME A", "(integer) 4102444800"),
            ("GETEX A PERSIST", "\"\\xff\\x00\\r\\n\""),
            ("TTL A", "(integer) -1"),
            ("SETEX A 100000 \"\"", "OK"),
            ("GET A", "\"\""),
            ("EXPIREAT A 4102444800 LT", "(integer) 0"),
            ("EXPIREAT A 4102444800 NX", "(integer) 0"),
            ("EXPIREAT A 4102444800 GT", "(integer) 1"),
            ("EXPIREAT A 4102444801 XX", "(integer) 1"),
            ("EXPIRETIME A", "(integer) 4102444801"),
            ("TTL absent", "(integer) -2"),
            ("GET absent", "(nil)"),
            ("MGET A absent", "1) \"\"\n2) (nil)"),
            ("SADD B one", "(integer) 1"),
            ("SADD B one", "(integer) 0"),
            ("SMEMBERS B", "1~ \"one\""),
            ("SMEMBERS absent", empty_set(cli)),
            ("SISMEMBER B one", "(integer) 1"),
            ("SMISMEMBER B one two", "1) (integer) 1\n2) (integer) 0"),
            ("SSCAN B 0", "1) \"0\"\n2) 1) \"one\""),
            ("TYPE A", "string"),
            ("TYPE B", "set"),
            ("TYPE absent", "none"),
            ("GET B", WRONG_TYPE),
            ("SADD A 1", WRONG_TYPE),
            (
                "INCR A",
                "(error) ERR value is not an integer or out of range",
            ),
            ("DBSIZE", "(integer) 2"),
            ("DEL A B absent", "(integer) 2"),
        ]));
    });
}

fn empty_set(cli: &Cli) -> &'static str {
    match cli.version {
        "-3" => "(empty set)",
        _ => "(empty array)",
    }
}

#[test]
fn redis_cli_carries_out_transactions() {
    everywhere(|cli| {
        let abort = "(error) EXECABORT Transaction discarded because of previous errors.";
        cli.converse(&lines(&[
            ("MULTI", "OK"),
            ("SET A 1", "QUEUED"),
            ("INCR A", "QUEUED"),
            ("SADD A 1", "QUEUED"),
            ("EXEC", &format!("1) OK\n2) (integer) 2\n3) {WRONG_TYPE}")),
            ("MULTI", "OK"),
            ("SET A lost", "QUEUED"),
            ("DISCARD", "OK"),
            ("GET A", "\"2\""),
            ("MULTI", "OK"),
            ("SET A lost", "QUEUED"),
            (
                "GET",
                "(error) ERR wrong number of arguments for 'get' command",
            ),
            ("EXEC", abort),
            ("GET A", "\"2\""),
            ("WATCH A", "OK"),
            ("MULTI", "OK"),
            ("SET B kept", "QUEUED"),
            ("EXEC", "1) OK"),
            ("WATCH A B", "OK"),
            ("SET B changed", "OK"),
            ("MULTI", "OK"),
            ("SET A lost", "QUEUED"),
            ("EXEC", "(nil)"),
            ("GET A", "\"2\""),
            ("EXEC", "(error) ERR EXEC without MULTI"),
            ("DISCARD", "(error) ERR DISCARD without MULTI"),
        ]));
    });
}

#[test]
fn redis_cli_is_refused_what_has_two_owners() {
    through_every_node(|cli| {
        let [a, b] = ["linux", "android"].map(|owner| key_of(owner, "cli", 0));
        let transaction = [
            "MULTI",
            &format!("SET {a} 1"),
            &format!("SET {b} 1"),
            "EXEC",
        ];
        let told = cli.typed(&transaction.map(str::to_owned));
        for part in ["(error) EXECABORT ", "linux", "android"] {
            assert!(told.contains(part), "{part:?} is not in {told}");
        }
        for request in [["MSETNX", &a, "1", &b, "1"].as_slice(), &["RENAME", &a, &b]] {
            let told = cli.run(request);
            assert!(told.starts_with("CROSSSLOT "), "{told}");
        }
        assert_eq!(cli.run(&["EXISTS", &a, &b]), "0");
    });
}

#[test]
fn redis_cli_is_sent_messages_from_another_node() {
    everywhere(|cli| {
        let subscriber = cli.subscribe(&["SUBSCRIBE", "news"]);
        assert_eq!(subscriber.next(), ["subscribe", "news", "1"]);
        let matching = cli.subscribe(&["PSUBSCRIBE", "n?ws"]);
        assert_eq!(matching.next(), ["psubscribe", "n?ws", "1"]);
        assert_eq!(cli.at(cli.other, &["PUBSUB", "CHANNELS"]), "news");
        assert_eq!(cli.at(cli.other, &["PUBSUB", "NUMPAT"]), "1");
        for message in ["first", "second"] {
            assert_eq!(cli.at(cli.other, &["PUBLISH", "news", message]), "2");
        }
        for message in ["first", "second"] {
            assert_eq!(subscriber.next(), ["message", "news", message]);
            assert_eq!(matching.next(), ["pmessage", "n?ws", "news", message]);
        }
        drop((subscriber, matching));
        let publish = || cli.at(cli.other, &["PUBLISH", "news", "unheard"]) == "0";
        eventually("nobody is subscribed any more", publish);
    });
}

#[test]
fn redis_cli_is_told_of_writes_on_another_node() {
    everywhere(|cli| {
        cli.run(&["CONFIG", "SET", "notify-keyspace-events", "KEA"]);
        let pattern = "__keyspace@0__:noted*";
        let subscriber = cli.subscribe(&["PSUBSCRIBE", pattern]);
        assert_eq!(subscriber.next(), ["psubscribe", pattern, "1"]);
        // Other nodes are told of the interest, and may hear of it after the subscriber has its answer.
        for key in NAMES.map(|owner| key_of(owner, "noted", 0)) {
            let channel = format!("__keyspace@0__:{key}");
            eventually(&format!("a write of {key} is told of"), || {
                cli.at(cli.other, &["SET", &key, "1"]);
                subscriber.come().contains(&channel)
            });
            cli.at(cli.other, &["DEL", &key]);
            eventually(&format!("that {key} is deleted is told of"), || {
                subscriber.come().contains(&"del".to_owned())
            });
        }
        cli.run(&["CONFIG", "SET", "notify-keyspace-events", ""]);
    });
}

#[test]
fn redis_cli_walks_over_keys_and_looks_for_big_ones() {
    everywhere(|cli| {
        let keys: Vec<_> = (0..500).map(|n| format!("key:{n}")).collect();
        let set: Vec<_> = keys.iter().map(|key| format!("SET {key} {key}")).collect();
        assert_eq!(cli.typed(&set), "OK\n".repeat(keys.len()));
        let mut found: Vec<_> = cli
            .run(&["--scan", "--pattern", "key:*"])
            .lines()
            .map(str::to_owned)
            .collect();
        found.sort();
        let mut expected = keys;
        expected.sort();
        assert_eq!(found, expected);
        cli.run(&["SADD", "members", "1", "2", "3"]);
        let told = cli.run(&["--bigkeys"]);
        for part in [
            "Sampled 501 keys in the keyspace!",
            "500 strings with 3390 bytes",
            "1 sets with 3 members",
        ] {
            assert!(told.contains(part), "{part:?} is not in {told}");
        }
    });
}

#[test]
fn redis_cli_asks_about_the_server() {
    everywhere(|cli| {
        let entry = cli.entry.port();
        assert!(
            cli.run(&["INFO", "server"])
                .contains(&format!("tcp_port:{entry}\r"))
        );
        assert!(cli.run(&["INFO"]).contains("redis_version:7.0."));
        let name = [
            "CLIENT SETNAME me",
            "CLIENT GETNAME",
            "CLIENT LIST",
            "CLIENT INFO",
        ];
        let told = cli.typed(&name.map(str::to_owned));
        assert!(told.starts_with("OK\n\"me\"\n"), "{told}");
        assert!(told.matches("name=me").count() == 2, "{told}");
        // In RESP3 a pair of a map is one line.
        let setting = |name| cli.run(&["CONFIG", "GET", name]).replace(' ', "\n");
        assert_eq!(setting("maxmemory"), "maxmemory\n0");
        assert_eq!(cli.run(&["CONFIG", "SET", "timeout", "300"]), "OK");
        assert_eq!(setting("timeout"), "timeout\n300");
        assert_eq!(cli.run(&["CONFIG", "SET", "timeout", "0"]), "OK");
        assert_eq!(
            cli.run(&["COMMAND", "GETKEYS", "MSET", "a", "1", "b", "2"]),
            "a\nb"
        );
        let list = cli.run(&["COMMAND", "LIST"]);
        assert!(list.lines().any(|name| name == "sadd"), "{list}");
        assert_eq!(cli.run(&["SAVE"]), "OK");
    });
}
