//! Many keys: those of one node, and those that fit a pattern. Each can be chosen, and then be retrieved, deleted
//! or explained; so also keys that nobody can type.

use std::borrow::Cow;
use std::time::Instant;

use super::find;
use crate::limits::{MENU_LISTED_KEYS, MENU_PROGRESS_AFTER};
use crate::menu::ink::Ink;
use crate::menu::prompt::{Ask, Item, Kind, Leave, List};
use crate::menu::{Menu, Stop};
use crate::session::{Session, Walk};
use crate::terminal::{self, Progress, Unit};

/// Asks for a pattern and lists the keys that fit it.
pub(super) async fn search(menu: &mut Menu<'_>) -> Result<(), Stop> {
    let question = "pattern, or a part of the keys: ";
    let typed = menu.screen.text(&Ask::new(question, Kind::Pattern))?;
    let pattern = pattern_of(&typed);
    let walk = menu.try_attend(async |session| Walk::start(session, None).await);
    let (walk, _) = walk.await?;
    let walk = walk.matching(Some(pattern.as_bytes().to_vec()));
    let shown = terminal::readable_line(pattern.as_bytes());
    list(menu, walk, &format!("that fit {shown}")).await
}

/// Asks for a node and lists its keys.
pub(super) async fn view(menu: &mut Menu<'_>) -> Result<(), Stop> {
    let names = menu.session.names();
    let place = menu.screen.choose(&List {
        title: "",
        question: "node: ",
        hint: "",
        items: &Item::numbered(names.clone()),
        at: 0,
        is_first: false,
    })?;
    let name = names.get(place).map_or("", String::as_str);
    let walk = menu.try_attend(async |session| Walk::start(session, Some(name)).await);
    let (walk, _) = walk.await?;
    list(menu, walk, &format!("on {name}")).await
}

/// What was typed, or whatever has it as a part if it is no pattern.
fn pattern_of(typed: &str) -> Cow<'_, str> {
    if typed.contains(['*', '?', '[', '\\']) {
        Cow::Borrowed(typed)
    } else {
        Cow::Owned(format!("*{typed}*"))
    }
}

/// Lists keys, so many at a time, until somebody has seen enough.
async fn list(menu: &mut Menu<'_>, mut walk: Walk, which: &str) -> Result<(), Stop> {
    let mut rest = Vec::new();
    let mut before = 0;
    loop {
        let (keys, was_stopped) = fetch(menu, &mut walk, &mut rest).await?;
        let has_more = !(rest.is_empty() && walk.is_done());
        let title = titled(before, keys.len(), has_more, which);
        if was_stopped {
            menu.screen.say(Ink::Bad, &format!("stopped; {title}"))?;
        }
        if keys.is_empty() && !has_more {
            return Ok(menu.screen.say(Ink::Plain, &title)?);
        }
        let count = keys.len();
        let titled = |left| titled(before, left, has_more, which);
        if !pick(menu, keys, has_more, &titled).await? {
            return Ok(());
        }
        before += count;
    }
}

fn titled(before: usize, count: usize, has_more: bool, which: &str) -> String {
    match (before, count, has_more) {
        (0, 0, _) => format!("no keys {which}"),
        (0, 1, false) => format!("1 key {which}"),
        (0, _, false) => format!("{count} keys {which}"),
        (0, _, true) => format!("the first {count} keys {which}"),
        (_, 0, _) => format!("no more keys {which}"),
        _ => format!("keys {} to {} {which}", before + 1, before + count),
    }
}

/// The next keys, and whether Ctrl-C came before there were enough.
async fn fetch(
    menu: &mut Menu<'_>,
    walk: &mut Walk,
    rest: &mut Vec<Vec<u8>>,
) -> Result<(Vec<Vec<u8>>, bool), Stop> {
    let mut keys = std::mem::take(rest);
    let (begun, mut progress) = (Instant::now(), None);
    let filled = menu.try_attend(async |session: &mut Session| {
        while keys.len() < MENU_LISTED_KEYS {
            let Some(found) = walk.step(session).await? else {
                break;
            };
            keys.extend(found);
            if begun.elapsed() > MENU_PROGRESS_AFTER {
                let what = "searching, Ctrl-C stops; keys found:";
                let bar = progress.get_or_insert_with(|| Progress::new(what, Unit::Keys, None));
                bar.set(keys.len() as u64);
            }
        }
        Ok(())
    });
    let filled = filled.await;
    drop(progress);
    let was_stopped = match filled {
        Ok(_) => false,
        Err(Stop::Interrupted) => true,
        Err(stop) => return Err(stop),
    };
    if keys.len() > MENU_LISTED_KEYS {
        *rest = keys.split_off(MENU_LISTED_KEYS);
    }
    Ok((keys, was_stopped))
}

/// Has keys chosen, and something done to them, until somebody wants the next ones, or no more.
async fn pick(
    menu: &mut Menu<'_>,
    mut keys: Vec<Vec<u8>>,
    has_more: bool,
    titled: &dyn Fn(usize) -> String,
) -> Result<bool, Stop> {
    let mut at = 0;
    loop {
        let shown = keys.iter().map(|key| terminal::readable_line(key));
        let mut items: Vec<_> = shown.map(Item::bare).collect();
        if has_more {
            items.push(Item::bare("… more keys"));
        }
        items.push(Item::bare("… back to the choices"));
        let hint = "Esc leaves; arrows, or a part of it";
        at = menu.screen.choose(&List {
            title: &titled(keys.len()),
            question: "key: ",
            hint,
            items: &items,
            at,
            is_first: false,
        })?;
        let Some(key) = keys.get(at).cloned() else {
            return Ok(has_more && at == keys.len());
        };
        let is_gone = match act(menu, &key).await {
            // What can't be done with one key can be with another.
            Err(Stop::Failed(ending)) => {
                menu.screen.say(Ink::Bad, &ending.to_string())?;
                false
            }
            Err(Stop::Leave(Leave::Step)) => false,
            done => done?,
        };
        if is_gone {
            keys.remove(at);
        }
    }
}

/// Does something with a key; whether it is gone then.
async fn act(menu: &mut Menu<'_>, key: &[u8]) -> Result<bool, Stop> {
    let place = menu.screen.choose(&List {
        title: "",
        question: "what to do: ",
        hint: "",
        items: &Item::numbered([
            "retrieve it",
            "where is it, and why",
            "delete it",
            "back to the keys",
        ]),
        at: 0,
        is_first: false,
    })?;
    match place {
        0 => find::retrieve_key(menu, key).await.map(|()| false),
        1 => find::locate_key(menu, key).await.map(|()| false),
        2 => find::delete_key(menu, key).await,
        _ => Ok(false),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_without_signs_is_looked_for_anywhere() {
        for (typed, pattern) in [
            ("", "**"),
            ("user", "*user*"),
            ("user:*", "user:*"),
            ("?", "?"),
            ("[ab]c", "[ab]c"),
            ("a\\*", "a\\*"),
        ] {
            assert_eq!(pattern_of(typed), pattern);
        }
    }

    #[test]
    fn titles_tell_how_many_there_are() {
        assert_eq!(titled(0, 0, false, "on mac"), "no keys on mac");
        assert_eq!(titled(0, 1, false, "on mac"), "1 key on mac");
        assert_eq!(titled(0, 45, false, "on mac"), "45 keys on mac");
        assert_eq!(titled(0, 200, true, "on mac"), "the first 200 keys on mac");
        assert_eq!(titled(200, 45, false, "on mac"), "keys 201 to 245 on mac");
        assert_eq!(titled(200, 0, false, "on mac"), "no more keys on mac");
    }
}
