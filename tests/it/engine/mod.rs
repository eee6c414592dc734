//! The engine against a real Postgres.
#![expect(clippy::as_conversions, reason = "a test's lengths and counts are small")]

mod basics;
mod faults;
mod life;
mod meter;
mod money;

use std::sync::Arc;
use std::time::Duration;

use madang::actors::ask::{Answer, Denied};
use madang::actors::kernel::{Engine, EngineBuilder, EngineSettings};
use madang::actors::publish::{Publication, Publisher};
use madang::storage::Db;
use madang_domain::entity::{Actor, Order, Role};
use madang_domain::ids::{EntityId, Kind, UserId};
use madang_domain::user::UserInbox;
use parking_lot::Mutex;
use uuid::Uuid;

use self::meter::{Command, Meter};

/// Collects what the engine publishes.
#[derive(Debug, Default)]
pub struct Heard(Mutex<Vec<(String, String, Publication)>>);

impl Publisher for Heard {
    fn publish(&self, channel: &str, epoch: &str, publications: &[Publication]) {
        let heard = publications.iter().map(|one| (channel.to_owned(), epoch.to_owned(), one.clone()));
        self.0.lock().extend(heard);
    }
}

impl Heard {
    /// What one channel was told, in order.
    pub fn on(&self, id: EntityId) -> Vec<Publication> {
        let channel = id.to_string();
        self.0.lock().iter().filter(|(on, _, _)| *on == channel).map(|(_, _, one)| one.clone()).collect()
    }
}

/// Settings that make things happen soon.
pub fn settings() -> EngineSettings {
    EngineSettings { beat: Duration::from_millis(100), claim: Duration::from_millis(50), ..EngineSettings::default() }
}

/// An engine for meters and inboxes, not yet started.
pub fn builder(db: &Db, settings: EngineSettings) -> EngineBuilder {
    Engine::builder(db.pool().clone()).settings(settings).kind::<Meter>().kind::<UserInbox>()
}

/// A running engine, and what it publishes.
pub async fn start(db: &Db, settings: EngineSettings) -> (Engine, Arc<Heard>) {
    let heard = Arc::new(Heard::default());
    let engine = builder(db, settings).publisher(Arc::clone(&heard) as Arc<dyn Publisher>).start().await.unwrap();
    (engine, heard)
}

/// A meter's id.
pub fn meter(number: i64) -> EntityId {
    EntityId::new(Kind::Auction, number).unwrap()
}

/// A person.
pub fn person(number: i64) -> Actor {
    Actor::User { id: UserId::new(number), roles: vec![Role::User] }
}

/// An order of person 1 with an id of its own.
pub fn order(to: EntityId, command: Command) -> Order<Command> {
    Order { to, id: Uuid::new_v4(), actor: person(1), command }
}

/// Asks a meter.
pub async fn ask(engine: &Engine, to: EntityId, command: Command) -> Result<Answer, Denied> {
    engine.ask::<Meter>(order(to, command)).await
}

/// Looks again and again, without blocking the runtime, until something has happened.
pub async fn until(what: &str, mut happened: impl AsyncFnMut() -> bool) {
    let give_up_at = tokio::time::Instant::now() + Duration::from_secs(60);
    while !happened().await {
        assert!(tokio::time::Instant::now() < give_up_at, "waited in vain for {what}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}
