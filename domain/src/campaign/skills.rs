//! How well people label and what is probably true, learned from how answers agree: the model of Dawid and Skene over a
//! campaign's choices, kept up to date by every answer, settlement and exclusion.
//!
//! The events stay as they are: the model is state that follows from them by whole numbers, the same on every machine.

use super::event::{Answered, Outcome};
use super::project::Project;
use super::rules::Rules;
use super::settling::basis_points;
use super::task::TaskState;
use super::view::Likely;
use crate::ids::UserId;

/// Of so many choices of an open task their probability is shown.
const MOST_LIKELY: usize = 5;

impl Project {
    /// The model's number of a choice.
    fn label_of(&self, kept: &str) -> Option<u16> {
        let place = self.draft.rules.choices.iter().position(|choice| choice == kept)?;
        u16::try_from(place).ok()
    }

    /// An answer came in time; its task is still as it was before.
    pub(super) fn learn_answer(&mut self, answered: &Answered) {
        if self.skills.is_none() {
            return;
        }
        let Some(label) = self.label_of(&answered.text) else { return };
        let Some(state) = self.task(answered.task).map(|task| (&task.state, task.asked.gold.as_deref())) else { return };
        let (open, truth) = match state {
            (TaskState::Open | TaskState::Review(_), _) => (true, None),
            (TaskState::Gold, gold) => (false, gold.and_then(|gold| self.label_of(&Rules::kept(gold)))),
            (TaskState::Decided(settlement), _) => (false, self.label_of(&settlement.answer)),
            (TaskState::Unusable | TaskState::Undecided, _) => (false, None),
        };
        let Some(skills) = self.skills.as_deref_mut() else { return };
        if open {
            skills.answer(answered.task, answered.worker, label);
        } else if let Some(truth) = truth {
            skills.gold(answered.worker, truth, label);
        }
    }

    /// A task was settled, or needs a person's eye: then it stays open to what is learned of its people.
    pub(super) fn learn_outcome(&mut self, task: u32, outcome: &Outcome) {
        let truth = match outcome {
            Outcome::Decided(settlement) => self.label_of(&settlement.answer),
            Outcome::Unusable | Outcome::Undecided => None,
            Outcome::Review(_) => return,
        };
        if let Some(skills) = self.skills.as_deref_mut() {
            skills.settle(task, truth);
        }
    }

    /// Somebody's answer was taken back.
    pub(super) fn unlearn(&mut self, task: u32, worker: UserId) {
        if let Some(skills) = self.skills.as_deref_mut() {
            skills.withdraw(task, worker);
        }
    }

    /// How often this person is right by what was learned, above 0 and below 1.
    #[must_use]
    pub fn learned_accuracy(&self, worker: UserId) -> Option<f64> {
        self.skills.as_deref().map(|skills| skills.accuracy(worker))
    }

    /// How probable an answer to a task is, with one that is being decided, or without somebody's.
    pub(super) fn posterior_bp(
        &self,
        task: u32,
        answer: &str,
        newest: Option<&Answered>,
        without: Option<UserId>,
    ) -> Option<u16> {
        let skills = self.skills.as_deref()?;
        let label = self.label_of(answer)?;
        let newest = newest.filter(|newest| Some(newest.worker) != without);
        let more = newest.and_then(|newest| Some((newest.worker, self.label_of(&newest.text)?)));
        let belief = skills.belief_if(task, more, without);
        belief.get(usize::from(label)).copied().map(basis_points)
    }

    /// The most probable choices of a task that is not settled.
    pub(super) fn likely(&self, task: u32) -> Vec<Likely> {
        let belief = self.skills.as_deref().map(|skills| skills.belief(task)).unwrap_or_default();
        let mut all: Vec<(&String, f64)> = self.draft.rules.choices.iter().zip(belief).collect();
        all.sort_by(|(_, a), (_, b)| b.total_cmp(a));
        let likely = |(answer, probability): (&String, f64)| Likely { answer: answer.clone(), probability };
        all.into_iter().take(MOST_LIKELY).map(likely).collect()
    }
}
