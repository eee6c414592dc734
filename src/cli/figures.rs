//! Rates, shares and percentiles, as the replay and the benchmarks print them.

use std::time::Duration;

/// How many a second; 0 for no time.
#[must_use]
pub fn per_second(count: usize, took: Duration) -> f64 {
    if took.is_zero() { 0.0 } else { float(count) / took.as_secs_f64() }
}

/// The part of `whole` that `part` is; 0 of nothing.
#[must_use]
pub fn share(part: usize, whole: usize) -> f64 {
    if whole == 0 { 0.0 } else { float(part) / float(whole) }
}

/// What `total` is for each `group` of the `count`; 0 for none.
#[must_use]
pub fn each(total: f64, count: usize, group: f64) -> f64 {
    if count == 0 { 0.0 } else { total * group / float(count) }
}

/// A percentile of sorted times, in milliseconds; 0 of none.
#[must_use]
pub fn percentile_ms(sorted: &[Duration], percent: usize) -> f64 {
    let rank = sorted.len().saturating_mul(percent).div_ceil(100).saturating_sub(1);
    sorted.get(rank).map_or(0.0, |time| time.as_secs_f64() * 1000.0)
}

/// A count as a float.
#[expect(clippy::as_conversions, reason = "a count is far below 2^52")]
#[must_use]
pub fn float(count: usize) -> f64 {
    count as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_gives_nothing() {
        assert_eq!(
            (per_second(5, Duration::ZERO), share(1, 0), each(3.0, 0, 1e6), percentile_ms(&[], 50)),
            (0.0, 0.0, 0.0, 0.0)
        );
    }

    #[test]
    fn percentiles_are_ranks() {
        let times: Vec<Duration> = (1..=100).map(Duration::from_millis).collect();
        assert_eq!((percentile_ms(&times, 50), percentile_ms(&times, 99), percentile_ms(&times, 100)), (50.0, 99.0, 100.0));
    }
}
