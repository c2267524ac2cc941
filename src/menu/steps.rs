//! The steps of the menu, a file a family.

mod cluster;
mod files;
mod find;
mod help;
mod keys;
mod store;

use super::{Menu, Stop};

/// What can be chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    Store,
    Retrieve,
    Delete,
    Search,
    View,
    Where,
    Status,
    Watch,
    CheckUp,
    Import,
    Export,
    Coverage,
    Entry,
    Help,
    Quit,
}

impl Step {
    /// In the order in which they are listed.
    pub(super) const ALL: [Self; 15] = [
        Self::Store,
        Self::Retrieve,
        Self::Delete,
        Self::Search,
        Self::View,
        Self::Where,
        Self::Status,
        Self::Watch,
        Self::CheckUp,
        Self::Import,
        Self::Export,
        Self::Coverage,
        Self::Entry,
        Self::Help,
        Self::Quit,
    ];

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Store => "store a key",
            Self::Retrieve => "retrieve a key",
            Self::Delete => "delete a key",
            Self::Search => "search the keys",
            Self::View => "view the keys of one node",
            Self::Where => "where is a key, and why",
            Self::Status => "cluster status",
            Self::Watch => "watch the nodes",
            Self::CheckUp => "check-up: what may be wrong",
            Self::Import => "import keys from a file",
            Self::Export => "export keys to a file",
            Self::Coverage => "run the coverage test",
            Self::Entry => "choose the node to go through",
            Self::Help => "help",
            Self::Quit => "quit",
        }
    }
}

/// Does what was chosen.
pub(super) async fn run(menu: &mut Menu<'_>, step: Step) -> Result<(), Stop> {
    match step {
        Step::Store => store::run(menu).await,
        Step::Retrieve => find::retrieve(menu).await,
        Step::Delete => find::delete(menu).await,
        Step::Search => keys::search(menu).await,
        Step::View => keys::view(menu).await,
        Step::Where => find::locate(menu).await,
        Step::Status => cluster::status(menu).await,
        Step::Watch => cluster::watch(menu).await,
        Step::CheckUp => cluster::check_up(menu).await,
        Step::Import => files::import(menu).await,
        Step::Export => files::export(menu).await,
        Step::Coverage => cluster::coverage(menu).await,
        Step::Entry => cluster::entry(menu).await,
        Step::Help => help::run(menu),
        Step::Quit => Err(super::Leave::Menu(super::Exit::Quit).into()),
    }
}
