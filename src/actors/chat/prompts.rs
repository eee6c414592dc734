//! What was asked and answered, kept for those who improve the coach: only of people who agreed, masked, for a bounded time.

use std::fmt;
use std::sync::Arc;

use chrono::Duration;
use madang_domain::chat::{Talk, Turn};
use madang_domain::coach::mask;
use madang_domain::code::Code;
use madang_domain::ids::UserId;
use madang_domain::time;
use sqlx::PgPool;

use super::unavailable;
use crate::actors::ask::Denied;
use crate::actors::kernel::clock::Clock;
use crate::storage::prompts::{self, Consent, NewPrompt, Prompt};

/// See the module. Cheap to clone.
#[derive(Clone)]
pub struct Prompts {
    db: PgPool,
    clock: Arc<dyn Clock>,
    days: u16,
}

impl fmt::Debug for Prompts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Prompts").field("days", &self.days).finish_non_exhaustive()
    }
}

/// A question whose answer is over, as it is kept.
pub(super) fn prompt_of(chat: i64, number: u32, talk: &Talk, turn: &Turn) -> NewPrompt {
    let answer = &turn.answer;
    NewPrompt {
        chat,
        message: i32::try_from(number).unwrap_or(i32::MAX),
        asked_at: turn.asked_at,
        assistant: talk.assistant.clone(),
        model: answer.model.clone(),
        stage: answer.stage.name(),
        question: turn.question.clone(),
        answer: answer.text.clone(),
    }
}

impl Prompts {
    /// Over the database; what is kept goes after so many days.
    #[must_use]
    pub fn new(db: PgPool, clock: Arc<dyn Clock>, days: u16) -> Self {
        Self { db, clock, days }
    }

    /// After how many days what is kept goes.
    #[must_use]
    pub const fn days(&self) -> u16 {
        self.days
    }

    /// A person's consent, if there is one.
    ///
    /// # Errors
    /// `engine.busy` when the database does not answer.
    pub async fn consent(&self, user: UserId) -> Result<Option<Consent>, Denied> {
        prompts::consent(&self.db, user).await.map_err(|error| unavailable(&error))
    }

    /// A person agrees, or does so no longer: then what was kept goes.
    ///
    /// # Errors
    /// `engine.busy` when the database does not answer.
    pub async fn set_consent(&self, user: UserId, agreed: bool) -> Result<(), Denied> {
        let done = if agreed {
            prompts::agree(&self.db, user, time::stored(self.clock.now())).await
        } else {
            prompts::withdraw(&self.db, user).await
        };
        done.map_err(|error| unavailable(&error))
    }

    /// Those before a number, the newest first.
    ///
    /// # Errors
    /// `engine.busy` when the database does not answer.
    pub async fn list(&self, before: Option<i64>, limit: i64) -> Result<Vec<Prompt>, Denied> {
        prompts::list(&self.db, before, limit).await.map_err(|error| unavailable(&error))
    }

    /// Removes one.
    ///
    /// # Errors
    /// `request.not_found`, or `engine.busy` when the database does not answer.
    pub async fn delete(&self, id: i64) -> Result<(), Denied> {
        let done = prompts::delete(&self.db, id).await.map_err(|error| unavailable(&error))?;
        if done { Ok(()) } else { Err(Denied::Failed(Code::NotFound)) }
    }

    /// Removes those of a conversation.
    pub(super) async fn forget_chat(&self, chat: i64) -> Result<(), sqlx::Error> {
        prompts::delete_of_chat(&self.db, chat).await
    }

    /// Keeps what a person who agreed has asked.
    pub(super) async fn keep(&self, user: UserId, over: Vec<NewPrompt>) -> Result<(), sqlx::Error> {
        if over.is_empty() || prompts::consent(&self.db, user).await?.is_none() {
            return Ok(());
        }
        for mut prompt in over {
            prompt.question = mask(&prompt.question).into_owned();
            prompt.answer = mask(&prompt.answer).into_owned();
            prompts::keep(&self.db, user, &prompt).await?;
        }
        Ok(())
    }

    /// Removes what is too old.
    pub(super) async fn sweep(&self) {
        match prompts::sweep(&self.db, self.clock.now() - Duration::days(i64::from(self.days))).await {
            Ok(0) => {}
            Ok(gone) => tracing::info!(gone, "kept questions of people who agreed have had their time"),
            Err(error) => tracing::warn!(%error, "old questions could not be removed"),
        }
    }
}
