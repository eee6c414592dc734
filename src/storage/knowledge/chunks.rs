//! Tables `article_chunk` and `chunk_vector`: what is found, and the vectors it is found by.

use madang_domain::knowledge::chunk::Chunk;
use sqlx::{AssertSqlSafe, FromRow, PgConnection, PgPool};

/// A chunk, for the index.
#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
pub struct ChunkRow {
    /// Its number.
    pub id: i64,
    /// Its article.
    pub article: i64,
    /// Its heading.
    pub heading: String,
    /// Its text.
    pub text: String,
    /// The digest of what is embedded.
    pub digest: Vec<u8>,
}

/// A chunk with what must be known to show it.
#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
pub struct PassageRow {
    /// The chunk's number.
    pub id: i64,
    /// Its article.
    pub article: i64,
    /// The article's version.
    pub version: i32,
    /// The article's title.
    pub title: String,
    /// Where the original can be read.
    pub url: Option<String>,
    /// Where the article comes from.
    pub source: String,
    /// The chunk's heading.
    pub heading: String,
    /// Its text.
    pub text: String,
}

/// Makes an article's chunks exactly these. One that is there already keeps its number.
///
/// # Errors
/// The database's.
pub async fn replace(tx: &mut PgConnection, article: i64, chunks: &[Chunk]) -> Result<(), sqlx::Error> {
    let digests: Vec<&[u8]> = chunks.iter().map(|chunk| chunk.digest.as_slice()).collect();
    sqlx::query("delete from article_chunk where article = $1 and digest <> all ($2)")
        .bind(article)
        .bind(&digests)
        .execute(&mut *tx)
        .await?;
    if chunks.is_empty() {
        return Ok(());
    }
    sqlx::query(
        "insert into article_chunk (article, n, heading, text, digest)
        select $1, n, heading, text, digest
        from unnest($2::int[], $3::text[], $4::text[], $5::bytea[]) as new (n, heading, text, digest)
        on conflict (article, digest) do update set n = excluded.n where article_chunk.n <> excluded.n",
    )
    .bind(article)
    .bind((0..).take(chunks.len()).collect::<Vec<i32>>())
    .bind(chunks.iter().map(|chunk| chunk.heading.as_str()).collect::<Vec<_>>())
    .bind(chunks.iter().map(|chunk| chunk.text.as_str()).collect::<Vec<_>>())
    .bind(&digests)
    .execute(tx)
    .await
    .map(drop)
}

/// The chunks of some articles, each article's in order.
///
/// # Errors
/// The database's.
pub async fn list(db: &PgPool, articles: &[i64]) -> Result<Vec<ChunkRow>, sqlx::Error> {
    sqlx::query_as("select id, article, heading, text, digest from article_chunk where article = any ($1) order by article, n")
        .bind(articles)
        .fetch_all(db)
        .await
}

/// Chunks with what must be known to show them, in no order. One that is gone meanwhile is missing.
///
/// # Errors
/// The database's.
pub async fn passages(db: &PgPool, chunks: &[i64]) -> Result<Vec<PassageRow>, sqlx::Error> {
    sqlx::query_as(
        "select c.id, c.article, a.version, a.title, a.url, a.source, c.heading, c.text
        from article_chunk c
        join article a on a.id = c.article
        where c.id = any ($1) and not a.deleted",
    )
    .bind(chunks)
    .fetch_all(db)
    .await
}

/// Something that has no vector of a model yet.
#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
pub struct Unembedded {
    /// Its digest.
    pub digest: Vec<u8>,
    /// The article's title.
    pub title: String,
    /// The heading.
    pub heading: String,
    /// The text.
    pub text: String,
}

/// What has no vector of this model yet, each text once.
///
/// # Errors
/// The database's.
pub async fn unembedded(db: &PgPool, model: &str, limit: i64) -> Result<Vec<Unembedded>, sqlx::Error> {
    sqlx::query_as(
        "select distinct on (c.digest) c.digest, a.title, c.heading, c.text
        from article_chunk c
        join article a on a.id = c.article
        where not exists (select from chunk_vector v where v.model = $1 and v.digest = c.digest)
        order by c.digest
        limit $2",
    )
    .bind(model)
    .bind(limit)
    .fetch_all(db)
    .await
}

/// Keeps vectors of a model. One that is there already stays.
///
/// # Errors
/// The database's.
pub async fn insert_vectors(db: &PgPool, model: &str, vectors: &[(Vec<u8>, Vec<f32>)]) -> Result<(), sqlx::Error> {
    let mut tx = db.begin().await?;
    for (digest, vector) in vectors {
        sqlx::query("insert into chunk_vector (model, digest, vector) values ($1, $2, $3) on conflict do nothing")
            .bind(model)
            .bind(digest)
            .bind(vector)
            .execute(&mut *tx)
            .await?;
    }
    tx.commit().await
}

/// The vectors of some chunks, as far as there are any.
///
/// # Errors
/// The database's.
pub async fn vectors_of(db: &PgPool, model: &str, chunks: &[i64]) -> Result<Vec<(i64, Vec<f32>)>, sqlx::Error> {
    sqlx::query_as(
        "select c.id, v.vector
        from article_chunk c
        join chunk_vector v on v.digest = c.digest and v.model = $1
        where c.id = any ($2)",
    )
    .bind(model)
    .bind(chunks)
    .fetch_all(db)
    .await
}

/// How long a model's vectors are; `None` where there are none.
///
/// # Errors
/// The database's.
pub async fn length(db: &PgPool, model: &str) -> Result<Option<usize>, sqlx::Error> {
    let found: Option<i32> = sqlx::query_scalar("select cardinality(vector) from chunk_vector where model = $1 limit 1")
        .bind(model)
        .fetch_optional(db)
        .await?;
    Ok(found.and_then(|length| usize::try_from(length).ok()))
}

/// Forgets vectors that no chunk has any more.
///
/// # Errors
/// The database's.
pub async fn forget_vectors(db: &PgPool) -> Result<u64, sqlx::Error> {
    let done =
        sqlx::query("delete from chunk_vector v where not exists (select from article_chunk c where c.digest = v.digest)")
            .execute(db)
            .await?;
    Ok(done.rows_affected())
}

/// Whether the database can index vectors (pgvector); the extension is created where that is allowed and needed.
///
/// # Errors
/// The database's, other than that the extension cannot be had.
pub async fn can_index(db: &PgPool) -> Result<bool, sqlx::Error> {
    let (installed, available): (bool, bool) = sqlx::query_as(
        "select exists (select from pg_extension where extname = 'vector'),
            exists (select from pg_available_extensions where name = 'vector')",
    )
    .fetch_one(db)
    .await?;
    if installed || !available {
        return Ok(installed);
    }
    match sqlx::query("create extension if not exists vector").execute(db).await {
        Ok(_) => Ok(true),
        Err(error) => {
            tracing::warn!(%error, "pgvector is there but cannot be created: vectors are searched one by one");
            Ok(false)
        }
    }
}

/// The largest vector that pgvector's index takes.
pub const INDEXED_DIMENSIONS: usize = 2_000;

/// The name of a model's index: statements name the model in their text, as the planner must see it.
fn quoted(model: &str) -> String {
    format!("'{}'", model.replace('\'', "''"))
}

/// Makes the index of a model's vectors, where it is not there.
///
/// # Errors
/// The database's.
pub async fn index_vectors(db: &PgPool, model: &str, dimensions: usize) -> Result<(), sqlx::Error> {
    // One index for each model: its name is of the digest, since names of tables are short.
    let digest = madang_domain::knowledge::article::digest(&[model, &dimensions.to_string()]);
    let name: String = digest.iter().take(6).map(|byte| format!("{byte:02x}")).collect();
    let statement = format!(
        "create index if not exists chunk_vector_{name} on chunk_vector
        using hnsw ((vector::vector({dimensions})) vector_cosine_ops)
        where model = {} and cardinality(vector) = {dimensions}",
        quoted(model),
    );
    sqlx::query(AssertSqlSafe(statement)).execute(db).await.map(drop)
}

/// How many candidates the index looks at, where it does not go on until a list is full; at least as many as are asked for.
const CANDIDATES: &str = "200";

/// The chunks nearest to a vector by the database's index, with their article and cosine, the nearest first. Filters are
/// applied while the index is walked (by pgvector 0.8 and later), so that a narrow one still fills the list; before that,
/// filtered lists are searched one by one.
///
/// # Errors
/// The database's.
pub async fn nearest(
    db: &PgPool,
    model: &str,
    vector: &[f32],
    (sources, tags): (&[String], &[String]),
    limit: i64,
) -> Result<Vec<(i64, i64, f32)>, sqlx::Error> {
    let dimensions = vector.len();
    let mut tx = db.begin().await?;
    sqlx::query(AssertSqlSafe(format!("set local hnsw.ef_search = {CANDIDATES}"))).execute(&mut *tx).await?;
    let walks_on: Option<String> = sqlx::query_scalar(
        "select set_config('hnsw.iterative_scan', 'strict_order', true) from pg_extension
        where extname = 'vector' and string_to_array(extversion, '.')::integer[] >= array[0, 8]",
    )
    .fetch_optional(&mut *tx)
    .await?;
    if walks_on.is_none() && !(sources.is_empty() && tags.is_empty()) {
        sqlx::query("set local enable_indexscan = off").execute(&mut *tx).await?;
    }
    let statement = format!(
        "select c.id, c.article, (1 - (v.vector::vector({dimensions}) <=> $1::real[]::vector({dimensions})))::real
        from chunk_vector v
        join article_chunk c on c.digest = v.digest
        join article a on a.id = c.article
        where v.model = {} and cardinality(v.vector) = {dimensions} and not a.deleted
            and (cardinality($2::text[]) = 0 or a.source = any ($2))
            and (cardinality($3::text[]) = 0 or a.tags && $3)
        order by v.vector::vector({dimensions}) <=> $1::real[]::vector({dimensions})
        limit $4",
        quoted(model),
    );
    let found =
        sqlx::query_as(AssertSqlSafe(statement)).bind(vector).bind(sources).bind(tags).bind(limit).fetch_all(&mut *tx).await?;
    tx.commit().await?;
    Ok(found)
}
