//! Figures as people read them.

use std::time::Duration;

/// A count as a number that is reckoned with.
#[expect(
    clippy::cast_precision_loss,
    reason = "fifteen digits are enough to show"
)]
pub(super) fn float(count: u64) -> f64 {
    count as f64
}

/// A part of one, such as `16.7 %`.
pub(super) fn percent(part: f64) -> String {
    format!("{:.1} %", part * 100.0)
}

/// A count with its thousands apart, such as `1,234,567`.
pub(super) fn grouped(count: u64) -> String {
    let digits = count.to_string();
    let mut shown = String::with_capacity(digits.len() + digits.len() / 3);
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            shown.push(',');
        }
        shown.push(digit);
    }
    shown
}

/// A time with two or three digits that count, such as `640 µs`, `2.31 ms` or `1.20 s`.
pub(super) fn short_time(time: Duration) -> String {
    let micros = time.as_secs_f64() * 1e6;
    match micros {
        ..1_000.0 => format!("{micros:.0} µs"),
        ..10_000.0 => format!("{:.2} ms", micros / 1e3),
        ..100_000.0 => format!("{:.1} ms", micros / 1e3),
        ..1_000_000.0 => format!("{:.0} ms", micros / 1e3),
        _ => format!("{:.2} s", micros / 1e6),
    }
}

/// A length of time for people, such as `0.8 s`, `12 s`, `3 min 20 s` or `2 h 5 min`.
pub(super) fn long_time(time: Duration) -> String {
    let seconds = time.as_secs();
    match seconds {
        0..10 => format!("{:.1} s", time.as_secs_f64()),
        10..120 => format!("{seconds} s"),
        120..7200 => format!("{} min {} s", seconds / 60, seconds % 60),
        _ => format!("{} h {} min", seconds / 3600, seconds / 60 % 60),
    }
}

/// A rate with three digits that count, its thousands apart.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a rate is no negative number, and none that is so large"
)]
pub(super) fn rate(a_second: f64) -> String {
    if a_second < 100.0 {
        return format!("{a_second:.1}");
    }
    let unit = 10_f64.powi(a_second.log10().floor() as i32 - 2);
    grouped(((a_second / unit).round() * unit) as u64)
}

/// A sentence on lines of at most `columns` characters, broken at blanks.
pub(super) fn wrapped(text: &str, columns: u16) -> String {
    let mut lines = String::with_capacity(text.len() + 2);
    let mut width = 0;
    for word in text.split(' ') {
        let length = word.chars().count();
        if width > 0 && width + 1 + length > usize::from(columns) {
            lines.push('\n');
            width = 0;
        } else if width > 0 {
            lines.push(' ');
            width += 1;
        }
        lines.push_str(word);
        width += length;
    }
    lines
}

/// A moment in milliseconds since 1970 as `2026-11-26 10:49:22 UTC`.
pub(super) fn date(unix_ms: u64) -> String {
    let seconds = unix_ms / 1000;
    let (year, month, day) = civil(seconds / 86_400);
    let (hour, minute, second) = (seconds / 3600 % 24, seconds / 60 % 60, seconds % 60);
    format!("{year}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02} UTC")
}

/// The date of a day since 1970, in the Gregorian calendar: Howard Hinnant's `civil_from_days`, for days
/// that are not before it.
fn civil(days: u64) -> (u64, u64, u64) {
    // The years begin with March, so that the leap day is the last.
    let days = days + 719_468;
    let (era, day_of_era) = (days / 146_097, days % 146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 {
        month_from_march + 3
    } else {
        month_from_march - 9
    };
    let year = era * 400 + year_of_era + u64::from(month <= 2);
    (year, month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_short_and_say_their_unit() {
        assert_eq!(percent(1.0 / 6.0), "16.7 %");
        assert_eq!(
            [0, 999, 1000, 1_234_567].map(grouped),
            ["0", "999", "1,000", "1,234,567"]
        );
        let time = |micros| short_time(Duration::from_micros(micros));
        assert_eq!(
            [7, 640, 2312, 23_120, 231_200, 1_203_000].map(time),
            ["7 µs", "640 µs", "2.31 ms", "23.1 ms", "231 ms", "1.20 s"]
        );
        let time = |millis| long_time(Duration::from_millis(millis));
        assert_eq!(
            [840, 12_300, 200_000, 7_500_000].map(time),
            ["0.8 s", "12 s", "3 min 20 s", "2 h 5 min"]
        );
        assert_eq!(
            [0.0, 8.25, 99.9, 104.0, 52_345.6].map(rate),
            ["0.0", "8.2", "99.9", "104", "52,300"]
        );
    }

    #[test]
    fn lines_break_at_blanks() {
        assert_eq!(wrapped("one two three", 80), "one two three");
        assert_eq!(wrapped("one two three", 7), "one two\nthree");
        assert_eq!(wrapped("one two three", 3), "one\ntwo\nthree");
        assert_eq!(wrapped("éé éé", 5), "éé éé");
    }

    #[test]
    fn dates_are_those_of_the_calendar() {
        assert_eq!(date(0), "1970-01-01 00:00:00 UTC");
        assert_eq!(date(951_782_399_000), "2000-02-28 23:59:59 UTC");
        assert_eq!(date(951_782_400_000), "2000-02-29 00:00:00 UTC");
        assert_eq!(date(1_709_164_800_000), "2024-02-29 00:00:00 UTC");
        assert_eq!(date(1_764_153_762_999), "2025-11-26 10:42:42 UTC");
        assert_eq!(date(1_735_689_599_000), "2024-12-31 23:59:59 UTC");
    }
}
