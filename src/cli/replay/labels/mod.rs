//! `madang replay labels`: real receipts, labeled by simulated sleepers over real sockets through the public API.
//!
//! `receipts` reads the folder, `company` asks for the campaign and brings the images in, `sleeper` is one person (who types
//! as `typing` says), `audit` compares what came of it with the truth, `report` says how it went.

pub mod audit;
pub mod company;
pub mod receipts;
pub mod report;
pub mod sleeper;
pub mod typing;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use anyhow::Context;
use clap::Args;
use futures_util::{StreamExt, TryStreamExt, stream};
use indicatif::ProgressBar;

use self::audit::{Accepted, audit};
use self::company::{Company, Terms, points_of};
use self::report::{Cast, Report};
use self::sleeper::{Dormitory, Night, Sleeper};
use self::typing::Habit;
use crate::cli::client::ClientError;
use crate::cli::client::account::Account;
use crate::cli::client::api::Api;
use crate::cli::replay::{DEMO_ADMIN, DEMO_COMPANY, bar, print};

/// How many sign-ups are under way at once: the server hashes a password for each.
const AT_ONCE: usize = 8;
/// How often the owner looks how far it is.
const LOOK_EVERY: Duration = Duration::from_millis(500);
/// After so long without an answer by anybody it is over: there is nobody left for the boxes that are still open.
const SILENCE: Duration = Duration::from_secs(20);
/// The points of an answer are there a moment after the answer; this is how long that may take.
const PAID_WITHIN: Duration = Duration::from_secs(15);

/// Settings of `madang replay labels`.
#[derive(Debug, Args)]
pub struct ReplayLabels {
    /// The folder of receipts.
    pub folder: PathBuf,
    /// The server's address.
    #[arg(long, default_value = "http://127.0.0.1:8080")]
    pub server: String,
    /// How many sleepers label.
    #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u16).range(1..=1000))]
    pub workers: u16,
    /// The share of an honest sleeper's answers that have a slip, 0 to 1.
    #[arg(long, default_value_t = 0.08, value_parser = share)]
    pub error_rate: f64,
    /// The share of sleepers who type nothing of use, half of them all the same and half of them anything, 0 to 1.
    #[arg(long, default_value_t = 0.06, value_parser = share)]
    pub spammers: f64,
    /// The share of decided boxes that must be right, 0 to 1.
    #[arg(long, default_value_t = 0.99, value_parser = share)]
    pub accuracy: f64,
    /// The share of boxes that become tests, 0 to 1.
    #[arg(long, default_value_t = 0.05, value_parser = share)]
    pub tests: f64,
    /// What an answer pays, in points.
    #[arg(long, default_value_t = 15)]
    pub points: i64,
    /// How long each sleeper looks at a box before typing, in milliseconds. 0: the campaign takes answers of any speed;
    /// otherwise it keeps the house's rule against answers faster than anybody can read.
    #[arg(long, default_value_t = 250)]
    pub think_ms: u64,
    /// Only the first N receipts.
    #[arg(long, default_value_t = usize::MAX, hide_default_value = true)]
    pub images: usize,
    /// E-mail address of the company whose campaign it is.
    #[arg(long, default_value = DEMO_COMPANY.0)]
    pub company_email: String,
    /// The company's password.
    #[arg(long, env = "MADANG_COMPANY_PASSWORD", default_value = DEMO_COMPANY.1, hide_env_values = true)]
    pub company_password: String,
    /// E-mail address of the admin who approves the campaign.
    #[arg(long, default_value = DEMO_ADMIN.0)]
    pub email: String,
    /// The admin's password.
    #[arg(long, env = "MADANG_ADMIN_PASSWORD", default_value = DEMO_ADMIN.1, hide_env_values = true)]
    pub password: String,
    /// A name for this run. The same name continues where a replay of that name was stopped; the default is a new one.
    #[arg(long)]
    pub run: Option<String>,
    /// Seconds to go on asking while the server is away.
    #[arg(long, default_value_t = 120)]
    pub patience_s: u64,
    /// Print the figures as JSON.
    #[arg(long)]
    pub json: bool,
}

fn share(text: &str) -> Result<f64, String> {
    let value: f64 = text.parse().map_err(|_| "not a number".to_owned())?;
    if (0.0..=1.0).contains(&value) { Ok(value) } else { Err("must be between 0 and 1".to_owned()) }
}

impl ReplayLabels {
    /// Replays and prints the figures.
    ///
    /// # Errors
    /// As [`ReplayLabels::replay`].
    pub async fn run(self) -> anyhow::Result<ExitCode> {
        let report = self.replay().await?;
        print(&report, self.json, &report.shortfalls(self.accuracy))
    }

    /// Has the receipts labeled.
    ///
    /// # Errors
    /// When the folder cannot be read, somebody cannot sign in, or the server stays away longer than the patience.
    pub async fn replay(&self) -> anyhow::Result<Report> {
        let receipts = receipts::read(&self.folder, self.images)?;
        let patience = Duration::from_secs(self.patience_s);
        let api = Api::new(&self.server)?;
        let run = self.run.clone().unwrap_or_else(|| format!("{:08x}", rand::random::<u32>()));
        let terms = Terms { points: self.points, gold_bp: basis_points(self.tests), any_speed: self.think_ms == 0 };
        let people = (self.signed_in_company(&api, patience).await?, self.signed_in_admin(&api, patience).await?);
        let company = Company::found(&api, people, &run, terms, patience).await.context("the campaign cannot be had")?;
        let boxes: usize = receipts.iter().map(|receipt| receipt.boxes.len()).sum();
        let uploading = bar("uploading", boxes, self.json);
        company.upload(receipts::archive(&receipts)?, terms, patience).await.context("the upload failed")?;
        uploading.finish_and_clear();
        let placed: Vec<_> = company.tasks().await?.iter().filter_map(company::TaskRow::placed).collect();
        let truths = receipts::truths(&receipts, &placed);
        let sleepers = self.sleepers(&api, &run, patience).await?;
        let dormitory = Arc::new(Dormitory {
            api: api.clone(),
            run,
            campaign: company.campaign,
            truths,
            error_rate: self.error_rate,
            think: Duration::from_millis(self.think_ms),
            patience,
            over: AtomicBool::new(false),
            answers: AtomicU64::new(0),
        });
        let begun = Instant::now();
        let (nights, last) = self.nights(&company, &dormitory, &sleepers, boxes).await?;
        let took = last.saturating_duration_since(begun);
        let accepted = accepted(&sleepers, &nights);
        let found = audit(&company.tasks().await?, &dormitory.truths, &accepted, self.points);
        let paid = paid(&api, &sleepers, found.due, patience).await?;
        let spammers = sleepers.iter().filter(|sleeper| sleeper.habit != Habit::Honest).count();
        let cast = Cast { images: receipts.len(), workers: sleepers.len(), spammers };
        Ok(Report::of(cast, &nights, found, paid, took))
    }

    async fn signed_in_company(&self, api: &Api, patience: Duration) -> anyhow::Result<Arc<Account>> {
        let company = Account::sign_in(api, &self.company_email, &self.company_password, patience).await;
        company.map(Arc::new).context("the company cannot sign in (see --company-email and --company-password)")
    }

    async fn signed_in_admin(&self, api: &Api, patience: Duration) -> anyhow::Result<Arc<Account>> {
        let admin = Account::sign_in(api, &self.email, &self.password, patience).await;
        admin.map(Arc::new).context("the admin cannot sign in (see --email and --password)")
    }

    async fn sleepers(&self, api: &Api, run: &str, patience: Duration) -> anyhow::Result<Vec<Sleeper>> {
        let count = usize::from(self.workers);
        let signing_up = bar("signing sleepers up", count, self.json);
        let sleepers = stream::iter((0..count).map(|n| {
            let signing_up = &signing_up;
            async move {
                let (email, name) = (format!("sleeper{n}.{run}@replay.example"), format!("Sleeper {n}"));
                // Not a secret: they own nothing but play points.
                let account = Account::sign_up(api, &email, &format!("replay-{run}-password"), &name, patience).await?;
                signing_up.inc(1);
                let habit = Habit::of(n, count, self.spammers);
                Ok::<_, ClientError>(Sleeper { n, account: Arc::new(account), habit })
            }
        }));
        let sleepers = sleepers.buffered(AT_ONCE).try_collect().await.context("a sleeper cannot sign up")?;
        signing_up.finish_and_clear();
        Ok(sleepers)
    }

    /// Lets all label until nothing is open. Gives what each did, and when the last answer was seen.
    async fn nights(
        &self,
        company: &Company,
        dormitory: &Arc<Dormitory>,
        sleepers: &[Sleeper],
        boxes: usize,
    ) -> anyhow::Result<(Vec<Night>, Instant)> {
        let labeling = bar("labeling", boxes, self.json);
        let nights = sleepers.iter().map(|sleeper| {
            let (dormitory, sleeper) = (Arc::clone(dormitory), sleeper.clone());
            tokio::spawn(async move { dormitory.sleep(&sleeper).await })
        });
        let nights: Vec<_> = nights.collect();
        let watched = watch(company, dormitory, &labeling).await;
        dormitory.over.store(true, Ordering::Relaxed);
        let mut done = Vec::with_capacity(nights.len());
        for night in nights {
            done.push(night.await.context("a sleeper failed")??);
        }
        labeling.finish_and_clear();
        Ok((done, watched?))
    }
}

/// Looks until nothing is open, or nobody answers any more. Gives when the last answer was seen.
async fn watch(company: &Company, dormitory: &Dormitory, labeling: &ProgressBar) -> Result<Instant, ClientError> {
    let (mut answers, mut last) = (0, Instant::now());
    loop {
        tokio::time::sleep(LOOK_EVERY).await;
        let now = dormitory.answers.load(Ordering::Relaxed);
        if now > answers {
            (answers, last) = (now, Instant::now());
        }
        let progress = company.progress().await?;
        labeling.set_position(progress.done.saturating_add(progress.review));
        if progress.open == 0 || last.elapsed() > SILENCE {
            return Ok(last);
        }
    }
}

fn accepted(sleepers: &[Sleeper], nights: &[Night]) -> Accepted {
    let mut accepted = BTreeMap::new();
    for (sleeper, night) in sleepers.iter().zip(nights) {
        for given in night.given.iter().filter(|given| given.refused.is_none()) {
            accepted.insert((given.task, sleeper.account.user), given.text.clone());
        }
    }
    accepted
}

/// What all sleepers have together, once it is what is due or does not become so.
async fn paid(api: &Api, sleepers: &[Sleeper], due: i64, patience: Duration) -> Result<i64, ClientError> {
    let begun = Instant::now();
    loop {
        let mut sum = 0_i64;
        for sleeper in sleepers {
            sum = sum.saturating_add(points_of(api, &sleeper.account, patience).await?);
        }
        if sum == due || begun.elapsed() > PAID_WITHIN {
            return Ok(sum);
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

/// A share in basis points.
#[expect(clippy::as_conversions, reason = "between nothing and one whole")]
fn basis_points(share: f64) -> u16 {
    (share * 10_000.0).round() as u16
}
