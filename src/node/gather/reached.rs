//! The replies of those nodes that could be reached. One that is lost meanwhile counts as one that was not
//! there.

use std::collections::HashSet;

use super::{Part, Reply, sum};
use crate::command::Merge;
use crate::resp::Frame;

/// Makes one reply of those that are no errors; none if they are not of the form that `merge` takes.
pub(super) fn join(mut parts: Vec<Part>, merge: Merge) -> Option<Frame<'static>> {
    parts.retain(|part| !matches!(part.reply, Some(Reply::Frame(Frame::Error(_)))));
    match merge {
        Merge::Sum => sum(&parts),
        Merge::Union => union(parts),
        Merge::Counts => counts(parts),
        Merge::Concat | Merge::ByKey | Merge::AllOk | Merge::Any => None,
    }
}

fn elements(part: Part) -> Option<Vec<Frame<'static>>> {
    match part.reply {
        Some(Reply::Frame(Frame::Array(elements))) => Some(elements),
        _ => None,
    }
}

fn union(parts: Vec<Part>) -> Option<Frame<'static>> {
    let mut seen = HashSet::new();
    for part in parts {
        for element in elements(part)? {
            match element {
                Frame::Bulk(name) => seen.insert(name),
                _ => return None,
            };
        }
    }
    Some(Frame::Array(seen.into_iter().map(Frame::Bulk).collect()))
}

/// Every node was asked for the same names, in one order.
fn counts(parts: Vec<Part>) -> Option<Frame<'static>> {
    let mut parts = parts.into_iter().map(elements);
    let mut all = parts.next()??;
    for part in parts {
        let part = part?;
        if part.len() != all.len() {
            return None;
        }
        for (total, element) in all.iter_mut().zip(part) {
            match (total, element) {
                (Frame::Integer(total), Frame::Integer(more)) => {
                    *total = total.saturating_add(more);
                }
                (Frame::Bulk(name), Frame::Bulk(same)) if *name == same => {}
                _ => return None,
            }
        }
    }
    Some(Frame::Array(all))
}
