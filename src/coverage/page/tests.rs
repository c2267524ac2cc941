use super::super::report::tests::{new_report, report_of};
use super::*;

/// The elements of a document, if it is well-formed XML with quoted attributes and known entities.
fn elements(document: &str) -> Vec<(String, String)> {
    let (mut open, mut found) = (Vec::new(), Vec::new());
    let mut rest = document
        .strip_prefix("<!DOCTYPE html>\n")
        .expect("a document type");
    while let Some((text, tag)) = rest.split_once('<') {
        check_text(text);
        let (tag, after) = tag.split_once('>').expect("a tag ends");
        rest = after;
        if let Some(name) = tag.strip_prefix('/') {
            assert_eq!(open.pop().as_deref(), Some(name), "elements nest");
            continue;
        }
        let is_empty = tag.ends_with('/');
        let tag = tag.trim_end_matches('/');
        let (name, attributes) = tag.split_once(' ').unwrap_or((tag, ""));
        assert!(
            name.bytes().all(|byte| byte.is_ascii_alphanumeric()),
            "{tag:?}"
        );
        check_attributes(attributes);
        found.push((name.to_owned(), attributes.to_owned()));
        if !is_empty {
            open.push(name.to_owned());
        }
    }
    assert_eq!(open, Vec::<String>::new(), "all elements end");
    assert_eq!(rest.trim(), "");
    found
}

fn check_text(text: &str) {
    for (_, entity) in text.match_indices('&').map(|(at, _)| text.split_at(at)) {
        let known = ["&amp;", "&lt;", "&gt;", "&quot;", "&#39;"];
        assert!(
            known.iter().any(|known| entity.starts_with(known)),
            "{entity:?}"
        );
    }
    assert!(
        !text.chars().any(|c| c.is_control() && c != '\n'),
        "{text:?}"
    );
}

fn check_attributes(mut attributes: &str) {
    while !attributes.trim().is_empty() {
        let (name, rest) = attributes.split_once("=\"").expect("a value in quotes");
        assert!(
            name.trim()
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b == b'-'),
            "{name:?}"
        );
        let (value, rest) = rest.split_once('"').expect("a value ends");
        check_text(value);
        attributes = rest;
    }
}

fn page(report: &Report, cause: Option<&Cause>) -> String {
    Page {
        report,
        cause,
        unix_ms: 1_764_153_762_999,
    }
    .html()
}

/// The words of a page, without its tags.
fn words(page: &str) -> String {
    let (_, body) = page.split_once("<body>").unwrap();
    let parts = body
        .split('<')
        .map(|part| part.split_once('>').map_or("", |(_, text)| text));
    parts
        .collect::<Vec<_>>()
        .join(" ")
        .split_whitespace()
        .collect::<Vec<_>>()
        .join(" ")
}

#[test]
fn the_page_is_well_formed_and_needs_nothing_from_elsewhere() {
    for report in [
        report_of([500, 167, 333]),
        report_of([30, 0, 0]),
        new_report(),
    ] {
        let page = page(&report, None);
        let elements = elements(&page);
        for (name, attributes) in &elements {
            assert!(
                !["script", "link", "img", "iframe", "object", "use", "image"].contains(&&**name),
                "{name}"
            );
            for outward in ["href", "src", "url("] {
                assert!(!attributes.contains(outward), "{attributes}");
            }
        }
        let namespaces = page.matches("http://www.w3.org/").count();
        assert_eq!(
            page.matches("://").count(),
            namespaces,
            "no address but of namespaces"
        );
        assert!(!page.contains("@import") && !page.contains("url("));
        // Each picture can be read aloud.
        let pictures: Vec<_> = elements.iter().filter(|(name, _)| name == "svg").collect();
        let is_named = |id: &str| page.contains(&format!("id=\"{id}\""));
        for (_, attributes) in &pictures {
            assert!(attributes.contains("role=\"img\""));
            let (_, names) = attributes.split_once("aria-labelledby=\"").unwrap();
            let (names, _) = names.split_once('"').unwrap();
            assert!(names.split(' ').all(is_named), "{names}");
        }
        let mut ids: Vec<_> = page
            .match_indices(" id=\"")
            .map(|(at, _)| page[at..].split('"').nth(1))
            .collect();
        let all = ids.len();
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), all, "no name twice");
        assert_eq!(pictures.len() * 2, all);
    }
}

#[test]
fn the_page_has_the_figures() {
    let page = page(&report_of([500, 167, 333]), None);
    let words = words(&page);
    for words_of_it in [
        "✓ Every key has exactly one home",
        "1,000 random keys were offered to each of 3 nodes. Exactly one node took each",
        "triad coverage test · 2025-11-26 10:42:42 UTC",
        "1,000 keys tested 500 keys a second 3,000 requests a second 683 µs a read, at the median 1.07 ms 99 of 100 reads",
        "linux MD5 ends in an even hex digit Share of linux 50.0 % of the keys; 50.0 % are expected",
        "50.0 % expected 50.0 % · 500 keys",
        "The shares differ from the rules&#39; by no more than chance (chi-squared 0.0, p 1.00).",
        "this test: 0.0",
        "9.2: the limit",
        "1,000 requests: half took at most 1.14 ms, 99 of 100 at most 1.78 ms, the longest 1.80 ms",
        "linux 1.14 ms 1.78 ms 1.80 ms 567 µs 891 µs 899 µs",
        "500 keys a second on average",
        "seed 7",
        "characters of a key 16",
        "keys not read through every node 0",
    ] {
        assert!(words.contains(words_of_it), "{words_of_it}: {words}");
    }
    assert!(page.contains("prefers-color-scheme: dark"));
    assert!(page.contains("@media print"));
    assert!(page.contains("width=device-width"));
}

#[test]
fn the_headline_says_what_is_wrong() {
    let mut report = report_of([500, 160, 333]);
    report.count(1, &[], false);
    report.count(1, &[0, 1], true);
    report.conclude();
    let words = words(&page(&report, None));
    assert!(words.contains("✕ Not every key has exactly one home"));
    assert!(words.contains(
        "995 random keys were offered to each of 3 nodes: 1 not stored, 1 stored on several nodes, 1 \
         stored on a wrong node, 1 not read through every node."
    ));
}

#[test]
fn a_test_without_a_verdict_says_why() {
    let broken_off = Cause::BrokenOff {
        keys: 30,
        phase: Phase::Test,
    };
    let mut report = report_of([30, 0, 0]);
    report.ok = false;
    let page = page(&report, Some(&broken_off));
    elements(&page);
    let words = words(&page);
    assert!(words.contains("✕ The test was broken off The test was broken off after 30 keys."));
}

#[test]
fn nothing_that_is_named_is_markup() {
    let mut report = report_of([50, 16, 33]);
    report.nodes[0].name = "<script>alert(1)</script>".to_owned();
    report.nodes[1].rule = "a & b \"quoted\" </style>".to_owned();
    report.measured.nodes[2].name = "it's\u{1b}[2J<".to_owned();
    report.unreachable = vec!["<i>".to_owned()];
    let page = page(&report, None);
    let elements = elements(&page);
    assert!(
        !elements
            .iter()
            .any(|(name, _)| name == "script" || name == "i")
    );
    assert_eq!(
        elements.iter().filter(|(name, _)| name == "style").count(),
        1
    );
    assert!(page.contains("&lt;script&gt;alert(1)&lt;/script&gt;"));
}
