//! An entity for the engine's tests: a meter that can only be raised, holds money, sets alarms, tells people, and fails in
//! every way an entity can.

use madang_domain::code::Code;
use madang_domain::entity::{AccountOwner, Effect, Entity, Given, LedgerEntry, Notice, Reason, Transfer, Viewer};
use madang_domain::ids::{EntityId, Kind, UserId};
use madang_domain::money::{Currency, Money};
use madang_domain::time::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Meter {
    pub id: EntityIdText,
    pub value: i64,
    pub holder: Option<(UserId, i64)>,
    pub alarm: Option<Timestamp>,
    pub rings: u64,
}

/// The id as text, to be stored.
pub type EntityIdText = String;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Command {
    /// Raises the meter, by more than nothing.
    Raise { to: i64 },
    /// Raises it and holds that much of the commander's money; the holder before gets theirs back.
    Hold { to: i64 },
    /// The holder pays what they hold to the house; of an odd amount the last won is tax.
    Pay,
    /// Sets the alarm.
    Alarm { at: Timestamp },
    /// What the alarm commands.
    Ring,
    /// Tells somebody, so many times.
    Tell { user: UserId, times: u32 },
    /// Asks for nothing.
    Idle,
    /// The rules panic while deciding.
    PanicDeciding,
    /// The rules panic while applying.
    PanicApplying,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Event {
    Raised { to: i64 },
    Held { user: UserId, to: i64, before: Option<UserId> },
    Paid { user: UserId, amount: i64 },
    AlarmSet { at: Timestamp },
    Rang,
    Telling { user: UserId, times: u32 },
    Spoiled,
}

#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum Refusal {
    #[error("it is at {0} already")]
    TooLow(i64),
    #[error("only {0} is free")]
    NoFunds(i64),
    #[error("nobody may do this")]
    Forbidden,
}

impl Reason for Refusal {
    fn code(&self) -> Code {
        match self {
            Self::TooLow(_) => Code::BidTooLow,
            Self::NoFunds(_) => Code::NoFunds,
            Self::Forbidden => Code::Forbidden,
        }
    }

    fn detail(&self) -> Value {
        match self {
            Self::TooLow(at) => json!({ "at": at }),
            Self::NoFunds(free) => json!({ "free": free }),
            Self::Forbidden => Value::Null,
        }
    }
}

fn won(amount: i64) -> Money {
    Money::new(amount, Currency::KRW)
}

impl Entity for Meter {
    const KIND: Kind = Kind::Auction;
    const VERSION: i16 = 1;
    const KEEPS_REFUSALS: bool = true;

    type Command = Command;
    type Event = Event;
    type Refusal = Refusal;

    fn vacant(id: EntityId) -> Self {
        Self { id: id.to_string(), value: 0, holder: None, alarm: None, rings: 0 }
    }

    fn decide(&self, command: &Command, given: &Given) -> Result<Vec<Event>, Refusal> {
        match command {
            Command::Raise { to } | Command::Hold { to } if *to <= self.value => Err(Refusal::TooLow(self.value)),
            Command::Raise { to } => Ok(vec![Event::Raised { to: *to }]),
            Command::Hold { to } => {
                let user = given.actor.user().ok_or(Refusal::Forbidden)?;
                let own = self.holder.filter(|(holder, _)| *holder == user).map_or(0, |(_, amount)| amount);
                let free = given.available.map_or(0, |money| money.amount) + own;
                if *to > free {
                    return Err(Refusal::NoFunds(free));
                }
                let before = self.holder.map(|(holder, _)| holder).filter(|holder| *holder != user);
                Ok(vec![Event::Held { user, to: *to, before }])
            }
            Command::Pay => {
                let (user, amount) = self.holder.ok_or(Refusal::Forbidden)?;
                Ok(vec![Event::Paid { user, amount }])
            }
            Command::Alarm { at } => Ok(vec![Event::AlarmSet { at: *at }]),
            Command::Ring => match self.alarm {
                Some(at) if at <= given.now => Ok(vec![Event::Rang]),
                _ => Err(Refusal::Forbidden),
            },
            Command::Tell { user, times } => Ok(vec![Event::Telling { user: *user, times: *times }]),
            Command::Idle => Ok(Vec::new()),
            Command::PanicDeciding => panic!("a planted panic while deciding"),
            Command::PanicApplying => Ok(vec![Event::Spoiled]),
        }
    }

    fn apply(&mut self, event: &Event, _at: Timestamp) {
        match event {
            Event::Raised { to } => self.value = *to,
            Event::Held { user, to, .. } => {
                self.value = *to;
                self.holder = Some((*user, *to));
            }
            Event::Paid { .. } => self.holder = None,
            Event::AlarmSet { at } => self.alarm = Some(*at),
            Event::Rang => {
                self.alarm = None;
                self.rings += 1;
            }
            Event::Telling { .. } => {}
            Event::Spoiled => panic!("a planted panic while applying"),
        }
    }

    fn wake_at(&self) -> Option<(Timestamp, Command)> {
        self.alarm.map(|at| (at, Command::Ring))
    }

    fn funds(&self, command: &Command) -> Option<Currency> {
        matches!(command, Command::Hold { .. }).then_some(Currency::KRW)
    }

    fn answer(events: &[Event]) -> Value {
        match events.first() {
            Some(Event::Raised { to } | Event::Held { to, .. }) => json!({ "value": to }),
            Some(event) => json!({ "done": event }),
            None => json!({ "done": null }),
        }
    }

    fn publication(event: &Event, at: Timestamp) -> Option<Value> {
        match event {
            Event::Raised { to } => Some(json!({ "type": "raised", "to": to, "at": at })),
            Event::Held { to, .. } => Some(json!({ "type": "held", "to": to, "at": at })),
            Event::Rang => Some(json!({ "type": "rang" })),
            Event::Paid { .. } | Event::AlarmSet { .. } | Event::Telling { .. } | Event::Spoiled => None,
        }
    }

    fn effects(&self, events: &[Event]) -> Vec<Effect> {
        let mut effects = Vec::new();
        for event in events {
            match event {
                Event::Held { user, to, before } => {
                    if let Some(before) = before {
                        effects.push(Effect::Hold { user: *before, amount: won(0) });
                    }
                    effects.push(Effect::Hold { user: *user, amount: won(*to) });
                }
                Event::Paid { user, amount } => {
                    effects.push(Effect::Hold { user: *user, amount: won(0) });
                    let tax = amount % 2;
                    let legs =
                        [(AccountOwner::User(*user), -amount), (AccountOwner::House, amount - tax), (AccountOwner::Tax, tax)];
                    let entry = |(account, amount)| LedgerEntry { account, amount: won(amount) };
                    effects.push(Effect::Transfer(Transfer {
                        key: format!("{}/pay/{}", self.id, self.value),
                        purpose: "meter.payment".to_owned(),
                        entries: legs.into_iter().filter(|(_, amount)| *amount != 0).map(entry).collect(),
                    }));
                }
                Event::Telling { user, times } => {
                    for time in 0..*times {
                        let fields = json!({ "time": time });
                        let notice = Notice {
                            kind: "meter.told".to_owned(),
                            about: self.id.clone(),
                            fields,
                            mail: time == 0,
                            push: false,
                        };
                        effects.push(Effect::Notify { user: *user, notice });
                    }
                }
                Event::Raised { .. } | Event::AlarmSet { .. } | Event::Rang | Event::Spoiled => {}
            }
        }
        effects
    }

    fn view(&self, viewer: &Viewer) -> Value {
        let mine = match viewer {
            Viewer::User { id, .. } => self.holder.filter(|(holder, _)| holder == id).map(|(_, amount)| amount),
            Viewer::Public => None,
        };
        json!({ "value": self.value, "rings": self.rings, "mine": mine })
    }

    fn check(&self) -> Result<(), String> {
        if self.value < 0 { Err("below zero".to_owned()) } else { Ok(()) }
    }

    fn summary(&self) -> String {
        format!("at {}", self.value)
    }
}
