//! People: how well they label, and the rules that take them off. Every action is logged and can be undone.

use std::collections::{BTreeMap, VecDeque};

use chrono::TimeDelta;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::event::{Answered, Dropped, Event, ExclusionReason, WorkerExcluded};
use super::leases::Lease;
use super::project::Project;
use super::refusal::Refusal;
use super::task::{Standing, TaskState};
use crate::consensus::skill::Gold;
use crate::entity::Given;
use crate::ids::UserId;
use crate::time::Timestamp;

/// Of so many newest leases a person can be told how they ended.
const KEPT_ENDED: usize = 8;
/// So many newest actions are kept of each person.
const KEPT_ACTIONS: usize = 20;
/// Too fast answers are counted among so many newest ones.
const PACED: u32 = 10;
/// So many too fast ones exclude (Toloka's guide: 3 of 10).
const TOO_FAST: u32 = 3;
/// The accuracy is not judged on fewer answers to tests.
const GOLD_NEEDED: u32 = 5;
/// At most so many answers are taken back in one decision.
const MOST_DROPPED: usize = 1_000;

/// How a lease ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ending {
    /// Its task was answered.
    Answered,
    /// It was given back.
    GivenBack,
    /// By its deadline, or because its holder or its campaign went.
    Lapsed,
}

/// A lease that has ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ended {
    /// Its fencing number.
    pub fence: u64,
    /// Its id.
    pub lease: Uuid,
    /// The task.
    pub task: u32,
    /// How.
    pub ending: Ending,
}

/// Somebody is taken off.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Exclusion {
    /// Why.
    pub reason: ExclusionReason,
    /// Until when; `None`: until readmitted.
    pub until: Option<Timestamp>,
}

/// What was done about somebody.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Action {
    /// When.
    pub at: Timestamp,
    /// Why they were excluded; `None`: they were readmitted.
    pub excluded: Option<Exclusion>,
    /// How many answers were taken back.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub dropped: u32,
}

/// A person who labels here.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Worker {
    /// Every task they were ever given, ascending: none is given twice.
    pub given: Vec<u32>,
    /// The fencing numbers of their live leases.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub leases: Vec<u64>,
    /// Their newest leases that ended, oldest first.
    pub ended: VecDeque<Ended>,
    /// Tests they were given.
    pub golds_given: usize,
    /// Tests they answered.
    pub gold: Gold,
    /// Counted answers, tests included.
    pub answers: u32,
    /// Answers that proved right.
    pub right: u32,
    /// Answers that proved wrong.
    pub wrong: u32,
    /// Answers that were taken back.
    #[serde(skip_serializing_if = "is_zero")]
    pub dropped: u32,
    /// Answers that came late.
    #[serde(skip_serializing_if = "is_zero")]
    pub late: u32,
    /// Leases given back.
    #[serde(skip_serializing_if = "is_zero")]
    pub skips: u32,
    /// Leases given back since the last answer.
    pub skips_in_row: u16,
    /// Their newest answers: a bit is set for one that was too fast, the lowest bit is the newest.
    pub pace: u32,
    /// Why they are taken off, if they are.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub excluded: Option<Exclusion>,
    /// What was done about them, oldest first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub log: Vec<Action>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
const fn is_zero(number: &u32) -> bool {
    *number == 0
}

/// The newest answers' speed with one more.
const fn paced(pace: u32, fast: bool) -> u32 {
    ((pace << 1) | if fast { 1 } else { 0 }) & ((1 << PACED) - 1)
}

impl Worker {
    /// Whether they were ever given this task.
    #[must_use]
    pub fn was_given(&self, task: u32) -> bool {
        self.given.binary_search(&task).is_ok()
    }

    /// Why they may not label at this moment.
    #[must_use]
    pub fn exclusion_at(&self, now: Timestamp) -> Option<&Exclusion> {
        self.excluded.as_ref().filter(|excluded| excluded.until.is_none_or(|until| now < until))
    }

    pub(super) fn give(&mut self, task: u32, gold: bool) {
        if let Err(place) = self.given.binary_search(&task) {
            self.given.insert(place, task);
        }
        self.golds_given = self.golds_given.saturating_add(usize::from(gold));
    }

    pub(super) fn end_lease(&mut self, fence: u64, lease: &Lease, ending: Ending) {
        self.leases.retain(|live| *live != fence);
        self.ended.push_back(Ended { fence, lease: lease.lease, task: lease.task, ending });
        if self.ended.len() > KEPT_ENDED {
            self.ended.pop_front();
        }
    }

    fn act(&mut self, action: Action) {
        self.log.push(action);
        if self.log.len() > KEPT_ACTIONS {
            self.log.remove(0);
        }
    }

    /// Counts an answer.
    pub(super) fn count(&mut self, answered: &Answered) {
        self.answers = self.answers.saturating_add(1);
        self.skips_in_row = 0;
        self.pace = paced(self.pace, answered.fast);
        if let Some(right) = answered.right {
            self.prove(right);
            if answered.gold {
                self.gold = self.gold.and(right);
            }
        }
    }

    /// One of their answers proved right or wrong.
    pub(super) fn prove(&mut self, right: bool) {
        let count = if right { &mut self.right } else { &mut self.wrong };
        *count = count.saturating_add(1);
    }
}

impl Project {
    /// The rule, if any, by which this answer takes its giver off.
    pub(super) fn broken_rule(&self, answered: &Answered) -> Option<ExclusionReason> {
        let rules = &self.draft.rules;
        let worker = self.workers.get(&answered.worker)?;
        let gold = match answered.right.filter(|_| answered.gold) {
            Some(right) => worker.gold.and(right),
            None => worker.gold,
        };
        let judged = answered.gold && rules.gold_floor_bp > 0 && gold.total >= GOLD_NEEDED;
        let share = |bp: u16, of: u32| u64::from(bp).saturating_mul(u64::from(of));
        if judged && u64::from(gold.correct).saturating_mul(10_000) < share(rules.gold_floor_bp, gold.total) {
            return Some(ExclusionReason::GoldMissed);
        }
        let too_fast = answered.fast && paced(worker.pace, true).count_ones() >= TOO_FAST;
        too_fast.then_some(ExclusionReason::TooFast)
    }

    /// Takes somebody off by a rule of the campaign; `newest` is the answer that is being decided.
    pub(super) fn exclude_by_rule(
        &self,
        worker: UserId,
        reason: ExclusionReason,
        newest: Option<&Answered>,
        now: Timestamp,
    ) -> Vec<Event> {
        let rules = &self.draft.rules;
        let until = (rules.exclusion_h > 0).then(|| now + TimeDelta::hours(i64::from(rules.exclusion_h)));
        let dropped = if rules.drop_excluded { self.droppable(worker, newest) } else { Vec::new() };
        self.excluding(WorkerExcluded { worker, reason, until, dropped }, newest)
    }

    /// Decides that a person takes somebody off.
    pub(super) fn exclude(&self, worker: UserId, reason: &str, drop: bool, given: &Given) -> Result<Vec<Event>, Refusal> {
        self.check_manager(&given.actor)?;
        let reason = super::lifecycle::reason_of(reason)?;
        let known = self.workers.get(&worker).ok_or(Refusal::NoSuchWorker)?;
        let dropped = if drop { self.droppable(worker, None) } else { Vec::new() };
        if dropped.is_empty() && known.excluded.as_ref().is_some_and(|excluded| excluded.until.is_none()) {
            return Ok(Vec::new());
        }
        let reason = ExclusionReason::Person(reason);
        let events = self.excluding(WorkerExcluded { worker, reason, until: None, dropped }, None);
        Ok(self.stamped(events, given.now))
    }

    /// Decides to let somebody back.
    pub(super) fn readmit(&self, worker: UserId, given: &Given) -> Result<Vec<Event>, Refusal> {
        self.check_manager(&given.actor)?;
        let known = self.workers.get(&worker).ok_or(Refusal::NoSuchWorker)?;
        Ok(if known.excluded.is_some() { vec![Event::WorkerReadmitted { worker }] } else { Vec::new() })
    }

    /// Somebody's answers that wait on tasks that are not settled.
    fn droppable(&self, worker: UserId, newest: Option<&Answered>) -> Vec<Dropped> {
        let Some(known) = self.workers.get(&worker) else { return Vec::new() };
        let mut dropped = Vec::new();
        for number in known.given.iter().copied() {
            let Some(task) = self.task(number) else { continue };
            if !matches!(task.state, TaskState::Open | TaskState::Review(_)) {
                continue;
            }
            let stored = task.votes.iter().find(|vote| vote.worker == worker && vote.standing == Standing::Waiting);
            let fresh = newest.filter(|newest| newest.task == number && newest.right.is_none());
            if let Some(answer) = stored.map(|vote| vote.number).or(fresh.map(|newest| newest.answer)) {
                dropped.push(Dropped { task: number, answer, wanted: self.wanted_without(number, worker) });
            }
            if dropped.len() >= MOST_DROPPED {
                break;
            }
        }
        dropped
    }

    /// Somebody is taken off, and the tasks that their answers are taken back from are judged without them.
    fn excluding(&self, excluded: WorkerExcluded, newest: Option<&Answered>) -> Vec<Event> {
        let judge = |dropped: &Dropped| self.judge_open(dropped.task, newest, Some(excluded.worker));
        let settled: Vec<_> = excluded.dropped.iter().filter_map(judge).map(Event::Settled).collect();
        let mut events = vec![Event::WorkerExcluded(excluded)];
        events.extend(settled);
        events
    }

    /// Somebody is taken off.
    pub(super) fn apply_excluded(&mut self, excluded: &WorkerExcluded, at: Timestamp) {
        let dropped = u32::try_from(excluded.dropped.len()).unwrap_or(u32::MAX);
        let live = self.workers.get(&excluded.worker).map(|worker| worker.leases.clone()).unwrap_or_default();
        for fence in live {
            self.end_lease(fence, Ending::Lapsed);
        }
        for Dropped { task, answer, wanted } in excluded.dropped.iter().copied() {
            self.with_task(task, |task| {
                if let Some(vote) = task.vote_mut(answer) {
                    vote.standing = Standing::Dropped;
                }
                task.state = TaskState::Open;
                task.wanted = wanted;
            });
            self.unlearn(task, excluded.worker);
        }
        let worker = self.workers.entry(excluded.worker).or_default();
        worker.dropped = worker.dropped.saturating_add(dropped);
        worker.skips_in_row = 0;
        worker.pace = 0;
        let exclusion = Exclusion { reason: excluded.reason.clone(), until: excluded.until };
        worker.excluded = Some(exclusion.clone());
        worker.act(Action { at, excluded: Some(exclusion), dropped });
    }

    /// Somebody is let back, with a clean slate where tests are concerned.
    pub(super) fn apply_readmitted(&mut self, worker: UserId, at: Timestamp) {
        if let Some(worker) = self.workers.get_mut(&worker) {
            worker.excluded = None;
            worker.gold = Gold::default();
            worker.act(Action { at, excluded: None, dropped: 0 });
        }
    }
}

/// People by their number.
pub(super) type Workers = BTreeMap<UserId, Worker>;
