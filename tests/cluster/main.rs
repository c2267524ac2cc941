//! Tests of the built programs: real nodes, real files, real sockets.

mod lab;

mod clients;
mod durability;
mod flood;
mod hostile;
mod idle;
mod mixed;
mod one_hop;
mod order;
mod outages;
mod ownership;
mod partial;
mod peer;
mod protocol;
mod refusals;
mod rules_differ;
mod scenario;
mod shutdown;
mod slow_disk;
mod start;
mod walkthrough;
