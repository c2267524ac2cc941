//! `keys`: all keys, or those of one node.

use std::io::{self, ErrorKind, IsTerminal as _, Write as _};

use triad::ending::Ending;
use triad::json::{self, Key};
use triad::session::{Session, Walk};
use triad::terminal;

/// Prints the keys as they come, so that tables of any size can be listed.
pub(super) async fn keys(
    session: &mut Session,
    node: Option<&str>,
    pattern: Option<Vec<u8>>,
    as_json: bool,
) -> Result<(), Ending> {
    let stdout = io::stdout();
    let for_people = stdout.is_terminal();
    let mut out = io::BufWriter::new(stdout.lock());
    let mut walk = Walk::start(session, node).await?.matching(pattern);
    if as_json {
        write!(out, "{{\"node\":{},\"keys\":[", json::document(&node)?)?;
    }
    let mut comma = "";
    loop {
        let keys = match walk.step(session).await {
            Ok(Some(keys)) => keys,
            Ok(None) => break,
            Err(ending) => {
                if as_json {
                    // Keys are printed already: what was begun is to be a document all the same.
                    writeln!(
                        out,
                        "],\"error\":{}}}",
                        json::document(&ending.to_string())?
                    )?;
                    out.flush()?;
                }
                return Err(ending);
            }
        };
        for key in keys {
            let written = if as_json {
                let key = json::document(&Key::new(&key))?;
                write!(out, "{}{key}", std::mem::replace(&mut comma, ","))
            } else if for_people {
                writeln!(out, "{}", terminal::readable_line(&key))
            } else {
                out.write_all(&key).and_then(|()| out.write_all(b"\n"))
            };
            if is_unread(&written) {
                return Ok(());
            }
            written?;
        }
    }
    if as_json {
        writeln!(out, "]}}")?;
    }
    let flushed = out.flush();
    if is_unread(&flushed) {
        Ok(())
    } else {
        Ok(flushed?)
    }
}

/// Whether the reader of the output has seen enough, as `head` has after some lines.
fn is_unread(written: &io::Result<()>) -> bool {
    written
        .as_ref()
        .is_err_and(|error| error.kind() == ErrorKind::BrokenPipe)
}
