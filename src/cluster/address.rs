//! Where a node is reached: a host and a port.
//!
//! An IP literal is known at once. A host name is only checked for its form: whether it leads
//! anywhere depends on where one stands, and is asked when a connection is made.

use std::fmt;
use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr, SocketAddrV6, ToSocketAddrs as _};
use std::num::NonZeroU16;
use std::str::FromStr;

use crate::rule::wording::quote_text;

/// RFC 1035, section 2.3.4.
const HOST_MAX_BYTES: usize = 253;
const LABEL_MAX_BYTES: usize = 63;

/// A valid `host:port`. Printed, it is the text it was read from.
#[derive(Clone, Debug)]
pub struct Address {
    text: String,
    target: Target,
}

/// What an address means, whichever way it is written.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Target {
    Socket(SocketAddr),
    /// A host name in lower case, without the dot that may end it.
    Named {
        host: String,
        port: NonZeroU16,
    },
}

/// Why a text is no address. Each message quotes the text and says what to write instead.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AddressError {
    /// No `:port` at the end.
    #[error("{found} has no port; write host:port, such as 127.0.0.1:7001 or [::1]:7001")]
    NoPort {
        /// The text, quoted.
        found: String,
    },
    /// A port that is not in 1..2¹⁶.
    #[error("{found} has a port that is not a number from 1 to 65535; write one, such as 7001")]
    BadPort {
        /// The text, quoted.
        found: String,
    },
    /// An IPv6 address whose end can't be told from its port.
    #[error("{found} has several colons; an IPv6 address stands in brackets, such as [::1]:7001")]
    NoBrackets {
        /// The text, quoted.
        found: String,
    },
    /// Brackets around something else than an IPv6 address.
    #[error("{found} has no IPv6 address in its brackets; write one, such as [::1]:7001")]
    BadIpv6 {
        /// The text, quoted.
        found: String,
    },
    /// Numbers and dots that are no IPv4 address.
    #[error(
        "{found} is not an IPv4 address; write four numbers from 0 to 255 without leading zeros, \
         such as 192.168.1.20:7001"
    )]
    BadIpv4 {
        /// The text, quoted.
        found: String,
    },
    /// An address to listen on, but not one to connect to.
    #[error(
        "{found} stands for every address of a device, so no other device can connect to it; \
         write the device's own address here, and start its node with --listen {text}"
    )]
    Unspecified {
        /// The text, quoted.
        found: String,
        /// The text as it is.
        text: String,
    },
    /// Characters or lengths that host names do not have.
    #[error(
        "{found} does not begin with a host; write an IP address or a host name of letters, \
         digits, \"-\" and \".\", such as 192.168.1.20:7001"
    )]
    BadHost {
        /// The text, quoted.
        found: String,
    },
}

/// Why a host name leads nowhere at the moment.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
#[error(
    "the host name in {address} leads to no address ({cause}); on a phone names are not resolved: \
     write an IP address such as 192.168.1.20 in the cluster file"
)]
pub struct ResolveError {
    /// The address as it is written.
    pub address: Address,
    /// What the system said.
    pub cause: io::Error,
}

impl Address {
    /// A port of this device alone.
    pub(super) fn loopback(port: NonZeroU16) -> Self {
        Self::of(SocketAddr::from((Ipv4Addr::LOCALHOST, port.get())))
    }

    /// An address that can be connected to, which has a port therefore.
    pub(super) fn of(socket: SocketAddr) -> Self {
        Self {
            text: socket.to_string(),
            target: Target::Socket(socket),
        }
    }

    /// Whether both mean the same host and port, however they are written: `127.0.0.1:07001` is
    /// `127.0.0.1:7001`. Host names are compared as names, not by where they lead.
    pub fn is_same_as(&self, other: &Self) -> bool {
        self.target == other.target
    }

    /// The socket address, where it is known without asking: not of a host name.
    pub fn socket(&self) -> Option<SocketAddr> {
        match self.target {
            Target::Socket(socket) => Some(socket),
            Target::Named { .. } => None,
        }
    }

    /// The socket addresses to try, in order; at least one. For a host name this asks the system
    /// and may take seconds: call it where waiting is allowed. A statically linked program on
    /// Android has nobody to ask, so only IP literals work there.
    pub fn resolve(&self) -> Result<Vec<SocketAddr>, ResolveError> {
        let found = match &self.target {
            Target::Socket(socket) => Ok(vec![*socket]),
            Target::Named { host, port } => (host.as_str(), port.get())
                .to_socket_addrs()
                .map(Iterator::collect),
        };
        let cause = match found {
            Ok(sockets) if sockets.is_empty() => io::ErrorKind::NotFound.into(),
            Ok(sockets) => return Ok(sockets),
            Err(cause) => cause,
        };
        Err(ResolveError {
            address: self.clone(),
            cause,
        })
    }
}

impl FromStr for Address {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Self, AddressError> {
        let found = || quote_text(text);
        let (host, port) = split(text)?;
        let port = Some(port).filter(|port| port.bytes().all(|byte| byte.is_ascii_digit()));
        let port: NonZeroU16 = port
            .and_then(|port| port.parse().ok())
            .ok_or_else(|| AddressError::BadPort { found: found() })?;
        let target = match host {
            Host::InBrackets(host) => ipv6(host, port)
                .map(Target::Socket)
                .ok_or_else(|| AddressError::BadIpv6 { found: found() })?,
            Host::Bare(host) => match host.parse::<Ipv4Addr>() {
                Ok(ip) => Target::Socket(SocketAddr::from((ip, port.get()))),
                Err(_) if !is_host_name(host) => {
                    return Err(AddressError::BadHost { found: found() });
                }
                Err(_) if ends_in_number(host) => {
                    return Err(AddressError::BadIpv4 { found: found() });
                }
                Err(_) => {
                    let host = without_last_dot(host).to_ascii_lowercase();
                    Target::Named { host, port }
                }
            },
        };
        match target {
            Target::Socket(socket) if socket.ip().is_unspecified() => {
                Err(AddressError::Unspecified {
                    found: found(),
                    text: text.to_owned(),
                })
            }
            target => Ok(Self {
                text: text.to_owned(),
                target,
            }),
        }
    }
}

enum Host<'t> {
    InBrackets(&'t str),
    Bare(&'t str),
}

/// The host and the port, neither looked at yet.
fn split(text: &str) -> Result<(Host<'_>, &str), AddressError> {
    let no_port = || AddressError::NoPort {
        found: quote_text(text),
    };
    if let Some(rest) = text.strip_prefix('[') {
        let bad = || AddressError::BadIpv6 {
            found: quote_text(text),
        };
        let (host, rest) = rest.split_once(']').ok_or_else(bad)?;
        let port = rest.strip_prefix(':').ok_or_else(no_port)?;
        return Ok((Host::InBrackets(host), port));
    }
    let (host, port) = text.rsplit_once(':').ok_or_else(no_port)?;
    // A slash is of a URL, which is no IPv6 address whatever its colons.
    if host.contains(':') && !host.contains('/') {
        return Err(AddressError::NoBrackets {
            found: quote_text(text),
        });
    }
    Ok((Host::Bare(host), port))
}

/// An IPv6 socket address, perhaps with the number of an interface (`fe80::1%3`); an IPv4 address
/// in IPv6 clothing is taken for what it is.
fn ipv6(host: &str, port: NonZeroU16) -> Option<SocketAddr> {
    let socket: SocketAddrV6 = format!("[{host}]:{port}").parse().ok()?;
    Some(match socket.ip().to_canonical() {
        IpAddr::V4(ip) => SocketAddr::from((ip, port.get())),
        IpAddr::V6(_) => SocketAddr::V6(socket),
    })
}

/// Whether the last label is a number: such a host is meant as an IPv4 address, and no top-level
/// domain is written like this (RFC 3696, section 2).
fn ends_in_number(host: &str) -> bool {
    let last = without_last_dot(host)
        .rsplit('.')
        .next()
        .unwrap_or_default();
    !last.is_empty() && last.bytes().all(|byte| byte.is_ascii_digit())
}

/// The form that RFC 1123, section 2.1, asks of a host name, and `_`, which local names have.
fn is_host_name(host: &str) -> bool {
    let is_label = |label: &str| {
        (1..=LABEL_MAX_BYTES).contains(&label.len())
            && label
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    let host = without_last_dot(host);
    host.len() <= HOST_MAX_BYTES && host.split('.').all(is_label)
}

fn without_last_dot(host: &str) -> &str {
    host.strip_suffix('.').unwrap_or(host)
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(text: &str) -> Address {
        text.parse()
            .unwrap_or_else(|error| panic!("{text}: {error}"))
    }

    #[test]
    fn ip_literals_are_known_at_once() {
        let cases = [
            ("127.0.0.1:7001", "127.0.0.1:7001"),
            ("192.168.1.20:07001", "192.168.1.20:7001"),
            ("[::1]:7001", "[::1]:7001"),
            ("[fe80::1%3]:65535", "[fe80::1%3]:65535"),
            ("[0:0:0::1]:1", "[::1]:1"),
            ("[::ffff:10.0.0.1]:7001", "10.0.0.1:7001"),
        ];
        for (text, socket) in cases {
            let socket: SocketAddr = socket.parse().unwrap();
            assert_eq!(address(text).socket(), Some(socket));
            assert_eq!(address(text).resolve().unwrap(), [socket]);
            assert_eq!(address(text).to_string(), text);
        }
    }

    #[test]
    fn host_names_are_checked_for_form_alone() {
        let longest_label = format!("{}.local:1", "a".repeat(LABEL_MAX_BYTES));
        for text in [
            "my-mac.local:7002",
            "A_phone.:7003",
            "4chan.example:1",
            &longest_label,
        ] {
            assert_eq!(address(text).socket(), None);
            assert_eq!(address(text).to_string(), text);
        }
    }

    #[test]
    fn a_host_name_leads_to_its_addresses() {
        let sockets = address("localhost:7001").resolve().unwrap();
        assert!(!sockets.is_empty());
        assert!(
            sockets
                .iter()
                .all(|socket| socket.ip().is_loopback() && socket.port() == 7001)
        );
    }

    #[test]
    fn a_name_that_leads_nowhere_is_explained() {
        let cause = io::Error::other("no such host");
        let error = ResolveError {
            address: address("my-mac.local:7002"),
            cause,
        };
        assert_eq!(
            error.to_string(),
            "the host name in my-mac.local:7002 leads to no address (no such host); on a phone \
             names are not resolved: write an IP address such as 192.168.1.20 in the cluster file"
        );
    }

    #[test]
    fn the_same_place_is_the_same_however_it_is_written() {
        let same = [
            ("127.0.0.1:7001", "127.0.0.1:07001"),
            ("[::1]:7001", "[0:0::0:1]:7001"),
            ("[::ffff:127.0.0.1]:7001", "127.0.0.1:7001"),
            ("My-Mac.Local:7001", "my-mac.local.:7001"),
        ];
        for (one, other) in same {
            assert!(address(one).is_same_as(&address(other)), "{one} {other}");
        }
        let different = [
            ("127.0.0.1:7001", "127.0.0.1:7002"),
            ("127.0.0.1:7001", "127.0.0.2:7001"),
            ("[fe80::1%1]:7001", "[fe80::1%2]:7001"),
            ("a:7001", "b:7001"),
            ("localhost:7001", "127.0.0.1:7001"),
        ];
        for (one, other) in different {
            assert!(!address(one).is_same_as(&address(other)), "{one} {other}");
        }
    }

    #[test]
    fn what_is_no_address_is_refused_with_an_example() {
        let long_name = format!("{}:1", ["a"; 128].join("."));
        let long_label = format!("{}:1", "a".repeat(LABEL_MAX_BYTES + 1));
        let cases = [
            ("", "has no port; write host:port"),
            ("127.0.0.1", "has no port; write host:port"),
            ("[::1]", "has no port; write host:port"),
            ("[::1]7001", "has no port; write host:port"),
            ("127.0.0.1:", "a port that is not a number from 1 to 65535"),
            ("127.0.0.1:0", "a port that is not a number from 1 to 65535"),
            (
                "127.0.0.1:65536",
                "a port that is not a number from 1 to 65535",
            ),
            (
                "127.0.0.1:+7001",
                "a port that is not a number from 1 to 65535",
            ),
            (
                "127.0.0.1:seven",
                "a port that is not a number from 1 to 65535",
            ),
            (
                "127.0.0.1:7001 ",
                "a port that is not a number from 1 to 65535",
            ),
            ("[::1]:-1", "a port that is not a number from 1 to 65535"),
            ("::1", "stands in brackets, such as [::1]:7001"),
            ("::1:7001", "stands in brackets, such as [::1]:7001"),
            ("fe80::1%3:7001", "stands in brackets, such as [::1]:7001"),
            ("[::1:7001", "no IPv6 address in its brackets"),
            ("[127.0.0.1]:7001", "no IPv6 address in its brackets"),
            ("[]:7001", "no IPv6 address in its brackets"),
            ("[::1%x]:7001", "no IPv6 address in its brackets"),
            ("127.0.0.01:7001", "is not an IPv4 address"),
            ("127.0.0.256:7001", "is not an IPv4 address"),
            ("127.1:7001", "is not an IPv4 address"),
            ("7001:7001", "is not an IPv4 address"),
            ("0.0.0.0:7001", "start its node with --listen 0.0.0.0:7001"),
            ("[::]:7001", "start its node with --listen [::]:7001"),
            (":7001", "does not begin with a host"),
            (" a:7001", "does not begin with a host"),
            ("-a:7001", "does not begin with a host"),
            ("a-:7001", "does not begin with a host"),
            ("a..b:7001", "does not begin with a host"),
            ("é:7001", "does not begin with a host"),
            ("redis://127.0.0.1:7001", "does not begin with a host"),
            (&long_name, "does not begin with a host"),
            (&long_label, "does not begin with a host"),
        ];
        for (text, fragment) in cases {
            let message = text.parse::<Address>().unwrap_err().to_string();
            assert!(message.starts_with(&quote_text(text)), "{text}: {message}");
            assert!(message.contains(fragment), "{text}: {message}");
        }
    }
}
