//! The words of a request.

/// Where an argument lies in the bytes of its request.
#[derive(Debug, Clone, Copy)]
pub(super) struct Span {
    pub(super) start: usize,
    pub(super) end: usize,
}

/// The arguments of a request, the command's name first. A view that is copied like a reference.
///
/// They lie in a decoder's buffer, or are slices that the program has put together itself.
#[derive(Debug, Clone, Copy)]
pub struct Args<'a>(Source<'a>);

#[derive(Debug, Clone, Copy)]
enum Source<'a> {
    /// Every span lies within the bytes: whoever makes them has read those bytes already.
    Spans(&'a [u8], &'a [Span]),
    Slices(&'a [&'a [u8]]),
}

impl<'a> Args<'a> {
    /// Arguments from slices, for commands that the program makes itself.
    pub const fn from_slices(slices: &'a [&'a [u8]]) -> Self {
        Self(Source::Slices(slices))
    }

    pub(super) const fn from_spans(bytes: &'a [u8], spans: &'a [Span]) -> Self {
        Self(Source::Spans(bytes, spans))
    }

    /// How many there are.
    pub const fn len(&self) -> usize {
        match self.0 {
            Source::Spans(_, spans) => spans.len(),
            Source::Slices(slices) => slices.len(),
        }
    }

    /// Whether there are none. That is never so for a whole [`Request`](super::Request).
    pub const fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The argument at `index`, counted from 0.
    pub fn get(&self, index: usize) -> Option<&'a [u8]> {
        match self.0 {
            Source::Spans(bytes, spans) => spans
                .get(index)
                .and_then(|span| bytes.get(span.start..span.end)),
            Source::Slices(slices) => slices.get(index).copied(),
        }
    }

    /// Where the argument at `index` lies in the bytes of its request.
    pub(super) fn span(&self, index: usize) -> Option<Span> {
        match self.0 {
            Source::Spans(_, spans) => spans.get(index).copied(),
            Source::Slices(_) => None,
        }
    }

    /// The arguments from `index` on; none if there are fewer.
    #[must_use]
    pub fn from(&self, index: usize) -> Self {
        match self.0 {
            Source::Spans(bytes, spans) => {
                Self::from_spans(bytes, spans.get(index..).unwrap_or_default())
            }
            Source::Slices(slices) => Self::from_slices(slices.get(index..).unwrap_or_default()),
        }
    }

    /// The first so many arguments; `None` if there are fewer.
    pub fn first(&self, count: usize) -> Option<Self> {
        Some(match self.0 {
            Source::Spans(bytes, spans) => Self::from_spans(bytes, spans.get(..count)?),
            Source::Slices(slices) => Self::from_slices(slices.get(..count)?),
        })
    }

    /// One after another.
    pub const fn iter(&self) -> ArgsIter<'a> {
        ArgsIter(*self)
    }
}

impl<'a> IntoIterator for Args<'a> {
    type Item = &'a [u8];
    type IntoIter = ArgsIter<'a>;

    fn into_iter(self) -> ArgsIter<'a> {
        self.iter()
    }
}

impl<'a> IntoIterator for &Args<'a> {
    type Item = &'a [u8];
    type IntoIter = ArgsIter<'a>;

    fn into_iter(self) -> ArgsIter<'a> {
        self.iter()
    }
}

/// Gives the arguments one after another, and knows how many are left.
#[derive(Debug, Clone)]
pub struct ArgsIter<'a>(Args<'a>);

impl<'a> Iterator for ArgsIter<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        let first = self.0.get(0)?;
        self.0 = self.0.from(1);
        Some(first)
    }

    // Requests of many keys are walked over in steps.
    fn nth(&mut self, n: usize) -> Option<&'a [u8]> {
        self.0 = self.0.from(n);
        self.next()
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.0.len(), Some(self.0.len()))
    }
}

impl ExactSizeIterator for ArgsIter<'_> {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_sources_read_the_same() {
        let spans = [
            Span { start: 1, end: 3 },
            Span { start: 3, end: 3 },
            Span { start: 4, end: 5 },
        ];
        let slices = [&b"bc"[..], b"", b"e"];
        for args in [
            Args::from_spans(b"abcde", &spans),
            Args::from_slices(&slices),
        ] {
            assert_eq!(args.len(), 3);
            assert_eq!(args.iter().len(), 3);
            assert_eq!(args.iter().collect::<Vec<_>>(), slices);
            assert_eq!(args.iter().nth(2), Some(&b"e"[..]));
            assert_eq!(
                args.iter().step_by(2).collect::<Vec<_>>(),
                [b"bc", &b"e"[..]]
            );
            assert_eq!(args.iter().nth(3), None);
            assert_eq!(args.get(2), Some(&b"e"[..]));
            assert_eq!(args.get(3), None);
            assert_eq!(args.from(1).into_iter().collect::<Vec<_>>(), slices[1..]);
            assert!(args.from(3).is_empty() && args.from(4).is_empty());
        }
    }
}
