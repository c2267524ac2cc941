//! The clients that people use, through every node of a cluster: redis-py, node-redis, ioredis, the crate
//! `redis`, and redis-cli.
//!
//! Each has a program of named checks, in `tests/clients` or, for redis-cli, here. It is also run on Redis
//! itself, so what it expects of a node is what Redis does. `tests/clients/install` installs the libraries;
//! where that was not done, these tests say so and pass.

mod cli;
mod library;
mod redis_cli;
