//! From requested to completed.

use super::command::Draft;
use super::event::Event;
use super::project::{Project, Stage};
use super::refusal::Refusal;
use super::rules::TaskKind;
use super::workers::Ending;
use crate::entity::{Actor, Given, Role};
use crate::time::Timestamp;

/// Decides whether somebody may ask for a campaign.
pub(super) fn request(draft: &Draft, given: &Given) -> Result<Vec<Event>, Refusal> {
    let owner = given.actor.user().ok_or(Refusal::NotSignedIn)?;
    if !given.actor.has(Role::Company) {
        return Err(Refusal::NotAllowed("a company"));
    }
    let name = draft.name.trim().chars().count();
    if !(1..=100).contains(&name) || draft.name.chars().any(char::is_control) {
        return Err(Refusal::Invalid("a name has 1 to 100 characters".to_owned()));
    }
    if draft.description.chars().count() > 2_000 {
        return Err(Refusal::Invalid("a description has at most 2,000 characters".to_owned()));
    }
    draft.rules.check().map_err(Refusal::Invalid)?;
    let learns = draft.rules.kind == TaskKind::Choice;
    Ok(vec![Event::Requested { owner, draft: Box::new(draft.clone()), learns }])
}

pub(super) fn reason_of(text: &str) -> Result<String, Refusal> {
    let reason = text.trim();
    if (1..=500).contains(&reason.chars().count()) {
        Ok(reason.to_owned())
    } else {
        Err(Refusal::Invalid("a reason has 1 to 500 characters".to_owned()))
    }
}

fn check_admin(actor: &Actor) -> Result<(), Refusal> {
    if actor.has(Role::Admin) { Ok(()) } else { Err(Refusal::NotAllowed("an admin")) }
}

impl Project {
    /// Decides to let it run. Again changes nothing; after a no it is too late.
    pub(super) fn approve(&self, given: &Given) -> Result<Vec<Event>, Refusal> {
        check_admin(&given.actor)?;
        match self.stage {
            Stage::Requested if self.tasks.is_empty() => Ok(vec![Event::Approved]),
            Stage::Requested => Ok(vec![Event::Approved, Event::Started]),
            Stage::Approved | Stage::InProgress | Stage::Paused | Stage::Completed => Ok(Vec::new()),
            Stage::Rejected(_) => Err(self.wrong_state()),
        }
    }

    /// Decides to say no. Again changes nothing; after a yes it is too late.
    pub(super) fn reject(&self, reason: &str, given: &Given) -> Result<Vec<Event>, Refusal> {
        check_admin(&given.actor)?;
        match self.stage {
            Stage::Requested => Ok(vec![Event::Rejected { reason: reason_of(reason)? }]),
            Stage::Rejected(_) => Ok(Vec::new()),
            Stage::Approved | Stage::InProgress | Stage::Paused | Stage::Completed => Err(self.wrong_state()),
        }
    }

    /// Decides to give out no more tasks. Again changes nothing.
    pub(super) fn pause(&self, given: &Given) -> Result<Vec<Event>, Refusal> {
        self.check_manager(&given.actor)?;
        match self.stage {
            Stage::InProgress => Ok(vec![Event::Paused]),
            Stage::Paused => Ok(Vec::new()),
            Stage::Requested | Stage::Approved | Stage::Rejected(_) | Stage::Completed => Err(self.wrong_state()),
        }
    }

    /// Decides to go on. Again changes nothing.
    pub(super) fn resume(&self, given: &Given) -> Result<Vec<Event>, Refusal> {
        self.check_manager(&given.actor)?;
        match self.stage {
            Stage::Paused => Ok(vec![Event::Resumed]),
            Stage::InProgress => Ok(Vec::new()),
            Stage::Requested | Stage::Approved | Stage::Rejected(_) | Stage::Completed => Err(self.wrong_state()),
        }
    }

    /// Decides to end it. Again changes nothing. What is not answered is settled by the next sweeps, a part at a time.
    pub(super) fn complete(&self, given: &Given) -> Result<Vec<Event>, Refusal> {
        self.check_manager(&given.actor)?;
        match self.stage {
            Stage::Approved | Stage::InProgress | Stage::Paused => Ok(self.stamped(vec![completed()], given.now)),
            Stage::Completed => Ok(Vec::new()),
            Stage::Requested | Stage::Rejected(_) => Err(self.wrong_state()),
        }
    }

    /// It is over: no lease outlives it.
    pub(super) fn apply_completed(&mut self, at: Timestamp) {
        let live: Vec<u64> = self.leases.keys().copied().collect();
        for fence in live {
            self.end_lease(fence, Ending::Lapsed);
        }
        self.stage = Stage::Completed;
        self.completed_at = Some(at);
        self.closed_to = Some(0);
        self.swept_at = Some(at);
    }
}

/// The end; the numbers are filled in by [`Project::stamped`].
pub(super) fn completed() -> Event {
    Event::Completed { progress: super::progress::Progress::default() }
}
