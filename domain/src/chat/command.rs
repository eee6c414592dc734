//! What can be asked of a conversation.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::chat::turn::{End, Piece, Rating, Source, Usage};

/// A command to one conversation. Who commands is never part of it: the engine tells.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Command {
    /// Opens it; whoever does owns it.
    Open {
        /// Whom to talk to: the name of an assistant.
        assistant: String,
        /// What it is called; without one, the first question says.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        title: Option<String>,
    },
    /// Asks a question. By the owner.
    Ask {
        /// The question.
        text: String,
        /// How many questions may wait behind the one that is being answered: 0 refuses a second one. The server's setting.
        waiting: u32,
        /// Under which id tokens are reserved for its answer.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reserved: Option<Uuid>,
    },
    /// Writes on at an answer that ended before it was whole. By the owner.
    Continue {
        /// Which.
        message: u32,
        /// Under which id tokens are reserved for it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reserved: Option<Uuid>,
    },
    /// Stops an answer. By the owner. With nothing to stop it changes nothing.
    Stop {
        /// Which; the one that is being written when not said.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        message: Option<u32>,
    },
    /// Gives it another title. By the owner.
    Rename {
        /// Which.
        title: String,
    },
    /// Makes a link by which others can read it. By the owner. A link that is there stays.
    Share,
    /// Makes the link worthless. By the owner.
    Unshare,
    /// Says what an answer was worth. By the owner.
    Rate {
        /// Which.
        message: u32,
        /// What it was worth.
        rating: Rating,
    },
    /// Deletes it with all its texts. By the owner.
    Delete,
    /// Takes the answer that is next. By the house, as are all that follow.
    Begin {
        /// Which; only the one that is next can be taken.
        message: u32,
        /// The id of the run.
        run: Uuid,
    },
    /// Sources were looked for.
    Found {
        /// Of which answer.
        message: u32,
        /// By whom.
        run: Uuid,
        /// What was found; may be nothing.
        sources: Vec<Source>,
    },
    /// More of the answer.
    Write {
        /// Which.
        message: u32,
        /// By whom.
        run: Uuid,
        /// What.
        piece: Piece,
    },
    /// The run lives, though it has nothing to write.
    Hold {
        /// Of which answer.
        message: u32,
        /// Who.
        run: Uuid,
    },
    /// The answer is over.
    Finish(Box<Finish>),
    /// The run has died. Of another run than the one that writes now it changes nothing.
    Interrupt {
        /// Of which answer.
        message: u32,
        /// Which run.
        run: Uuid,
    },
    /// Does what is due: offers an answer that nobody took, ends one whose run died. At
    /// [`wake_at`](crate::entity::Entity::wake_at). With nothing due it changes nothing.
    Wake,
}

/// The end of an answer, with the rest of its text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finish {
    /// Which.
    pub message: u32,
    /// By whom.
    pub run: Uuid,
    /// What was not written yet; may be empty.
    pub piece: Piece,
    /// How it ended.
    pub end: End,
    /// Why, where there is more to say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Which model wrote it.
    #[serde(default)]
    pub model: String,
    /// What this run cost.
    #[serde(default)]
    pub usage: Usage,
}
