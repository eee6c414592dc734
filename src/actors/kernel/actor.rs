//! The actix actor of one entity: a thin shell round [`Resident`].

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use actix::fut::wrap_future;
use actix::{Actor, ActorContext, Addr, AsyncContext, Context, Handler, Message};
use madang_domain::code::Code;
use madang_domain::entity::Entity;
use madang_domain::ids::{EntityId, UserId};
use madang_domain::money::{Currency, Money};
use madang_domain::time::Timestamp;
use uuid::Uuid;

use super::item::{Doom, Item, Residence, Word, Write};
use super::keeper::{Keeper, Spoiled};
use super::letter::{Content, Letter};
use super::lookup::LookUp;
use super::mail::put;
use super::names;
use super::plant::Faults;
use super::resident::{Host, Life, Resident};
use super::retell::{Memory, Retold};
use super::room::Room;
use super::shared::Shared;
use super::supervisor::{Ended, Headcount};
use crate::storage::journal::{HoldRow, read};

/// After so many letters the others on the thread have a turn: an actix mailbox would run until it is empty.
const FAIR_TURNS: u32 = 64;
/// One turn of so many is measured.
const SAMPLED: u32 = 16;
/// How often an entity that is over looks whether everybody has left.
const LAST_LOOK: Duration = Duration::from_millis(5);

/// One entity's actor.
#[derive(Debug)]
pub struct EntityActor<E: Entity> {
    resident: Box<Resident<E>>,
    room: Arc<Room<E>>,
    used: Arc<AtomicU64>,
    turns: u32,
    /// Told the supervisor that it is over.
    reported: bool,
    /// Counts it on its thread.
    _headcount: Headcount,
}

/// A [`Word`] as a message.
#[derive(Debug, Clone, Copy, Message)]
#[rtype(result = "()")]
pub struct Hear(pub Word);

impl<E: Entity> EntityActor<E> {
    /// An actor for a resident that has just been brought to life.
    #[must_use]
    pub const fn new(resident: Box<Resident<E>>, room: Arc<Room<E>>, used: Arc<AtomicU64>, headcount: Headcount) -> Self {
        Self { resident, room, used, turns: 0, reported: false, _headcount: headcount }
    }

    fn end_if_over(&mut self, ctx: &mut Context<Self>) {
        let Life::Over(doom) = self.resident.life() else { return };
        self.report(doom);
        if self.resident.gate().inside() == 0 {
            ctx.stop();
        } else {
            // Somebody entered before the gate closed and may still send a letter, which must be forwarded.
            ctx.run_later(LAST_LOOK, |actor, ctx| actor.end_if_over(ctx));
        }
    }

    fn report(&mut self, doom: Option<Doom>) {
        if std::mem::replace(&mut self.reported, true) {
            return;
        }
        let residence = self.resident.residence();
        self.room.leave(residence.id, residence.incarnation);
        if let (Some(doom), Some(supervisor)) = (doom, self.room.supervisor.get()) {
            put(supervisor, Ended { id: residence.id, doom });
        }
    }
}

impl<E: Entity> Actor for EntityActor<E> {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Self::Context) {
        // The gate bounds the mailbox, and unlike the mailbox's own limit it counts every sender.
        ctx.set_mailbox_capacity(usize::MAX >> 1);
        let residence = self.resident.residence();
        if let Some(due) = self.resident.keeper().due() {
            let _ = self.room.shared.deadlines.send((residence.id, Some(due)));
        }
    }
}

impl<E: Entity> Handler<Letter<E>> for EntityActor<E> {
    type Result = ();

    fn handle(&mut self, letter: Letter<E>, ctx: &mut Self::Context) {
        self.used.store(self.room.shared.uptime_ms(), Ordering::Relaxed);
        let home = Home { room: &self.room, addr: ctx };
        if self.turns.is_multiple_of(SAMPLED) {
            let began = Instant::now();
            self.resident.receive(letter, &home);
            metrics::histogram!(names::TURN).record(began.elapsed().as_secs_f64());
            metrics::histogram!(names::PERMITS_USED).record(f64::from(self.resident.gate().inside()));
        } else {
            self.resident.receive(letter, &home);
        }
        self.turns = self.turns.wrapping_add(1);
        if self.turns.is_multiple_of(FAIR_TURNS) {
            ctx.wait(wrap_future(tokio::task::yield_now()));
        }
        if self.resident.life() != Life::Living {
            self.end_if_over(ctx);
        }
    }
}

impl<E: Entity> Handler<Hear> for EntityActor<E> {
    type Result = ();

    fn handle(&mut self, Hear(word): Hear, ctx: &mut Self::Context) {
        let home = Home { room: &self.room, addr: ctx };
        self.resident.hear(word, &home);
        self.end_if_over(ctx);
    }
}

impl<E: Entity> Drop for EntityActor<E> {
    /// A panic in the shell itself takes the actor away without a farewell. Its memory is not to be trusted: nothing is
    /// saved here. Its promises say that the outcome is unknown, and the journal's keys judge what is still under way.
    fn drop(&mut self) {
        if !self.reported {
            self.resident.gate().close();
            self.report(Some(Doom::Fault));
        }
    }
}

/// The real world, as an entity meets it.
struct Home<'a, E: Entity> {
    room: &'a Arc<Room<E>>,
    addr: &'a Context<EntityActor<E>>,
}

impl<E: Entity> Home<'_, E> {
    fn address(&self) -> Addr<EntityActor<E>> {
        self.addr.address()
    }
}

impl<E: Entity> Host<E> for Home<'_, E> {
    fn now(&self) -> Timestamp {
        self.room.shared.clock.now()
    }

    fn random(&self) -> u64 {
        rand::random()
    }

    fn channel_epoch(&self) -> Arc<str> {
        Arc::clone(&self.room.shared.channel_epoch)
    }

    fn submit(&self, item: Item) {
        self.room.shared.submit(item);
    }

    fn look_up(&self, mut letter: Letter<E>) {
        let Content::Order { order, .. } = &letter.content else { return };
        let (entity, cmd, addr) = (letter.to, order.id, self.address());
        let tell = Box::new(move |known| match (&mut letter.content, known) {
            (Content::Order { journal, .. }, Ok(known)) => {
                *journal = Some(known);
                put(&addr, letter);
            }
            _ => letter.refuse(Code::Busy),
        });
        // When nobody answers any more the letter is dropped, and its promise says that the outcome is unknown.
        let _ = self.room.shared.look_ups.send(LookUp { entity, cmd, tell });
    }

    fn with_funds(
        &self,
        user: UserId,
        currency: Currency,
        entity: EntityId,
        decide: &mut dyn FnMut(Money) -> Option<HoldRow>,
    ) -> Option<()> {
        self.room.shared.funds.decide(user, currency, entity, decide)
    }

    fn learn_funds(&self, user: UserId, currency: Currency, letter: Letter<E>) {
        let (funds, addr) = (Arc::clone(&self.room.shared.funds), self.address());
        self.room.shared.io.spawn(async move {
            match funds.learn(user, currency).await {
                Ok(()) => put(&addr, letter),
                Err(code) => letter.refuse(code),
            }
        });
    }

    fn reserve(&self, write: &Write, reserved: Option<(UserId, Currency)>) {
        if !write.holds.is_empty() || !write.transfers.is_empty() {
            self.room.shared.funds.reserve(&write.holds, &write.transfers, reserved);
        }
    }

    fn forward(&self, letter: Letter<E>) {
        self.room.summon(letter);
    }

    fn faults(&self) -> Faults {
        self.room.shared.faults
    }

    fn report(&self, residence: &Residence, what: &Spoiled) {
        metrics::counter!(names::APPLY_PANICS, "kind" => residence.id.kind().name()).increment(1);
        tracing::error!(entity = %residence.id, %what, "an entity's memory is spoiled and is loaded anew");
    }

    fn panicked(&self, residence: &Residence, cmd: Option<Uuid>) {
        metrics::counter!(names::DECIDE_PANICS, "kind" => residence.id.kind().name()).increment(1);
        tracing::error!(cmd = cmd.map(tracing::field::display), entity = %residence.id, "the rules panicked");
    }

    fn compare(&self, keeper: &Keeper<E>) {
        let shared = &self.room.shared;
        let (nth, every) = (shared.rests.fetch_add(1, Ordering::Relaxed), shared.settings.retold);
        if every == 0 || !nth.is_multiple_of(every) || shared.stopping.load(Ordering::Acquire) {
            return;
        }
        if let Some(memory) = Memory::of(keeper) {
            let shared = Arc::clone(shared);
            self.room.shared.io.spawn(async move { compare(&shared, &memory).await });
        }
    }
}

/// Reads an entity's past and compares it with what was remembered, unless others wait to be brought to life.
async fn compare<E: Entity>(shared: &Shared, memory: &Memory<E>) {
    let Ok(_turn) = shared.loads.try_acquire() else { return };
    let (id, kind) = (memory.id(), E::KIND.name());
    let Ok(past) = read::past(&shared.pool, id, None, true).await else { return };
    metrics::counter!(names::RETOLD, "kind" => kind).increment(1);
    let told = memory.compare(past);
    if !matches!(told, Ok(Retold::Same | Retold::MovedOn)) {
        metrics::counter!(names::MISMATCH, "kind" => kind).increment(1);
        tracing::error!(entity = %id, ?told, "an entity's past does not give what it remembered");
    }
}
