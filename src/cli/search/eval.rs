//! `madang search eval`: questions whose right articles are known.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::Context;
use clap::Args;
use indicatif::ProgressBar;
use madang_domain::knowledge::article::{Article, Origin};
use madang_domain::knowledge::measure::{Judged, figures, judge};
use serde::Serialize;

use super::made_up::Maker;
use super::questions::{self, BadQuestions, Named, Question};
use crate::actors::kernel::clock::{Clock, WallClock};
use crate::actors::knowledge::{Filter, Knowledge};
use crate::app::knowledge;
use crate::cli::bench::house::tempdir::Dir;
use crate::cli::exit;
use crate::cli::figures::percentile_ms;
use crate::cli::import::articles::{ImportError, open};
use crate::cli::say::{complain, say};
use crate::config::{DatabaseSettings, Settings};
use crate::storage::knowledge::articles;
use crate::storage::{Db, Share};

/// Passages that are asked for: of ten articles at least, where there are so many.
const PASSAGES: usize = 20;
/// Articles kept in one transaction.
const BATCH: usize = 100;

/// Settings of `madang search eval`.
#[derive(Debug, Args)]
pub struct Eval {
    /// The questions.
    pub questions: PathBuf,
    /// Search these articles alone, in a database that is thrown away.
    #[arg(long, value_name = "FILE")]
    pub articles: Option<PathBuf>,
    /// With --articles: make up others of their words, until there are so many.
    #[arg(long, value_name = "COUNT", requires = "articles", default_value_t = 0)]
    pub fill: usize,
    /// Exit code 1 when fewer questions than this share find a right article among the first five.
    #[arg(long, value_name = "SHARE")]
    pub at_least: Option<f64>,
    /// Exit code 1 when one question in a hundred takes longer, in ms.
    #[arg(long, value_name = "MS")]
    pub within: Option<f64>,
    /// Print each question that does not find a right article among the first five.
    #[arg(long)]
    pub misses: bool,
    /// Print the figures as JSON.
    #[arg(long)]
    pub json: bool,
    /// A file of settings; without it the defaults and the environment count.
    #[arg(long)]
    pub config: Option<PathBuf>,
}

/// What was measured.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Report {
    /// Whose vectors were compared.
    pub model: String,
    /// Articles that were searched.
    pub articles: i64,
    /// Their chunks.
    pub chunks: i64,
    /// How long it took to make the index, in s.
    pub index_s: f64,
    /// Questions asked.
    pub questions: usize,
    /// Questions whose right articles are not there at all: they are not counted.
    pub left_out: usize,
    /// Share of questions whose first article is right.
    pub hit1: f64,
    /// Share with a right one among the first five.
    pub hit5: f64,
    /// Mean of the discounted gain of the first ten.
    pub ndcg10: f64,
    /// Mean of one over the place of the first right one.
    pub mrr: f64,
    /// Time for one question, half of them are faster, in ms.
    pub p50_ms: f64,
    /// 99 of a hundred are faster, in ms.
    pub p99_ms: f64,
    /// The slowest, in ms.
    pub max_ms: f64,
}

impl Eval {
    /// Measures and prints.
    ///
    /// # Errors
    /// What could not be asked.
    pub async fn run(self) -> anyhow::Result<ExitCode> {
        let questions = match questions::read(&self.questions) {
            Ok(questions) => questions,
            Err(bad) => {
                complain!("madang search eval: {}: {bad}", self.questions.display());
                let code = if matches!(bad, BadQuestions::Io(_)) { exit::NO_INPUT } else { exit::DATA };
                return Ok(ExitCode::from(code));
            }
        };
        let settings = Settings::load(self.config.as_deref())?;
        let report = match &self.articles {
            None => {
                let (db, _cluster) = Db::open(&settings.database, Share::Allowed).await?;
                let report = self.measure(&settings, &db, &questions).await?;
                db.close().await;
                report
            }
            Some(path) => match self.measure_alone(&settings, path, &questions).await {
                Ok(report) => report,
                Err(error) => return file_or(error),
            },
        };
        if self.json {
            say!("{}", serde_json::to_string_pretty(&report)?);
        } else {
            say!("{}", report.text().trim_end());
        }
        let good =
            self.at_least.is_none_or(|least| report.hit5 >= least) && self.within.is_none_or(|most| report.p99_ms <= most);
        Ok(if good { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }

    async fn measure_alone(&self, settings: &Settings, path: &Path, questions: &[Question]) -> anyhow::Result<Report> {
        let mut real: Vec<(Origin, Article)> = Vec::new();
        for read in open(path, "import", &[])? {
            real.extend(read.with_context(|| path.display().to_string())?.0.ok());
        }
        let dir = Dir::new("madang-eval")?;
        let database = DatabaseSettings { url: String::new(), data_dir: dir.path().to_owned(), ..settings.database.clone() };
        let (db, cluster) = Db::open(&database, Share::Refused).await?;
        let clock: Arc<dyn Clock> = Arc::new(WallClock);
        let known = knowledge::open(&settings.knowledge, &clock, &db)?;
        let bar = ProgressBar::new(u64::try_from(self.fill.max(real.len())).unwrap_or(0));
        let mut maker = Maker::new(&real);
        let mut left = real.len()..self.fill;
        while !real.is_empty() {
            bar.inc(u64::try_from(real.len()).unwrap_or(0));
            known.keep(std::mem::take(&mut real), None).await?;
            real = left.by_ref().take(BATCH).map(|number| maker.article(number)).collect::<Result<_, _>>()?;
        }
        bar.finish_and_clear();
        let report = self.measure(settings, &db, questions).await;
        db.close().await;
        if let Some(cluster) = cluster {
            tokio::task::spawn_blocking(move || cluster.stop()).await?;
        }
        report
    }

    async fn measure(&self, settings: &Settings, db: &Db, questions: &[Question]) -> anyhow::Result<Report> {
        let clock: Arc<dyn Clock> = Arc::new(WallClock);
        let known = knowledge::open(&settings.knowledge, &clock, db)?;
        known.embed_missing_where_kept().await?;
        let began = Instant::now();
        known.catch_up().await?;
        let index_s = began.elapsed().as_secs_f64();
        let overview = articles::overview(db.pool()).await?;
        let numbers = Numbers::new(articles::names(db.pool()).await?);
        let (mut judged, mut times, mut left_out) = (Vec::new(), Vec::new(), 0);
        for question in questions {
            let right: Vec<i64> = question.right.iter().flat_map(|named| numbers.of(named)).collect();
            if right.is_empty() {
                left_out += 1;
                continue;
            }
            let (found, time) = ask(&known, &question.text).await?;
            let one = judge(&found, &right);
            if self.misses && one.first.is_none_or(|place| place > 5) {
                miss(&question.text, one);
            }
            judged.push(one);
            times.push(time);
        }
        times.sort_unstable();
        let means = figures(&judged);
        Ok(Report {
            model: known.state().model,
            articles: overview.articles,
            chunks: overview.chunks,
            index_s,
            questions: means.questions,
            left_out,
            hit1: means.hit1,
            hit5: means.hit5,
            ndcg10: means.ndcg10,
            mrr: means.mrr,
            p50_ms: percentile_ms(&times, 50),
            p99_ms: percentile_ms(&times, 99),
            max_ms: percentile_ms(&times, 100),
        })
    }
}

/// The articles that are found, the best first, each once; and how long it took.
async fn ask(known: &Knowledge, question: &str) -> anyhow::Result<(Vec<i64>, Duration)> {
    let began = Instant::now();
    let found = known.search(question, &Filter::default(), PASSAGES).await;
    let time = began.elapsed();
    let found = found.map_err(|denied| anyhow::anyhow!("a question was refused: {}", denied.code()))?;
    let mut articles: Vec<i64> = Vec::new();
    for passage in found {
        if !articles.contains(&passage.article) {
            articles.push(passage.article);
        }
    }
    Ok((articles, time))
}

fn miss(question: &str, judged: Judged) {
    match judged.first {
        Some(place) => complain!("{place:>4}  {question}"),
        None => complain!("none  {question}"),
    }
}

fn file_or(error: anyhow::Error) -> anyhow::Result<ExitCode> {
    let code = match error.downcast_ref() {
        Some(ImportError::NoFile { .. }) => exit::NO_INPUT,
        Some(ImportError::Bad { .. }) => exit::DATA,
        Some(ImportError::Settings(_) | ImportError::Build(_) | ImportError::Open(_) | ImportError::Database(_)) | None => {
            return Err(error);
        }
    };
    complain!("madang search eval: {error}");
    Ok(ExitCode::from(code))
}

/// Articles by their names.
struct Numbers {
    by_both: HashMap<(String, String), i64>,
    by_name: HashMap<String, Vec<i64>>,
}

impl Numbers {
    fn new(names: Vec<(i64, String, String)>) -> Self {
        let (mut by_both, mut by_name) = (HashMap::new(), HashMap::<String, Vec<i64>>::new());
        for (id, source, name) in names {
            by_name.entry(name.clone()).or_default().push(id);
            by_both.insert((source, name), id);
        }
        Self { by_both, by_name }
    }

    fn of(&self, named: &Named) -> Vec<i64> {
        match &named.source {
            Some(source) => self.by_both.get(&(source.clone(), named.name.clone())).copied().into_iter().collect(),
            None => self.by_name.get(&named.name).cloned().unwrap_or_default(),
        }
    }
}

impl Report {
    fn text(&self) -> String {
        let Self { model, articles, chunks, index_s, questions, left_out, hit1, hit5, ndcg10, mrr, p50_ms, p99_ms, max_ms } =
            self;
        let left_out = if *left_out == 0 { String::new() } else { format!(" ({left_out} left out: no such article)") };
        format!(
            "articles   {articles} in {chunks} chunks, vectors: {model}; index made in {index_s:.2} s\n\
             questions  {questions}{left_out}\n\
             hit@1      {hit1:.4}\n\
             hit@5      {hit5:.4}\n\
             nDCG@10    {ndcg10:.4}\n\
             MRR        {mrr:.4}\n\
             time       p50 {p50_ms:.2} ms, p99 {p99_ms:.2} ms, slowest {max_ms:.2} ms\n"
        )
    }
}
