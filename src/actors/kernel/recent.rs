//! Which commands were decided lately, so that one that comes again is known without asking the database.

use std::collections::{HashMap, VecDeque};

use chrono::TimeDelta;
use madang_domain::time::Timestamp;
use uuid::Uuid;

use crate::storage::journal::read::{KnownCommand, RecentCommand};

/// How far a client's clock may be off for the time inside its command ids to be believed.
const CLOCK_TRUST: TimeDelta = TimeDelta::seconds(60);

/// A bounded memory of command ids, oldest forgotten first.
#[derive(Debug, Clone)]
pub struct Recent {
    known: HashMap<Uuid, KnownCommand>,
    order: VecDeque<(Uuid, Timestamp)>,
    capacity: usize,
    /// Whether nothing was ever forgotten: then an unknown id is certainly new.
    complete: bool,
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
    /// An empty memory for `capacity` ids. `complete` when the entity has no past before what will be remembered.
    #[must_use]
    pub fn new(capacity: usize, complete: bool) -> Self {
        Self { known: HashMap::new(), order: VecDeque::new(), capacity: capacity.max(1), complete }
    }

    /// Remembers a command. Call in the order of decisions.
    pub fn remember(&mut self, command: RecentCommand) {
        while self.order.len() >= self.capacity {
            self.complete = false;
            if let Some((oldest, _)) = self.order.pop_front() {
                self.known.remove(&oldest);
            }
        }
        self.known.insert(command.cmd, command.known);
        self.order.push_back((command.cmd, command.at));
    }

    /// Says whether this command came before. An id that carries its time (version 7) and is younger than the oldest one
    /// remembered is new; the unique key in the journal judges clients whose clock lies.
    #[must_use]
    pub fn recognise(&self, cmd: Uuid, now: Timestamp) -> Recognised {
        if let Some(known) = self.known.get(&cmd) {
            return Recognised::Known(*known);
        }
        if self.complete {
            return Recognised::New;
        }
        let young = match (made_at(cmd), self.order.front()) {
            (Some(made), Some((_, oldest))) => made > *oldest + CLOCK_TRUST && made < now + CLOCK_TRUST,
            _ => false,
        };
        if young { Recognised::New } else { Recognised::Perhaps }
    }
}

/// The time inside a version 7 id.
fn made_at(cmd: Uuid) -> Option<Timestamp> {
    if cmd.get_version_num() != 7 {
        return None;
    }
    let (seconds, nanos) = cmd.get_timestamp()?.to_unix();
    Timestamp::from_timestamp(i64::try_from(seconds).ok()?, nanos)
}

#[cfg(test)]
mod tests {
    use uuid::{NoContext, Timestamp as UuidTime};

    use super::*;

    fn v7(at: Timestamp) -> Uuid {
        Uuid::new_v7(UuidTime::from_unix(NoContext, at.timestamp().cast_unsigned(), 0))
    }

    fn command(cmd: Uuid, at: Timestamp, seq: u64) -> RecentCommand {
        RecentCommand { cmd, at, known: KnownCommand { seq, body_hash: [0; 16] } }
    }

    #[test]
    fn an_unknown_id_is_new_until_something_was_forgotten() {
        let now = Timestamp::from_timestamp(1_700_000_000, 0).unwrap();
        let mut recent = Recent::new(2, true);
        let ids = [Uuid::new_v4(), Uuid::new_v4(), Uuid::new_v4()];
        for (seq, id) in (1..).zip(&ids[..2]) {
            recent.remember(command(*id, now, seq));
        }
        assert_eq!(recent.recognise(ids[2], now), Recognised::New);
        recent.remember(command(ids[2], now, 3));
        assert_eq!(recent.recognise(ids[0], now), Recognised::Perhaps);
        assert!(matches!(recent.recognise(ids[1], now), Recognised::Known(KnownCommand { seq: 2, .. })));
    }

    #[test]
    fn a_fresh_dated_id_is_new_without_a_look_up() {
        let start = Timestamp::from_timestamp(1_700_000_000, 0).unwrap();
        let later = start + TimeDelta::seconds(300);
        let mut recent = Recent::new(1, false);
        recent.remember(command(v7(start), start, 9));
        assert_eq!(recent.recognise(v7(later), later), Recognised::New);
        assert_eq!(recent.recognise(v7(start), later), Recognised::Perhaps, "older than what is remembered");
        assert_eq!(recent.recognise(v7(later + TimeDelta::hours(1)), later), Recognised::Perhaps, "a clock that lies");
        assert_eq!(recent.recognise(Uuid::new_v4(), later), Recognised::Perhaps, "no time inside");
    }
}
