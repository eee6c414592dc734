//! Why an alarm clock says no.

use serde_json::{Value, json};

use crate::code::Code;
use crate::entity::Reason;

/// Why a command to an alarm clock was refused. The text is the sentence for the person.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// Somebody else's clock.
    #[error("This alarm clock belongs to somebody else.")]
    NotTheOwner,
    /// Only the house does this.
    #[error("Only the house may do this.")]
    NotTheHouse,
    /// No alarm of that number.
    #[error("There is no such alarm.")]
    UnknownAlarm,
    /// The clock is full.
    #[error("An alarm clock has at most {limit} alarms.")]
    TooMany {
        /// How many it can have.
        limit: usize,
    },
    /// Settings that make no sense.
    #[error("The alarm's settings are not valid: {0}.")]
    Invalid(String),
    /// Its only time is over.
    #[error("This time is over already.")]
    InThePast,
    /// Nothing rings.
    #[error("No alarm is ringing.")]
    NotRinging {
        /// What the session does instead, if there is one.
        stage: Option<&'static str>,
    },
    /// Something rings already.
    #[error("An alarm is ringing already.")]
    AlreadyRinging,
    /// The session that was meant is over.
    #[error("This alarm is over; another one rings.")]
    OtherSession {
        /// The one that is open.
        session: u64,
    },
    /// No snooze is left, or the alarm has none.
    #[error("This alarm cannot be snoozed any more.")]
    NoSnoozeLeft {
        /// How many it had.
        limit: u8,
    },
    /// It takes more answers.
    #[error("This alarm is stopped by answers: {answered} of {needed} are there.")]
    MissionOpen {
        /// How many count.
        answered: u8,
        /// How many are needed.
        needed: u8,
    },
    /// The alarm has no mission.
    #[error("This alarm needs no answers.")]
    NoMission,
    /// No such version of the plan.
    #[error("There is no such version of the plan yet.")]
    UnknownPlan {
        /// The version now.
        version: u64,
    },
}

impl Reason for Refusal {
    fn code(&self) -> Code {
        match self {
            Self::NotTheOwner | Self::NotTheHouse => Code::Forbidden,
            Self::UnknownAlarm => Code::AlarmUnknown,
            Self::TooMany { .. } => Code::AlarmsFull,
            Self::Invalid(_) => Code::AlarmInvalid,
            Self::InThePast => Code::AlarmInThePast,
            Self::NotRinging { .. } => Code::AlarmNotRinging,
            Self::AlreadyRinging => Code::AlarmAlreadyRinging,
            Self::OtherSession { .. } => Code::AlarmOtherSession,
            Self::NoSnoozeLeft { .. } => Code::AlarmNoSnoozeLeft,
            Self::MissionOpen { .. } => Code::AlarmMissionOpen,
            Self::NoMission => Code::AlarmNoMission,
            Self::UnknownPlan { .. } => Code::AlarmUnknownPlan,
        }
    }

    fn detail(&self) -> Value {
        match self {
            Self::TooMany { limit } => json!({ "limit": limit }),
            Self::NotRinging { stage } => json!({ "stage": stage }),
            Self::OtherSession { session } => json!({ "session": session }),
            Self::NoSnoozeLeft { limit } => json!({ "limit": limit }),
            Self::MissionOpen { answered, needed } => json!({ "answered": answered, "needed": needed }),
            Self::UnknownPlan { version } => json!({ "version": version }),
            Self::NotTheOwner
            | Self::NotTheHouse
            | Self::UnknownAlarm
            | Self::Invalid(_)
            | Self::InThePast
            | Self::AlreadyRinging
            | Self::NoMission => Value::Null,
        }
    }
}
