//! Tasks that come in from uploads.

use super::event::{Event, TasksAdded, UploadWent};
use super::gold::MOST_SEEN;
use super::project::{MOST_TASKS, Project, Stage};
use super::refusal::Refusal;
use super::task::{NewTask, Task, TaskState};
use crate::entity::{Actor, Given};

/// At most so many tasks come in one part.
pub const MOST_IN_PART: usize = 500;

impl Project {
    /// Decides whether tasks come in: all of a part or none. The same part again changes nothing.
    pub(super) fn add_tasks(&self, upload: i64, part: u32, tasks: &[NewTask], given: &Given) -> Result<Vec<Event>, Refusal> {
        if given.actor != Actor::System {
            return Err(Refusal::NotAllowed("the house"));
        }
        if self.parts.contains(&(upload, part)) {
            return Ok(Vec::new());
        }
        if matches!(self.stage, Stage::Rejected(_) | Stage::Completed) {
            return Err(self.wrong_state());
        }
        if !(1..=MOST_IN_PART).contains(&tasks.len()) {
            return Err(Refusal::Invalid(format!("a part has 1 to {MOST_IN_PART} tasks")));
        }
        if self.tasks.len().saturating_add(tasks.len()) > MOST_TASKS {
            return Err(Refusal::Full { most: MOST_TASKS });
        }
        for (place, task) in (1..).zip(tasks) {
            let number = |why| Refusal::Invalid(format!("task {place} of the part: {why}"));
            task.check(&self.draft.rules).map_err(number)?;
        }
        let first = u32::try_from(self.tasks.len()).map_err(|_| Refusal::Full { most: MOST_TASKS })?;
        let wanted = tasks.iter().map(|task| self.first_wanted(task)).collect();
        let mut events = vec![Event::TasksAdded(TasksAdded { upload, part, first, wanted, tasks: tasks.to_vec() })];
        if self.stage == Stage::Approved {
            events.push(Event::Started);
        }
        Ok(events)
    }

    /// Decides to tell how far an upload is.
    pub(super) fn tell_upload(&self, went: UploadWent, given: &Given) -> Result<Vec<Event>, Refusal> {
        let told = vec![Event::UploadWent(went)];
        if given.actor == Actor::System { Ok(told) } else { Err(Refusal::NotAllowed("the house")) }
    }

    fn first_wanted(&self, task: &NewTask) -> u16 {
        if task.gold.is_some() {
            return MOST_SEEN;
        }
        self.wanted_of(task.machine.as_deref(), &[], 0)
    }

    /// Tasks came in.
    pub(super) fn apply_tasks_added(&mut self, added: &TasksAdded) {
        self.parts.insert((added.upload, added.part));
        self.is_active = true;
        for (asked, wanted) in added.tasks.iter().zip(added.wanted.iter().copied()) {
            let state = if asked.gold.is_some() { TaskState::Gold } else { TaskState::Open };
            let task = Task { asked: asked.clone(), state, wanted, extra: 0, leases: 0, votes: Vec::new() };
            let Ok(number) = u32::try_from(self.tasks.len()) else { return };
            self.index.add(number, &task);
            self.tasks.push(task);
        }
    }
}
