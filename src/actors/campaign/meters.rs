//! What the pool counts.

use madang_domain::code::Code;

use super::pool::{Answered, Task};
use crate::actors::ask::Denied;

/// Counts a claim by how it went.
pub(super) fn claimed(outcome: Result<Task, Denied>) -> Result<Task, Denied> {
    metrics::counter!("label_claims_total", "result" => result_of(&outcome)).increment(1);
    outcome
}

/// Counts an answer by how it went.
pub(super) fn answered(outcome: Result<Answered, Denied>) -> Result<Answered, Denied> {
    metrics::counter!("label_answers_total", "result" => result_of(&outcome)).increment(1);
    outcome
}

fn result_of<T>(outcome: &Result<T, Denied>) -> &'static str {
    match outcome {
        Ok(_) => "taken",
        Err(denied) if denied.code() == Code::LabelNothing => "nothing",
        Err(denied) if denied.code() == Code::LabelLate => "late",
        Err(Denied::Refused { .. }) => "refused",
        Err(Denied::Failed(_)) => "failed",
    }
}
