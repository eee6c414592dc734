//! Reads the pasts of entities that are brought to life, many at once: whatever is asked for while some are being read
//! becomes the next question. At a minute at which everybody's alarm is due that is the difference between four questions
//! for each and four for hundreds.

use std::fmt;
use std::sync::Arc;

use madang_domain::ids::EntityId;
use tokio::sync::mpsc::UnboundedReceiver;
use tokio::sync::{Semaphore, oneshot};

use super::shared::Shared;
use crate::storage::journal::read::{self, Past, ReadError, Remember};

/// At most so many in one question.
const AT_ONCE: usize = 128;
/// At most so many questions at once, so that connections are left for others.
const QUESTIONS: usize = 3;
/// How many commands before the snapshot are remembered after loading.
const RECENT: u32 = 512;

/// One entity whose past is wanted.
pub struct PastWanted {
    /// Whose.
    pub entity: EntityId,
    /// Takes it.
    pub tell: oneshot::Sender<Result<Past, ReadError>>,
}

impl fmt::Debug for PastWanted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PastWanted({})", self.entity)
    }
}

/// Runs for as long as the engine does.
pub(super) async fn keep(shared: Arc<Shared>, mut wanted: UnboundedReceiver<PastWanted>) {
    let questions = Arc::new(Semaphore::new(QUESTIONS));
    loop {
        // The turn first: what comes while we wait for it goes along.
        let Ok(turn) = Arc::clone(&questions).acquire_owned().await else { return };
        let mut page = Vec::new();
        if wanted.recv_many(&mut page, AT_ONCE).await == 0 {
            return;
        }
        let shared = Arc::clone(&shared);
        tokio::spawn(async move {
            answer(&shared, page).await;
            drop(turn);
        });
    }
}

/// What a loaded entity remembers of its commands.
pub(super) fn remember(shared: &Shared) -> Remember {
    Remember { commands: RECENT, now: shared.clock.now() }
}

async fn answer(shared: &Shared, page: Vec<PastWanted>) {
    let entities: Vec<EntityId> = page.iter().map(|one| one.entity).collect();
    if page.len() > 1
        && let Ok(pasts) = read::pasts(&shared.pool, &entities, remember(shared)).await
    {
        // Whoever waited may be gone: nobody to tell then.
        page.into_iter().zip(pasts).for_each(|(one, past)| drop(one.tell.send(Ok(past))));
        return;
    }
    // Alone, so that one damaged row is the trouble of one entity.
    for one in page {
        let past = read::past(&shared.pool, one.entity, Some(remember(shared)), true).await;
        drop(one.tell.send(past));
    }
}
