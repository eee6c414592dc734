//! Given events, when a command comes, then events or a refusal.

mod life;
mod properties;
mod seed;
mod stored;
mod views;

use crate::draw::Seed;
use crate::entity::{Actor, Effect, Entity, Given, Role};
use crate::ids::{EntityId, Kind, UserId};
use crate::money::{Currency, Money};
use crate::raffle::terms::ENTRY_STAMPS;
use crate::raffle::{Command, Event, Prize, Raffle, Refusal, Terms};
use crate::time::Timestamp;

/// Entries close 100 s after the beginning of time, the draw is 60 s later.
const CLOSE: i64 = 100;
const DRAW: i64 = 160;

fn at(second: i64) -> Timestamp {
    Timestamp::from_timestamp(second, 0).unwrap()
}

fn id() -> EntityId {
    EntityId::new(Kind::Raffle, 5).unwrap()
}

fn admin() -> Actor {
    Actor::User { id: UserId::new(1), roles: vec![Role::User, Role::Admin] }
}

fn person(number: i64) -> Actor {
    Actor::User { id: UserId::new(number), roles: vec![Role::User] }
}

fn prizes(count: usize) -> Vec<Prize> {
    let prize = |n: usize| Prize { title: format!("coffee {n}"), reference: format!("{n:032x}"), expires_on: None };
    (1..=count).map(prize).collect()
}

fn seed() -> Seed {
    Seed::new([9; 32])
}

fn terms(count: usize) -> Terms {
    Terms {
        title: "아침 커피".to_owned(),
        description: String::new(),
        prizes: prizes(count),
        closes_at: at(CLOSE),
        draw_at: at(DRAW),
        entry_stamps: ENTRY_STAMPS,
        one_per_person: true,
        max_per_person: None,
        commitment: seed().commitment(),
    }
}

/// A raffle, and what it asked of others.
#[derive(Debug, Clone)]
struct Run {
    raffle: Raffle,
    events: Vec<(Event, Timestamp)>,
    effects: Vec<Effect>,
}

impl Run {
    fn new(terms: Terms) -> Self {
        let mut run = Self { raffle: Raffle::vacant(id()), events: Vec::new(), effects: Vec::new() };
        run.give(&admin(), &Command::Create(Box::new(terms)), 0).unwrap();
        run
    }

    fn give(&mut self, actor: &Actor, command: &Command, second: i64) -> Result<Vec<Event>, Refusal> {
        self.give_with(actor, command, second, 1_000)
    }

    fn give_with(&mut self, actor: &Actor, command: &Command, second: i64, stamps: i64) -> Result<Vec<Event>, Refusal> {
        let available = self.raffle.funds(command).map(|currency| {
            assert_eq!(currency, Currency::STAMPS);
            Money::new(stamps, currency)
        });
        let given = Given { now: at(second), actor: actor.clone(), available, random: 42 };
        let events = self.raffle.decide(command, &given)?;
        for event in &events {
            self.raffle.apply(event, at(second));
            self.events.push((event.clone(), at(second)));
        }
        self.effects.extend(self.raffle.effects(&events));
        self.raffle.check().unwrap();
        Ok(events)
    }

    fn enter(&mut self, who: i64) -> Result<Vec<Event>, Refusal> {
        self.give(&person(who), &Command::Enter { nonce: None }, 10)
    }

    /// Gives the due commands as the engine would, until nothing is due at that second.
    fn wake(&mut self, second: i64) {
        for _ in 0..1_000 {
            let Some((due, command)) = self.raffle.wake_at().filter(|(due, _)| *due <= at(second)) else { return };
            let events = self.give(&Actor::System, &command, second.max(due.timestamp())).unwrap();
            assert!(!events.is_empty(), "woken for nothing");
        }
        panic!("it wakes for ever");
    }

    /// To the end: frozen, then drawn.
    fn draw(&mut self) {
        self.draw_with(seed());
    }

    fn draw_with(&mut self, seed: Seed) {
        self.wake(CLOSE);
        self.wake(DRAW);
        self.give(&Actor::System, &Command::Draw { seed }, DRAW).unwrap();
        assert!(self.raffle.proof().is_some());
    }

    fn winners(&self) -> Vec<(u32, UserId)> {
        let drawn = self.events.iter().find_map(|(event, _)| match event {
            Event::Drawn { winners, .. } => Some(winners.iter().map(|win| (win.prize, win.user)).collect()),
            Event::Created(_)
            | Event::PrizesAdded { .. }
            | Event::Entered(_)
            | Event::Frozen { .. }
            | Event::DrawDue
            | Event::Cancelled { .. }
            | Event::Refunded { .. } => None,
        });
        drawn.unwrap_or_default()
    }

    fn notices(&self, kind: &str) -> Vec<UserId> {
        let told = self.effects.iter().filter_map(|effect| match effect {
            Effect::Notify { user, notice } if notice.kind == kind => Some(*user),
            Effect::Hold { .. } | Effect::Transfer(_) | Effect::Notify { .. } => None,
        });
        told.collect()
    }
}
