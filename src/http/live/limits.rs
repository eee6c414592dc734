//! How many connections there may be, of one person and of one address.

use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use dashmap::DashMap;
use dashmap::mapref::entry::Entry;
use madang_domain::ids::UserId;

/// Counts connections over all hubs.
#[derive(Debug, Default)]
pub(super) struct Gate {
    people: DashMap<UserId, u32>,
    addresses: DashMap<IpAddr, u32>,
    all: AtomicUsize,
    closed: AtomicBool,
}

impl Gate {
    /// Counts a connection in, unless its address has too many.
    pub(super) fn enter(self: &Arc<Self>, address: IpAddr, most: u32, transport: &'static str) -> Option<Admission> {
        enter(&self.addresses, address, most).then(|| {
            self.all.fetch_add(1, Ordering::Relaxed);
            metrics::gauge!("live_connections", "transport" => transport).increment(1.0);
            Admission { gate: Arc::clone(self), address, person: None, transport }
        })
    }

    /// How many connections there are in all.
    pub(super) fn count(&self) -> usize {
        self.all.load(Ordering::Relaxed)
    }

    /// Lets nobody in any more.
    pub(super) fn close(&self) {
        self.closed.store(true, Ordering::Relaxed);
    }

    /// Whether nobody is let in any more.
    pub(super) fn is_closed(&self) -> bool {
        self.closed.load(Ordering::Relaxed)
    }
}

/// A connection's place in the counts, given back when dropped.
#[derive(Debug)]
pub(super) struct Admission {
    gate: Arc<Gate>,
    address: IpAddr,
    person: Option<UserId>,
    transport: &'static str,
}

impl Admission {
    /// Counts it as this person's too, unless there are too many.
    pub(super) fn enter_person(&mut self, user: UserId, most: u32) -> bool {
        let entered = enter(&self.gate.people, user, most);
        if entered {
            self.person = Some(user);
        }
        entered
    }
}

impl Drop for Admission {
    fn drop(&mut self) {
        leave(&self.gate.addresses, self.address);
        if let Some(person) = self.person {
            leave(&self.gate.people, person);
        }
        self.gate.all.fetch_sub(1, Ordering::Relaxed);
        metrics::gauge!("live_connections", "transport" => self.transport).decrement(1.0);
    }
}

fn enter<K: Eq + std::hash::Hash>(counts: &DashMap<K, u32>, key: K, most: u32) -> bool {
    let mut count = counts.entry(key).or_insert(0);
    let entered = *count < most;
    *count += u32::from(entered);
    entered
}

fn leave<K: Eq + std::hash::Hash>(counts: &DashMap<K, u32>, key: K) {
    if let Entry::Occupied(mut found) = counts.entry(key) {
        *found.get_mut() = found.get().saturating_sub(1);
        if *found.get() == 0 {
            found.remove();
        }
    }
}
