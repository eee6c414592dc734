//! What one alarm is set to.

use chrono::{NaiveDate, NaiveTime, Timelike, Weekday};
use serde::{Deserialize, Serialize};

use crate::alarm::zone::Zone;

/// The longest title, in characters.
pub const MAX_TITLE: usize = 100;
/// The longest snooze, in minutes.
pub const MAX_SNOOZE_MINUTES: u8 = 30;
/// The most snoozes of one session that can be set.
pub const MAX_SNOOZES: u8 = 10;
/// The most answers a mission can need.
pub const MAX_ANSWERS: u8 = 10;
/// The wake-up check comes so many minutes after the alarm was stopped: the least and the most that can be set.
pub const WAKE_CHECK_MINUTES: (u8, u8) = (3, 10);

/// One alarm's settings. Stored for ever: fields are only ever added, with a default.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Terms {
    /// When, by the wall clock: whole minutes, written `07:30`.
    #[serde(with = "clock_time")]
    pub time: NaiveTime,
    /// On which days of the week, again and again. None: it rings once.
    #[serde(default)]
    pub days: Days,
    /// The date on which it rings once; left out, the next time the clock shows that time. Only without `days`.
    #[serde(default)]
    pub date: Option<NaiveDate>,
    /// The zone of the wall clock; left out, the person's own, wherever they are.
    #[serde(default)]
    pub zone: Option<Zone>,
    /// What it is for.
    #[serde(default)]
    pub title: String,
    /// How long a snooze lasts, in minutes; 0 for an alarm that cannot be snoozed.
    #[serde(default = "five")]
    pub snooze_minutes: u8,
    /// How often it can be snoozed before it must be stopped.
    #[serde(default = "three")]
    pub snooze_limit: u8,
    /// Whether it takes answers to stop it.
    #[serde(default)]
    pub mission: bool,
    /// How many, in a mission.
    #[serde(default = "one")]
    pub answers: u8,
    /// So many minutes after it was stopped the person is asked whether they are up; left out, they are not.
    #[serde(default)]
    pub wake_check_minutes: Option<u8>,
    /// Whether the phone sounds.
    #[serde(default = "yes")]
    pub sound: bool,
    /// Whether the phone vibrates.
    #[serde(default = "yes")]
    pub vibration: bool,
    /// Whether it rings at all.
    #[serde(default = "yes")]
    pub active: bool,
}

const fn yes() -> bool {
    true
}

const fn one() -> u8 {
    1
}

const fn three() -> u8 {
    3
}

const fn five() -> u8 {
    5
}

impl Terms {
    /// Whether these settings make sense.
    ///
    /// # Errors
    /// What does not, as the end of a sentence.
    pub fn check(&self) -> Result<(), String> {
        let (least, most) = WAKE_CHECK_MINUTES;
        if self.time.second() != 0 || self.time.nanosecond() != 0 {
            return Err("the time must be whole minutes".to_owned());
        }
        if !self.days.is_empty() && self.date.is_some() {
            return Err("an alarm has days of the week or a date, not both".to_owned());
        }
        if self.title.chars().count() > MAX_TITLE {
            return Err(format!("the title has more than {MAX_TITLE} characters"));
        }
        if self.title.chars().any(char::is_control) {
            return Err("the title has characters that cannot be shown".to_owned());
        }
        if self.snooze_minutes > MAX_SNOOZE_MINUTES || self.snooze_limit > MAX_SNOOZES {
            return Err(format!("a snooze has at most {MAX_SNOOZE_MINUTES} minutes, {MAX_SNOOZES} times"));
        }
        if !(1..=MAX_ANSWERS).contains(&self.answers) {
            return Err(format!("a mission has 1 to {MAX_ANSWERS} answers"));
        }
        if self.wake_check_minutes.is_some_and(|minutes| !(least..=most).contains(&minutes)) {
            return Err(format!("the wake-up check comes {least} to {most} minutes later"));
        }
        Ok(())
    }

    /// How many answers it takes to stop it: 0 without a mission.
    #[must_use]
    pub fn needed(&self) -> u8 {
        if self.mission { self.answers } else { 0 }
    }

    /// How often it can be snoozed.
    #[must_use]
    pub fn snoozes(&self) -> u8 {
        if self.snooze_minutes == 0 { 0 } else { self.snooze_limit }
    }
}

/// A set of days of the week, stored as their names from Monday on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(try_from = "Vec<Day>", into = "Vec<Day>")]
pub struct Days(u8);

/// A day of the week on the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Day {
    /// Monday.
    Mon,
    /// Tuesday.
    Tue,
    /// Wednesday.
    Wed,
    /// Thursday.
    Thu,
    /// Friday.
    Fri,
    /// Saturday.
    Sat,
    /// Sunday.
    Sun,
}

impl Day {
    /// All, from Monday on.
    pub const ALL: [Self; 7] = [Self::Mon, Self::Tue, Self::Wed, Self::Thu, Self::Fri, Self::Sat, Self::Sun];

    const fn bit(self) -> u8 {
        match self {
            Self::Mon => 1,
            Self::Tue => 1 << 1,
            Self::Wed => 1 << 2,
            Self::Thu => 1 << 3,
            Self::Fri => 1 << 4,
            Self::Sat => 1 << 5,
            Self::Sun => 1 << 6,
        }
    }
}

impl From<Weekday> for Day {
    fn from(day: Weekday) -> Self {
        match day {
            Weekday::Mon => Self::Mon,
            Weekday::Tue => Self::Tue,
            Weekday::Wed => Self::Wed,
            Weekday::Thu => Self::Thu,
            Weekday::Fri => Self::Fri,
            Weekday::Sat => Self::Sat,
            Weekday::Sun => Self::Sun,
        }
    }
}

impl Days {
    /// Whether there is none.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Whether a day is one of them.
    #[must_use]
    pub fn contains(self, day: impl Into<Day>) -> bool {
        self.0 & day.into().bit() != 0
    }
}

impl FromIterator<Day> for Days {
    fn from_iter<T: IntoIterator<Item = Day>>(days: T) -> Self {
        Self(days.into_iter().fold(0, |set, day| set | day.bit()))
    }
}

impl TryFrom<Vec<Day>> for Days {
    type Error = String;

    fn try_from(days: Vec<Day>) -> Result<Self, Self::Error> {
        if days.len() > Day::ALL.len() { Err("a week has seven days".to_owned()) } else { Ok(days.into_iter().collect()) }
    }
}

impl From<Days> for Vec<Day> {
    fn from(days: Days) -> Self {
        Day::ALL.into_iter().filter(|day| days.contains(*day)).collect()
    }
}

/// Times as `07:30`.
mod clock_time {
    use chrono::NaiveTime;
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    pub(super) fn serialize<S: Serializer>(time: &NaiveTime, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&time.format("%H:%M"))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<NaiveTime, D::Error> {
        let text = String::deserialize(deserializer)?;
        let shaped = text.len() == 5 && text.is_ascii();
        let time = if shaped { NaiveTime::parse_from_str(&text, "%H:%M").ok() } else { None };
        time.ok_or_else(|| D::Error::custom("a time is written 07:30, from 00:00 to 23:59"))
    }
}
