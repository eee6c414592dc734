//! The supervisor of one kind: brings entities to life, lets them rest, keeps failing ones apart.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use actix::{Actor, ArbiterHandle, AsyncContext, Context, Handler, Message};
use madang_domain::code::Code;
use madang_domain::entity::Entity;
use madang_domain::ids::EntityId;

use super::actor::{EntityActor, Hear};
use super::gate::Gate;
use super::held::Held;
use super::item::{Doom, KindTable, Residence, Word};
use super::keeper::Keeper;
use super::letter::Letter;
use super::load::Unsound;
use super::mail::put;
use super::names;
use super::pasts::{PastWanted, remember};
use super::quarantine::Quarantine;
use super::resident::Resident;
use super::room::{Room, Tenant};
use super::shared::Shared;
use crate::storage::journal::read::{self, Past};
use tokio::sync::oneshot;

/// One kind's supervisor.
#[derive(Debug)]
pub struct Supervisor<E: Entity> {
    room: Arc<Room<E>>,
    /// Letters for entities that are being loaded.
    loading: HashMap<EntityId, Vec<Letter<E>>>,
    quarantine: Quarantine,
    /// The threads of entities, with how many live on each.
    threads: Vec<(ArbiterHandle, Arc<AtomicU64>)>,
}

/// An incarnation ended because of this.
#[derive(Debug, Clone, Copy, Message)]
#[rtype(result = "()")]
pub struct Ended {
    /// Whose.
    pub id: EntityId,
    /// Why.
    pub doom: Doom,
}

#[derive(Message)]
#[rtype(result = "()")]
struct Loaded<E: Entity> {
    id: EntityId,
    began: Instant,
    result: Result<(Box<Keeper<E>>, i64), LoadFailed>,
}

/// Why an entity could not be brought to life.
#[derive(Debug, thiserror::Error)]
enum LoadFailed {
    #[error("the shard is not ours")]
    Moved,
    #[error("the database could not answer: {0}")]
    Database(#[from] read::ReadError),
    #[error("its past cannot be trusted: {0}")]
    Unsound(#[from] Unsound),
}

impl<E: Entity> Supervisor<E> {
    /// A supervisor for a room, with the threads on which its entities will live.
    #[must_use]
    pub fn new(room: Arc<Room<E>>, threads: Vec<(ArbiterHandle, Arc<AtomicU64>)>) -> Self {
        let quarantine = Quarantine::new(&room.shared.settings);
        Self { room, loading: HashMap::new(), quarantine, threads }
    }

    fn begin_load(&mut self, letter: Letter<E>, ctx: &Context<Self>) {
        let id = letter.to;
        if self.quarantine.rests(id, Instant::now()) {
            return letter.refuse(Code::Quarantined);
        }
        self.loading.insert(id, vec![letter]);
        let (shared, addr, began) = (Arc::clone(&self.room.shared), ctx.address(), Instant::now());
        self.room.shared.io.spawn(async move {
            let result = load(&shared, id).await;
            put(&addr, Loaded { id, began, result });
        });
    }

    fn move_in(&mut self, keeper: Keeper<E>, since: i64) {
        let Some((thread, population)) = self.threads.iter().min_by_key(|(_, count)| count.load(Ordering::Relaxed)) else {
            return;
        };
        let (room, id) = (Arc::clone(&self.room), keeper.id);
        let incarnation = room.shared.incarnations.fetch_add(1, Ordering::Relaxed) + 1;
        let gate = Gate::new(room.shared.settings.permits);
        let used = Arc::new(AtomicU64::new(room.shared.uptime_ms()));
        let committed = AtomicU64::new(keeper.seq());
        let (home, home_gate, home_used) = (Arc::clone(&room), Arc::clone(&gate), Arc::clone(&used));
        let guard = Headcount::new(population);
        let addr = EntityActor::start_in_arbiter(thread, move |ctx| {
            let addr = ctx.address();
            let residence = Arc::new(Residence {
                id,
                incarnation,
                since,
                channel: id.to_string(),
                table: KindTable::of::<E>(),
                committed,
                held: Held::default(),
                word: Box::new(move |word| put(&addr, Hear(word))),
            });
            let resident = Box::new(Resident::new(keeper, residence, home_gate));
            EntityActor::new(resident, home, home_used, guard)
        });
        room.live.insert(id, Tenant { addr, gate, incarnation, used });
    }

    /// Lets those rest who were not used for long, and the longest unused when there are too many.
    fn tidy(&mut self) {
        let settings = &self.room.shared.settings;
        let now = self.room.shared.uptime_ms();
        let idle = u64::try_from(settings.idle.as_millis()).unwrap_or(u64::MAX);
        let mut tenants: Vec<(u64, EntityId)> = Vec::new();
        for tenant in &self.room.live {
            let used = tenant.used.load(Ordering::Relaxed);
            if now.saturating_sub(used) >= idle {
                put(&tenant.addr, Hear(Word::Retire));
            } else {
                tenants.push((used, *tenant.key()));
            }
        }
        if let Some(surplus) = tenants.len().checked_sub(settings.live).filter(|surplus| *surplus > 0) {
            tenants.sort_unstable();
            for (_, id) in tenants.into_iter().take(surplus) {
                if let Some(tenant) = self.room.live.get(&id) {
                    put(&tenant.addr, Hear(Word::Retire));
                }
            }
        }
        let kind = E::KIND.name();
        let resting = self.quarantine.tidy(Instant::now());
        metrics::gauge!(names::QUARANTINED, "kind" => kind).set(gauge(resting));
        metrics::gauge!(names::ENTITY_LIVE, "kind" => kind).set(gauge(self.room.live.len()));
    }
}

/// A count as a gauge's value.
pub(super) fn gauge(count: usize) -> f64 {
    u32::try_from(count).map_or(f64::from(u32::MAX), f64::from)
}

/// Counts an actor on its thread for as long as it lives.
#[derive(Debug)]
pub struct Headcount(Arc<AtomicU64>);

impl Headcount {
    fn new(count: &Arc<AtomicU64>) -> Self {
        count.fetch_add(1, Ordering::Relaxed);
        Self(Arc::clone(count))
    }
}

impl Drop for Headcount {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Reads an entity's past and brings it to life. Gives the term of ownership that began before anything was read.
async fn load<E: Entity>(shared: &Shared, id: EntityId) -> Result<(Box<Keeper<E>>, i64), LoadFailed> {
    let _turn = shared.loads.acquire().await.map_err(|_| LoadFailed::Moved)?;
    let since = settled_term(shared, id.shard()).await.ok_or(LoadFailed::Moved)?;
    let past = ask_past(shared, id).await?;
    match Keeper::from_past(id, past, shared.settings.habits) {
        Err(Unsound::Snapshot(seq, what)) => {
            // A snapshot is only a short cut: the journal has everything.
            tracing::warn!(entity = %id, seq, what, "a snapshot cannot be read, the whole journal is");
            let past = read::past(&shared.pool, id, Some(remember(shared)), false).await?;
            Ok((Box::new(Keeper::from_past(id, past, shared.settings.habits)?), since))
        }
        keeper => Ok((Box::new(keeper?), since)),
    }
}

/// What is stored of an entity, read together with others'.
async fn ask_past(shared: &Shared, entity: EntityId) -> Result<Past, LoadFailed> {
    let (tell, past) = oneshot::channel();
    shared.pasts.send(PastWanted { entity, tell }).map_err(|_| LoadFailed::Moved)?;
    Ok(past.await.map_err(|_| LoadFailed::Moved)??)
}

/// Waits until a shard of ours has no commit of unknown outcome.
async fn settled_term(shared: &Shared, shard: u8) -> Option<i64> {
    let until = tokio::time::Instant::now() + shared.settings.patience;
    loop {
        let settled = shared.settled.notified();
        if let Some(since) = shared.ownership.term(shard) {
            return Some(since);
        }
        if !shared.ownership.is_unsettled(shard) || tokio::time::Instant::now() > until {
            return None;
        }
        let _ = tokio::time::timeout(Duration::from_millis(50), settled).await;
    }
}

impl<E: Entity> Actor for Supervisor<E> {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Self::Context) {
        ctx.set_mailbox_capacity(usize::MAX >> 1);
        let every = (self.room.shared.settings.idle / 4).clamp(Duration::from_millis(10), Duration::from_secs(5));
        ctx.run_interval(every, |supervisor, _| supervisor.tidy());
    }
}

impl<E: Entity> Handler<Letter<E>> for Supervisor<E> {
    type Result = ();

    fn handle(&mut self, letter: Letter<E>, ctx: &mut Self::Context) {
        // It may have come to life since the letter was sent.
        let Err(letter) = self.room.deliver(letter) else { return };
        if self.room.shared.stopping.load(Ordering::Acquire) {
            return letter.refuse(Code::Stopping);
        }
        let most = usize::try_from(self.room.shared.settings.permits).unwrap_or(usize::MAX);
        match self.loading.get_mut(&letter.to) {
            Some(waiting) if waiting.len() < most => waiting.push(letter),
            Some(_) => letter.refuse(Code::Busy),
            None => self.begin_load(letter, ctx),
        }
    }
}

impl<E: Entity> Handler<Loaded<E>> for Supervisor<E> {
    type Result = ();

    fn handle(&mut self, loaded: Loaded<E>, _ctx: &mut Self::Context) {
        let waiting = self.loading.remove(&loaded.id).unwrap_or_default();
        let kind = E::KIND.name();
        let refusal = match loaded.result {
            Ok((keeper, since)) if self.room.shared.ownership.term(loaded.id.shard()) == Some(since) => {
                metrics::counter!(names::ACTIVATIONS, "kind" => kind, "cause" => "letter").increment(1);
                metrics::histogram!(names::RECOVERY).record(loaded.began.elapsed().as_secs_f64());
                self.move_in(*keeper, since);
                for letter in waiting {
                    if let Err(letter) = self.room.deliver(letter) {
                        letter.refuse(Code::Busy);
                    }
                }
                return;
            }
            Ok(_) | Err(LoadFailed::Moved) => Code::Moved,
            Err(LoadFailed::Database(error)) => {
                tracing::warn!(entity = %loaded.id, %error, "an entity could not be loaded");
                Code::Busy
            }
            Err(LoadFailed::Unsound(what)) => {
                tracing::error!(entity = %loaded.id, %what, "an entity's past cannot be trusted");
                if self.quarantine.fault(loaded.id, Instant::now()).is_some() { Code::Quarantined } else { Code::Internal }
            }
        };
        for letter in waiting {
            letter.refuse(refusal);
        }
    }
}

impl<E: Entity> Handler<Ended> for Supervisor<E> {
    type Result = ();

    fn handle(&mut self, Ended { id, doom }: Ended, _ctx: &mut Self::Context) {
        let cause = match doom {
            Doom::Moved => "moved",
            Doom::Unsure => "unsure",
            Doom::Fault => "fault",
        };
        metrics::counter!(names::RESTARTS, "kind" => E::KIND.name(), "cause" => cause).increment(1);
        if doom == Doom::Fault
            && let Some(rest) = self.quarantine.fault(id, Instant::now())
        {
            tracing::error!(entity = %id, seconds = rest.as_secs(), "an entity failed again and again and must rest");
        }
    }
}
