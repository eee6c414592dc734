//! Which commands were decided lately, so that one that comes again is known without asking the database.

use std::collections::{HashMap, VecDeque};

use uuid::Uuid;

use crate::storage::journal::read::{Forgotten, KnownCommand, RecentCommand, stamp};

/// A bounded memory of command ids, oldest forgotten first.
#[derive(Debug, Clone)]
pub struct Recent {
    known: HashMap<Uuid, KnownCommand>,
    order: VecDeque<Uuid>,
    capacity: usize,
    /// `None`: nothing was ever forgotten, an unknown id is certainly new.
    forgotten: Option<Forgotten>,
}

/// What is known of a command id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Recognised {
    /// It was decided.
    Known(KnownCommand),
    /// It was not.
    New,
    /// It may have been, longer ago than we remember: the journal knows.
    Perhaps,
}

impl Recent {
    /// An empty memory for `capacity` ids. `forgotten` bounds the ids of the entity's past that will not be remembered;
    /// `None` when it has no such past.
    #[must_use]
    pub fn new(capacity: usize, forgotten: Option<Forgotten>) -> Self {
        Self { known: HashMap::new(), order: VecDeque::new(), capacity: capacity.max(1), forgotten }
    }

    /// Remembers a command. Call in the order of decisions.
    pub fn remember(&mut self, command: RecentCommand) {
        while self.order.len() >= self.capacity {
            let Some(oldest) = self.order.pop_front() else { break };
            self.known.remove(&oldest);
            self.forgotten.get_or_insert_with(|| Forgotten::none_before(command.at)).add(oldest);
        }
        self.known.insert(command.cmd, command.known);
        self.order.push_back(command.cmd);
    }

    /// Says whether this command came before. Clients whose ids carry the time (version 7) need no question to the journal:
    /// their ids are stamped later than all that were forgotten.
    #[must_use]
    pub fn recognise(&self, cmd: Uuid) -> Recognised {
        if let Some(known) = self.known.get(&cmd) {
            return Recognised::Known(*known);
        }
        match self.forgotten {
            Some(forgotten) if !forgotten.excludes(stamp(cmd)) => Recognised::Perhaps,
            Some(_) | None => Recognised::New,
        }
    }
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;
    use madang_domain::time::Timestamp;
    use proptest::prelude::*;
    use uuid::{NoContext, Timestamp as UuidTime};

    use super::*;

    fn start() -> Timestamp {
        Timestamp::from_timestamp(1_700_000_000, 0).unwrap()
    }

    fn v7(at: Timestamp) -> Uuid {
        Uuid::new_v7(UuidTime::from_unix(NoContext, at.timestamp().cast_unsigned(), at.timestamp_subsec_nanos()))
    }

    fn command(cmd: Uuid, at: Timestamp, seq: u64) -> RecentCommand {
        RecentCommand { cmd, at, known: KnownCommand { seq, body_hash: [0; 16] } }
    }

    #[test]
    fn an_unknown_id_is_new_until_something_was_forgotten() {
        let mut recent = Recent::new(2, None);
        let ids = [Uuid::new_v4(), Uuid::new_v4(), Uuid::new_v4()];
        for (seq, id) in (1..).zip(&ids[..2]) {
            recent.remember(command(*id, start(), seq));
        }
        assert_eq!(recent.recognise(ids[2]), Recognised::New);
        recent.remember(command(ids[2], start(), 3));
        assert_eq!(recent.recognise(ids[0]), Recognised::Perhaps);
        assert!(matches!(recent.recognise(ids[1]), Recognised::Known(KnownCommand { seq: 2, .. })));
    }

    #[test]
    fn an_id_with_a_later_stamp_than_the_forgotten_is_new() {
        let later = start() + TimeDelta::milliseconds(1);
        let mut recent = Recent::new(1, None);
        let ids = [v7(start()), v7(later)];
        recent.remember(command(ids[0], start(), 1));
        recent.remember(command(ids[1], later, 2));
        assert_eq!(recent.recognise(v7(later)), Recognised::New);
        assert_eq!(recent.recognise(ids[0]), Recognised::Perhaps, "it was forgotten");
        assert_eq!(recent.recognise(v7(start())), Recognised::Perhaps, "stamped in the same millisecond");
        assert_eq!(recent.recognise(v7(later + TimeDelta::days(8))), Recognised::Perhaps, "beyond what is watched");
        assert_eq!(recent.recognise(Uuid::max()), Recognised::Perhaps, "no time inside");
    }

    fn id() -> impl Strategy<Value = Uuid> {
        let dated = (0..20_i64, 0..3_u64).prop_map(|(second, tail)| {
            let stamp = (start() + TimeDelta::seconds(second)).timestamp_millis().cast_unsigned();
            Uuid::from_u64_pair(stamp << 16, tail)
        });
        prop_oneof![4 => dated, 1 => (any::<u64>(), 0..3_u64).prop_map(|(high, low)| Uuid::from_u64_pair(high, low))]
    }

    proptest! {
        /// However small the memory and wherever loading began, an id that was decided is never taken for a new one.
        #[test]
        fn nothing_that_was_decided_is_new(ids in prop::collection::vec(id(), 1..60), capacity in 1..8_usize, loaded in 0..60_usize) {
            let (before, after) = ids.split_at(loaded.min(ids.len()));
            let mut forgotten = Forgotten::none_before(start());
            before.iter().for_each(|cmd| forgotten.add(*cmd));
            let mut recent = Recent::new(capacity, (!before.is_empty()).then_some(forgotten));
            for (seq, cmd) in (1..).zip(after) {
                recent.remember(command(*cmd, start(), seq));
            }
            for cmd in &ids {
                prop_assert_ne!(recent.recognise(*cmd), Recognised::New);
            }
        }
    }
}
