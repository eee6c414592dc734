//! What must always be true of a campaign.
//!
//! A campaign is large, and the engine checks often: each check looks at the totals, every live lease and a window of tasks
//! that moves on with every answer. [`Project::check_all`] looks at everything.

use std::collections::BTreeSet;

use super::index::Index;
use super::project::{MOST_TASKS, Project, Stage};
use super::task::{Standing, Task, TaskState};

/// Tasks that one check looks at.
const WINDOW: usize = 64;

fn ensure(holds: bool, otherwise: &str) -> Result<(), String> {
    if holds { Ok(()) } else { Err(otherwise.to_owned()) }
}

impl Project {
    /// Checks the totals, the leases and a few tasks.
    pub(super) fn check(&self) -> Result<(), String> {
        self.check_totals()?;
        self.check_leases()?;
        let turn = self.answers.wrapping_add(self.fence);
        let length = u64::try_from(self.tasks.len()).unwrap_or(u64::MAX);
        let start = turn.wrapping_mul(31).checked_rem(length).and_then(|start| usize::try_from(start).ok()).unwrap_or(0);
        self.tasks.iter().skip(start).take(WINDOW).try_for_each(|task| self.check_task(task))
    }

    /// Checks everything.
    ///
    /// # Errors
    /// What is broken.
    pub fn check_all(&self) -> Result<(), String> {
        self.check()?;
        self.tasks.iter().try_for_each(|task| self.check_task(task))?;
        let leased: usize = self.tasks.iter().map(|task| usize::from(task.leases)).sum();
        ensure(leased == self.leases.len(), "the tasks' leases are not the leases")?;
        let tasks = || self.tasks.iter().filter(|task| task.state != TaskState::Gold);
        let count = |wanted: &str| tasks().filter(|task| task.state.name() == wanted).count();
        let progress = self.progress;
        for (state, counted) in [
            ("decided", progress.decided),
            ("review", progress.review),
            ("unusable", progress.unusable),
            ("undecided", progress.undecided),
            ("open", progress.open()),
        ] {
            ensure(u32::try_from(count(state)) == Ok(counted), &format!("{state} is counted {counted} times"))?;
        }
        let answers: usize = tasks().map(|task| usize::from(task.counted())).sum();
        ensure(u64::try_from(answers) == Ok(progress.answers), "the answers are not those that are counted")?;
        let standing =
            |standing| self.tasks.iter().flat_map(|task| &task.votes).filter(|vote| vote.standing == standing).count();
        let worth = |answers: usize| i64::try_from(answers).unwrap_or(i64::MAX).saturating_mul(self.draft.rules.points);
        ensure(worth(standing(Standing::Waiting)) == progress.pending, "the pending points are not those of waiting answers")?;
        ensure(worth(standing(Standing::Right)) == progress.paid, "the paid points are not those of right answers")?;
        let taught = |(number, task): (u32, &Task)| {
            let open = matches!(task.state, TaskState::Open | TaskState::Review(_));
            let known = self.skills.as_ref().map_or(0, |skills| skills.answers(number));
            known == if open && self.skills.is_some() { usize::from(task.counted()) } else { 0 }
        };
        ensure((0..).zip(&self.tasks).all(taught), "what is learned is not from the open tasks' answers")?;
        let fresh = Index::of(&self.tasks, self.leases.iter().map(|(fence, lease)| (*fence, lease)));
        ensure(fresh == self.index, "the index is not that of the tasks")
    }

    fn check_totals(&self) -> Result<(), String> {
        ensure(self.tasks.len() <= MOST_TASKS, "more tasks than a campaign may have")?;
        let progress = self.progress;
        let parts = u64::from(progress.settled()).saturating_add(u64::from(progress.review));
        ensure(parts <= u64::from(progress.tasks), "more tasks are settled than there are")?;
        ensure(progress.pending >= 0 && progress.paid >= 0, "points below zero")?;
        let ended = matches!(self.stage, Stage::Completed | Stage::Requested | Stage::Approved | Stage::Rejected(_));
        ensure(!ended || self.leases.is_empty(), "a lease while no task is given out")
    }

    fn check_leases(&self) -> Result<(), String> {
        for (fence, lease) in self.leases.iter().take(4 * WINDOW) {
            ensure(*fence <= self.fence, "a lease from the future")?;
            let worker = self.workers.get(&lease.worker).ok_or("a lease of nobody")?;
            ensure(worker.leases.contains(fence) && worker.was_given(lease.task), "a lease that its holder does not know")?;
            let task = self.task(lease.task).ok_or("a lease of no task")?;
            ensure(task.leases > 0, "a lease that its task does not know")?;
            let voted = task.votes.iter().any(|vote| vote.worker == lease.worker);
            ensure(!voted, "somebody holds a task that they have answered")?;
        }
        Ok(())
    }

    fn check_task(&self, task: &Task) -> Result<(), String> {
        ensure(task.load() <= task.wanted, "more answers and leases than wanted")?;
        let most = self.draft.rules.stop.max_votes().saturating_add(task.extra);
        ensure(task.state == TaskState::Gold || task.wanted <= most, "more answers are wanted than the rule allows")?;
        let people: BTreeSet<_> = task.votes.iter().map(|vote| vote.worker).collect();
        ensure(people.len() == task.votes.len(), "somebody answered a task twice")?;
        let waits = task.votes.iter().any(|vote| vote.standing == Standing::Waiting);
        let settled = task.state.is_settled() || task.state == TaskState::Gold;
        ensure(!(settled && waits), "an answer to a settled task waits")
    }
}
