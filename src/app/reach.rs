//! Looks up how people are reached, many at once: whatever is asked for while one look is under way becomes the next. At a
//! minute at which everybody's alarm rings that is one question for hundreds instead of one for each.

use std::collections::HashMap;

use madang_domain::ids::UserId;
use sqlx::PgPool;
use tokio::sync::{mpsc, oneshot};

use crate::storage::devices::{self, Reach};

/// At most so many in one look; as many may wait before askers wait to ask.
const AT_ONCE: usize = 512;

/// Somebody who is to be reached, and who wants to know how.
struct Wanted {
    user: UserId,
    tell: oneshot::Sender<Result<Option<Reach>, String>>,
}

/// Asks how people are reached. Cheap to clone.
#[derive(Debug, Clone)]
pub(super) struct Directory {
    wanted: mpsc::Sender<Wanted>,
}

impl Directory {
    /// A directory over this database; it looks on the present runtime, for as long as anybody can ask.
    pub(super) fn open(db: PgPool) -> Self {
        let (wanted, mut asked) = mpsc::channel(AT_ONCE);
        tokio::spawn(async move {
            let mut page = Vec::new();
            while asked.recv_many(&mut page, AT_ONCE).await > 0 {
                answer(&db, std::mem::take(&mut page)).await;
            }
        });
        Self { wanted }
    }

    /// How a person is reached; `None` for one without devices. The error is one line for the log.
    pub(super) async fn find(&self, user: UserId) -> Result<Option<Reach>, String> {
        let (tell, told) = oneshot::channel();
        let stopped = || "the server is stopping".to_owned();
        self.wanted.send(Wanted { user, tell }).await.map_err(|_| stopped())?;
        told.await.map_err(|_| stopped())?
    }
}

async fn answer(db: &PgPool, page: Vec<Wanted>) {
    let users: Vec<UserId> = page.iter().map(|one| one.user).collect();
    let reached: Result<HashMap<UserId, Reach>, String> = devices::reach(db, &users).await.map_err(|error| error.to_string());
    for Wanted { user, tell } in page {
        // The same person may be asked for twice. Whoever asked may be gone.
        let _ = tell.send(reached.as_ref().map(|reached| reached.get(&user).cloned()).map_err(Clone::clone));
    }
}
