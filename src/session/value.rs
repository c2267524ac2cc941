//! Values from outside and to the outside: files and streams, whatever bytes they have.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use super::Session;
use crate::ending::Ending;
use crate::resp::Frame;
use crate::terminal;
use crate::whole_file::{self, Making};

/// How a value is stored.
#[derive(Debug, Clone, Copy, Default)]
pub struct How {
    /// After how many seconds the key is gone.
    pub expire_seconds: Option<u64>,
    /// Only if the key is not there.
    pub if_absent: bool,
}

impl Session {
    /// The longest value that the entry node takes, in bytes.
    pub async fn value_max_bytes(&mut self) -> Result<usize, Ending> {
        let limit = |reply: Frame<'static>| {
            let Frame::Map(fields) = reply else {
                return None;
            };
            let (_, value) = fields.first()?;
            std::str::from_utf8(value.as_bytes()?).ok()?.parse().ok()
        };
        self.ask(&[b"CONFIG", b"GET", b"triad-max-value"], limit)
            .await
    }

    /// Stores a value; whether it was stored, which it is always but where the key is there and should not be.
    pub async fn put_as(&mut self, key: &[u8], value: &[u8], how: How) -> Result<bool, Ending> {
        let seconds = how.expire_seconds.map(|seconds| seconds.to_string());
        let mut words: Vec<&[u8]> = vec![b"SET", key, value];
        if let Some(seconds) = &seconds {
            words.extend([&b"EX"[..], seconds.as_bytes()]);
        }
        if how.if_absent {
            words.push(b"NX");
        }
        let stored = |reply| match reply {
            Frame::Null => Some(false),
            reply => (reply == Frame::OK).then_some(true),
        };
        self.ask(&words, stored).await
    }

    /// Reads a value from a file. One that is too large is refused by its size, without being read.
    pub async fn value_of_file(&mut self, path: &Path) -> Result<Vec<u8>, Ending> {
        let max = self.value_max_bytes().await?;
        let file = File::open(path).map_err(|error| of_file(path, "can't be read", &error))?;
        let found = file.metadata();
        let found = found.map_err(|error| of_file(path, "can't be read", &error))?;
        let size = usize::try_from(found.len()).unwrap_or(usize::MAX);
        if found.is_file() && size > max {
            let message = format!("{} has {size} bytes; {}", shown(path), at_most(max));
            return Err(Ending::failure(message));
        }
        let read = read_at_most(file, max);
        let read = read.map_err(|error| of_file(path, "can't be read", &error))?;
        read.ok_or_else(|| too_large(&shown(path), max))
    }

    /// Reads a value from a stream called `name`, to its end or until it is too large.
    pub async fn value_of_stream(
        &mut self,
        stream: impl Read,
        name: &str,
    ) -> Result<Vec<u8>, Ending> {
        let max = self.value_max_bytes().await?;
        let read = read_at_most(stream, max);
        let read =
            read.map_err(|error| Ending::failure(format!("{name} can't be read: {error}")))?;
        read.ok_or_else(|| too_large(name, max))
    }
}

/// All bytes of a stream, or none if they are more than `max`.
fn read_at_most(stream: impl Read, max: usize) -> io::Result<Option<Vec<u8>>> {
    let mut value = Vec::new();
    let bound = u64::try_from(max).unwrap_or(u64::MAX).saturating_add(1);
    stream.take(bound).read_to_end(&mut value)?;
    Ok((value.len() <= max).then_some(value))
}

/// Of a stream nobody knows how much there would be.
fn too_large(name: &str, max: usize) -> Ending {
    let message = format!("{name} has more than {max} bytes; {}", at_most(max));
    Ending::failure(message)
}

fn at_most(max: usize) -> String {
    format!("a value has at most {max} on these nodes (--max-value); nothing was stored")
}

/// Writes a value into a file, which then has it whole or stays as it was. What is no file, such as
/// `/dev/null` or a pipe, is written to.
pub fn write_value(path: &Path, value: &[u8]) -> Result<(), Ending> {
    let making = Making {
        may_replace: true,
        is_private: false,
    };
    let written = whole_file::write(path, value, making);
    written.map_err(|error| of_file(path, "can't be written", &error))
}

fn of_file(path: &Path, what: &str, error: &io::Error) -> Ending {
    Ending::failure(format!("{} {what}: {error}", shown(path)))
}

fn shown(path: &Path) -> String {
    terminal::readable_line(path.as_os_str().as_encoded_bytes())
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::{PermissionsExt as _, symlink};

    use super::*;

    #[test]
    fn a_stream_is_read_no_further_than_it_may_be() {
        assert_eq!(read_at_most(&b"abc"[..], 3).unwrap(), Some(b"abc".to_vec()));
        assert_eq!(read_at_most(&b""[..], 0).unwrap(), Some(Vec::new()));
        let mut endless = io::repeat(0);
        assert_eq!(read_at_most(&mut endless, 1000).unwrap(), None);
        let mut rest = &b"abcdef"[..];
        assert_eq!(read_at_most(&mut rest, 3).unwrap(), None);
        assert_eq!(rest, b"ef");
    }

    #[test]
    fn a_file_is_replaced_as_a_whole_and_keeps_its_mode() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("a file");
        write_value(&file, b"one\0\xff").unwrap();
        assert_eq!(fs::read(&file).unwrap(), b"one\0\xff");
        fs::set_permissions(&file, fs::Permissions::from_mode(0o640)).unwrap();
        let link = folder.path().join("link");
        symlink(&file, &link).unwrap();
        write_value(&link, b"").unwrap();
        assert_eq!(fs::read(&file).unwrap(), b"");
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
        assert_eq!(
            fs::metadata(&file).unwrap().permissions().mode() & 0o777,
            0o640
        );
        // Nothing else is left there.
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2);
    }

    #[test]
    fn what_is_no_file_is_written_to_or_refused() {
        write_value(Path::new("/dev/null"), b"gone").unwrap();
        let folder = tempfile::tempdir().unwrap();
        let refused = write_value(folder.path(), b"x").unwrap_err().to_string();
        assert!(refused.contains("can't be written: "), "{refused}");
        let none = folder.path().join("none").join("file");
        let refused = write_value(&none, b"x").unwrap_err().to_string();
        assert!(
            refused.contains("none/file can't be written: No such"),
            "{refused}"
        );
    }
}
