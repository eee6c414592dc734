//! The live protocol: the Centrifuge client protocol (JSON) over WebSocket, SSE, HTTP streams and one-way SSE.
//!
//! Sockets leave the HTTP server after their handshake ([`Live::upgrade`]) and live on a hub's thread; streams stay bodies of
//! HTTP responses that a hub fills. Either way a connection is the same session with the same commands. First file to read:
//! `house`, what the protocol asks of the rest; then `hub`, where everything happens.

pub mod codes;
pub mod house;
mod hub;
mod limits;
mod outlet;
mod protocol;
mod settings;
mod streams;
mod upgrade;
mod ws;

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use actix_web::web::{self, ServiceConfig};
use dashmap::DashMap;
use parking_lot::Mutex;
use tokio::runtime::Handle;
use uuid::Uuid;

use self::codes::Disconnect;
use self::house::House;
use self::hub::{Hub, Inbox, Newcomer, Order, Shared};
use self::limits::Gate;
pub use self::settings::LiveSettings;
use crate::actors::broker::Broker;

/// The running live protocol: its hubs and what leads to them.
pub struct Live {
    shared: Arc<Shared>,
    hubs: Vec<Arc<Inbox>>,
    threads: Mutex<Vec<JoinHandle<()>>>,
    /// Which hub a stream's session is in.
    sessions: DashMap<Uuid, usize>,
    next: AtomicUsize,
}

impl Live {
    /// Starts the hubs. Questions to the house run on the tokio runtime this is called from, which must be driven for as long
    /// as the hubs live. Metrics must have their recorder by now.
    ///
    /// # Errors
    /// When the system gives no `epoll` or thread.
    pub fn start(house: Arc<dyn House>, broker: Arc<Broker>, settings: LiveSettings) -> io::Result<Arc<Self>> {
        let count = settings.hubs.max(1);
        let runtime = Handle::try_current().map_err(io::Error::other)?;
        let shared = Arc::new(Shared { house, broker, settings, runtime, gate: Arc::new(Gate::default()) });
        let mut hubs = Vec::with_capacity(count);
        let mut threads = Vec::with_capacity(count);
        for number in 0..count {
            let hub = Hub::new(number, Arc::clone(&shared))?;
            hubs.push(hub.inbox());
            threads.push(std::thread::Builder::new().name(format!("hub-{number}")).spawn(move || hub.run())?);
        }
        let (threads, sessions, next) = (Mutex::new(threads), DashMap::new(), AtomicUsize::new(0));
        Ok(Arc::new(Self { shared, hubs, threads, sessions, next }))
    }

    /// The routes of the streams: `/connection/sse`, `/connection/http_stream`, `/connection/uni_sse`, `/emulation`; and
    /// `/connection/websocket` for requests that ask for no upgrade.
    pub fn routes(self: &Arc<Self>, config: &mut ServiceConfig) {
        config
            .app_data(web::Data::from(Arc::clone(self)))
            .service(
                web::resource("/connection/sse").route(web::get().to(streams::sse)).route(web::post().to(streams::sse_post)),
            )
            .route("/connection/http_stream", web::post().to(streams::http_stream))
            .route("/connection/uni_sse", web::get().to(streams::uni_sse))
            .route("/emulation", web::post().to(streams::emulation))
            .route("/connection/websocket", web::get().to(streams::not_an_upgrade));
    }

    /// Cuts every connection of a signed-out session within a turn of its hub; they do not come back by themselves.
    pub fn cut_session(&self, session: Uuid) {
        self.disconnect_session(session, Disconnect::FORCED);
    }

    /// Ends every connection of a session with this code.
    pub fn disconnect_session(&self, session: Uuid, why: Disconnect) {
        self.tell_all(|| Order::CutSession(session, why));
    }

    /// Cuts every connection of a session whose access token no longer counts; they come back with a fresh one.
    pub fn expire_session(&self, session: Uuid) {
        self.tell_all(|| Order::CutSession(session, Disconnect::EXPIRED));
    }

    /// How many connections there are.
    #[must_use]
    pub fn connections(&self) -> usize {
        self.shared.gate.count()
    }

    /// Lets nobody in any more and tells everybody to come back, each at its own moment within `jitter`; returns when all are
    /// gone, or a little after the last should have been.
    pub async fn drain(&self, jitter: Duration) {
        self.shared.gate.close();
        self.tell_all(|| Order::Drain(jitter));
        let patience = Instant::now() + jitter + self.shared.settings.linger + Duration::from_millis(500);
        while self.connections() > 0 && Instant::now() < patience {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        self.stop();
    }

    /// Ends the hubs at once; their connections are dropped.
    pub fn stop(&self) {
        self.tell_all(|| Order::Stop);
        for thread in self.threads.lock().drain(..) {
            if thread.join().is_err() {
                tracing::error!("a hub's thread ended in a panic");
            }
        }
    }

    fn tell_all(&self, order: impl Fn() -> Order) {
        for hub in &self.hubs {
            hub.push(order());
        }
    }

    /// The hub whose turn it is to take a newcomer.
    fn pick(&self) -> (usize, Option<Arc<Inbox>>) {
        let number = self.next.fetch_add(1, Ordering::Relaxed) % self.hubs.len().max(1);
        (number, self.hubs.get(number).map(Arc::clone))
    }

    /// Sends a newcomer to a hub.
    fn adopt(&self, newcomer: Newcomer) {
        if let (_, Some(hub)) = self.pick() {
            hub.push(Order::Adopt(Box::new(newcomer)));
        }
    }

    /// Commands can no longer be posted to this stream.
    fn forget(&self, session: Uuid) {
        self.sessions.remove(&session);
    }
}

impl Drop for Live {
    fn drop(&mut self) {
        self.tell_all(|| Order::Stop);
    }
}
