//! What follows a raffle's commits: the rows of lists, and the seed when the draw asks for it.
//!
//! The row is written last, so that what a crash leaves undone, the draw included, is found at the next start by comparing the
//! rows with the journal. A draw that is given twice is drawn once: the raffle's own rule.

use std::sync::Arc;

use madang_domain::code::Code;
use madang_domain::entity::{Actor, Order, Role, Viewer};
use madang_domain::ids::{EntityId, UserId};
use madang_domain::raffle::Command;
use madang_domain::time::Timestamp;
use serde::Deserialize;
use sqlx::PgPool;
use uuid::Uuid;

use super::codes::Codes;
use super::{Raffle, raffle_id};
use crate::actors::ask::Denied;
use crate::actors::follow::{self, Changes, Derived};
use crate::actors::kernel::{Engine, Viewed};
use crate::storage::raffles::{self, Card, Won};

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

/// Keeps the rows, and draws.
pub type Follower = follow::Follower<Rows>;

/// Follows what `changes` notes of raffles.
#[must_use]
pub fn follow(engine: Engine, codes: Arc<Codes>, db: PgPool, changes: Arc<Changes>) -> Follower {
    Follower::new(Rows { engine, codes, db }, changes)
}

/// The rows of raffles.
#[derive(Debug, Clone)]
pub struct Rows {
    engine: Engine,
    codes: Arc<Codes>,
    db: PgPool,
}

impl Derived for Rows {
    const PAGE: usize = 64;

    async fn behind(&self) -> Result<Vec<i64>, sqlx::Error> {
        raffles::list_behind(&self.db).await
    }

    async fn write(&self, numbers: &[i64]) -> Vec<i64> {
        let mut left = Vec::new();
        for id in numbers.iter().copied().filter_map(raffle_id) {
            if let Err(error) = self.write_one(id).await {
                error.log(id);
                left.push(id.number());
            }
        }
        left
    }
}

impl CardError {
    fn log(&self, id: EntityId) {
        if matches!(self, Self::Denied(denied) if denied.code() == Code::Stopping) {
            // The next start compares all rows with the journal.
            tracing::debug!(raffle = id.number(), "a raffle is left to the next start");
        } else {
            tracing::warn!(error = %self, raffle = id.number(), "a raffle's row or draw must wait");
        }
    }
}

impl Rows {
    async fn write_one(&self, id: EntityId) -> Result<(), CardError> {
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
