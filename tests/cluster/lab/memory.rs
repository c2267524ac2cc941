//! Nodes in the test's own process, on a disk in memory that can hold back, fail, and lose power.

use std::sync::Arc;

use triad::cluster::Cluster;
use triad::limits::VALUE_MAX_BYTES;
use triad::node::{Config, Prepared, Running, StartError};
use triad::storage::MemoryStorage;
use triad::store::Fsync;

use super::{Connection, Lab, eventually};

/// A list of one node, which owns every key.
pub(crate) fn alone() -> Lab {
    Lab::with_rules(&[("linux", "remainder".into())])
}

/// Starts the node `name` of the lab's cluster file on `storage`.
///
/// A program that another test starts has a copy of all sockets of this process until it runs, those of a node
/// that has just ended too. So its port can stay in use for a moment.
pub(crate) fn start(lab: &Lab, name: &str, storage: &MemoryStorage, fsync: Fsync) -> Running {
    let mut prepared = None;
    eventually("the port is free", || {
        prepared = match Prepared::new(config(lab, name, storage, fsync)) {
            Err(StartError::PortInUse { .. }) => None,
            prepared => Some(prepared.unwrap()),
        };
        prepared.is_some()
    });
    prepared.unwrap().spawn().unwrap()
}

fn config(lab: &Lab, name: &str, storage: &MemoryStorage, fsync: Fsync) -> Config {
    Config {
        cluster: Cluster::load(&lab.cluster_file()).unwrap(),
        name: name.to_owned(),
        listen: None,
        storage: Arc::new(storage.clone()),
        fsync,
        accept_edits: false,
        repair: false,
        value_max_bytes: VALUE_MAX_BYTES,
        insecure_plaintext: false,
        log_level: None,
    }
}

/// The syncs of a disk that are held back, until this is dropped: declared after the node, so that a
/// test which fails does not wait for that node's last sync for ever.
pub(crate) struct HeldSyncs(MemoryStorage);

/// Holds back the syncs of `disk`.
pub(crate) fn hold_syncs(disk: &MemoryStorage) -> HeldSyncs {
    disk.hold_syncs();
    HeldSyncs(disk.clone())
}

impl Drop for HeldSyncs {
    fn drop(&mut self) {
        self.0.release_syncs();
    }
}

/// Lets a node do all that it has to do: it carries requests out in the order of their arrival on one
/// thread, so what was sent before these requests has been looked at when the last one is answered.
pub(crate) fn settle(lab: &Lab, name: &str) {
    let mut connection = lab.connect(name);
    for _ in 0..100 {
        connection.call(&["PING"]);
    }
}

/// Waits until `name` is linked to `peer`.
pub(crate) fn wait_for_link(lab: &Lab, name: &str, peer: &str) {
    let mut connection: Connection = lab.connect(name);
    eventually("the link", || {
        super::connection::rows(&connection.call(&["TRIAD", "NODES"]))
            .iter()
            .any(|row| row["name"] == peer && row["reachable"] == "1")
    });
}
