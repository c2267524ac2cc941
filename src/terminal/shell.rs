//! Commands that a person is told to type, as a POSIX shell takes them.

use std::ffi::OsStr;

use crate::cluster::{Cluster, Source};

/// A word, in quotation marks if it has to have some.
pub fn word(word: &OsStr) -> String {
    let word = word.to_string_lossy();
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"/._-+:@%".contains(&byte);
    if !word.is_empty() && word.bytes().all(is_plain) {
        word.into_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

/// The option by which another program finds this cluster, with a blank before it; nothing where it finds it by
/// itself.
pub fn cluster_option(cluster: &Cluster) -> String {
    match cluster.source() {
        Source::Given(file) => format!(" --cluster {}", word(file.as_os_str())),
        Source::Found(_) | Source::BuiltIn => String::new(),
    }
}

/// A request to the node at an address, by `redis-cli`.
pub(crate) fn redis_cli(address: &str, request: &str) -> String {
    let (host, port) = host_and_port(address);
    format!("redis-cli -h {host} -p {port} {request}")
}

/// Host and port of an address, the host without the brackets of IPv6.
pub(crate) fn host_and_port(address: &str) -> (&str, &str) {
    let (host, port) = address.rsplit_once(':').unwrap_or((address, ""));
    (host.trim_matches(['[', ']']), port)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_survive_a_shell() {
        let quoted = |text: &str| word(text.as_ref());
        assert_eq!(quoted("data/cluster.json"), "data/cluster.json");
        assert_eq!(quoted("my file"), "'my file'");
        assert_eq!(quoted("it's $HOME"), r"'it'\''s $HOME'");
        assert_eq!(quoted(""), "''");
    }

    #[test]
    fn an_address_has_no_brackets_for_other_programs() {
        assert_eq!(
            redis_cli("[::1]:7001", "save"),
            "redis-cli -h ::1 -p 7001 save"
        );
    }
}
