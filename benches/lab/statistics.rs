//! Medians and percentiles.

use std::time::Duration;

/// The median of measurements, of which there is at least one.
pub(crate) fn median(measured: impl IntoIterator<Item = Duration>) -> Duration {
    percentile(&mut measured.into_iter().collect::<Vec<_>>(), 50)
}

/// The measurement that `percent` of a hundred do not exceed (nearest rank); 0 without any.
/// Sorts them.
pub(crate) fn percentile(measured: &mut [Duration], percent: usize) -> Duration {
    measured.sort_unstable();
    let rank = (measured.len() * percent).div_ceil(100).max(1);
    measured.get(rank - 1).copied().unwrap_or_default()
}

/// How often `of` fits into `part`.
pub(crate) fn ratio(part: Duration, of: Duration) -> f64 {
    part.as_secs_f64() / of.as_secs_f64()
}

/// The median of figures (nearest rank), which are numbers; 0 without any.
pub(crate) fn median_figure(figures: impl IntoIterator<Item = f64>) -> f64 {
    let mut figures: Vec<_> = figures.into_iter().collect();
    figures.sort_unstable_by(f64::total_cmp);
    let middle = figures.len().saturating_sub(1) / 2;
    figures.get(middle).copied().unwrap_or_default()
}
