//! When an alarm rings next, by the wall clock of its zone and over clock changes.

use chrono::{Datelike, Days as DateDays};

use crate::alarm::terms::Terms;
use crate::alarm::zone::Zone;
use crate::time::Timestamp;

/// A week, and a day more: the day itself may be left out by the zone, or its time be over already.
const DAYS_AHEAD: u64 = 8;

/// The first moment after `after` at which an alarm with these settings rings, `zone` being the person's own. A time that
/// the clocks leave out rings at the first moment that exists after it; a time that they show twice rings the first time.
/// `None` when it is switched off or its only time is over.
#[must_use]
pub fn next_ring(terms: &Terms, zone: Zone, after: Timestamp) -> Option<Timestamp> {
    if !terms.active {
        return None;
    }
    let zone = terms.zone.unwrap_or(zone);
    if let Some(date) = terms.date {
        return zone.moment(date, terms.time).filter(|at| *at > after);
    }
    // From the day before: what a zone left out at midnight rings a day late.
    let first = zone.date(after).pred_opt()?;
    (0..=DAYS_AHEAD.saturating_add(1))
        .filter_map(|ahead| first.checked_add_days(DateDays::new(ahead)))
        .filter(|date| terms.days.is_empty() || terms.days.contains(date.weekday()))
        .filter_map(|date| zone.moment(date, terms.time))
        .find(|at| *at > after)
}
