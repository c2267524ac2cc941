//! Whatever bytes are sent, a node answers with what is wrong or closes the connection, keeps its
//! memory, and goes on serving the others.

mod bytes;
mod flood;
mod http;
mod sequences;
