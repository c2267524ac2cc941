//! Paths as people type them: with `~`, and with Tab for the rest of a name.

use std::fs;
use std::path::{Path, PathBuf};

use crate::limits::MENU_COMPLETED_NAMES;
use crate::terminal;

/// What Tab finds.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Completion {
    /// What goes on behind the cursor, not empty.
    Rest(String),
    /// Nothing is common to these names beyond what stands there.
    Several(Vec<String>),
    /// There is no such name, or it is whole.
    Nothing,
}

/// Finds how the path that begins so goes on.
pub(super) fn complete(typed: &str) -> Completion {
    let (folder, beginning) = typed
        .rsplit_once('/')
        .map_or(("", typed), |(folder, name)| {
            // The folder keeps its slash, which alone is the root.
            (typed.get(..=folder.len()).unwrap_or_default(), name)
        });
    let place = if folder.is_empty() { "." } else { folder };
    let entries = fs::read_dir(at_home(place)).into_iter().flatten().flatten();
    let mut names: Vec<_> = entries
        .take(MENU_COMPLETED_NAMES)
        .filter_map(|entry| {
            // What is not UTF-8 can't be typed either.
            let mut name = entry.file_name().into_string().ok()?;
            let is_hidden = name.starts_with('.') && !beginning.starts_with('.');
            if !name.starts_with(beginning) || is_hidden {
                return None;
            }
            if entry.path().is_dir() {
                name.push('/');
            }
            Some(name)
        })
        .collect();
    names.sort_unstable();
    let common = common_beginning(&names);
    match common.get(beginning.len()..) {
        Some(rest) if !rest.is_empty() => Completion::Rest(rest.to_owned()),
        _ if names.len() > 1 => {
            let shown = names
                .iter()
                .map(|name| terminal::readable_line(name.as_bytes()));
            Completion::Several(shown.collect())
        }
        _ => Completion::Nothing,
    }
}

/// The path, with the own folder of the user for `~`, as in a shell.
pub(in crate::menu) fn at_home(typed: &str) -> PathBuf {
    let below = match typed.strip_prefix('~') {
        Some("") => Some(""),
        Some(rest) => rest.strip_prefix('/'),
        None => None,
    };
    match (below, std::env::home_dir()) {
        (Some(""), Some(home)) => home,
        (Some(below), Some(home)) => home.join(below),
        _ => Path::new(typed).to_owned(),
    }
}

fn common_beginning(names: &[String]) -> String {
    let Some((first, others)) = names.split_first() else {
        return String::new();
    };
    let is_common = |(end, c): &(usize, char)| {
        let end = end + c.len_utf8();
        others
            .iter()
            .all(|name| name.get(..end) == first.get(..end))
    };
    first
        .char_indices()
        .take_while(is_common)
        .map(|(_, c)| c)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_completed_as_far_as_they_are_common() {
        let folder = tempfile::tempdir().unwrap();
        for file in ["länder.json", "länge.csv", "port.json", ".hidden"] {
            fs::write(folder.path().join(file), "").unwrap();
        }
        fs::create_dir(folder.path().join("data")).unwrap();
        let complete = |typed: &str| complete(&format!("{}/{typed}", folder.path().display()));
        let rest = |rest: &str| Completion::Rest(rest.to_owned());
        assert_eq!(complete("p"), rest("ort.json"));
        assert_eq!(complete("d"), rest("ata/"));
        assert_eq!(complete("l"), rest("än"));
        assert_eq!(complete(".h"), rest("idden"));
        assert_eq!(complete("port.json"), Completion::Nothing);
        assert_eq!(complete("x"), Completion::Nothing);
        assert_eq!(complete("nowhere/x"), Completion::Nothing);
        let several = |names: &[&str]| {
            Completion::Several(names.iter().map(|name| (*name).to_owned()).collect())
        };
        assert_eq!(complete("län"), several(&["länder.json", "länge.csv"]));
        assert_eq!(
            complete(""),
            several(&["data/", "länder.json", "länge.csv", "port.json"])
        );
    }

    #[test]
    fn a_tilde_is_the_own_folder() {
        let home = std::env::home_dir().unwrap();
        assert_eq!(at_home("~"), home);
        assert_eq!(at_home("~/a/b"), home.join("a/b"));
        for path in ["~a", "a/~", "/a", ""] {
            assert_eq!(at_home(path), Path::new(path));
        }
    }
}
