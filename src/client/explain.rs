//! What a failed connection means on a person's own devices.

use std::io::{self, ErrorKind};

/// What the tools say where nobody listens.
pub(crate) const NO_NODE: &str = "no node runs there (connection refused); start it";

/// What nodes say of each other where nobody listens.
const REFUSED: &str = "connection refused: no node runs there";

/// A device that does not answer is more often asleep than broken.
const ASLEEP: &str = "the device may be asleep or off the network";

/// What macOS has beside that.
const KEPT_BY_MACOS: &str = "the device is off the network, or macOS keeps this program from the local \
     network: allow it in System Settings, Privacy & Security, Local Network";

/// What newer Android has.
const KEPT_BY_ANDROID: &str = "Android keeps Termux from the local network: allow \"Nearby devices\" or \
     \"Local network\" for Termux in the system settings";

/// Says why a node could not be reached, and what to do where that is known.
pub(crate) fn explain(error: &io::Error) -> String {
    match error.kind() {
        ErrorKind::ConnectionRefused => REFUSED.to_owned(),
        ErrorKind::TimedOut => asleep("no answer"),
        ErrorKind::ConnectionReset | ErrorKind::BrokenPipe | ErrorKind::UnexpectedEof => {
            "the connection was closed: the node ended".to_owned()
        }
        // A background program on macOS gets this for every address of the local network until it is
        // allowed, while loopback works.
        ErrorKind::HostUnreachable | ErrorKind::NetworkUnreachable if cfg!(target_os = "macos") => {
            format!("{error}: {KEPT_BY_MACOS}")
        }
        ErrorKind::HostUnreachable | ErrorKind::NetworkUnreachable => asleep(&error.to_string()),
        ErrorKind::PermissionDenied if cfg!(target_os = "android") => {
            format!("{error}: {KEPT_BY_ANDROID}")
        }
        _ => error.to_string(),
    }
}

/// Says that nothing comes back.
pub(crate) fn asleep(what: &str) -> String {
    format!("{what}: {ASLEEP}")
}

#[cfg(feature = "tools")]
/// What is to be done about a node that can't be reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Remedy {
    /// Start it.
    Start,
    /// Wake its device, or bring it into the network.
    Wake,
    /// Let a program into the local network: macOS asks for that.
    AllowOnMac,
    /// The same on Android.
    AllowOnAndroid,
    /// Nothing that is known.
    Unknown,
}

#[cfg(feature = "tools")]
impl Remedy {
    /// By what was said of the cause, here or by a node.
    pub(crate) fn of(cause: &str) -> Self {
        let says = |text: &str| cause.contains(text);
        if says(NO_NODE) || says(REFUSED) {
            Self::Start
        } else if says(KEPT_BY_MACOS) {
            Self::AllowOnMac
        } else if says(KEPT_BY_ANDROID) {
            Self::AllowOnAndroid
        } else if says(ASLEEP) {
            Self::Wake
        } else {
            Self::Unknown
        }
    }
}

#[cfg(all(test, feature = "tools"))]
mod tests {
    use super::*;

    #[test]
    fn what_is_said_of_a_cause_leads_to_what_is_done_about_it() {
        let remedy = |kind: ErrorKind| Remedy::of(&explain(&kind.into()));
        assert_eq!(remedy(ErrorKind::ConnectionRefused), Remedy::Start);
        assert_eq!(remedy(ErrorKind::TimedOut), Remedy::Wake);
        let off = remedy(ErrorKind::HostUnreachable);
        if cfg!(target_os = "macos") {
            assert_eq!(off, Remedy::AllowOnMac);
        } else {
            assert_eq!(off, Remedy::Wake);
        }
        assert_eq!(remedy(ErrorKind::AddrInUse), Remedy::Unknown);
        assert_eq!(Remedy::of(NO_NODE), Remedy::Start);
        assert_eq!(
            Remedy::of(&format!("{}: {KEPT_BY_ANDROID}", "denied")),
            Remedy::AllowOnAndroid
        );
    }
}
