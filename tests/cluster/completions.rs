//! `client completions` and `client man`: what shells and man are given, without any node.

use std::fs;
use std::process::{Command, Output};

use tempfile::TempDir;

use crate::client::{document, said};
use crate::lab::{Lab, code, quiet_command, require, text};

const SHELLS: [&str; 5] = ["bash", "elvish", "fish", "powershell", "zsh"];

/// The subcommands that have been there longest.
const WORDS: [&str; 6] = ["put", "get", "status", "watch", "doctor", "completions"];

/// Runs the client in an empty folder, with no cluster anywhere.
fn client(folder: &TempDir, arguments: &[&str]) -> Output {
    let mut command = quiet_command(env!("CARGO_BIN_EXE_client"), folder.path());
    command.args(arguments).output().unwrap()
}

#[test]
fn every_shell_gets_a_script_and_nothing_is_started() {
    let folder = tempfile::tempdir().unwrap();
    for shell in SHELLS {
        let (exit, script, stderr) = said(&client(&folder, &["completions", shell]));
        assert_eq!((exit, stderr), (0, String::new()), "{shell}");
        for word in WORDS {
            assert!(script.contains(word), "{shell} has no {word}");
        }
        assert!(
            script.contains("client") && !script.contains("_triad"),
            "{shell}"
        );
        let (exit, told) = document(&client(&folder, &["--json", "completions", shell]));
        assert_eq!(
            (exit, &told["shell"], &told["script"]),
            (0, &shell.into(), &script.into())
        );
    }
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    let refused = client(&folder, &["completions", "dos"]);
    assert_eq!(code(&refused), 2);
    assert!(text(&refused.stderr).contains("bash, elvish, fish, powershell, zsh"));
}

#[test]
fn names_of_nodes_are_those_of_the_cluster() {
    let lab = Lab::with_rules(&[("attic", serde_json::json!("remainder"))]);
    let (_, script, _) = said(&lab.client(&["completions", "zsh"]));
    assert!(script.contains(":(attic)'"), "{script}");
    // A cluster file that can't be used is no reason to have none.
    fs::write(lab.cluster_file(), "{").unwrap();
    let (exit, script, _) = said(&lab.client(&["completions", "zsh"]));
    assert_eq!(exit, 0);
    assert!(
        script.contains("--via") && !script.contains("attic"),
        "{script}"
    );
}

#[test]
fn bash_completes_words_with_it() {
    if !require::has("bash") {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let script = client(&folder, &["completions", "bash"]).stdout;
    let file = folder.path().join("client.bash");
    fs::write(&file, script).unwrap();
    let run = |arguments: &[&str]| {
        let output = Command::new("bash")
            .arg("--norc")
            .args(arguments)
            .output()
            .unwrap();
        assert!(output.status.success(), "{}", text(&output.stderr));
        text(&output.stdout)
    };
    run(&["-n", file.to_str().unwrap()]);
    // As bash calls it: the words, the place of the one that is typed, that one, and the one before it.
    let completed = |words: &[&str]| {
        let [.., before, typed] = words else {
            panic!("too few words")
        };
        let asked = format!(
            "source {}; COMP_WORDS=({}); COMP_CWORD={}; _client client '{typed}' '{before}'; \
             echo \"${{COMPREPLY[*]}}\"",
            file.display(),
            words.join(" "),
            words.len() - 1,
        );
        run(&["-c", &asked])
    };
    assert_eq!(completed(&["client", "do"]), "doctor\n");
    assert_eq!(completed(&["client", "--via", "m"]), "mac\n");
    assert_eq!(completed(&["client", "keys", "--node", "l"]), "linux\n");
    assert_eq!(completed(&["client", "export", "--node", "l"]), "linux\n");
}

#[test]
fn manual_pages_are_printed_or_written() {
    let folder = tempfile::tempdir().unwrap();
    let (exit, page, stderr) = said(&client(&folder, &["man"]));
    assert_eq!((exit, stderr), (0, String::new()));
    assert!(
        page.contains(".TH client 1") && page.contains("client\\-put(1)"),
        "{page}"
    );
    let output = client(&folder, &["man", "--output", "pages/man1"]);
    let (exit, told, _) = said(&output);
    let pages: Vec<_> = fs::read_dir(folder.path().join("pages/man1"))
        .unwrap()
        .collect();
    assert_eq!(
        (exit, told),
        (0, format!("{} pages are in pages/man1\n", pages.len()))
    );
    let whole = fs::read_to_string(folder.path().join("pages/man1/client.1")).unwrap();
    assert_eq!(whole, page);
    for word in WORDS {
        let page = folder.path().join(format!("pages/man1/client-{word}.1"));
        let page = fs::read_to_string(page).unwrap();
        assert!(page.contains(&format!(".TH client-{word} 1")), "{page}");
    }
    let (_, told) = document(&client(&folder, &["--json", "man"]));
    assert_eq!(told["pages"][0]["name"], "client.1");
    assert_eq!(told["pages"][0]["text"], page);
    assert_eq!(told["pages"].as_array().unwrap().len(), pages.len());
    assert!(told.to_string().is_ascii());
    fs::write(folder.path().join("file"), "").unwrap();
    let refused = client(&folder, &["man", "--output", "file"]);
    assert_eq!(code(&refused), 4);
    let refused = text(&refused.stderr);
    assert!(
        refused.starts_with("error: file can't be written: "),
        "{refused}"
    );
}

#[test]
fn groff_sets_the_pages_without_a_complaint() {
    if !require::has("groff") {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    assert_eq!(code(&client(&folder, &["man", "--output", "."])), 0);
    for page in fs::read_dir(folder.path()).unwrap() {
        let mut groff = Command::new("groff");
        let output = groff
            .args(["-man", "-Tutf8", "-P-cbou", "-ww"])
            .arg(page.unwrap().path())
            .output()
            .unwrap();
        assert!(output.status.success());
        assert_eq!(text(&output.stderr), "");
        assert!(text(&output.stdout).contains("SYNOPSIS"));
    }
}
