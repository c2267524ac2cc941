//! What `keygen --save` and `--report` write.

use std::fs;

use crate::lab::{Lab, code, text};

#[test]
fn a_file_that_is_there_is_overwritten_only_with_force() {
    let lab = Lab::started();
    for (option, file) in [("--save", "plan.json"), ("--report", "page.html")] {
        let path = lab.folder().join(file);
        fs::write(&path, "mine").unwrap();
        let refused = lab.keygen(&[option, file, "--seed", "1"]);
        assert_eq!(code(&refused), 2);
        assert_eq!(
            text(&refused.stderr),
            format!(
                "error: {file} is there already; choose another name, or let it be overwritten with --force\n"
            )
        );
        assert_eq!(fs::read_to_string(&path).unwrap(), "mine");
        // Nothing was tested: it would be for nothing.
        assert_eq!(
            lab.connect("mac").call(&["DBSIZE"]),
            triad::resp::Frame::Integer(0)
        );
        let forced = lab.keygen(&[option, file, "--seed", "1", "--force"]);
        assert_eq!(code(&forced), 0, "{}", text(&forced.stderr));
        assert_ne!(fs::read_to_string(&path).unwrap(), "mine");
        let clean = lab.keygen(&["--seed", "1", "--clean"]);
        assert_eq!(code(&clean), 0);
    }
}

#[test]
fn what_cannot_be_written_or_does_not_go_together_is_told_first() {
    let lab = Lab::new();
    fs::create_dir(lab.folder().join("pages")).unwrap();
    for (arguments, message) in [
        (&["--save", "no/plan.json"][..], "its folder is not there"),
        (&["--report", "pages"], "it is a folder"),
        (&["--report", "."], "it is no name of a file"),
        (&["--save", "a", "--report", "a"], "name the same file"),
        (&["--save", "a", "--clean"], "cannot be used with"),
        (&["--verify", "a", "--count", "3"], "cannot be used with"),
        (&["--verify", "a", "--seed", "3"], "cannot be used with"),
        (&["--verify", "a", "--length", "3"], "cannot be used with"),
        (&["--verify", "a", "--save", "b"], "cannot be used with"),
        (&["--verify", "a", "--report", "b"], "cannot be used with"),
        (&["--concurrency", "0"], "0 is not in 1..=64"),
        (&["--concurrency", "65"], "65 is not in 1..=64"),
    ] {
        let refused = lab.keygen(arguments);
        assert_eq!(code(&refused), 2, "{arguments:?}");
        let told = text(&refused.stderr);
        assert!(told.contains(message), "{arguments:?}: {told}");
    }
}

#[test]
fn the_page_shows_the_test() {
    let lab = Lab::started();
    let output = lab.keygen(&[
        "--count",
        "700",
        "--seed",
        "5",
        "--report",
        "page.html",
        "--clean",
    ]);
    assert_eq!(code(&output), 0, "{}", text(&output.stderr));
    let page = fs::read_to_string(lab.folder().join("page.html")).unwrap();
    for part in [
        "<!DOCTYPE html>",
        "Every key has exactly one home",
        "700 random keys were offered to each of 3 nodes",
        "MD5 ends in an even hex digit",
        "The rate over time",
        "<dt>seed</dt><dd>5</dd>",
    ] {
        assert!(page.contains(part), "{part}");
    }
    assert!(!page.contains("<script") && !page.contains("src=") && !page.contains("href="));
    let left: Vec<_> = fs::read_dir(lab.folder())
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .collect();
    assert!(
        !left
            .iter()
            .any(|name| text(name.as_encoded_bytes()).contains("page.html.")),
        "{left:?}"
    );
}

#[test]
fn as_many_lanes_as_are_asked_for() {
    let lab = Lab::started();
    for (concurrency, lanes) in [("1", 1), ("3", 3), ("64", 5)] {
        let output = lab.keygen(&[
            "--json",
            "--seed",
            "1",
            "--count",
            "1200",
            "--clean",
            "--concurrency",
            concurrency,
        ]);
        assert_eq!(code(&output), 0, "{}", text(&output.stderr));
        let document: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        // No more than there are batches.
        assert_eq!(document["lanes"], lanes);
        assert_eq!(document["keys"], 1200);
    }
}

#[test]
fn one_node_has_no_shares_to_compare() {
    let mut lab = Lab::with_rules(&[("linux", serde_json::json!("remainder"))]);
    lab.start_all();
    let output = lab.keygen(&["--seed", "1"]);
    assert_eq!(code(&output), 0, "{}", text(&output.stderr));
    let screen = text(&output.stdout);
    assert!(
        screen.contains("there are no shares to compare: one node has every key\n"),
        "{screen}"
    );
    let few = lab.keygen(&["--seed", "2", "--json"]);
    let document: serde_json::Value = serde_json::from_slice(&few.stdout).unwrap();
    assert_eq!(document["is_chance"], serde_json::Value::Null);
}

#[test]
fn the_files_and_the_seed_are_there_where_nothing_can_be_printed() {
    let Ok(full) = fs::OpenOptions::new().write(true).open("/dev/full") else {
        println!("skipped: this system has no /dev/full");
        return;
    };
    let lab = Lab::started();
    let arguments = ["--save", "plan.json", "--report", "page.html"];
    for extra in [&[][..], &["--json"]] {
        let mut command = lab.tool(env!("CARGO_BIN_EXE_keygen"));
        command.args(arguments).arg("--force").args(extra);
        let output = command.stdout(full.try_clone().unwrap()).output().unwrap();
        let told = text(&output.stderr);
        assert_eq!(code(&output), 4, "{told}");
        let beginning = "the standard output can't be written: ";
        assert!(told.contains(beginning), "{told}");
        let (_, removal) = told.split_once("to remove them: ").unwrap();
        assert!(fs::metadata(lab.folder().join("page.html")).is_ok());
        assert_eq!(code(&lab.keygen(&["--verify", "plan.json"])), 0);
        let removed = lab.tool("sh").args(["-c", removal]).output().unwrap();
        assert_eq!(code(&removed), 0, "{removal}: {}", text(&removed.stderr));
        assert_eq!(
            lab.connect("mac").call(&["DBSIZE"]),
            triad::resp::Frame::Integer(0)
        );
        for file in ["page.html", "plan.json"] {
            fs::remove_file(lab.folder().join(file)).unwrap();
        }
    }
}
