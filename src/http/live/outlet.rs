//! The body of a streamed response (SSE, HTTP stream): filled by a hub, emptied by the HTTP server.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use actix_web::body::{BodySize, MessageBody};
use bytes::{Bytes, BytesMut};
use parking_lot::Mutex;
use uuid::Uuid;

use super::Live;
use super::hub::{Inbox, Order};

/// Bytes taken from the hub ahead of the HTTP server.
const ROOM: usize = 32 * 1024;

#[derive(Default)]
struct State {
    chunks: VecDeque<Bytes>,
    bytes: usize,
    closed: bool,
    /// The hub was refused and waits to hear of room.
    refused: bool,
    reader: Option<Waker>,
}

/// Between a hub and one streamed response.
#[derive(Default)]
pub(super) struct Outlet {
    state: Mutex<State>,
}

impl Outlet {
    /// Takes a chunk, or refuses it when too much is waiting already; then the hub hears [`Order::Drained`] later.
    pub(super) fn offer(&self, chunk: &Bytes) -> bool {
        let mut state = self.state.lock();
        if state.bytes > ROOM {
            state.refused = true;
            return false;
        }
        state.bytes += chunk.len();
        state.chunks.push_back(chunk.clone());
        if let Some(reader) = state.reader.take() {
            reader.wake();
        }
        true
    }

    /// Ends the response after what was taken.
    pub(super) fn close(&self) {
        let mut state = self.state.lock();
        state.closed = true;
        if let Some(reader) = state.reader.take() {
            reader.wake();
        }
    }
}

/// The response's body. Dropping it tells the hub that the client is gone.
pub(super) struct OutletBody {
    pub(super) outlet: Arc<Outlet>,
    pub(super) inbox: Arc<Inbox>,
    pub(super) session: Uuid,
    pub(super) live: Arc<Live>,
}

impl MessageBody for OutletBody {
    type Error = Infallible;

    fn size(&self) -> BodySize {
        BodySize::Stream
    }

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes, Infallible>>> {
        let mut state = self.outlet.state.lock();
        let first = state.chunks.pop_front();
        let Some(first) = first else {
            if state.closed {
                return Poll::Ready(None);
            }
            state.reader = Some(cx.waker().clone());
            return Poll::Pending;
        };
        let chunk = if state.chunks.is_empty() {
            first
        } else {
            let mut all = BytesMut::with_capacity(state.bytes);
            all.extend_from_slice(&first);
            for more in state.chunks.drain(..) {
                all.extend_from_slice(&more);
            }
            all.freeze()
        };
        state.bytes = 0;
        if std::mem::take(&mut state.refused) {
            self.inbox.push(Order::Drained(self.session));
        }
        Poll::Ready(Some(Ok(chunk)))
    }
}

impl Drop for OutletBody {
    fn drop(&mut self) {
        self.live.forget(self.session);
        self.inbox.push(Order::Gone(self.session));
    }
}
