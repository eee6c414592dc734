//! Keeps `campaign_card`, the rows of the lists, true to the campaigns' committed state, and the pool's directory with them.
//!
//! As with auctions: a publication notes that a campaign changed (a set: a busy campaign is in it once), and at most every
//! [`PACE`] one statement writes all rows that are noted. What a crash leaves behind is made good at the next start. Answers
//! are not published, so the numbers in a row are those of the last settled task.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use madang_domain::campaign::{Campaign, Project};
use madang_domain::code::Code;
use madang_domain::ids::{EntityId, Kind, UserId};
use parking_lot::Mutex;
use sqlx::PgPool;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use super::campaign_id;
use super::directory::Directory;
use crate::actors::ask::Denied;
use crate::actors::kernel::Engine;
use crate::actors::publish::{Publication, Publisher};
use crate::storage::campaigns::{self, Card};

/// Rows are written at most this often.
const PACE: Duration = Duration::from_millis(250);
/// After a failure this long passes before the next try.
const REST: Duration = Duration::from_secs(2);
/// At most so many campaigns are looked at for one statement.
const BATCH: usize = 64;

/// Which campaigns changed since their rows were written. Given to the engine as a [`Publisher`], which needs no engine.
#[derive(Debug, Default)]
pub struct Changes {
    changed: Mutex<BTreeSet<i64>>,
    wake: Notify,
}

impl Changes {
    /// Notes that a campaign's row must be written.
    pub fn note(&self, campaign: i64) {
        if self.changed.lock().insert(campaign) {
            self.wake.notify_one();
        }
    }

    fn take(&self) -> Vec<i64> {
        std::mem::take(&mut *self.changed.lock()).into_iter().collect()
    }
}

impl Publisher for Changes {
    fn publish(&self, channel: &str, _: &str, _: &[Publication]) {
        if let Ok(id) = channel.parse::<EntityId>()
            && id.kind() == Kind::Campaign
        {
            self.note(id.number());
        }
    }
}

/// Writes the rows.
#[derive(Debug, Clone)]
pub struct Cards {
    engine: Engine,
    db: PgPool,
    changes: Arc<Changes>,
    directory: Arc<Directory>,
}

impl Cards {
    /// A writer of rows of what `changes` notes.
    #[must_use]
    pub(super) fn new(engine: Engine, db: PgPool, changes: Arc<Changes>, directory: Arc<Directory>) -> Self {
        Self { engine, db, changes, directory }
    }

    /// Writes rows until told to stop: first what a crash left behind, then what changes.
    pub async fn run(self, stop: CancellationToken) {
        match campaigns::list_behind(&self.db).await {
            Ok(behind) => behind.into_iter().for_each(|campaign| self.changes.note(campaign)),
            Err(error) => tracing::error!(error = %error, "cannot compare the campaigns' rows with the journal"),
        }
        while stop.run_until_cancelled(self.changes.wake.notified()).await.is_some() {
            let pace = if self.write_noted().await { PACE } else { REST };
            if stop.run_until_cancelled(tokio::time::sleep(pace)).await.is_none() {
                break;
            }
        }
        self.write_noted().await;
    }

    /// Writes the row of one campaign now, for those who will look for it at once. Where that fails it is written later.
    pub async fn refresh(&self, campaign: i64) {
        self.write_or_note(&[campaign]).await;
    }

    /// Writes the rows that are noted now; what is noted meanwhile waits for the next turn, or a hot one would be written
    /// without a pause. Those that cannot be written stay noted, and the answer is false.
    pub async fn write_noted(&self) -> bool {
        let mut all = true;
        for page in self.changes.take().chunks(BATCH) {
            all &= self.write_or_note(page).await;
        }
        all
    }

    async fn write_or_note(&self, noted: &[i64]) -> bool {
        let mut cards = Vec::with_capacity(noted.len());
        let mut left = Vec::new();
        for id in noted.iter().copied().filter_map(campaign_id) {
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
        left.iter().for_each(|campaign| self.changes.note(*campaign));
        left.is_empty()
    }

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_busy_campaign_is_noted_once_and_other_channels_are_not() {
        let changes = Changes::default();
        for channel in ["campaign:17", "campaign:17", "user:3", "auction:2", "campaign:2"] {
            changes.publish(channel, "e", &[]);
        }
        assert_eq!(changes.take(), [2, 17]);
        assert_eq!(changes.take(), [0; 0]);
    }
}
