//! One simulated sleeper: takes a task, types what it says, takes the next, over a socket of their own.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use serde::Deserialize;
use serde_json::{Value, json};
use uuid::Uuid;

use super::typing::{Habit, typed};
use crate::cli::client::ClientError;
use crate::cli::client::account::Account;
use crate::cli::client::api::Api;
use crate::cli::client::live::{Definite, Live};
use crate::cli::replay::command_id;
use madang_domain::code::Code;

/// How long a person waits who was told that there is nothing for them.
const PAUSE: Duration = Duration::from_millis(250);

/// What all sleepers of a run share.
#[derive(Debug)]
pub struct Dormitory {
    /// The server.
    pub api: Api,
    /// The run's name.
    pub run: String,
    /// The campaign.
    pub campaign: i64,
    /// The true text of each task.
    pub truths: BTreeMap<u32, String>,
    /// The share of answers with a slip.
    pub error_rate: f64,
    /// How long each looks at a box before typing.
    pub think: Duration,
    /// How long to ask again while the server is away.
    pub patience: Duration,
    /// Set when it is over.
    pub over: AtomicBool,
    /// Answers so far, of all.
    pub answers: AtomicU64,
}

/// One person of the run.
#[derive(Debug, Clone)]
pub struct Sleeper {
    /// Their number in the run.
    pub n: usize,
    /// Their account.
    pub account: Arc<Account>,
    /// What kind of person it is.
    pub habit: Habit,
}

/// An answer and what the server said.
#[derive(Debug, Clone)]
pub struct Given {
    /// The task.
    pub task: u32,
    /// What was typed.
    pub text: String,
    /// The code of the refusal; none when it was taken.
    pub refused: Option<String>,
    /// From the first sending to the definite answer.
    pub took: Duration,
    /// How often it was asked.
    pub tries: u32,
}

/// What one sleeper did.
#[derive(Debug, Default)]
pub struct Night {
    /// Their answers.
    pub given: Vec<Given>,
    /// How long each claim of a task took.
    pub claims: Vec<Duration>,
    /// Whether they were taken off for bad work.
    pub excluded: bool,
}

/// A task, as far as we read it.
#[derive(Debug, Deserialize)]
struct Task {
    campaign: i64,
    task: u32,
    lease: Uuid,
    fence: u64,
}

/// What came of asking for a task.
enum Claimed {
    Task(Task),
    Nothing,
    Excluded,
}

impl Dormitory {
    /// Lets a person label until there is nothing left, or they are taken off.
    ///
    /// # Errors
    /// The first answer that is neither acceptance nor refusal, or `GaveUp`.
    pub async fn sleep(&self, sleeper: &Sleeper) -> Result<Night, ClientError> {
        let (live, _ears) = Live::start(&self.api, Some(Arc::clone(&sleeper.account)));
        let mut night = Night::default();
        let mut step = 0_u64;
        while !self.over.load(Ordering::Relaxed) {
            step = step.saturating_add(1);
            let begun = Instant::now();
            match self.claim(&live, sleeper, step).await? {
                Claimed::Excluded => {
                    night.excluded = true;
                    break;
                }
                Claimed::Nothing => tokio::time::sleep(PAUSE).await,
                Claimed::Task(task) if task.campaign != self.campaign => {
                    // Somebody else's campaign runs on the same server.
                    let data = self.held(&task, &format!("skip/{}/{step}", sleeper.n));
                    live.command("label.skip", &data, self.patience).await?;
                }
                Claimed::Task(task) => {
                    night.claims.push(begun.elapsed());
                    tokio::time::sleep(self.think).await;
                    night.given.push(self.answer(&live, sleeper, &task).await?);
                    self.answers.fetch_add(1, Ordering::Relaxed);
                }
            }
        }
        Ok(night)
    }

    async fn claim(&self, live: &Live, sleeper: &Sleeper, step: u64) -> Result<Claimed, ClientError> {
        let data = json!({ "command_id": command_id(&self.run, &format!("next/{}/{step}", sleeper.n)) });
        let (refused, data) = match live.command("label.next", &data, self.patience).await {
            Ok(Definite { data, .. }) => (refusal(&data), data),
            Err(error) => match error.code().map(str::to_owned) {
                Some(code) => (Some(code), Value::Null),
                None => return Err(error),
            },
        };
        match refused {
            Some(code) if code == Code::LabelExcluded.name() => Ok(Claimed::Excluded),
            Some(code) if code == Code::LabelNothing.name() => Ok(Claimed::Nothing),
            Some(code) => Err(ClientError::Unexpected(format!("no task for {}: {code}", sleeper.account.user))),
            None => {
                let task = data.get("task").cloned().unwrap_or_default();
                let task: Option<Task> =
                    serde_json::from_value(task).map_err(|error| ClientError::Unexpected(error.to_string()))?;
                Ok(task.map_or(Claimed::Nothing, Claimed::Task))
            }
        }
    }

    async fn answer(&self, live: &Live, sleeper: &Sleeper, task: &Task) -> Result<Given, ClientError> {
        let truth = self.truths.get(&task.task).map(String::as_str).unwrap_or_default();
        let text = typed(&self.run, sleeper.n, task.task, truth, sleeper.habit, self.error_rate);
        let mut data = self.held(task, &format!("answer/{}/{}", sleeper.n, task.fence));
        if let Value::Object(fields) = &mut data {
            fields.insert("answer".to_owned(), json!(text));
        }
        let begun = Instant::now();
        let (refused, tries) = match live.command("label.answer", &data, self.patience).await {
            Ok(Definite { data, tries }) => (refusal(&data), tries),
            Err(error) => match error.code() {
                Some(code) => (Some(code.to_owned()), 1),
                None => return Err(error),
            },
        };
        Ok(Given { task: task.task, text, refused, took: begun.elapsed(), tries })
    }

    fn held(&self, task: &Task, step: &str) -> Value {
        json!({
            "campaign": task.campaign, "lease": task.lease, "fence": task.fence, "command_id": command_id(&self.run, step),
        })
    }
}

/// The code of a refusal; none for an acceptance.
fn refusal(data: &Value) -> Option<String> {
    let refused = data.get("result").and_then(Value::as_str) == Some("refused");
    refused.then(|| data.get("code").and_then(Value::as_str).unwrap_or("unnamed").to_owned())
}
