//! `madang import`: brings records in from files.
//!
//! Works on the database that the settings name. A server may be running on it: its private database is joined.

pub mod articles;
pub mod artworks;

use std::fs::File;
use std::io::{self, Read};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Subcommand};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use madang_domain::time::Timestamp;
use sqlx::PgPool;

use self::artworks::{BadRow, NotACatalogue, Rows};
use crate::actors::kernel::clock::{Clock, WallClock};
use crate::cli::say::{complain, say};
use crate::config::{BadSettings, Settings};
use crate::storage::artworks::{NewArtwork, insert_artworks};
use crate::storage::{Db, OpenError, Share};

/// Where files come from when nobody says.
pub const DEFAULT_SOURCE: &str = "import";
/// So many artworks go into one statement.
const BATCH: usize = 500;

/// Some rows were bad; the others went in.
const EXIT_BAD_ROWS: u8 = 2;
/// Bad settings.
const EXIT_USAGE: u8 = 64;
/// The file is no CSV file of artworks.
const EXIT_DATA: u8 = 65;
/// The file cannot be opened.
const EXIT_NO_INPUT: u8 = 66;
/// The database cannot be used.
const EXIT_UNAVAILABLE: u8 = 69;

/// What can be imported.
#[derive(Debug, Subcommand)]
pub enum Import {
    /// Put the artworks of a CSV file into the catalogue. Those that are there already stay as they are.
    ///
    /// The first line names the columns: accession_number (or id), title and artist must be there; date_text (or year),
    /// medium, dimensions (or size), description, classification, credit_line, subjects and image_url are used where they
    /// are. A bad row is told with its line and reason, and the others go in.
    ///
    /// Exit codes: 0 all rows are in, 2 some rows were bad, 64 bad settings, 65 not a CSV file of artworks, 66 no such
    /// file, 69 the database cannot be used.
    Artworks(ImportArtworks),
    /// Put articles into what answers are taken from. Those that are there just so stay, others get a new version.
    ///
    /// JSON Lines (.jsonl) have an article in each line: title, and sections (a list of heading and text, or of question
    /// and answer) or text; id, source, url and tags are used where they are. Markdown (.md), HTML (.html), text (.txt)
    /// and PDF (.pdf) are one article each, with headings as sections. A bad article is told with its line and reason, and
    /// the others go in. A server that runs on the same database finds them within a second.
    ///
    /// Exit codes: 0 all articles are in, 2 some were bad, 64 bad settings, 65 a file cannot be read as what its name
    /// says, 66 no such file, 69 the database cannot be used.
    Articles(articles::ImportArticles),
}

/// Settings of `madang import artworks`.
#[derive(Debug, Args)]
pub struct ImportArtworks {
    /// The file.
    pub file: PathBuf,
    /// Where the file comes from. Together with the accession number it names an artwork: the same never goes in twice.
    #[arg(long, default_value = DEFAULT_SOURCE)]
    pub source: String,
    /// A file of settings; without it the defaults and the environment count.
    #[arg(long)]
    pub config: Option<PathBuf>,
}

/// What came of an import.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Report {
    /// How many went in.
    pub added: u64,
    /// How many were there before.
    pub known: u64,
    /// Those that did not go in.
    pub bad: Vec<BadRow>,
}

/// Why an import ended early. What went in before stays in; a second run goes on.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// The settings.
    #[error("{0}")]
    Settings(#[from] BadSettings),
    /// The file cannot be opened.
    #[error("{file} cannot be opened: {source}")]
    NoFile {
        /// Its name.
        file: String,
        /// Why not.
        source: io::Error,
    },
    /// The file is something else.
    #[error("{file} is not a CSV file of artworks: {source}")]
    NotACatalogue {
        /// Its name.
        file: String,
        /// Why not.
        source: NotACatalogue,
    },
    /// The database cannot be opened.
    #[error("{0}")]
    Open(#[from] OpenError),
    /// The database failed on the way.
    #[error("the database failed, run the import again to go on: {0}")]
    Database(#[from] sqlx::Error),
}

impl ImportError {
    fn exit_code(&self) -> u8 {
        match self {
            Self::Settings(_) => EXIT_USAGE,
            Self::NoFile { .. } => EXIT_NO_INPUT,
            Self::NotACatalogue { .. } => EXIT_DATA,
            Self::Open(_) | Self::Database(_) => EXIT_UNAVAILABLE,
        }
    }
}

impl Import {
    /// Imports and says what came of it. Gives the command's exit code.
    pub async fn run(self) -> ExitCode {
        let settings = match self {
            Self::Artworks(settings) => settings,
            Self::Articles(articles) => return articles.run().await,
        };
        match settings.import().await {
            Ok(report) => {
                for bad in &report.bad {
                    complain!("{}:{}: {}", settings.file.display(), bad.line, bad.reason);
                }
                say!("{} artworks added, {} known before, {} bad rows", report.added, report.known, report.bad.len());
                if report.bad.is_empty() { ExitCode::SUCCESS } else { ExitCode::from(EXIT_BAD_ROWS) }
            }
            Err(error) => {
                complain!("madang import: {error}");
                ExitCode::from(error.exit_code())
            }
        }
    }
}

impl ImportArtworks {
    async fn import(&self) -> Result<Report, ImportError> {
        let settings = Settings::load(self.config.as_deref())?;
        let name = || self.file.display().to_string();
        let file = File::open(&self.file).map_err(|source| ImportError::NoFile { file: name(), source })?;
        let bar = bar(file.metadata().map_or(0, |facts| facts.len()));
        let rows = Rows::open(file, &self.source).map_err(|source| ImportError::NotACatalogue { file: name(), source })?;
        // The cluster must outlive the pool.
        let (db, _cluster) = Db::open(&settings.database, Share::Allowed).await?;
        let report = import(db.pool(), rows, WallClock.now(), |bytes| bar.set_position(bytes)).await;
        bar.finish_and_clear();
        db.close().await;
        Ok(report?)
    }
}

fn bar(bytes: u64) -> ProgressBar {
    let style =
        ProgressStyle::with_template("{wide_bar} {bytes}/{total_bytes} {eta}").unwrap_or_else(|_| ProgressStyle::default_bar());
    ProgressBar::with_draw_target(Some(bytes), ProgressDrawTarget::stderr()).with_style(style)
}

/// Puts the rows into the catalogue, many in one statement; `progress` hears how far into the file they have come.
///
/// # Errors
/// The database's. What went in before stays in.
pub async fn import<R: Read>(
    db: &PgPool,
    mut rows: Rows<R>,
    now: Timestamp,
    progress: impl Fn(u64),
) -> Result<Report, sqlx::Error> {
    let mut report = Report::default();
    let mut batch: Vec<NewArtwork> = Vec::with_capacity(BATCH);
    loop {
        let row = rows.next();
        let ended = row.is_none();
        match row {
            Some(Ok(new)) => batch.push(new),
            Some(Err(bad)) => report.bad.push(bad),
            None => {}
        }
        if batch.len() == BATCH || ended {
            let added = insert_artworks(db, &batch, now).await?;
            report.added += added;
            report.known += u64::try_from(batch.len()).unwrap_or(u64::MAX).saturating_sub(added);
            batch.clear();
            progress(rows.position_bytes());
        }
        if ended {
            return Ok(report);
        }
    }
}
