//! The three built-in nodes inside this process, for a first try without any set-up.
//!
//! They listen on their usual addresses, so that a second tool joins them, and keep their files in
//! `data` like nodes that were started by hand. They end with the tool.

use std::fmt;
use std::io;
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

/// Nodes on threads of this process. Dropping it stops them, after their checkpoints. Printed, it is
/// what its user should know.
#[derive(Debug)]
pub struct Embedded {
    nodes: Vec<Running>,
    folder: PathBuf,
    warnings: Vec<String>,
}

/// Why the nodes did not start, or did not end well.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EmbeddedError {
    /// The folder of the nodes' files can't be used. Nothing was changed.
    #[error(
        "no node is running, and this program cannot run them itself: the folder {} can't be made or \
         opened ({source}). Go to a folder where you may write, or name your cluster file with \
         --cluster",
        folder.display()
    )]
    Folder {
        /// The folder.
        folder: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A node did not start; the others were stopped. No key was changed.
    #[error(
        "no node is running, and this program cannot run them itself with data in {}: {source}",
        folder.display()
    )]
    Start {
        /// The folder of their files.
        folder: PathBuf,
        /// What went wrong.
        source: StartError,
    },
    /// A node did not end as it should. What was acknowledged is on disk.
    #[error("a node inside this program did not end well: {0}")]
    Stop(#[source] RunError),
}

impl Embedded {
    /// Starts the built-in nodes if the list is the built-in one and nothing answers at any of its
    /// addresses; otherwise `None`: the nodes are somebody's, and are used as they are.
    pub async fn start_if_alone(cluster: &Cluster) -> Result<Option<Self>, EmbeddedError> {
        if *cluster.source() != Source::BuiltIn || any_answers(cluster).await {
            return Ok(None);
        }
        match Self::start(cluster, Path::new(FOLDER)) {
            // Another tool that was started at the same moment was faster, and has the nodes.
            Err(EmbeddedError::Start {
                source: StartError::PortInUse { .. },
                ..
            }) if any_answers(cluster).await => Ok(None),
            started => started.map(Some),
        }
    }

    /// Starts every node of `cluster` with its files in `folder`.
    pub fn start(cluster: &Cluster, folder: &Path) -> Result<Self, EmbeddedError> {
        let folder = std::path::absolute(folder).unwrap_or_else(|_| folder.to_owned());
        let storage = Folder::open(&folder).map_err(|source| EmbeddedError::Folder {
            folder: folder.clone(),
            source,
        })?;
        let storage = Arc::new(storage);
        let failed = |source| EmbeddedError::Start {
            folder: folder.clone(),
            source,
        };
        let mut prepared = Vec::new();
        for name in cluster.placement().names() {
            let config = Config {
                cluster: cluster.clone(),
                name: name.to_string(),
                listen: None,
                storage: Arc::clone(&storage) as _,
                fsync: Fsync::Always,
                accept_edits: false,
                repair: false,
                value_max_bytes: VALUE_MAX_BYTES,
                insecure_plaintext: false,
                log_level: None,
            };
            prepared.push(Prepared::new(config).map_err(failed)?);
        }
        let warnings = prepared.iter().flat_map(|node| &node.recovery().warnings);
        let warnings = warnings.cloned().collect();
        // None is let loose before all listen: it would find the others away, and be slow to look
        // again.
        let nodes = prepared.into_iter().map(Prepared::spawn);
        let nodes = nodes.collect::<Result<_, _>>().map_err(failed)?;
        Ok(Self {
            nodes,
            folder,
            warnings,
        })
    }

    /// Where the nodes' files are: an absolute path.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Stops the nodes; each writes its JSON file.
    pub fn stop(self) -> Result<(), EmbeddedError> {
        let mut result = Ok(());
        for node in self.nodes {
            result = result.and(node.stop());
        }
        result.map_err(EmbeddedError::Stop)
    }
}

impl fmt::Display for Embedded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let nodes = self.nodes.iter();
        let nodes = nodes.map(|node| format!("{} on {}", node.name(), node.address()));
        write!(
            f,
            "no node is running, so they run inside this program until it ends: {}, with data in {}",
            nodes.collect::<Vec<_>>().join(", "),
            self.folder.display()
        )?;
        for warning in &self.warnings {
            write!(f, "\nwarning: {warning}")?;
        }
        Ok(())
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
