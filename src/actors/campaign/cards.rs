//! Keeps `campaign_card`, the rows of the lists, true to the campaigns' committed state, and the pool's directory with them.
//!
//! Answers are not published, so the numbers in a row are those of the last settled task.

use std::sync::Arc;

use madang_domain::campaign::{Campaign, Project};
use madang_domain::code::Code;
use madang_domain::ids::{EntityId, UserId};
use sqlx::PgPool;

use super::campaign_id;
use super::directory::Directory;
use crate::actors::ask::Denied;
use crate::actors::follow::{Changes, Derived, Follower};
use crate::actors::kernel::Engine;
use crate::storage::campaigns::{self, Card};

/// Keeps the rows.
pub type Cards = Follower<Rows>;

/// Follows what `changes` notes of campaigns.
#[must_use]
pub(super) fn follow(engine: Engine, db: PgPool, changes: Arc<Changes>, directory: Arc<Directory>) -> Cards {
    Follower::new(Rows { engine, db, directory }, changes)
}

/// The rows of campaigns.
#[derive(Debug, Clone)]
pub struct Rows {
    engine: Engine,
    db: PgPool,
    directory: Arc<Directory>,
}

impl Derived for Rows {
    const PAGE: usize = 64;

    async fn behind(&self) -> Result<Vec<i64>, sqlx::Error> {
        campaigns::list_behind(&self.db).await
    }

    async fn write(&self, numbers: &[i64]) -> Vec<i64> {
        let mut cards = Vec::with_capacity(numbers.len());
        let mut left = Vec::new();
        for id in numbers.iter().copied().filter_map(campaign_id) {
            match self.card_of(id).await {
                Ok(card) => cards.extend(card),
                // The next start compares all rows with the journal.
                Err(denied) if denied.code() == Code::Stopping => left.push(id.number()),
                Err(denied) => {
                    tracing::warn!(code = %denied.code(), campaign = id.number(), "a campaign's row will be written later");
                    left.push(id.number());
                }
            }
        }
        if let Err(error) = campaigns::put_cards(&self.db, &cards).await {
            tracing::warn!(error = %error, rows = cards.len(), "rows of campaigns will be written later");
            left.extend(cards.iter().map(|card| card.id));
        }
        left
    }
}

impl Rows {
    /// The row of a campaign; `None` for one that was never asked for. The directory learns of it on the way.
    async fn card_of(&self, id: EntityId) -> Result<Option<Card>, Denied> {
        let viewed = self.engine.inspect(id).await?;
        let seq = i64::try_from(viewed.seq).unwrap_or(i64::MAX);
        let card = self.engine.look(id, move |campaign: &Campaign| campaign.project().map(|project| row(id, seq, project)));
        let card = card.await?;
        self.directory.owned(card.iter().map(|card| (card.id, UserId::new(card.owner))));
        if card.as_ref().is_some_and(|card| card.state == "in_progress") {
            self.directory.learn(&self.engine, id).await?;
        } else {
            self.directory.forget(id.number());
        }
        Ok(card)
    }
}

fn row(id: EntityId, seq: i64, project: &Project) -> Card {
    let progress = project.progress;
    let count = |count: u64| i64::try_from(count).unwrap_or(i64::MAX);
    Card {
        id: id.number(),
        seq,
        owner: project.owner.get(),
        state: project.stage.name().to_owned(),
        kind: project.rules().kind.name().to_owned(),
        name: project.draft.name.trim().to_owned(),
        tasks: i64::from(progress.tasks),
        done: i64::from(progress.settled()),
        review: i64::from(progress.review),
        answers: count(progress.answers),
        paid: progress.paid,
        pending: progress.pending,
        requested_at: project.requested_at,
    }
}
