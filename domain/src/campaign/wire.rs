//! What the asker is answered and what watchers are told: from the events alone, so that both can be served again from the
//! journal. Nobody but the owner watches, but tests stay secret even so: which task is one is never told.

use serde_json::{Value, json};

use super::event::{Event, Outcome, Settled};
use crate::time::Timestamp;

/// The answer to the command that made these events.
pub(super) fn answer(events: &[Event]) -> Value {
    let told = events.iter().find_map(|event| match event {
        Event::Requested { .. } => Some(json!({ "state": "requested" })),
        Event::Rejected { .. } => Some(json!({ "state": "rejected" })),
        Event::TasksAdded(added) => Some(json!({ "first": added.first, "tasks": added.tasks.len() })),
        Event::Claimed(claimed) => Some(json!({
            "task": claimed.task, "lease": claimed.lease, "fence": claimed.fence, "deadline": claimed.until,
        })),
        Event::Extended { until, .. } => Some(json!({ "deadline": until })),
        Event::GivenBack { .. } => Some(json!({ "given_back": true })),
        Event::Answered(answered) => Some(json!({
            "answer": answered.answer, "points": answered.points,
            "passed": !(answered.gold && answered.right == Some(false)),
        })),
        Event::AnsweredLate { answer, .. } => Some(json!({ "answer": answer, "late": true })),
        Event::MoreWanted { task, wanted, .. } => Some(json!({ "task": task, "state": "open", "wanted": wanted })),
        Event::WorkerExcluded(excluded) => Some(json!({ "excluded": true, "dropped": excluded.dropped.len() })),
        Event::WorkerReadmitted { .. } => Some(json!({ "excluded": false })),
        Event::UploadWent(_) | Event::Swept { .. } => Some(Value::Null),
        Event::Settled(settled) => Some(json!({ "task": settled.task, "state": outcome_name(&settled.outcome) })),
        Event::Approved | Event::Started | Event::Paused | Event::Resumed | Event::Completed { .. } => None,
    });
    told.unwrap_or_else(|| stage_after(events))
}

fn stage_after(events: &[Event]) -> Value {
    let stage = match events.last() {
        Some(Event::Approved) => "approved",
        Some(Event::Started | Event::Resumed) => "in_progress",
        Some(Event::Paused) => "paused",
        Some(Event::Completed { .. }) => "completed",
        Some(
            Event::Requested { .. }
            | Event::Rejected { .. }
            | Event::TasksAdded(_)
            | Event::Claimed(_)
            | Event::Extended { .. }
            | Event::GivenBack { .. }
            | Event::Answered(_)
            | Event::AnsweredLate { .. }
            | Event::Settled(_)
            | Event::MoreWanted { .. }
            | Event::WorkerExcluded(_)
            | Event::WorkerReadmitted { .. }
            | Event::UploadWent(_)
            | Event::Swept { .. },
        )
        | None => return Value::Null,
    };
    json!({ "state": stage })
}

const fn outcome_name(outcome: &Outcome) -> &'static str {
    match outcome {
        Outcome::Decided(_) => "decided",
        Outcome::Review(_) => "review",
        Outcome::Unusable => "unusable",
        Outcome::Undecided => "undecided",
    }
}

fn settled_told(settled: &Settled, at: Timestamp) -> Value {
    let settlement = match &settled.outcome {
        Outcome::Decided(settlement) => Some(settlement),
        Outcome::Review(guess) => guess.as_ref(),
        Outcome::Unusable | Outcome::Undecided => None,
    };
    json!({
        "type": "task_settled",
        "task": settled.task,
        "state": outcome_name(&settled.outcome),
        "answer": settlement.map(|settlement| &settlement.answer),
        "votes": settlement.map(|settlement| settlement.votes),
        "of": settlement.map(|settlement| settlement.of),
        "agreement_bp": settlement.map(|settlement| settlement.agreement_bp),
        "confidence_bp": settlement.map(|settlement| settlement.confidence_bp),
        "posterior_bp": settlement.and_then(|settlement| settlement.posterior_bp),
        "progress": settled.progress.view(1),
        "at": at,
    })
}

/// What watchers are told of an event. Claims and answers are too many to tell one by one: what they come to is told with the
/// task that they settle.
pub(super) fn publication(event: &Event, at: Timestamp) -> Option<Value> {
    let state = |state: &str| json!({ "type": "campaign_changed", "state": state, "at": at });
    let told = match event {
        Event::Requested { .. }
        | Event::Claimed(_)
        | Event::Extended { .. }
        | Event::GivenBack { .. }
        | Event::Answered(_)
        | Event::AnsweredLate { .. }
        | Event::Swept { .. } => return None,
        Event::Approved => state("approved"),
        Event::Rejected { reason } => json!({ "type": "campaign_changed", "state": "rejected", "reason": reason, "at": at }),
        Event::Started | Event::Resumed => state("in_progress"),
        Event::Paused => state("paused"),
        Event::Completed { progress } => {
            json!({ "type": "campaign_changed", "state": "completed", "progress": progress.view(1), "at": at })
        }
        Event::TasksAdded(added) => json!({
            "type": "tasks_added", "upload": added.upload, "part": added.part,
            "tasks": added.tasks.iter().filter(|task| task.gold.is_none()).count(),
            "golds": added.tasks.iter().filter(|task| task.gold.is_some()).count(),
            "at": at,
        }),
        Event::Settled(settled) => settled_told(settled, at),
        Event::MoreWanted { task, wanted, progress, .. } => {
            json!({ "type": "more_wanted", "task": task, "wanted": wanted, "progress": progress.view(1), "at": at })
        }
        Event::WorkerExcluded(excluded) => json!({
            "type": "worker_excluded", "worker": excluded.worker, "reason": excluded.reason.name(),
            "dropped": excluded.dropped.len(), "at": at,
        }),
        Event::UploadWent(went) => json!({
            "type": "upload_went", "upload": went.upload, "state": went.step.name(), "files": went.files,
            "files_done": went.done, "files_refused": went.refused, "tasks": went.tasks, "at": at,
        }),
        Event::WorkerReadmitted { worker } => json!({ "type": "worker_readmitted", "worker": worker, "at": at }),
    };
    Some(told)
}
