//! The room of one kind: who lives in it, and the way in.

use std::any::Any;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};

use actix::Addr;
use dashmap::DashMap;
use madang_domain::code::Code;
use madang_domain::entity::{Entity, Viewer};
use madang_domain::ids::EntityId;

use super::actor::EntityActor;
use super::gate::{Entry, Gate};
use super::item::{KindTable, Promise, Viewed, Word};
use super::letter::{Content, Inspection, Letter};
use super::mail::put;
use super::names;
use super::shared::Shared;
use super::supervisor::Supervisor;

/// One living entity, as those see it who write to it.
#[derive(Debug)]
pub struct Tenant<E: Entity> {
    /// Its actor.
    pub addr: Addr<EntityActor<E>>,
    /// Its gate.
    pub gate: Arc<Gate>,
    /// Which incarnation.
    pub incarnation: u64,
    /// When it last had a letter, by [`Shared::uptime_ms`].
    pub used: Arc<AtomicU64>,
}

/// All living entities of one kind.
#[derive(Debug)]
pub struct Room<E: Entity> {
    /// The engine.
    pub shared: Arc<Shared>,
    /// Who is alive.
    pub live: DashMap<EntityId, Tenant<E>>,
    /// Who brings them to life.
    pub supervisor: OnceLock<Addr<Supervisor<E>>>,
}

impl<E: Entity> Room<E> {
    /// An empty room.
    #[must_use]
    pub fn new(shared: Arc<Shared>) -> Self {
        Self { shared, live: DashMap::new(), supervisor: OnceLock::new() }
    }

    /// Sends a letter: straight to the entity when it is alive, else to the supervisor.
    pub fn post(&self, letter: Letter<E>) {
        if !self.shared.is_open() {
            let stopping = self.shared.stopping.load(Ordering::Acquire);
            return letter.refuse(if stopping { Code::Stopping } else { Code::Busy });
        }
        if let Err(letter) = self.deliver(letter) {
            self.summon(letter);
        }
    }

    /// Hands a letter to a living entity; gives it back when there is none.
    ///
    /// # Errors
    /// The letter.
    pub fn deliver(&self, mut letter: Letter<E>) -> Result<(), Letter<E>> {
        let Some(tenant) = self.live.get(&letter.to) else { return Err(letter) };
        letter.permit = None;
        let entry = match letter.content {
            Content::Wake => tenant.gate.enter_urgently(),
            Content::Order { .. } | Content::View { .. } | Content::Look { .. } | Content::Inspect { .. } => {
                tenant.gate.enter()
            }
        };
        match entry {
            Entry::Admitted(permit) => {
                letter.permit = Some(permit);
                put(&tenant.addr, letter);
                Ok(())
            }
            Entry::Full => {
                metrics::counter!(names::BUSY, "kind" => E::KIND.name()).increment(1);
                letter.refuse(Code::Busy);
                Ok(())
            }
            Entry::Closed => Err(letter),
        }
    }

    /// Asks the supervisor to bring the entity to life for this letter.
    pub fn summon(&self, mut letter: Letter<E>) {
        letter.permit = None;
        match self.supervisor.get() {
            Some(supervisor) => put(supervisor, letter),
            None => letter.refuse(Code::Stopping),
        }
    }

    /// Forgets an incarnation.
    pub fn leave(&self, id: EntityId, incarnation: u64) {
        self.live.remove_if(&id, |_, tenant| tenant.incarnation == incarnation);
    }
}

/// A room without its type.
pub trait AnyRoom: Send + Sync + 'static {
    /// Its kind.
    fn table(&self) -> KindTable;
    /// A deadline of this entity may be due.
    fn wake(&self, id: EntityId);
    /// Somebody looks at an entity.
    fn view(&self, id: EntityId, viewer: Viewer, reply: Promise<Viewed>);
    /// An operator looks at an entity.
    fn inspect(&self, id: EntityId, reply: Promise<Inspection>);
    /// How many live here.
    fn population(&self) -> usize;
    /// How many letters are on their way.
    fn inside(&self) -> u64;
    /// Everybody goes to rest who can.
    fn retire(&self);
    /// For finding the typed room again.
    fn as_any(&self) -> &dyn Any;
}

impl<E: Entity> AnyRoom for Room<E> {
    fn table(&self) -> KindTable {
        KindTable::of::<E>()
    }

    fn wake(&self, id: EntityId) {
        self.post(Letter::new(id, Content::Wake));
    }

    fn view(&self, id: EntityId, viewer: Viewer, reply: Promise<Viewed>) {
        self.post(Letter::new(id, Content::View { viewer, reply }));
    }

    fn inspect(&self, id: EntityId, reply: Promise<Inspection>) {
        self.post(Letter::new(id, Content::Inspect { reply }));
    }

    fn population(&self) -> usize {
        self.live.len()
    }

    fn inside(&self) -> u64 {
        self.live.iter().map(|tenant| u64::from(tenant.gate.inside())).sum()
    }

    fn retire(&self) {
        for tenant in &self.live {
            put(&tenant.addr, super::actor::Hear(Word::Retire));
        }
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}
