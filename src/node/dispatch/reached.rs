//! Requests for every node that can be reached: what is lost with a node that cannot, nobody there misses.

use std::iter;
use std::rc::Rc;

use super::{Dispatch, Flow, Obstacle};
use crate::command::{self, Error, Found, Merge, Outcome};
use crate::node::gather::{Gather, Joining};
use crate::node::link::{Purpose, Readiness, Waiter};
use crate::resp::{self, Args};

impl Dispatch<'_> {
    /// Runs the request here, and on every other node that can be reached.
    pub(super) fn reached(&mut self, found: &Found<'_>, args: Args<'_>, merge: Merge) -> Flow {
        let node = self.node;
        let mut links = Vec::new();
        for index in node.host.placement.indices() {
            let Some(link) = node.link(index) else {
                continue;
            };
            match link.readiness(Purpose::Data, &node.host.name) {
                Readiness::Wait => return Flow::Park(Obstacle::Link(link)),
                Readiness::Up => links.push((index, link)),
                Readiness::Down(_) => {}
            }
        }
        if links.is_empty() {
            return self.run_here(found);
        }
        // Its own part is done first: a message for this very connection stands before the reply.
        let mut store = node.store.borrow_mut();
        let own = match self.execute(&mut store, found.command, found.args) {
            Ok(Outcome::Channels(asked)) => node.answer_channels(asked, found.args),
            Ok(_) => Err(Error::syntax()),
            Err(error) => Err(error),
        };
        drop(store);
        let own = match own {
            Ok(own) => own,
            Err(error) => return self.refuse(error),
        };
        let nodes = iter::once(node.host.me).chain(links.iter().map(|(index, _)| *index));
        let gather = Gather::new(
            Rc::clone(self.outbox),
            self.reserve(),
            Joining::Reached(merge),
            found.command.name,
            found.command.is_write(),
            nodes.map(|node| (node, Vec::new())),
        );
        gather.fill(0, own, &node.host);
        for (place, (_, link)) in links.iter().enumerate() {
            command::count(&node.host.counters.forwarded, 1);
            link.send(Waiter::Part(Rc::clone(&gather), place + 1), |out| {
                resp::encode_request(args.iter(), out);
            });
        }
        Flow::Next
    }
}
