//! To store a key.

use crate::menu::ink::Ink;
use crate::menu::prompt::{Ask, Item, Kind, Leave, List, at_home};
use crate::menu::{Menu, Stop, editor, time};

use super::find::ask_key;

/// Asks for key and value, and stores it.
pub(super) async fn run(menu: &mut Menu<'_>) -> Result<(), Stop> {
    let Some(key) = ask_key(menu)? else {
        return Ok(());
    };
    let value = match ask_value(menu).await {
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
    let ((), took) = stored.await?;
    let node = menu.session.owner(&key);
    let said = format!("stored {} on {node} in {}", sized(bytes), time::shown(took));
    Ok(menu.screen.say(Ink::Good, &said)?)
}

async fn ask_value(menu: &mut Menu<'_>) -> Result<Vec<u8>, Stop> {
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
            Ok(value.into_bytes())
        }
        1 => {
            let path = at_home(&menu.screen.text(&Ask::new("file: ", Kind::Path))?);
            let read = menu.try_attend(async |session| session.value_of_file(&path).await);
            Ok(read.await?.0)
        }
        _ => {
            let file = menu.screen.lend(|| editor::write(&editor))??;
            let read = menu.try_attend(async |session| session.value_of_file(file.path()).await);
            let (mut text, _) = read.await?;
            // Editors end the last line as well.
            if text.last() == Some(&b'\n') {
                text.pop();
            }
            if text.is_empty() {
                // As git takes it: somebody thought better of it.
                return Err(Leave::Step.into());
            }
            Ok(text)
        }
    }
}

/// A number of bytes.
pub(super) fn sized(bytes: usize) -> String {
    match bytes {
        1 => "1 byte".to_owned(),
        _ => format!("{bytes} bytes"),
    }
}
