//! What other threads tell a hub.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use bytes::Bytes;
use madang_domain::code::Code;
use mio::Waker;
use parking_lot::Mutex;
use uuid::Uuid;

use super::super::codes::Disconnect;
use super::super::house::{ChannelSnapshot, History, Identity, RpcResult};
use super::super::limits::Admission;
use super::conn::UniPlan;
use super::conns::ConnKey;
use super::join::Ask;
use super::wire::{Framing, Wire};
use crate::actors::broker::{Heard, Watcher};

/// A connection on its way to a hub.
pub(in super::super) struct Newcomer {
    pub(in super::super) wire: Wire,
    pub(in super::super) framing: Framing,
    pub(in super::super) admission: Admission,
    /// What was read of it already: frames of a WebSocket, lines otherwise.
    pub(in super::super) read: Bytes,
    pub(in super::super) frame_pings: bool,
    /// For streams: the secret id by which commands are posted.
    pub(in super::super) session: Option<Uuid>,
    /// For one-way streams: who it is and what it watches.
    pub(in super::super) uni: Option<(Option<Identity>, UniPlan)>,
}

/// One thing a hub is told.
pub(in super::super) enum Order {
    /// Take this connection.
    Adopt(Box<Newcomer>),
    /// Lines posted for a stream.
    Input(Uuid, Bytes),
    /// A stream has room again.
    Drained(Uuid),
    /// A stream's client is gone.
    Gone(Uuid),
    /// Something happened on a channel.
    Heard(Heard),
    /// An rpc call was answered.
    Rpc(ConnKey, u32, RpcResult),
    /// A snapshot that was asked for.
    Snapshot {
        /// Who asked.
        ask: Box<Ask>,
        /// Whether others may share it.
        public: bool,
        /// The answer.
        result: Result<ChannelSnapshot, Code>,
    },
    /// Whether somebody is let in.
    Admitted(Box<Ask>, Result<(), Code>),
    /// A stretch of the journal that was asked for.
    History(Box<Ask>, Result<History, Code>),
    /// Cut every connection of a session.
    CutSession(Uuid, Disconnect),
    /// Tell everybody to come back elsewhere, spread over this time.
    Drain(Duration),
    /// End the thread.
    Stop,
}

/// A hub's inbox. Waking a sleeping hub costs one system call; telling a busy one costs none.
pub struct Inbox {
    number: usize,
    queue: Mutex<Vec<Order>>,
    awake: AtomicBool,
    waker: Waker,
}

impl Inbox {
    pub(super) fn new(number: usize, waker: Waker) -> Arc<Self> {
        Arc::new(Self { number, queue: Mutex::default(), awake: AtomicBool::new(false), waker })
    }

    /// Tells the hub something.
    pub(in super::super) fn push(&self, order: Order) {
        self.queue.lock().push(order);
        if !self.awake.swap(true, Ordering::AcqRel)
            && let Err(error) = self.waker.wake()
        {
            tracing::error!(%error, hub = self.number, "a hub could not be woken");
        }
    }

    /// Swaps the orders out; the hub stays awake.
    pub(super) fn take(&self, orders: &mut Vec<Order>) {
        std::mem::swap(&mut *self.queue.lock(), orders);
    }

    pub(super) fn wake_up(&self) {
        self.awake.store(true, Ordering::Release);
    }

    /// Goes to sleep. Whether there is nothing to do.
    pub(super) fn fall_asleep(&self) -> bool {
        self.awake.store(false, Ordering::Release);
        std::sync::atomic::fence(Ordering::SeqCst);
        self.queue.lock().is_empty()
    }
}

impl Watcher for Inbox {
    fn number(&self) -> usize {
        self.number
    }

    fn hear(&self, heard: Heard) {
        self.push(Order::Heard(heard));
    }
}
