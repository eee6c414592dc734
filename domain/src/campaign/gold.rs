//! Tests with a known answer, mixed in at random places.

use super::project::Project;
use super::rules::WHOLE_BP;
use super::workers::Worker;

/// A test is retired after so many people saw it.
pub(super) const MOST_SEEN: u16 = 1_000;
/// At most one of so many tasks of a person is a test.
const ONE_IN: usize = 5;

impl Project {
    /// Whether chance wants a test now, and the person has not had too many.
    pub(super) fn is_time_for_gold(&self, worker: Option<&Worker>, random: u64) -> bool {
        let wanted = random.checked_rem(u64::from(WHOLE_BP)).unwrap_or(0) < u64::from(self.draft.rules.gold_bp);
        wanted && worker.is_none_or(|worker| worker.golds_given.saturating_mul(ONE_IN) <= worker.given.len())
    }

    /// Whether an answer to a test is right.
    pub(super) fn is_gold_right(&self, gold: &str, kept: &str) -> bool {
        let rules = &self.draft.rules;
        rules.key(&super::rules::Rules::kept(gold)) == rules.key(kept)
    }
}
