//! `CLIENT KILL`: which connections are to end.
//!
//! The link of another node is what Redis has as the link of a master: it is ended when its number, its
//! address or `TYPE master` is given, and never because it has a user. That node connects again at once; who
//! waits there for a reply that was to come over the old link is told that the outcome is not known.

use super::super::keys::parse_number;
use super::super::registry::{Client, ClientType};
use super::super::{Args, Context, Error, Frame, Outcome};
use super::parse_type;

/// What a connection must be to be ended.
#[derive(Debug, Default)]
struct Filter<'a> {
    id: Option<u64>,
    address: Option<&'a [u8]>,
    local_address: Option<&'a [u8]>,
    client_type: Option<ClientType>,
    has_user: bool,
}

/// `CLIENT KILL ip:port`, or `CLIENT KILL filter value …`. The connection that asks ends after its reply,
/// and only with the old form or with `SKIPME no`.
pub(super) fn kill<'s>(cx: Context<'s, '_>, args: Args<'_>) -> Result<Outcome<'s>, Error> {
    let is_old_form = args.len() == 2;
    let (filter, skips_itself) = if is_old_form {
        let address = args.get(1);
        (
            Filter {
                address,
                ..Filter::default()
            },
            false,
        )
    } else {
        Filter::parse(args)?
    };
    let (me, mut others, mut myself) = (cx.session.id, Vec::new(), false);
    for client in cx.host.clients.all() {
        let id = client.origin.id;
        if !filter.takes(&client) || (id == me && skips_itself) {
            continue;
        }
        if id == me {
            myself = true;
        } else {
            others.push(id);
        }
    }
    let killed = others.len() + usize::from(myself);
    let reply = match (is_old_form, killed) {
        (true, 0) => return Err(Error::new("ERR No such client")),
        (true, _) => Frame::OK,
        (false, killed) => Frame::count(killed),
    };
    Ok(Outcome::Kill {
        reply,
        others,
        myself,
    })
}

impl<'a> Filter<'a> {
    /// The filter, and whether the one who asks is not meant.
    fn parse(args: Args<'a>) -> Result<(Self, bool), Error> {
        let (mut filter, mut skips_itself) = (Self::default(), true);
        let mut words = args.iter().skip(1);
        while let Some(name) = words.next() {
            let value = words.next().ok_or(Error::syntax())?;
            match name.to_ascii_lowercase().as_slice() {
                b"id" => filter.id = Some(parse_id(value)?),
                b"type" => filter.client_type = Some(parse_type(value)?),
                b"addr" => filter.address = Some(value),
                b"laddr" => filter.local_address = Some(value),
                b"user" => filter.has_user = is_the_user(value)?,
                b"skipme" => skips_itself = parse_yes_or_no(value)?,
                _ => return Err(Error::syntax()),
            }
        }
        Ok((filter, skips_itself))
    }

    fn takes(&self, client: &Client) -> bool {
        let is = |wanted: Option<&[u8]>, address: std::net::SocketAddr| {
            wanted.is_none_or(|wanted| wanted == address.to_string().as_bytes())
        };
        self.id.is_none_or(|id| id == client.origin.id)
            && is(self.address, client.origin.address)
            && is(self.local_address, client.origin.local_address)
            && self
                .client_type
                .is_none_or(|wanted| wanted == client.client_type())
            && (!self.has_user || client.user() == "default")
    }
}

fn parse_id(word: &[u8]) -> Result<u64, Error> {
    parse_number::<i64>(word)
        .ok()
        .and_then(|id| u64::try_from(id).ok())
        .filter(|id| *id > 0)
        .ok_or(Error::new("ERR client-id should be greater than 0"))
}

/// There is one user. Returns true if this is its name.
fn is_the_user(name: &[u8]) -> Result<bool, Error> {
    if name == b"default" {
        return Ok(true);
    }
    let name = String::from_utf8_lossy(name);
    Err(Error::new(format!("ERR No such user '{name}'")))
}

fn parse_yes_or_no(word: &[u8]) -> Result<bool, Error> {
    match word.to_ascii_lowercase().as_slice() {
        b"yes" => Ok(true),
        b"no" => Ok(false),
        _ => Err(Error::syntax()),
    }
}
