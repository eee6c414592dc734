//! What has happened to an alarm clock. Stored for ever: fields are only ever added, with a default.
//!
//! Whatever was computed with a time zone stands in the event, since what is known of zones changes with releases.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::alarm::mission::{Excuse, Shown};
use crate::alarm::terms::Terms;
use crate::alarm::zone::Zone;
use crate::time::Timestamp;

/// An event of one alarm clock.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Event {
    /// An alarm was added, or set anew.
    Set(Set),
    /// An alarm was taken away.
    Removed {
        /// Which.
        number: u32,
        /// The plan's version now.
        plan: u64,
    },
    /// The person is in another zone.
    ZoneSet {
        /// Where.
        zone: Zone,
        /// The alarms that follow the person, with when they ring now.
        armed: Vec<Armed>,
        /// The plan's version now.
        plan: u64,
    },
    /// A session began: it rings.
    Began(Began),
    /// Another alarm came due while the session was open.
    Joined {
        /// The session.
        session: u64,
        /// The alarm that is due, and when it rings next.
        armed: Armed,
        /// Answers that the session needs now.
        needed: u8,
        /// Answers that count already.
        answered: u8,
        /// The plan's version now.
        plan: u64,
    },
    /// The server was away when it was due, and it is too late to ring.
    TooLate {
        /// The alarm, and when it rings next.
        armed: Armed,
        /// When it should have rung.
        due_at: Timestamp,
        /// The plan's version now.
        plan: u64,
    },
    /// The session rings again.
    RangAgain {
        /// The session.
        session: u64,
        /// Why.
        cause: Cause,
        /// How often it has rung now.
        rings: u32,
    },
    /// The session rests.
    Snoozed {
        /// The session.
        session: u64,
        /// When it rings again.
        until: Timestamp,
        /// How many snoozes are left.
        left: u8,
    },
    /// A task is on the screen.
    TaskShown {
        /// The session.
        session: u64,
        /// The task.
        shown: Box<Shown>,
    },
    /// The task was given back.
    TaskDropped {
        /// The session.
        session: u64,
        /// Under this lease.
        lease: Uuid,
        /// Without another task it rings again then.
        until: Timestamp,
    },
    /// The mission cannot be done now: the person may stop without.
    Excused {
        /// The session.
        session: u64,
        /// Why.
        why: Excuse,
    },
    /// An answer counted, or did not.
    Counted {
        /// The session.
        session: u64,
        /// The task's lease.
        lease: Uuid,
        /// Whether it counts.
        passed: bool,
        /// Answers that count now.
        answered: u8,
        /// Answers that are needed.
        needed: u8,
        /// Points that are pending for it.
        points: i64,
        /// Without another task it rings again then.
        until: Timestamp,
    },
    /// The alarm was stopped.
    Dismissed {
        /// The session.
        session: u64,
        /// How.
        how: How,
        /// The day that it is counted for; none for a trial.
        day: Option<NaiveDate>,
        /// The streak after it, in days.
        streak: u32,
        /// When the person is asked whether they are up.
        check_at: Option<Timestamp>,
    },
    /// The person is asked whether they are up.
    CheckAsked {
        /// The session.
        session: u64,
        /// Unanswered, it rings again then.
        until: Timestamp,
    },
    /// The person is up.
    Confirmed {
        /// The session.
        session: u64,
    },
    /// Nobody reacted to the last ring.
    Missed {
        /// The session.
        session: u64,
        /// The day that it is counted for; none for a trial.
        day: Option<NaiveDate>,
        /// The streak after it, in days.
        streak: u32,
    },
    /// The phone has stored the plan.
    Acknowledged {
        /// Which version.
        version: u64,
    },
    /// The person was warned that their phone does not know the plan.
    Warned {
        /// Which version.
        version: u64,
    },
}

/// An alarm was set.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Set {
    /// Its number in this clock, from 1; never used again.
    pub number: u32,
    /// Whether it is a new one.
    pub added: bool,
    /// Its settings, with the date where it rings once.
    pub terms: Box<Terms>,
    /// When it rings.
    pub next_at: Option<Timestamp>,
    /// The plan's version now.
    pub plan: u64,
}

/// When an alarm rings next.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Armed {
    /// Which alarm.
    pub number: u32,
    /// When; `None` makes it inactive.
    pub next_at: Option<Timestamp>,
}

/// A session began.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Began {
    /// Its number in this clock, from 1.
    pub session: u64,
    /// Whose time has come.
    pub armed: Armed,
    /// When it was due.
    pub due_at: Timestamp,
    /// The alarm's settings, which the session keeps.
    pub terms: Box<Terms>,
    /// Whether it only tries the alarm.
    pub trial: bool,
    /// The plan's version now.
    pub plan: u64,
}

/// Why a session rings again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Cause {
    /// The snooze is over.
    SnoozeOver,
    /// Nobody reacted to the ring before.
    NoReaction,
    /// The mission's task was not answered in time.
    MissionLapsed,
    /// Another alarm came due.
    AnotherAlarm,
    /// Nobody answered the wake-up check.
    NotAwake,
}

/// How an alarm was stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum How {
    /// By as many answers as its mission needs.
    Answered,
    /// It has no mission.
    Plain,
    /// There was no task to be had.
    Excused,
    /// The phone stopped it without a connection.
    Offline,
    /// By the emergency stop.
    Emergency,
}
