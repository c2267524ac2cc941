//! Tests of the built programs: real nodes, real files, real sockets.

mod lab;

mod durability;
mod mixed;
mod ownership;
mod refusals;
mod start;
mod walkthrough;
