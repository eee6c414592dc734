//! Time zones and local times: when a wall clock somewhere shows a time.

use std::fmt;
use std::str::FromStr;

use chrono::{Datelike, MappedLocalTime, NaiveDate, NaiveTime, TimeDelta, TimeZone};
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};

use crate::time::Timestamp;

/// The longest stretch of wall-clock time that a zone ever left out is a whole day (Samoa, 30 December 2011).
const LONGEST_GAP_MINUTES: u32 = 25 * 60;

/// A time zone of the IANA database, stored by its name. What the database says of it may change with a release, so
/// whatever is computed from it is written into the event that needed it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Zone(Tz);

impl Default for Zone {
    fn default() -> Self {
        Self(Tz::Asia__Seoul)
    }
}

impl Zone {
    /// Its name, such as `Europe/Berlin`.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.0.name()
    }

    /// The date there.
    #[must_use]
    pub fn date(self, at: Timestamp) -> NaiveDate {
        at.with_timezone(&self.0).date_naive()
    }

    /// The moment at which clocks there show this: the first of two where the hour is repeated, and where it is left out
    /// the first moment that exists after it. `None` only at the end of what can be counted.
    #[must_use]
    pub fn moment(self, date: NaiveDate, time: NaiveTime) -> Option<Timestamp> {
        let mut local = date.and_time(time);
        for _ in 0..=LONGEST_GAP_MINUTES {
            match self.0.from_local_datetime(&local) {
                MappedLocalTime::Single(at) | MappedLocalTime::Ambiguous(at, _) => return Some(at.to_utc()),
                // Clocks have changed at whole minutes since 1972.
                MappedLocalTime::None => local = local.checked_add_signed(TimeDelta::minutes(1))?,
            }
        }
        None
    }

    /// The day to which a moment belongs when a day ends at this hour: before it, it is still the day before.
    #[must_use]
    pub fn day_closing_at(self, at: Timestamp, hour: u8) -> NaiveDate {
        let local = at.with_timezone(&self.0).naive_local();
        let opened = local.checked_sub_signed(TimeDelta::hours(hour.into())).unwrap_or(local);
        opened.date()
    }
}

/// A month of a year, as people name it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Month {
    /// The year.
    pub year: i32,
    /// 1 to 12.
    pub month: u32,
}

impl Month {
    /// The month of a date.
    #[must_use]
    pub fn of(date: NaiveDate) -> Self {
        Self { year: date.year(), month: date.month() }
    }
}

impl fmt::Display for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Zone {
    type Err = NotAZone;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        name.parse().map(Self).map_err(|_| NotAZone)
    }
}

impl TryFrom<String> for Zone {
    type Error = NotAZone;

    fn try_from(name: String) -> Result<Self, Self::Error> {
        name.parse()
    }
}

impl From<Zone> for String {
    fn from(zone: Zone) -> Self {
        zone.name().to_owned()
    }
}

/// The text names no time zone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a time zone: names are such as Asia/Seoul")]
pub struct NotAZone;
