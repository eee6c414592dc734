//! Rest for entities that fail again and again, so that they cannot burn the node.

use std::collections::{HashMap, VecDeque};
use std::time::{Duration, Instant};

use madang_domain::ids::EntityId;

use super::settings::EngineSettings;

/// The faults of the entities of one kind.
#[derive(Debug)]
pub struct Quarantine {
    records: HashMap<EntityId, Record>,
    faults: usize,
    window: Duration,
    first: Duration,
    longest: Duration,
}

#[derive(Debug, Default)]
struct Record {
    faults: VecDeque<Instant>,
    until: Option<Instant>,
    rests: u32,
}

impl Quarantine {
    /// Nobody has failed yet.
    #[must_use]
    pub fn new(settings: &EngineSettings) -> Self {
        let (first, longest) = settings.quarantine;
        Self { records: HashMap::new(), faults: settings.faults.max(1), window: settings.fault_window, first, longest }
    }

    /// Whether the entity must rest still.
    #[must_use]
    pub fn rests(&self, id: EntityId, now: Instant) -> bool {
        self.records.get(&id).and_then(|record| record.until).is_some_and(|until| now < until)
    }

    /// The entity failed; gives how long it rests when that was once too often.
    pub fn fault(&mut self, id: EntityId, now: Instant) -> Option<Duration> {
        let record = self.records.entry(id).or_default();
        record.faults.push_back(now);
        while record.faults.front().is_some_and(|first| now.duration_since(*first) > self.window) {
            record.faults.pop_front();
        }
        if record.faults.len() < self.faults {
            return None;
        }
        let rest = self.first.saturating_mul(1u32.checked_shl(record.rests).unwrap_or(u32::MAX)).min(self.longest);
        record.rests = (record.rests + 1).min(31);
        record.until = Some(now + rest);
        // The next fault after the rest is one too many again: it has shown that rest did not help.
        record.faults.pop_front();
        Some(rest)
    }

    /// Forgets those who have behaved for ten windows after their rest, and counts those who rest.
    pub fn tidy(&mut self, now: Instant) -> usize {
        let calm = self.window.saturating_mul(10);
        self.records.retain(|_, record| {
            let last = record.faults.back().copied().max(record.until);
            last.is_some_and(|last| now.saturating_duration_since(last) < calm)
        });
        self.records.values().filter(|record| record.until.is_some_and(|until| now < until)).count()
    }
}

#[cfg(test)]
mod tests {
    use madang_domain::ids::Kind;

    use super::*;

    #[test]
    fn five_faults_in_a_minute_bring_rest_that_doubles() {
        let mut quarantine = Quarantine::new(&EngineSettings::default());
        let id = EntityId::new(Kind::Auction, 1).unwrap();
        let mut now = Instant::now();
        for _ in 0..4 {
            assert_eq!(quarantine.fault(id, now), None);
        }
        assert_eq!(quarantine.fault(id, now), Some(Duration::from_secs(1)));
        assert!(quarantine.rests(id, now));
        now += Duration::from_millis(1001);
        assert!(!quarantine.rests(id, now));
        assert_eq!(quarantine.fault(id, now), Some(Duration::from_secs(2)));
        for _ in 0..20 {
            quarantine.fault(id, now);
        }
        assert_eq!(quarantine.fault(id, now), Some(Duration::from_secs(300)), "five minutes at most");
    }

    #[test]
    fn rare_faults_are_forgiven() {
        let mut quarantine = Quarantine::new(&EngineSettings::default());
        let id = EntityId::new(Kind::Auction, 1).unwrap();
        let start = Instant::now();
        for minute in 0..20 {
            assert_eq!(quarantine.fault(id, start + Duration::from_secs(61 * minute)), None);
        }
        assert_eq!(quarantine.tidy(start + Duration::from_secs(61 * 40)), 0);
        assert!(quarantine.records.is_empty());
    }
}
