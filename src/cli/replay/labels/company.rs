//! The company's side of a replay: a campaign, its approval, the upload, and what came of it.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, anyhow};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::receipts::{Placed, Region};
use crate::cli::client::ClientError;
use crate::cli::client::account::Account;
use crate::cli::client::api::{Api, Ask};
use crate::cli::client::patience::Patience;
use crate::cli::replay::command_id;

/// Tasks on one page.
const PAGE: usize = 100;

/// The campaign of a run.
#[derive(Debug)]
pub struct Company {
    /// The server.
    pub api: Api,
    /// Whose campaign it is.
    pub owner: Arc<Account>,
    /// Who approves it.
    pub admin: Arc<Account>,
    /// The run's name.
    pub run: String,
    /// How long to ask again while the server is away.
    pub patience: Duration,
    /// The campaign's number.
    pub campaign: i64,
}

#[derive(Debug, Deserialize)]
struct Created {
    id: i64,
}

#[derive(Debug, Deserialize)]
struct Announced {
    upload: Upload,
    put: Put,
}

#[derive(Debug, Deserialize)]
struct Put {
    url: String,
    headers: BTreeMap<String, String>,
}

/// An upload, as far as we read it.
#[derive(Debug, Clone, Deserialize)]
struct Upload {
    id: i64,
    state: String,
    #[serde(default)]
    failure: Value,
    files_refused: u32,
    tasks: u32,
    tasks_added: u32,
}

/// How far the campaign is, as far as we read it.
#[derive(Debug, Clone, Deserialize)]
pub struct Progress {
    /// Tasks that are still asked about.
    pub open: u64,
    /// Tasks that are settled.
    pub done: u64,
    /// Tasks that wait for a person's eye.
    pub review: u64,
}

#[derive(Debug, Deserialize)]
struct View {
    progress: Progress,
}

/// One answer to a task, as the owner sees it.
#[derive(Debug, Clone, Deserialize)]
pub struct GivenAnswer {
    /// Who.
    pub worker: i64,
    /// What.
    pub answer: String,
    /// waiting, right, wrong, dropped or late.
    pub standing: String,
}

impl GivenAnswer {
    /// Whether it is one of those that decide.
    #[must_use]
    pub fn counts(&self) -> bool {
        !matches!(self.standing.as_str(), "late" | "dropped")
    }
}

/// A task with what came of it, as the owner sees it.
#[derive(Debug, Clone, Deserialize)]
pub struct TaskRow {
    /// Its number.
    pub task: u32,
    image: String,
    width: u32,
    height: u32,
    region: Option<Region>,
    /// open, review, decided, unusable, undecided; gold for a test.
    pub state: String,
    /// The answer, where it is decided.
    #[serde(default)]
    pub answer: Option<String>,
    /// The known answer of a test.
    #[serde(default)]
    pub gold: Option<String>,
    /// So many answers are wanted, and never more.
    pub wanted: usize,
    /// Every answer.
    pub answers: Vec<GivenAnswer>,
}

impl TaskRow {
    /// Where it is.
    #[must_use]
    pub fn placed(&self) -> Option<Placed> {
        let (task, image, width, height) = (self.task, self.image.clone(), self.width, self.height);
        self.region.map(|region| Placed { task, image, width, height, region })
    }
}

#[derive(Debug, Deserialize)]
struct Page<T> {
    items: Vec<T>,
    next: Option<String>,
}

/// What was asked for and what it paid.
#[derive(Debug, Clone, Copy)]
pub struct Terms {
    /// What one answer pays.
    pub points: i64,
    /// How many of ten thousand boxes become tests.
    pub gold_bp: u16,
    /// Whether answers may be faster than a person can read.
    pub any_speed: bool,
}

impl Company {
    /// Asks for the campaign and has it approved.
    ///
    /// # Errors
    /// As [`Api::persist`].
    pub async fn found(
        api: &Api,
        (owner, admin): (Arc<Account>, Arc<Account>),
        run: &str,
        terms: Terms,
        patience: Duration,
    ) -> Result<Self, ClientError> {
        let mut rules = json!({ "kind": "ocr", "instructions": "Type what you read in the box.", "points": terms.points });
        if let (Value::Object(fields), true) = (&mut rules, terms.any_speed) {
            fields.insert("min_answer_ms".to_owned(), json!(0));
        }
        let body = json!({ "name": format!("Receipts {run}"), "rules": rules });
        let token = owner.token().await?;
        let ask = Ask::post("/campaigns", body).by(&token).once(command_id(run, "campaign"));
        let created: Created = api.persist(&ask, patience).await?;
        let company = Self { api: api.clone(), owner, admin, run: run.to_owned(), patience, campaign: created.id };
        let path = format!("/campaigns/{}/approve", company.campaign);
        let token = company.admin.token().await?;
        let ask = Ask::post(&path, json!({})).by(&token).once(command_id(run, "approve"));
        api.persist::<Value>(&ask, patience).await?;
        Ok(company)
    }

    /// Brings the archive in and waits until all of it is tasks. Gives how many.
    ///
    /// # Errors
    /// As [`Api::persist`], or when the server did not take every file.
    pub async fn upload(&self, archive: Vec<u8>, terms: Terms, limit: Duration) -> anyhow::Result<u32> {
        let path = format!("/campaigns/{}/uploads", self.campaign);
        let body = json!({
            "name": "receipts.zip", "type": "application/zip", "bytes": archive.len(), "gold_share_bp": terms.gold_bp,
            "gold_seed": 1,
        });
        let token = self.owner.token().await?;
        let ask = Ask::post(&path, body).by(&token).once(command_id(&self.run, "upload"));
        let known = match self.api.persist::<Announced>(&ask, self.patience).await {
            Ok(announced) => {
                self.api.put(&announced.put.url, &announced.put.headers, archive, self.patience).await?;
                announced.upload
            }
            // A run of this name brought it in already.
            Err(error) if error.code() == Some("upload.over") => self.newest(&path).await?,
            Err(error) => return Err(error.into()),
        };
        let one = format!("{path}/{}", known.id);
        let complete = format!("{one}/complete");
        let ask = Ask::post(&complete, json!({})).by(&token).once(command_id(&self.run, "complete"));
        self.api.persist::<Value>(&ask, self.patience).await?;
        let mut patience = Patience::of(limit);
        loop {
            let upload: Upload = self.get(&one).await?;
            match upload.state.as_str() {
                "done" if upload.files_refused == 0 => return Ok(upload.tasks_added),
                "done" => return Err(anyhow!("the server refused {} files of the archive", upload.files_refused)),
                "working" => {}
                other => return Err(anyhow!("the upload is {other}: {}", upload.failure)),
            }
            patience.wait(&format!("{} of {} tasks are in", upload.tasks_added, upload.tasks)).await?;
        }
    }

    async fn newest(&self, path: &str) -> anyhow::Result<Upload> {
        let page: Page<Upload> = self.get(path).await?;
        page.items.into_iter().next().context("there is no upload")
    }

    /// How far the campaign is.
    ///
    /// # Errors
    /// As [`Api::persist`].
    pub async fn progress(&self) -> Result<Progress, ClientError> {
        let view: View = self.get(&format!("/campaigns/{}", self.campaign)).await?;
        Ok(view.progress)
    }

    /// Every task with every answer, tests among them.
    ///
    /// # Errors
    /// As [`Api::persist`].
    pub async fn tasks(&self) -> Result<Vec<TaskRow>, ClientError> {
        let mut rows = Vec::new();
        for state in ["all", "gold"] {
            let first = format!("/campaigns/{}/results?state={state}&limit={PAGE}", self.campaign);
            let mut path = Some(first.clone());
            while let Some(here) = path {
                let page: Page<TaskRow> = self.get(&here).await?;
                rows.extend(page.items);
                path = page.next.map(|next| format!("{first}&cursor={next}"));
            }
        }
        Ok(rows)
    }

    async fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T, ClientError> {
        let token = self.owner.token().await?;
        self.api.persist(&Ask::get(path).by(&token), self.patience).await
    }
}

/// The points that a person has to spend.
///
/// # Errors
/// As [`Api::persist`].
pub async fn points_of(api: &Api, account: &Account, limit: Duration) -> Result<i64, ClientError> {
    #[derive(Deserialize)]
    struct Wallet {
        accounts: Vec<Purse>,
    }
    #[derive(Deserialize)]
    struct Purse {
        currency: String,
        balance: i64,
    }
    let token = account.token().await?;
    let wallet: Wallet = api.persist(&Ask::get("/wallet").by(&token), limit).await?;
    Ok(wallet.accounts.iter().filter(|purse| purse.currency == "PTS").map(|purse| purse.balance).sum())
}
