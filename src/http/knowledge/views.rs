//! Articles, imports and passages as they look on the wire.

use madang_domain::knowledge::article::{Draft, Section};
use madang_domain::time::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::actors::knowledge::{Filter, Passage, State};
use crate::http::problem::Problem;
use crate::storage::knowledge::articles::{ArticleRow, Overview, VersionRow};
use crate::storage::knowledge::chunks::ChunkRow;
use crate::storage::knowledge::imports::ImportRow;

/// A part of an article under one heading.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SectionView {
    /// The heading, or the question that the text answers; at most 300 characters, may be empty.
    #[serde(default)]
    heading: String,
    /// Paragraphs, separated by empty lines.
    text: String,
}

impl From<Section> for SectionView {
    fn from(Section { heading, text }: Section) -> Self {
        Self { heading, text }
    }
}

/// An article about to be kept.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ArticleBody {
    /// 1 to 300 characters.
    title: String,
    /// Where the original can be read: http:// or https://.
    url: Option<String>,
    /// At most 20, each of at most 40 characters.
    #[serde(default)]
    tags: Vec<String>,
    /// At most 500, with 500,000 characters together; those without text are left out.
    sections: Vec<SectionView>,
    /// Where it comes from, 1 to 60 characters; `house` where nothing is said. Only for a new one.
    pub(super) source: Option<String>,
    /// Its name there, 1 to 300 characters; a new one of ours where nothing is said. Only for a new one.
    pub(super) name: Option<String>,
    /// The version that is changed; another one is refused. Any where nothing is said.
    pub(super) version: Option<i32>,
}

impl ArticleBody {
    pub(super) fn draft(&self) -> Draft {
        let section = |section: &SectionView| Section { heading: section.heading.clone(), text: section.text.clone() };
        Draft {
            title: self.title.clone(),
            url: self.url.clone(),
            tags: self.tags.clone(),
            sections: self.sections.iter().map(section).collect(),
        }
    }
}

/// An article without its text.
#[derive(Debug, Serialize, ToSchema)]
pub struct ArticleCard {
    id: i64,
    source: String,
    /// Its name there.
    name: String,
    version: i32,
    title: String,
    url: Option<String>,
    tags: Vec<String>,
    /// Into how many chunks it is cut.
    chunks: i32,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    #[schema(value_type = String, format = DateTime)]
    changed_at: Timestamp,
}

impl From<ArticleRow> for ArticleCard {
    fn from(row: ArticleRow) -> Self {
        let ArticleRow { id, source, name, version, title, url, tags, chunks, created_at, changed_at, .. } = row;
        Self { id, source, name, version, title, url, tags, chunks, created_at, changed_at }
    }
}

/// An article.
#[derive(Debug, Serialize, ToSchema)]
pub struct ArticleView {
    #[serde(flatten)]
    card: ArticleCard,
    sections: Vec<SectionView>,
}

impl ArticleView {
    pub(super) fn new(article: ArticleRow, version: &VersionRow) -> Result<Self, Problem> {
        Ok(Self { card: article.into(), sections: sections(version)? })
    }
}

fn sections(version: &VersionRow) -> Result<Vec<SectionView>, Problem> {
    let sections: Vec<Section> = serde_json::from_value(version.sections.clone()).map_err(Problem::internal)?;
    Ok(sections.into_iter().map(SectionView::from).collect())
}

/// Articles, the newest first.
#[derive(Debug, Serialize, ToSchema)]
pub struct ArticlesView {
    pub(super) items: Vec<ArticleCard>,
    /// For the next page's `after`; null on the last.
    pub(super) next: Option<String>,
}

/// A version of an article. In lists without its text.
#[derive(Debug, Serialize, ToSchema)]
pub struct VersionView {
    version: i32,
    title: String,
    url: Option<String>,
    tags: Vec<String>,
    /// Absent in lists.
    #[serde(skip_serializing_if = "Option::is_none")]
    sections: Option<Vec<SectionView>>,
    /// Who wrote it; null for imports from the command line.
    changed_by: Option<i64>,
    #[schema(value_type = String, format = DateTime)]
    at: Timestamp,
}

impl VersionView {
    pub(super) fn whole(row: VersionRow) -> Result<Self, Problem> {
        let sections = sections(&row)?;
        Ok(Self { sections: Some(sections), ..Self::card(row) })
    }

    pub(super) fn card(row: VersionRow) -> Self {
        let VersionRow { version, title, url, tags, changed_by, at, .. } = row;
        Self { version, title, url, tags, sections: None, changed_by, at }
    }
}

/// Versions of an article, the newest first.
#[derive(Debug, Serialize, ToSchema)]
pub struct VersionsView {
    pub(super) items: Vec<VersionView>,
    /// For the next page's `after`; null on the last.
    pub(super) next: Option<String>,
}

/// A piece of an article: what is found and quoted.
#[derive(Debug, Serialize, ToSchema)]
pub struct ChunkView {
    id: i64,
    heading: String,
    text: String,
}

impl From<ChunkRow> for ChunkView {
    fn from(row: ChunkRow) -> Self {
        Self { id: row.id, heading: row.heading, text: row.text }
    }
}

/// The pieces of an article, in order.
#[derive(Debug, Serialize, ToSchema)]
pub struct ChunksView {
    pub(super) items: Vec<ChunkView>,
}

/// A question to try.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SearchBody {
    /// At most 2,000 characters.
    pub(super) query: String,
    /// Which articles; all where nothing is said.
    #[serde(default)]
    pub(super) filter: Filter,
    /// 1 to 50; 8 where nothing is said.
    pub(super) limit: Option<u8>,
}

/// What was found, the best first.
#[derive(Debug, Serialize, ToSchema)]
pub struct PassagesView {
    pub(super) items: Vec<Passage>,
    /// Whose vectors were compared. `lexical`: hashed words, no language model.
    pub(super) model: String,
    /// How long it took here, in ms.
    pub(super) took_ms: f64,
}

/// A name and how many articles have it.
#[derive(Debug, Serialize, ToSchema)]
pub struct CountView {
    name: String,
    articles: i64,
}

/// How much is known.
#[derive(Debug, Serialize, ToSchema)]
pub struct StateView {
    articles: i64,
    chunks: i64,
    /// The hundred most frequent.
    sources: Vec<CountView>,
    /// The hundred most frequent.
    tags: Vec<CountView>,
    /// Whose vectors are compared. `lexical`: hashed words, no language model.
    model: String,
    /// Whether this node can search.
    ready: bool,
    /// Chunks that this node finds by words.
    found_by_words: u64,
    /// Chunks that this node finds by vectors of its memory.
    found_by_vectors: usize,
    /// Whether vectors are searched by the database's index instead.
    vector_index: bool,
}

impl StateView {
    pub(super) fn new(overview: Overview, state: State) -> Self {
        let counts =
            |counts: Vec<(String, i64)>| counts.into_iter().map(|(name, articles)| CountView { name, articles }).collect();
        Self {
            articles: overview.articles,
            chunks: overview.chunks,
            sources: counts(overview.sources),
            tags: counts(overview.tags),
            model: state.model,
            ready: state.ready,
            found_by_words: state.chunks,
            found_by_vectors: state.vectors,
            vector_index: state.indexed,
        }
    }
}

/// Why an import failed as a whole, or why one of its articles was not taken.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct ImportFaultView {
    /// Its stable name. Of files: not_text, not_pdf, empty, gave_up. Of articles: json, title, url, tags, heading, empty,
    /// too_long, origin.
    code: String,
    /// One sentence.
    message: String,
    /// The line in the file, from 1.
    line: Option<u64>,
}

/// An import and how far it is.
#[derive(Debug, Serialize, ToSchema)]
pub struct ImportView {
    id: i64,
    name: String,
    /// jsonl, markdown, text, html or pdf.
    format: String,
    source: String,
    tags: Vec<String>,
    bytes: i64,
    /// working, done or failed.
    state: String,
    /// Why it failed as a whole.
    failure: Option<ImportFaultView>,
    /// Articles in the file; null until it is read.
    articles: Option<i32>,
    /// Articles that are settled.
    done: i32,
    /// Of those, new ones.
    added: i32,
    /// Those that got a new version.
    changed: i32,
    /// Those that were there just so.
    unchanged: i32,
    /// Those that were not taken.
    refused: i32,
    /// What was wrong with them: the first hundred.
    faults: Vec<ImportFaultView>,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    #[schema(value_type = String, format = DateTime)]
    changed_at: Timestamp,
}

impl TryFrom<ImportRow> for ImportView {
    type Error = Problem;

    fn try_from(row: ImportRow) -> Result<Self, Problem> {
        let failure = row.code.zip(row.message).map(|(code, message)| ImportFaultView { code, message, line: None });
        Ok(Self {
            id: row.id,
            name: row.name,
            format: row.format,
            source: row.source,
            tags: row.tags,
            bytes: row.bytes,
            state: row.state,
            failure,
            articles: row.articles,
            done: row.done,
            added: row.added,
            changed: row.changed,
            unchanged: row.unchanged,
            refused: row.refused,
            faults: serde_json::from_value(row.faults).map_err(Problem::internal)?,
            created_at: row.created_at,
            changed_at: row.changed_at,
        })
    }
}

/// Imports, the newest first.
#[derive(Debug, Serialize, ToSchema)]
pub struct ImportsView {
    pub(super) items: Vec<ImportView>,
    /// For the next page's `after`; null on the last.
    pub(super) next: Option<String>,
}
