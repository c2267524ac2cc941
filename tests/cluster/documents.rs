//! The documents of `--json`: scripts rely on their fields, types and order, so that each is here to the letter.
//! What differs from run to run is taken from the document itself, after its type was looked at.

use std::process::Output;

use serde_json::Value;
use triad::resp::Frame;

use crate::lab::{Lab, NAMES, code, key_of, quiet_command, text};

/// A run that prints one document on one line, and nothing else; its text and its value.
fn document(output: &Output, exit: i32) -> (String, Value) {
    let printed = text(&output.stdout);
    let said = text(&output.stderr);
    assert_eq!((code(output), said.as_str()), (exit, ""), "{printed}");
    let line = printed.strip_suffix('\n').expect("a whole line").to_owned();
    assert!(!line.contains('\n'), "{line}");
    let value = serde_json::from_str(&line).unwrap();
    (line, value)
}

fn expect(lab: &Lab, arguments: &[&str], exit: i32, expected: &str) {
    let output = lab.client(&[&["--json"], arguments].concat());
    assert_eq!(document(&output, exit).0, expected, "{arguments:?}");
}

/// A number of a document that is not negative, as it stands there.
fn number(value: &Value) -> String {
    assert!(value.as_u64().is_some(), "{value}");
    value.to_string()
}

#[test]
fn of_one_key() {
    let lab = Lab::started();
    let key = key_of("mac", "k", 0);
    let stored = |stored| format!(r#"{{"key":"{key}","node":"mac","stored":{stored}}}"#);
    expect(&lab, &["put", &key, "v\u{e5}"], 0, &stored(true));
    expect(&lab, &["put", &key, "v", "--if-absent"], 1, &stored(false));
    let found = format!("{{\"key\":\"{key}\",\"value\":\"v\u{e5}\",\"node\":\"mac\"}}");
    expect(&lab, &["get", &key], 0, &found);
    let written = format!(r#"{{"key":"{key}","file":"out","bytes":3,"node":"mac"}}"#);
    expect(&lab, &["get", &key, "--output", "out"], 0, &written);
    let located = format!(
        r#"{{"key":"{key}","node":"mac","rule":"SHA-1 divisible by 3","exists":true,"md5":"#
    );
    let (line, value) = document(&lab.client(&["--json", "where", &key]), 0);
    assert!(line.starts_with(&located), "{line}");
    let digests = format!(
        r#"{},"sha1":{},"sha256":{}}}"#,
        value["md5"], value["sha1"], value["sha256"]
    );
    assert_eq!(line, format!("{located}{digests}"));
    for (digest, length) in [("md5", 32), ("sha1", 40), ("sha256", 64)] {
        assert_eq!(value[digest].as_str().unwrap().len(), length);
    }
    let deletion = |deleted| format!(r#"{{"key":"{key}","node":"mac","deleted":{deleted}}}"#);
    expect(&lab, &["delete", &key], 0, &deletion(true));
    expect(&lab, &["delete", &key], 1, &deletion(false));
    let absent = format!(r#"{{"key":"{key}","value":null,"node":"mac"}}"#);
    expect(&lab, &["get", &key], 1, &absent);
    let absent = format!(r#"{{"key":"{key}","file":"out","bytes":null,"node":"mac"}}"#);
    expect(&lab, &["get", &key, "--output", "out"], 1, &absent);
    // Bytes that are no text.
    let bytes = lab
        .connect("mac")
        .call(&[&b"SET"[..], key.as_bytes(), b"\xff\xfe"]);
    assert_eq!(bytes, Frame::OK);
    let found = format!(r#"{{"key":"{key}","value_base64":"//4=","node":"mac"}}"#);
    expect(&lab, &["get", &key], 0, &found);
    expect(
        &lab,
        &["keys"],
        0,
        &format!(r#"{{"node":null,"keys":[{{"key":"{key}"}}]}}"#),
    );
    expect(
        &lab,
        &["keys", "--node", "linux"],
        0,
        r#"{"node":"linux","keys":[]}"#,
    );
}

#[test]
fn of_status() {
    let mut lab = Lab::started();
    lab.connect("linux")
        .call(&["SET", &key_of("linux", "k", 0), "v"]);
    lab.lose("android");
    let (line, value) = document(&lab.client(&["--json", "status"]), 3);
    let version = env!("CARGO_PKG_VERSION");
    let [linux, mac, android] = NAMES.map(|name| lab.address(name));
    let error = &value["nodes"][2]["error"];
    assert!(error.as_str().unwrap().starts_with("UNREACHABLE android "));
    let expected = format!(
        concat!(
            r#"{{"nodes":[{{"name":"linux","address":"{linux}","rule":"MD5 ends in an even hex digit","share":"1/2","#,
            r#""reachable":true,"keys":1,"misplaced":0,"version":"{version}","error":null}},"#,
            r#"{{"name":"mac","address":"{mac}","rule":"SHA-1 divisible by 3","share":"1/6","#,
            r#""reachable":true,"keys":0,"misplaced":0,"version":"{version}","error":null}},"#,
            r#"{{"name":"android","address":"{android}","rule":"the remainder","share":"1/3","#,
            r#""reachable":false,"keys":null,"misplaced":null,"version":null,"error":{error}}}]}}"#
        ),
        linux = linux,
        mac = mac,
        android = android,
        version = version,
        error = error
    );
    assert_eq!(line, expected);
}

#[test]
fn of_watch() {
    let mut lab = Lab::started();
    lab.connect("linux")
        .call(&["SET", &key_of("linux", "k", 0), "v"]);
    lab.kill("android");
    let arguments = ["--json", "watch", "--count", "2", "--interval", "0.1"];
    let printed = text(&lab.client(&arguments).stdout);
    let lines: Vec<_> = printed.lines().collect();
    assert_eq!(lines.len(), 2, "{printed}");
    for (n, line) in lines.into_iter().enumerate() {
        let value: Value = serde_json::from_str(line).unwrap();
        let of_node = |place: usize, name: &str, keys: u64, shares: &str| {
            let node = &value["nodes"][place];
            let rate = &node["requests_per_second"];
            // Two pictures make a rate.
            assert_eq!(rate.is_null(), n == 0, "{line}");
            assert!(n == 0 || rate.is_f64(), "{line}");
            let memory = &node["memory_bytes"];
            assert!(memory.is_u64() || !cfg!(target_os = "linux"), "{line}");
            format!(
                r#"{{"name":"{name}","address":"{}","state":"up","error":null,"keys":{keys},"misplaced":0,{shares},"requests_per_second":{rate},"memory_bytes":{memory},"latency_us":{}}}"#,
                lab.address(name),
                number(&node["latency_us"])
            )
        };
        let error = &value["nodes"][2]["error"];
        assert!(
            error.as_str().unwrap().contains("no node runs there"),
            "{line}"
        );
        let expected = format!(
            r#"{{"time_unix_ms":{},"entry":"linux","keys":1,"nodes":[{},{},{{"name":"android","address":"{}","state":"down","error":{error},"keys":null,"misplaced":null,"share":null,"expected_share":0.3333333333333333,"requests_per_second":null,"memory_bytes":null,"latency_us":null}}]}}"#,
            number(&value["time_unix_ms"]),
            of_node(0, "linux", 1, r#""share":1.0,"expected_share":0.75"#),
            of_node(1, "mac", 0, r#""share":0.0,"expected_share":0.25"#),
            lab.address("android"),
        );
        assert_eq!(line, expected);
    }
}

#[test]
fn of_doctor() {
    let mut lab = Lab::started();
    lab.kill("android");
    lab.kill("mac");
    let (line, value) = document(&lab.client(&["--json", "doctor"]), 3);
    let node = &value["nodes"][0];
    assert!(node["clock_offset_ms"].is_i64(), "{line}");
    let away = |name: &str| {
        format!(
            r#"{{"name":"{name}","address":"{}","reachable":false,"ping_us":null,"version":null,"clock_offset_ms":null,"disk_free_bytes":null,"disk_total_bytes":null,"journal_bytes":null,"snapshot_bytes":null,"keys":null,"misplaced":null}}"#,
            lab.address(name)
        )
    };
    let nodes = format!(
        r#"{{"result":"problem","nodes":[{{"name":"linux","address":"{}","reachable":true,"ping_us":{},"version":"{}","clock_offset_ms":{},"disk_free_bytes":{},"disk_total_bytes":{},"journal_bytes":{},"snapshot_bytes":{},"keys":0,"misplaced":0}},{},{}],"checks":["#,
        lab.address("linux"),
        number(&node["ping_us"]),
        env!("CARGO_PKG_VERSION"),
        node["clock_offset_ms"],
        number(&node["disk_free_bytes"]),
        number(&node["disk_total_bytes"]),
        number(&node["journal_bytes"]),
        number(&node["snapshot_bytes"]),
        away("mac"),
        away("android"),
    );
    assert!(line.starts_with(&nodes), "{line}");
    let mut names = Vec::new();
    let mut checks = Vec::new();
    for check in value["checks"].as_array().unwrap() {
        let word = |name: &str| check[name].as_str().map(str::to_owned);
        assert!(word("detail").is_some(), "{check}");
        assert_eq!(
            check["action"].is_null(),
            check["result"] == "ok",
            "{check}"
        );
        checks.push(format!(
            r#"{{"node":{},"check":{},"result":{},"detail":{},"action":{}}}"#,
            check["node"], check["check"], check["result"], check["detail"], check["action"]
        ));
        names.push(format!(
            "{} {} {}",
            word("node").unwrap_or_else(|| "-".to_owned()),
            word("check").unwrap(),
            word("result").unwrap()
        ));
    }
    assert_eq!(line, format!("{nodes}{}]}}", checks.join(",")));
    assert_eq!(
        names,
        [
            "- cluster_file ok",
            "- clocks ok",
            "linux reachable ok",
            "linux name ok",
            "linux rules ok",
            "linux version ok",
            "linux clock ok",
            "linux writes ok",
            "linux snapshots ok",
            "linux disk ok",
            "linux journal ok",
            "linux misplaced ok",
            "linux links ok",
            "mac reachable problem",
            "android reachable problem",
        ]
    );
}

#[test]
fn of_completions_and_man() {
    let folder = tempfile::tempdir().unwrap();
    let run = |arguments: &[&str]| {
        let mut command = quiet_command(env!("CARGO_BIN_EXE_client"), folder.path());
        command.args(arguments).output().unwrap()
    };
    let (line, value) = document(&run(&["--json", "completions", "fish"]), 0);
    assert!(
        value["script"]
            .as_str()
            .unwrap()
            .contains("complete -c client")
    );
    assert_eq!(
        line,
        format!(r#"{{"shell":"fish","script":{}}}"#, value["script"])
    );
    let (line, value) = document(&run(&["--json", "man"]), 0);
    let pages = value["pages"].as_array().unwrap();
    let texts: Vec<_> = pages
        .iter()
        .map(|page| {
            assert!(page["text"].as_str().unwrap().contains(".SH SYNOPSIS"));
            format!(r#"{{"name":{},"text":{}}}"#, page["name"], page["text"])
        })
        .collect();
    assert_eq!(line, format!(r#"{{"pages":[{}]}}"#, texts.join(",")));
    let (line, value) = document(&run(&["--json", "man", "--output", "man"]), 0);
    let names: Vec<_> = pages
        .iter()
        .map(|page| format!(r#"{{"name":{}}}"#, page["name"]))
        .collect();
    assert_eq!(
        line,
        format!(r#"{{"folder":"man","pages":[{}]}}"#, names.join(","))
    );
    assert_eq!(value["pages"][0]["name"], "client.1");
}

#[test]
fn an_error_is_a_sentence_and_no_document() {
    let mut lab = Lab::started();
    lab.lose("mac");
    let key = key_of("mac", "k", 0);
    for (arguments, exit) in [
        (&["get", &key][..], 3),
        (&["put", &key, "v"], 3),
        (&["delete", &key], 3),
        (&["get", "k", "--output", "none/file"], 1),
        (&["keys", "--node", "nobody"], 2),
        (&["--via", "nobody", "status"], 2),
        (&["--via", "nobody", "watch"], 2),
        (&["--via", "nobody", "doctor"], 2),
        (&["put", "k", "--file", "none"], 4),
    ] {
        let output = lab.client(&[&["--json"], arguments].concat());
        let said = text(&output.stderr);
        assert_eq!(code(&output), exit, "{arguments:?}: {said}");
        if exit == 1 {
            // The key is not there, which is an answer.
            assert_eq!(said, "");
            continue;
        }
        assert!(
            said.starts_with("error: ") && said.ends_with('\n'),
            "{said}"
        );
        assert_eq!(text(&output.stdout), "", "{arguments:?}");
    }
}
