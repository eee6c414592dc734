//! One person's connection to the live protocol: calls, subscriptions, and coming back by itself.
//!
//! ```text
//! Live (handle) --orders--> session task: connect -> resubscribe from the last position -> serve -> lost -> back off -+
//!    ^                                       ^                                                                        |
//!    +------------- answers, Heard ----------+------------------------------------------------------------------------+
//! ```

use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;
use serde_json::value::RawValue;
use tokio::sync::{mpsc, oneshot};

use super::ClientError;
use super::account::Account;
use super::api::Api;
use super::frame::{Farewell, Position};
use super::patience::Patience;
use super::session::Session;

/// How long one try of a call may stay unanswered on a living connection.
const TRY_LIMIT: Duration = Duration::from_secs(10);

/// What a watcher hears, in the order in which it happened.
#[derive(Debug)]
pub enum Heard {
    /// Connected, for the first time or again.
    Connected,
    /// The connection is gone; we come back by ourselves.
    Lost,
    /// A subscription begins, or begins again.
    Subscribed {
        /// On which channel.
        channel: String,
        /// From where we asked; none the first time.
        asked: Option<Position>,
        /// Whether everything after `asked` follows.
        recovered: bool,
        /// The channel's numbering.
        epoch: String,
        /// The newest publication of the channel at this moment. Missed ones follow as [`Heard::Publication`].
        offset: u64,
        /// The snapshot, where not recovered.
        snapshot: Option<Value>,
    },
    /// Something happened.
    Publication {
        /// On which channel.
        channel: String,
        /// Its number there; 0 for what was said in passing.
        offset: u64,
        /// What.
        data: Box<RawValue>,
    },
    /// A subscription was refused or ended, and will not come back.
    Ended {
        /// On which channel.
        channel: String,
        /// Why.
        why: String,
    },
    /// The server told us to go, and whether it says why we may come back (below 3500).
    Farewell(Farewell),
}

/// What the handle tells its task.
#[derive(Debug)]
pub(super) enum Order {
    Call { method: String, data: Value, answer: oneshot::Sender<Result<Value, ClientError>> },
    Watch { channel: String, from: Option<Position> },
    Cut,
}

/// A connection's handle. Dropping it closes the connection.
#[derive(Debug, Clone)]
pub struct Live {
    orders: mpsc::UnboundedSender<Order>,
}

impl Live {
    /// Begins to connect, as this person or as nobody, and stays connected until dropped.
    #[must_use]
    pub fn start(api: &Api, who: Option<Arc<Account>>) -> (Self, mpsc::UnboundedReceiver<Heard>) {
        let (orders, inbox) = mpsc::unbounded_channel();
        let (heard, ears) = mpsc::unbounded_channel();
        tokio::spawn(Session::new(api.socket_url(), who, inbox, heard).run());
        (Self { orders }, ears)
    }

    /// Watches a channel, from a position or from now.
    pub fn watch(&self, channel: &str, from: Option<Position>) {
        // A closed task is a dropped connection: there is nobody left to hear.
        let _ = self.orders.send(Order::Watch { channel: channel.to_owned(), from });
    }

    /// Cuts the connection as a bad network would; it comes back by itself.
    pub fn cut(&self) {
        let _ = self.orders.send(Order::Cut);
    }

    /// Calls once. While the connection is away the call waits for it.
    ///
    /// # Errors
    /// `Problem` for an error reply; `Unreachable` when the connection was lost before the answer, or none came in time.
    pub async fn call(&self, method: &str, data: &Value, limit: Duration) -> Result<Value, ClientError> {
        let (answer, wait) = oneshot::channel();
        let order = Order::Call { method: method.to_owned(), data: data.clone(), answer };
        if self.orders.send(order).is_err() {
            return Err(ClientError::Unexpected("the connection was closed for good".to_owned()));
        }
        match tokio::time::timeout(limit, wait).await {
            Ok(Ok(answer)) => answer,
            Ok(Err(_)) => Err(ClientError::Unreachable("the connection was lost".to_owned())),
            Err(_) => Err(ClientError::Unreachable("no answer in time".to_owned())),
        }
    }

    /// Calls until the answer is definite: `data` carries a `command_id`, so asking again is safe.
    ///
    /// # Errors
    /// `Problem` (not temporary) or `GaveUp`.
    pub async fn command(&self, method: &str, data: &Value, limit: Duration) -> Result<Definite, ClientError> {
        let mut patience = Patience::of(limit);
        let mut tries = 0u32;
        loop {
            tries = tries.saturating_add(1);
            match self.call(method, data, TRY_LIMIT.min(patience.left())).await {
                Ok(data) => return Ok(Definite { data, tries }),
                Err(error) if error.temporary() => patience.wait(&error).await?,
                Err(error) => return Err(error),
            }
        }
    }
}

/// A definite answer to a command.
#[derive(Debug, Clone)]
pub struct Definite {
    /// What the server answered.
    pub data: Value,
    /// How often we had to ask.
    pub tries: u32,
}

#[cfg(test)]
mod tests {
    use futures_util::{SinkExt, StreamExt};
    use serde_json::json;
    use tokio::net::{TcpListener, TcpStream};
    use tokio_tungstenite::tungstenite::Message;
    use tokio_tungstenite::{WebSocketStream, accept_async};

    use super::*;

    type Peer = WebSocketStream<TcpStream>;

    async fn next(peer: &mut Peer) -> Value {
        let frame = peer.next().await.unwrap().unwrap();
        serde_json::from_str(frame.to_text().unwrap()).unwrap()
    }

    async fn tell(peer: &mut Peer, told: Value) {
        peer.send(Message::text(told.to_string())).await.unwrap();
    }

    async fn welcome(listener: &TcpListener) -> Peer {
        let mut peer = accept_async(listener.accept().await.unwrap().0).await.unwrap();
        let connect = next(&mut peer).await;
        tell(&mut peer, json!({ "id": connect["id"], "connect": { "client": "c", "ping": 25, "pong": true } })).await;
        peer
    }

    /// A server that loses the first call's answer with the connection.
    async fn forgetful(listener: TcpListener) -> (Value, Value, Value) {
        let mut peer = welcome(&listener).await;
        let subscribe = next(&mut peer).await;
        tell(&mut peer, json!({ "id": subscribe["id"], "subscribe": { "epoch": "e", "offset": 4 } })).await;
        tell(&mut peer, json!({ "push": { "channel": "auction:1", "pub": { "data": 5, "offset": 5 } } })).await;
        let lost = next(&mut peer).await;
        drop(peer);
        let mut peer = welcome(&listener).await;
        let again = next(&mut peer).await;
        let missed = json!([{ "data": 6, "offset": 6 }]);
        let reply = json!({ "epoch": "e", "offset": 6, "recovered": true, "was_recovering": true, "publications": missed });
        tell(&mut peer, json!({ "id": again["id"], "subscribe": reply })).await;
        let asked = next(&mut peer).await;
        tell(&mut peer, json!({ "id": asked["id"], "rpc": { "data": { "result": "leading" } } })).await;
        while let Some(Ok(_)) = peer.next().await {}
        (lost, again, asked)
    }

    #[tokio::test]
    async fn a_lost_answer_is_asked_again_by_id_and_the_stream_goes_on_where_it_was() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let api = Api::new(&format!("http://{}", listener.local_addr().unwrap())).unwrap();
        let server = tokio::spawn(forgetful(listener));
        let (live, mut ears) = Live::start(&api, None);
        live.watch("auction:1", None);
        let mut offsets = Vec::new();
        while offsets.is_empty() {
            if let Some(Heard::Publication { offset, .. }) = ears.recv().await {
                offsets.push(offset);
            }
        }
        let data = json!({ "auction": 1, "command_id": "0192f0c4-0000-7000-8000-000000000001" });
        let definite = live.command("auction.bid", &data, Duration::from_secs(10)).await.unwrap();
        assert_eq!((definite.tries, &definite.data), (2, &json!({ "result": "leading" })));
        while offsets.len() < 2 {
            if let Some(Heard::Publication { offset, .. }) = ears.recv().await {
                offsets.push(offset);
            }
        }
        drop(live);
        let (lost, again, asked) = server.await.unwrap();
        assert_eq!(offsets, [5, 6]);
        assert_eq!(again["subscribe"], json!({ "channel": "auction:1", "recover": true, "epoch": "e", "offset": 5 }));
        assert_eq!((&asked["rpc"], &asked["rpc"]["data"]), (&lost["rpc"], &data));
    }
}
