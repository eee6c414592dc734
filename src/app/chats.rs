//! Conversations, with the author and the search that this server has.

use std::sync::Arc;
use std::time::Duration;

use madang_domain::coach::prompt::Budget;

use super::engine::Everybody;
use super::{BuildError, secret};
use crate::actors::broker::Broker;
use crate::actors::chat::author::Seek;
use crate::actors::chat::coach::Coach;
use crate::actors::chat::prompts::Prompts;
use crate::actors::chat::quota::Quotas;
use crate::actors::chat::{Chats, ChatsParts, RunSettings};
use crate::actors::kernel::Engine;
use crate::actors::kernel::clock::Clock;
use crate::clients::llm::Model;
use crate::config::Settings;
use crate::config::chat::Unwatched;
use crate::http::chats::{ChatArea, Links};
use crate::storage::Db;
use crate::storage::quotas::Most;

/// What conversations are built over.
pub(super) struct Ground<'a> {
    pub(super) engine: &'a Engine,
    pub(super) db: &'a Db,
    pub(super) clock: &'a Arc<dyn Clock>,
    pub(super) broker: &'a Arc<Broker>,
    pub(super) everybody: &'a Everybody,
    pub(super) model: Option<Arc<dyn Model>>,
}

/// Builds them.
pub(super) fn build(settings: &Settings, ground: Ground<'_>, seek: Arc<dyn Seek>) -> Result<ChatArea, BuildError> {
    let (chat, llm) = (&settings.chat, &settings.llm);
    let budget = Budget { prompt: llm.prompt_tokens, sources: llm.source_tokens, answer: llm.answer_tokens };
    let most = Most { messages: chat.messages_per_day, running: chat.at_once_per_user, tokens: chat.tokens_per_day };
    let patience = Duration::from_secs(chat.unwatched_s);
    // Without a model answers cost nothing.
    let tokens = if ground.model.is_some() { llm.prompt_tokens.saturating_add(llm.answer_tokens) } else { 0 };
    let chats = Chats::new(ChatsParts {
        engine: ground.engine.clone(),
        db: ground.db.pool().clone(),
        broker: Arc::clone(ground.broker),
        clock: Arc::clone(ground.clock),
        author: Arc::new(Coach::new(ground.model, budget)),
        seek,
        quotas: Quotas::new(ground.db.pool().clone(), Arc::clone(ground.clock), most),
        prompts: Prompts::new(ground.db.pool().clone(), Arc::clone(ground.clock), chat.prompts_days),
        stage: Arc::clone(&ground.everybody.chats),
        settings: RunSettings {
            waiting: chat.waiting,
            unwatched: match chat.unwatched {
                Unwatched::Continue => None,
                Unwatched::Stop => Some(patience),
            },
            at_once: usize::try_from(chat.at_once).unwrap_or(usize::MAX),
            tokens,
        },
    });
    let secret = secret::read_or_make(&settings.auth, &settings.database)?;
    Ok(ChatArea { chats, links: Arc::new(Links::new(&secret)) })
}
