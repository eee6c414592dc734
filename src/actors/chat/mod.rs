//! The chat kind at work: who answers questions, and what follows the commits.
//!
//! The rules are in `madang_domain::chat`; the kernel keeps each conversation's actor and its deadlines. Here: [`Chats`], what
//! HTTP and rpc ask; `run`, one answer from its question to its end, whose words `pass` on: as [`live`] to those who read along,
//! through a `desk` to the journal; [`follow`], which starts runs when a question is committed and writes the lists' rows;
//! [`quota`], what people may use; [`assistants`], whom they can talk to; [`prompts`], what is kept of those who agreed.

pub mod aside;
pub mod assistants;
pub mod author;
pub mod coach;
mod desk;
pub mod follow;
pub mod live;
mod pass;
pub mod prompts;
pub mod quota;
mod run;
pub mod stage;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use madang_domain::chat::{Chat, Command, Talk};
use madang_domain::coach::tokens::estimate;
use madang_domain::code::Code;
use madang_domain::entity::{Actor, Order, Viewer};
use madang_domain::ids::{EntityId, Kind, UserId};
use madang_domain::time::Timestamp;
use serde_json::Value;
use sqlx::PgPool;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use uuid::Uuid;

use self::aside::Aside;
use self::assistants::Assistants;
use self::author::{Author, Seek};
use self::live::Live;
use self::prompts::Prompts;
use self::quota::{Quotas, Standing};
use self::stage::Stage;
use crate::actors::ask::{Answer, Denied};
use crate::actors::broker::Broker;
use crate::actors::kernel::clock::Clock;
use crate::actors::kernel::{Engine, Viewed};
use crate::storage::chats;

/// The most conversations of one person.
const MAX_CHATS: i64 = 5_000;

/// How answers are made.
#[derive(Debug, Clone, Copy)]
pub struct RunSettings {
    /// How many questions may wait behind one that is being answered; 0 refuses a second one.
    pub waiting: u32,
    /// An answer that nobody watches for so long is stopped; `None`: it goes on.
    pub unwatched: Option<Duration>,
    /// Answers that are written at once on this node.
    pub at_once: usize,
    /// What one answer may cost at most, in tokens, prompt included: so much is reserved for it.
    pub tokens: u32,
}

/// What conversations need of the outside.
pub struct ChatsParts {
    /// Where commands go.
    pub engine: Engine,
    /// The database, for lists.
    pub db: PgPool,
    /// Where tokens go, and who watches.
    pub broker: Arc<Broker>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Who writes.
    pub author: Arc<dyn Author>,
    /// Who finds passages.
    pub seek: Arc<dyn Seek>,
    /// What people may use.
    pub quotas: Quotas,
    /// What is kept of people who agreed.
    pub prompts: Prompts,
    /// What the engine publishes of conversations.
    pub stage: Arc<Stage>,
    /// How answers are made.
    pub settings: RunSettings,
}

/// Conversations. Cheap to clone.
#[derive(Clone)]
pub struct Chats {
    parts: Arc<ChatsParts>,
    assistants: Assistants,
    runs: TaskTracker,
    closing: CancellationToken,
}

impl fmt::Debug for Chats {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Chats").field("runs", &self.runs.len()).finish_non_exhaustive()
    }
}

/// A question that was taken.
#[derive(Debug, Clone)]
pub struct Taken {
    /// The engine's answer.
    pub answer: Answer,
    /// The number of the question and its answer.
    pub message: u32,
    /// What the person has used now.
    pub standing: Option<Standing>,
}

/// The conversation of that number; `None` where none can have it.
#[must_use]
pub fn chat_id(number: i64) -> Option<EntityId> {
    EntityId::new(Kind::Chat, number)
}

impl Chats {
    /// From what they need.
    #[must_use]
    pub fn new(parts: ChatsParts) -> Self {
        let assistants = Assistants::new(parts.db.clone());
        Self { parts: Arc::new(parts), assistants, runs: TaskTracker::new(), closing: CancellationToken::new() }
    }

    /// Whom people can talk to.
    #[must_use]
    pub fn assistants(&self) -> &Assistants {
        &self.assistants
    }

    /// What people may use.
    #[must_use]
    pub fn quotas(&self) -> &Quotas {
        &self.parts.quotas
    }

    /// What is kept of people who agreed.
    #[must_use]
    pub fn prompts(&self) -> &Prompts {
        &self.parts.prompts
    }

    /// Answers beside any conversation, by the same author from the same passages.
    #[must_use]
    pub fn aside(&self) -> Aside {
        Aside::new(Arc::clone(&self.parts.author), Arc::clone(&self.parts.seek))
    }

    /// What one answer may cost at most, in tokens.
    #[must_use]
    pub fn dearest(&self) -> u32 {
        self.parts.settings.tokens
    }

    /// The time.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.parts.clock.now()
    }

    /// The database.
    #[must_use]
    pub fn db(&self) -> &PgPool {
        &self.parts.db
    }

    /// The identity of a conversation.
    ///
    /// # Errors
    /// `chat.unknown` for a number that none can have.
    pub fn id(number: i64) -> Result<EntityId, Denied> {
        chat_id(number).ok_or(Denied::Failed(Code::ChatUnknown))
    }

    /// Opens a conversation.
    ///
    /// # Errors
    /// `chat.assistant_unknown`, `live.limit_exceeded` for one more than anybody may have, and the engine's.
    pub async fn open(
        &self,
        who: (UserId, Actor),
        command: Uuid,
        assistant: Option<String>,
        title: Option<String>,
    ) -> Result<EntityId, Denied> {
        let assistant = self.assistants.choose(assistant.as_deref()).await?.name;
        let busy = |error: sqlx::Error| unavailable(&error);
        if chats::count(self.db(), who.0).await.map_err(busy)? >= MAX_CHATS {
            return Err(Denied::Failed(Code::LimitExceeded));
        }
        let fresh = self.parts.engine.allocate(Kind::Chat).await?;
        let number = chats::insert_offer(self.db(), who.0, command, fresh.number()).await.map_err(busy)?;
        let id = Self::id(number)?;
        self.ask(id, command, who.1, Command::Open { assistant, title }).await?;
        Ok(id)
    }

    /// Asks a question.
    ///
    /// # Errors
    /// What the quota or the rules refuse, and the engine's.
    pub async fn question(&self, id: EntityId, who: (UserId, Actor), command: Uuid, text: String) -> Result<Taken, Denied> {
        // What makes no sense costs nothing.
        let text = text.replace("\r\n", "\n");
        let waiting = self.parts.settings.waiting;
        let order = Command::Ask { text, waiting, reserved: Some(command) };
        self.reserved(id, who, command, order).await
    }

    /// Writes on at an answer that broke off.
    ///
    /// # Errors
    /// What the quota or the rules refuse, and the engine's.
    pub async fn go_on(&self, id: EntityId, who: (UserId, Actor), command: Uuid, message: u32) -> Result<Taken, Denied> {
        let order = Command::Continue { message, reserved: Some(command) };
        self.reserved(id, who, command, order).await
    }

    /// Gives a command that makes an answer: tokens are reserved before, and given back where it comes to nothing.
    async fn reserved(
        &self,
        id: EntityId,
        (user, actor): (UserId, Actor),
        command: Uuid,
        order: Command,
    ) -> Result<Taken, Denied> {
        let quotas = &self.parts.quotas;
        let standing = quotas.reserve(user, command, self.parts.settings.tokens).await?;
        let result = self.ask(id, command, actor, order).await;
        let over = match &result {
            // Answered before: then its reservation is over or still the one that was found.
            Ok(answer) => answer.duplicate && standing.is_some(),
            Err(Denied::Refused { .. }) => standing.is_some(),
            // Whether it was taken is not known: the sweep gives back what nobody settles.
            Err(Denied::Failed(_)) => false,
        };
        if over {
            quotas.give_back(command).await;
        }
        let answer = result?;
        let message = answer.data.get("message").and_then(Value::as_u64).and_then(|number| u32::try_from(number).ok());
        // A question of before in a conversation that was deleted has no answer any more.
        let message = message.ok_or(Denied::Failed(Code::ChatUnknown))?;
        Ok(Taken { answer, message, standing })
    }

    /// Gives any other command.
    ///
    /// # Errors
    /// The rules' and the engine's.
    pub async fn ask(&self, to: EntityId, id: Uuid, actor: Actor, command: Command) -> Result<Answer, Denied> {
        self.parts.engine.ask::<Chat>(Order { to, id, actor, command }).await
    }

    /// Deletes a conversation with all its texts; what was reserved for answers that are not over is given back.
    ///
    /// # Errors
    /// The rules' and the engine's.
    pub async fn delete(&self, id: EntityId, who: (UserId, Actor), command: Uuid) -> Result<Answer, Denied> {
        let open = |talk: &Talk| -> Vec<(Uuid, u32)> {
            let open = talk.turns.iter().map(|turn| &turn.answer).filter(|answer| !answer.stage.is_over());
            open.filter_map(|answer| Some((answer.reserved?, estimate(&answer.text)))).collect()
        };
        let open = self.look(id, who.0, open).await.unwrap_or_default();
        let answer = self.ask(id, command, who.1, Command::Delete).await?;
        for (reserved, spent) in open {
            if let Err(error) = self.parts.quotas.settle(reserved, spent).await {
                tracing::warn!(%error, "a reservation is left to the sweep");
            }
        }
        self.refresh(id).await;
        Ok(answer)
    }

    /// What this viewer may see.
    ///
    /// # Errors
    /// `chat.unknown` for a conversation that is not the viewer's, and the engine's.
    pub async fn view(&self, id: EntityId, viewer: Viewer) -> Result<Viewed, Denied> {
        let viewed = self.parts.engine.view(id, viewer).await?;
        if viewed.data.is_null() { Err(Denied::Failed(Code::ChatUnknown)) } else { Ok(viewed) }
    }

    /// Looks at a conversation that belongs to this person.
    ///
    /// # Errors
    /// `chat.unknown` for another's, and the engine's.
    pub async fn look<T: Send + 'static>(
        &self,
        id: EntityId,
        owner: UserId,
        look: impl FnOnce(&Talk) -> T + Send + 'static,
    ) -> Result<T, Denied> {
        let look = move |chat: &Chat| chat.talk().filter(|talk| talk.owner == owner).map(look);
        self.parts.engine.look(id, look).await?.ok_or(Denied::Failed(Code::ChatUnknown))
    }

    /// Looks at a conversation by the number of its link.
    ///
    /// # Errors
    /// `chat.link_invalid` where the link is not good any more, and the engine's.
    pub async fn look_by_link<T: Send + 'static>(
        &self,
        id: EntityId,
        link: u32,
        look: impl FnOnce(&Talk) -> T + Send + 'static,
    ) -> Result<T, Denied> {
        let look = move |chat: &Chat| chat.talk().filter(|talk| talk.link == Some(link)).map(look);
        self.parts.engine.look(id, look).await?.ok_or(Denied::Failed(Code::ChatLinkInvalid))
    }

    /// Whose it is; `None` for one that was never opened or was deleted.
    ///
    /// # Errors
    /// The engine's.
    pub async fn owner(&self, id: EntityId) -> Result<Option<UserId>, Denied> {
        if let Some(owner) = self.parts.stage.owner(id.number()) {
            return Ok(Some(owner));
        }
        let owner = self.parts.engine.look(id, |chat: &Chat| chat.talk().map(|talk| talk.owner)).await?;
        if let Some(owner) = owner {
            self.parts.stage.learn_owner(id.number(), owner);
        }
        Ok(owner)
    }

    /// Whose it is, where this node has asked lately; never waits.
    #[must_use]
    pub fn known_owner(&self, id: EntityId) -> Option<UserId> {
        self.parts.stage.owner(id.number())
    }

    /// The answer that is being written in a conversation on this node.
    #[must_use]
    pub fn live(&self, id: EntityId) -> Option<Arc<Live>> {
        self.parts.stage.live(id.number())
    }

    /// Hears of everything that is committed in a conversation, and when a run begins or ends there.
    #[must_use]
    pub fn listen(&self, id: EntityId) -> watch::Receiver<u64> {
        self.parts.stage.listen(id.number())
    }
}

/// A table that did not answer.
fn unavailable(error: &sqlx::Error) -> Denied {
    tracing::warn!(%error, "a table of conversations did not answer");
    Denied::Failed(Code::Busy)
}
