//! Bytes to requests.

use std::ops::ControlFlow;

use bytes::BytesMut;

use super::ahead::SecondWords;
use super::{Excess, Next, Place, Request, RequestLimits, TooLarge};
use crate::limits;
use crate::resp::args::{Args, Span};
use crate::resp::input::Input;
use crate::resp::number::parse_short_line;
use crate::resp::{ProtocolError, inline};

/// Reads requests from bytes that arrive in pieces of any size.
///
/// The caller appends what has arrived to [`buffer`](Self::buffer), then calls [`next`](Self::next)
/// until it says [`Next::Incomplete`]. After an error every further call gives the same error.
///
/// A request that is over a limit is read past: its bytes are dropped as they arrive, and at its end
/// it is reported as [`Next::TooLarge`].
#[derive(Debug)]
pub struct RequestDecoder {
    limits: RequestLimits,
    input: Input,
    phase: Phase,
    /// The arguments of the current request that have not arrived whole.
    missing: usize,
    /// Where the arguments that have arrived lie: in what the input keeps, or in `words`.
    spans: Vec<Span>,
    /// The words of an inline request, or the name of a request that is read past.
    words: Vec<u8>,
    /// Why the current request is read past, if it is.
    excess: Option<Excess>,
    /// What has been handed out last and may still be in use.
    delivered: Found,
}

#[derive(Debug, Clone, Copy)]
enum Phase {
    /// Before a request.
    Opening,
    /// Before an argument, or in the line that announces its length.
    Length,
    /// In the bytes of an argument, or in the line end after them; so many bytes are to come before
    /// that.
    Body(usize),
}

/// What a step may end the search with.
#[derive(Debug, Clone, Copy)]
enum Found {
    /// More bytes are needed.
    Nothing,
    /// A request whose arguments lie in what the input keeps.
    Array,
    /// A request whose arguments are the words.
    Inline,
    /// The end of a request that was read past.
    TooLarge(Excess),
}

type Step = Result<ControlFlow<Found>, ProtocolError>;

const ON: Step = Ok(ControlFlow::Continue(()));
const NOTHING: Step = Ok(ControlFlow::Break(Found::Nothing));

impl RequestDecoder {
    /// A decoder that holds no memory yet.
    pub fn new(limits: RequestLimits) -> Self {
        Self {
            limits,
            input: Input::default(),
            phase: Phase::Opening,
            missing: 0,
            spans: Vec::new(),
            words: Vec::new(),
            excess: None,
            delivered: Found::Nothing,
        }
    }

    /// The buffer, for the caller to reserve room in and to append to. What it holds already is still
    /// needed. A request that was handed out before is gone.
    pub fn buffer(&mut self) -> &mut BytesMut {
        self.forget_delivered();
        self.input.buffer()
    }

    /// The next request, as far as it has arrived.
    #[expect(
        clippy::should_implement_trait,
        reason = "what it gives borrows from the decoder"
    )]
    pub fn next(&mut self) -> Result<Next<'_>, ProtocolError> {
        self.forget_delivered();
        let found = loop {
            self.input.count_step();
            let step = match self.phase {
                Phase::Opening => self.open(),
                Phase::Length => self.arguments(),
                Phase::Body(left) if self.excess.is_none() => self.body(left),
                Phase::Body(left) => self.skip_body(left),
            };
            if let ControlFlow::Break(found) = step? {
                break found;
            }
        };
        self.delivered = found;
        Ok(self.again())
    }

    /// What [`next`](Self::next) gave last, once more. It costs nothing: a request that has to wait
    /// stays where it is, as long as the decoder is not used otherwise.
    pub fn again(&self) -> Next<'_> {
        let words = Args::from_spans(&self.words, &self.spans);
        match self.delivered {
            Found::Nothing => Next::Incomplete,
            Found::Array => {
                let raw = self.input.kept();
                let args = Args::from_spans(raw, &self.spans);
                Next::Request(Request {
                    args,
                    raw: Some(raw),
                    start: self.input.kept_start(),
                })
            }
            Found::Inline => Next::Request(Request {
                args: words,
                raw: None,
                start: 0,
            }),
            Found::TooLarge(excess) => Next::TooLarge(TooLarge {
                command: words.get(0),
                excess,
            }),
        }
    }

    /// The second words of the whole requests that come next, as far as a quick look finds them, each with
    /// its [`Request::place`]: of most commands that is the key. Nothing changes by looking.
    pub fn second_words_ahead(&self) -> impl Iterator<Item = (Place, &[u8])> {
        let is_at_request = matches!(self.phase, Phase::Opening) && self.input.is_fresh();
        let rest = Some(self.input.rest()).filter(|_| is_at_request);
        SecondWords::new(rest.unwrap_or_default(), self.input.rest_start())
    }

    /// The bytes looked at so far, and the steps taken: what decoding has cost. However the bytes are
    /// cut, it is at most three for each; the bytes of an argument are not looked at.
    pub fn examined(&self) -> u64 {
        self.input.examined()
    }

    /// The bytes for which this decoder holds memory.
    pub fn held_bytes(&self) -> usize {
        self.input.capacity() + self.spans.capacity() * size_of::<Span>() + self.words.capacity()
    }

    /// Whether it is between two requests, and nothing of a further one has arrived: then it is as good
    /// as new.
    pub fn is_idle(&self) -> bool {
        matches!(self.phase, Phase::Opening)
            && matches!(self.delivered, Found::Nothing)
            && self.input.is_fresh()
            && self.input.rest().is_empty()
    }

    /// Gives all memory back if nothing is buffered. An idle connection then costs no more than this
    /// struct.
    pub fn shrink(&mut self) {
        self.forget_delivered();
        if self.input.shrink() && matches!(self.phase, Phase::Opening) {
            self.spans = Vec::new();
            self.words = Vec::new();
        }
    }

    fn forget_delivered(&mut self) {
        if !matches!(self.delivered, Found::Nothing) {
            self.delivered = Found::Nothing;
            self.input.finish();
            self.spans.clear();
            self.words.clear();
        }
    }

    /// Reads the first line of a request.
    fn open(&mut self) -> Step {
        match self.input.rest().first() {
            None => NOTHING,
            Some(b'*') => self.count(),
            Some(_) => self.inline(),
        }
    }

    /// Reads the line that announces how many arguments there are.
    fn count(&mut self) -> Step {
        let max = self.limits.inline_max_bytes;
        let Some((count, len)) = self.input.read_number(max, ProtocolError::CountTooLong)? else {
            return NOTHING;
        };
        // Redis takes a request of no or of fewer than no arguments for an empty line.
        let count = count
            .and_then(|count| usize::try_from(count.max(0)).ok())
            .filter(|&count| count <= self.limits.args_max)
            .ok_or(ProtocolError::InvalidCount)?;
        self.input.keep(len);
        if count == 0 {
            self.input.finish();
        } else {
            self.missing = count;
            self.phase = Phase::Length;
        }
        ON
    }

    /// Reads an inline request; an empty line is none.
    fn inline(&mut self) -> Step {
        let max = self.limits.inline_max_bytes;
        let Some(len) = self.input.find_line(max, ProtocolError::InlineTooLong)? else {
            return NOTHING;
        };
        let line = self.input.rest().get(..len).unwrap_or_default();
        inline::split_line(line, &mut self.words, &mut self.spans)?;
        let RequestLimits {
            args_max,
            bulk_max_bytes,
            ..
        } = self.limits;
        let mut spans = self.spans.iter();
        if spans.len() > args_max || spans.any(|span| span.end - span.start > bulk_max_bytes) {
            return Err(ProtocolError::InlineTooLong);
        }
        self.input.keep(len + 1);
        if self.spans.is_empty() {
            self.input.finish();
            return ON;
        }
        Ok(self.deliver(Found::Inline))
    }

    /// Reads on at the beginning of an argument.
    fn arguments(&mut self) -> Step {
        if self.excess.is_none() && self.input.is_fresh() {
            self.take_whole_arguments();
            if self.missing == 0 {
                return Ok(self.deliver(Found::Array));
            }
        }
        self.length()
    }

    /// Takes the arguments that have arrived whole, as long as nothing is unusual about them. What
    /// stops it is left to be looked at more closely, so it needs to say nothing about that.
    fn take_whole_arguments(&mut self) {
        let bytes = self.input.rest();
        let start = self.input.kept().len();
        let (mut at, mut looked_at) = (0, 0);
        while self.missing > 0 {
            let rest = bytes.get(at..).unwrap_or_default();
            let Some((len, line)) = parse_short_line(rest) else {
                break;
            };
            let end = line + len;
            let whole = rest.first() == Some(&b'$') && rest.get(end..end + 2) == Some(b"\r\n");
            let total = start + at + end + 2;
            if !whole || self.limits.excess(self.spans.len(), total, len).is_some() {
                break;
            }
            self.spans.push(Span {
                start: start + at + line,
                end: start + at + end,
            });
            self.missing -= 1;
            at += end + 2;
            looked_at += line;
        }
        self.input.count_bytes(looked_at);
        self.input.keep(at);
    }

    /// Reads the line that announces an argument's length.
    fn length(&mut self) -> Step {
        match self.input.rest().first() {
            None => return NOTHING,
            Some(b'$') => {}
            Some(&other) => return Err(ProtocolError::ExpectedBulk(other)),
        }
        let max = self.limits.inline_max_bytes;
        let Some((bytes, len)) = self.input.read_number(max, ProtocolError::LengthTooLong)? else {
            return NOTHING;
        };
        let bytes = bytes
            .and_then(|bytes| usize::try_from(bytes).ok())
            .filter(|&bytes| bytes <= self.limits.bulk_skip_max_bytes)
            .ok_or(ProtocolError::InvalidLength)?;
        self.pass(len);
        if self.excess.is_none() {
            let total = self
                .input
                .kept()
                .len()
                .saturating_add(bytes)
                .saturating_add(2);
            if let Some(excess) = self.limits.excess(self.spans.len(), total, bytes) {
                self.begin_to_skip(excess);
            }
        }
        self.phase = Phase::Body(bytes);
        ON
    }

    /// Waits for an argument to arrive whole.
    fn body(&mut self, len: usize) -> Step {
        if !self.input.has_bulk(len)? {
            return NOTHING;
        }
        let start = self.input.kept().len();
        self.spans.push(Span {
            start,
            end: start + len,
        });
        self.pass(len + 2);
        self.end_argument()
    }

    /// Drops as much of an argument as has arrived.
    fn skip_body(&mut self, left: usize) -> Step {
        let arrived = left.min(self.input.rest().len());
        self.pass(arrived);
        let left = left - arrived;
        self.phase = Phase::Body(left);
        if left > 0 || !self.input.has_bulk(0)? {
            return NOTHING;
        }
        self.pass(2);
        self.end_argument()
    }

    fn end_argument(&mut self) -> Step {
        self.missing -= 1;
        if self.missing > 0 {
            self.phase = Phase::Length;
            return ON;
        }
        let found = self.excess.take().map_or(Found::Array, Found::TooLarge);
        Ok(self.deliver(found))
    }

    /// Ends a request.
    fn deliver(&mut self, found: Found) -> ControlFlow<Found> {
        self.phase = Phase::Opening;
        ControlFlow::Break(found)
    }

    /// Goes on behind `len` bytes, which are kept unless the request is read past.
    fn pass(&mut self, len: usize) {
        self.input.keep(len);
        if self.excess.is_some() {
            self.input.finish();
        }
    }

    /// Drops what has arrived of the current request but for its name, and all that comes.
    fn begin_to_skip(&mut self, excess: Excess) {
        let name = Args::from_spans(self.input.kept(), &self.spans).get(0);
        let name = name.filter(|name| name.len() <= limits::COMMAND_NAME_KEPT_MAX_BYTES);
        self.words.extend_from_slice(name.unwrap_or_default());
        let kept = name.map(|name| Span {
            start: 0,
            end: name.len(),
        });
        self.spans.clear();
        self.spans.extend(kept);
        self.excess = Some(excess);
    }
}

impl RequestLimits {
    /// Which limit a request is over with a further argument: the argument's index and length, and
    /// the length of the request up to its end.
    fn excess(&self, index: usize, request_bytes: usize, argument_bytes: usize) -> Option<Excess> {
        let places = (index + 1) * size_of::<Span>();
        let total = request_bytes.saturating_add(places);
        if argument_bytes > self.bulk_max_bytes {
            let limit_bytes = self.bulk_max_bytes;
            return Some(Excess::Argument {
                index,
                bytes: argument_bytes,
                limit_bytes,
            });
        }
        (total > self.request_max_bytes).then_some(Excess::Request {
            bytes: total,
            limit_bytes: self.request_max_bytes,
        })
    }
}
