//! A person's inbox: what they are told, on the channel `user:{id}` that only they can watch.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::code::Code;
use crate::entity::{Actor, Effect, Entity, Given, Notice, Reason, Viewer};
use crate::ids::{EntityId, Kind, UserId};
use crate::money::Currency;
use crate::time::Timestamp;

/// So many notices are kept; older ones are in the journal.
pub const KEPT: usize = 50;

/// What can be asked of an inbox.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Command {
    /// Puts a notice in. By the system; a doubled delivery has the same command id and is answered, not told again.
    Tell {
        /// What the person is told.
        notice: Notice,
    },
    /// Marks notices as read, up to and including this number. By the owner.
    MarkRead {
        /// The number of the last notice that was read.
        through: u64,
    },
}

/// What has happened to an inbox.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Event {
    /// A notice came in.
    Told {
        /// Its number in this inbox: 1, 2, 3 ...
        number: u64,
        /// What it says.
        notice: Notice,
    },
    /// Notices were read.
    Read {
        /// The number of the last one.
        through: u64,
    },
}

/// Why an inbox says no.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// Only the house tells.
    #[error("Only the house may do this.")]
    NotTheHouse,
    /// Somebody else's inbox.
    #[error("This inbox belongs to somebody else.")]
    NotTheOwner,
    /// A number that no notice has yet.
    #[error("There is no such notice yet.")]
    NoSuchNotice,
}

impl Reason for Refusal {
    fn code(&self) -> Code {
        match self {
            Self::NotTheHouse | Self::NotTheOwner => Code::Forbidden,
            Self::NoSuchNotice => Code::NotFound,
        }
    }
}

/// A notice as it is kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Kept {
    number: u64,
    at: Timestamp,
    notice: Notice,
}

/// One person's inbox.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UserInbox {
    id: EntityId,
    /// The newest ones, oldest first.
    kept: VecDeque<Kept>,
    /// How many there ever were: the number of the newest.
    told: u64,
    /// The number of the last one that was read.
    read: u64,
}

impl UserInbox {
    fn owner(&self) -> UserId {
        UserId::new(self.id.number())
    }

    fn unread(&self) -> u64 {
        self.told.saturating_sub(self.read)
    }
}

fn shown(number: u64, notice: &Notice, at: Timestamp) -> Value {
    json!({ "number": number, "type": notice.kind, "about": notice.about, "fields": notice.fields, "at": at })
}

impl Entity for UserInbox {
    const KIND: Kind = Kind::User;
    const VERSION: i16 = 1;

    type Command = Command;
    type Event = Event;
    type Refusal = Refusal;

    fn vacant(id: EntityId) -> Self {
        Self { id, kept: VecDeque::new(), told: 0, read: 0 }
    }

    fn decide(&self, command: &Command, given: &Given) -> Result<Vec<Event>, Refusal> {
        match command {
            Command::Tell { .. } if given.actor != Actor::System => Err(Refusal::NotTheHouse),
            Command::Tell { notice } => Ok(vec![Event::Told { number: self.told.saturating_add(1), notice: notice.clone() }]),
            Command::MarkRead { .. } if given.actor.user() != Some(self.owner()) => Err(Refusal::NotTheOwner),
            Command::MarkRead { through } if *through > self.told => Err(Refusal::NoSuchNotice),
            Command::MarkRead { through } if *through <= self.read => Ok(Vec::new()),
            Command::MarkRead { through } => Ok(vec![Event::Read { through: *through }]),
        }
    }

    fn apply(&mut self, event: &Event, at: Timestamp) {
        match event {
            Event::Told { number, notice } => {
                self.told = *number;
                self.kept.push_back(Kept { number: *number, at, notice: notice.clone() });
                if self.kept.len() > KEPT {
                    self.kept.pop_front();
                }
            }
            Event::Read { through } => self.read = *through,
        }
    }

    fn wake_at(&self) -> Option<(Timestamp, Command)> {
        None
    }

    fn funds(&self, _command: &Command) -> Option<Currency> {
        None
    }

    fn answer(events: &[Event]) -> Value {
        match events.last() {
            Some(Event::Told { number, .. }) => json!({ "number": number }),
            Some(Event::Read { through }) => json!({ "read": through }),
            None => Value::Null,
        }
    }

    fn publication(event: &Event, at: Timestamp) -> Option<Value> {
        match event {
            Event::Told { number, notice } => Some(shown(*number, notice, at)),
            Event::Read { through } => Some(json!({ "type": "notices_read", "through": through, "at": at })),
        }
    }

    fn effects(&self, _events: &[Event]) -> Vec<Effect> {
        Vec::new()
    }

    fn view(&self, viewer: &Viewer) -> Value {
        match viewer {
            Viewer::User { id, .. } if *id == self.owner() => {
                let newest_first = self.kept.iter().rev();
                let notices: Vec<_> = newest_first.map(|kept| shown(kept.number, &kept.notice, kept.at)).collect();
                json!({ "notices": notices, "unread": self.unread(), "read": self.read })
            }
            Viewer::User { .. } | Viewer::Public => Value::Null,
        }
    }

    fn check(&self) -> Result<(), String> {
        let numbers = self.kept.iter().map(|kept| kept.number);
        let numbered = numbers.clone().zip(numbers.skip(1)).all(|(a, b)| b == a.saturating_add(1));
        let newest = self.kept.back().is_none_or(|kept| kept.number == self.told);
        if !numbered || !newest || self.kept.len() > KEPT {
            return Err("the kept notices are not the newest ones in order".to_owned());
        }
        if self.read > self.told {
            return Err("more notices were read than told".to_owned());
        }
        Ok(())
    }

    fn summary(&self) -> String {
        format!("{} notices, {} unread", self.told, self.unread())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::entity::Role;

    const OWNER: UserId = UserId::new(7);

    fn at(second: i64) -> Timestamp {
        Timestamp::from_timestamp(second, 0).unwrap()
    }

    fn owner() -> Actor {
        Actor::User { id: OWNER, roles: vec![Role::User] }
    }

    fn tell(kind: &str) -> Command {
        let notice = Notice {
            kind: kind.to_owned(),
            about: "auction:17".to_owned(),
            fields: json!({ "price": 5 }),
            mail: true,
            push: false,
        };
        Command::Tell { notice }
    }

    fn inbox() -> UserInbox {
        UserInbox::vacant(EntityId::new(Kind::User, OWNER.get()).unwrap())
    }

    fn order(inbox: &mut UserInbox, actor: &Actor, command: &Command, now: Timestamp) -> Result<Vec<Event>, Refusal> {
        let given = Given { now, actor: actor.clone(), available: None, random: 0 };
        let events = inbox.decide(command, &given)?;
        for event in &events {
            inbox.apply(event, now);
        }
        inbox.check().unwrap();
        Ok(events)
    }

    fn seen_by_owner(inbox: &UserInbox) -> Value {
        inbox.view(&Viewer::User { id: OWNER, roles: Vec::new() })
    }

    #[test]
    fn a_notice_is_published_and_kept_newest_first() {
        let mut inbox = inbox();
        order(&mut inbox, &Actor::System, &tell("auction.outbid"), at(1)).unwrap();
        let events = order(&mut inbox, &Actor::System, &tell("auction.won"), at(2)).unwrap();
        let told = json!({
            "number": 2, "type": "auction.won", "about": "auction:17", "fields": { "price": 5 }, "at": at(2),
        });
        assert_eq!(UserInbox::publication(&events[0], at(2)), Some(told.clone()));
        let view = seen_by_owner(&inbox);
        assert_eq!(
            (&view["notices"][0], &view["notices"][1]["type"], &view["unread"]),
            (&told, &json!("auction.outbid"), &json!(2))
        );
    }

    #[test]
    fn reading_counts_down_and_reading_again_changes_nothing() {
        let mut inbox = inbox();
        for second in 1..=3 {
            order(&mut inbox, &Actor::System, &tell("auction.outbid"), at(second)).unwrap();
        }
        order(&mut inbox, &owner(), &Command::MarkRead { through: 2 }, at(4)).unwrap();
        assert_eq!(seen_by_owner(&inbox)["unread"], 1);
        assert_eq!(order(&mut inbox, &owner(), &Command::MarkRead { through: 1 }, at(5)), Ok(Vec::new()));
        assert_eq!(order(&mut inbox, &owner(), &Command::MarkRead { through: 4 }, at(5)), Err(Refusal::NoSuchNotice));
    }

    #[test]
    fn only_the_house_tells_and_only_the_owner_looks_and_reads() {
        let mut inbox = inbox();
        assert_eq!(order(&mut inbox, &owner(), &tell("auction.won"), at(1)), Err(Refusal::NotTheHouse));
        order(&mut inbox, &Actor::System, &tell("auction.won"), at(1)).unwrap();
        let admin = Actor::User { id: UserId::new(1), roles: vec![Role::Admin] };
        let read = Command::MarkRead { through: 1 };
        assert_eq!(order(&mut inbox, &admin, &read, at(2)), Err(Refusal::NotTheOwner));
        assert_eq!(inbox.view(&Viewer::Public), Value::Null);
        assert_eq!(inbox.view(&Viewer::User { id: UserId::new(1), roles: vec![Role::Admin] }), Value::Null);
    }

    #[test]
    fn the_last_fifty_are_kept() {
        let mut inbox = inbox();
        for second in 1..=60 {
            order(&mut inbox, &Actor::System, &tell("auction.outbid"), at(second)).unwrap();
        }
        let view = seen_by_owner(&inbox);
        assert_eq!(view["notices"].as_array().unwrap().len(), KEPT);
        assert_eq!((&view["notices"][49]["number"], &view["unread"]), (&json!(11), &json!(60)));
    }

    proptest! {
        #[test]
        fn whatever_comes_replay_equals_state_and_survives_its_stored_form(acts in prop::collection::vec(prop::option::of(0u64..70), 0..120)) {
            let (mut inbox, mut again) = (inbox(), inbox());
            for (second, act) in (1..).zip(acts) {
                let (actor, command) = match act {
                    Some(through) => (owner(), Command::MarkRead { through }),
                    None => (Actor::System, tell("auction.outbid")),
                };
                let before = inbox.clone();
                match order(&mut inbox, &actor, &command, at(second)) {
                    Ok(events) => events.iter().for_each(|event| again.apply(event, at(second))),
                    Err(_) => prop_assert_eq!(&inbox, &before),
                }
            }
            prop_assert_eq!(&again, &inbox);
            let stored = serde_json::to_string(&inbox).unwrap();
            prop_assert_eq!(serde_json::from_str::<UserInbox>(&stored).unwrap(), inbox);
        }
    }
}
