//! A raffle that was created, and each verb's decision.

use serde::{Deserialize, Serialize};

use crate::draw::{Announced, Digest, Flaw, FrozenList, Proof, Rule, Seed, Ticket, VERSION, is_nonce};
use crate::entity::{Actor, Given, Role};
use crate::ids::{EntityId, UserId};
use crate::raffle::MAX_REASON;
use crate::raffle::event::{Entered, Event, Win};
use crate::raffle::people::People;
use crate::raffle::refusal::Refusal;
use crate::raffle::terms::{MAX_ENTRIES, Prize, Terms, check_prizes};
use crate::time::Timestamp;

/// So many people get their stamps back in one decision.
pub(super) const REFUNDED_AT_ONCE: u32 = 200;

/// Where a raffle is in its life.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// Takes entries.
    Open,
    /// The list is fixed and its hash is out.
    Frozen {
        /// The hash.
        list_hash: Digest,
        /// Since when.
        at: Timestamp,
        /// Whether the draw was asked for.
        #[serde(default)]
        due: bool,
    },
    /// It was drawn: for ever.
    Drawn {
        /// The hash that was out before.
        list_hash: Digest,
        /// Since when it was.
        frozen_at: Timestamp,
        /// What decided it.
        seed: Seed,
        /// Who has what.
        winners: Vec<Win>,
        /// When it was drawn.
        at: Timestamp,
    },
    /// It was called off.
    Cancelled {
        /// Why.
        reason: String,
        /// When.
        at: Timestamp,
        /// Participants up to this number have their stamps back.
        refunded: u32,
    },
}

impl Stage {
    /// Its name on the wire.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Frozen { .. } => "frozen",
            Self::Drawn { .. } => "drawn",
            Self::Cancelled { .. } => "cancelled",
        }
    }
}

/// One entry; its number is its place, from 1.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Entry {
    pub(super) participant: u32,
    pub(super) nonce: String,
}

/// A raffle that was created.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Board {
    /// Its terms, with the prizes that were added.
    pub terms: Terms,
    /// Who created it.
    #[serde(default)]
    pub by: Option<UserId>,
    /// Where it is in its life.
    pub stage: Stage,
    pub(super) entries: Vec<Entry>,
    pub(super) people: People,
}

/// A count that is bounded far below.
fn count(length: usize) -> u32 {
    u32::try_from(length).unwrap_or(u32::MAX)
}

impl Board {
    /// A new one.
    pub(super) fn new(terms: Terms, by: Option<UserId>) -> Self {
        Self { terms, by, stage: Stage::Open, entries: Vec::new(), people: People::default() }
    }

    /// How many entries there are.
    #[must_use]
    pub fn entries(&self) -> u32 {
        count(self.entries.len())
    }

    /// How many people take part.
    #[must_use]
    pub fn participants(&self) -> u32 {
        self.people.count()
    }

    /// How many prizes there are.
    #[must_use]
    pub fn prizes(&self) -> u32 {
        count(self.terms.prizes.len())
    }

    /// The numbers of one participant's entries.
    pub(super) fn entries_of(&self, participant: u32) -> impl Iterator<Item = u32> {
        (1..).zip(&self.entries).filter(move |(_, entry)| entry.participant == participant).map(|(number, _)| number)
    }

    /// When the draw is due: at its date, and never before the frozen list has been out for the announced time, so that a
    /// server that was away at both dates still publishes the hash first.
    pub(super) fn draw_due(&self, frozen_at: Timestamp) -> Timestamp {
        let rested = frozen_at.checked_add_signed(self.terms.pause()).unwrap_or(self.terms.draw_at);
        self.terms.draw_at.max(rested)
    }

    /// The list as it is now, in the order of the entries.
    ///
    /// # Errors
    /// Never for a list that this raffle took in.
    pub fn list(&self, id: EntityId) -> Result<FrozenList, Flaw> {
        let announced = Announced {
            name: id.to_string(),
            rule: Rule { prizes: self.prizes(), one_per_holder: self.terms.one_per_person },
            commitment: self.terms.commitment,
            beacon: None,
        };
        let tickets = (1..).zip(&self.entries).map(|(n, entry)| Ticket::new(n, entry.participant, entry.nonce.clone()));
        FrozenList::freeze(announced, tickets.collect())
    }

    /// The proof of the draw; `None` before it.
    #[must_use]
    pub fn proof(&self, id: EntityId) -> Option<Proof> {
        let Stage::Drawn { list_hash, frozen_at, seed, winners, at } = &self.stage else { return None };
        let list = self.list(id).ok()?;
        let won = |win: &Win| crate::draw::Winner { prize: win.prize, ticket: win.ticket, holder: win.participant };
        Some(Proof {
            version: VERSION,
            announced: list.announced().clone(),
            list_hash: *list_hash,
            frozen_at: *frozen_at,
            seed: *seed,
            beacon_value: None,
            drawn_at: *at,
            tickets: list.tickets().to_vec(),
            winners: winners.iter().map(won).collect(),
        })
    }

    /// Whether entries are still taken at that moment, whatever the deadline has done so far.
    fn still_open(&self, now: Timestamp) -> Result<(), Refusal> {
        match &self.stage {
            Stage::Open if now < self.terms.closes_at => Ok(()),
            Stage::Open | Stage::Frozen { .. } | Stage::Drawn { .. } => Err(Refusal::Closed),
            Stage::Cancelled { .. } => Err(Refusal::WrongState { state: self.stage.name() }),
        }
    }

    pub(super) fn enter(&self, nonce: Option<&str>, given: &Given) -> Result<Event, Refusal> {
        let Actor::User { id: user, .. } = &given.actor else { return Err(Refusal::NotSignedIn) };
        if self.by == Some(*user) {
            return Err(Refusal::Own);
        }
        self.still_open(given.now)?;
        if nonce.is_some_and(|nonce| !is_nonce(nonce)) {
            return Err(Refusal::Nonce);
        }
        if self.entries() >= MAX_ENTRIES {
            return Err(Refusal::Full);
        }
        let before = self.people.number(*user);
        let had = before.map_or(0, |participant| count(self.entries_of(participant).count()));
        if let Some(most) = self.terms.max_per_person.filter(|most| had >= *most) {
            return Err(Refusal::LimitReached { most });
        }
        let available = given.available.map_or(0, |money| money.amount);
        if available < self.terms.entry_stamps {
            return Err(Refusal::NoFunds { needed: self.terms.entry_stamps, available });
        }
        let next = self.people.count().saturating_add(1);
        Ok(Event::Entered(Entered {
            entry: self.entries().saturating_add(1),
            user: *user,
            participant: before.unwrap_or(next),
            nonce: nonce.map_or_else(|| format!("{:016x}", given.random), str::to_owned),
            mine: had.saturating_add(1),
            participants: if before.is_some() { self.people.count() } else { next },
            prizes: self.prizes(),
        }))
    }

    pub(super) fn add_prizes(&self, prizes: &[Prize], given: &Given) -> Result<Event, Refusal> {
        if !given.actor.has(Role::Admin) {
            return Err(Refusal::NotAllowed("an admin"));
        }
        self.still_open(given.now)?;
        if prizes.is_empty() {
            return Err(Refusal::Invalid("there must be a prize to add".to_owned()));
        }
        let all: Vec<_> = self.terms.prizes.iter().chain(prizes).cloned().collect();
        check_prizes(&all)?;
        Ok(Event::PrizesAdded { added: prizes.to_vec(), prizes: count(all.len()), entries: self.entries() })
    }

    pub(super) fn cancel(&self, reason: &str, given: &Given) -> Result<Event, Refusal> {
        if !given.actor.has(Role::Admin) {
            return Err(Refusal::NotAllowed("an admin"));
        }
        // Once the list is frozen, whoever knows the seed knows the winners: then nobody may call it off.
        self.still_open(given.now)?;
        let reason = reason.trim();
        if reason.is_empty() || reason.chars().count() > MAX_REASON {
            return Err(Refusal::ReasonNeeded);
        }
        Ok(Event::Cancelled { reason: reason.to_owned() })
    }

    /// Draws: once, at its date, with the seed that was committed to. Drawn already, it changes nothing.
    pub(super) fn draw(&self, id: EntityId, seed: &Seed, given: &Given) -> Result<Option<Event>, Refusal> {
        if given.actor != Actor::System {
            return Err(Refusal::NotAllowed("the house"));
        }
        let wrong_state = Refusal::WrongState { state: self.stage.name() };
        match &self.stage {
            Stage::Frozen { at, .. } if given.now >= self.draw_due(*at) => {}
            Stage::Drawn { .. } => return Ok(None),
            Stage::Open | Stage::Frozen { .. } | Stage::Cancelled { .. } => return Err(wrong_state),
        }
        let drawn = self.list(id).and_then(|list| list.draw(seed, None));
        let winners =
            drawn.map_err(|flaw| if flaw == Flaw::Seed { Refusal::WrongSeed } else { Refusal::Invalid(flaw.to_string()) })?;
        let win = |winner: crate::draw::Winner| {
            let user = self.people.user(winner.holder)?;
            Some(Win { prize: winner.prize, ticket: winner.ticket, participant: winner.holder, user })
        };
        let winners: Option<Vec<_>> = winners.into_iter().map(win).collect();
        let winners = winners.ok_or_else(|| Refusal::Invalid("a ticket is nobody's".to_owned()))?;
        Ok(Some(Event::Drawn { seed: *seed, winners }))
    }

    /// What is due at that moment.
    pub(super) fn wake(&self, id: EntityId, now: Timestamp) -> Option<Event> {
        match &self.stage {
            Stage::Open if now >= self.terms.closes_at => {
                let list_hash = self.list(id).ok()?.hash();
                Some(Event::Frozen { list_hash, entries: self.entries() })
            }
            Stage::Frozen { at, due: false, .. } if now >= self.draw_due(*at) => Some(Event::DrawDue),
            Stage::Cancelled { refunded, .. } if *refunded < self.people.count() => {
                let through = refunded.saturating_add(REFUNDED_AT_ONCE).min(self.people.count());
                Some(Event::Refunded { from: refunded.saturating_add(1), through })
            }
            Stage::Open | Stage::Frozen { .. } | Stage::Drawn { .. } | Stage::Cancelled { .. } => None,
        }
    }

    /// When something is due next.
    pub(super) fn due_at(&self) -> Option<Timestamp> {
        match &self.stage {
            Stage::Open => Some(self.terms.closes_at),
            Stage::Frozen { at, due, .. } => (!due).then(|| self.draw_due(*at)),
            Stage::Cancelled { at, refunded, .. } => (*refunded < self.people.count()).then_some(*at),
            Stage::Drawn { .. } => None,
        }
    }

    /// Takes an event of a raffle that exists into the state.
    pub(super) fn apply(&mut self, event: &Event, now: Timestamp) {
        match event {
            Event::Created(_) => {}
            Event::PrizesAdded { added, .. } => self.terms.prizes.extend(added.iter().cloned()),
            Event::Entered(entered) => {
                self.people.take(entered.user);
                self.entries.push(Entry { participant: entered.participant, nonce: entered.nonce.clone() });
            }
            Event::Frozen { list_hash, .. } => {
                self.stage = Stage::Frozen { list_hash: *list_hash, at: now, due: false };
            }
            Event::DrawDue => {
                if let Stage::Frozen { due, .. } = &mut self.stage {
                    *due = true;
                }
            }
            Event::Drawn { seed, winners } => {
                if let Stage::Frozen { list_hash, at, .. } = &self.stage {
                    let (list_hash, frozen_at) = (*list_hash, *at);
                    self.stage = Stage::Drawn { list_hash, frozen_at, seed: *seed, winners: winners.clone(), at: now };
                }
            }
            Event::Cancelled { reason } => {
                self.stage = Stage::Cancelled { reason: reason.clone(), at: now, refunded: 0 };
            }
            Event::Refunded { through, .. } => {
                if let Stage::Cancelled { refunded, .. } = &mut self.stage {
                    *refunded = *through;
                }
            }
        }
    }
}
