//! Puts an engine together and starts its threads.

use std::sync::atomic::{AtomicBool, AtomicU64};
use std::sync::{Arc, OnceLock};
use std::time::Instant;

use actix::{Actor, Arbiter, ArbiterHandle, System};
use madang_domain::entity::Entity;
use parking_lot::Mutex;
use sqlx::PgPool;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use tokio::runtime::{Builder, Runtime};
use tokio::sync::{Notify, Semaphore, mpsc, oneshot};
use tokio::task::AbortHandle;
use uuid::Uuid;

use super::clock::{Clock, WallClock};
use super::ownership::Ownership;
use super::plant::Faults;
use super::room::{AnyRoom, Room};
use super::settings::EngineSettings;
use super::shared::Shared;
use super::supervisor::Supervisor;
use super::{Engine, lease, lookup, pasts, timers, writer};
use crate::actors::funds::Funds;
use crate::actors::jobs::outbox::{self, NoMail, NoticeSink};
use crate::actors::publish::{Publication, Publisher};
use crate::storage::journal::read::{self, ReadError};

/// Threads that wait for the database and bring entities to life.
const IO_THREADS: usize = 2;

/// Makes the room of one kind and starts its supervisor.
type OpenRoom = Box<dyn FnOnce(&Arc<Shared>, &[Thread], &ArbiterHandle) -> Arc<dyn AnyRoom> + Send>;
/// A thread of entities, with how many live on it.
type Thread = (ArbiterHandle, Arc<AtomicU64>);

/// Why an engine did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The database did not answer, or is not prepared.
    #[error("the database did not answer: {0}")]
    Database(#[from] sqlx::Error),
    /// A stored fact makes no sense.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// The system gave no thread.
    #[error("no thread could be started: {0}")]
    Thread(#[from] std::io::Error),
    /// A thread ended at once.
    #[error("a thread of the engine ended at once")]
    Ended,
}

/// What an engine is made of.
pub struct EngineBuilder {
    options: PgConnectOptions,
    settings: EngineSettings,
    faults: Faults,
    clock: Arc<dyn Clock>,
    publisher: Arc<dyn Publisher>,
    mail: Arc<dyn NoticeSink>,
    kinds: Vec<OpenRoom>,
}

impl std::fmt::Debug for EngineBuilder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("EngineBuilder").field("settings", &self.settings).finish_non_exhaustive()
    }
}

/// The threads of an engine, to be ended in order.
#[derive(Debug)]
pub(super) struct Parts {
    pub(super) tasks: Mutex<Vec<AbortHandle>>,
    pub(super) arbiters: Mutex<Vec<ArbiterHandle>>,
    pub(super) system: System,
    pub(super) io: Mutex<Option<Runtime>>,
}

impl Parts {
    /// Ends everything that runs, at once. What is being committed still is.
    pub(super) fn end(&self, io: Runtime) {
        for task in self.tasks.lock().drain(..) {
            task.abort();
        }
        for arbiter in self.arbiters.lock().drain(..) {
            arbiter.stop();
        }
        self.system.stop();
        io.shutdown_background();
    }
}

impl Drop for Parts {
    /// The last handle is gone without a stop: as abrupt as a crash, and as safe.
    fn drop(&mut self) {
        if let Some(io) = self.io.lock().take() {
            self.end(io);
        }
    }
}

/// Tells nobody.
#[derive(Debug)]
struct Silence;

impl Publisher for Silence {
    fn publish(&self, _channel: &str, _epoch: &str, _publications: &[Publication]) {}
}

impl EngineBuilder {
    /// An engine over the database of this pool. The pool itself is not used: the engine's connections belong to its own
    /// runtime.
    #[must_use]
    pub fn new(pool: PgPool) -> Self {
        Self {
            options: pool.connect_options().as_ref().clone(),
            settings: EngineSettings::default(),
            faults: Faults::from_env(),
            clock: Arc::new(WallClock),
            publisher: Arc::new(Silence),
            mail: Arc::new(NoMail),
            kinds: Vec::new(),
        }
    }

    /// Other settings than the default ones.
    #[must_use]
    pub fn settings(mut self, settings: EngineSettings) -> Self {
        self.settings = settings;
        self
    }

    /// Another clock than the machine's.
    #[must_use]
    pub fn clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = clock;
        self
    }

    /// Where publications go.
    #[must_use]
    pub fn publisher(mut self, publisher: Arc<dyn Publisher>) -> Self {
        self.publisher = publisher;
        self
    }

    /// Who sends the mails of notices.
    #[must_use]
    pub fn mail(mut self, mail: Arc<dyn NoticeSink>) -> Self {
        self.mail = mail;
        self
    }

    /// A fault to plant, instead of the one that the environment names.
    #[must_use]
    pub fn faults(mut self, faults: Faults) -> Self {
        self.faults = faults;
        self
    }

    /// Entities of this kind live here.
    #[must_use]
    pub fn kind<E: Entity>(mut self) -> Self {
        self.kinds.push(Box::new(|shared, threads, keeper| {
            let room = Arc::new(Room::<E>::new(Arc::clone(shared)));
            let (of, threads) = (Arc::clone(&room), threads.to_vec());
            let supervisor = Supervisor::start_in_arbiter(keeper, move |_| Supervisor::new(of, threads));
            // Just made: nobody else can have set it.
            let _ = room.supervisor.set(supervisor);
            room
        }));
        self
    }

    /// Starts it: joins the cluster, takes its shards, and is ready for commands.
    ///
    /// # Errors
    /// When the database or the system refuses.
    pub async fn start(self) -> Result<Engine, StartError> {
        let io = Builder::new_multi_thread().worker_threads(IO_THREADS).thread_name("engine-io").enable_all().build()?;
        let handle = io.handle().clone();
        let (pool, channel_epoch) = on(&handle, connect(&self.settings, &self.options)).await?;
        let (send_item, items) = mpsc::unbounded_channel();
        let (send_deadline, deadlines) = mpsc::unbounded_channel();
        let (send_look_up, look_ups) = mpsc::unbounded_channel();
        let (send_past, pasts_wanted) = mpsc::unbounded_channel();
        let shared = Arc::new(Shared {
            funds: Arc::new(Funds::new(pool.clone(), handle.clone(), Arc::clone(&self.clock))),
            loads: Semaphore::new(self.settings.loads.max(1)),
            settings: self.settings,
            faults: self.faults,
            clock: self.clock,
            incarnation: Uuid::new_v4(),
            channel_epoch: channel_epoch.into(),
            ownership: Ownership::default(),
            publisher: self.publisher,
            pool,
            io: handle.clone(),
            writer: send_item,
            waiting: AtomicU64::new(0),
            deadlines: send_deadline,
            look_ups: send_look_up,
            pasts: send_past,
            outbox: Notify::new(),
            settled: Notify::new(),
            rooms: OnceLock::new(),
            stopping: AtomicBool::new(false),
            trusted: AtomicBool::new(false),
            incarnations: AtomicU64::new(0),
            rests: AtomicU64::new(0),
            began: Instant::now(),
        });
        let joining = Arc::clone(&shared);
        on(&handle, async move { lease::join(&joining).await.map_err(StartError::from) }).await?;
        let (system, arbiters) = start_system(shared.settings.threads.max(1)).await?;
        let (keeper, entities) = arbiters.split_first().ok_or(StartError::Ended)?;
        let threads: Vec<Thread> = entities.iter().map(|arbiter| (arbiter.clone(), Arc::default())).collect();
        let rooms = self.kinds.into_iter().map(|open| open(&shared, &threads, keeper)).collect();
        // Just made: nobody else can have set it.
        let _ = shared.rooms.set(rooms);
        start_writer(Arc::clone(&shared), self.options, items)?;
        let tasks = vec![
            handle.spawn(lease::keep(Arc::clone(&shared))).abort_handle(),
            handle.spawn(timers::keep(Arc::clone(&shared), deadlines)).abort_handle(),
            handle.spawn(lookup::keep(Arc::clone(&shared), look_ups)).abort_handle(),
            handle.spawn(pasts::keep(Arc::clone(&shared), pasts_wanted)).abort_handle(),
            handle.spawn(outbox::keep(Arc::clone(&shared), self.mail)).abort_handle(),
        ];
        let parts = Parts { tasks: Mutex::new(tasks), arbiters: Mutex::new(arbiters), system, io: Mutex::new(Some(io)) };
        Ok(Engine { shared, parts: Arc::new(parts) })
    }
}

/// Opens the engine's own connections, and learns the epoch of the channels.
fn connect(
    settings: &EngineSettings,
    options: &PgConnectOptions,
) -> impl Future<Output = Result<(PgPool, String), StartError>> + Send + 'static {
    let connect = PgPoolOptions::new()
        .max_connections(settings.connections.max(2))
        .acquire_timeout(settings.patience)
        .connect_with(options.clone().application_name("madang engine"));
    async move {
        let pool = connect.await?;
        let epoch = read::channel_epoch(&pool).await?;
        Ok((pool, epoch))
    }
}

/// Runs on another runtime and waits from this one.
async fn on<T: Send + 'static>(
    runtime: &tokio::runtime::Handle,
    work: impl Future<Output = Result<T, StartError>> + Send + 'static,
) -> Result<T, StartError> {
    runtime.spawn(work).await.unwrap_or(Err(StartError::Ended))
}

/// Starts an actix system on a thread of its own, with one arbiter for supervisors and `threads` for entities, so that the
/// engine does not care on which runtime it is started and used.
async fn start_system(threads: usize) -> Result<(System, Vec<ArbiterHandle>), StartError> {
    let (tell, told) = oneshot::channel();
    std::thread::Builder::new().name("engine-system".to_owned()).spawn(move || {
        let runner = System::new();
        let arbiters: Vec<Arbiter> = (0..=threads).map(|_| Arbiter::new()).collect();
        let handles = arbiters.iter().map(Arbiter::handle).collect();
        if tell.send((System::current(), handles)).is_ok()
            && let Err(error) = runner.run()
        {
            tracing::error!(%error, "the actor system ended with an error");
        }
    })?;
    told.await.map_err(|_| StartError::Ended)
}

/// Starts the journal writer on a thread and runtime of its own: a stalled arbiter must not stall commits.
fn start_writer(
    shared: Arc<Shared>,
    options: PgConnectOptions,
    items: mpsc::UnboundedReceiver<super::item::Item>,
) -> Result<(), StartError> {
    let runtime = Builder::new_current_thread().enable_all().build()?;
    std::thread::Builder::new()
        .name("engine-journal".to_owned())
        .spawn(move || runtime.block_on(writer::run(shared, options, items)))?;
    Ok(())
}
