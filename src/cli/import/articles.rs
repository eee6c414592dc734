//! `madang import articles`: files of articles, straight into the database.

use std::fs::File;
use std::io::{self, BufReader};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use clap::Args;
use indicatif::ProgressBar;
use madang_domain::knowledge::article::{Article, Origin};

use super::{DEFAULT_SOURCE, EXIT_BAD_ROWS, EXIT_DATA, EXIT_NO_INPUT, EXIT_UNAVAILABLE, EXIT_USAGE, bar};
use crate::actors::kernel::clock::{Clock, WallClock};
use crate::actors::knowledge::Knowledge;
use crate::actors::knowledge::intake::{BadFile, Format, Given, Read, jsonl, read};
use crate::app::{BuildError, knowledge};
use crate::cli::say::{complain, say};
use crate::config::{BadSettings, Settings};
use crate::storage::knowledge::articles::Kept;
use crate::storage::{Db, OpenError, Share};

/// So many articles go into one transaction.
const BATCH: usize = 50;

/// Settings of `madang import articles`.
#[derive(Debug, Args)]
pub struct ImportArticles {
    /// The files.
    #[arg(required = true)]
    pub files: Vec<PathBuf>,
    /// Where articles come from that do not say so themselves. Together with its name it names an article.
    #[arg(long, default_value = DEFAULT_SOURCE)]
    pub source: String,
    /// A tag for each article; may be given several times.
    #[arg(long = "tag", value_name = "TAG")]
    pub tags: Vec<String>,
    /// A file of settings; without it the defaults and the environment count.
    #[arg(long)]
    pub config: Option<PathBuf>,
}

/// What came of an import.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Report {
    /// How many are new.
    pub added: u64,
    /// How many got a new version.
    pub changed: u64,
    /// How many were there just so.
    pub unchanged: u64,
    /// How many did not go in.
    pub bad: u64,
}

/// Why an import ended early. What went in before stays in; a second run goes on.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// The settings.
    #[error("{0}")]
    Settings(#[from] BadSettings),
    /// The same, found out by who uses them.
    #[error("{0}")]
    Build(#[from] BuildError),
    /// A file cannot be opened.
    #[error("{file} cannot be opened: {source}")]
    NoFile {
        /// Its name.
        file: String,
        /// Why not.
        source: io::Error,
    },
    /// A file is something else.
    #[error("{file}: {why}")]
    Bad {
        /// Its name.
        file: String,
        /// Why not.
        why: String,
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
            Self::Settings(_) | Self::Build(_) => EXIT_USAGE,
            Self::NoFile { .. } => EXIT_NO_INPUT,
            Self::Bad { .. } => EXIT_DATA,
            Self::Open(_) | Self::Database(_) => EXIT_UNAVAILABLE,
        }
    }
}

impl ImportArticles {
    /// Imports and says what came of it. Gives the command's exit code.
    pub async fn run(self) -> ExitCode {
        match self.import().await {
            Ok(Report { added, changed, unchanged, bad }) => {
                say!("{added} articles added, {changed} changed, {unchanged} known before, {bad} bad");
                if bad == 0 { ExitCode::SUCCESS } else { ExitCode::from(EXIT_BAD_ROWS) }
            }
            Err(error) => {
                complain!("madang import: {error}");
                ExitCode::from(error.exit_code())
            }
        }
    }

    async fn import(&self) -> Result<Report, ImportError> {
        let settings = Settings::load(self.config.as_deref())?;
        // The cluster must outlive the pool.
        let (db, _cluster) = Db::open(&settings.database, Share::Allowed).await?;
        let clock: Arc<dyn Clock> = Arc::new(WallClock);
        let known = knowledge::open(&settings.knowledge, &clock, &db)?;
        let mut report = Report::default();
        for path in &self.files {
            self.import_file(&known, path, &mut report).await?;
        }
        db.close().await;
        Ok(report)
    }

    async fn import_file(&self, known: &Knowledge, path: &Path, report: &mut Report) -> Result<(), ImportError> {
        let name = || path.display().to_string();
        let opened = open(path, &self.source, &self.tags)?;
        let bar = bar(std::fs::metadata(path).map_or(0, |facts| facts.len()));
        let told = |fault: &crate::actors::knowledge::intake::Fault| {
            let line = fault.line.map(|line| format!(":{line}")).unwrap_or_default();
            bar.suspend(|| complain!("{}{line}: {}", path.display(), fault.message));
        };
        keep(known, opened, report, &bar, told).await.map_err(|error| match error {
            Stopped::Database(error) => ImportError::Database(error),
            Stopped::File(source) => ImportError::NoFile { file: name(), source },
        })?;
        bar.finish_and_clear();
        Ok(())
    }
}

/// Why a file was not read to its end.
#[derive(Debug)]
pub enum Stopped {
    /// The database.
    Database(sqlx::Error),
    /// The file.
    File(io::Error),
}

/// The articles of a file, in order, each with how far into the file it is, in bytes.
pub type Opened = Box<dyn Iterator<Item = io::Result<(Read, u64)>> + Send>;

/// Opens a file by what its name promises. JSON Lines are read on as they are asked for.
///
/// # Errors
/// When it cannot be opened, or is not what its name says.
pub fn open(path: &Path, source: &str, tags: &[String]) -> Result<Opened, ImportError> {
    let file = path.display().to_string();
    let bad = |why: &str| ImportError::Bad { file: file.clone(), why: why.to_owned() };
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let Some(format) = Format::of_file(&name) else {
        return Err(bad("the name must end in .jsonl, .md, .html, .txt or .pdf"));
    };
    let no_file = |source| ImportError::NoFile { file: file.clone(), source };
    let given = Given { name, source: source.to_owned(), tags: tags.to_vec() };
    if format == Format::JsonLines {
        let mut articles = jsonl::Articles::new(BufReader::new(File::open(path).map_err(no_file)?), given);
        return Ok(Box::new(std::iter::from_fn(move || {
            let read = articles.next()?;
            Some(read.map(|read| (read, articles.position_bytes())))
        })));
    }
    let bytes = std::fs::read(path).map_err(no_file)?;
    let size = u64::try_from(bytes.len()).unwrap_or(0);
    let read = read(&bytes, format, &given).map_err(|why: BadFile| bad(&why.to_string()))?;
    Ok(Box::new(read.into_iter().map(move |one| Ok((one, size)))))
}

/// Keeps the articles of a file, many in one transaction.
///
/// # Errors
/// What stopped it; what went in before stays in.
pub async fn keep(
    known: &Knowledge,
    mut opened: Opened,
    report: &mut Report,
    bar: &ProgressBar,
    told: impl Fn(&crate::actors::knowledge::intake::Fault),
) -> Result<(), Stopped> {
    loop {
        let mut batch: Vec<(Origin, Article)> = Vec::with_capacity(BATCH);
        let mut ended = true;
        for read in opened.by_ref() {
            let (read, position) = read.map_err(Stopped::File)?;
            bar.set_position(position);
            match read {
                Ok(article) => batch.push(article),
                Err(fault) => {
                    report.bad += 1;
                    told(&fault);
                }
            }
            if batch.len() == BATCH {
                ended = false;
                break;
            }
        }
        for kept in known.keep(batch, None).await.map_err(Stopped::Database)? {
            match kept {
                Kept::Added(_) => report.added += 1,
                Kept::Changed(..) => report.changed += 1,
                Kept::Unchanged(..) | Kept::Conflict(_) | Kept::Unknown => report.unchanged += 1,
            }
        }
        if ended {
            return Ok(());
        }
    }
}
