//! Requests, and what Redis 7.0 answers to them, word for word.

const ARITY: &str = "ERR wrong number of arguments for";
const SYNTAX: &str = "ERR syntax error";
const NOT_AN_INTEGER: &str = "ERR value is not an integer or out of range";
const CURSOR: &str = "ERR invalid cursor";
const WRONG_PASSWORD: &str = "WRONGPASS invalid username-password pair or user is disabled.";
const NAME: &str = "ERR Client names cannot contain spaces, newlines or special characters.";

/// The words of a request, and the error.
pub(super) type Row = (Vec<String>, String);

/// Every request that is refused while the connection goes on.
pub(super) fn refused() -> Vec<Row> {
    let mut rows = arity();
    rows.extend(unknown());
    rows.extend(bad_arguments());
    rows.extend(of_settings());
    rows.extend(of_connections_and_commands());
    rows.extend(repeated_to_the_client());
    rows
}

/// `words` stand apart by one blank each.
fn row(words: &str, text: impl Into<String>) -> Row {
    (words.split(' ').map(str::to_owned).collect(), text.into())
}

fn arity() -> Vec<Row> {
    let whole = "GET|GET a b|SET|SET a|DEL|EXISTS|MGET|MSET|MSET a|MSET a 1 b|KEYS|KEYS a b|DBSIZE a|\
                 SCAN|PING a b|ECHO|ECHO a b|SELECT|save a|LASTSAVE a|TIME a|AUTH|RESET a|CONFIG|\
                 CLIENT|Get";
    let whole = whole.split('|').map(|words| {
        let name = words.split(' ').next().unwrap_or_default().to_lowercase();
        row(words, format!("{ARITY} '{name}' command"))
    });
    let of_containers = [
        ("CONFIG GET", "config|get"),
        ("CLIENT ID a", "client|id"),
        ("CLIENT GETNAME a", "client|getname"),
        ("client setname", "client|setname"),
        ("CLIENT INFO a", "client|info"),
        ("CLIENT KILL", "client|kill"),
        ("CLIENT REPLY", "client|reply"),
        ("CLIENT NO-EVICT", "client|no-evict"),
        ("CONFIG SET", "config|set"),
        ("CONFIG SET timeout", "config|set"),
        ("CONFIG RESETSTAT a", "config|resetstat"),
        ("CONFIG REWRITE a", "config|rewrite"),
        ("COMMAND COUNT a", "command|count"),
        ("COMMAND GETKEYS GET", "command|getkeys"),
    ];
    let of_containers = of_containers
        .into_iter()
        .map(|(words, name)| row(words, format!("{ARITY} '{name}' command")));
    whole.chain(of_containers).collect()
}

fn unknown() -> Vec<Row> {
    let command = |words: &str, name, args| {
        row(
            words,
            format!("ERR unknown command '{name}', with args beginning with: {args}"),
        )
    };
    let subcommand = |words: &str, name, container| {
        row(
            words,
            format!("ERR unknown subcommand '{name}'. Try {container} HELP."),
        )
    };
    vec![
        command("nonsense", "nonsense", ""),
        command("NonSense a b", "NonSense", "'a' 'b' "),
        command("", "", ""),
        command("config|get save", "config|get", "'save' "),
        command("client|id", "client|id", ""),
        subcommand("CONFIG nonsense", "nonsense", "CONFIG"),
        subcommand("client NonSense a", "NonSense", "CLIENT"),
        subcommand("COMMAND nonsense", "nonsense", "COMMAND"),
        subcommand("CONFIG ", "", "CONFIG"),
    ]
}

fn bad_arguments() -> Vec<Row> {
    let hello = |option| format!("ERR Syntax error in HELLO option '{option}'");
    vec![
        row("SET a 1 NONSENSE", SYNTAX),
        row("SET a 1 EX", SYNTAX),
        row("FLUSHALL nonsense", SYNTAX),
        row("FLUSHALL ASYNC a", SYNTAX),
        row("SELECT a", NOT_AN_INTEGER),
        row("SELECT 00", NOT_AN_INTEGER),
        row("SELECT +0", NOT_AN_INTEGER),
        row("SELECT 16", "ERR DB index is out of range"),
        row("SELECT -1", "ERR DB index is out of range"),
        row("HELLO 1", "NOPROTO unsupported protocol version"),
        row("HELLO 4", "NOPROTO unsupported protocol version"),
        row(
            "HELLO a",
            "ERR Protocol version is not an integer or out of range",
        ),
        row("HELLO 3 nonsense", hello("nonsense")),
        row("HELLO 3 SETNAME", hello("SETNAME")),
        row("HELLO 3 AUTH", hello("AUTH")),
        row("HELLO 3 AUTH default", hello("AUTH")),
        row("HELLO 3 AUTH nobody secret", WRONG_PASSWORD),
        row("AUTH nobody secret", WRONG_PASSWORD),
        row("HELLO 3 SETNAME a\nb", NAME),
        row("CLIENT SETNAME a\tb", NAME),
        row("SCAN a", CURSOR),
        row("SCAN 99999999999999999999", CURSOR),
        row("SCAN 0 COUNT", SYNTAX),
        row("SCAN 0 COUNT 0", SYNTAX),
        row("SCAN 0 COUNT -1", SYNTAX),
        row("SCAN 0 COUNT a", NOT_AN_INTEGER),
        row("SCAN 0 COUNT 010", NOT_AN_INTEGER),
        row("SCAN 0 COUNT 99999999999999999999", NOT_AN_INTEGER),
        row("SCAN 0 MATCH", SYNTAX),
        row("SCAN 0 TYPE", SYNTAX),
        row("SCAN 0 NONSENSE a", SYNTAX),
    ]
}

fn of_settings() -> Vec<Row> {
    let config = |words: &str, name: &str, why: &str| {
        let failed = "ERR CONFIG SET failed (possibly related to argument";
        row(
            &format!("CONFIG SET {words}"),
            format!("{failed} '{name}') - {why}"),
        )
    };
    let unknown = |words: &str, name: &str| {
        let unknown = "ERR Unknown option or number of arguments for CONFIG SET -";
        row(
            &format!("CONFIG SET {words}"),
            format!("{unknown} '{name}'"),
        )
    };
    let (immutable, no_integer) = (
        "can't set immutable config",
        "argument couldn't be parsed into an integer",
    );
    let no_memory = "argument must be a memory value";
    let between =
        |least: &str, most: &str| format!("argument must be between {least} and {most} inclusive");
    let one_of = |words: &str| format!("argument(s) must be one of the following: {words}");
    let policies = "volatile-lru, volatile-lfu, volatile-random, volatile-ttl, allkeys-lru, \
                    allkeys-lfu, allkeys-random, noeviction";
    let seconds = between("0", "2147483647");
    let clients = between("1", "4294967295");
    vec![
        unknown("NonSense 1", "NonSense"),
        unknown("timeout 1 nonsense 2", "nonsense"),
        unknown("nonsense 1 databases 2", "nonsense"),
        row("CONFIG SET timeout 1 nonsense", SYNTAX),
        config("databases 1", "databases", immutable),
        config("Databases 1 nonsense 2", "Databases", immutable),
        config("cluster-enabled yes", "cluster-enabled", immutable),
        config("tcp-backlog 1", "tcp-backlog", immutable),
        config("dir a", "dir", "can't set protected config"),
        config("dbfilename a", "dbfilename", "can't set protected config"),
        config("timeout 1 TIMEOUT 2", "TIMEOUT", "duplicate parameter"),
        config("Timeout a", "timeout", no_integer),
        config("timeout 1.5", "timeout", no_integer),
        config("timeout ", "timeout", no_integer),
        config("timeout -1", "timeout", &seconds),
        config("timeout 2147483648", "timeout", &seconds),
        config("maxclients a", "maxclients", no_integer),
        config("maxclients 0", "maxclients", &clients),
        config("maxclients 4294967296", "maxclients", &clients),
        config("timeout 1 maxclients 0", "maxclients", &clients),
        config("maxmemory a", "maxmemory", no_memory),
        config("maxmemory 0x", "maxmemory", no_memory),
        config(
            "appendonly maybe",
            "appendonly",
            "argument must be 'yes' or 'no'",
        ),
        config(
            "appendfsync a",
            "appendfsync",
            &one_of("everysec, always, no"),
        ),
        config(
            "loglevel a",
            "loglevel",
            &one_of("debug, verbose, notice, warning"),
        ),
        config("maxmemory-policy a", "maxmemory-policy", &one_of(policies)),
        config("save a", "save", "Invalid save parameters"),
        config("save 1", "save", "Invalid save parameters"),
        row(
            "CONFIG REWRITE",
            "ERR The server is running without a config file",
        ),
    ]
}

fn of_connections_and_commands() -> Vec<Row> {
    let client_id = "ERR client-id should be greater than 0";
    let client_type = "ERR Unknown client type 'nonsense'";
    vec![
        row("CLIENT KILL nobody", "ERR No such client"),
        row("CLIENT KILL ID", "ERR No such client"),
        row("CLIENT KILL ID 0", client_id),
        row("CLIENT KILL ID a", client_id),
        row("CLIENT KILL TYPE nonsense", client_type),
        row("CLIENT KILL USER nobody", "ERR No such user 'nobody'"),
        row("CLIENT KILL SKIPME maybe", SYNTAX),
        row("CLIENT KILL NONSENSE a", SYNTAX),
        row("CLIENT KILL ID 1 TYPE", SYNTAX),
        row("CLIENT LIST TYPE nonsense", client_type),
        row("CLIENT LIST TYPE", SYNTAX),
        row("CLIENT LIST ID", SYNTAX),
        row("CLIENT LIST ID a", "ERR Invalid client ID"),
        row("CLIENT LIST ID 1 TYPE normal", "ERR Invalid client ID"),
        row("CLIENT LIST NONSENSE", SYNTAX),
        row("CLIENT REPLY NONSENSE", SYNTAX),
        row("CLIENT NO-EVICT NONSENSE", SYNTAX),
        row("BGSAVE NONSENSE", SYNTAX),
        row("BGSAVE SCHEDULE a", SYNTAX),
        row("COMMAND LIST NONSENSE", SYNTAX),
        row("COMMAND LIST FILTERBY", SYNTAX),
        row("COMMAND LIST FILTERBY NONSENSE a", SYNTAX),
        row("COMMAND LIST FILTERBY PATTERN a b", SYNTAX),
        row(
            "COMMAND GETKEYS nonsense a",
            "ERR Invalid command specified",
        ),
        row("AUTH a b c", SYNTAX),
        row(
            "AUTH secret",
            "ERR AUTH <password> called without any password configured for the default user. Are \
             you sure your configuration is correct?",
        ),
    ]
}

/// What is repeated to the client is cut at 128 bytes, of the arguments with their quotes, and a line
/// end in it would end the error.
fn repeated_to_the_client() -> Vec<Row> {
    let (x, y, z) = ("x".repeat(200), "y".repeat(100), "z".repeat(100));
    let (x_cut, z_cut) = ("x".repeat(128), "z".repeat(25));
    vec![
        row(
            &x,
            format!("ERR unknown command '{x_cut}', with args beginning with: "),
        ),
        row(
            &format!("nonsense {y} {z} w"),
            format!("ERR unknown command 'nonsense', with args beginning with: '{y}' '{z_cut}' "),
        ),
        row(
            &format!("CONFIG {x}"),
            format!("ERR unknown subcommand '{x_cut}'. Try CONFIG HELP."),
        ),
        row(
            "non\r\nsense",
            "ERR unknown command 'non  sense', with args beginning with: ",
        ),
    ]
}

/// Bytes that are no requests, and what follows `ERR Protocol error: ` before the connection ends.
pub(super) const NOT_RESP: &[(&[u8], &str)] = &[
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

/// Requests of our own commands, which are refused in the same words. `mine` is a key of the node that
/// is asked.
pub(super) fn of_our_own(mine: &str) -> Vec<Row> {
    let arity = |words, name: &str| row(words, format!("{ARITY} '{name}' command"));
    let long = "k".repeat(64 * 1024 + 1);
    let too_long = "ERR the key has 65537 bytes; a key has at most 65536";
    vec![
        arity("TRIAD", "triad"),
        arity("TRIAD OWNER", "triad|owner"),
        arity("TRIAD OFFER k", "triad|offer"),
        arity("TRIAD HOLDS a b", "triad|holds"),
        row(
            "TRIAD NONSENSE",
            "ERR unknown subcommand 'NONSENSE'. Try TRIAD HELP.",
        ),
        row(
            "TRIAD|HOLDS a b",
            "ERR unknown command 'TRIAD|HOLDS', with args beginning with: 'a' 'b' ",
        ),
        row(&format!("TRIAD OFFER {mine} v XX"), SYNTAX),
        row(&format!("TRIAD OFFER {mine} v NX NX"), SYNTAX),
        row("TRIAD KEYS a b", SYNTAX),
        row("TRIAD SCAN a", CURSOR),
        row("TRIAD SCAN 281474976710656", CURSOR),
        row("TRIAD SCAN 0 WHOLE VALUES", SYNTAX),
        row("SCAN 0 WHOLE", SYNTAX),
        row("TRIAD MISPLACED 0 VALUES WHOLE", SYNTAX),
        row("TRIAD ITEMS k -1", CURSOR),
        arity("TRIAD ADOPT k 0", "triad|adopt"),
        row(&format!("TRIAD ADOPT {mine} 0 nonsense a"), SYNTAX),
        row(&format!("TRIAD ADOPT {mine} 0 string a b"), SYNTAX),
        row(&format!("TRIAD ADOPT {mine} 0 set"), SYNTAX),
        row(&format!("TRIAD ADOPT {mine} -1 set a"), NOT_AN_INTEGER),
        row(
            &format!("TRIAD ADOPT {mine} 9007199254740993 set a"),
            "ERR invalid expire time in 'triad|adopt' command",
        ),
        arity("TRIAD REPLACE k 0", "triad|replace"),
        row(&format!("TRIAD REPLACE {mine} 0 set"), SYNTAX),
        row(
            &format!("TRIAD REPLACE {mine} 9007199254740993 set a"),
            "ERR invalid expire time in 'triad|replace' command",
        ),
        arity("TRIAD PART k 0 set", "triad|part"),
        row(&format!("TRIAD PART {mine} x set a"), NOT_AN_INTEGER),
        row(&format!("TRIAD PART {mine} 0 string a"), SYNTAX),
        row(&format!("TRIAD OWNER {long}"), too_long),
        row(&format!("TRIAD OFFER {long} v"), too_long),
    ]
}
