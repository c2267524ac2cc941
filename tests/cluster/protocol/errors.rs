//! What is refused is refused in Redis's words, because clients match on them.

use std::net::SocketAddr;
use std::process::{Command, Stdio};

use triad::resp::Frame;

use crate::lab::connection::{error, request};
use crate::lab::{self, Connection, Lab, require};

const ARITY: &str = "ERR wrong number of arguments for";
const SYNTAX: &str = "ERR syntax error";
const NOT_AN_INTEGER: &str = "ERR value is not an integer or out of range";
const NAME: &str = "ERR Client names cannot contain spaces, newlines or special characters.";

/// Requests, and what Redis 7.0 answers to them.
#[expect(clippy::too_many_lines, reason = "a table is as long as it is")]
fn table() -> Vec<(Vec<String>, String)> {
    let mut table = Vec::new();
    let mut add = |request: &str, text: String| {
        table.push((request.split(' ').map(str::to_owned).collect(), text));
    };
    for request in [
        "GET",
        "GET a b",
        "SET",
        "SET a",
        "DEL",
        "EXISTS",
        "MGET",
        "MSET",
        "MSET a",
        "MSET a 1 b",
        "KEYS",
        "KEYS a b",
        "DBSIZE a",
        "SCAN",
        "PING a b",
        "ECHO",
        "ECHO a b",
        "SELECT",
        "save a",
        "LASTSAVE a",
        "CONFIG",
        "CLIENT",
        "Get",
    ] {
        let name = request.split(' ').next().unwrap_or_default().to_lowercase();
        add(request, format!("{ARITY} '{name}' command"));
    }
    for (request, name) in [
        ("CONFIG GET", "config|get"),
        ("CLIENT ID a", "client|id"),
        ("CLIENT GETNAME a", "client|getname"),
        ("client setname", "client|setname"),
        ("COMMAND COUNT a", "command|count"),
    ] {
        add(request, format!("{ARITY} '{name}' command"));
    }
    for (request, name, container) in [
        ("CONFIG nonsense", "nonsense", "CONFIG"),
        ("client NonSense a", "NonSense", "CLIENT"),
        ("COMMAND nonsense", "nonsense", "COMMAND"),
        ("CONFIG ", "", "CONFIG"),
    ] {
        add(
            request,
            format!("ERR unknown subcommand '{name}'. Try {container} HELP."),
        );
    }
    for (request, text) in [
        (
            "nonsense",
            "ERR unknown command 'nonsense', with args beginning with: ",
        ),
        (
            "NonSense a b",
            "ERR unknown command 'NonSense', with args beginning with: 'a' 'b' ",
        ),
        ("", "ERR unknown command '', with args beginning with: "),
        (
            "config|get save",
            "ERR unknown command 'config|get', with args beginning with: 'save' ",
        ),
        (
            "client|id",
            "ERR unknown command 'client|id', with args beginning with: ",
        ),
        ("SET a 1 NONSENSE", SYNTAX),
        ("SET a 1 EX", SYNTAX),
        ("FLUSHALL nonsense", SYNTAX),
        ("FLUSHALL ASYNC a", SYNTAX),
        ("SELECT a", NOT_AN_INTEGER),
        ("SELECT 00", NOT_AN_INTEGER),
        ("SELECT +0", NOT_AN_INTEGER),
        ("SELECT 16", "ERR DB index is out of range"),
        ("SELECT -1", "ERR DB index is out of range"),
        ("HELLO 1", "NOPROTO unsupported protocol version"),
        ("HELLO 4", "NOPROTO unsupported protocol version"),
        (
            "HELLO a",
            "ERR Protocol version is not an integer or out of range",
        ),
        (
            "HELLO 3 nonsense",
            "ERR Syntax error in HELLO option 'nonsense'",
        ),
        (
            "HELLO 3 SETNAME",
            "ERR Syntax error in HELLO option 'SETNAME'",
        ),
        ("HELLO 3 AUTH", "ERR Syntax error in HELLO option 'AUTH'"),
        (
            "HELLO 3 AUTH default",
            "ERR Syntax error in HELLO option 'AUTH'",
        ),
        ("HELLO 3 SETNAME a\nb", NAME),
        ("CLIENT SETNAME a\tb", NAME),
        ("SCAN a", "ERR invalid cursor"),
        ("SCAN 99999999999999999999", "ERR invalid cursor"),
        ("SCAN 0 COUNT", SYNTAX),
        ("SCAN 0 COUNT 0", SYNTAX),
        ("SCAN 0 COUNT -1", SYNTAX),
        ("SCAN 0 COUNT a", NOT_AN_INTEGER),
        ("SCAN 0 COUNT 010", NOT_AN_INTEGER),
        ("SCAN 0 COUNT 99999999999999999999", NOT_AN_INTEGER),
        ("SCAN 0 MATCH", SYNTAX),
        ("SCAN 0 NONSENSE a", SYNTAX),
    ] {
        add(request, text.to_owned());
    }
    let (x, y, z) = ("x".repeat(200), "y".repeat(100), "z".repeat(100));
    add(
        &x,
        format!(
            "ERR unknown command '{}', with args beginning with: ",
            "x".repeat(128)
        ),
    );
    // The names of the arguments are cut at 128 bytes with their quotes.
    add(
        &format!("nonsense {y} {z} w"),
        format!(
            "ERR unknown command 'nonsense', with args beginning with: '{y}' '{}' ",
            "z".repeat(25)
        ),
    );
    add(
        &format!("CONFIG {x}"),
        format!(
            "ERR unknown subcommand '{}'. Try CONFIG HELP.",
            "x".repeat(128)
        ),
    );
    // A line end in what is repeated would end the error.
    add(
        "non\r\nsense",
        "ERR unknown command 'non  sense', with args beginning with: ".to_owned(),
    );
    table
}

/// Bytes that are no requests, and Redis's last words.
const NOT_RESP: &[(&[u8], &str)] = &[
    (b"*a\r\n", "invalid multibulk length"),
    (b"*99999999999999999999\r\n", "invalid multibulk length"),
    (b"*+1\r\n$4\r\nPING\r\n", "invalid multibulk length"),
    (b"*\r\n", "invalid multibulk length"),
    (b"*1\r\n$-1\r\n", "invalid bulk length"),
    (b"*1\r\n$a\r\n", "invalid bulk length"),
    (b"*1\r\n$\r\n", "invalid bulk length"),
    (b"*1\r\n$04\r\nPING\r\n", "invalid bulk length"),
    (b"*1\r\n$536870913\r\n", "invalid bulk length"),
    (b"*1\r\n+PING\r\n", "expected '$', got '+'"),
    (b"*1\r\n*1\r\n$4\r\nPING\r\n", "expected '$', got '*'"),
    (b"PING \"\r\n", "unbalanced quotes in request"),
];

fn check(address: SocketAddr, whose: &str) {
    let mut connection = Connection::open(address);
    for (words, text) in table() {
        assert_eq!(error(&connection.call(&words)), text, "{words:?} {whose}");
    }
    assert_eq!(connection.call(&["PING"]), Frame::simple("PONG"));
    for (bytes, text) in NOT_RESP {
        let found = Connection::open(address).exchange(bytes);
        assert_eq!(
            String::from_utf8_lossy(&found),
            format!("-ERR Protocol error: {text}\r\n"),
            "{} {whose}",
            bytes.escape_ascii()
        );
    }
}

#[test]
fn errors_are_those_of_redis_through_each_node() {
    let lab = Lab::started();
    for name in lab::NAMES {
        check(lab.address(name), &format!("through {name}"));
        assert_eq!(lab.connect(name).call(&["DBSIZE"]), Frame::Integer(0));
    }
}

/// The table above is compared with the server that it speaks of.
#[test]
fn redis_itself_answers_so() {
    if !require::has("redis-server") {
        return;
    }
    let version = Command::new("redis-server").arg("--version").output();
    if !lab::text(&version.unwrap().stdout).contains(" v=7.0.") {
        return require::skip("redis-server", "the redis-server here is not version 7.0");
    }
    let folder = tempfile::tempdir().unwrap();
    let address = lab::ports::free();
    let port = address.port().to_string();
    let mut server = Command::new("redis-server")
        .args([
            "--port",
            &port,
            "--bind",
            "127.0.0.1",
            "--save",
            "",
            "--appendonly",
            "no",
        ])
        .current_dir(folder.path())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let result = std::panic::catch_unwind(|| {
        lab::eventually("Redis answers", || {
            std::net::TcpStream::connect(address).is_ok()
        });
        check(address, "at Redis");
    });
    server.kill().unwrap();
    server.wait().unwrap();
    if let Err(panic) = result {
        std::panic::resume_unwind(panic);
    }
}

/// Our own commands are refused in the same words.
#[test]
fn errors_of_triad_commands_are_of_the_same_form() {
    let lab = Lab::started();
    let (long, mine) = ("k".repeat(64 * 1024 + 1), lab::key_of("linux", "k", 0));
    let too_long = "ERR the key has 65537 bytes; a key has at most 65536";
    let table: [(&[&str], String); 13] = [
        (&["TRIAD"], format!("{ARITY} 'triad' command")),
        (
            &["TRIAD", "NONSENSE"],
            "ERR unknown subcommand 'NONSENSE'. Try TRIAD HELP.".into(),
        ),
        (
            &["TRIAD", "OWNER"],
            format!("{ARITY} 'triad|owner' command"),
        ),
        (
            &["TRIAD", "OFFER", "k"],
            format!("{ARITY} 'triad|offer' command"),
        ),
        (&["TRIAD", "OFFER", &mine, "v", "XX"], SYNTAX.into()),
        (&["TRIAD", "OFFER", &mine, "v", "NX", "NX"], SYNTAX.into()),
        (
            &["TRIAD", "HOLDS", "a", "b"],
            format!("{ARITY} 'triad|holds' command"),
        ),
        (&["TRIAD", "KEYS", "a", "b"], SYNTAX.into()),
        (&["TRIAD", "SCAN", "a"], "ERR invalid cursor".into()),
        (
            &["TRIAD", "SCAN", "281474976710656"],
            "ERR invalid cursor".into(),
        ),
        (&["TRIAD", "OWNER", &long], too_long.into()),
        (&["TRIAD", "OFFER", &long, "v"], too_long.into()),
        (
            &["TRIAD|HOLDS", "a", "b"],
            "ERR unknown command 'TRIAD|HOLDS', with args beginning with: 'a' 'b' ".into(),
        ),
    ];
    for name in lab::NAMES {
        let mut connection = lab.connect(name);
        for (words, text) in &table {
            assert_eq!(error(&connection.call(words)), *text, "through {name}");
        }
        assert_eq!(connection.call(&["DBSIZE"]), Frame::Integer(0));
    }
}

/// Every "Try … HELP." leads somewhere.
#[test]
fn help_lists_the_subcommands() {
    let lab = Lab::started();
    for (container, subcommand) in [
        ("CLIENT", "SETNAME"),
        ("COMMAND", "DOCS"),
        ("CONFIG", "GET"),
        ("TRIAD", "OWNER"),
    ] {
        let Frame::Array(lines) = lab.connect("linux").call(&[container, "HELP"]) else {
            panic!("no lines")
        };
        let lines: Vec<_> = lines.iter().filter_map(Frame::as_bytes).collect();
        assert!(lines.contains(&subcommand.as_bytes()), "{container}");
        assert!(lines.contains(&&b"HELP"[..]), "{container}");
    }
    let bytes = lab.connect("mac").exchange(&request(&["config", "help"]));
    assert!(bytes.starts_with(b"*5\r\n+CONFIG <subcommand> "));
}
