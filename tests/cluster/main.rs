//! Tests of the built programs: real nodes, real files, real sockets.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "what goes wrong in a test is to stop it"
)]

mod lab;
#[path = "../machine/mod.rs"]
mod machine;
#[path = "../machine/small_disk.rs"]
mod small_disk;

mod backoff;
mod backup;
mod client;
mod clients;
mod completions;
mod doctor;
mod documents;
mod durability;
mod embedded;
mod exit_codes;
mod expiry;
mod export;
mod flood;
mod full_disk;
mod hostile;
mod idle;
mod import;
mod keygen;
mod kills;
mod last_words;
mod menu;
mod mixed;
mod model;
mod one_hop;
mod order;
mod outages;
mod ownership;
mod partial;
mod peer;
mod pictures;
mod protocol;
mod pubsub;
mod put_get;
mod real_clients;
mod refusals;
mod rehome;
mod routing;
mod rules_differ;
mod scenario;
mod shutdown;
mod silence;
mod slow_disk;
mod stale_address;
mod start;
mod transactions;
mod walkthrough;
mod watch;
