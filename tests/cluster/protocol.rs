//! What clients are answered, command by command and byte by byte, whichever node they ask.

mod background_save;
mod client_kill;
mod client_list;
mod client_reply;
mod commands;
mod config;
mod errors;
mod greeting;
mod info;
mod inline;
mod order;
mod redis;
mod replies;
mod scan;
mod server;
mod sizes;
mod triad;
