//! What to do about a finding: one sentence, with the command to type.

use crate::client::{ClientError, Remedy};
use crate::cluster::Cluster;
use crate::terminal::shell;

/// Builds the sentences for one cluster.
#[derive(Debug, Clone, Copy)]
pub(super) struct Advice<'a> {
    pub(super) cluster: &'a Cluster,
}

impl Advice<'_> {
    /// About a node that does not answer.
    pub(super) fn unreachable(self, name: &str, address: &str, error: &ClientError) -> String {
        let (host, _) = shell::host_and_port(address);
        let ClientError::Unreachable { cause, .. } = error else {
            return match error {
                ClientError::Lost { .. } => {
                    format!(
                        "see what its log says, and start it: `{}`",
                        self.start(name)
                    )
                }
                _ => format!(
                    "another program seems to listen at {address}: end it, or correct the address in {}, and \
                     start the node: `{}`",
                    self.file(),
                    self.start(name)
                ),
            };
        };
        match Remedy::of(cause) {
            Remedy::Start => format!("start it on its device: `{}`", self.start(name)),
            Remedy::Wake => format!(
                "wake its device and bring it into the network, on Android by opening Termux and typing \
                 `termux-wake-lock`; `ping {host}` tells whether it answers"
            ),
            Remedy::AllowOnMac => {
                "allow this terminal in System Settings, Privacy & Security, Local \
                                   Network; then type `client doctor` again"
                    .to_owned()
            }
            Remedy::AllowOnAndroid => {
                "allow Termux \"Nearby devices\" or \"Local network\" in the system \
                                       settings; then type `client doctor` again"
                    .to_owned()
            }
            Remedy::Unknown => format!(
                "`ping {host}` tells whether its device answers; if it does, see whether {address} in {} is \
                 its address",
                self.file()
            ),
        }
    }

    /// About a node that another one does not reach, though this program does.
    pub(super) fn link(self, name: &str, target: &str, address: &str, error: &str) -> String {
        let (host, port) = shell::host_and_port(address);
        match Remedy::of(error) {
            Remedy::AllowOnMac => format!(
                "on the device of {name} allow its terminal in System Settings, Privacy & Security, Local \
                 Network, and start it again: `{}`",
                self.start(name)
            ),
            Remedy::AllowOnAndroid => format!(
                "on the device of {name} allow Termux \"Nearby devices\" or \"Local network\" in the system \
                 settings, and start it again: `{}`",
                self.start(name)
            ),
            _ => format!(
                "a node that has just come back is found within a minute; otherwise see on the device of \
                 {name} whether {target} answers there: `nc -z {host} {port}`"
            ),
        }
    }

    /// About a node that is not the one of the list.
    pub(super) fn stranger(self, name: &str) -> String {
        format!(
            "correct the addresses in {}, give it to every node, and start them again: `{}`",
            self.file(),
            self.start(name)
        )
    }

    /// About a node with another list.
    pub(super) fn rules(self, name: &str) -> String {
        format!(
            "give it the same file as this program has, and start it again: `{}`; then `{}`",
            self.start(name),
            self.client("rehome")
        )
    }

    /// About a node whose disk has failed.
    pub(super) fn writes(self, name: &str) -> String {
        format!(
            "make room on its disk (`df -h` there shows how much there is), or change it, and start it again: \
             `{}`",
            self.start(name)
        )
    }

    /// About keys of other nodes.
    pub(super) fn misplaced(self) -> String {
        format!("send them to their owners: `{}`", self.client("rehome"))
    }

    /// About rules that leave a node nothing.
    pub(super) fn list(self) -> String {
        format!(
            "change {}, give it to every node, start them again, and type `{}`",
            self.file(),
            self.client("rehome")
        )
    }

    /// The list, as it is called in a sentence.
    pub(super) fn file(self) -> String {
        self.cluster.source().to_string()
    }

    /// The command that starts a node.
    fn start(self, name: &str) -> String {
        let program = match name {
            "linux" | "mac" | "android" => format!("{name}-node"),
            _ => format!("linux-node --name {name}"),
        };
        format!("{program}{}", self.option())
    }

    fn client(self, command: &str) -> String {
        format!("client{} {command}", self.option())
    }

    fn option(self) -> String {
        shell::cluster_option(self.cluster)
    }
}

/// About a node of another version.
pub(super) fn version() -> String {
    "install the same release on every device: `cargo install --path . --root ~/.local`".to_owned()
}

/// About a node whose disk is nearly full.
pub(super) fn disk() -> String {
    "make room on its disk; `df -h` there shows how much there is".to_owned()
}

/// About a journal that no snapshot follows, or a snapshot that failed.
pub(super) fn snapshot(address: &str) -> String {
    format!(
        "have it write a snapshot, and see what it answers: `{}`",
        shell::redis_cli(address, "save")
    )
}

/// About a clock, by the operating system of its device.
pub(super) fn clock(name: Option<&str>, system: &str) -> String {
    // A static program for phones says linux.
    let is_phone = system == "android" || name == Some("android");
    let how = match system {
        _ if is_phone => "in Settings, System, Date & time",
        "macos" => "`sudo sntp -sS time.apple.com`",
        _ => "`sudo timedatectl set-ntp true`",
    };
    let whose = if name.is_some() {
        "have its device take the time from the network"
    } else {
        "have this device take the time from the network"
    };
    format!("{whose}: {how}")
}

/// About clocks of which none is known to be right.
pub(super) fn clocks() -> String {
    "have each device take the time from the network: `sudo timedatectl set-ntp true` on Linux, `sudo sntp -sS \
     time.apple.com` on a Mac, in Settings, System, Date & time on Android"
        .to_owned()
}
