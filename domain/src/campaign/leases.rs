//! Leases: a task given to a person for a while.
//!
//! Counted answers and live leases of a task are together never more than are wanted, so no answer is ever given in vain.

use chrono::TimeDelta;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::event::{Claimed, Event};
use super::project::{Project, Stage};
use super::refusal::Refusal;
use super::rules::MAX_LEASE_S;
use super::workers::{Ending, Worker};
use crate::entity::Given;
use crate::ids::UserId;
use crate::time::Timestamp;

/// Tasks that one person may hold at a time: enough for an offline pack.
pub const MOST_LEASES: usize = 8;
/// People that one campaign can keep apart.
pub(super) const MOST_WORKERS: usize = 100_000;

/// A live lease.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lease {
    /// Its id, known to its holder alone.
    #[serde(rename = "id")]
    pub lease: Uuid,
    /// The task.
    pub task: u32,
    /// The holder.
    pub worker: UserId,
    /// When it was given.
    pub given_at: Timestamp,
    /// When it ends.
    pub until: Timestamp,
}

/// What a lease that is named in a command turns out to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Found {
    /// Alive.
    Live(Lease),
    /// It ended unanswered by its deadline or because its holder or its campaign went.
    Lapsed {
        /// The task.
        task: u32,
    },
}

pub(super) fn person(given: &Given) -> Result<UserId, Refusal> {
    given.actor.user().ok_or(Refusal::NotSignedIn)
}

/// Spreads a random number, so that its parts can be used independently (splitmix64's step).
pub(super) const fn spread(random: u64, salt: u64) -> u64 {
    let mut x = random.wrapping_add(salt.wrapping_mul(0x9e37_79b9_7f4a_7c15));
    x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    x ^ (x >> 31)
}

/// An id that nobody can guess and that differs for every fencing number.
fn lease_id(random: u64, fence: u64) -> Uuid {
    let [hidden, number] = [random, fence].map(u64::to_be_bytes);
    let mut bytes = [0; 16];
    for (to, from) in bytes.iter_mut().zip(hidden.into_iter().chain(number)) {
        *to = from;
    }
    uuid::Builder::from_random_bytes(bytes).into_uuid()
}

impl Project {
    /// Decides what a person is given.
    pub(super) fn claim(&self, given: &Given) -> Result<Event, Refusal> {
        let worker = person(given)?;
        if self.stage != Stage::InProgress {
            return Err(Refusal::NotRunning { state: self.stage.name() });
        }
        let known = self.workers.get(&worker);
        if let Some(excluded) = known.and_then(|known| known.exclusion_at(given.now)) {
            return Err(Refusal::Excluded { reason: excluded.reason.clone(), until: excluded.until });
        }
        if known.is_some_and(|known| known.leases.len() >= MOST_LEASES) {
            return Err(Refusal::TooManyLeases { most: MOST_LEASES });
        }
        if known.is_none() && self.workers.len() >= MOST_WORKERS {
            return Err(Refusal::Nothing);
        }
        let task = self.pick(known, given.random).ok_or(Refusal::Nothing)?;
        let fence = self.fence.saturating_add(1);
        let until = given.now + TimeDelta::seconds(i64::from(self.draft.rules.lease_s));
        Ok(Event::Claimed(Claimed { task, worker, lease: lease_id(spread(given.random, 3), fence), fence, until }))
    }

    /// The task for a person: the one with the fewest answers and leases, or now and then a test.
    fn pick(&self, worker: Option<&Worker>, random: u64) -> Option<u32> {
        let is_known = |task| worker.is_some_and(|worker| worker.was_given(task));
        let real = self.index.least_loaded(spread(random, 1), is_known)?;
        if self.is_time_for_gold(worker, spread(random, 2)) {
            let usable = |number| !is_known(number) && self.task(number).is_some_and(super::task::Task::is_claimable);
            return self.index.gold(spread(random, 1), usable).or(Some(real));
        }
        Some(real)
    }

    /// Finds the lease that a person names.
    pub(super) fn find_lease(&self, worker: UserId, lease: Uuid, fence: u64, now: Timestamp) -> Result<Found, Refusal> {
        if let Some(live) = self.leases.get(&fence) {
            return match live {
                live if live.worker != worker => Err(Refusal::LeaseForeign),
                live if live.lease != lease => Err(Refusal::StaleFence),
                live if live.until <= now => Ok(Found::Lapsed { task: live.task }),
                live => Ok(Found::Live(*live)),
            };
        }
        let known = self.workers.get(&worker).ok_or(Refusal::LeaseUnknown)?;
        if let Some(ended) = known.ended.iter().find(|ended| ended.fence == fence) {
            return match ended.ending {
                _ if ended.lease != lease => Err(Refusal::StaleFence),
                Ending::Answered => Err(Refusal::AlreadyAnswered),
                Ending::GivenBack => Err(Refusal::GivenBack),
                Ending::Lapsed => Ok(Found::Lapsed { task: ended.task }),
            };
        }
        let mut mine = known.leases.iter().filter_map(|fence| self.leases.get(fence));
        let stale = mine.any(|live| live.lease == lease) || known.ended.iter().any(|ended| ended.lease == lease);
        Err(if stale { Refusal::StaleFence } else { Refusal::LeaseUnknown })
    }

    fn find_live(&self, lease: Uuid, fence: u64, given: &Given) -> Result<Lease, Refusal> {
        match self.find_lease(person(given)?, lease, fence, given.now)? {
            Found::Live(live) => Ok(live),
            Found::Lapsed { .. } => Err(Refusal::LeaseOver),
        }
    }

    /// Decides whether a lease lasts longer: another full time from now, up to ten minutes in all.
    pub(super) fn extend(&self, lease: Uuid, fence: u64, given: &Given) -> Result<Vec<Event>, Refusal> {
        let live = self.find_live(lease, fence, given)?;
        let longest = live.given_at + TimeDelta::seconds(i64::from(MAX_LEASE_S));
        let until = (given.now + TimeDelta::seconds(i64::from(self.draft.rules.lease_s))).min(longest);
        Ok(if until > live.until { vec![Event::Extended { fence, until }] } else { Vec::new() })
    }

    /// Decides to take a lease back from who skips.
    pub(super) fn give_back(&self, lease: Uuid, fence: u64, given: &Given) -> Result<Vec<Event>, Refusal> {
        let live = self.find_live(lease, fence, given)?;
        let mut events = vec![Event::GivenBack { fence }];
        let rules = &self.draft.rules;
        let skips = self.workers.get(&live.worker).map_or(0, |worker| worker.skips_in_row).saturating_add(1);
        if rules.skip_limit > 0 && skips > rules.skip_limit {
            events.extend(self.exclude_by_rule(live.worker, super::event::ExclusionReason::TooManySkips, None, given.now));
        }
        Ok(events)
    }

    /// A lease was given.
    pub(super) fn apply_claimed(&mut self, claimed: &Claimed, at: Timestamp) {
        let Claimed { task, worker, lease, fence, until } = *claimed;
        self.fence = fence;
        self.is_active = true;
        self.leases.insert(fence, Lease { lease, task, worker, given_at: at, until });
        self.index.lease_ends(None, until, fence);
        let gold = self.task(task).is_some_and(|task| task.asked.gold.is_some());
        let known = self.workers.entry(worker).or_default();
        known.give(task, gold);
        known.leases.push(fence);
        self.with_task(task, |task| task.leases = task.leases.saturating_add(1));
    }

    /// A lease lasts longer.
    pub(super) fn apply_extended(&mut self, fence: u64, until: Timestamp) {
        if let Some(lease) = self.leases.get_mut(&fence) {
            let before = std::mem::replace(&mut lease.until, until);
            self.index.lease_ends(Some(before), until, fence);
        }
    }

    /// A lease is over, for whatever reason. Its holder can still be told which.
    pub(super) fn end_lease(&mut self, fence: u64, ending: Ending) -> Option<Lease> {
        let lease = self.leases.remove(&fence)?;
        self.index.lease_over(lease.until, fence);
        self.with_task(lease.task, |task| task.leases = task.leases.saturating_sub(1));
        if let Some(worker) = self.workers.get_mut(&lease.worker) {
            worker.end_lease(fence, &lease, ending);
        }
        Some(lease)
    }

    /// A lease was given back.
    pub(super) fn apply_given_back(&mut self, fence: u64) {
        if let Some(lease) = self.end_lease(fence, Ending::GivenBack)
            && let Some(worker) = self.workers.get_mut(&lease.worker)
        {
            worker.skips = worker.skips.saturating_add(1);
            worker.skips_in_row = worker.skips_in_row.saturating_add(1);
        }
    }
}
