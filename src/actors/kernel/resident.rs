//! An entity at home: takes letters, hands items to the writer, and comes to its end in good order. No IO, no actor.
//!
//! The actor and the simulator both run this; they differ only in their [`Host`].

use std::sync::Arc;
use std::sync::atomic::Ordering;

use madang_domain::code::Code;
use madang_domain::entity::{Entity, Order, Viewer};
use madang_domain::ids::{EntityId, UserId};
use madang_domain::money::{Currency, Money};
use madang_domain::time::Timestamp;
use uuid::Uuid;

use super::body::Body;
use super::gate::{Gate, Permit};
use super::item::{Doom, Item, Promise, Release, Residence, Seen, Viewed, Word, Write};
use super::keeper::{Judged, Keeper, Spoiled};
use super::letter::{Content, Inspection, Letter, Look};
use super::plant::{Fault, Faults};
use super::recent::Recognised;
use crate::actors::ask::{Answer, Denied};
use crate::storage::journal::HoldRow;
use crate::storage::journal::read::KnownCommand;

/// Where an entity lives: gives it time and chance, carries its items away, and does what needs waiting.
pub trait Host<E: Entity> {
    /// The time.
    fn now(&self) -> Timestamp;
    /// A random number.
    fn random(&self) -> u64;
    /// The epoch of this node's channels.
    fn channel_epoch(&self) -> Arc<str>;
    /// To the journal writer, in order.
    fn submit(&self, item: Item);
    /// Ask the journal whether this command came before, and bring the letter back with the answer.
    fn look_up(&self, letter: Letter<E>);
    /// Runs `decide` with what the user could still spend; `None` when that is not known yet. The hold that `decide`
    /// returns is reserved before anybody else can ask.
    fn with_funds(
        &self,
        user: UserId,
        currency: Currency,
        entity: EntityId,
        decide: &mut dyn FnMut(Money) -> Option<HoldRow>,
    ) -> Option<()>;
    /// Learn what the user has, and bring the letter back.
    fn learn_funds(&self, user: UserId, currency: Currency, letter: Letter<E>);
    /// A decision that touches money was made: keep what it takes in mind until it is settled. `reserved` was done by
    /// [`Host::with_funds`].
    fn reserve(&self, write: &Write, reserved: Option<(UserId, Currency)>);
    /// To whoever lives here next.
    fn forward(&self, letter: Letter<E>);
    /// The planted fault, if any.
    fn faults(&self) -> Faults;
    /// Something went wrong that operators must see.
    fn report(&self, residence: &Residence, what: &Spoiled);
    /// The rules panicked, on this command if it was one.
    fn panicked(&self, residence: &Residence, cmd: Option<Uuid>);
    /// It goes to rest, everything is durable: the host may compare its past with what it remembers.
    fn compare(&self, keeper: &Keeper<E>);
}

/// How far along an incarnation is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Life {
    /// Alive.
    Living,
    /// Ended; its farewell is on its way through the writer.
    Ending(Doom),
    /// Over. Letters that still come are forwarded.
    Over(Option<Doom>),
}

/// An entity at home.
#[derive(Debug)]
pub struct Resident<E: Entity> {
    keeper: Keeper<E>,
    residence: Arc<Residence>,
    gate: Arc<Gate>,
    life: Life,
    /// Letters that wait for the next incarnation.
    stash: Vec<Letter<E>>,
}

impl<E: Entity> Resident<E> {
    /// Moves in.
    #[must_use]
    pub const fn new(keeper: Keeper<E>, residence: Arc<Residence>, gate: Arc<Gate>) -> Self {
        Self { keeper, residence, gate, life: Life::Living, stash: Vec::new() }
    }

    /// How far along it is.
    #[must_use]
    pub const fn life(&self) -> Life {
        self.life
    }

    /// Its memory.
    #[must_use]
    pub const fn keeper(&self) -> &Keeper<E> {
        &self.keeper
    }

    /// Its gate.
    #[must_use]
    pub const fn gate(&self) -> &Arc<Gate> {
        &self.gate
    }

    /// Its residence.
    #[must_use]
    pub const fn residence(&self) -> &Arc<Residence> {
        &self.residence
    }

    /// Takes a letter.
    pub fn receive(&mut self, letter: Letter<E>, host: &impl Host<E>) {
        match self.life {
            Life::Living => {}
            Life::Ending(_) => return self.stash.push(letter),
            Life::Over(_) => return host.forward(letter),
        }
        let Letter { to, content, permit } = letter;
        match content {
            Content::Order { order, reply, journal } => self.order(order, reply, journal, permit, host),
            Content::View { viewer, reply } => self.view(&viewer, reply, permit, host),
            Content::Look { look, reply } => self.look(look, reply, permit, host),
            Content::Wake => {
                if let Some(order) = self.keeper.fire(host.now()) {
                    metrics::histogram!(super::names::TIMER_LATENESS).record(self.lateness(host.now()));
                    let cmd = order.id;
                    let reply = Promise::new(move |result| {
                        if let Err(Denied::Refused { code, .. }) = result {
                            tracing::error!(%cmd, entity = %to, %code, "a deadline's command was refused");
                        }
                    });
                    self.order(Box::new(order), reply, Some(None), permit, host);
                }
            }
            Content::Inspect { reply } => reply.give(Ok(self.inspection())),
        }
    }

    fn lateness(&self, now: Timestamp) -> f64 {
        self.keeper.due().and_then(|due| (now - due).to_std().ok()).map_or(0.0, |late| late.as_secs_f64())
    }

    fn order(
        &mut self,
        order: Box<Order<E::Command>>,
        reply: Promise<Answer>,
        journal: Option<Option<KnownCommand>>,
        permit: Option<Permit>,
        host: &impl Host<E>,
    ) {
        let Ok(body) = Body::of(&order.command, &order.actor) else {
            return reply.give(Err(Denied::Failed(Code::BadRequest)));
        };
        let now = host.now();
        let known = match (self.keeper.recognise(order.id), journal) {
            (Recognised::Known(known), _) | (Recognised::Perhaps, Some(Some(known))) => Some(known),
            (Recognised::New, _) | (Recognised::Perhaps, Some(None)) => None,
            (Recognised::Perhaps, None) => {
                let content = Content::Order { order, reply, journal: None };
                return host.look_up(Letter { to: self.residence.id, content, permit });
            }
        };
        match known {
            Some(known) if known.body_hash == body.hash => {
                tracing::debug!(cmd = %order.id, entity = %self.residence.id, seq = known.seq, "a command came again");
                self.submit(None, Release::Recall { reply, seq: known.seq }, permit, host);
            }
            Some(_) => {
                let result = Err(Denied::Failed(Code::IdReused));
                self.submit(None, Release::Answer { reply, result }, permit, host);
            }
            None => self.judge(order, &body, now, reply, permit, host),
        }
    }

    fn judge(
        &mut self,
        order: Box<Order<E::Command>>,
        body: &Body,
        now: Timestamp,
        reply: Promise<Answer>,
        permit: Option<Permit>,
        host: &impl Host<E>,
    ) {
        let (cmd, entity) = (order.id, self.residence.id);
        let random = host.random();
        let needs = self.keeper.state().funds(&order.command).zip(order.actor.user());
        let (judged, reserved) = match needs {
            None => (self.keeper.decide(&order, body, now, None, random), None),
            Some((currency, user)) => {
                let mut judged = None;
                let known = host.with_funds(user, currency, self.residence.id, &mut |available| {
                    let result = self.keeper.decide(&order, body, now, Some(available), random);
                    let hold = own_hold(&result, user, currency);
                    judged = Some(result);
                    hold
                });
                let (Some(()), Some(judged)) = (known, judged) else {
                    let content = Content::Order { order, reply, journal: Some(None) };
                    return host.learn_funds(user, currency, Letter { to: self.residence.id, content, permit });
                };
                (judged, Some((user, currency)))
            }
        };
        match judged {
            Ok(Judged::Decided { write, answer }) => {
                tracing::debug!(%cmd, %entity, seq = answer.seq, "a command is decided");
                host.reserve(&write, reserved);
                self.submit(Some(write), Release::Answer { reply, result: Ok(answer) }, permit, host);
            }
            Ok(Judged::Unchanged(answer)) => {
                self.submit(None, Release::Answer { reply, result: Ok(answer) }, permit, host);
            }
            Ok(Judged::Refused { denied, kept }) => {
                tracing::debug!(%cmd, %entity, code = %denied.code(), "a command is refused");
                let release = Release::Answer { reply, result: Err(denied) };
                let residence = Arc::clone(&self.residence);
                self.hand_over(Item { residence, write: None, refusal: kept, release, permit }, host);
            }
            Ok(Judged::Panicked) => {
                host.panicked(&self.residence, Some(cmd));
                reply.give(Err(Denied::Failed(Code::Internal)));
            }
            Err(spoiled) => {
                tracing::error!(%cmd, %entity, "a command spoiled an entity's memory");
                host.report(&self.residence, &spoiled);
                reply.give(Err(Denied::Failed(Code::Internal)));
                self.end(Doom::Fault, host);
            }
        }
    }

    fn view(&self, viewer: &Viewer, reply: Promise<Viewed>, permit: Option<Permit>, host: &impl Host<E>) {
        let Some(data) = self.keeper.view(viewer) else {
            host.panicked(&self.residence, None);
            return reply.give(Err(Denied::Failed(Code::Internal)));
        };
        let view = Viewed { data, seq: self.keeper.seq(), offset: self.keeper.offset(), epoch: host.channel_epoch() };
        self.submit(None, Release::View { reply, view }, permit, host);
    }

    fn look(&self, look: Look<E>, reply: Promise<Seen>, permit: Option<Permit>, host: &impl Host<E>) {
        let Some(seen) = self.keeper.look(look) else {
            host.panicked(&self.residence, None);
            return reply.give(Err(Denied::Failed(Code::Internal)));
        };
        self.submit(None, Release::Look { reply, seen }, permit, host);
    }

    fn submit(&self, write: Option<Box<Write>>, release: Release, permit: Option<Permit>, host: &impl Host<E>) {
        self.hand_over(Item { residence: Arc::clone(&self.residence), write, refusal: None, release, permit }, host);
    }

    fn hand_over(&self, mut item: Item, host: &impl Host<E>) {
        if item.write.is_none() && host.faults().has(Fault::NoBarrier) {
            item.answer_early();
        }
        host.submit(item);
    }

    /// Takes a word from the writer or the supervisor.
    pub fn hear(&mut self, word: Word, host: &impl Host<E>) {
        match word {
            Word::Doomed(doom) => self.end(doom, host),
            Word::Buried => {
                self.gate.close();
                let doom = match self.life {
                    Life::Ending(doom) => Some(doom),
                    Life::Living | Life::Over(_) => None,
                };
                self.life = Life::Over(doom);
                for letter in self.stash.drain(..) {
                    host.forward(letter);
                }
            }
            Word::Retire => self.retire(host),
        }
    }

    /// Nothing more is decided by this memory. What it decided before keeps its way; the farewell goes behind it.
    fn end(&mut self, doom: Doom, host: &impl Host<E>) {
        if self.life == Life::Living {
            self.life = Life::Ending(doom);
            self.submit(None, Release::Farewell, None, host);
        }
    }

    /// Goes to rest if nobody is inside the gate: then nothing is queued and nothing is being committed.
    fn retire(&mut self, host: &impl Host<E>) {
        if self.life != Life::Living || !self.gate.close_if_empty() {
            return;
        }
        self.life = Life::Over(None);
        if self.residence.committed.load(Ordering::Acquire) != self.keeper.seq {
            // Its last decisions failed, and the word that says so is still on its way: leave no snapshot of them.
            return;
        }
        if let Err(spoiled) = self.keeper.check() {
            // Everything is durable, but its sense is in doubt: leave no snapshot of it.
            return host.report(&self.residence, &spoiled);
        }
        host.compare(&self.keeper);
        match self.keeper.snapshot() {
            Ok(Some(snapshot)) => {
                let write = Box::new(Write { snapshot: Some(snapshot), ..Write::default() });
                self.submit(Some(write), Release::Nothing, None, host);
            }
            Ok(None) => {}
            Err(spoiled) => host.report(&self.residence, &spoiled),
        }
    }

    fn inspection(&self) -> Inspection {
        let keeper = &self.keeper;
        Inspection {
            entity: self.residence.id.to_string(),
            shard: self.residence.id.shard(),
            epoch: self.residence.since,
            incarnation: self.residence.incarnation,
            seq: keeper.seq,
            committed: self.residence.committed.load(Ordering::Acquire),
            offset: keeper.offset,
            inside: self.gate.inside(),
            due: keeper.due(),
            fire_id: keeper.wake.map(|(_, fire)| fire),
            snapshot_seq: keeper.snapshots.0,
            chain: keeper.chain.iter().map(|byte| format!("{byte:02x}")).collect(),
            summary: keeper.state.summary(),
            broken: keeper.check().err().map(|broken| broken.to_string()),
        }
    }
}

/// The hold that a decision takes of the commander's own account.
fn own_hold(judged: &Result<Judged, Spoiled>, user: UserId, currency: Currency) -> Option<HoldRow> {
    match judged {
        Ok(Judged::Decided { write, .. }) => {
            write.holds.iter().find(|hold| hold.user == user && hold.currency == currency).copied()
        }
        Ok(_) | Err(_) => None,
    }
}
