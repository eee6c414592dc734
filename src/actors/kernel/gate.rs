//! Admission: how many commands one entity has on its way at once, and when nobody can come any more.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

/// Set when the gate is closed for good.
const CLOSED: u32 = 1 << 31;

/// The gate of one incarnation of an entity. Everything that enters holds a [`Permit`] until it is answered, so an empty
/// gate that could be closed proves that nothing is queued, being decided or being committed: that is the hand-shake by
/// which an entity goes to rest without losing a message.
#[derive(Debug)]
pub struct Gate {
    state: AtomicU32,
    limit: u32,
}

/// What came of trying to enter.
#[derive(Debug)]
pub enum Entry {
    /// Inside, until dropped.
    Admitted(Permit),
    /// As many as allowed are inside.
    Full,
    /// This incarnation is gone: go to the next one.
    Closed,
}

impl Gate {
    /// A gate for `limit` at once.
    #[must_use]
    pub fn new(limit: u32) -> Arc<Self> {
        Arc::new(Self { state: AtomicU32::new(0), limit: limit.min(CLOSED - 1) })
    }

    /// Tries to enter.
    #[must_use]
    pub fn enter(self: &Arc<Self>) -> Entry {
        let entered = self.state.fetch_update(Ordering::AcqRel, Ordering::Acquire, |state| {
            (state & CLOSED == 0 && state < self.limit).then_some(state + 1)
        });
        match entered {
            Ok(_) => Entry::Admitted(Permit(Arc::clone(self))),
            Err(state) if state & CLOSED == 0 => Entry::Full,
            Err(_) => Entry::Closed,
        }
    }

    /// Enters also when the gate is full: for the engine's own letters, of which there is one at a time.
    #[must_use]
    pub fn enter_urgently(self: &Arc<Self>) -> Entry {
        let entered =
            self.state.fetch_update(Ordering::AcqRel, Ordering::Acquire, |state| (state & CLOSED == 0).then_some(state + 1));
        entered.map_or(Entry::Closed, |_| Entry::Admitted(Permit(Arc::clone(self))))
    }

    /// Closes the gate if nobody is inside. Afterwards nobody ever enters.
    #[must_use]
    pub fn close_if_empty(&self) -> bool {
        self.state.compare_exchange(0, CLOSED, Ordering::AcqRel, Ordering::Acquire).is_ok()
    }

    /// Closes the gate; those inside stay until they are done.
    pub fn close(&self) {
        self.state.fetch_or(CLOSED, Ordering::AcqRel);
    }

    /// How many are inside.
    #[must_use]
    pub fn inside(&self) -> u32 {
        self.state.load(Ordering::Acquire) & !CLOSED
    }
}

/// One place inside a [`Gate`]; given back when dropped.
#[derive(Debug)]
pub struct Permit(Arc<Gate>);

impl Drop for Permit {
    fn drop(&mut self) {
        self.0.state.fetch_sub(1, Ordering::AcqRel);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_gate_admits_again_when_somebody_leaves() {
        let gate = Gate::new(2);
        let (Entry::Admitted(first), Entry::Admitted(_second)) = (gate.enter(), gate.enter()) else { panic!("two fit") };
        assert!(matches!(gate.enter(), Entry::Full));
        drop(first);
        assert!(matches!(gate.enter(), Entry::Admitted(_)));
    }

    #[test]
    fn a_gate_closes_only_when_empty_and_then_for_ever() {
        let gate = Gate::new(2);
        let Entry::Admitted(permit) = gate.enter() else { panic!("one fits") };
        assert!(!gate.close_if_empty());
        drop(permit);
        assert!(gate.close_if_empty());
        assert!(matches!(gate.enter(), Entry::Closed));
        assert!(!gate.close_if_empty(), "a gate is closed once");
    }
}
