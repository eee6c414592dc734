//! What can be asked of an alarm clock.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::alarm::mission::{Excuse, Shown};
use crate::alarm::terms::Terms;
use crate::alarm::zone::Zone;

/// A command to one person's alarm clock. Where a session can be named, naming it keeps a late tap from reaching the next.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Command {
    /// Adds an alarm. By its owner, as all that follow up to [`Command::Acknowledge`].
    Add(Box<Terms>),
    /// Sets an alarm anew.
    Change {
        /// Which.
        number: u32,
        /// To what.
        terms: Box<Terms>,
    },
    /// Takes an alarm away.
    Remove {
        /// Which.
        number: u32,
    },
    /// Moves the person to another zone: alarms without a zone of their own follow.
    SetZone {
        /// Where to.
        zone: Zone,
    },
    /// Rings an alarm now, to try it. It changes no streak.
    Try {
        /// Which.
        number: u32,
    },
    /// Lets the session rest for the alarm's snooze time.
    Snooze {
        /// Of which session.
        #[serde(default)]
        session: Option<u64>,
    },
    /// Stops the alarm, where its mission allows it.
    Stop {
        /// Which session.
        #[serde(default)]
        session: Option<u64>,
        /// The phone had no connection and stopped by itself: always allowed, and the day counts neither way.
        #[serde(default)]
        offline: bool,
    },
    /// Stops the alarm whatever is open. It costs the streak, nothing else.
    Emergency {
        /// Which session.
        #[serde(default)]
        session: Option<u64>,
    },
    /// Answers the wake-up check.
    Awake {
        /// Of which session.
        #[serde(default)]
        session: Option<u64>,
    },
    /// The phone has stored this version of the plan and would ring by itself.
    Acknowledge {
        /// Which version.
        version: u64,
    },
    /// A task was claimed for the person and is on their screen. By the system, as all that follow.
    ShowTask {
        /// In which session.
        session: u64,
        /// The task.
        shown: Box<Shown>,
    },
    /// The task on the screen was given back.
    DropTask {
        /// Under this lease.
        lease: Uuid,
    },
    /// There is no task for the person, so they may stop without.
    Excuse {
        /// In which session.
        session: u64,
        /// Why.
        why: Excuse,
    },
    /// An answer of the person is durable.
    Count {
        /// To which task's lease.
        lease: Uuid,
        /// Whether it was no wrong answer to a task whose answer is known.
        passed: bool,
        /// Points that are pending for it.
        points: i64,
    },
    /// Does what is due: rings, rings again, gives up. With nothing due it changes nothing.
    Wake,
}
