//! Tables `article` and `article_version`. Chunks change in the same transactions, by [`super::chunks`].

use madang_domain::ids::UserId;
use madang_domain::knowledge::article::{Article, Origin};
use madang_domain::knowledge::chunk::Chunk;
use madang_domain::time::Timestamp;
use serde_json::Value;
use sqlx::{FromRow, PgConnection, PgPool};

use super::chunks;
use crate::storage::search::Needle;

/// An article on its way in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewArticle {
    /// Where it comes from.
    pub origin: Origin,
    /// What it says.
    pub article: Article,
    /// How it is cut.
    pub chunks: Vec<Chunk>,
}

/// Who changes, when.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Change {
    /// Who; nobody for the command line.
    pub by: Option<UserId>,
    /// When.
    pub at: Timestamp,
}

/// What came of keeping an article.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kept {
    /// It is new. Its number.
    Added(i64),
    /// It has a new version. Its number, and the version.
    Changed(i64, i32),
    /// It was there just so. Its number, and the version.
    Unchanged(i64, i32),
    /// It has another version than the one that was to be changed: this one.
    Conflict(i32),
    /// There is none of that number.
    Unknown,
}

/// An article as it is now, without its text.
#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
pub struct ArticleRow {
    /// Its number.
    pub id: i64,
    /// Where it comes from.
    pub source: String,
    /// Its name there.
    pub name: String,
    /// Which version it has, from 1.
    pub version: i32,
    /// The number of its last change among all articles' changes.
    pub rev: i64,
    /// Its title.
    pub title: String,
    /// Where the original can be read.
    pub url: Option<String>,
    /// Words to filter by.
    pub tags: Vec<String>,
    /// Into how many chunks it is cut.
    pub chunks: i32,
    /// Whether it is not found any more.
    pub deleted: bool,
    /// When it was first kept.
    pub created_at: Timestamp,
    /// When it last changed.
    pub changed_at: Timestamp,
}

/// One version of an article.
#[derive(Debug, Clone, PartialEq, FromRow)]
pub struct VersionRow {
    /// Which, from 1.
    pub version: i32,
    /// Its title.
    pub title: String,
    /// Where the original can be read.
    pub url: Option<String>,
    /// Words to filter by.
    pub tags: Vec<String>,
    /// Its text: a JSON list of sections; an empty one where only the list of versions was asked for.
    pub sections: Value,
    /// Who wrote it.
    pub changed_by: Option<i64>,
    /// When.
    pub at: Timestamp,
}

/// Which articles.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ListFilter {
    /// Words or parts of words of the title.
    pub title: String,
    /// Of this source; empty: of any.
    pub source: String,
    /// With this tag; empty: with any.
    pub tag: String,
}

/// Keeps articles by their origin, in one transaction: new ones are added, others get a new version where they differ.
///
/// # Errors
/// The database's; then none of them is kept.
pub async fn keep(db: &PgPool, articles: &[NewArticle], change: Change) -> Result<Vec<Kept>, sqlx::Error> {
    let mut tx = db.begin().await?;
    lock(&mut tx).await?;
    let mut kept = Vec::with_capacity(articles.len());
    for new in articles {
        let known =
            sqlx::query_as("select id, version, digest, deleted from article where source = $1 and name = $2 for update")
                .bind(new.origin.source())
                .bind(new.origin.name())
                .fetch_optional(&mut *tx)
                .await?;
        kept.push(match known {
            None => Kept::Added(insert(&mut tx, new, change).await?),
            Some(known) => update(&mut tx, &known, &new.article, &new.chunks, change).await?,
        });
    }
    tx.commit().await?;
    Ok(kept)
}

/// Gives an article that has version `version` the next one; any version where it is `None`.
///
/// # Errors
/// The database's.
pub async fn edit(
    db: &PgPool,
    id: i64,
    version: Option<i32>,
    (article, chunks): (&Article, &[Chunk]),
    change: Change,
) -> Result<Kept, sqlx::Error> {
    let mut tx = db.begin().await?;
    lock(&mut tx).await?;
    let known: Option<Known> =
        sqlx::query_as("select id, version, digest, deleted from article where id = $1 and not deleted for update")
            .bind(id)
            .fetch_optional(&mut *tx)
            .await?;
    let Some(known) = known else { return Ok(Kept::Unknown) };
    if version.is_some_and(|version| version != known.version) {
        return Ok(Kept::Conflict(known.version));
    }
    let kept = update(&mut tx, &known, article, chunks, change).await?;
    tx.commit().await?;
    Ok(kept)
}

/// From now on it is not found any more; its versions are kept. `false`: there is none.
///
/// # Errors
/// The database's.
pub async fn delete(db: &PgPool, id: i64, at: Timestamp) -> Result<bool, sqlx::Error> {
    let mut tx = db.begin().await?;
    lock(&mut tx).await?;
    let done = sqlx::query(
        "update article
        set deleted = true, chunks = 0, rev = nextval('article_rev'), changed_at = $2
        where id = $1 and not deleted",
    )
    .bind(id)
    .bind(at)
    .execute(&mut *tx)
    .await?;
    if done.rows_affected() == 0 {
        return Ok(false);
    }
    chunks::replace(&mut tx, id, &[]).await?;
    tx.commit().await?;
    Ok(true)
}

#[derive(FromRow)]
struct Known {
    id: i64,
    version: i32,
    digest: Vec<u8>,
    deleted: bool,
}

/// Changes of articles are committed in the order of their numbers.
async fn lock(tx: &mut PgConnection) -> Result<(), sqlx::Error> {
    sqlx::query("select pg_advisory_xact_lock(hashtextextended('article', 0))").execute(tx).await.map(drop)
}

async fn insert(tx: &mut PgConnection, new: &NewArticle, change: Change) -> Result<i64, sqlx::Error> {
    let article = &new.article;
    let id: i64 = sqlx::query_scalar(
        "insert into article (source, name, version, rev, title, url, tags, digest, chunks, created_at, changed_at)
        values ($1, $2, 1, nextval('article_rev'), $3, $4, $5, $6, $7, $8, $8)
        returning id",
    )
    .bind(new.origin.source())
    .bind(new.origin.name())
    .bind(article.title())
    .bind(article.url())
    .bind(article.tags())
    .bind(article.digest().as_slice())
    .bind(count(&new.chunks))
    .bind(change.at)
    .fetch_one(&mut *tx)
    .await?;
    remember(tx, id, 1, article, change).await?;
    chunks::replace(tx, id, &new.chunks).await?;
    Ok(id)
}

async fn update(
    tx: &mut PgConnection,
    known: &Known,
    article: &Article,
    chunks: &[Chunk],
    change: Change,
) -> Result<Kept, sqlx::Error> {
    if known.digest == article.digest() && !known.deleted {
        return Ok(Kept::Unchanged(known.id, known.version));
    }
    let version = known.version.saturating_add(1);
    sqlx::query(
        "update article
        set version = $2, rev = nextval('article_rev'), title = $3, url = $4, tags = $5, digest = $6, chunks = $7,
            deleted = false, changed_at = $8
        where id = $1",
    )
    .bind(known.id)
    .bind(version)
    .bind(article.title())
    .bind(article.url())
    .bind(article.tags())
    .bind(article.digest().as_slice())
    .bind(count(chunks))
    .bind(change.at)
    .execute(&mut *tx)
    .await?;
    remember(tx, known.id, version, article, change).await?;
    chunks::replace(tx, known.id, chunks).await?;
    Ok(Kept::Changed(known.id, version))
}

async fn remember(tx: &mut PgConnection, id: i64, version: i32, article: &Article, change: Change) -> Result<(), sqlx::Error> {
    sqlx::query(
        "insert into article_version (article, version, title, url, tags, sections, changed_by, at)
        values ($1, $2, $3, $4, $5, $6, $7, $8)",
    )
    .bind(id)
    .bind(version)
    .bind(article.title())
    .bind(article.url())
    .bind(article.tags())
    .bind(sqlx::types::Json(article.sections()))
    .bind(change.by.map(UserId::get))
    .bind(change.at)
    .execute(tx)
    .await
    .map(drop)
}

fn count(chunks: &[Chunk]) -> i32 {
    i32::try_from(chunks.len()).unwrap_or(i32::MAX)
}

/// One article, with the text of its present version. A deleted one is not found.
///
/// # Errors
/// The database's.
pub async fn find(db: &PgPool, id: i64) -> Result<Option<(ArticleRow, VersionRow)>, sqlx::Error> {
    let article: Option<ArticleRow> =
        sqlx::query_as("select * from article where id = $1 and not deleted").bind(id).fetch_optional(db).await?;
    let Some(article) = article else { return Ok(None) };
    Ok(find_version(db, id, article.version).await?.map(|version| (article, version)))
}

/// One version of an article, of a deleted one, too.
///
/// # Errors
/// The database's.
pub async fn find_version(db: &PgPool, id: i64, version: i32) -> Result<Option<VersionRow>, sqlx::Error> {
    sqlx::query_as(
        "select version, title, url, tags, sections, changed_by, at
        from article_version
        where article = $1 and version = $2",
    )
    .bind(id)
    .bind(version)
    .fetch_optional(db)
    .await
}

/// The versions of an article below one, the newest first, without their text.
///
/// # Errors
/// The database's.
pub async fn list_versions(db: &PgPool, id: i64, below: i32, limit: i64) -> Result<Vec<VersionRow>, sqlx::Error> {
    sqlx::query_as(
        "select version, title, url, tags, '[]'::jsonb as sections, changed_by, at
        from article_version
        where article = $1 and version < $2
        order by version desc
        limit $3",
    )
    .bind(id)
    .bind(below)
    .bind(limit)
    .fetch_all(db)
    .await
}

/// Articles below a number, the newest first.
///
/// # Errors
/// The database's.
pub async fn list(db: &PgPool, filter: &ListFilter, below: i64, limit: i64) -> Result<Vec<ArticleRow>, sqlx::Error> {
    let needle = Needle::of(&filter.title);
    sqlx::query_as(
        "select *
        from article
        where id < $1 and not deleted
            and (cardinality($3::text[]) = 0 or madang_grams(lower(title)) @> $3)
            and lower(title) like all ($4)
            and ($5 = '' or source = $5)
            and ($6 = '' or $6 = any (tags))
        order by id desc
        limit $2",
    )
    .bind(below)
    .bind(limit)
    .bind(needle.grams)
    .bind(needle.patterns)
    .bind(&filter.source)
    .bind(&filter.tag)
    .fetch_all(db)
    .await
}

/// Changes after number `rev`, in order, deleted articles among them.
///
/// # Errors
/// The database's.
pub async fn list_changes(db: &PgPool, rev: i64, limit: i64) -> Result<Vec<ArticleRow>, sqlx::Error> {
    sqlx::query_as("select * from article where rev > $1 order by rev limit $2").bind(rev).bind(limit).fetch_all(db).await
}

/// Number, source and name of every article.
///
/// # Errors
/// The database's.
pub async fn names(db: &PgPool) -> Result<Vec<(i64, String, String)>, sqlx::Error> {
    sqlx::query_as("select id, source, name from article where not deleted order by id").fetch_all(db).await
}

/// How many articles there are, and of which sources and tags, the most frequent first.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Overview {
    /// Articles that can be found.
    pub articles: i64,
    /// Their chunks.
    pub chunks: i64,
    /// Sources with their number of articles.
    pub sources: Vec<(String, i64)>,
    /// Tags with their number of articles.
    pub tags: Vec<(String, i64)>,
}

/// Counts what there is; at most a hundred sources and tags.
///
/// # Errors
/// The database's.
pub async fn overview(db: &PgPool) -> Result<Overview, sqlx::Error> {
    let (articles, chunks) = sqlx::query_as("select count(*), coalesce(sum(chunks), 0)::bigint from article where not deleted")
        .fetch_one(db)
        .await?;
    let sources = sqlx::query_as(
        "select source, count(*) from article where not deleted group by source order by count(*) desc, source limit 100",
    )
    .fetch_all(db)
    .await?;
    let tags = sqlx::query_as(
        "select tag, count(*) from article, unnest(tags) as tag where not deleted group by tag order by count(*) desc, tag
        limit 100",
    )
    .fetch_all(db)
    .await?;
    Ok(Overview { articles, chunks, sources, tags })
}
