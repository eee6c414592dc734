//! How far a campaign is, what it costs, and when it will probably be done. Whole numbers, so that it is the same on every
//! machine and after every replay.

use chrono::TimeDelta;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::event::{Answered, Event, Outcome, Settled};
use super::project::Project;
use super::task::TaskState;
use crate::time::Timestamp;

/// A pause between two answers counts at most so long in the forecast, in microseconds: nights are not the crowd's speed.
const LONGEST_GAP_US: i64 = 3_600_000_000;
/// The weight of the newest gap is one of so many.
const SMOOTHING: i64 = 32;

/// A campaign's numbers. Tests are not counted as tasks; their answers cost like any other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Progress {
    /// Tasks.
    pub tasks: u32,
    /// Of those: answered.
    pub decided: u32,
    /// Of those: a person must look.
    pub review: u32,
    /// Of those: cannot be answered.
    pub unusable: u32,
    /// Of those: not answered when it ended.
    pub undecided: u32,
    /// Counted answers to tasks.
    pub answers: u64,
    /// Of those: to tasks that are settled.
    pub answers_settled: u64,
    /// Answers to tests.
    pub golds: u64,
    /// Answers that came late.
    pub late: u64,
    /// Points that wait for a decision.
    pub pending: i64,
    /// Points that were paid.
    pub paid: i64,
    /// The agreement of all answered tasks together, in basis points: divided by `decided` it is their mean.
    pub agreement_bp_sum: u64,
    /// The usual time between two answers, in microseconds.
    pub gap_us: i64,
    /// When the last answer came.
    pub last_at: Option<Timestamp>,
}

impl Progress {
    /// Tasks that nothing more will come of.
    #[must_use]
    pub const fn settled(&self) -> u32 {
        self.decided.saturating_add(self.unusable).saturating_add(self.undecided)
    }

    /// Tasks that are asked about.
    #[must_use]
    pub const fn open(&self) -> u32 {
        self.tasks.saturating_sub(self.settled()).saturating_sub(self.review)
    }

    /// The mean agreement of answered tasks, in basis points.
    #[must_use]
    pub fn agreement_bp(&self) -> Option<u64> {
        self.agreement_bp_sum.checked_div(u64::from(self.decided))
    }

    /// When the open tasks will probably be settled: as many answers each as the settled ones took (at first: as one needs at
    /// least), at the speed of late.
    #[must_use]
    pub fn forecast(&self, least_votes: u16) -> Option<Timestamp> {
        let last = self.last_at?;
        if self.open() == 0 || self.gap_us <= 0 {
            return None;
        }
        let settled = u64::from(self.settled());
        let open = u64::from(self.open());
        let all = match self.answers_settled.saturating_mul(open).checked_div(settled) {
            Some(all) if self.answers_settled > 0 => all,
            Some(_) | None => open.saturating_mul(u64::from(least_votes)),
        };
        let missing = all.saturating_sub(self.answers.saturating_sub(self.answers_settled)).max(1);
        let time = self.gap_us.checked_mul(i64::try_from(missing).ok()?)?;
        last.checked_add_signed(TimeDelta::microseconds(time))
    }

    /// As its owner sees it.
    #[must_use]
    pub fn view(&self, least_votes: u16) -> Value {
        json!({
            "tasks": self.tasks, "done": self.settled(), "open": self.open(), "review": self.review,
            "decided": self.decided, "unusable": self.unusable, "undecided": self.undecided,
            "answers": self.answers, "golds": self.golds, "late": self.late,
            "agreement_bp": self.agreement_bp(), "points_pending": self.pending, "points_paid": self.paid,
            "forecast_at": self.forecast(least_votes),
        })
    }

    /// Counts an event; `before` is the campaign before the decision that the event belongs to.
    pub(super) fn count(&mut self, event: &Event, before: &Project, at: Timestamp) {
        match event {
            Event::TasksAdded(added) => {
                let tasks = added.tasks.iter().filter(|task| task.gold.is_none()).count();
                self.tasks = self.tasks.saturating_add(u32::try_from(tasks).unwrap_or(u32::MAX));
            }
            Event::Answered(answered) => self.count_answer(answered, at),
            Event::AnsweredLate { .. } => self.late = self.late.saturating_add(1),
            Event::Settled(settled) => self.count_settled(settled, before),
            Event::MoreWanted { .. } => self.review = self.review.saturating_sub(1),
            Event::WorkerExcluded(excluded) => {
                let dropped = i64::try_from(excluded.dropped.len()).unwrap_or(i64::MAX);
                self.pending = self.pending.saturating_sub(dropped.saturating_mul(before.draft.rules.points));
                self.answers = self.answers.saturating_sub(dropped.cast_unsigned());
                for dropped in &excluded.dropped {
                    let in_review = before.task(dropped.task).is_some_and(|task| matches!(task.state, TaskState::Review(_)));
                    self.review = self.review.saturating_sub(u32::from(in_review));
                }
            }
            Event::Requested { .. }
            | Event::Approved
            | Event::Rejected { .. }
            | Event::Started
            | Event::Paused
            | Event::Resumed
            | Event::Completed { .. }
            | Event::Claimed(_)
            | Event::Extended { .. }
            | Event::GivenBack { .. }
            | Event::WorkerReadmitted { .. }
            | Event::UploadWent(_)
            | Event::Swept { .. } => {}
        }
    }

    fn count_answer(&mut self, answered: &Answered, at: Timestamp) {
        let count = if answered.gold { &mut self.golds } else { &mut self.answers };
        *count = count.saturating_add(1);
        if !answered.gold && answered.right.is_some() {
            self.answers_settled = self.answers_settled.saturating_add(1);
        }
        match answered.right {
            None => self.pending = self.pending.saturating_add(answered.points),
            Some(true) => self.paid = self.paid.saturating_add(answered.points),
            Some(false) => {}
        }
        if let Some(last) = self.last_at {
            let gap = (at - last).num_microseconds().unwrap_or(LONGEST_GAP_US).clamp(1, LONGEST_GAP_US);
            let kept = self.gap_us.saturating_mul(SMOOTHING - 1).saturating_add(gap);
            self.gap_us = if self.gap_us == 0 { gap } else { kept.checked_div(SMOOTHING).unwrap_or(gap).max(1) };
        }
        self.last_at = Some(at);
    }

    fn count_settled(&mut self, settled: &Settled, before: &Project) {
        if settled.from_review {
            self.review = self.review.saturating_sub(1);
        }
        let worth =
            |answers: &Vec<u64>| i64::try_from(answers.len()).unwrap_or(i64::MAX).saturating_mul(before.draft.rules.points);
        self.pending = self.pending.saturating_sub(worth(&settled.right)).saturating_sub(worth(&settled.wrong));
        self.paid = self.paid.saturating_add(worth(&settled.right));
        let answers = settled.right.len().saturating_add(settled.wrong.len());
        self.answers_settled = self.answers_settled.saturating_add(u64::try_from(answers).unwrap_or(u64::MAX));
        match &settled.outcome {
            Outcome::Decided(settlement) => {
                self.decided = self.decided.saturating_add(1);
                self.agreement_bp_sum = self.agreement_bp_sum.saturating_add(u64::from(settlement.agreement_bp));
            }
            Outcome::Review(_) => self.review = self.review.saturating_add(1),
            Outcome::Unusable => self.unusable = self.unusable.saturating_add(1),
            Outcome::Undecided => self.undecided = self.undecided.saturating_add(1),
        }
    }
}

impl Project {
    /// The events with the numbers as they are after each.
    pub(super) fn stamped(&self, mut events: Vec<Event>, now: Timestamp) -> Vec<Event> {
        let mut running = self.progress;
        for event in &mut events {
            running.count(event, self, now);
            match event {
                Event::Settled(Settled { progress, .. })
                | Event::MoreWanted { progress, .. }
                | Event::Completed { progress } => *progress = running,
                Event::Requested { .. }
                | Event::Approved
                | Event::Rejected { .. }
                | Event::TasksAdded(_)
                | Event::Started
                | Event::Paused
                | Event::Resumed
                | Event::Claimed(_)
                | Event::Extended { .. }
                | Event::GivenBack { .. }
                | Event::Answered(_)
                | Event::AnsweredLate { .. }
                | Event::WorkerExcluded(_)
                | Event::WorkerReadmitted { .. }
                | Event::UploadWent(_)
                | Event::Swept { .. } => {}
            }
        }
        events
    }
}
