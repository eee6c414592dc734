//! The checker: the campaign is built again from its journal, and every answer, lease and point is compared with it.

use std::collections::{BTreeMap, HashMap};

use madang_domain::campaign::task::Standing;
use madang_domain::campaign::{Campaign, Event};
use madang_domain::entity::Entity;
use madang_domain::ids::EntityId;
use serde_json::Value;
use sqlx::PgPool;
use uuid::Uuid;

use super::record::{Asked, Call, Told};
use crate::check::Findings;
use crate::journal::Decision;

/// The code of an answer that was kept but not counted.
const LATE: &str = "label.late";
/// Everything is checked after so many decisions; what a decision touched, after each.
const THOROUGHLY_EVERY: u64 = 250;

/// Builds the campaign again, its promises checked on the way.
pub fn rebuild(id: EntityId, decisions: &[Decision<Event>], findings: &mut Findings) -> Campaign {
    let mut campaign = Campaign::vacant(id);
    for decision in decisions {
        for event in &decision.events {
            campaign.apply(event, decision.row.at);
        }
        let seq = decision.row.seq;
        let thorough = seq.is_multiple_of(THOROUGHLY_EVERY);
        let checked = match campaign.project() {
            Some(project) if thorough => project.check_all(),
            _ => campaign.check(),
        };
        if let Err(broken) = checked {
            findings.broken("no task has more answers and leases than are wanted", || format!("{id} seq {seq}: {broken}"));
        }
    }
    if let Some(Err(broken)) = campaign.project().map(|project| project.check_all()) {
        findings.broken("no task has more answers and leases than are wanted", || format!("{id} at the end: {broken}"));
    }
    campaign
}

/// Every definite answer is what the journal says, and nothing that was refused is in it.
pub fn answers(calls: &[Call], decisions: &[Decision<Event>], findings: &mut Findings) {
    let places: HashMap<Uuid, &Decision<Event>> = decisions.iter().map(|decision| (decision.row.cmd, decision)).collect();
    for call in calls {
        // What a service decides for a person is kept under the person's own id or one derived from it.
        let found = places.get(&call.id).copied();
        match (&call.told, call.asked) {
            (Told::Failed(_), _) if found.is_some() => {
                findings.unresolved_done = findings.unresolved_done.saturating_add(1);
            }
            (Told::Failed(_), _) => findings.unresolved_not_done = findings.unresolved_not_done.saturating_add(1),
            // Too late to count, and kept all the same.
            (Told::Refused(code), Asked::Answer(lease)) if code == LATE => {
                acknowledged(call, lease, &code.as_str().into(), found, findings)
            }
            (Told::Refused(code), Asked::Answer(_) | Asked::Skip(_)) if found.is_some() => {
                findings.broken("a refused command is not in the journal", || format!("{:?} refused as {code}", call.id));
            }
            (Told::Done(told), Asked::Answer(lease)) => acknowledged(call, lease, told, found, findings),
            (Told::Refused(_) | Told::Done(_), _) => findings.compared = findings.compared.saturating_add(1),
        }
    }
}

fn acknowledged(call: &Call, lease: Uuid, told: &Value, found: Option<&Decision<Event>>, findings: &mut Findings) {
    findings.compared = findings.compared.saturating_add(1);
    let Some(decision) = found else {
        findings.broken("an acknowledged answer is in the journal", || format!("{:?} under lease {lease}: {told}", call.id));
        return;
    };
    let in_time = |event: &Event| matches!(event, Event::Answered(answered) if answered.worker == call.who);
    let late = |event: &Event| matches!(event, Event::AnsweredLate { worker, .. } if *worker == call.who);
    if !decision.events.iter().any(|event| in_time(event) || late(event)) {
        findings.broken("an acknowledged answer is in the journal", || format!("{:?} is {:?}", call.id, decision.events));
    }
}

/// No task was given to one person twice, and none was answered by one person twice.
pub fn leases(decisions: &[Decision<Event>], findings: &mut Findings) {
    let mut given: HashMap<(i64, u32), u64> = HashMap::new();
    for (decision, event) in decisions.iter().flat_map(|decision| decision.events.iter().map(move |event| (decision, event))) {
        if let Event::Claimed(claimed) = event
            && let Some(before) = given.insert((claimed.worker.get(), claimed.task), decision.row.seq)
        {
            findings.broken("nobody is given a task twice", || {
                format!("task {} to user {} at seq {before} and {}", claimed.task, claimed.worker, decision.row.seq)
            });
        }
    }
}

/// The points in the ledger are those of the answers: what waits is pending, what proved right is the person's.
pub async fn points(pool: &PgPool, campaign: &Campaign, findings: &mut Findings) -> anyhow::Result<i64> {
    let Some(project) = campaign.project() else { return Ok(0) };
    let each = project.draft.rules.points;
    let mut due: BTreeMap<(&str, i64), i64> = BTreeMap::new();
    for vote in project.tasks.iter().flat_map(|task| &task.votes) {
        let owner = match vote.standing {
            Standing::Waiting => "pending",
            Standing::Right => "user",
            Standing::Wrong | Standing::Late | Standing::Dropped => continue,
        };
        let points = due.entry((owner, vote.worker.get())).or_default();
        *points = points.saturating_add(each);
    }
    let rows: Vec<(String, i64, i64)> = sqlx::query_as(
        "select owner_kind, owner, balance from account \
         where currency = 'PTS' and owner_kind in ('user', 'pending') and balance <> 0",
    )
    .fetch_all(pool)
    .await?;
    let posted: BTreeMap<(&str, i64), i64> =
        rows.iter().map(|(kind, owner, balance)| ((kind.as_str(), *owner), *balance)).collect();
    for account in due.keys().chain(posted.keys()) {
        let (due, posted) = (due.get(account).copied().unwrap_or(0), posted.get(account).copied().unwrap_or(0));
        if due != posted {
            findings.broken("the ledger equals the answers", || format!("{account:?} has {posted} points, {due} are due"));
        }
    }
    Ok(posted.values().sum())
}
