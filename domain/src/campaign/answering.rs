//! Answers: what is taken, what it pays, what it settles. Decided at once, in memory.

use chrono::TimeDelta;
use uuid::Uuid;

use super::event::{Answered, Event};
use super::leases::{Found, Lease, person};
use super::project::Project;
use super::refusal::Refusal;
use super::rules::{MAX_ANSWER, Rules, TaskKind, Undecided};
use super::task::{Standing, Task, TaskState, Vote};
use super::workers::Ending;
use crate::entity::Given;
use crate::ids::UserId;
use crate::time::Timestamp;

/// More bytes than any answer that could be taken; what is longer is not even looked at.
const MOST_BYTES: usize = 8 * MAX_ANSWER;

impl Project {
    /// The kept form of an answer.
    pub(super) fn parse(&self, answer: &str) -> Result<String, Refusal> {
        if answer.len() > MOST_BYTES {
            return Err(Refusal::AnswerTooLong);
        }
        let rules = &self.draft.rules;
        let kept = Rules::kept(answer);
        if kept.is_empty() {
            return Err(Refusal::AnswerEmpty);
        }
        if kept.chars().count() > MAX_ANSWER {
            return Err(Refusal::AnswerTooLong);
        }
        if rules.kind == TaskKind::Choice && !rules.choices.contains(&kept) {
            return Err(Refusal::NotAChoice);
        }
        Ok(kept)
    }

    /// Decides what becomes of an answer.
    pub(super) fn answer(&self, lease: Uuid, fence: u64, answer: &str, given: &Given) -> Result<Vec<Event>, Refusal> {
        let worker = person(given)?;
        let found = self.find_lease(worker, lease, fence, given.now)?;
        let text = self.parse(answer)?;
        let number = self.answers.saturating_add(1);
        match found {
            Found::Lapsed { task } => Ok(vec![Event::AnsweredLate { answer: number, task, worker, fence, text }]),
            Found::Live(live) => self.answer_in_time(&live, fence, text, given.now),
        }
    }

    fn answer_in_time(&self, live: &Lease, fence: u64, text: String, now: Timestamp) -> Result<Vec<Event>, Refusal> {
        let rules = &self.draft.rules;
        let task = self.task(live.task).ok_or(Refusal::NoSuchTask)?;
        let least = TimeDelta::milliseconds(i64::from(rules.min_answer_ms));
        let mut answered = Answered {
            answer: self.answers.saturating_add(1),
            task: live.task,
            worker: live.worker,
            fence,
            right: self.known_right(task, &text),
            gold: task.asked.gold.is_some(),
            fast: now - live.given_at < least,
            text,
            wanted: task.wanted,
            points: rules.points,
        };
        if task.state == TaskState::Open {
            answered.wanted = self.wanted_with(task, &answered);
        }
        let mut events = Vec::with_capacity(2);
        match self.broken_rule(&answered) {
            Some(reason) => {
                let excluded = self.exclude_by_rule(live.worker, reason, Some(&answered), now);
                let drops = rules.drop_excluded && answered.right.is_none();
                let settled = if drops { None } else { self.judge_open(live.task, Some(&answered), None) };
                events.push(Event::Answered(answered));
                events.extend(excluded);
                events.extend(settled.map(Event::Settled));
            }
            None => {
                let settled = self.judge_open(live.task, Some(&answered), None);
                events.push(Event::Answered(answered));
                events.extend(settled.map(Event::Settled));
            }
        }
        Ok(self.stamped(events, now))
    }

    /// Whether an answer is right, where that is known already.
    fn known_right(&self, task: &Task, kept: &str) -> Option<bool> {
        let rules = &self.draft.rules;
        match &task.state {
            TaskState::Gold => task.asked.gold.as_deref().map(|gold| self.is_gold_right(gold, kept)),
            TaskState::Decided(settlement) => Some(rules.key(&settlement.answer) == rules.key(kept)),
            TaskState::Unusable | TaskState::Undecided => Some(rules.undecided == Undecided::Pay),
            TaskState::Open | TaskState::Review(_) => None,
        }
    }

    /// An answer came in time.
    pub(super) fn apply_answered(&mut self, answered: &Answered, at: Timestamp) {
        self.answers = answered.answer;
        self.is_active = true;
        self.end_lease(answered.fence, Ending::Answered);
        if let Some(worker) = self.workers.get_mut(&answered.worker) {
            worker.count(answered);
        }
        self.learn_answer(answered);
        let standing = match answered.right {
            None => Standing::Waiting,
            Some(true) => Standing::Right,
            Some(false) => Standing::Wrong,
        };
        let vote = Vote { number: answered.answer, worker: answered.worker, answer: answered.text.clone(), standing, at };
        self.with_task(answered.task, |task| {
            task.wanted = answered.wanted;
            task.votes.push(vote);
        });
    }

    /// An answer came late: it is kept, and the lease is over if it was not yet.
    pub(super) fn apply_late(&mut self, number: u64, task: u32, worker: UserId, fence: u64, text: &str, at: Timestamp) {
        self.answers = number;
        self.end_lease(fence, Ending::Answered);
        if let Some(worker) = self.workers.get_mut(&worker) {
            worker.late = worker.late.saturating_add(1);
            if let Some(ended) = worker.ended.iter_mut().find(|ended| ended.fence == fence) {
                ended.ending = Ending::Answered;
            }
        }
        let vote = Vote { number, worker, answer: text.to_owned(), standing: Standing::Late, at };
        self.with_task(task, |task| task.votes.push(vote));
    }
}
