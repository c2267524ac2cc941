//! The links that other nodes have to this one: at most one of each peer.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

use super::outbox::Outbox;
use crate::command::{Error, Hello};

#[derive(Debug)]
struct Entry {
    node_id: String,
    incarnation: u64,
    /// The open link, if there is one.
    outbox: Option<Rc<Outbox>>,
}

/// See the module's text.
#[derive(Debug, Default)]
pub(crate) struct Inbound {
    by_name: RefCell<HashMap<String, Entry>>,
}

impl Inbound {
    /// Makes `outbox` the link of the peer that says `hello`, and ends its older one. From here on
    /// nothing of the older one is carried out.
    pub(crate) fn enter(&self, hello: &Hello, outbox: &Rc<Outbox>) -> Result<(), Error> {
        let mut by_name = self.by_name.borrow_mut();
        if let Some(entry) = by_name.get(&hello.name) {
            if entry.node_id == hello.node_id && entry.incarnation > hello.incarnation {
                return Err(Error::new(format!(
                    "ERR {} has been started again since: this is start {}, and start {} was here",
                    hello.name, hello.incarnation, entry.incarnation
                )));
            }
            if entry.node_id != hello.node_id {
                tracing::warn!(
                    peer = hello.name,
                    "another device of this name, or one with new files, has connected"
                );
            }
            if let Some(older) = &entry.outbox {
                older.close();
            }
        }
        let entry = Entry {
            node_id: hello.node_id.clone(),
            incarnation: hello.incarnation,
            outbox: Some(Rc::clone(outbox)),
        };
        by_name.insert(hello.name.clone(), entry);
        Ok(())
    }

    /// The link `outbox` has ended.
    pub(crate) fn leave(&self, name: &str, outbox: &Rc<Outbox>) {
        if let Some(entry) = self.by_name.borrow_mut().get_mut(name) {
            entry.outbox.take_if(|link| Rc::ptr_eq(link, outbox));
        }
    }

    /// The links that are open.
    pub(crate) fn len(&self) -> usize {
        self.by_name
            .borrow()
            .values()
            .filter(|entry| entry.outbox.is_some())
            .count()
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    fn hello(node_id: &str, incarnation: u64) -> Hello {
        Hello {
            name: "mac".to_owned(),
            node_id: node_id.to_owned(),
            incarnation,
            fingerprint: String::new(),
        }
    }

    fn outbox() -> Rc<Outbox> {
        Rc::new(Outbox::new(Rc::new(Cell::new(0))))
    }

    #[test]
    fn a_new_link_ends_the_older_one() {
        let inbound = Inbound::default();
        let (older, newer) = (outbox(), outbox());
        inbound.enter(&hello("a", 1), &older).unwrap();
        inbound.enter(&hello("a", 1), &newer).unwrap();
        assert!(older.is_closed());
        assert!(!newer.is_closed());
        inbound.leave("mac", &older);
        assert_eq!(inbound.len(), 1);
        inbound.leave("mac", &newer);
        assert_eq!(inbound.len(), 0);
    }

    #[test]
    fn a_link_of_an_earlier_start_is_refused() {
        let inbound = Inbound::default();
        let current = outbox();
        inbound.enter(&hello("a", 2), &current).unwrap();
        assert!(inbound.enter(&hello("a", 1), &outbox()).is_err());
        assert!(!current.is_closed());
        inbound.enter(&hello("b", 1), &outbox()).unwrap();
        assert!(current.is_closed());
    }
}
