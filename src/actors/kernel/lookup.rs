//! Asks the journal whether commands came before, many at once: whatever is asked while one question is under way becomes
//! the next.

use std::fmt;
use std::sync::Arc;

use madang_domain::ids::EntityId;
use tokio::sync::mpsc::UnboundedReceiver;
use uuid::Uuid;

use super::shared::Shared;
use crate::storage::journal::read::{self, KnownCommand};

/// At most so many in one question.
const AT_ONCE: usize = 1024;

/// One question.
pub struct LookUp {
    /// Whose command.
    pub entity: EntityId,
    /// Its id.
    pub cmd: Uuid,
    /// Takes the answer; `Err` when the database could not say.
    pub tell: Box<dyn FnOnce(Result<Option<KnownCommand>, ()>) + Send>,
}

impl fmt::Debug for LookUp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "LookUp({}, {})", self.entity, self.cmd)
    }
}

/// Runs for as long as the engine does.
pub(super) async fn keep(shared: Arc<Shared>, mut questions: UnboundedReceiver<LookUp>) {
    let mut page = Vec::new();
    while questions.recv_many(&mut page, AT_ONCE).await > 0 {
        let asked: Vec<(EntityId, Uuid)> = page.iter().map(|one| (one.entity, one.cmd)).collect();
        match read::by_commands(&shared.pool, &asked).await {
            Ok(known) => page.drain(..).zip(known).for_each(|(one, known)| (one.tell)(Ok(known))),
            Err(error) => {
                tracing::warn!(%error, "command ids could not be looked up");
                page.drain(..).for_each(|one| (one.tell)(Err(())));
            }
        }
    }
}
