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
    outbox: Rc<Outbox>,
}

/// See the module's text. Only open links are in it, so it is no larger than the number of
/// connections, whatever names they give.
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
            entry.outbox.close();
        }
        let entry = Entry {
            node_id: hello.node_id.clone(),
            incarnation: hello.incarnation,
            outbox: Rc::clone(outbox),
        };
        by_name.insert(hello.name.clone(), entry);
        Ok(())
    }

    /// The link `outbox` has ended.
    pub(crate) fn leave(&self, name: &str, outbox: &Rc<Outbox>) {
        let mut by_name = self.by_name.borrow_mut();
        if by_name
            .get(name)
            .is_some_and(|entry| Rc::ptr_eq(&entry.outbox, outbox))
        {
            by_name.remove(name);
        }
    }

    /// The links that are open.
    pub(crate) fn len(&self) -> usize {
        self.by_name.borrow().len()
    }
}

#[cfg(test)]
mod tests {
    use super::super::outbox::AllReplies;
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
        Rc::new(Outbox::new(Rc::new(AllReplies::new())))
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

    #[test]
    fn a_node_whose_files_were_restored_is_taken_once_its_later_start_is_gone() {
        let inbound = Inbound::default();
        let later = outbox();
        inbound.enter(&hello("a", 2), &later).unwrap();
        inbound.leave("mac", &later);
        inbound.enter(&hello("a", 1), &outbox()).unwrap();
    }
}
