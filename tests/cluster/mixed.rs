//! A cluster of mixed processors: the phone's program for aarch64 beside native nodes.

use std::path::Path;

use crate::lab::{Lab, code, quiet_command, require, text};

/// Where `cargo build --release --target aarch64-unknown-linux-musl` puts the phone's program.
const ANDROID_NODE: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/target/aarch64-unknown-linux-musl/release/android-node"
);

#[test]
fn an_aarch64_phone_beside_native_nodes_covers_every_key() {
    let emulator = "qemu-aarch64-static";
    if !require::has(emulator) || !require::has_file("aarch64", Path::new(ANDROID_NODE)) {
        return;
    }
    let mut lab = Lab::new();
    let mut phone = quiet_command(emulator, lab.folder());
    phone
        .arg(ANDROID_NODE)
        .env("TRIAD_CLUSTER", lab.cluster_file());
    lab.start_command("android", phone);
    lab.start_all();
    let report = lab.keygen(&["--count", "300"]);
    assert_eq!(
        code(&report),
        0,
        "{}{}",
        text(&report.stdout),
        text(&report.stderr)
    );

    // What the phone has written, it reads again, and so does a native node.
    lab.kill("android");
    lab.start("android");
    lab.wait_until_linked();
    let keys = lab.connect("android").call(&["DBSIZE"]);
    assert_eq!(keys, triad::resp::Frame::Integer(300));
}
