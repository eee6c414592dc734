//! Tasks that a person decides.

use super::command::ReviewVerdict;
use super::event::{Event, Outcome};
use super::progress::Progress;
use super::project::Project;
use super::refusal::Refusal;
use super::task::TaskState;
use crate::consensus::stop::StopRule;
use crate::entity::Given;

/// So many more answers are granted at a time.
const MORE: u16 = 5;

impl Project {
    /// Decides a task in review.
    pub(super) fn review(&self, number: u32, verdict: &ReviewVerdict, given: &Given) -> Result<Vec<Event>, Refusal> {
        self.check_manager(&given.actor)?;
        let task = self.task(number).ok_or(Refusal::NoSuchTask)?;
        if !matches!(task.state, TaskState::Review(_)) {
            return Err(Refusal::NotInReview { state: task.state.name() });
        }
        let settled = match verdict {
            ReviewVerdict::Accept { answer } => {
                let settlement = self.accepted(number, task, self.parse(answer)?);
                self.settle_as(number, Outcome::Decided(settlement))
            }
            ReviewVerdict::Unusable => self.settle_as(number, Outcome::Unusable),
            ReviewVerdict::More => return self.ask_more(number, given),
        };
        Ok(self.stamped(settled.map(Event::Settled).into_iter().collect(), given.now))
    }

    fn ask_more(&self, number: u32, given: &Given) -> Result<Vec<Event>, Refusal> {
        let task = self.task(number).ok_or(Refusal::NoSuchTask)?;
        let most = StopRule::MOST_VOTES.saturating_sub(self.draft.rules.stop.max_votes());
        let extra = task.extra.saturating_add(MORE).min(most);
        if extra == task.extra {
            return Err(Refusal::Invalid(format!("no task is asked more than {} times", StopRule::MOST_VOTES)));
        }
        let wanted = self.wanted_with_extra(task, extra);
        let more = Event::MoreWanted { task: number, extra, wanted, progress: Progress::default() };
        Ok(self.stamped(vec![more], given.now))
    }

    /// More people are asked.
    pub(super) fn apply_more(&mut self, number: u32, extra: u16, wanted: u16) {
        self.with_task(number, |task| {
            task.state = TaskState::Open;
            task.extra = extra;
            task.wanted = wanted;
        });
    }
}
