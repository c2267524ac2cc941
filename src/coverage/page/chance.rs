//! Whether the shares differ from the rules' by chance, and where that falls in the distribution.

use statrs::distribution::{ChiSquared, Continuous as _, ContinuousCDF as _};

use super::html::{Picture, escape, mark, marks};
use crate::coverage::chance::{Probability, Statistic};
use crate::coverage::{CHANCE_P, Chance, Report};

/// The points of the curve.
const POINTS: u32 = 160;

pub(super) fn section(report: &Report) -> String {
    let chance = report.chance();
    let heading = match chance.is_chance() {
        Some(true) => "The difference is chance",
        Some(false) => "The difference is more than chance",
        None => "Whether the difference is chance",
    };
    let picture = picture(&chance).unwrap_or_default();
    let sentence = chance.to_string();
    let mut letters = sentence.chars();
    let first = letters
        .next()
        .map(|letter| letter.to_uppercase().to_string());
    format!(
        "<section>\n<h2>{heading}</h2>\n<p>{}{}.</p>\n{picture}\n</section>",
        first.unwrap_or_default(),
        escape(letters.as_str())
    )
}

fn picture(chance: &Chance) -> Option<String> {
    let Chance::Told {
        chi_squared,
        degrees_of_freedom,
        p_value,
    } = *chance
    else {
        return None;
    };
    let distribution = ChiSquared::new(f64::from(degrees_of_freedom)).ok()?;
    let critical = distribution.inverse_cdf(1.0 - CHANCE_P);
    // With one degree of freedom the curve begins at infinity: it is cut.
    let top = match degrees_of_freedom {
        1 => distribution.pdf(critical / 40.0),
        2 => distribution.pdf(0.0),
        freedom => distribution.pdf(f64::from(freedom) - 2.0),
    };
    // A value far outside is shown at the end.
    let end = (chi_squared * 1.12).clamp(critical * 1.35, critical * 2.2);
    let at = |x: f64| 100.0 * x / end;
    let point = |x: f64| {
        let density = distribution.pdf(x.max(end / 1e4));
        [at(x), 100.0 - 92.0 * (density / top).min(1.0)]
    };
    let curve = |from: f64| -> Vec<[f64; 2]> {
        let steps = (0..=POINTS).map(f64::from);
        steps
            .map(|step| point(from + (end - from) * step / f64::from(POINTS)))
            .collect()
    };
    let mut picture = Picture::new(
        "chance",
        "Where this test falls among those that differ by chance alone",
        &format!(
            "Chi-squared is {}. The probability of such a difference or a larger one by chance alone is {}. From \
             {critical:.1} on it would not be put down to chance.",
            Statistic(chi_squared),
            Probability(p_value)
        ),
    );
    picture.area("density", &curve(0.0));
    picture.area("beyond", &curve(chi_squared.min(end)));
    picture.line("outline", &curve(0.0));
    picture.post("limit", at(critical));
    picture.post("found", at(chi_squared.min(end)));
    let found = if chi_squared > end {
        format!("this test: {} →", Statistic(chi_squared))
    } else {
        format!("this test: {}", Statistic(chi_squared))
    };
    let below = marks(
        "below",
        &[
            mark("tick", 0.0, "0"),
            mark("tick", at(critical), &format!("{critical:.1}: the limit")),
        ],
    );
    let above = marks(
        "above",
        &[mark("tick strong", at(chi_squared.min(end)), &found)],
    );
    Some(format!(
        r#"<figure>{above}
<div class="plot low">{svg}</div>
{below}
<figcaption>At 0 there is no difference. If keys fall by the rules, chi-squared falls under the curve, most often where it is high. The
shaded part is as far out as this test or farther: p {p}. Past the limit, where 1 test of 100 comes by chance,
it would be called more than chance.</figcaption></figure>"#,
        svg = picture.svg(),
        p = Probability(p_value),
    ))
}
