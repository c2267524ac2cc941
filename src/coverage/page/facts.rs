//! What the test was, and all that was counted.

use super::Page;
use super::html::{escape, table};
use crate::coverage::figures::{date, grouped, percent};

pub(super) fn section(page: &Page<'_>) -> String {
    let report = page.report;
    let counts = report.counts().into_iter();
    let counts: Vec<_> = counts
        .map(|(what, count)| vec![format!("keys {what}"), grouped(count)])
        .collect();
    let rules = report.nodes.iter();
    let rules: Vec<_> = rules
        .map(|node| {
            vec![
                node.name.clone(),
                node.rule.clone(),
                percent(node.expected_share),
                percent(report.share(node)),
                grouped(node.keys),
            ]
        })
        .collect();
    let mut facts = vec![
        ("ended", date(page.unix_ms)),
        ("seed", report.space.seed().to_string()),
        ("keys", grouped(report.keys)),
        ("characters of a key", report.space.length().to_string()),
        ("batches at the same time", report.lanes.to_string()),
        ("program", format!("triad {}", env!("CARGO_PKG_VERSION"))),
        ("fingerprint of the list", report.fingerprint.clone()),
    ];
    if !report.unreachable.is_empty() {
        facts.push(("not to be reached", report.unreachable.join(", ")));
    }
    let facts: Vec<_> = facts
        .iter()
        .map(|(what, fact)| format!("<div><dt>{what}</dt><dd>{}</dd></div>", escape(fact)))
        .collect();
    let header = ["node", "rule", "expected", "share", "keys"];
    format!(
        "<section class=\"wide\">\n<h2>The facts</h2>\n<div class=\"pair\">\n{}\n<dl class=\"facts\">\n{}\n\
         </dl>\n</div>\n{}\n</section>",
        table("What was counted", &["keys", "count"], &counts),
        facts.join("\n"),
        table("The list of nodes and rules, in order", &header, &rules),
    )
}
