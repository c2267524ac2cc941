//! Tests of the built programs: real nodes, real files, real sockets.

mod lab;

mod durability;
mod flood;
mod idle;
mod mixed;
mod one_hop;
mod order;
mod outages;
mod ownership;
mod partial;
mod refusals;
mod rules_differ;
mod scenario;
mod shutdown;
mod slow_disk;
mod start;
mod walkthrough;
