//! Ten thousand clients that come and say nothing, against the real binary: they cost little, and nobody else notices.

use std::sync::Arc;

use futures_util::{SinkExt, StreamExt};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio_tungstenite::tungstenite::Message;

use crate::command_line::{Server, get, madang};
use crate::engine::until;
use crate::world;

const SOCKETS: usize = 10_000;
/// How many are opened at the same time.
const AT_ONCE: usize = 64;
/// What one may cost the server, in KiB: measured are 2 to 4 in a build without optimisation.
const MOST_KIB: u64 = 16;

/// Where a client stops speaking.
#[derive(Debug, Clone, Copy)]
enum Silent {
    /// Its socket is upgraded, and it never says who it is.
    Upgraded,
    /// The same, with the beginning of a frame that never ends.
    InAFrame,
    /// In the middle of its request's head.
    InItsHead,
    /// Before its first byte.
    AtOnce,
}

async fn open(address: &str, silent: Silent) -> TcpStream {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let head = format!(
        "GET /connection/websocket HTTP/1.1\r\nHost: {address}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    );
    match silent {
        Silent::AtOnce => {}
        Silent::InItsHead => stream.write_all(head.split_at(40).0.as_bytes()).await.unwrap(),
        Silent::Upgraded | Silent::InAFrame => {
            stream.write_all(head.as_bytes()).await.unwrap();
            let mut answer = [0; 12];
            stream.read_exact(&mut answer).await.unwrap();
            assert_eq!(&answer, b"HTTP/1.1 101");
            if matches!(silent, Silent::InAFrame) {
                stream.write_all(&[0x81, 0xfe]).await.unwrap();
            }
        }
    }
    stream
}

/// Room for the sockets in this process; false where the system allows no more.
fn make_room() -> bool {
    let needed = SOCKETS as u64 + 2_000;
    let limit = getrlimit(Resource::Nofile);
    if limit.maximum.is_some_and(|most| most < needed) {
        return false;
    }
    if limit.current.is_some_and(|now| now < needed) {
        setrlimit(Resource::Nofile, Rlimit { current: Some(needed), maximum: limit.maximum }).unwrap();
    }
    true
}

/// What the server's process takes up, in KiB.
fn resident(server: &Server) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", server.pid())).unwrap();
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

async fn connections(server: &Server) -> u64 {
    let (_, metrics) = get(&format!("{}/metrics", server.url)).await;
    let counts = metrics.lines().filter(|line| line.starts_with("live_connections{"));
    counts.map(|line| line.rsplit(' ').next().unwrap().parse::<u64>().unwrap()).sum()
}

/// Somebody who connects, asks for the time and gets it.
async fn is_served(server: &Server) {
    let url = format!("{}/connection/websocket", server.url.replace("http://", "ws://"));
    let (mut socket, _) = tokio_tungstenite::connect_async(url).await.unwrap();
    for (id, command) in [(1, json!({ "connect": {} })), (2, json!({ "rpc": { "method": "time.now", "data": {} } }))] {
        let mut command = command;
        command["id"] = json!(id);
        socket.send(Message::text(command.to_string())).await.unwrap();
        let reply: Value = serde_json::from_str(socket.next().await.unwrap().unwrap().to_text().unwrap()).unwrap();
        assert_eq!((&reply["id"], reply.get("error")), (&json!(id), None), "{reply}");
    }
    assert_eq!(get(&format!("{}/health", server.url)).await.0, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn ten_thousand_who_say_nothing_cost_little_and_are_noticed_by_nobody() {
    if !make_room() {
        eprintln!("skipped: this system allows fewer than {SOCKETS} open files in a process (ulimit -Hn)");
        return;
    }
    let mut command = madang(&world::fresh_dir("half-open"));
    let settings = [("LIMITS__SOCKETS_PER_ADDRESS", "20000"), ("REALTIME__HANDSHAKE_S", "600"), ("LOG__LEVEL", "error")];
    for (name, value) in settings {
        command.env(format!("MADANG__{name}"), value);
    }
    let server = Server::start(command);
    let address = server.url.trim_start_matches("http://").to_owned();
    is_served(&server).await;
    until("the first to be forgotten", async || connections(&server).await == 0).await;
    let before = resident(&server);

    let gate = Arc::new(Semaphore::new(AT_ONCE));
    let mut opening = JoinSet::new();
    for number in 0..SOCKETS {
        let (gate, address) = (Arc::clone(&gate), address.clone());
        let silent = match number % 10 {
            0 => Silent::AtOnce,
            1 => Silent::InItsHead,
            2..=4 => Silent::InAFrame,
            _ => Silent::Upgraded,
        };
        opening.spawn(async move {
            let _turn = gate.acquire().await.unwrap();
            open(&address, silent).await
        });
    }
    let sockets = opening.join_all().await;
    let upgraded = u64::try_from(SOCKETS * 8 / 10).unwrap();
    until("all to be there", async || connections(&server).await == upgraded).await;
    let grown = resident(&server).saturating_sub(before);
    is_served(&server).await;
    assert!(grown < MOST_KIB * SOCKETS as u64, "{grown} KiB for {SOCKETS} sockets");
    println!("{SOCKETS} half-open sockets: {grown} KiB");

    drop(sockets);
    until("all to be forgotten", async || connections(&server).await == 0).await;
    is_served(&server).await;
    assert_eq!(server.stop().0.code(), Some(0));
}
