use std::fs;

use proptest::prelude::*;

use super::*;

fn saved() -> Saved {
    let node = |name: &str, rule: &str, keys| SavedNode {
        name: name.to_owned(),
        rule: rule.to_owned(),
        keys,
    };
    Saved {
        space: KeySpace::new(16, 7),
        count: 97,
        unix_ms: 1_764_153_762_999,
        program: "0.1.0".to_owned(),
        fingerprint: "f00d".to_owned(),
        nodes: vec![
            node("linux", "MD5 ends in an even hex digit", 50),
            node("mac", "the remainder", 47),
        ],
        drawn: 100,
        passed: Passed::from_runs(vec![17..18, 20..22]).unwrap(),
    }
}

fn written(saved: &Saved) -> String {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("plan.json");
    saved.write(&path, false).unwrap();
    fs::read_to_string(path).unwrap()
}

fn read(text: &str) -> Result<Saved, String> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("plan.json");
    fs::write(&path, text).unwrap();
    Saved::read(&path).map_err(|error| {
        let told = error.to_string();
        let folder = format!("{}/", folder.path().display());
        told.replace(&folder, "")
    })
}

#[test]
fn the_file_is_as_it_is_documented() {
    let expected = r#"{
  "triad": "keygen",
  "version": 1,
  "program": "0.1.0",
  "saved": "2025-11-26 10:42:42 UTC",
  "saved_unix_ms": 1764153762999,
  "seed": 7,
  "length": 16,
  "count": 97,
  "drawn": 100,
  "passed_over": [
    [
      17,
      18
    ],
    [
      20,
      22
    ]
  ],
  "fingerprint": "f00d",
  "nodes": [
    {
      "name": "linux",
      "rule": "MD5 ends in an even hex digit",
      "keys": 50
    },
    {
      "name": "mac",
      "rule": "the remainder",
      "keys": 47
    }
  ]
}
"#;
    assert_eq!(written(&saved()), expected);
    assert_eq!(read(expected), Ok(saved()));
}

#[test]
fn files_that_are_none_are_told_from_damaged_ones() {
    let text = written(&saved());
    let told = |text: &str| read(text).unwrap_err();
    assert_eq!(
        told(""),
        "plan.json is no file of keygen --save: it is not JSON"
    );
    assert_eq!(
        told("{}"),
        "plan.json is no file of keygen --save: it does not say \"triad\": \"keygen\""
    );
    let large = " ".repeat(usize::try_from(COVERAGE_PLAN_FILE_MAX_BYTES).unwrap() + 1);
    assert_eq!(
        told(&large),
        "plan.json is no file of keygen --save: it is too large"
    );
    assert_eq!(
        told(&text[..text.len() / 2]),
        "plan.json is damaged: its end is missing; take it from a backup, or run the test again with --save"
    );
    assert_eq!(
        told(&text.replace("\"version\": 1", "\"version\": 2")),
        "plan.json has version 2 of its format, and this program knows version 1; use the program that \
         wrote it, or a newer one"
    );
    for (from, to, what) in [
        ("\"version\": 1,", "", "it has no version"),
        (
            "\"count\": 97",
            "\"count\": 96",
            "count, drawn and passed_over do not agree",
        ),
        ("\"count\": 97,", "", "missing field `count`"),
        (
            "\"drawn\": 100",
            "\"drawn\": 21",
            "there are not so many keys of its length",
        ),
        (
            "\"length\": 16",
            "\"length\": 1",
            "there are not so many keys of its length",
        ),
        (
            "\"length\": 16",
            "\"length\": 0",
            "no key has such a length",
        ),
        (
            "\"length\": 16",
            "\"length\": 65537",
            "no key has such a length",
        ),
        ("17,", "21,", "the runs of passed_over are not in order"),
        (
            "\"keys\": 47",
            "\"keys\": 47, \"more\": 1",
            "unknown field `more`",
        ),
    ] {
        let changed = text.replace(from, to);
        assert_ne!(changed, text, "{from}");
        let told = told(&changed);
        assert!(told.starts_with("plan.json is damaged: "), "{told}");
        assert!(told.contains(what), "{told}");
    }
    let missing = Saved::read(Path::new("no-such-plan.json")).unwrap_err();
    let told = missing.to_string();
    assert!(
        told.starts_with("no-such-plan.json cannot be read: "),
        "{told}"
    );
}

proptest! {
    #[test]
    fn no_change_of_a_file_is_a_crash(at in 0_usize..700, byte: u8) {
        let mut text = written(&saved()).into_bytes();
        let at = at % text.len();
        text[at] = byte;
        if let Ok(saved) = read(&String::from_utf8_lossy(&text)) {
            let drawn = u128::from(saved.drawn);
            prop_assert_eq!(u128::from(saved.count) + saved.passed.len(), drawn);
        }
    }

    #[test]
    fn what_was_written_is_read(seed: u64, length in 1_usize..100, starts in prop::collection::btree_set(0_u128..62, 0..20)) {
        let runs: Vec<_> = starts.iter().filter(|at| *at % 2 == 0).map(|at| *at..at + 1).collect();
        let passed = Passed::from_runs(runs).unwrap();
        let saved = Saved {
            space: KeySpace::new(length, seed),
            count: 62 - u64::try_from(passed.len()).unwrap(),
            drawn: 62,
            passed,
            ..saved()
        };
        prop_assert_eq!(read(&written(&saved)), Ok(saved));
    }
}
