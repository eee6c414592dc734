//! What is due: leases that ended, the safety net every half hour, and the end of a campaign a part at a time.

use chrono::TimeDelta;

use super::event::{Event, Outcome};
use super::lifecycle::completed;
use super::project::{Project, Stage};
use super::refusal::Refusal;
use super::task::TaskState;
use super::workers::Ending;
use crate::entity::{Actor, Given};
use crate::time::Timestamp;

/// How often everything that is open is judged again.
pub(super) const EVERY: TimeDelta = TimeDelta::minutes(30);
/// Ended leases are looked for at multiples of this, so that a busy campaign's deadline moves seldom. A lease is over at its
/// own moment all the same; only its place comes free this much later.
const GRID_MS: i64 = 5_000;
/// At most so many tasks are settled in one sweep.
const MOST_SETTLED: usize = 200;
/// Between two parts of the end.
const PART: TimeDelta = TimeDelta::milliseconds(50);

impl Project {
    /// The next moment it must be woken.
    pub(super) fn next_sweep(&self) -> Option<Timestamp> {
        [self.leases_due(), self.full_due(), self.closing_due()].into_iter().flatten().min()
    }

    fn leases_due(&self) -> Option<Timestamp> {
        let end = self.index.next_end()?.timestamp_millis();
        let late = end.checked_rem_euclid(GRID_MS)?;
        Timestamp::from_timestamp_millis(end.checked_sub(late)?.checked_add(GRID_MS)?)
    }

    /// The safety net: half an hour after the last one, as long as something happens; once more to end what is all done.
    fn full_due(&self) -> Option<Timestamp> {
        let wanted = self.stage == Stage::InProgress && (self.is_active || self.is_all_done());
        self.swept_at.filter(|_| wanted)?.checked_add_signed(EVERY)
    }

    fn closing_due(&self) -> Option<Timestamp> {
        let left = usize::try_from(self.closed_to?).is_ok_and(|closed| closed < self.tasks.len());
        self.swept_at.filter(|_| left)?.checked_add_signed(PART)
    }

    fn is_all_done(&self) -> bool {
        self.progress.tasks > 0 && self.progress.settled() == self.progress.tasks
    }

    /// Does what is due at this moment.
    pub(super) fn sweep(&self, given: &Given) -> Result<Vec<Event>, Refusal> {
        if given.actor != Actor::System {
            return Err(Refusal::NotAllowed("the house"));
        }
        let now = given.now;
        let is_due = |due: Option<Timestamp>| due.is_some_and(|due| due <= now);
        let full = is_due(self.full_due());
        let ended: Vec<u64> = self.index.ended(now).collect();
        let mut settled = Vec::new();
        let mut closed_to = None;
        if is_due(self.closing_due()) {
            (settled, closed_to) = self.close_part();
        } else if full {
            settled = self.judge_all();
        } else if ended.is_empty() {
            return Ok(Vec::new());
        }
        let mut events = vec![Event::Swept { ended, full, closed_to }];
        if full && settled.is_empty() && self.is_all_done() && !self.is_active {
            events.push(completed());
        }
        events.extend(settled);
        Ok(self.stamped(events, now))
    }

    fn judge_all(&self) -> Vec<Event> {
        let numbers = (0..).zip(&self.tasks).filter(|(_, task)| task.state == TaskState::Open && !task.votes.is_empty());
        let settled = numbers.filter_map(|(number, _)| self.judge_open(number, None, None));
        settled.take(MOST_SETTLED).map(Event::Settled).collect()
    }

    /// Settles what was not answered when it ended, a part at a time.
    fn close_part(&self) -> (Vec<Event>, Option<u32>) {
        let from = self.closed_to.unwrap_or(0);
        let mut settled = Vec::new();
        let mut to = from;
        let skipped = usize::try_from(from).unwrap_or(usize::MAX);
        for (number, task) in (from..).zip(self.tasks.iter().skip(skipped)) {
            if settled.len() >= MOST_SETTLED {
                break;
            }
            to = number.saturating_add(1);
            if !task.state.is_settled() && task.state != TaskState::Gold {
                settled.extend(self.settle_as(number, Outcome::Undecided).map(Event::Settled));
            }
        }
        (settled, Some(to))
    }

    /// The house looked after it.
    pub(super) fn apply_swept(&mut self, ended: &[u64], full: bool, closed_to: Option<u32>, at: Timestamp) {
        for fence in ended {
            self.end_lease(*fence, Ending::Lapsed);
        }
        if full {
            self.is_active = false;
        }
        if full || closed_to.is_some() {
            self.swept_at = Some(at);
        }
        self.closed_to = closed_to.or(self.closed_to);
    }
}
