//! Keys as they go to another node: with all that they are.

use std::ops::ControlFlow;

use super::super::super::Frame;
use super::Collector;
use crate::limits::PART_BYTES;
use crate::store::{Deadline, View};

impl Collector<'_> {
    /// Takes a key as an array: the key, its deadline in milliseconds since 1970 or 0, its type, and its items;
    /// a string is one. The items of a collection that is to go in parts are left out. Says `Break` once there
    /// are [`PART_BYTES`].
    pub(in crate::command) fn visit_whole(
        &mut self,
        key: &[u8],
        value: View<'_>,
        deadline: Option<Deadline>,
    ) -> ControlFlow<()> {
        let around = std::mem::take(&mut self.found);
        let is_wanted = self.is_of_type(value) && self.visit_item(key);
        if is_wanted {
            self.add(deadline.map_or(0, Deadline::get).to_string().as_bytes());
            self.add(value.type_name().as_bytes());
            if let Some(bytes) = value.as_string() {
                self.add(bytes);
            } else if let (items, None) = value.items_from(0, PART_BYTES) {
                for item in &items {
                    self.add(item);
                }
            }
        }
        let whole = std::mem::replace(&mut self.found, around);
        if is_wanted {
            self.found.push(Frame::Array(whole));
        }
        if self.size.bytes() < PART_BYTES {
            ControlFlow::Continue(())
        } else {
            ControlFlow::Break(())
        }
    }
}
