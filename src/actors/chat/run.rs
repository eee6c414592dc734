//! One answer, from the question to the end.
//!
//! A run takes the answer (so that no other node writes it too), looks for passages, lets the author write, and passes on what
//! is said ([`Pass`]). It ends when the author does, when it is told to stop, when nobody watches, or when it hears that the
//! answer is not its own any more.

use std::sync::Arc;

use madang_domain::chat::{Chat, Command, Mark, Source, Stage, Talk};
use madang_domain::coach::{Speaker, Turn};
use madang_domain::ids::EntityId;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tokio_util::task::AbortOnDropHandle;
use uuid::Uuid;

use super::desk::{Desk, Ending, order};
use super::live::Live;
use super::pass::{Pass, Seeking};
use super::{Chats, chat_id};
use crate::actors::ask::Denied;
use crate::storage::assistants::Row as Assistant;

/// A question shorter than this may mean the one before it: passages are sought with both.
const SHORT_QUESTION: usize = 40;
/// So many of the turns before are told to the author.
const HISTORY: usize = 12;

/// An answer that waits to be written.
pub(super) struct Job {
    id: EntityId,
    message: u32,
    pub(super) question: String,
    pub(super) history: Vec<Turn>,
    before: Option<String>,
    assistant: String,
    pub(super) text: String,
    marks: Vec<Mark>,
    pub(super) sources: Vec<Source>,
}

impl Job {
    /// The answer that is next in a conversation, if it waits.
    fn next(id: EntityId, talk: &Talk) -> Option<Self> {
        let message = talk.current_number()?;
        let turn = talk.turn(message).filter(|turn| turn.answer.stage == Stage::Queued && turn.answer.run.is_none())?;
        let before: Vec<_> = talk.numbered().filter(|(number, _)| *number < message).map(|(_, turn)| turn).collect();
        let skip = before.len().saturating_sub(HISTORY);
        let said = |role, text: &str| Turn { role, text: text.to_owned() };
        let history = before
            .iter()
            .skip(skip)
            .filter(|turn| !turn.answer.text.is_empty())
            .flat_map(|turn| [said(Speaker::User, &turn.question), said(Speaker::Assistant, &turn.answer.text)]);
        Some(Self {
            id,
            message,
            question: turn.question.clone(),
            history: history.collect(),
            before: before.last().map(|turn| turn.question.clone()),
            assistant: talk.assistant.clone(),
            text: turn.answer.text.clone(),
            marks: turn.answer.marks.clone(),
            sources: turn.answer.sources.clone(),
        })
    }

    /// What passages are sought with.
    fn query(&self) -> String {
        match &self.before {
            Some(before) if self.question.chars().count() < SHORT_QUESTION => format!("{before}\n{}", self.question),
            Some(_) | None => self.question.clone(),
        }
    }
}

impl Chats {
    /// Looks for answers to be written in a conversation, unless somebody does already.
    pub(super) fn start(&self, chat: i64) {
        let (stage, Some(id)) = (&self.parts.stage, chat_id(chat)) else { return };
        if self.closing.is_cancelled() || stage.runners() >= self.parts.settings.at_once {
            // It is offered again in a while.
            metrics::counter!("chat_runs_put_off_total").increment(1);
            return;
        }
        if stage.enter(chat) {
            let chats = self.clone();
            self.runs.spawn(async move { chats.answer_all(id).await });
        }
    }

    async fn answer_all(&self, id: EntityId) {
        let stage = &self.parts.stage;
        loop {
            let stop = stage.fresh_stop(id.number());
            let look = move |chat: &Chat| chat.talk().and_then(|talk| Job::next(id, talk));
            match self.parts.engine.look(id, look).await {
                Ok(Some(job)) if !self.closing.is_cancelled() => {
                    metrics::gauge!("chat_runs").increment(1.0);
                    let outcome = self.answer(job, stop).await;
                    stage.show(id.number(), None);
                    metrics::gauge!("chat_runs").decrement(1.0);
                    if let Err(denied) = outcome {
                        // Deleted, taken by another node, or the journal is away: the deadline settles what is left.
                        tracing::debug!(code = %denied.code(), "a run has lost its answer");
                        metrics::counter!("chat_runs_lost_total").increment(1);
                    }
                }
                Ok(_) | Err(_) => {
                    if stage.leave(id.number()) {
                        return;
                    }
                }
            }
        }
    }

    /// Writes one answer.
    async fn answer(&self, job: Job, stop: CancellationToken) -> Result<(), Denied> {
        let (began, run) = (Instant::now(), Uuid::new_v4());
        let assistant = self.assistants.find(&job.assistant).await;
        // Passages are sought while the answer is taken; of an answer that goes on, they are there.
        let seeking = assistant.as_ref().ok().filter(|_| job.text.is_empty()).map(|assistant| self.seek(&job, assistant));
        order(&self.parts.engine, job.id, Command::Begin { message: job.message, run }).await?;
        let live = Arc::new(Live::new(job.message, job.text.clone(), job.marks.clone(), stop));
        self.parts.stage.show(job.id.number(), Some(Arc::clone(&live)));
        let desk = Desk::new(self.parts.engine.clone(), (job.id, job.message, run), &live);
        let pass = Pass::new(self, job.id.to_string(), live, desk, began);
        match assistant {
            Ok(assistant) => pass.write(job, &assistant, seeking).await,
            Err(denied) => pass.over(Ending::failed(denied.code())).await,
        }
    }

    fn seek(&self, job: &Job, assistant: &Assistant) -> Seeking {
        let seek = self.parts.seek.seek(job.query(), assistant.sources.clone(), assistant.tags.clone());
        AbortOnDropHandle::new(tokio::spawn(seek))
    }
}
