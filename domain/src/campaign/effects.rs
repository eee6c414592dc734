//! What others must do: points from pending to posted or void, and what people are told.
//!
//! Points are made by the house for each answer (from the world to what the person has pending), and end with the person or
//! back in the world. Each step has a key of its own, so that no replay pays twice.

use serde_json::{Value, json};

use super::event::{Answered, Event, Settled};
use super::project::Project;
use crate::entity::{AccountOwner, Effect, LedgerEntry, Notice, Transfer};
use crate::ids::{EntityId, UserId};
use crate::money::{Currency, Money};

/// A step in the life of an answer's points.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    Pending,
    Post,
    Void,
}

impl Step {
    const fn name(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Post => "post",
            Self::Void => "void",
        }
    }

    const fn way(self, worker: UserId) -> [AccountOwner; 2] {
        match self {
            Self::Pending => [AccountOwner::World, AccountOwner::Pending(worker)],
            Self::Post => [AccountOwner::Pending(worker), AccountOwner::User(worker)],
            Self::Void => [AccountOwner::Pending(worker), AccountOwner::World],
        }
    }
}

impl Project {
    /// The effects of one event, `self` being the state after it and what followed it.
    pub(super) fn effects_of(&self, id: EntityId, event: &Event) -> Vec<Effect> {
        match event {
            Event::Answered(answered) => self.of_answer(id, answered),
            Event::Settled(settled) => self.of_settled(id, settled),
            Event::WorkerExcluded(excluded) => {
                let fields = json!({ "reason": excluded.reason.name(), "until": excluded.until });
                let mut effects = vec![self.tell(id, excluded.worker, "label.excluded", fields, false)];
                let void = |answer| self.step(id, excluded.worker, answer, Step::Void);
                effects.extend(excluded.dropped.iter().filter_map(|dropped| void(dropped.answer)));
                effects
            }
            Event::WorkerReadmitted { worker } => vec![self.tell(id, *worker, "label.readmitted", json!({}), false)],
            Event::Approved => vec![self.tell(id, self.owner, "campaign.approved", json!({}), true)],
            Event::Rejected { reason } => {
                vec![self.tell(id, self.owner, "campaign.rejected", json!({ "reason": reason }), true)]
            }
            Event::Completed { progress } => {
                let fields = json!({ "tasks": progress.tasks, "decided": progress.decided });
                vec![self.tell(id, self.owner, "campaign.completed", fields, true)]
            }
            Event::Requested { .. }
            | Event::TasksAdded(_)
            | Event::Started
            | Event::Paused
            | Event::Resumed
            | Event::Claimed(_)
            | Event::Extended { .. }
            | Event::GivenBack { .. }
            | Event::AnsweredLate { .. }
            | Event::MoreWanted { .. }
            | Event::UploadWent(_)
            | Event::Swept { .. } => Vec::new(),
        }
    }

    fn tell(&self, id: EntityId, user: UserId, kind: &str, fields: Value, mail: bool) -> Effect {
        let mut fields = fields;
        if let Value::Object(fields) = &mut fields {
            fields.insert("campaign".to_owned(), json!(id.number()));
            fields.insert("name".to_owned(), json!(self.draft.name));
            // What mails call the thing that they are about.
            fields.insert("title".to_owned(), json!(self.draft.name));
        }
        Effect::Notify { user, notice: Notice { kind: kind.to_owned(), about: id.to_string(), fields, mail, push: false } }
    }

    /// One step of an answer's points; none where answers pay nothing.
    fn step(&self, id: EntityId, worker: UserId, answer: u64, step: Step) -> Option<Effect> {
        let points = self.draft.rules.points;
        let [from, to] = step.way(worker);
        let leg = |account, amount| LedgerEntry { account, amount: Money::new(amount, Currency::POINTS) };
        let transfer = Transfer {
            key: format!("{id}/answer/{answer}/{}", step.name()),
            purpose: format!("label.{}", step.name()),
            entries: vec![leg(from, points.saturating_neg()), leg(to, points)],
        };
        (points > 0).then_some(Effect::Transfer(transfer))
    }

    fn of_answer(&self, id: EntityId, answered: &Answered) -> Vec<Effect> {
        let proved = answered.right.map(|right| if right { Step::Post } else { Step::Void });
        let steps = [Some(Step::Pending), proved].into_iter().flatten();
        steps.filter_map(|step| self.step(id, answered.worker, answered.answer, step)).collect()
    }

    fn of_settled(&self, id: EntityId, settled: &Settled) -> Vec<Effect> {
        let Some(task) = self.task(settled.task) else { return Vec::new() };
        let post = settled.right.iter().map(|answer| (*answer, Step::Post));
        let void = settled.wrong.iter().map(|answer| (*answer, Step::Void));
        let step = |(answer, step)| self.step(id, task.vote(answer)?.worker, answer, step);
        post.chain(void).filter_map(step).collect()
    }
}
