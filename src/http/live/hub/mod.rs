//! A hub: one thread with its connections, and everything that is done for them.
//!
//! It sleeps in `epoll` until a socket has something to say, another thread told it something, or a tick has passed. Then
//! it works in turns: read and answer, take what other threads told, deliver what is due on each channel, write. Within a
//! turn everything for one socket is collected, so that a socket is written once, however much there is for it. No
//! connection has a task, a timer or a buffer of its own while it is idle.

mod conn;
mod conns;
mod deliver;
mod inbox;
mod input;
mod join;
mod meters;
mod pace;
mod rooms;
mod seats;
mod session;
mod show;
mod snapshots;
mod timers;
mod wheel;
mod wire;
mod write;

use std::collections::HashMap;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::{Duration, Instant};

use mio::event::Event;
use mio::{Events, Interest, Poll, Token, Waker};
use tokio::runtime::Handle;
use uuid::Uuid;

pub use conn::UniPlan;
pub use inbox::Inbox;
pub(super) use inbox::{Newcomer, Order};
pub use wire::Framing;
pub(super) use wire::Wire;

use self::conn::{Conn, Deadlines, Stage};
use self::conns::{ConnKey, Conns};
use self::join::{Ask, What};
use self::meters::Meters;
use self::pace::Pace;
use self::rooms::Rooms;
use self::session::ticks;
use self::wheel::{Alarm, TICK, Tick, Wheel};
use super::house::House;
use super::limits::Gate;
use super::settings::LiveSettings;
use super::ws;
use crate::actors::broker::{Broker, Watcher};

/// The waker's token; connections have their place's number.
const WAKE: Token = Token(usize::MAX);

/// How long the house may take to answer before the client is told to ask again.
const PATIENCE: Duration = Duration::from_secs(10);

/// What all hubs share.
pub(super) struct Shared {
    pub(super) house: Arc<dyn House>,
    pub(super) broker: Arc<Broker>,
    pub(super) settings: LiveSettings,
    pub(super) runtime: Handle,
    pub(super) gate: Arc<Gate>,
}

/// One hub's state. Only its own thread touches it.
pub(super) struct Hub {
    shared: Arc<Shared>,
    poll: Poll,
    inbox: Arc<Inbox>,
    watcher: Arc<dyn Watcher>,
    conns: Conns,
    rooms: Rooms,
    wheel: Wheel,
    meters: Meters,
    started: Instant,
    now: Tick,
    /// Streams by the secret id under which commands are posted.
    streams: HashMap<Uuid, ConnKey>,
    /// Public snapshots under way, with those who share them.
    public_snapshots: HashMap<Arc<str>, Vec<Ask>>,
    /// Connections to write to at the end of the turn.
    dirty: Vec<ConnKey>,
    /// Rooms with something due.
    due: Vec<u32>,
    /// When what is due goes out, and how long that waits yet.
    pace: Pace,
    pause: Option<Duration>,
    /// Whether only one room is due in this turn, so that nothing is gained by collecting.
    alone: bool,
    /// Rooms that may be empty.
    emptied: Vec<u32>,
    /// Sockets that had more to read than one turn takes.
    unread: Vec<ConnKey>,
    /// Read buffer of all connections.
    buffer: Vec<u8>,
    /// Where lines are written before they go to their connection.
    scratch: Vec<u8>,
    orders: Vec<Order>,
    ringing: Vec<Alarm>,
    delivered: usize,
    swept: Tick,
    running: bool,
}

impl Hub {
    /// A hub with its inbox, to be run on a thread of its own.
    pub(super) fn new(number: usize, shared: Arc<Shared>) -> io::Result<Self> {
        let poll = Poll::new()?;
        let inbox = Inbox::new(number, Waker::new(poll.registry(), WAKE)?);
        let watcher: Arc<dyn Watcher> = Arc::<Inbox>::clone(&inbox);
        let buffer = vec![0; shared.settings.frame + ws::HEADER];
        Ok(Self {
            shared,
            poll,
            inbox,
            watcher,
            conns: Conns::default(),
            rooms: Rooms::default(),
            wheel: Wheel::new(),
            meters: Meters::new(),
            started: Instant::now(),
            now: 0,
            streams: HashMap::new(),
            public_snapshots: HashMap::new(),
            dirty: Vec::new(),
            due: Vec::new(),
            pace: Pace::default(),
            pause: None,
            alone: false,
            emptied: Vec::new(),
            unread: Vec::new(),
            buffer,
            scratch: Vec::new(),
            orders: Vec::new(),
            ringing: Vec::new(),
            delivered: 0,
            swept: 0,
            running: true,
        })
    }

    pub(super) fn inbox(&self) -> Arc<Inbox> {
        Arc::clone(&self.inbox)
    }

    /// Runs until told to stop. A panic, which would be a fault of ours, costs this hub's connections (they come back and
    /// recover), not the hub.
    pub(super) fn run(mut self) {
        let mut events = Events::with_capacity(4096);
        while self.running {
            if let Err(error) = self.sleep(&mut events) {
                tracing::error!(%error, "a hub cannot wait for its sockets");
                std::thread::sleep(TICK);
            }
            if catch_unwind(AssertUnwindSafe(|| self.turn(&events))).is_err() {
                metrics::counter!("live_hub_panics_total").increment(1);
                tracing::error!("a hub's turn panicked: its connections are dropped");
                self.start_over();
            }
        }
    }

    fn start_over(&mut self) {
        for key in self.conns.keys() {
            self.with(key, |_, conn| conn.stage = Stage::Gone);
        }
        self.conns = Conns::default();
        self.rooms = Rooms::default();
        self.streams.clear();
        self.public_snapshots.clear();
        self.due.clear();
        self.dirty.clear();
        self.wheel = Wheel::new();
        self.wheel.ring(self.now, &mut self.ringing);
    }

    fn sleep(&mut self, events: &mut Events) -> io::Result<()> {
        let idle = self.inbox.fall_asleep() && self.unread.is_empty();
        let timeout = match (idle, self.conns.len()) {
            (false, _) => Duration::ZERO,
            (true, 0) => Duration::from_secs(1),
            (true, _) => self.pause.map_or(TICK, |pause| pause.min(TICK)),
        };
        let result = self.poll.poll(events, Some(timeout));
        self.inbox.wake_up();
        match result {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => Ok(()),
            other => other,
        }
    }

    fn turn(&mut self, events: &Events) {
        self.now = Tick::try_from(self.started.elapsed().as_millis() / TICK.as_millis()).unwrap_or(Tick::MAX - 1);
        for key in std::mem::take(&mut self.unread) {
            self.readable(key, true);
        }
        for event in events {
            self.on_event(event);
        }
        let mut orders = std::mem::take(&mut self.orders);
        self.inbox.take(&mut orders);
        for order in orders.drain(..) {
            self.order(order);
        }
        self.orders = orders;
        self.ring();
        self.pause = self.pace.pause(Instant::now());
        if self.pause.is_none() {
            self.deliver_due();
        }
        self.write_dirty();
        self.leave_empty_rooms();
        if self.delivered > 0 {
            self.meters.delivered.increment(u64::try_from(self.delivered).unwrap_or(0));
            self.delivered = 0;
        }
    }

    fn on_event(&mut self, event: &Event) {
        if event.token() == WAKE {
            return;
        }
        let Some(key) = u32::try_from(event.token().0).ok().and_then(|index| self.conns.key_at(index)) else { return };
        if event.is_writable() {
            self.writable(key);
        }
        if event.is_readable() || event.is_read_closed() || event.is_error() {
            // After the end nothing comes that would tell of more.
            self.readable(key, event.is_read_closed() || event.is_error());
        }
    }

    fn order(&mut self, order: Order) {
        match order {
            Order::Adopt(newcomer) => self.adopt(*newcomer),
            Order::Heard(heard) => self.on_heard(heard),
            Order::Rpc(key, id, result) => self.on_rpc(key, id, &result),
            Order::Snapshot { ask, public, result } => self.on_snapshots(&ask, public, result),
            Order::Admitted(ask, result) => self.on_admitted(*ask, result),
            Order::History(ask, result) => match ask.what {
                What::Join(_) => self.on_join_history(*ask, result),
                What::Show(_) => self.on_show_history(*ask, result),
                What::Fill(_) => self.on_fill_history(&ask, result),
            },
            Order::Input(session, bytes) => {
                if let Some(&key) = self.streams.get(&session) {
                    self.with(key, |hub, conn| {
                        hub.hear_from(conn);
                        hub.lines(conn, &bytes);
                    });
                }
            }
            Order::Drained(session) => {
                if let Some(&key) = self.streams.get(&session) {
                    self.writable(key);
                }
            }
            Order::Gone(session) => {
                if let Some(&key) = self.streams.get(&session) {
                    self.with(key, |_, conn| conn.stage = Stage::Gone);
                }
            }
            Order::CutSession(session, why) => self.cut_session(session, why),
            Order::Drain(jitter) => self.drain(jitter),
            Order::Stop => self.running = false,
        }
    }

    /// Works on one connection, and settles what follows from it.
    fn with(&mut self, key: ConnKey, work: impl FnOnce(&mut Self, &mut Conn)) {
        let Some(mut conn) = self.conns.take(key) else { return };
        work(self, &mut conn);
        if conn.stage == Stage::Gone {
            return self.bury(conn);
        }
        if conn.out.is_some() && !conn.dirty && !conn.is_full() {
            conn.dirty = true;
            self.dirty.push(key);
        }
        let next = conn.deadlines.next();
        if next < conn.deadlines.alarm {
            conn.deadlines.alarm = self.wheel.set(key, next);
        }
        self.conns.put(conn);
    }

    fn adopt(&mut self, mut newcomer: Newcomer) {
        self.pace.note_arrival();
        let key = self.conns.reserve();
        if let Wire::Socket(socket) = &mut newcomer.wire {
            let token = Token(usize::try_from(key.index).unwrap_or(usize::MAX - 1));
            // Both interests at once: edges come only when something changes, so it never has to be asked again.
            if self.poll.registry().register(socket, token, Interest::READABLE | Interest::WRITABLE).is_err() {
                return self.conns.release(key);
            }
        }
        if let Some(session) = newcomer.session {
            self.streams.insert(session, key);
        }
        let settings = &self.shared.settings;
        let connect = self.now.saturating_add(ticks(settings.handshake));
        self.conns.put(Conn {
            key,
            wire: newcomer.wire,
            framing: newcomer.framing,
            stage: Stage::Fresh,
            frame_pings: newcomer.frame_pings,
            dirty: false,
            client: Uuid::new_v4(),
            session: newcomer.session,
            admission: newcomer.admission,
            who: None,
            subs: Vec::new(),
            tickets: 0,
            in_flight: 0,
            allowance: settings.commands_burst.saturating_mul(1000),
            allowance_at: self.now,
            refused: 0,
            deadlines: Deadlines { connect, ..Deadlines::NONE },
            partial: None,
            out: None,
        });
        self.with(key, |hub, conn| match (newcomer.uni, conn.framing) {
            (Some((who, plan)), _) => hub.start_uni(conn, who, &plan),
            (None, Framing::WebSocket) => hub.bytes(conn, &mut newcomer.read.to_vec()),
            (None, _) => hub.lines(conn, &newcomer.read),
        });
    }

    fn bury(&mut self, mut conn: Conn) {
        self.unseat_all(&mut conn);
        if let Some(session) = conn.session {
            self.streams.remove(&session);
        }
        if let Wire::Stream(outlet) = &conn.wire {
            outlet.close();
        }
        self.conns.release(conn.key);
    }

    fn keep_scratch(&mut self, mut line: Vec<u8>) {
        if line.capacity() <= 256 * 1024 {
            line.clear();
            self.scratch = line;
        }
    }

    /// Keeps the list of due rooms for the next turn, unless something became due meanwhile.
    fn keep_due(&mut self, mut due: Vec<u32>) {
        if self.due.is_empty() {
            due.clear();
            self.due = due;
        }
    }
}
