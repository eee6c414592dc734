//! One thing to be labeled, and the answers to it.

use serde::{Deserialize, Serialize};

use super::rules::{MAX_ANSWER, Rules, TaskKind};
use crate::ids::UserId;
use crate::time::Timestamp;

/// A box on an image, in pixels from its top left corner: left and top are inside, right and bottom just outside.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Region {
    /// Left edge.
    pub left: u32,
    /// Top edge.
    pub top: u32,
    /// Right edge, beyond the left one.
    pub right: u32,
    /// Bottom edge, below the top one.
    pub bottom: u32,
}

/// A task as it comes from an upload.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewTask {
    /// The object key of the image, at most 300 characters.
    pub image: String,
    /// The image's width in pixels, 1 to 100,000.
    pub width: u32,
    /// The image's height in pixels, 1 to 100,000.
    pub height: u32,
    /// What of the image is asked about; needed for text in a box.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub region: Option<Region>,
    /// The known answer: such a task tests people and is not part of the result.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gold: Option<String>,
    /// What a machine read, for the rules that count it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub machine: Option<String>,
}

impl NewTask {
    /// Checks that it can be asked under these rules.
    ///
    /// # Errors
    /// What is wrong, as the end of a sentence.
    pub fn check(&self, rules: &Rules) -> Result<(), String> {
        let ensure = |holds: bool, otherwise: &str| if holds { Ok(()) } else { Err(otherwise.to_owned()) };
        ensure((1..=300).contains(&self.image.chars().count()), "an image's key has 1 to 300 characters")?;
        let sizes = 1..=100_000;
        ensure(sizes.contains(&self.width) && sizes.contains(&self.height), "an image is 1 to 100,000 pixels wide and high")?;
        ensure(rules.kind != TaskKind::Ocr || self.region.is_some(), "a text to be read needs its box")?;
        if let Some(region) = self.region {
            ensure(region.left < region.right && region.top < region.bottom, "a box without area")?;
            ensure(region.right <= self.width && region.bottom <= self.height, "a box outside its image")?;
        }
        for given in [&self.gold, &self.machine].into_iter().flatten() {
            let kept = Rules::kept(given);
            ensure((1..=MAX_ANSWER).contains(&kept.chars().count()), "a known answer has 1 to 500 characters")?;
            ensure(rules.kind != TaskKind::Choice || rules.choices.contains(&kept), "a known answer that is no choice")?;
        }
        Ok(())
    }
}

/// Where an answer stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// Not judged yet; its points are pending.
    Waiting,
    /// Its points are posted.
    Right,
    /// Its points are void.
    Wrong,
    /// Taken back when its giver was excluded; its points are void and it is not counted.
    Dropped,
    /// It came after its lease: kept, not counted, not paid.
    Late,
}

impl Standing {
    /// Its name on the wire.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Right => "right",
            Self::Wrong => "wrong",
            Self::Dropped => "dropped",
            Self::Late => "late",
        }
    }
}

/// One person's answer to a task.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Vote {
    /// The answer's number in the campaign: 1, 2, 3 ...
    #[serde(rename = "n")]
    pub number: u64,
    /// Who.
    #[serde(rename = "w")]
    pub worker: UserId,
    /// What, in the kept form.
    #[serde(rename = "a")]
    pub answer: String,
    /// Where it stands.
    #[serde(rename = "s")]
    pub standing: Standing,
    /// When it came.
    #[serde(rename = "t")]
    pub at: Timestamp,
}

impl Vote {
    /// Whether it takes one of the wanted places.
    #[must_use]
    pub const fn counts(&self) -> bool {
        match self.standing {
            Standing::Waiting | Standing::Right | Standing::Wrong => true,
            Standing::Dropped | Standing::Late => false,
        }
    }
}

/// An answer that a task was settled with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Settlement {
    /// The answer as most of its givers wrote it.
    pub answer: String,
    /// Who gave it.
    pub votes: u16,
    /// Who gave any.
    pub of: u16,
    /// `votes / of` in basis points.
    pub agreement_bp: u16,
    /// The posterior probability of the answer in basis points, by everybody's accuracy.
    pub confidence_bp: u16,
    /// The probability of the answer in basis points by what the campaign has learned of its people; `None` where it does not
    /// learn, or nobody has answered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub posterior_bp: Option<u16>,
    /// Whether a person decided it instead of the rule.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub by_review: bool,
}

/// How far along a task is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TaskState {
    /// Answers are wanted.
    Open,
    /// A test with a known answer: always asked, never settled.
    Gold,
    /// The answers ran out; a person must look. With the best guess.
    Review(Option<Settlement>),
    /// Answered.
    Decided(Settlement),
    /// A person said that it cannot be answered.
    Unusable,
    /// The campaign ended before it was answered.
    Undecided,
}

impl TaskState {
    /// Its name on the wire.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Gold => "gold",
            Self::Review(_) => "review",
            Self::Decided(_) => "decided",
            Self::Unusable => "unusable",
            Self::Undecided => "undecided",
        }
    }

    /// Whether nothing more will come.
    #[must_use]
    pub const fn is_settled(&self) -> bool {
        match self {
            Self::Open | Self::Gold | Self::Review(_) => false,
            Self::Decided(_) | Self::Unusable | Self::Undecided => true,
        }
    }
}

/// A task and all that is known of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Task {
    /// What is asked.
    #[serde(flatten)]
    pub asked: NewTask,
    /// How far along it is.
    pub state: TaskState,
    /// The bound: counted answers and live leases together are never more.
    pub wanted: u16,
    /// Answers granted by reviews beyond the rule's maximum.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub extra: u16,
    /// Live leases.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub leases: u16,
    /// Every answer, as they came.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub votes: Vec<Vote>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
const fn is_zero(number: &u16) -> bool {
    *number == 0
}

impl Task {
    /// Counted answers.
    #[must_use]
    pub fn counted(&self) -> u16 {
        u16::try_from(self.votes.iter().filter(|vote| vote.counts()).count()).unwrap_or(u16::MAX)
    }

    /// Counted answers and live leases.
    #[must_use]
    pub fn load(&self) -> u16 {
        self.counted().saturating_add(self.leases)
    }

    /// Whether another person may be asked.
    #[must_use]
    pub fn is_claimable(&self) -> bool {
        matches!(self.state, TaskState::Open | TaskState::Gold) && self.load() < self.wanted
    }

    pub(super) fn vote_mut(&mut self, number: u64) -> Option<&mut Vote> {
        self.votes.iter_mut().find(|vote| vote.number == number)
    }

    /// The answer of that number.
    #[must_use]
    pub fn vote(&self, number: u64) -> Option<&Vote> {
        self.votes.iter().find(|vote| vote.number == number)
    }
}
