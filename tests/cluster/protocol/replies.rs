//! Every reply has the bytes that Redis's protocol gives it, in both versions and through each node.

use crate::lab::connection::request;
use crate::lab::{self, Connection, Lab};

/// A request, and the lines of its reply in RESP2 and in RESP3, with blanks in place of line ends.
type Row = (String, String, String);

#[test]
fn each_command_is_answered_in_the_protocol_of_its_connection() {
    let lab = Lab::started();
    // One key of each node, so that commands of several keys concern all of them.
    let [l, m, a] = lab::NAMES.map(|name| lab::key_of(name, "k", 0));
    for name in lab::NAMES {
        for resp3 in [false, true] {
            let mut connection = lab.connect(name);
            connection.call(&["FLUSHALL"]);
            if resp3 {
                connection.call(&["HELLO", "3"]);
            }
            for rows in [one_key(&l), several_keys(&l, &m, &a), connection_itself()] {
                for (words, in_resp2, in_resp3) in rows {
                    let expected = if resp3 { &in_resp3 } else { &in_resp2 };
                    check(&mut connection, name, &words, expected);
                }
            }
        }
    }
}

fn check(connection: &mut Connection, node: &str, words: &str, lines: &str) {
    let words: Vec<&str> = words.split(' ').collect();
    connection.send_bytes(&request(&words));
    let reply = lines.replace(' ', "\r\n") + "\r\n";
    connection.expect_bytes(reply.as_bytes(), &format!("{words:?} through {node}"));
}

/// A reply that looks the same in both versions.
fn same(words: impl Into<String>, lines: impl Into<String>) -> Row {
    let lines = lines.into();
    (words.into(), lines.clone(), lines)
}

fn row(words: impl Into<String>, in_resp2: &str, in_resp3: &str) -> Row {
    (words.into(), in_resp2.to_owned(), in_resp3.to_owned())
}

fn bulk(text: &str) -> String {
    format!("${} {text}", text.len())
}

fn one_key(key: &str) -> Vec<Row> {
    let name = bulk(key);
    vec![
        row(format!("GET {key}"), "$-1", "_"),
        same(format!("SET {key} one"), "+OK"),
        same(format!("GET {key}"), "$3 one"),
        same(format!("get {key}"), "$3 one"),
        same(format!("EXISTS {key} {key}"), ":2"),
        same("DBSIZE", ":1"),
        same("KEYS *", format!("*1 {name}")),
        same("KEYS nothing*", "*0"),
        same(format!("TYPE {key}"), "+string"),
        row(format!("SET {key} two NX"), "$-1", "_"),
        same(format!("SET {key} two XX GET"), "$3 one"),
        same(format!("APPEND {key} more"), ":7"),
        same(format!("GETRANGE {key} 0 2"), "$3 two"),
        same(format!("GETSET {key} 10"), "$7 twomore"),
        same(format!("INCR {key}"), ":11"),
        same(format!("INCRBYFLOAT {key} 0.5"), "$4 11.5"),
        same(format!("GETDEL {key}"), "$4 11.5"),
        row(format!("GETDEL {key}"), "$-1", "_"),
        row(format!("GETSET {key} 1"), "$-1", "_"),
        same(format!("RENAME {key} {key}"), "+OK"),
        same(format!("DEL {key} {key}"), ":1"),
        same(format!("DEL {key}"), ":0"),
        same(format!("TYPE {key}"), "+none"),
        same("DBSIZE", ":0"),
    ]
}

fn several_keys(l: &str, m: &str, a: &str) -> Vec<Row> {
    let names = [l, m, a].map(bulk).join(" ");
    vec![
        same(format!("MSET {l} 1 {m} 22 {a} 333"), "+OK"),
        row(
            format!("MGET {a} {l} nothing {m} {l}"),
            "*5 $3 333 $1 1 $-1 $2 22 $1 1",
            "*5 $3 333 $1 1 _ $2 22 $1 1",
        ),
        // Of two values for one key, the last one stays.
        same(format!("MSET {m} 4 {l} 5 {m} 6"), "+OK"),
        same(format!("MGET {l} {m}"), "*2 $1 5 $1 6"),
        same(format!("EXISTS {l} {m} {a} nothing {a}"), ":4"),
        same("DBSIZE", ":3"),
        same("KEYS *", format!("*3 {names}")),
        same(
            "SCAN 0 MATCH nothing*",
            format!("*2 {} *0", bulk("281474976710656")),
        ),
        same("SCAN 562949953421312", format!("*2 $1 0 *1 {}", bulk(a))),
        same(
            "SCAN 562949953421312 TYPE String",
            format!("*2 $1 0 *1 {}", bulk(a)),
        ),
        same("SCAN 562949953421312 TYPE set", "*2 $1 0 *0"),
        same(format!("DEL {a} {l} nothing"), ":2"),
        same("FLUSHALL SYNC", "+OK"),
        same("DBSIZE", ":0"),
        same("KEYS *", "*0"),
    ]
}

fn connection_itself() -> Vec<Row> {
    vec![
        same("PING", "+PONG"),
        same("ping hello", "$5 hello"),
        same("ECHO hello", "$5 hello"),
        same("SELECT 0", "+OK"),
        row("CLIENT GETNAME", "$-1", "_"),
        same("CLIENT SETNAME me", "+OK"),
        same("CLIENT GETNAME", "$2 me"),
        same("CLIENT SETINFO LIB-NAME test", "+OK"),
        same("CLIENT SETINFO lib-ver 1.0", "+OK"),
        row(
            "CONFIG GET save appendonly",
            "*4 $10 appendonly $3 yes $4 save $0 ",
            "%2 $10 appendonly $3 yes $4 save $0 ",
        ),
        row("CONFIG GET nothing", "*0", "%0"),
        row("COMMAND INFO nothing", "*1 $-1", "*1 _"),
        row("COMMAND DOCS nothing", "*0", "%0"),
        row("INFO nothing", "$0 ", "=4 txt:"),
        same("SAVE", "+OK"),
        same("QUIT", "+OK"),
    ]
}
