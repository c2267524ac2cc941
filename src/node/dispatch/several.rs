//! Requests that concern several nodes: each is sent its part.

use std::rc::Rc;

use super::super::gather::{Gather, Joining, split_cursor};
use super::super::link::{Purpose, Readiness, Waiter};
use super::{Dispatch, Flow, Obstacle};
use crate::command::{self, Command, Error, Found, Outcome, ScanOptions};
use crate::placement::NodeIndex;
use crate::resp::{self, Args};

/// The arguments for which there is room from the start in each part of a request.
const SHARE_ROOM: usize = 256;

/// The arguments of one owner, and which elements of the whole they are.
pub(super) struct Share<'a> {
    pub(super) node: NodeIndex,
    pub(super) words: Vec<&'a [u8]>,
    places: Vec<usize>,
}

impl Dispatch<'_> {
    pub(super) fn split(
        &mut self,
        found: &Found<'_>,
        args: Args<'_>,
        raw: Option<&[u8]>,
        joining: Joining,
    ) -> Flow {
        let shares = self.shares(found);
        if let [only] = shares.as_slice() {
            return match self.node.link(only.node) {
                Some(link) => self.forward(&link, args, raw),
                None => self.run_here(found),
            };
        }
        self.gather(found.command, shares, joining, Purpose::Data)
    }

    /// Sorts the keys of a request, each with what stands behind it, by owner.
    pub(super) fn shares<'a>(&self, found: &Found<'a>) -> Vec<Share<'a>> {
        let (keys, args) = (found.command.keys, found.args);
        let mut shares: Vec<Share<'a>> = Vec::new();
        for (place, owner) in self.owners(found).into_iter().enumerate() {
            let share = if let Some(at) = shares.iter().position(|share| share.node == owner) {
                shares.get_mut(at)
            } else {
                let room = args.len().min(SHARE_ROOM);
                let mut words = Vec::with_capacity(room);
                words.push(found.command.name.as_bytes());
                shares.push(Share {
                    node: owner,
                    words,
                    places: Vec::with_capacity(room),
                });
                shares.last_mut()
            };
            if let Some(share) = share {
                let first = keys.first + place * keys.step;
                share.words.extend(args.iter().skip(first).take(keys.step));
                share.places.push(place);
            }
        }
        shares
    }

    pub(super) fn everywhere(
        &mut self,
        found: &Found<'_>,
        args: Args<'_>,
        joining: Joining,
    ) -> Flow {
        if self.node.host.placement.len() == 1 {
            return self.run_here(found);
        }
        let words: Vec<_> = args.iter().collect();
        let share = |node| Share {
            node,
            words: words.clone(),
            places: Vec::new(),
        };
        let shares: Vec<_> = self.node.host.placement.indices().map(share).collect();
        self.gather(found.command, shares, joining, Purpose::Data)
    }

    /// Asks every node about itself; those that cannot be asked are listed with the cause.
    pub(super) fn survey(&mut self, found: &Found<'_>) -> Flow {
        let words: [&[u8]; 2] = [b"TRIAD", b"SELF"];
        let share = |node| Share {
            node,
            words: words.to_vec(),
            places: Vec::new(),
        };
        let shares: Vec<_> = self.node.host.placement.indices().map(share).collect();
        self.gather(found.command, shares, Joining::Survey, Purpose::Question)
    }

    /// One step of a scan, on the node that the cursor names.
    pub(super) fn scan(&mut self, found: &Found<'_>) -> Flow {
        let cursor = command::parse_number(found.args.get(1).unwrap_or_default());
        let cursor = cursor.ok().and_then(split_cursor);
        let place = cursor.and_then(|(node, _)| self.node.host.placement.index(node));
        let (Some((_, position)), Some(node)) = (cursor, place) else {
            return self.refuse(Error::new("ERR invalid cursor"));
        };
        if let Err(error) = ScanOptions::parse(found.args.from(2)) {
            return self.refuse(error);
        }
        let position = position.to_string();
        let mut words: Vec<&[u8]> = vec![found.command.name.as_bytes(), position.as_bytes()];
        words.extend(found.args.iter().skip(2));
        let shares = vec![Share {
            node,
            words,
            places: Vec::new(),
        }];
        self.gather(found.command, shares, Joining::Cursor(node), Purpose::Data)
    }

    /// Sends each owner its part, if all of them can be reached; otherwise nothing is done anywhere. A
    /// survey goes to those that can be reached.
    pub(super) fn gather(
        &mut self,
        command: &'static Command,
        shares: Vec<Share<'_>>,
        joining: Joining,
        purpose: Purpose,
    ) -> Flow {
        let here = &self.node.host.name;
        if command.is_write() && self.node.journal_lags() {
            return Flow::Park(Obstacle::Journal);
        }
        for link in shares.iter().filter_map(|share| self.node.link(share.node)) {
            match link.readiness(purpose, here) {
                Readiness::Wait => return Flow::Park(Obstacle::Link(link)),
                Readiness::Down(error) if purpose == Purpose::Data => return self.refuse(error),
                Readiness::Up | Readiness::Down(_) => {}
            }
        }
        self.send_parts(command, shares, joining, purpose);
        Flow::Next
    }

    fn send_parts(
        &mut self,
        command: &'static Command,
        mut shares: Vec<Share<'_>>,
        joining: Joining,
        purpose: Purpose,
    ) {
        let node = self.node;
        let (outbox, ticket) = (Rc::clone(self.outbox), self.reserve());
        let parts = shares
            .iter_mut()
            .map(|share| (share.node, std::mem::take(&mut share.places)));
        let gather = Gather::new(
            outbox,
            ticket,
            joining,
            command.name,
            command.is_write(),
            parts,
        );
        for (index, share) in shares.iter().enumerate() {
            let Some(link) = node.link(share.node) else {
                self.run_part(command, &share.words, &gather, index);
                continue;
            };
            if let Readiness::Down(error) = link.readiness(purpose, &node.host.name) {
                gather.fill(index, error.into_frame(), &node.host);
                continue;
            }
            command::count(&node.host.counters.forwarded, 1);
            link.send(Waiter::Part(Rc::clone(&gather), index), |out| {
                resp::encode_request(share.words.iter().copied(), out);
            });
        }
    }

    /// Runs a part of a request on this node's own table.
    fn run_part(&mut self, command: &Command, words: &[&[u8]], gather: &Gather, index: usize) {
        let node = self.node;
        let mut store = node.store.borrow_mut();
        gather.put(
            index,
            match self.execute(&mut store, command, Args::from_slices(words)) {
                Ok(Outcome::Reply(frame)) => frame,
                Ok(_) => Error::syntax().into_frame(),
                Err(error) => error.into_frame(),
            },
        );
        let seq = store.take_gate();
        drop(store);
        gather.end_part(seq, &node.host);
    }
}
