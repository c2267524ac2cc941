//! triad: a key-value store that lives on the devices a person already owns.
//!
//! A Linux box, a Mac and an Android phone under Termux each run one small program, a *node*. Each
//! node has a *rule*, a test of a key's digest; the rules, tried in the order of a list, give every key
//! exactly one *owner*. Any node answers for every key: what it does not own it asks the owner for, over
//! TCP. Each node keeps its share in a JSON file that a person can read. Nodes speak RESP, the protocol
//! of Redis, so every Redis client works with them.
//!
//! # The modules
//!
//! | module | what it is |
//! |---|---|
//! | [`limits`] | every bound, each with its reason |
//! | [`rule`] | a rule: which keys it claims |
//! | [`placement`] | the list of rules: owner of a key, shares, fingerprint |
//! | [`cluster`] | the cluster file, validated: names, rules, addresses |
//! | [`resp`] | RESP2 and RESP3: bytes to requests and frames, and back; no sockets |
//! | [`pattern`] | the glob patterns of `KEYS` and `SCAN` |
//! | [`command`] | one file a family: arguments, route, effect on a table, reply |
//! | [`storage`] | the one door to the file system |
//! | [`store`] | table, journal, snapshot, recovery, lock |
//! | [`node`] | listener, connections, dispatch, peer links, shutdown |
//! | [`client`] | the library client: of one node, or of all nodes of a cluster |
//! | [`coverage`] | the test that every key has exactly one home |
//! | [`embedded`] | the three built-in nodes in one process |
//! | [`session`] | a cluster and the node that a tool asks; what is asked about one key |
//! | [`survey`] | what the nodes tell about themselves |
//! | [`transfer`] | many keys at a time, between files and nodes |
//! | [`menu`] | the menu, for people |
//! | [`ending`], [`terminal`], [`json`] | how the tools end, and what they show |
//!
//! `node` uses `command`, `resp` and `cluster`, and of `client` only how a peer's name is looked up; `cluster` uses `placement`, which uses `rule`; `command`
//! uses `store`, which uses `storage`. `resp` and `store` know no socket and no runtime, and `store`
//! knows nothing of the cluster.
//!
//! # The life of a request
//!
//! `bytes → request → command → route → (mine) table → journal → reply`, or
//! `→ (another's) peer link → reply passed back`.
//!
//! 1. A connection reads what has arrived, decodes every whole request in it, and carries them out in
//!    order ([`resp::RequestDecoder`]).
//! 2. Each [`command::Command`] declares its [`command::Route`]: this node, the owner of one key, the
//!    owners of several, every node. Dispatch alone interprets routes.
//! 3. A key of this node is looked up or changed in the table at once ([`store::Store`]); the change goes
//!    to the journal, with those of all connections that are ready at the same time, as one group.
//! 4. A key of another node goes out on the one link to that node, in order with all others; what
//!    arrives on a link is carried out or refused, never sent on.
//! 5. The reply takes its place behind those of earlier requests. It leaves when the last write to each
//!    key that it touched is as durable as [`store::Fsync`] promises: nobody sees what a crash can take
//!    back.

pub mod client;
pub mod cluster;
pub mod command;
#[cfg(feature = "tools")]
pub mod coverage;
#[cfg(feature = "tools")]
pub mod embedded;
#[cfg(feature = "tools")]
pub mod ending;
#[cfg(feature = "tools")]
pub mod json;
pub mod limits;
#[cfg(feature = "tools")]
pub mod menu;
pub mod node;
pub mod pattern;
pub mod placement;
pub mod resp;
pub mod rule;
#[cfg(feature = "tools")]
pub mod session;
pub mod storage;
pub mod store;
#[cfg(feature = "tools")]
pub mod survey;
#[cfg(feature = "tools")]
pub mod terminal;
#[cfg(feature = "tools")]
pub mod transfer;
#[cfg(feature = "tools")]
mod whole_file;
