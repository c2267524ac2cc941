//! The three built-in nodes inside this process, for a first try without any set-up.
//!
//! They listen on their usual addresses, so that a second tool joins them, and keep their files in
//! `data` like nodes that were started by hand.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::client::resolve;
use crate::cluster::{Cluster, Source};
use crate::limits::{CLIENT_CONNECT_TIMEOUT, VALUE_MAX_BYTES};
use crate::node::{Config, Prepared, RunError, Running, StartError};
use crate::storage::Folder;
use crate::store::Fsync;

/// The folder of embedded nodes, below the current one.
pub const FOLDER: &str = "data";

/// Nodes on threads of this process. Dropping it stops them, after their checkpoints.
#[derive(Debug)]
pub struct Embedded {
    nodes: Vec<Running>,
    folder: PathBuf,
}

impl Embedded {
    /// Starts the built-in nodes if the list is the built-in one and nothing answers at any of its
    /// addresses; otherwise `None`: the nodes are somebody's, and are used as they are.
    pub async fn start_if_alone(cluster: &Cluster) -> Result<Option<Self>, StartError> {
        if *cluster.source() != Source::BuiltIn || any_answers(cluster).await {
            return Ok(None);
        }
        Self::start(cluster, Path::new(FOLDER)).map(Some)
    }

    /// Starts every node of `cluster` with its files in `folder`.
    pub fn start(cluster: &Cluster, folder: &Path) -> Result<Self, StartError> {
        let storage = Arc::new(Folder::open(folder).map_err(StartError::System)?);
        let mut nodes = Vec::new();
        for name in cluster.placement().names() {
            let config = Config {
                cluster: cluster.clone(),
                name: name.to_string(),
                listen: None,
                storage: Arc::clone(&storage) as _,
                fsync: Fsync::Always,
                accept_edits: false,
                value_max_bytes: VALUE_MAX_BYTES,
                insecure_plaintext: false,
            };
            nodes.push(Prepared::new(config)?.spawn()?);
        }
        let folder = std::path::absolute(folder).unwrap_or_else(|_| folder.to_owned());
        Ok(Self { nodes, folder })
    }

    /// Where the nodes' files are.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Stops the nodes; each writes its JSON file.
    pub fn stop(self) -> Result<(), RunError> {
        let mut result = Ok(());
        for node in self.nodes {
            result = result.and(node.stop());
        }
        result
    }
}

async fn any_answers(cluster: &Cluster) -> bool {
    for node in cluster.nodes() {
        for address in resolve(&node.address).await.unwrap_or_default() {
            let attempt = tokio::net::TcpStream::connect(address);
            if matches!(
                tokio::time::timeout(CLIENT_CONNECT_TIMEOUT, attempt).await,
                Ok(Ok(_))
            ) {
                return true;
            }
        }
    }
    false
}
