//! Which task to give out next, and which lease ends next: kept beside the state, made again from it when it is loaded.

use std::collections::BTreeSet;

use super::leases::Lease;
use super::task::{Task, TaskState};
use crate::time::Timestamp;

/// Where a task lies in the buckets: its load, and its place there.
type Place = Option<(u16, usize)>;

/// Look-ups over tasks and leases. It says nothing that the tasks and leases do not say, so two of them are equal when they
/// hold the same tasks under the same loads, in whatever order.
#[derive(Debug, Clone, Default)]
pub(super) struct Index {
    /// Claimable tasks by counted answers and live leases together; in no order within a bucket.
    buckets: Vec<Vec<u32>>,
    /// Where each task lies.
    places: Vec<Place>,
    /// All tests with a known answer.
    golds: Vec<u32>,
    /// When each live lease ends.
    ends: BTreeSet<(Timestamp, u64)>,
}

impl PartialEq for Index {
    fn eq(&self, other: &Self) -> bool {
        let loads = |index: &Self| index.places.iter().map(|place| place.map(|(load, _)| load)).collect::<Vec<_>>();
        loads(self) == loads(other) && self.golds == other.golds && self.ends == other.ends
    }
}

impl Index {
    /// The index of these tasks and leases.
    pub(super) fn of<'a>(tasks: &[Task], leases: impl Iterator<Item = (u64, &'a Lease)>) -> Self {
        let mut index = Self::default();
        for (number, task) in (0..).zip(tasks) {
            index.add(number, task);
        }
        index.ends = leases.map(|(fence, lease)| (lease.until, fence)).collect();
        index
    }

    /// A task came in, the next by its number.
    pub(super) fn add(&mut self, number: u32, task: &Task) {
        self.places.push(None);
        if task.state == TaskState::Gold {
            self.golds.push(number);
        }
        self.follow(number, task);
    }

    /// A task changed: puts it where it belongs now.
    pub(super) fn follow(&mut self, number: u32, task: &Task) {
        let wanted = (task.state == TaskState::Open && task.is_claimable()).then(|| task.load());
        let Some(place) = usize::try_from(number).ok().and_then(|number| self.places.get_mut(number)) else { return };
        if place.map(|(load, _)| load) == wanted {
            return;
        }
        if let Some((load, at)) = place.take() {
            self.take_out(load, at);
        }
        if let Some(load) = wanted {
            self.put_in(number, load);
        }
    }

    fn take_out(&mut self, load: u16, at: usize) {
        let Some(bucket) = self.buckets.get_mut(usize::from(load)) else { return };
        if at < bucket.len() {
            bucket.swap_remove(at);
        }
        let moved = bucket.get(at).and_then(|number| usize::try_from(*number).ok());
        if let Some(place) = moved.and_then(|number| self.places.get_mut(number)) {
            *place = Some((load, at));
        }
    }

    fn put_in(&mut self, number: u32, load: u16) {
        if self.buckets.len() <= usize::from(load) {
            self.buckets.resize(usize::from(load).saturating_add(1), Vec::new());
        }
        let Some(bucket) = self.buckets.get_mut(usize::from(load)) else { return };
        let at = bucket.len();
        bucket.push(number);
        if let Some(place) = usize::try_from(number).ok().and_then(|number| self.places.get_mut(number)) {
            *place = Some((load, at));
        }
    }

    /// The least loaded task that this person was never given; among equals the one that chance finds first. A look-up in a
    /// bucket most of the time; a walk only for who has been given most of what is left.
    pub(super) fn least_loaded(&self, random: u64, is_known: impl Fn(u32) -> bool) -> Option<u32> {
        self.buckets.iter().find_map(|bucket| from_anywhere(bucket, random).find(|number| !is_known(*number)))
    }

    /// A test that this person was never given.
    pub(super) fn gold(&self, random: u64, is_usable: impl Fn(u32) -> bool) -> Option<u32> {
        from_anywhere(&self.golds, random).find(|number| is_usable(*number))
    }

    /// A lease was given, or lasts longer.
    pub(super) fn lease_ends(&mut self, before: Option<Timestamp>, until: Timestamp, fence: u64) {
        if let Some(before) = before {
            self.ends.remove(&(before, fence));
        }
        self.ends.insert((until, fence));
    }

    /// A lease is over.
    pub(super) fn lease_over(&mut self, until: Timestamp, fence: u64) {
        self.ends.remove(&(until, fence));
    }

    /// When the next lease ends.
    pub(super) fn next_end(&self) -> Option<Timestamp> {
        self.ends.first().map(|(until, _)| *until)
    }

    /// The leases that have ended, the longest ended first.
    pub(super) fn ended(&self, now: Timestamp) -> impl Iterator<Item = u64> {
        self.ends.iter().take_while(move |(until, _)| *until <= now).map(|(_, fence)| *fence)
    }
}

/// All of a list, beginning at a random place.
fn from_anywhere(list: &[u32], random: u64) -> impl Iterator<Item = u32> {
    let length = u64::try_from(list.len()).unwrap_or(u64::MAX);
    let start = random.checked_rem(length).and_then(|start| usize::try_from(start).ok()).unwrap_or(0);
    let (before, after) = list.split_at_checked(start).unwrap_or((list, &[]));
    after.iter().chain(before).copied()
}
