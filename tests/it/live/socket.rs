//! A plain client of the live protocol over a WebSocket.

use std::collections::VecDeque;
use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::{Bytes, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream};

use super::server::TestServer;

/// Nothing in a test takes this long, however busy the machine is.
const PATIENCE: Duration = Duration::from_secs(60);

pub struct Socket {
    stream: WebSocketStream<MaybeTlsStream<TcpStream>>,
    lines: VecDeque<Value>,
    id: u32,
}

impl Socket {
    /// A socket that has said nothing yet.
    pub async fn open(server: &TestServer) -> Self {
        let (stream, _) = tokio_tungstenite::connect_async(server.websocket()).await.unwrap();
        Self { stream, lines: VecDeque::new(), id: 1 }
    }

    /// A connected client; an empty token is nobody's.
    pub async fn connect(server: &TestServer, token: &str) -> Self {
        let mut socket = Self::open(server).await;
        let reply = socket.ask(json!({ "connect": { "token": token } })).await;
        assert!(reply["connect"]["client"].is_string(), "{reply}");
        socket
    }

    pub async fn send(&mut self, text: impl Into<String>) {
        self.stream.send(Message::text(text.into())).await.unwrap();
    }

    pub async fn send_bytes(&mut self, bytes: Vec<u8>) {
        self.stream.send(Message::Binary(Bytes::from(bytes))).await.unwrap();
    }

    /// Sends a command under a new id, which is returned.
    pub async fn tell(&mut self, mut command: Value) -> u32 {
        self.id += 1;
        command["id"] = json!(self.id);
        self.send(command.to_string()).await;
        self.id
    }

    /// Sends a command and waits for its reply; pushes before it stay for later.
    pub async fn ask(&mut self, command: Value) -> Value {
        let id = self.tell(command).await;
        self.reply(id).await
    }

    pub async fn reply(&mut self, id: u32) -> Value {
        let mut pushes = VecDeque::new();
        loop {
            let line = self.next().await;
            if line["id"] == json!(id) {
                pushes.append(&mut self.lines);
                self.lines = pushes;
                return line;
            }
            pushes.push_back(line);
        }
    }

    /// The next line that is no ping.
    pub async fn next(&mut self) -> Value {
        self.try_next().await.unwrap_or_else(|end| panic!("closed: {end:?}"))
    }

    /// The next publication of any channel: offset and data.
    pub async fn publication(&mut self) -> (u64, Value) {
        loop {
            let line = self.next().await;
            if let Some(publication) = line["push"].get("pub") {
                return (publication["offset"].as_u64().unwrap(), publication["data"].clone());
            }
        }
    }

    /// How the server ends it: close code and reason.
    pub async fn end(&mut self) -> (u16, String) {
        loop {
            if let Err(end) = self.try_next().await {
                return end;
            }
        }
    }

    /// The next frame's text, whole.
    pub async fn frame(&mut self) -> String {
        match tokio::time::timeout(PATIENCE, self.stream.next()).await.expect("in time").unwrap().unwrap() {
            Message::Text(text) => text.to_string(),
            other => panic!("not text: {other:?}"),
        }
    }

    async fn try_next(&mut self) -> Result<Value, (u16, String)> {
        loop {
            if let Some(line) = self.lines.pop_front() {
                return Ok(line);
            }
            match tokio::time::timeout(PATIENCE, self.stream.next()).await.expect("in time") {
                Some(Ok(Message::Text(text))) => {
                    let lines = text.split('\n').map(|line| serde_json::from_str::<Value>(line).unwrap());
                    let (pings, lines): (Vec<_>, Vec<_>) = lines.partition(|line| *line == json!({}));
                    self.lines = lines.into();
                    if !pings.is_empty() {
                        // Refused where it is closed already, which is read next.
                        drop(self.stream.send(Message::text("{}")).await);
                    }
                }
                Some(Ok(Message::Close(Some(frame)))) => return Err((frame.code.into(), frame.reason.to_string())),
                Some(Ok(_)) => {}
                None | Some(Err(_)) => return Err((0, String::new())),
            }
        }
    }
}
