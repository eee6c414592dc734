//! A WebSocket client made of bytes, for what no decent library would send.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};

use super::server::TestServer;

pub struct Raw {
    pub stream: TcpStream,
    buffer: Vec<u8>,
}

/// One masked frame.
pub fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    let mask = [1u8, 2, 3, 4];
    let mut out = vec![first];
    match payload.len() {
        n @ 0..=125 => out.push(0x80 | u8::try_from(n).unwrap()),
        n @ 126..=65_535 => {
            out.push(0xfe);
            out.extend(u16::try_from(n).unwrap().to_be_bytes());
        }
        n => {
            out.push(0xff);
            out.extend(u64::try_from(n).unwrap().to_be_bytes());
        }
    }
    out.extend(mask);
    out.extend(payload.iter().zip(mask.iter().cycle()).map(|(byte, mask)| byte ^ mask));
    out
}

impl Raw {
    /// An upgraded socket; `receive_buffer` bounds what the kernel takes for it.
    pub async fn open(server: &TestServer, receive_buffer: Option<u32>, query: &str) -> Self {
        let socket = TcpSocket::new_v4().unwrap();
        if let Some(bytes) = receive_buffer {
            socket.set_recv_buffer_size(bytes).unwrap();
        }
        let mut stream = socket.connect(server.address).await.unwrap();
        let request = format!(
            "GET /connection/websocket{query} HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
             Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
        );
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut raw = Self { stream, buffer: Vec::new() };
        let head = loop {
            if let Some(end) = raw.buffer.windows(4).position(|window| window == b"\r\n\r\n") {
                break raw.buffer.drain(..end + 4).collect::<Vec<_>>();
            }
            assert!(raw.fill().await, "no answer to the handshake");
        };
        let head = String::from_utf8(head).unwrap();
        assert!(head.starts_with("HTTP/1.1 101"), "{head}");
        assert!(head.contains("s3pPLMBiTxaQ9kYGzzhZRbK+xOo="), "{head}");
        raw
    }

    pub async fn send(&mut self, bytes: &[u8]) {
        self.stream.write_all(bytes).await.unwrap();
    }

    pub async fn say(&mut self, line: &Value) {
        self.send(&frame(0x81, line.to_string().as_bytes())).await;
    }

    pub async fn connect(&mut self, token: &str) {
        self.say(&json!({ "id": 1, "connect": { "token": token } })).await;
        let (_, reply) = self.frame().await.unwrap();
        assert!(String::from_utf8(reply).unwrap().contains("\"client\""));
    }

    /// The next frame's opcode and payload; `None` at the end.
    pub async fn frame(&mut self) -> Option<(u8, Vec<u8>)> {
        loop {
            if let [first, second, rest @ ..] = self.buffer.as_slice() {
                let (length, start) = match (second & 0x7f, rest) {
                    (126, [a, b, ..]) => (Some(usize::from(u16::from_be_bytes([*a, *b]))), 4),
                    (127, [a, b, c, d, e, f, g, h, ..]) => {
                        (usize::try_from(u64::from_be_bytes([*a, *b, *c, *d, *e, *f, *g, *h])).ok(), 10)
                    }
                    (126 | 127, _) => (None, 0),
                    (short, _) => (Some(usize::from(short)), 2),
                };
                if let Some(length) = length.filter(|length| self.buffer.len() >= start + length) {
                    let opcode = first & 0x0f;
                    let payload = self.buffer.drain(..start + length).skip(start).collect();
                    return Some((opcode, payload));
                }
            }
            if !self.fill().await {
                return None;
            }
        }
    }

    /// All text lines up to the close frame, and its code; zero when there was none.
    pub async fn rest(&mut self) -> (Vec<Value>, u16) {
        let mut lines = Vec::new();
        while let Some((opcode, payload)) = self.frame().await {
            match opcode {
                8 => return (lines, u16::from_be_bytes([payload[0], payload[1]])),
                1 => lines
                    .extend(payload.split(|&byte| byte == b'\n').map(|line| serde_json::from_slice::<Value>(line).unwrap())),
                _ => {}
            }
        }
        (lines, 0)
    }

    async fn fill(&mut self) -> bool {
        let mut chunk = [0; 16 * 1024];
        match tokio::time::timeout(Duration::from_secs(60), self.stream.read(&mut chunk)).await.expect("in time") {
            Ok(0) | Err(_) => false,
            Ok(count) => {
                self.buffer.extend_from_slice(&chunk[..count]);
                true
            }
        }
    }
}
