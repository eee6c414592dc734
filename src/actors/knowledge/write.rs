//! How articles come in and go: checked, cut, kept, and found from then on.

use std::time::Duration;

use madang_domain::ids::UserId;
use madang_domain::knowledge::article::{Article, Origin};
use madang_domain::knowledge::chunk::cut;

use super::Knowledge;
use crate::storage::knowledge::articles::{self, Change, Kept, NewArticle};

/// How long who writes waits for the index of this node.
const SETTLE_WITHIN: Duration = Duration::from_secs(2);

impl Knowledge {
    /// Keeps articles by their origin: new ones are added, others get a new version where they differ.
    ///
    /// # Errors
    /// The database's; then none of them is kept.
    pub async fn keep(&self, articles: Vec<(Origin, Article)>, by: Option<UserId>) -> Result<Vec<Kept>, sqlx::Error> {
        let new = |(origin, article): (Origin, Article)| NewArticle { chunks: cut(&article), origin, article };
        let new: Vec<NewArticle> = articles.into_iter().map(new).collect();
        let kept = articles::keep(&self.inner.db, &new, self.change(by)).await?;
        self.inner.changed.notify_one();
        Ok(kept)
    }

    /// Gives an article that has version `version` the next one; any version where it is `None`.
    ///
    /// # Errors
    /// The database's.
    pub async fn edit(
        &self,
        id: i64,
        version: Option<i32>,
        article: &Article,
        by: Option<UserId>,
    ) -> Result<Kept, sqlx::Error> {
        let chunks = cut(article);
        let kept = articles::edit(&self.inner.db, id, version, (article, &chunks), self.change(by)).await?;
        self.settle().await;
        Ok(kept)
    }

    /// Takes an article away: it is not found any more, but its versions are kept. `false`: there is none.
    ///
    /// # Errors
    /// The database's.
    pub async fn delete(&self, id: i64) -> Result<bool, sqlx::Error> {
        let gone = articles::delete(&self.inner.db, id, self.inner.clock.now()).await?;
        self.settle().await;
        Ok(gone)
    }

    /// Waits a moment until what is committed can be found on this node, so that who wrote it finds it. The follower makes good
    /// what takes longer.
    pub async fn settle(&self) {
        match tokio::time::timeout(SETTLE_WITHIN, self.catch_up()).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::warn!(%error, "the index of articles could not follow at once"),
            Err(_) => self.inner.changed.notify_one(),
        }
    }

    fn change(&self, by: Option<UserId>) -> Change {
        Change { by, at: self.inner.clock.now() }
    }
}
