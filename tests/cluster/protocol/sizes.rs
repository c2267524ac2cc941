//! Keys and values of every kind and size: what is allowed comes back as it was, and what is too large
//! is refused without harm.

use triad::limits::{KEY_MAX_BYTES, REPLY_MAX_BYTES, VALUE_MAX_BYTES};
use triad::placement::Placement;
use triad::resp::Frame;

use crate::lab::connection::{bulk, error, fields};
use crate::lab::{self, Connection, Lab};

/// A key of `owner` that has exactly `bytes`.
fn long_key(owner: &str, bytes: usize) -> Vec<u8> {
    let placement = Placement::built_in();
    (0_u32..1000)
        .map(|n| [&n.to_be_bytes()[..], &vec![b'k'; bytes - 4]].concat())
        .find(|key| **placement.name(placement.owner(key)) == *owner)
        .expect("every node owns many keys")
}

#[test]
fn keys_and_values_are_bytes_of_any_kind() {
    let lab = Lab::started();
    let every_byte: Vec<u8> = (0..=255).collect();
    let odd: [&[u8]; 9] = [
        b"",
        b" ",
        b"\0",
        b"\r\n",
        b"$3\r\nfoo\r\n",
        b"\xff\xfe",
        b"\xc3\x28",
        "Schlüssel 🔑".as_bytes(),
        &every_byte,
    ];
    for name in lab::NAMES {
        let mut connection = lab.connect(name);
        connection.call(&["FLUSHALL"]);
        for (n, key) in odd.iter().enumerate() {
            let value = odd[(n + 1) % odd.len()];
            assert_eq!(connection.call(&[b"SET", *key, value]), Frame::OK);
        }
        for reader in lab::NAMES {
            let mut connection = lab.connect(reader);
            for (n, key) in odd.iter().enumerate() {
                let value = odd[(n + 1) % odd.len()];
                assert_eq!(connection.call(&[b"GET", *key]), bulk(value), "{key:?}");
            }
            let mut words = vec![&b"MGET"[..]];
            words.extend(odd);
            let values = (0..odd.len()).map(|n| bulk(odd[(n + 1) % odd.len()]));
            assert_eq!(connection.call(&words), Frame::array(values));
            let Frame::Array(mut keys) = connection.call(&["KEYS", "*"]) else {
                panic!("no keys")
            };
            let mut expected = odd.map(bulk).to_vec();
            keys.sort_by(|a, b| a.as_bytes().cmp(&b.as_bytes()));
            expected.sort_by(|a, b| a.as_bytes().cmp(&b.as_bytes()));
            assert_eq!(keys, expected, "through {reader}");
            words[0] = b"EXISTS";
            assert_eq!(connection.call(&words), Frame::Integer(9));
        }
        let mut words = vec![&b"DEL"[..]];
        words.extend(odd);
        assert_eq!(connection.call(&words), Frame::Integer(9));
    }
}

#[test]
fn the_largest_value_is_stored_and_one_byte_more_is_not() {
    let lab = Lab::started();
    let largest: Vec<u8> = (0..=250).cycle().take(VALUE_MAX_BYTES).collect();
    let too_large = [&largest[..], b"x"].concat();
    let mut connection = lab.connect("linux");
    for owner in ["linux", "mac"] {
        let key = lab::key_of(owner, "large", 0).into_bytes();
        assert_eq!(connection.call(&[b"SET", &key[..], &largest]), Frame::OK);
        assert!(
            connection.call(&[&b"GET"[..], &key]) == bulk(&largest),
            "{owner}"
        );
        let other = lab::key_of(owner, "large", 1).into_bytes();
        for words in [
            &[&b"SET"[..], &other, &too_large][..],
            &[b"MSET", b"small", b"1", &other, &too_large],
            &[b"MSET", &other, &too_large, b"small", b"1"],
        ] {
            refused_for_its_size(&mut connection, words);
        }
        for absent in [&other[..], b"small"] {
            assert_eq!(connection.call(&[b"GET", absent]), Frame::Null);
        }
    }
    // Also when more requests follow in the same write.
    connection.send(&[b"SET", &b"k"[..], &too_large]);
    connection.send(&["PING"]);
    error(&connection.reply());
    assert_eq!(connection.reply(), Frame::simple("PONG"));
}

fn refused_for_its_size(connection: &mut Connection, words: &[&[u8]]) {
    let text = error(&connection.call(words));
    assert_eq!(
        text,
        "ERR the value has 8388609 bytes; a value has at most 8388608 here (--max-value changes it). \
         Nothing was stored",
        "{}",
        lab::text(words[0])
    );
}

#[test]
fn the_longest_key_is_stored_and_one_byte_more_is_not() {
    let lab = Lab::started();
    for name in lab::NAMES {
        for owner in ["linux", "android"] {
            let mut connection = lab.connect(name);
            connection.call(&["FLUSHALL"]);
            let key = long_key(owner, KEY_MAX_BYTES);
            assert_eq!(connection.call(&[b"SET", &key[..], b"v"]), Frame::OK);
            assert_eq!(connection.call(&[b"GET", &key[..]]), bulk("v"));
            assert_eq!(connection.call(&["KEYS", "*"]), Frame::array([bulk(&key)]));
            let key = long_key(owner, KEY_MAX_BYTES + 1);
            for words in [
                &[b"SET", &key[..], b"v"][..],
                &[b"GET", &key],
                &[b"EXISTS", &key],
                &[b"MSET", b"a", b"1", &key, b"v"],
                &[b"DEL", b"a", &key],
            ] {
                let text = error(&connection.call(words));
                assert_eq!(text, "ERR the key has 65537 bytes; a key has at most 65536");
            }
            assert_eq!(connection.call(&["DBSIZE"]), Frame::Integer(1));
        }
    }
}

/// What is larger than any argument may be is read past, and the answer says which argument it was.
#[test]
fn what_is_no_value_is_not_called_one() {
    let mut lab = Lab::new();
    lab.start("linux");
    let mut connection = lab.connect("linux");
    let huge = vec![b'x'; VALUE_MAX_BYTES + 1];
    for (words, what) in [
        (&[b"GET", &huge[..]][..], "the key has 8388609 bytes"),
        (
            &[b"MSET", b"a", b"1", &huge, b"2"],
            "the key has 8388609 bytes",
        ),
        (&[b"MGET", b"a", &huge], "the key has 8388609 bytes"),
        (&[b"TRIAD", b"OWNER", &huge], "argument 2 has 8388609 bytes"),
        (&[b"ECHO", &huge], "argument 1 has 8388609 bytes"),
        (&[b"nonsense", b"a", &huge], "argument 2 has 8388609 bytes"),
        (&[&huge], "argument 0 has 8388609 bytes"),
    ] {
        let text = error(&connection.call(words));
        assert!(text.contains(what), "{text}");
    }
    assert_eq!(fields(&connection.call(&["TRIAD", "SELF"]))["keys"], "0");
}

#[test]
fn a_node_with_another_limit_keeps_to_it() {
    let mut lab = Lab::new();
    lab.start_with("linux", &["--max-value", "10"]);
    let mut connection = lab.connect("linux");
    let key = lab::key_of("linux", "k", 0);
    assert_eq!(connection.call(&["SET", &key, "0123456789"]), Frame::OK);
    let text = error(&connection.call(&["SET", &key, "0123456789a"]));
    assert!(
        text.contains("the value has 11 bytes; a value has at most 10"),
        "{text}"
    );
    assert_eq!(connection.call(&["GET", &key]), bulk("0123456789"));
}

/// What several nodes hold together may be more than one reply takes, and so may what one of them
/// holds; neither may cost the link to a node, or the client its connection.
#[test]
fn a_reply_that_would_be_too_large_is_an_error() {
    let lab = Lab::started();
    let mut connection = lab.connect("linux");
    let value = vec![b'v'; VALUE_MAX_BYTES];
    let [mine, theirs] = ["linux", "mac"].map(|owner| lab::key_of(owner, "large", 0));
    for key in [&mine, &theirs] {
        assert_eq!(
            connection.call(&[b"SET", key.as_bytes(), &value]),
            Frame::OK
        );
    }
    // So many have exactly as many bytes as a reply may have, and their lengths stand before them.
    let fitting = REPLY_MAX_BYTES / VALUE_MAX_BYTES;
    for keys in [&[&mine][..], &[&theirs], &[&mine, &theirs]] {
        let mut words = vec!["MGET"];
        words.extend(keys.iter().cycle().take(fitting).map(|key| key.as_str()));
        let text = error(&connection.call(&words));
        assert!(text.contains("ask for fewer keys"), "{keys:?}: {text}");
        // One less, and it is answered.
        words.pop();
        let values = connection.call(&words);
        assert!(
            values == Frame::array(vec![bulk(&value); fitting - 1]),
            "{keys:?}"
        );
    }
}
