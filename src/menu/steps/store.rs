//! To store a key.

use crate::menu::editor::Scratch;
use crate::menu::ink::Ink;
use crate::menu::prompt::{Ask, Item, Kind, Leave, List, at_home};
use crate::menu::{Exit, Menu, Stop, editor, tell_on_stderr, time};

use super::find::ask_key;

/// Asks for key and value, and stores it.
pub(super) async fn run(menu: &mut Menu<'_>) -> Result<(), Stop> {
    let Some(key) = ask_key(menu)? else {
        return Ok(());
    };
    let (value, scratch) = match ask_value(menu).await {
        Ok(value) => value,
        Err(Stop::Leave(Leave::Step)) => {
            return Ok(menu.screen.say(Ink::Faint, "nothing was stored")?);
        }
        Err(stop) => return Err(stop),
    };
    let (bytes, stored) = (
        value.len(),
        menu.try_attend(async |session| session.put(&key, &value).await),
    );
    let took = match stored.await {
        Ok(((), took)) => took,
        Err(stop) => return Err(kept(menu, scratch, stop)?),
    };
    let node = menu.session.owner(&key);
    let said = format!("stored {} on {node} in {}", sized(bytes), time::shown(took));
    Ok(menu.screen.say(Ink::Good, &said)?)
}

/// The value, and the file with it that is there only as long as it is not stored.
async fn ask_value(menu: &mut Menu<'_>) -> Result<(Vec<u8>, Option<Scratch>), Stop> {
    let editor = editor::command();
    let written = format!("the editor {editor}");
    let place = menu.screen.choose(&List {
        title: "",
        question: "value from: ",
        hint: "",
        items: &Item::numbered(["the keyboard", "a file", &written]),
        at: 0,
        is_first: false,
    })?;
    match place {
        0 => {
            let value = menu.screen.text(&Ask::new("value: ", Kind::Value))?;
            Ok((value.into_bytes(), None))
        }
        1 => {
            let path = at_home(&menu.screen.text(&Ask::new("file: ", Kind::Path))?);
            let read = menu.try_attend(async |session| session.value_of_file(&path).await);
            Ok((read.await?.0, None))
        }
        _ => written_with(menu, &editor).await,
    }
}

/// The value that somebody writes with an editor.
async fn written_with(
    menu: &mut Menu<'_>,
    editor: &str,
) -> Result<(Vec<u8>, Option<Scratch>), Stop> {
    let writing = editor::write(editor, &menu.signals);
    let (file, signal) = menu.screen.lend(writing).await??;
    if let Some(signal) = signal {
        let stop = Leave::Menu(Exit::Signal(signal)).into();
        return Err(kept(menu, Some(file), stop)?);
    }
    let read = menu.try_attend(async |session| session.value_of_file(file.path()).await);
    let mut text = match read.await {
        Ok((text, _)) => text,
        Err(stop) => return Err(kept(menu, Some(file), stop)?),
    };
    // Editors end the last line as well.
    if text.last() == Some(&b'\n') {
        text.pop();
    }
    if text.is_empty() {
        // As git takes it: somebody thought better of it.
        return Err(Leave::Step.into());
    }
    Ok((text, Some(file)))
}

/// Keeps what was written and is not stored, and says where it is.
fn kept(menu: &mut Menu<'_>, scratch: Option<Scratch>, stop: Stop) -> Result<Stop, Leave> {
    let Some(said) = scratch.and_then(Scratch::keep) else {
        return Ok(stop);
    };
    match stop {
        Stop::Failed(ending) => return Ok(Stop::Failed(ending.after(said))),
        Stop::Leave(_) => tell_on_stderr(&said),
        Stop::Interrupted => menu.screen.say(Ink::Bad, &said)?,
    }
    Ok(stop)
}

/// A number of bytes.
pub(super) fn sized(bytes: usize) -> String {
    match bytes {
        1 => "1 byte".to_owned(),
        _ => format!("{bytes} bytes"),
    }
}
