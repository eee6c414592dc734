//! What follows a raffle's commits: the rows of lists, and the seed when the draw asks for it.
//!
//! As [`auction::cards`](crate::actors::auction::cards) does for auctions: a set of changed raffles, worked off behind the hot
//! path. The row is written last, so that what a crash leaves undone, the draw included, is found at the next start by
//! comparing the rows with the journal. A draw that is given twice is drawn once: the raffle's own rule.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use madang_domain::code::Code;
use madang_domain::entity::{Actor, Order, Role, Viewer};
use madang_domain::ids::{EntityId, Kind, UserId};
use madang_domain::raffle::Command;
use madang_domain::time::Timestamp;
use parking_lot::Mutex;
use serde::Deserialize;
use sqlx::PgPool;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::codes::Codes;
use super::{Raffle, raffle_id};
use crate::actors::ask::Denied;
use crate::actors::kernel::{Engine, Viewed};
use crate::actors::publish::{Publication, Publisher};
use crate::storage::raffles::{self, Card, Won};

/// A changed raffle's row is written at most this often.
const PACE: Duration = Duration::from_millis(250);
/// After a failure this long passes before the next try.
const REST: Duration = Duration::from_secs(2);

/// Which raffles changed since their rows were written.
#[derive(Debug, Default)]
pub struct Changes {
    changed: Mutex<BTreeSet<i64>>,
    wake: Notify,
}

impl Changes {
    /// Notes that a raffle's row must be written.
    pub fn note(&self, raffle: i64) {
        if self.changed.lock().insert(raffle) {
            self.wake.notify_one();
        }
    }
}

impl Publisher for Changes {
    fn publish(&self, channel: &str, _: &str, _: &[Publication]) {
        if let Ok(id) = channel.parse::<EntityId>()
            && id.kind() == Kind::Raffle
        {
            self.note(id.number());
        }
    }
}

/// Why there is no row of a raffle just now.
#[derive(Debug, thiserror::Error)]
enum CardError {
    /// The engine did not show the raffle.
    #[error("the raffle cannot be looked at: {}", .0.code())]
    Denied(Denied),
    /// The view has another shape than the rules promise.
    #[error("the raffle's view is not as expected")]
    Shape(#[from] serde_json::Error),
    /// The row was not written.
    #[error("the row was not written")]
    Database(#[from] sqlx::Error),
}

/// Follows raffles. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Follower {
    engine: Engine,
    codes: Arc<Codes>,
    db: PgPool,
    changes: Arc<Changes>,
}

impl Follower {
    /// Follows what `changes` notes.
    #[must_use]
    pub fn new(engine: Engine, codes: Arc<Codes>, db: PgPool, changes: Arc<Changes>) -> Self {
        Self { engine, codes, db, changes }
    }

    /// Writes rows until told to stop: first what a crash left behind, then what changes.
    pub async fn run(self, stop: CancellationToken) {
        match raffles::list_behind(&self.db).await {
            Ok(behind) => behind.into_iter().for_each(|raffle| self.changes.note(raffle)),
            Err(error) => tracing::error!(error = %error, "cannot compare the raffles' rows with the journal"),
        }
        while stop.run_until_cancelled(self.changes.wake.notified()).await.is_some() {
            let pace = if self.write_noted().await { PACE } else { REST };
            if stop.run_until_cancelled(tokio::time::sleep(pace)).await.is_none() {
                break;
            }
        }
        self.write_noted().await;
    }

    /// Writes the row of one raffle now, for those who will look for it at once. Where that fails it is written later.
    pub async fn refresh(&self, raffle: i64) {
        self.write_or_note(raffle).await;
    }

    /// Writes all rows that are noted now. Those that cannot be written stay noted, and the answer is false.
    pub async fn write_noted(&self) -> bool {
        let noted = std::mem::take(&mut *self.changes.changed.lock());
        let mut all = true;
        for raffle in noted {
            all &= self.write_or_note(raffle).await;
        }
        all
    }

    async fn write_or_note(&self, raffle: i64) -> bool {
        let Some(id) = raffle_id(raffle) else { return true };
        match self.write(id).await {
            Ok(()) => true,
            Err(error) => {
                if matches!(&error, CardError::Denied(denied) if denied.code() == Code::Stopping) {
                    // The next start compares all rows with the journal.
                    tracing::debug!(raffle, "a raffle is left to the next start");
                } else {
                    tracing::warn!(error = %error, raffle, "a raffle's row or draw must wait");
                }
                self.changes.note(raffle);
                false
            }
        }
    }

    async fn write(&self, id: EntityId) -> Result<(), CardError> {
        let mut viewed = self.look(id).await?;
        if Option::<Asking>::deserialize(&viewed.data)?.is_some_and(|asking| asking.admin.draw_due) {
            let command = Command::Draw { seed: self.codes.seed(id.number()) };
            let order = Order { to: id, id: Uuid::new_v4(), actor: Actor::System, command };
            self.engine.ask::<Raffle>(order).await.map_err(CardError::Denied)?;
            metrics::counter!("raffle_draws_total").increment(1);
            viewed = self.look(id).await?;
        }
        if let Some((card, won)) = card_of(&viewed)? {
            raffles::put_card(&self.db, &card, &won).await?;
        }
        Ok(())
    }

    /// As an admin sees it: with who won, and whether the draw is asked for.
    async fn look(&self, id: EntityId) -> Result<Viewed, CardError> {
        let viewer = Viewer::User { id: UserId::new(0), roles: vec![Role::Admin] };
        self.engine.view(id, viewer).await.map_err(CardError::Denied)
    }
}

/// The view, as far as the draw needs it.
#[derive(Debug, Deserialize)]
struct Asking {
    admin: AskingPart,
}

#[derive(Debug, Deserialize)]
struct AskingPart {
    draw_due: bool,
}

/// The view, as far as a row needs it.
#[derive(Debug, Deserialize)]
struct Seen {
    id: i64,
    state: String,
    title: String,
    entry_stamps: i64,
    prizes: Vec<Prize>,
    entries: i32,
    participants: i32,
    closes_at: Timestamp,
    draw_at: Timestamp,
    admin: AdminPart,
}

#[derive(Debug, Deserialize)]
struct Prize {
    prize: i32,
    title: String,
}

#[derive(Debug, Deserialize)]
struct AdminPart {
    winners: Vec<Winner>,
}

#[derive(Debug, Deserialize)]
struct Winner {
    prize: i32,
    user: i64,
}

/// The rows of a raffle; `None` for one that was never created.
fn card_of(viewed: &Viewed) -> Result<Option<(Card, Vec<Won>)>, serde_json::Error> {
    let Some(seen) = Option::<Seen>::deserialize(&viewed.data)? else { return Ok(None) };
    let title = |number: i32| seen.prizes.iter().find(|prize| prize.prize == number).map(|prize| prize.title.clone());
    let won = seen.admin.winners.iter().map(|winner| Won {
        raffle: seen.id,
        prize: winner.prize,
        user_id: winner.user,
        title: title(winner.prize).unwrap_or_default(),
    });
    let won = won.collect();
    let card = Card {
        id: seen.id,
        seq: i64::try_from(viewed.seq).unwrap_or(i64::MAX),
        state: seen.state,
        prizes: i32::try_from(seen.prizes.len()).unwrap_or(i32::MAX),
        title: seen.title,
        entry_stamps: seen.entry_stamps,
        entries: seen.entries,
        participants: seen.participants,
        closes_at: seen.closes_at,
        draw_at: seen.draw_at,
    };
    Ok(Some((card, won)))
}
