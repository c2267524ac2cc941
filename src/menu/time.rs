//! How long something took, for people.

use std::time::Duration;

/// Three figures are enough: `0.81 ms`, `3.1 ms`, `250 ms`, `1.2 s`, `75 s`.
pub(super) fn shown(time: Duration) -> String {
    let ms = time.as_secs_f64() * 1000.0;
    if ms < 1.0 {
        format!("{ms:.2} ms")
    } else if ms < 10.0 {
        format!("{ms:.1} ms")
    } else if ms < 1000.0 {
        format!("{ms:.0} ms")
    } else if ms < 10_000.0 {
        format!("{:.1} s", ms / 1000.0)
    } else {
        format!("{:.0} s", ms / 1000.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_have_few_figures() {
        for (micros, expected) in [
            (0, "0.00 ms"),
            (810, "0.81 ms"),
            (3_140, "3.1 ms"),
            (249_900, "250 ms"),
            (1_240_000, "1.2 s"),
            (75_000_000, "75 s"),
        ] {
            assert_eq!(shown(Duration::from_micros(micros)), expected);
        }
    }
}
