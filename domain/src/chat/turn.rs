//! A question, its answer, and what belongs to them.

use chrono::Duration;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::chat::LEASE_S;
use crate::time::Timestamp;

/// How many characters a text has; texts here are bounded far below the most that fits.
#[must_use]
pub fn chars(text: &str) -> u32 {
    u32::try_from(text.chars().count()).unwrap_or(u32::MAX)
}

/// Where an answer is in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// It waits for its turn, or for somebody to take it.
    Queued,
    /// Somebody looks for sources.
    Retrieving,
    /// It is being written.
    Streaming,
    /// It is whole.
    Done,
    /// Its owner stopped it; the text so far is kept.
    Stopped,
    /// It cannot be written; what there is of it is kept.
    Failed,
    /// Whoever wrote it died; the text so far is kept.
    Interrupted,
}

impl Stage {
    /// Its name on the wire.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Retrieving => "retrieving",
            Self::Streaming => "streaming",
            Self::Done => "done",
            Self::Stopped => "stopped",
            Self::Failed => "failed",
            Self::Interrupted => "interrupted",
        }
    }

    /// Whether nothing more is written unless it is continued.
    #[must_use]
    pub const fn is_over(self) -> bool {
        match self {
            Self::Queued | Self::Retrieving | Self::Streaming => false,
            Self::Done | Self::Stopped | Self::Failed | Self::Interrupted => true,
        }
    }

    /// Whether it ended before it was whole.
    #[must_use]
    pub const fn can_go_on(self) -> bool {
        match self {
            Self::Stopped | Self::Failed | Self::Interrupted => true,
            Self::Queued | Self::Retrieving | Self::Streaming | Self::Done => false,
        }
    }
}

/// How an answer ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum End {
    /// Whole.
    Done,
    /// By its owner, or because nobody watched.
    Stopped,
    /// By a fault.
    Failed,
    /// By the death of its run.
    Interrupted,
}

impl End {
    /// The stage that it leads to.
    #[must_use]
    pub const fn stage(self) -> Stage {
        match self {
            Self::Done => Stage::Done,
            Self::Stopped => Stage::Stopped,
            Self::Failed => Stage::Failed,
            Self::Interrupted => Stage::Interrupted,
        }
    }
}

/// A passage that the answer was written from: kept with it, so that it can be read when the article has changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Source {
    /// The passage's number in the knowledge.
    pub chunk: i64,
    /// The article's.
    pub article: i64,
    /// The article's version.
    pub version: i32,
    /// The article's title.
    pub title: String,
    /// Where the article is from, if it is anywhere.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// Whose article it is.
    #[serde(default)]
    pub source: String,
    /// The section's heading.
    #[serde(default)]
    pub heading: String,
    /// The passage, at most [`MAX_SOURCE_TEXT`](crate::chat::MAX_SOURCE_TEXT) characters of it.
    pub text: String,
}

/// How far the sources say what is claimed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Badge {
    /// Word for word.
    Grounded,
    /// Much of it.
    Partly,
    /// Not at all.
    NotFound,
    /// It cannot be compared: the sentence and its source are in different languages.
    NotCompared,
}

/// A checked claim: a sentence of the answer that cites or quotes, and the sources that it names.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mark {
    /// Where the claim begins, in characters of the answer.
    pub from: u32,
    /// Where it ends.
    pub to: u32,
    /// The sources: 1 is the first. None: a quote that no source has.
    pub sources: Vec<u32>,
    /// What the check found.
    pub badge: Badge,
}

/// What an answer cost, in tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Usage {
    /// Of the prompt.
    pub prompt: u32,
    /// Of the answer.
    pub completion: u32,
}

impl Usage {
    /// Both together.
    #[must_use]
    pub const fn total(self) -> u32 {
        self.prompt.saturating_add(self.completion)
    }

    /// What a second run adds to the first.
    #[must_use]
    pub const fn plus(self, more: Self) -> Self {
        Self { prompt: self.prompt.saturating_add(more.prompt), completion: self.completion.saturating_add(more.completion) }
    }
}

/// What the owner thinks of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// It helped.
    Up,
    /// It did not.
    Down,
}

/// A verdict and what was said with it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rating {
    /// The verdict; `None` takes it back.
    pub verdict: Option<Verdict>,
    /// What was said; may be empty.
    #[serde(default)]
    pub comment: String,
}

/// A piece of an answer.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Piece {
    /// Where it begins, in characters of the answer.
    pub from: u32,
    /// The text.
    pub text: String,
    /// Citations that were checked since the piece before.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub marks: Vec<Mark>,
}

/// Who writes an answer, and until when that is believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Run {
    /// Its id.
    pub id: Uuid,
    /// A run that has said nothing until then has died.
    pub until: Timestamp,
}

/// An answer, from its first moment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answer {
    /// Where it is in its life.
    pub stage: Stage,
    /// The text so far.
    pub text: String,
    /// Its length, in characters.
    pub length: u32,
    /// What it is written from; `[1]` in the text names the first.
    #[serde(default)]
    pub sources: Vec<Source>,
    /// What was checked, in order.
    #[serde(default)]
    pub marks: Vec<Mark>,
    /// Who writes it now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run: Option<Run>,
    /// Whether it was told to stop and has not yet.
    #[serde(default)]
    pub stopping: bool,
    /// When it is offered again, while it waits for a run, and how often it was offered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub offer: Option<(Timestamp, u32)>,
    /// Which model wrote it; empty before it is known.
    #[serde(default)]
    pub model: String,
    /// Why it ended so, where there is more to say: the name of an error, or `length`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// What it cost so far.
    #[serde(default)]
    pub usage: Usage,
    /// What its last run cost, in tokens; 0 where it died before it could say.
    #[serde(default)]
    pub spent: u32,
    /// Under which id tokens are reserved for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reserved: Option<Uuid>,
    /// What the owner thinks of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rating: Option<Rating>,
    /// When it ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended_at: Option<Timestamp>,
}

impl Answer {
    /// One that waits, from that moment.
    #[must_use]
    pub(super) fn waiting(at: Timestamp, reserved: Option<Uuid>) -> Self {
        Self {
            stage: Stage::Queued,
            text: String::new(),
            length: 0,
            sources: Vec::new(),
            marks: Vec::new(),
            run: None,
            stopping: false,
            offer: Some((lease(at), 0)),
            model: String::new(),
            reason: None,
            usage: Usage::default(),
            spent: 0,
            reserved,
            rating: None,
            ended_at: None,
        }
    }

    /// The text from a position on; empty at the end and beyond.
    #[must_use]
    pub fn after(&self, position: u32) -> &str {
        tail(&self.text, position)
    }
}

/// A text from a position in characters on.
#[must_use]
pub fn tail(text: &str, position: u32) -> &str {
    let skipped = usize::try_from(position).unwrap_or(usize::MAX);
    let from = text.char_indices().nth(skipped).map_or(text.len(), |(at, _)| at);
    text.get(from..).unwrap_or_default()
}

/// A question and its answer. Its number in the conversation is that of both: 1, 2, 3 ...
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Turn {
    /// What was asked.
    pub question: String,
    /// When.
    pub asked_at: Timestamp,
    /// What is answered.
    pub answer: Answer,
}

/// Until when somebody who spoke at that moment is believed: [`LEASE_S`] later, in whole tens of seconds.
#[must_use]
pub(super) fn lease(at: Timestamp) -> Timestamp {
    const GRAIN: i64 = 10;
    let until = at.timestamp().saturating_add(LEASE_S);
    let whole = until.saturating_add(GRAIN).saturating_sub(until.rem_euclid(GRAIN));
    Timestamp::from_timestamp(whole, 0).unwrap_or(at + Duration::seconds(LEASE_S))
}
