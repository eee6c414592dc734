//! What the labelers saw: every call with its definite answer.

use std::sync::Arc;
use std::time::{Duration, Instant};

use madang::cli::client::ClientError;
use madang::cli::client::live::Definite;
use madang_domain::ids::UserId;
use parking_lot::Mutex;
use serde_json::Value;
use uuid::Uuid;

use crate::nemesis::Pulse;

/// What was asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Asked {
    /// For a task.
    Next,
    /// To take an answer, under this lease.
    Answer(Uuid),
    /// To take a lease back unanswered.
    Skip(Uuid),
}

/// A definite answer, or none.
#[derive(Debug, Clone)]
pub enum Told {
    /// Done, with what was answered.
    Done(Value),
    /// Refused by the rules, with the code.
    Refused(String),
    /// An error that is final, or the patience ran out.
    Failed(String),
}

impl Told {
    /// Reads an answer.
    pub fn of(answer: Result<Definite, ClientError>) -> (Self, u32) {
        match answer {
            Ok(Definite { data, tries }) => match data.get("code").and_then(Value::as_str) {
                Some(code) => (Self::Refused(code.to_owned()), tries),
                None => (Self::Done(data), tries),
            },
            Err(error) => (Self::Failed(error.to_string()), 0),
        }
    }
}

/// One call of one labeler.
#[derive(Debug, Clone)]
pub struct Call {
    /// Who called.
    pub who: UserId,
    /// Under which id.
    pub id: Uuid,
    /// What.
    pub asked: Asked,
    /// When its definite answer was there, from the beginning of the run.
    pub done: Duration,
    /// How often it was asked.
    pub tries: u32,
    /// The answer.
    pub told: Told,
}

/// The calls of a run, and its clock.
#[derive(Debug, Clone)]
pub struct Record {
    begun: Instant,
    calls: Arc<Mutex<Vec<Call>>>,
}

impl Record {
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

impl Pulse for Record {
    fn now(&self) -> Duration {
        self.begun.elapsed()
    }

    fn served_after(&self, moment: Duration) -> Option<Duration> {
        let calls = self.calls.lock();
        calls.iter().filter(|call| matches!(call.told, Told::Done(_)) && call.done > moment).map(|call| call.done).min()
    }
}
