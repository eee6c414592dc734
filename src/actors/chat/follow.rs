//! What follows the commits of conversations: runs for new questions, the rows of lists, the settlement of quotas.
//!
//! A run is wanted as soon as a question is committed. Rows are worked off behind that: the row is written last, so that what
//! a crash leaves undone is found at the next start by comparing the rows with the journal. At the start no run of this
//! node lives any more: its answers are marked interrupted at once, without waiting for their deadlines.

use std::collections::BTreeSet;
use std::time::Duration;

use madang_domain::chat::{Chat, Command, Talk};
use madang_domain::coach::tokens::estimate;
use madang_domain::code::Code;
use madang_domain::ids::{EntityId, Kind, UserId};
use madang_domain::time::Timestamp;
use tokio::time::{MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::desk::order;
use super::prompts::prompt_of;
use super::{Chats, chat_id};
use crate::actors::ask::Denied;
use crate::actors::follow::list_until_told;
use crate::storage::chats::{self, Card, Words};
use crate::storage::journal::erase::erase;
use crate::storage::prompts::NewPrompt;

/// A changed conversation's row is written at most this often.
const PACE: Duration = Duration::from_millis(250);
/// After a failure this long passes before the next try.
const REST: Duration = Duration::from_secs(2);
/// A conversation that could not be taken up at the start, since this node did not have it yet, is tried again so often, and
/// every so often. What then belongs to another node is left to that.
const TAKE_UP_TRIES: u32 = 20;
const TAKE_UP_EVERY: Duration = Duration::from_millis(500);
/// How often is tidied up.
const TIDY_EVERY: Duration = Duration::from_secs(60);
/// A search finds what stands in the first so many characters of a question with its answer.
const MAX_WORDS: usize = 10_000;

/// Why there is no row of a conversation just now.
#[derive(Debug, thiserror::Error)]
enum RowError {
    /// The engine did not show the conversation.
    #[error("the conversation cannot be looked at: {}", .0.code())]
    Denied(Denied),
    /// The row was not written.
    #[error("the row was not written")]
    Database(#[from] sqlx::Error),
}

/// What a conversation's row is made of.
struct Seen {
    deleted: bool,
    talk: Option<SeenTalk>,
}

struct SeenTalk {
    card: Card,
    words: Vec<Words>,
    settled: Vec<(Uuid, u32)>,
    /// Questions whose answers are over.
    over: Vec<NewPrompt>,
    /// The answer that a run holds.
    run: Option<(u32, Uuid)>,
    /// Whether an answer waits.
    waits: bool,
}

impl SeenTalk {
    fn of(id: EntityId, talk: &Talk, messages: Option<&BTreeSet<u32>>) -> Self {
        let chosen = |number: u32| messages.is_none_or(|messages| messages.contains(&number));
        let mut words = Vec::new();
        let (mut settled, mut over) = (Vec::new(), Vec::new());
        let mut changed_at = talk.opened_at;
        for (number, turn) in talk.numbered() {
            let answer = &turn.answer;
            changed_at = changed_at.max(turn.asked_at).max(answer.ended_at.unwrap_or(turn.asked_at));
            if !chosen(number) {
                continue;
            }
            let text = format!("{}\n{}", turn.question, answer.text);
            let message = i32::try_from(number).unwrap_or(i32::MAX);
            if answer.stage.is_over() {
                over.push(prompt_of(id.number(), number, talk, turn));
            }
            words.push(Words { message, words: text.chars().take(MAX_WORDS).collect() });
            if let Some(reserved) = answer.reserved.filter(|_| answer.stage.is_over()) {
                // A run that died could not say what it cost.
                let spent = if answer.spent > 0 || answer.text.is_empty() { answer.spent } else { estimate(&answer.text) };
                settled.push((reserved, spent));
            }
        }
        let current = talk.current();
        let state = current.or(talk.turns.last()).map_or("empty", |turn| turn.answer.stage.name());
        Self {
            card: Card {
                id: id.number(),
                seq: 0,
                owner: talk.owner.get(),
                assistant: talk.assistant.clone(),
                title: talk.title.clone(),
                state: state.to_owned(),
                questions: i32::try_from(talk.turns.len()).unwrap_or(i32::MAX),
                changed_at,
            },
            words,
            settled,
            over,
            run: talk.current_number().zip(current.and_then(|turn| turn.answer.run).map(|run| run.id)),
            waits: current.is_some_and(|turn| turn.answer.run.is_none()),
        }
    }
}

impl Chats {
    /// Follows the commits until told to stop; then the runs that are left are interrupted.
    pub async fn run(self, stop: CancellationToken) {
        let behind = list_until_told(Kind::Chat, REST, || chats::list_behind(&self.parts.db));
        let behind = stop.run_until_cancelled(behind).await.unwrap_or_default();
        let mut left = self.take_up(behind).await;
        let (mut tries, mut again) = (0, interval(TAKE_UP_EVERY));
        again.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut tidy = interval(TIDY_EVERY);
        tidy.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let rows = self.clone();
        let rows_stop = stop.clone();
        let rows = tokio::spawn(async move { rows.write_rows(rows_stop).await });
        let stage = &self.parts.stage;
        loop {
            tokio::select! {
                () = stop.cancelled() => break,
                () = stage.start_due.notified() => stage.take_wanted().into_iter().for_each(|chat| self.start(chat)),
                _ = again.tick(), if !left.is_empty() && tries < TAKE_UP_TRIES => {
                    tries += 1;
                    left = self.take_up(left).await;
                }
                _ = tidy.tick() => {
                    stage.tidy();
                    self.parts.quotas.sweep().await;
                    self.parts.prompts.sweep().await;
                }
            }
        }
        self.close().await;
        if rows.await.is_err() {
            tracing::error!("the writer of conversations' rows ended in a panic");
        }
        self.write_noted().await;
    }

    /// Ends all runs: what was said is kept, and marked interrupted. None begins any more.
    pub async fn close(&self) {
        self.closing.cancel();
        self.runs.close();
        self.runs.wait().await;
    }

    /// Takes up conversations that the last process left: its runs are dead, its questions wait. Gives those that must be tried
    /// again.
    async fn take_up(&self, behind: Vec<i64>) -> Vec<i64> {
        let mut left = Vec::new();
        for chat in behind {
            let Some(id) = chat_id(chat) else { continue };
            match self.see(id, None).await {
                Ok((_, Seen { talk: Some(SeenTalk { run: Some((message, run)), .. }), .. })) => {
                    // Refused where another node has the conversation: then its run may live.
                    if self.parts.stage.live(chat).is_none()
                        && let Err(denied) = order(&self.parts.engine, id, Command::Interrupt { message, run }).await
                    {
                        tracing::debug!(chat, code = %denied.code(), "an answer cannot be marked interrupted yet");
                        left.push(chat);
                    }
                    self.parts.stage.want(chat);
                }
                Ok((_, Seen { talk: Some(talk), .. })) if talk.waits => self.parts.stage.want(chat),
                Ok(_) => {}
                Err(denied) => {
                    tracing::debug!(chat, code = %denied.code(), "a conversation cannot be taken up yet");
                    left.push(chat);
                    continue;
                }
            }
            if let Err(error) = self.write_row(id, None).await {
                tracing::warn!(%error, chat, "a conversation's row must wait");
            }
        }
        left
    }

    async fn write_rows(&self, stop: CancellationToken) {
        while stop.run_until_cancelled(self.parts.stage.row_due.notified()).await.is_some() {
            let pace = if self.write_noted().await { PACE } else { REST };
            if stop.run_until_cancelled(tokio::time::sleep(pace)).await.is_none() {
                break;
            }
        }
    }

    /// Writes all rows that are noted now. Those that cannot be written stay noted, and the answer is false.
    async fn write_noted(&self) -> bool {
        let mut all = true;
        for (chat, messages) in self.parts.stage.take_noted() {
            let Some(id) = chat_id(chat) else { continue };
            if let Err(error) = self.write_row(id, Some(&messages)).await {
                all = false;
                let stopping = matches!(&error, RowError::Denied(denied) if denied.code() == Code::Stopping);
                if stopping {
                    tracing::debug!(chat, "a conversation's row is left to the next start");
                    continue;
                }
                tracing::warn!(%error, chat, "a conversation's row must wait");
                self.parts.stage.note(chat, None);
                messages.into_iter().for_each(|message| self.parts.stage.note(chat, Some(message)));
            }
        }
        all
    }

    /// Writes the row of a conversation now, for those who will look for it at once.
    pub async fn refresh(&self, id: EntityId) {
        if self.write_row(id, Some(&BTreeSet::new())).await.is_err() {
            self.parts.stage.note(id.number(), None);
        }
    }

    async fn see(&self, id: EntityId, messages: Option<BTreeSet<u32>>) -> Result<(i64, Seen), Denied> {
        // Read before the look, so that the row never claims to be newer than it is.
        let seq = self.parts.engine.view(id, madang_domain::entity::Viewer::Public).await?.seq;
        let look = move |chat: &Chat| Seen {
            deleted: chat.is_deleted(),
            talk: chat.talk().map(|talk| SeenTalk::of(id, talk, messages.as_ref())),
        };
        let seen = self.parts.engine.look(id, look).await?;
        Ok((i64::try_from(seq).unwrap_or(i64::MAX), seen))
    }

    async fn write_row(&self, id: EntityId, messages: Option<&BTreeSet<u32>>) -> Result<(), RowError> {
        let (seq, seen) = self.see(id, messages.cloned()).await.map_err(RowError::Denied)?;
        if seen.deleted {
            let at: Timestamp = self.parts.clock.now();
            // The row is written last: until it is, the next start erases again.
            self.parts.prompts.forget_chat(id.number()).await?;
            erase(&self.parts.db, id, u64::try_from(seq).unwrap_or(0)).await?;
            return Ok(chats::put_deleted(&self.parts.db, id.number(), seq, at).await?);
        }
        let Some(talk) = seen.talk else { return Ok(()) };
        for (reserved, spent) in &talk.settled {
            self.parts.quotas.settle(*reserved, *spent).await?;
        }
        self.parts.prompts.keep(UserId::new(talk.card.owner), talk.over).await?;
        chats::put_card(&self.parts.db, &Card { seq, ..talk.card }, &talk.words).await?;
        Ok(())
    }
}
