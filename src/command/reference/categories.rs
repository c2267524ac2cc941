//! The categories of a command, by which Redis's access lists and `COMMAND LIST` name many at once.
//!
//! As in Redis, most follow from the group and the flags; the others stand here.

use super::super::Command;
use super::group;

/// Categories that neither the group nor the flags tell.
const FURTHER: &[(&str, &[&str])] = &[
    ("flushall", &["@dangerous"]),
    ("flushdb", &["@dangerous"]),
    ("info", &["@dangerous"]),
    ("keys", &["@dangerous"]),
    ("lastsave", &["@admin", "@dangerous"]),
];

/// What each group is called as a category.
const OF_GROUPS: &[(&str, &str)] = &[
    ("connection", "@connection"),
    ("generic", "@keyspace"),
    ("set", "@set"),
    ("string", "@string"),
    ("transactions", "@transaction"),
];

/// What each flag brings with it.
const OF_FLAGS: &[(&str, &[&str])] = &[
    ("admin", &["@admin", "@dangerous"]),
    ("pubsub", &["@pubsub"]),
    ("readonly", &["@read"]),
    ("write", &["@write"]),
];

/// The categories of a command, each with its `@`.
pub(super) fn of(command: &Command) -> Vec<&'static str> {
    let name = command.name;
    let mut found = Vec::new();
    // What describes commands is of the group of servers, and of the category of connections.
    let group = match name.split('|').next() {
        Some("command") => "connection",
        _ => group(name),
    };
    let categories = OF_GROUPS.iter().filter(|(of, _)| *of == group);
    found.extend(categories.map(|(_, category)| *category));
    let flags = OF_FLAGS
        .iter()
        .filter(|(flag, _)| command.flags.contains(flag));
    let further = FURTHER.iter().filter(|(of, _)| *of == name);
    for (_, categories) in flags.chain(further) {
        found.extend_from_slice(categories);
    }
    found.push(if command.flags.contains(&"fast") {
        "@fast"
    } else {
        SLOW
    });
    found
}

/// All that is not fast, and what only has subcommands.
pub(super) const SLOW: &str = "@slow";
