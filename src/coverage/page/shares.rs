//! Where the keys went: each node's part, beside what its rule leads one to expect.

use super::html::{Picture, escape};
use crate::coverage::Report;
use crate::coverage::figures::{grouped, percent};

pub(super) fn section(report: &Report) -> String {
    let shares = report.nodes.iter();
    let shares = shares.map(|node| node.expected_share.max(report.share(node)));
    // The longest bar takes nine tenths of its place.
    let full = shares.fold(0.0, f64::max).max(0.01) / 0.9;
    let rows = report.nodes.iter().enumerate().map(|(place, node)| {
        let (share, expected) = (report.share(node), node.expected_share);
        let mut picture = Picture::new(
            &format!("share-{place}"),
            &format!("Share of {}", node.name),
            &format!(
                "{} of the keys; {} are expected",
                percent(share),
                percent(expected)
            ),
        );
        let width = 100.0 * (share / full).min(1.0);
        picture.bar("track", [0.0, 25.0], [100.0, 50.0]);
        picture.bar("measured", [0.0, 25.0], [width, 50.0]);
        picture.post("expected", 100.0 * expected / full);
        format!(
            r#"<li><p class="who"><b>{name}</b> <span>{rule}</span></p>
<div class="bar">{svg}</div>
<p class="what"><b>{share}</b> <span>expected {expected} · {keys} keys</span></p></li>"#,
            name = escape(&node.name),
            rule = escape(&node.rule),
            svg = picture.svg(),
            share = percent(share),
            expected = percent(expected),
            keys = grouped(node.keys),
        )
    });
    let rows: Vec<_> = rows.collect();
    format!(
        r#"<section>
<h2>Where the keys went</h2>
<p class="key"><span class="swatch measured"></span>measured <span class="swatch expected"></span>expected by the rules</p>
<ul class="shares">
{}
</ul>
</section>"#,
        rows.join("\n")
    )
}
