//! What the crate `redis` asks of a server, through one node. How it is run stands in `checks.rs`.

mod asynchronous;
mod batches;
mod checks;
mod data;
mod messages;
mod place;
mod sessions;

use std::env;
use std::process::ExitCode;

use place::Place;

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let [entry, other, protocol, kind] = &arguments[..] else {
        panic!("usage: redis_rs ENTRY OTHER 2|3 triad|redis");
    };
    let mut place = Place::new(entry, other, protocol, kind);
    let parts = [
        sessions::CHECKS,
        data::CHECKS,
        batches::CHECKS,
        messages::CHECKS,
        asynchronous::CHECKS,
    ];
    checks::run_all(&mut place, &parts.concat())
}
