//! What a failed connection means on a person's own devices.

use std::io::{self, ErrorKind};

/// Says why a peer could not be reached, and what to do where that is known.
pub(super) fn explain(error: &io::Error) -> String {
    match error.kind() {
        ErrorKind::ConnectionRefused => "connection refused: no node runs there".to_owned(),
        ErrorKind::TimedOut => asleep("no answer"),
        ErrorKind::ConnectionReset | ErrorKind::BrokenPipe | ErrorKind::UnexpectedEof => {
            "the connection was closed: the node ended".to_owned()
        }
        // A background program on macOS gets this for every address of the local network until it is
        // allowed, while loopback works.
        ErrorKind::HostUnreachable | ErrorKind::NetworkUnreachable if cfg!(target_os = "macos") => {
            format!(
                "{error}: the device is off the network, or macOS keeps this program from the local \
                 network: allow it in System Settings, Privacy & Security, Local Network"
            )
        }
        ErrorKind::HostUnreachable | ErrorKind::NetworkUnreachable => asleep(&format!("{error}")),
        ErrorKind::PermissionDenied if cfg!(target_os = "android") => format!(
            "{error}: Android keeps Termux from the local network: allow \"Nearby devices\" or \"Local \
             network\" for Termux in the system settings"
        ),
        _ => error.to_string(),
    }
}

/// A device that does not answer is more often asleep than broken.
pub(super) fn asleep(what: &str) -> String {
    format!("{what}: the device may be asleep or off the network")
}
