//! `madang verify`: whether what is stored is sound. Every entity is built again from its first event by the same rules
//! that decided it (`entity`), and the books are balanced. A running server may go on: it is only read.
//!
//! `madang verify FILE.json` instead repeats one draw from its proof (`proof`), without any server.

pub mod entity;
pub mod proof;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use madang_domain::alarm::AlarmClock;
use madang_domain::auction::Auction;
use madang_domain::campaign::Campaign;
use madang_domain::chat::Chat;
use madang_domain::ids::{EntityId, Kind};
use madang_domain::raffle::Raffle;
use madang_domain::user::UserInbox;
use serde::Serialize;
use sqlx::PgPool;

use self::entity::{Examined, examine};
use crate::cli::say::say;
use crate::config::Settings;
use crate::storage::audit::{self, Telling};
use crate::storage::journal::read::ReadError;
use crate::storage::{Db, Share, ledger};

/// Entities listed at a time.
const PAGE: u32 = 1_000;

/// Settings of `madang verify`.
#[derive(Debug, Args)]
pub struct Verify {
    /// The proof of a draw, as `GET /raffles/{id}/proof` gives it: then only this file is checked, without a database
    #[arg(value_name = "FILE", conflicts_with = "config")]
    pub proof: Option<PathBuf>,
    /// A file of settings; without it the defaults and the environment count
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Print the figures as JSON.
    #[arg(long)]
    pub json: bool,
}

/// What was verified, and what is wrong.
#[derive(Debug, Default, Serialize)]
pub struct Audit {
    /// Entities built again.
    pub entities: u64,
    /// Decisions whose chain, epoch and order hold and whose events the rules can apply.
    pub decisions: u64,
    /// Snapshots that are the state their events give.
    pub snapshots: u64,
    /// What is or was to be told.
    pub telling: Telling,
    /// What is wrong, in words; nothing when all is sound.
    pub broken: Vec<String>,
}

/// Audits a database.
///
/// # Errors
/// When the database cannot answer.
pub async fn audit(db: &PgPool) -> Result<Audit, ReadError> {
    let mut audit = Audit::default();
    let mut after = i64::MIN;
    loop {
        let entities = audit::list_entities(db, after, PAGE).await?;
        let Some(last) = entities.last() else { break };
        after = last.map_or_else(|packed| packed, EntityId::packed);
        for entity in entities {
            match entity {
                Ok(id) => audit.take(examine_any(db, id).await?),
                Err(packed) => audit.broken.push(format!("the journal has decisions of {packed}, which is no entity")),
            }
        }
    }
    let books = ledger::reconcile(db).await?;
    let sums = books.unbalanced.iter().map(|(currency, sum)| format!("the entries in {currency} sum to {sum}"));
    let balances = books.wrong_balances.iter().map(|account| format!("the balance of {account} is not its entries' sum"));
    let holds = books.wrong_holds.iter().map(|account| format!("what is held of {account} is not its holds' sum"));
    audit.broken.extend(sums.chain(balances).chain(holds));
    audit.telling = audit::count_telling(db).await?;
    if audit.telling.dead > 0 {
        audit.broken.push(format!("{} notices were given up", audit.telling.dead));
    }
    Ok(audit)
}

async fn examine_any(db: &PgPool, id: EntityId) -> Result<Examined, ReadError> {
    match id.kind() {
        Kind::Auction => examine::<Auction>(db, id).await,
        Kind::User => examine::<UserInbox>(db, id).await,
        Kind::Alarm => examine::<AlarmClock>(db, id).await,
        Kind::Raffle => examine::<Raffle>(db, id).await,
        Kind::Campaign => examine::<Campaign>(db, id).await,
        Kind::Chat => examine::<Chat>(db, id).await,
    }
}

impl Audit {
    fn take(&mut self, examined: Examined) {
        self.entities = self.entities.saturating_add(1);
        self.decisions = self.decisions.saturating_add(examined.decisions);
        self.snapshots = self.snapshots.saturating_add(examined.snapshots);
        self.broken.extend(examined.broken);
    }
}

impl Verify {
    /// Audits, or checks a proof, and prints. The exit code is 1 when something is wrong.
    ///
    /// # Errors
    /// Settings, a file that is no proof, or a database that cannot be opened or cannot answer.
    pub async fn run(self) -> anyhow::Result<ExitCode> {
        if let Some(file) = &self.proof {
            return proof::check(file, self.json);
        }
        let settings = Settings::load(self.config.as_deref())?;
        let (db, cluster) = Db::open(&settings.database, Share::Allowed).await?;
        let audited = audit(db.pool()).await;
        db.close().await;
        if let Some(cluster) = cluster {
            tokio::task::spawn_blocking(move || cluster.stop()).await?;
        }
        self.print(&audited?)
    }

    fn print(&self, audit: &Audit) -> anyhow::Result<ExitCode> {
        if self.json {
            say!("{}", serde_json::to_string_pretty(audit)?);
        } else {
            let Audit { entities, decisions, snapshots, telling, broken } = audit;
            say!("{entities} entities built again from {decisions} decisions, {snapshots} snapshots compared");
            say!("{} notices told, {} on their way, {} given up", telling.done, telling.waiting, telling.dead);
            say!("{}", if broken.is_empty() { "all is sound" } else { "something is wrong:" });
            broken.iter().for_each(|words| say!("  {words}"));
        }
        Ok(if audit.broken.is_empty() { ExitCode::SUCCESS } else { ExitCode::from(1) })
    }
}
