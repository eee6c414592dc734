//! The log of rings, snoozes, answers and stops: made from the events alone, so that the whole of it is in the journal. The
//! clock itself keeps only the newest entries.

use serde::{Deserialize, Serialize};

use crate::alarm::event::{Cause, Event, How};
use crate::alarm::mission::Excuse;
use crate::time::Timestamp;

/// So many entries are kept in the clock.
pub const KEPT: usize = 30;

/// One line of the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// When.
    pub at: Timestamp,
    /// In which session; none for an alarm that came too late.
    pub session: Option<u64>,
    /// What.
    #[serde(flatten)]
    pub what: What,
}

/// What happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "what", rename_all = "snake_case")]
pub enum What {
    /// An alarm rang for the first time.
    Rang {
        /// Which.
        alarm: u32,
        /// When it was due.
        due_at: Timestamp,
        /// Whether it was only tried.
        trial: bool,
    },
    /// Another alarm came due and joined.
    Joined {
        /// Which.
        alarm: u32,
    },
    /// It rang again.
    RangAgain {
        /// Why.
        cause: Cause,
    },
    /// It was snoozed.
    Snoozed {
        /// Until then.
        until: Timestamp,
    },
    /// A task was answered.
    Answered {
        /// Whether it counts.
        passed: bool,
        /// Points that are pending for it.
        points: i64,
    },
    /// There was no task.
    Excused {
        /// Why.
        why: Excuse,
    },
    /// It was stopped.
    Stopped {
        /// How.
        how: How,
    },
    /// The person was asked whether they are up.
    Asked,
    /// They are.
    Awake,
    /// Nobody reacted.
    Missed,
    /// The server was away for too long.
    TooLate {
        /// Which alarm.
        alarm: u32,
        /// When it was due.
        due_at: Timestamp,
    },
}

/// The line that an event adds.
#[must_use]
pub fn entry(event: &Event, at: Timestamp) -> Option<Entry> {
    let (session, what) = match event {
        Event::Began(began) => {
            let what = What::Rang { alarm: began.armed.number, due_at: began.due_at, trial: began.trial };
            (Some(began.session), what)
        }
        Event::Joined { session, armed, .. } => (Some(*session), What::Joined { alarm: armed.number }),
        Event::TooLate { armed, due_at, .. } => (None, What::TooLate { alarm: armed.number, due_at: *due_at }),
        Event::RangAgain { session, cause, .. } => (Some(*session), What::RangAgain { cause: *cause }),
        Event::Snoozed { session, until, .. } => (Some(*session), What::Snoozed { until: *until }),
        Event::Counted { session, passed, points, .. } => (Some(*session), What::Answered { passed: *passed, points: *points }),
        Event::Excused { session, why } => (Some(*session), What::Excused { why: *why }),
        Event::Dismissed { session, how, .. } => (Some(*session), What::Stopped { how: *how }),
        Event::CheckAsked { session, .. } => (Some(*session), What::Asked),
        Event::Confirmed { session } => (Some(*session), What::Awake),
        Event::Missed { session, .. } => (Some(*session), What::Missed),
        Event::Set(_)
        | Event::Removed { .. }
        | Event::ZoneSet { .. }
        | Event::TaskShown { .. }
        | Event::TaskDropped { .. }
        | Event::Acknowledged { .. }
        | Event::Warned { .. } => return None,
    };
    Some(Entry { at, session, what })
}
