//! Why a campaign says no.

use serde_json::{Value, json};

use super::event::ExclusionReason;
use super::rules::MAX_ANSWER;
use crate::code::Code;
use crate::entity::Reason;
use crate::time::Timestamp;

/// Why a command to a campaign was refused. The text is the sentence for the person.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// Never asked for.
    #[error("There is no such campaign.")]
    Unknown,
    /// Asked for already.
    #[error("This campaign exists already.")]
    Exists,
    /// A draft, a task or a reason that makes no sense.
    #[error("This is not valid: {0}.")]
    Invalid(String),
    /// More tasks than a campaign may have.
    #[error("A campaign has at most {most} tasks.")]
    Full {
        /// The limit.
        most: usize,
    },
    /// Only a person can do this.
    #[error("Please sign in first.")]
    NotSignedIn,
    /// Not with this person's roles.
    #[error("Only {0} may do this.")]
    NotAllowed(&'static str),
    /// Not in this state.
    #[error("This is not possible while the campaign is {state}.")]
    WrongState {
        /// The state's name.
        state: &'static str,
    },
    /// No task of that number.
    #[error("There is no such task.")]
    NoSuchTask,
    /// Only tasks in review are decided by a person.
    #[error("This task is {state}, not in review.")]
    NotInReview {
        /// The task's state.
        state: &'static str,
    },
    /// Nobody of that number has labeled here.
    #[error("This person has not labeled here.")]
    NoSuchWorker,
    /// The campaign gives out no tasks now.
    #[error("This campaign gives out no tasks now.")]
    NotRunning {
        /// The state's name.
        state: &'static str,
    },
    /// There is nothing here that this person could be asked.
    #[error("There is nothing for you to label here now.")]
    Nothing,
    /// Taken off this campaign.
    #[error("You are taken off this campaign.")]
    Excluded {
        /// Why.
        reason: ExclusionReason,
        /// Until when; `None`: until readmitted.
        until: Option<Timestamp>,
    },
    /// Too many tasks at a time.
    #[error("Please answer or give back a task first: you have {most}.")]
    TooManyLeases {
        /// The limit.
        most: usize,
    },
    /// No lease of that number, or one that ended long ago.
    #[error("There is no such lease, or it ended long ago.")]
    LeaseUnknown,
    /// Somebody else's lease.
    #[error("This task was given to somebody else.")]
    LeaseForeign,
    /// The fencing number is not that of the lease.
    #[error("The fencing number does not belong to this lease.")]
    StaleFence,
    /// Answered already, by another command.
    #[error("This task was answered already.")]
    AlreadyAnswered,
    /// Given back before.
    #[error("This task was given back already.")]
    GivenBack,
    /// The lease is over.
    #[error("The time for this task is over.")]
    LeaseOver,
    /// No answer in it.
    #[error("The answer is empty.")]
    AnswerEmpty,
    /// Too long an answer.
    #[error("An answer has at most {MAX_ANSWER} characters.")]
    AnswerTooLong,
    /// Not one of the choices.
    #[error("This is not one of the choices.")]
    NotAChoice,
}

impl Reason for Refusal {
    fn code(&self) -> Code {
        match self {
            Self::Unknown => Code::CampaignUnknown,
            Self::Exists | Self::WrongState { .. } => Code::CampaignWrongState,
            Self::Invalid(_) => Code::CampaignInvalid,
            Self::Full { .. } => Code::CampaignFull,
            Self::NotSignedIn => Code::Unauthenticated,
            Self::NotAllowed(_) => Code::Forbidden,
            Self::NoSuchTask | Self::NoSuchWorker => Code::NotFound,
            Self::NotInReview { .. } => Code::CampaignNotInReview,
            Self::NotRunning { .. } => Code::CampaignNotRunning,
            Self::Nothing => Code::LabelNothing,
            Self::Excluded { .. } => Code::LabelExcluded,
            Self::TooManyLeases { .. } => Code::LabelTooManyLeases,
            Self::LeaseUnknown => Code::LabelLeaseUnknown,
            Self::LeaseForeign => Code::LabelLeaseForeign,
            Self::StaleFence => Code::LabelStaleFence,
            Self::AlreadyAnswered => Code::LabelAlreadyAnswered,
            Self::GivenBack => Code::LabelGivenBack,
            Self::LeaseOver => Code::LabelLate,
            Self::AnswerEmpty | Self::AnswerTooLong | Self::NotAChoice => Code::LabelAnswerInvalid,
        }
    }

    fn detail(&self) -> Value {
        match self {
            Self::WrongState { state } | Self::NotRunning { state } | Self::NotInReview { state } => json!({ "state": state }),
            Self::Excluded { reason, until } => json!({ "reason": reason.name(), "until": until }),
            Self::Full { most } | Self::TooManyLeases { most } => json!({ "most": most }),
            Self::AnswerTooLong => json!({ "most": MAX_ANSWER }),
            Self::Unknown
            | Self::Exists
            | Self::Invalid(_)
            | Self::NotSignedIn
            | Self::NotAllowed(_)
            | Self::NoSuchTask
            | Self::NoSuchWorker
            | Self::Nothing
            | Self::LeaseUnknown
            | Self::LeaseForeign
            | Self::StaleFence
            | Self::AlreadyAnswered
            | Self::GivenBack
            | Self::LeaseOver
            | Self::AnswerEmpty
            | Self::NotAChoice => Value::Null,
        }
    }
}
