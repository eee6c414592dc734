//! What the clients saw: every call with its times and its definite answer.

use std::sync::Arc;
use std::time::{Duration, Instant};

use madang::cli::client::ClientError;
use madang::cli::client::live::Definite;
use madang_domain::auction::Command;
use madang_domain::entity::Actor;
use parking_lot::Mutex;
use serde_json::Value;
use uuid::Uuid;

use super::nemesis::Pulse;

/// One call of one client. Times are from the beginning of the run.
#[derive(Debug, Clone)]
pub struct Call {
    /// To which auction.
    pub auction: i64,
    /// Under which id; reads have none.
    pub id: Option<Uuid>,
    /// Who called.
    pub actor: Actor,
    /// What; `None` is a read.
    pub command: Option<Command>,
    /// When it was first sent.
    pub sent: Duration,
    /// When its definite answer was there.
    pub done: Duration,
    /// How often it was asked.
    pub tries: u32,
    /// The answer.
    pub reply: Reply,
}

/// A definite answer, or none.
#[derive(Debug, Clone)]
pub enum Reply {
    /// Done, at this place of the journal.
    Accepted { seq: u64, offset: Option<u64>, data: Value, duplicate: bool },
    /// Done, and this is what was seen afterwards, at this place of the journal.
    Done { seq: u64, data: Value },
    /// Refused, true at this place of the journal.
    Refused { seq: u64, code: String, detail: Value },
    /// What a read saw.
    Seen { seq: u64, data: Value },
    /// An error that is final, or the patience ran out.
    Failed(String),
}

impl Reply {
    /// The place in the journal it speaks of.
    pub fn seq(&self) -> Option<u64> {
        match self {
            Self::Accepted { seq, .. } | Self::Done { seq, .. } | Self::Refused { seq, .. } | Self::Seen { seq, .. } => {
                Some(*seq)
            }
            Self::Failed(_) => None,
        }
    }

    /// Reads the answer to a command.
    pub fn of_command(answer: Result<&Definite, &ClientError>) -> Self {
        let data = match answer {
            Ok(definite) => definite.data.clone(),
            Err(error) => return Self::Failed(error.to_string()),
        };
        let number = |key: &str| data.get(key).and_then(Value::as_u64);
        let Some(seq) = number("seq") else { return Self::Failed(format!("an answer without seq: {data}")) };
        if data.get("result").and_then(Value::as_str) == Some("refused") {
            let code = data.get("code").and_then(Value::as_str).unwrap_or_default().to_owned();
            return Self::Refused { seq, code, detail: data.get("detail").cloned().unwrap_or_default() };
        }
        if data.get("result").is_none() {
            return Self::Done { seq, data };
        }
        let duplicate = data.get("duplicate").and_then(Value::as_bool).unwrap_or(false);
        Self::Accepted { seq, offset: number("offset"), duplicate, data }
    }

    /// Reads the answer to a read.
    pub fn of_read(answer: Result<Value, ClientError>) -> Self {
        match answer {
            Ok(data) => match data.get("seq").and_then(Value::as_u64) {
                Some(seq) => Self::Seen { seq, data },
                None => Self::Failed(format!("a view without seq: {data}")),
            },
            Err(error) => Self::Failed(error.to_string()),
        }
    }
}

/// The history of a run, and its clock.
#[derive(Debug, Clone)]
pub struct History {
    begun: Instant,
    calls: Arc<Mutex<Vec<Call>>>,
}

impl History {
    /// Begins now.
    pub fn begin() -> Self {
        Self { begun: Instant::now(), calls: Arc::default() }
    }

    /// Adds a call.
    pub fn add(&self, call: Call) {
        self.calls.lock().push(call);
    }

    /// All calls.
    pub fn take(&self) -> Vec<Call> {
        std::mem::take(&mut *self.calls.lock())
    }
}

impl Pulse for History {
    fn now(&self) -> Duration {
        self.begun.elapsed()
    }

    fn served_after(&self, moment: Duration) -> Option<Duration> {
        let calls = self.calls.lock();
        let accepted = calls.iter().filter(|call| matches!(call.reply, Reply::Accepted { .. }) && call.done > moment);
        accepted.map(|call| call.done).min()
    }
}
