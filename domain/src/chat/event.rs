//! What has happened to a conversation. Stored for ever: fields are only ever added, with a default.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::chat::turn::{End, Piece, Rating, Source, Usage};
use crate::ids::UserId;

/// An event of one conversation. `message` is the number of a question and its answer: 1, 2, 3 ...
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Event {
    /// It was opened.
    Opened(Opened),
    /// A question; its answer waits.
    Asked(Asked),
    /// An answer waits to be written on.
    Continued {
        /// Which.
        message: u32,
        /// How long it is, in characters.
        length: u32,
        /// Under which id tokens are reserved for it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reserved: Option<Uuid>,
    },
    /// The run of an answer must stop.
    StopAsked {
        /// Which.
        message: u32,
    },
    /// It has another title.
    Renamed {
        /// Which.
        title: String,
    },
    /// There is a link.
    Shared {
        /// The number of the link: 1 is the first that was ever made.
        link: u32,
    },
    /// There is no link any more.
    Unshared,
    /// The owner thinks something of an answer.
    Rated {
        /// Which.
        message: u32,
        /// What.
        rating: Rating,
    },
    /// It was deleted.
    Deleted,
    /// Nobody took the answer: it is offered again.
    Offered {
        /// Which.
        message: u32,
    },
    /// A run took the answer.
    Begun {
        /// Which.
        message: u32,
        /// The run.
        run: Uuid,
    },
    /// The sources are known; the text comes now.
    Found {
        /// Of which answer.
        message: u32,
        /// What was found.
        sources: Vec<Source>,
    },
    /// More of an answer.
    Written {
        /// Which.
        message: u32,
        /// What.
        piece: Piece,
    },
    /// The run lives.
    Held {
        /// Of which answer.
        message: u32,
    },
    /// An answer is over.
    Finished(Finished),
}

/// How a conversation began.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Opened {
    /// Whose it is.
    pub owner: UserId,
    /// With whom.
    pub assistant: String,
    /// What it is called; empty: the first question will say.
    #[serde(default)]
    pub title: String,
}

/// A question.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Asked {
    /// Its number.
    pub message: u32,
    /// The question.
    pub text: String,
    /// What the conversation is called now.
    pub title: String,
    /// How many questions are before it.
    pub ahead: u32,
    /// Under which id tokens are reserved for its answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reserved: Option<Uuid>,
}

/// The end of an answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finished {
    /// Which.
    pub message: u32,
    /// How.
    pub end: End,
    /// How long the text is, in characters.
    pub length: u32,
    /// Why, where there is more to say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Which model wrote it; empty where none did.
    #[serde(default)]
    pub model: String,
    /// What its last run cost.
    #[serde(default)]
    pub usage: Usage,
}
