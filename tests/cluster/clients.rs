//! Clients that are many, slow, gone, or do not read: the others are served, and memory stays bounded.

mod gone;
mod idle;
mod many;
mod slow;
mod unread;
