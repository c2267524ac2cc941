//! A transaction where its keys are: all of it, with nothing in between, or nothing.

use super::super::{
    Args, Channels, Command, Context, Error, Frame, Host, Outcome, Route, Session, catalog, count,
    parse_number,
};
use crate::limits::{REPLY_MAX_BYTES, TRANSACTION_WRITES_MAX_BYTES};
use crate::resp::{self, Protocol};
use crate::store::Store;

/// What answers a request that is about channels.
pub(crate) type AnswerChannels<'a> = dyn FnMut(Channels, Args<'_>) -> Frame<'static> + 'a;

/// Carries out the transaction of this connection, whose keys are this node's. `channels` answers its
/// requests about channels, which no store knows.
pub(crate) fn exec<'s>(
    cx: Context<'s, '_>,
    channels: &mut AnswerChannels<'_>,
) -> Result<Outcome<'s>, Error> {
    let Some(transaction) = cx.session.transaction.take() else {
        return Err(Error::new("ERR EXEC without MULTI"));
    };
    cx.session.client.queued.set(-1);
    let watches = cx.session.watches.remove(&cx.session.id);
    let watches = watches.unwrap_or_default();
    let has_changed = watches.have_changed(cx.store);
    watches.end(cx.store);
    if transaction.has_failed {
        transaction.end(cx.host);
        return Err(Error::new(
            "EXECABORT Transaction discarded because of previous errors.",
        ));
    }
    if has_changed {
        let protocol = cx.session.protocol;
        transaction.end(cx.host);
        return Ok(Outcome::Encoded(nothing(protocol).to_vec()));
    }
    let words: Vec<Vec<&[u8]>> = transaction
        .requests
        .iter()
        .map(|one| one.slices())
        .collect();
    let requests = transaction.requests.iter().zip(&words);
    let requests: Vec<_> = requests
        .map(|(queued, words)| (queued.command, queued.args(words)))
        .collect();
    let encoded = carry_out(cx.store, cx.session, cx.host, &requests, channels);
    transaction.end(cx.host);
    Ok(Outcome::Encoded(encoded))
}

/// `TRIAD EXEC client watched [words word …] …`: carries out the requests, each with the number of its words
/// before it, for a client of another node that watches so many keys here.
pub(super) fn exec_for_peer<'s>(cx: Context<'s, '_>, args: Args<'_>) -> Result<Outcome<'s>, Error> {
    super::check_peer(&cx)?;
    let number = |index| parse_number::<u64>(args.get(index).unwrap_or_default());
    let (client, watched_count) = (number(1)?, number(2)?);
    let watches = cx.session.watches.remove(&client).unwrap_or_default();
    // The link on which they were watched may have broken since, and then nobody knows.
    let has_changed = watches.len() as u64 != watched_count || watches.have_changed(cx.store);
    watches.end(cx.store);
    let mut requests = Vec::new();
    let mut rest = args.from(3);
    while let Some(count) = rest.get(0) {
        let count = usize::try_from(parse_number::<u64>(count)?).unwrap_or(usize::MAX);
        let words = rest.from(1).first(count).ok_or(Error::syntax())?;
        rest = rest.from(1).from(count);
        let found = catalog::find(words)?;
        let is_of_keys = matches!(
            found.command.route,
            Route::Key | Route::Together | Route::Split(_)
        );
        if !is_of_keys {
            return Err(Error::syntax());
        }
        let mut keys = found.command.keys.of(found.args);
        if keys.any(|key| !cx.host.owns(key)) {
            return Err(Error::new(
                "NOTOWNER a node carries out transactions of its own keys only",
            ));
        }
        requests.push((found.command, found.args));
    }
    if has_changed {
        return Ok(Outcome::Encoded(nothing(cx.session.protocol).to_vec()));
    }
    let channels = &mut |_, _: Args<'_>| not_allowed();
    let encoded = carry_out(cx.store, cx.session, cx.host, &requests, channels);
    Ok(Outcome::Encoded(encoded))
}

/// The reply when a watched key has changed.
pub(crate) fn nothing(protocol: Protocol) -> &'static [u8] {
    match protocol {
        Protocol::Resp2 => b"*-1\r\n",
        Protocol::Resp3 => b"_\r\n",
    }
}

/// Carries out requests as one, and returns their replies, encoded as one array.
fn carry_out(
    store: &mut Store,
    session: &mut Session,
    host: &Host,
    requests: &[(&'static Command, Args<'_>)],
    channels: &mut AnswerChannels<'_>,
) -> Vec<u8> {
    let mut out = Vec::new();
    resp::encode_array_header(requests.len(), &mut out);
    store.begin_group();
    for (command, args) in requests {
        count(&host.counters.commands, 1);
        let start = out.len();
        // Nothing of the group goes to the disk before its end, so all of it is in memory until then.
        let is_full = command.is_write() && store.group_bytes() > TRANSACTION_WRITES_MAX_BYTES;
        let context = Context {
            store: &mut *store,
            session: &mut *session,
            host,
        };
        let outcome = if is_full {
            Err(writes_too_much())
        } else {
            (command.run)(context, *args)
        };
        let protocol = session.protocol;
        match outcome {
            Ok(Outcome::Reply(frame) | Outcome::Close(frame)) => {
                resp::encode(&frame, protocol, &mut out);
            }
            Ok(Outcome::Encoded(bytes)) => out.extend_from_slice(&bytes),
            Ok(Outcome::Channels(asked)) => {
                resp::encode(&channels(asked, *args), protocol, &mut out);
            }
            // What these do is not done within a transaction; they are refused when they are queued.
            Ok(_) => {
                resp::encode(&not_allowed(), protocol, &mut out);
            }
            Err(error) => {
                host.count_error(&error);
                resp::encode(&error.into_frame(), protocol, &mut out);
            }
        }
        if out.len() > REPLY_MAX_BYTES {
            out.truncate(start);
            resp::encode(&Error::reply_too_large().into_frame(), protocol, &mut out);
        }
    }
    store.end_group();
    out
}

/// The error of a write behind others that were as much as one transaction may write.
fn writes_too_much() -> Error {
    Error::new(format!(
        "ERR the requests before this one have written the {TRANSACTION_WRITES_MAX_BYTES} bytes that a \
         transaction may write; this one was not carried out"
    ))
}

/// The reply to what no transaction has.
pub(super) fn not_allowed() -> Frame<'static> {
    Frame::error("ERR Command not allowed inside a transaction")
}
