//! The load: clients that write and read through all nodes, and put down what they are told.

mod book;
mod outcome;
mod pipeline;
mod reader;
mod writer;

pub(crate) use book::Book;
pub(crate) use reader::{Reader, is_of_a_lost_node};
pub(crate) use writer::Writer;
