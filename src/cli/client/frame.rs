//! The frames of the live protocol, as a client reads and writes them.

use std::collections::HashMap;

use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Value, json};

/// Where a watcher stands on a channel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Position {
    /// The channel's numbering.
    pub epoch: String,
    /// The last publication seen; 0 is none.
    pub offset: u64,
}

/// What the server sent: one line of a frame. An object with nothing in it is a ping.
#[derive(Debug, Deserialize)]
pub struct Incoming {
    /// The command it answers; 0 for pushes and pings.
    #[serde(default)]
    pub id: u32,
    /// Why not.
    #[serde(default)]
    pub error: Option<ErrorBody>,
    /// To `connect`.
    #[serde(default)]
    pub connect: Option<ConnectReply>,
    /// To `subscribe`.
    #[serde(default)]
    pub subscribe: Option<SubscribeReply>,
    /// To `rpc`.
    #[serde(default)]
    pub rpc: Option<RpcReply>,
    /// Unasked.
    #[serde(default)]
    pub push: Option<Push>,
}

impl Incoming {
    /// Whether it is the heartbeat.
    #[must_use]
    pub fn is_ping(&self) -> bool {
        self.id == 0 && self.push.is_none()
    }
}

/// An error reply.
#[derive(Debug, Clone, Deserialize)]
pub struct ErrorBody {
    /// Its number.
    pub code: u32,
    /// Its sentence.
    #[serde(default)]
    pub message: String,
    /// Whether to ask again.
    #[serde(default)]
    pub temporary: bool,
}

/// The answer to `connect`, as far as we read it.
#[derive(Debug, Deserialize)]
pub struct ConnectReply {
    /// Seconds between heartbeats; 0 is none.
    #[serde(default)]
    pub ping: u64,
    /// Whether heartbeats are to be answered.
    #[serde(default)]
    pub pong: bool,
}

/// The answer to `subscribe`.
#[derive(Debug, Clone, Deserialize)]
pub struct SubscribeReply {
    /// The channel's numbering.
    #[serde(default)]
    pub epoch: String,
    /// The newest publication of the channel, or of those sent with this reply.
    #[serde(default)]
    pub offset: u64,
    /// Whether nothing is missing between the asked position and here.
    #[serde(default)]
    pub recovered: bool,
    /// Whether recovery was asked for.
    #[serde(default)]
    pub was_recovering: bool,
    /// What was missed.
    #[serde(default)]
    pub publications: Vec<PublicationBody>,
    /// The snapshot, where not recovered.
    #[serde(default)]
    pub data: Option<Value>,
}

/// One publication.
#[derive(Debug, Clone, Deserialize)]
pub struct PublicationBody {
    /// Its number on the channel.
    #[serde(default)]
    pub offset: u64,
    /// What happened.
    pub data: Box<RawValue>,
}

/// The answer to `rpc`.
#[derive(Debug, Deserialize)]
pub struct RpcReply {
    /// What it gave.
    #[serde(default)]
    pub data: Value,
}

/// Something the server tells unasked.
#[derive(Debug, Deserialize)]
pub struct Push {
    /// On which channel; empty for the connection itself.
    #[serde(default)]
    pub channel: String,
    /// A publication.
    #[serde(default, rename = "pub")]
    pub publication: Option<PublicationBody>,
    /// The subscription ended.
    #[serde(default)]
    pub unsubscribe: Option<Farewell>,
    /// The connection ends.
    #[serde(default)]
    pub disconnect: Option<Farewell>,
}

/// Why something ended.
#[derive(Debug, Clone, Deserialize)]
pub struct Farewell {
    /// 2500 and above of unsubscribe, and 3000 to 3499 of disconnect: come back.
    pub code: u32,
    /// In words.
    #[serde(default)]
    pub reason: String,
}

/// The `connect` command.
#[must_use]
pub fn connect(id: u32, token: Option<&str>) -> String {
    json!({ "id": id, "connect": { "token": token.unwrap_or_default(), "name": "madang" } }).to_string()
}

/// The `subscribe` command, from a position where one is known.
#[must_use]
pub fn subscribe(id: u32, channel: &str, from: Option<&Position>) -> String {
    let body = match from {
        Some(at) => json!({ "channel": channel, "recover": true, "epoch": at.epoch, "offset": at.offset }),
        None => json!({ "channel": channel }),
    };
    json!({ "id": id, "subscribe": body }).to_string()
}

/// The `rpc` command.
#[must_use]
pub fn rpc(id: u32, method: &str, data: &Value) -> String {
    json!({ "id": id, "rpc": { "method": method, "data": data } }).to_string()
}

/// The positions of a watcher, by channel; `None` until the first answer.
pub type Positions = HashMap<String, Option<Position>>;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_object_is_a_ping() {
        let ping: Incoming = serde_json::from_str("{}").unwrap();
        assert!(ping.is_ping());
    }

    #[test]
    fn a_publication_keeps_its_text() {
        let text = r#"{"push":{"channel":"auction:1","pub":{"data":{"type":"bid_placed","price":5},"offset":7}}}"#;
        let push = serde_json::from_str::<Incoming>(text).unwrap().push.unwrap();
        let publication = push.publication.unwrap();
        assert_eq!((push.channel.as_str(), publication.offset), ("auction:1", 7));
        assert_eq!(publication.data.get(), r#"{"type":"bid_placed","price":5}"#);
    }

    #[test]
    fn a_recovering_subscribe_names_its_position() {
        let at = Position { epoch: "e".to_owned(), offset: 3 };
        let sent: Value = serde_json::from_str(&subscribe(2, "auction:1", Some(&at))).unwrap();
        assert_eq!(sent["subscribe"], json!({"channel":"auction:1","recover":true,"epoch":"e","offset":3}));
    }
}
