//! Commands that a person types, with `nc` or by hand.

use crate::lab::{self, Lab};

#[test]
fn both_replies_come_when_the_sender_has_said_all() {
    let lab = Lab::started();
    for name in lab::NAMES {
        let replies = lab.connect(name).exchange(b"SET a 1\r\nGET a\r\n");
        assert_eq!(replies, b"+OK\r\n$1\r\n1\r\n", "through {name}");
    }
}

#[test]
fn words_are_quoted_as_in_redis() {
    let lab = Lab::started();
    let table: [(&str, &str); 9] = [
        ("ECHO plain\r\n", "$5\r\nplain\r\n"),
        ("  ECHO\tspaced   \n", "$6\r\nspaced\r\n"),
        ("ECHO \"two words\"\r\n", "$9\r\ntwo words\r\n"),
        ("ECHO 'two words'\r\n", "$9\r\ntwo words\r\n"),
        ("ECHO \"\"\r\n", "$0\r\n\r\n"),
        ("ECHO \"\\x41\\n\\\"\"\r\n", "$3\r\nA\n\"\r\n"),
        ("ECHO 'it\\'s'\r\n", "$4\r\nit's\r\n"),
        ("\r\n\r\nPING\r\n", "+PONG\r\n"),
        ("*0\r\n*-1\r\nPING\r\n", "+PONG\r\n"),
    ];
    for name in lab::NAMES {
        for (line, reply) in table {
            let found = lab.connect(name).exchange(line.as_bytes());
            assert_eq!(
                String::from_utf8_lossy(&found),
                reply,
                "{line:?} through {name}"
            );
        }
    }
}

/// A request that was typed is not in the form in which nodes ask each other, and has to get there.
#[test]
fn typed_commands_reach_the_keys_of_other_nodes() {
    let lab = Lab::started();
    let [l, m, a] = lab::NAMES.map(|name| lab::key_of(name, "typed", 0));
    for name in lab::NAMES {
        let lines = format!(
            "MSET {l} 'a \\' b' {m} \"\\x00\\r\\n\" {a} ''\r\nGET {l}\r\nGET {m}\r\nGET {a}\r\n\
             MGET {l} {m} {a}\r\nDEL {l} {m} {a}\r\n"
        );
        let found = lab.connect(name).exchange(lines.as_bytes());
        let (one, two, three) = ("$5\r\na ' b\r\n", "$3\r\n\0\r\n\r\n", "$0\r\n\r\n");
        let expected = format!("+OK\r\n{one}{two}{three}*3\r\n{one}{two}{three}:3\r\n");
        assert_eq!(String::from_utf8_lossy(&found), expected, "through {name}");
    }
}

#[test]
fn a_quote_that_is_not_closed_ends_the_connection_with_a_reason() {
    let mut lab = Lab::new();
    lab.start("linux");
    let found = lab
        .connect("linux")
        .exchange(b"PING\r\nSET a \"1\r\nSET b 2\r\n");
    assert_eq!(
        String::from_utf8_lossy(&found),
        "+PONG\r\n-ERR Protocol error: unbalanced quotes in request\r\n"
    );
}
