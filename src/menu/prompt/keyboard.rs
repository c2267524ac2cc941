//! The keyboard: the terminal's bytes as they come, with what else happens while one waits for them.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;

use super::keys::{Decoded, Key, PASTE_END, decode};
use crate::limits::{MENU_BURST_WAIT, MENU_ESCAPE_WAIT, MENU_PASTE_SILENCE, MENU_TEXT_MAX_BYTES};
use crate::menu::signals::{News, Signals};

/// What happens at a prompt.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Event {
    Key(Key),
    /// A text that was pasted, with line ends of one byte.
    Paste(String),
    Signal(News),
    /// The terminal is gone, or its input is closed.
    Lost,
}

/// What several lines that arrive at once are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Burst {
    /// So many keys.
    Keys,
    /// A pasted text, from a terminal that does not mark it.
    Paste,
}

/// A line of input, at a terminal that edits lines itself.
#[derive(Debug)]
pub(super) enum Line {
    Text(Vec<u8>),
    Signal(News),
    /// By Ctrl-D, or with the terminal.
    Closed,
}

enum Ready {
    Input,
    Signal,
    Nothing,
}

/// See the module's text.
#[derive(Debug)]
pub(super) struct Keyboard {
    signals: Arc<Signals>,
    /// What has come and was not taken yet.
    bytes: Vec<u8>,
}

/// How much is read at once: as much as a terminal keeps.
const CHUNK_BYTES: usize = 4096;

impl Keyboard {
    pub(super) fn new(signals: Arc<Signals>) -> Self {
        Self {
            signals,
            bytes: Vec::new(),
        }
    }

    /// Begins a prompt: what has come before is what was typed ahead, key by key.
    pub(super) fn begin(&mut self) {
        // Whatever is wrong is seen again when a key is waited for.
        while self.bytes.len() < MENU_TEXT_MAX_BYTES
            && matches!(self.wait(Some(Duration::ZERO)), Ok(Ready::Input))
            && self.fill()
        {}
    }

    /// Forgets what was typed ahead: what is asked next is not to be answered by accident.
    pub(super) fn forget(&mut self) {
        self.begin();
        self.bytes.clear();
    }

    /// Whether something is there that has come already.
    pub(super) fn has_more(&self) -> bool {
        !self.bytes.is_empty()
    }

    /// Waits for the next thing to happen.
    pub(super) fn next(&mut self, burst: Burst) -> Event {
        loop {
            if let Some(news) = self.signals.take() {
                return Event::Signal(news);
            }
            if self.bytes.is_empty() {
                match self.wait(None) {
                    Ok(Ready::Input) if self.fill() => {}
                    Ok(Ready::Signal | Ready::Nothing) => continue,
                    _ => return Event::Lost,
                }
                if burst == Burst::Paste && has_lines_at_once(&self.bytes) {
                    return self.rest_of_burst();
                }
            }
            match decode(&self.bytes, false) {
                Decoded::Key(key, count) => return self.take_key(key, count),
                Decoded::Paste(count) => {
                    self.bytes.drain(..count);
                    return self.pasted();
                }
                Decoded::Partial => match self.wait(Some(MENU_ESCAPE_WAIT)) {
                    Ok(Ready::Input) if self.fill() => {}
                    Ok(Ready::Signal) => {}
                    Ok(Ready::Nothing) => {
                        if let Decoded::Key(key, count) = decode(&self.bytes, true) {
                            return self.take_key(key, count);
                        }
                    }
                    _ => return Event::Lost,
                },
            }
        }
    }

    /// Waits for a line, at a terminal that edits lines itself.
    pub(super) fn line(&mut self) -> Line {
        loop {
            if let Some(news) = self.signals.take() {
                return Line::Signal(news);
            }
            if let Some(end) = self.bytes.iter().position(|byte| *byte == b'\n') {
                let mut line: Vec<_> = self.bytes.drain(..=end).collect();
                line.pop();
                return Line::Text(line);
            }
            match self.wait(None) {
                Ok(Ready::Input) if self.fill() => self.bytes.truncate(MENU_TEXT_MAX_BYTES),
                Ok(Ready::Signal | Ready::Nothing) => {}
                _ => return Line::Closed,
            }
        }
    }

    fn take_key(&mut self, key: Key, count: usize) -> Event {
        self.bytes.drain(..count);
        Event::Key(key)
    }

    /// A pasted text, up to the mark of its end. Of a longer one than is taken the rest is passed over.
    fn pasted(&mut self) -> Event {
        let mut text = Vec::new();
        loop {
            let mark = self
                .bytes
                .windows(PASTE_END.len())
                .position(|bytes| bytes == PASTE_END);
            // The last bytes may be the beginning of the mark.
            let end =
                mark.unwrap_or_else(|| (self.bytes.len() + 1).saturating_sub(PASTE_END.len()));
            let room = MENU_TEXT_MAX_BYTES.saturating_sub(text.len());
            text.extend(self.bytes.drain(..end).take(room));
            if mark.is_some() {
                self.bytes.drain(..PASTE_END.len());
                return Event::Paste(one_byte_line_ends(&text));
            }
            if !self.more_within(MENU_PASTE_SILENCE) {
                text.append(&mut self.bytes);
                return Event::Paste(one_byte_line_ends(&text));
            }
        }
    }

    /// A text whose beginning has come, and whose rest follows closely.
    fn rest_of_burst(&mut self) -> Event {
        while self.bytes.len() < MENU_TEXT_MAX_BYTES && self.more_within(MENU_BURST_WAIT) {}
        let text = std::mem::take(&mut self.bytes);
        Event::Paste(one_byte_line_ends(&text))
    }

    fn more_within(&mut self, time: Duration) -> bool {
        matches!(self.wait(Some(time)), Ok(Ready::Input)) && self.fill()
    }

    /// Waits for input or a signal.
    fn wait(&self, time: Option<Duration>) -> io::Result<Ready> {
        let stdin = io::stdin();
        let mut waited_for = [
            PollFd::new(&*self.signals, PollFlags::IN),
            PollFd::new(&stdin, PollFlags::IN),
        ];
        let time = time.and_then(|time| Timespec::try_from(time).ok());
        match poll(&mut waited_for, time.as_ref()) {
            Ok(0) | Err(Errno::INTR) => return Ok(Ready::Nothing),
            Ok(_) => {}
            Err(error) => return Err(error.into()),
        }
        let [signals, _] = waited_for;
        // Anything else is at the input, also its end.
        Ok(if signals.revents().is_empty() {
            Ready::Input
        } else {
            Ready::Signal
        })
    }

    /// Reads what is there; whether there was something.
    fn fill(&mut self) -> bool {
        let mut chunk = [0; CHUNK_BYTES];
        match rustix::io::read(io::stdin(), &mut chunk) {
            Ok(count @ 1..) => {
                self.bytes
                    .extend_from_slice(chunk.get(..count).unwrap_or_default());
                true
            }
            Err(Errno::INTR) => true,
            _ => false,
        }
    }
}

/// Whether what has come at once is text of more than a line: nobody types so fast. Keys that are no text were
/// pressed.
fn has_lines_at_once(bytes: &[u8]) -> bool {
    let is_key = |byte: &u8| matches!(byte, 0..0x20 | 0x7f) && !b"\t\r\n".contains(byte);
    let mut lines = bytes.split(|byte| matches!(byte, b'\r' | b'\n'));
    lines.next();
    !bytes.iter().any(is_key) && lines.any(|line| !line.is_empty())
}

/// Terminals send a carriage return for each line end of a text, or what the text has.
fn one_byte_line_ends(text: &[u8]) -> String {
    let text = String::from_utf8_lossy(text);
    text.replace("\r\n", "\n").replace('\r', "\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_at_once_are_told_from_one() {
        for (bytes, are_several) in [
            (&b"abc"[..], false),
            (b"abc\r", false),
            (b"abc\r\n", false),
            (b"abc\n", false),
            (b"\r\r", false),
            (b"a\rb", true),
            (b"a\nb\n", true),
            (b"\nb", true),
            (b"a\r\x1b[B", false),
            (b"a\r\x03", false),
            (b"a\rb\x7f", false),
        ] {
            assert_eq!(has_lines_at_once(bytes), are_several, "{bytes:?}");
        }
        assert_eq!(one_byte_line_ends(b"a\rb\r\nc\n\xff"), "a\nb\nc\n\u{fffd}");
    }
}
