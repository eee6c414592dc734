//! A desk to test at: one campaign, one ledger, a clock that is advanced by hand, and people with verbs.

use chrono::TimeDelta;
use serde_json::Value;
use uuid::Uuid;

use crate::campaign::{Campaign, Command, Draft, Event, NewTask, Project, Refusal, Region, Rules};
use crate::consensus::stop::StopRule;
use crate::entity::{AccountOwner, Actor, Entity, Given, Role};
use crate::ids::{EntityId, Kind, UserId};
use crate::ledger::Ledger;
use crate::money::Currency;
use crate::time::Timestamp;

/// Whose the campaign is.
pub const COMPANY: UserId = UserId::new(900);

/// One committed decision.
#[derive(Debug, Clone)]
pub struct Decision {
    pub at: Timestamp,
    pub events: Vec<Event>,
}

/// The desk.
#[derive(Debug, Clone)]
pub struct Desk {
    pub now: Timestamp,
    pub ledger: Ledger,
    pub campaign: Campaign,
    pub journal: Vec<Decision>,
    pub random: u64,
}

/// A lease as its holder knows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Held {
    pub task: u32,
    pub lease: Uuid,
    pub fence: u64,
}

pub fn id() -> EntityId {
    EntityId::new(Kind::Campaign, 5).unwrap()
}

pub fn company() -> Actor {
    Actor::User { id: COMPANY, roles: vec![Role::User, Role::Company] }
}

pub fn admin() -> Actor {
    Actor::User { id: UserId::new(1), roles: vec![Role::User, Role::Admin] }
}

pub fn person(number: i64) -> Actor {
    Actor::User { id: UserId::new(number), roles: vec![Role::User] }
}

/// No tests, nobody too fast, five votes of which four agree.
pub fn plain() -> Rules {
    Rules { gold_bp: 0, min_answer_ms: 0, ..Rules::default() }
}

pub fn quorum(min_votes: u16, agreement_bp: u16, max_votes: u16) -> Rules {
    Rules { stop: StopRule::Quorum { min_votes, agreement_bp, max_votes }, ..plain() }
}

pub fn task(gold: Option<&str>) -> NewTask {
    NewTask {
        image: "a.jpg".to_owned(),
        width: 100,
        height: 100,
        region: Some(Region { left: 1, top: 2, right: 30, bottom: 20 }),
        gold: gold.map(str::to_owned),
        machine: None,
    }
}

impl Desk {
    /// A campaign that was asked for.
    pub fn requested(rules: Rules) -> Self {
        let now = "2026-03-01T05:00:00Z".parse().unwrap();
        let campaign = Campaign::vacant(id());
        let mut desk = Self { now, ledger: Ledger::default(), campaign, journal: Vec::new(), random: 1 };
        let draft = Draft { name: "Receipts".to_owned(), description: String::new(), rules };
        desk.order(&company(), &Command::Request(Box::new(draft))).unwrap();
        desk
    }

    /// A running campaign of these tasks.
    pub fn running(rules: Rules, tasks: Vec<NewTask>) -> Self {
        let mut desk = Self::requested(rules);
        desk.order(&Actor::System, &Command::AddTasks { upload: 1, part: 1, tasks }).unwrap();
        desk.order(&admin(), &Command::Approve).unwrap();
        desk
    }

    /// A running campaign of so many plain tasks.
    pub fn of(rules: Rules, tasks: usize) -> Self {
        Self::running(rules, vec![task(None); tasks])
    }

    /// Gives a command as the engine does: decide, apply, take the effects, check.
    pub fn order(&mut self, actor: &Actor, command: &Command) -> Result<Value, Refusal> {
        self.random = self.random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let given = Given { now: self.now, actor: actor.clone(), available: None, random: self.random };
        let events = self.campaign.decide(command, &given)?;
        for event in &events {
            self.campaign.apply(event, self.now);
        }
        let effects = self.campaign.effects(&events);
        if let Some(project) = self.campaign.project() {
            project.check_all().unwrap_or_else(|broken| panic!("{broken} after {events:?}"));
        }
        self.ledger.take(id(), &effects).unwrap_or_else(|error| panic!("{error} taking {effects:?}"));
        self.ledger.check().unwrap();
        let answer = Campaign::answer(&events);
        if !events.is_empty() {
            self.journal.push(Decision { at: self.now, events });
        }
        Ok(answer)
    }

    pub fn project(&self) -> &Project {
        self.campaign.project().unwrap()
    }

    pub fn claim(&mut self, number: i64) -> Result<Held, Refusal> {
        let given = self.order(&person(number), &Command::Claim)?;
        Ok(Held {
            task: u32::try_from(given["task"].as_u64().unwrap()).unwrap(),
            lease: given["lease"].as_str().unwrap().parse().unwrap(),
            fence: given["fence"].as_u64().unwrap(),
        })
    }

    pub fn answer(&mut self, number: i64, held: Held, answer: &str) -> Result<Value, Refusal> {
        let command = Command::Answer { lease: held.lease, fence: held.fence, answer: answer.to_owned() };
        self.order(&person(number), &command)
    }

    pub fn give_back(&mut self, number: i64, held: Held) -> Result<Value, Refusal> {
        self.order(&person(number), &Command::GiveBack { lease: held.lease, fence: held.fence })
    }

    /// Claims and answers.
    pub fn label(&mut self, number: i64, answer: &str) -> u32 {
        let held = self.claim(number).unwrap();
        self.answer(number, held, answer).unwrap();
        held.task
    }

    /// Lets time pass, handling each deadline at its moment.
    pub fn pass(&mut self, time: TimeDelta) {
        let until = self.now + time;
        for _ in 0..10_000 {
            let Some((at, command)) = self.campaign.wake_at().filter(|(at, _)| *at <= until) else {
                self.now = until;
                return;
            };
            self.now = self.now.max(at);
            self.order(&Actor::System, &command).unwrap();
        }
        panic!("a deadline that never goes away");
    }

    /// Lets time pass while no deadline is handled, as when the server is down.
    pub fn sleep(&mut self, time: TimeDelta) {
        self.now += time;
    }

    /// What a person has of points, and what is pending.
    pub fn points(&self, number: i64) -> (i64, i64) {
        let of = |owner| self.ledger.balance(owner, Currency::POINTS);
        (of(AccountOwner::User(UserId::new(number))), of(AccountOwner::Pending(UserId::new(number))))
    }

    pub fn state(&self, task: u32) -> &'static str {
        self.project().task(task).unwrap().state.name()
    }

    /// The campaign built again from its journal, as text too, and from its stored state.
    pub fn check_replay(&self) {
        let mut again = Campaign::vacant(id());
        for decision in &self.journal {
            let stored = serde_json::to_vec(&decision.events).unwrap();
            let events: Vec<Event> = serde_json::from_slice(&stored).unwrap();
            events.iter().for_each(|event| again.apply(event, decision.at));
        }
        assert!(again == self.campaign, "replay is not the state");
        let stored = serde_json::to_vec(&self.campaign).unwrap();
        let loaded: Campaign = serde_json::from_slice(&stored).unwrap();
        assert!(loaded == self.campaign, "the stored state is not the state");
    }
}
