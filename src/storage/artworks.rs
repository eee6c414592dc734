//! Table `artwork`: the catalogue.

use madang_domain::artwork::Facts;
use madang_domain::ids::ArtworkId;
use madang_domain::time::Timestamp;
use sqlx::postgres::PgRow;
use sqlx::{FromRow, PgPool, Row};

use super::search::{self, Needle};

/// One artwork of the catalogue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Artwork {
    /// Its number.
    pub id: ArtworkId,
    /// What is known of it.
    pub facts: Facts,
    /// Where it came from, such as `tate` or `user:17`.
    pub source: String,
    /// Its name there.
    pub source_id: String,
}

impl Artwork {
    /// The picture that is always there: drawn by us from the number.
    #[must_use]
    pub fn placeholder(id: ArtworkId) -> String {
        format!("/media/artworks/{id}.svg")
    }

    /// Its main picture; the drawn one where it has none.
    #[must_use]
    pub fn image(&self) -> String {
        self.facts.image_urls.first().cloned().unwrap_or_else(|| Self::placeholder(self.id))
    }
}

impl FromRow<'_, PgRow> for Artwork {
    fn from_row(row: &PgRow) -> Result<Self, sqlx::Error> {
        Ok(Self {
            id: ArtworkId::new(row.try_get("id")?),
            facts: Facts {
                title: row.try_get("title")?,
                artist: row.try_get("artist")?,
                medium: row.try_get("medium")?,
                size: row.try_get("size")?,
                year: row.try_get("year")?,
                description: row.try_get("description")?,
                image_urls: row.try_get("image_urls")?,
            },
            source: row.try_get("source")?,
            source_id: row.try_get("source_id")?,
        })
    }
}

/// An artwork on its way in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewArtwork {
    /// What is known of it.
    pub facts: Facts,
    /// Where it comes from.
    pub source: String,
    /// Its name there: together with the source never stored twice.
    pub source_id: String,
}

/// What came of putting one in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Put {
    /// It is new.
    Added(Artwork),
    /// The source had put one in under that name before; here it is, unchanged.
    Known(Artwork),
}

/// Which artworks, and where in the list.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Filter {
    /// Words that title, artist, medium and year are searched for.
    pub search: String,
    /// A part of the artist's name.
    pub artist: String,
    /// A part of the medium.
    pub medium: String,
    /// From these sources only; empty: from any.
    pub sources: Vec<String>,
    /// Only those that come after this one: newer ones come first.
    pub after: Option<ArtworkId>,
    /// At most so many.
    pub limit: i64,
}

/// Puts artworks in, many in one statement; those that are there already stay as they are. How many were new.
///
/// # Errors
/// The database's.
pub async fn insert_artworks(db: &PgPool, artworks: &[NewArtwork], at: Timestamp) -> Result<u64, sqlx::Error> {
    let column = |of: fn(&NewArtwork) -> Option<String>| artworks.iter().map(of).collect::<Vec<_>>();
    let done = sqlx::query(
        "insert into artwork (title, artist, medium, size, year, description, image_urls, source, source_id, created_at,
            search, artist_key, medium_key)
        select title, artist, medium, size, year, description, coalesce(string_to_array(nullif(images, ''), E'\\n'), '{}'),
            source, source_id, $1, search, artist_key, medium_key
        from unnest($2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[], $9::text[],
            $10::text[], $11::text[], $12::text[], $13::text[]) as new (title, artist, medium, size, year, description,
            images, source, source_id, search, artist_key, medium_key)
        on conflict (source, source_id) do nothing",
    )
    .bind(at)
    .bind(column(|new| Some(new.facts.title.clone())))
    .bind(column(|new| Some(new.facts.artist.clone())))
    .bind(column(|new| new.facts.medium.clone()))
    .bind(column(|new| new.facts.size.clone()))
    .bind(column(|new| new.facts.year.clone()))
    .bind(column(|new| new.facts.description.clone()))
    .bind(column(|new| Some(new.facts.image_urls.join("\n"))))
    .bind(column(|new| Some(new.source.clone())))
    .bind(column(|new| Some(new.source_id.clone())))
    .bind(column(|new| Some(searched(&new.facts))))
    .bind(column(|new| Some(search::folded(&new.facts.artist))))
    .bind(column(|new| Some(search::folded(new.facts.medium.as_deref().unwrap_or_default()))))
    .execute(db)
    .await?;
    Ok(done.rows_affected())
}

/// Puts one in, or finds the one that its source put in under the same name before.
///
/// # Errors
/// The database's.
pub async fn insert_artwork(db: &PgPool, new: &NewArtwork, at: Timestamp) -> Result<Put, sqlx::Error> {
    let added = insert_artworks(db, std::slice::from_ref(new), at).await?;
    let artwork: Artwork = sqlx::query_as(
        "select id, title, artist, medium, size, year, description, image_urls, source, source_id
        from artwork
        where source = $1 and source_id = $2",
    )
    .bind(&new.source)
    .bind(&new.source_id)
    .fetch_one(db)
    .await?;
    Ok(if added == 0 { Put::Known(artwork) } else { Put::Added(artwork) })
}

/// The artwork of that number.
///
/// # Errors
/// The database's.
pub async fn find_artwork(db: &PgPool, id: ArtworkId) -> Result<Option<Artwork>, sqlx::Error> {
    sqlx::query_as(
        "select id, title, artist, medium, size, year, description, image_urls, source, source_id
        from artwork
        where id = $1",
    )
    .bind(id.get())
    .fetch_optional(db)
    .await
}

/// A page of the catalogue, the newest first.
///
/// # Errors
/// The database's.
pub async fn list_artworks(db: &PgPool, filter: &Filter) -> Result<Vec<Artwork>, sqlx::Error> {
    // Artist and medium are part of what is indexed, so the index is asked for their words too.
    let words = format!("{} {} {}", filter.search, filter.artist, filter.medium);
    let needle = Needle::of(&words);
    let after = filter.after.map_or(i64::MAX, ArtworkId::get);
    // Two statements, so that the plan of one never has to serve the other.
    let query = if needle.grams.is_empty() {
        sqlx::query_as(
            "select id, title, artist, medium, size, year, description, image_urls, source, source_id
            from artwork
            where id < $1 and (cardinality($3::text[]) = 0 or source = any ($3))
            order by id desc
            limit $2",
        )
        .bind(after)
        .bind(filter.limit)
        .bind(&filter.sources)
    } else {
        sqlx::query_as(
            "select id, title, artist, medium, size, year, description, image_urls, source, source_id
            from artwork
            where id < $1
                and madang_grams(search) @> $3
                and search like all ($4)
                and artist_key like $5
                and medium_key like $6
                and (cardinality($7::text[]) = 0 or source = any ($7))
            order by id desc
            limit $2",
        )
        .bind(after)
        .bind(filter.limit)
        .bind(needle.grams)
        .bind(needle.patterns)
        .bind(search::containing(filter.artist.trim()))
        .bind(search::containing(filter.medium.trim()))
        .bind(&filter.sources)
    };
    query.fetch_all(db).await
}

/// The text of an artwork that is searched.
#[must_use]
pub fn searched(facts: &Facts) -> String {
    search::document(&[Some(&facts.title), Some(&facts.artist), facts.medium.as_deref(), facts.year.as_deref()])
}
