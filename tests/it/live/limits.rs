//! Clients that misbehave, on purpose or not: each is told by its code, and nobody else notices.

use std::time::Duration;

use madang::http::live::LiveSettings;
use serde_json::{Value, json};
use tokio::io::AsyncReadExt;

use super::raw::{Raw, frame};
use super::server::TestServer;
use super::socket::Socket;
use crate::engine::until;

#[tokio::test(flavor = "multi_thread")]
async fn frames_that_break_the_protocol_are_named() {
    let server = TestServer::start(LiveSettings::default());
    let large = vec![b' '; 64 * 1024 + 1];
    let half = vec![b' '; 40 * 1024];
    let cases: [(&str, Vec<u8>, u16); 8] = [
        ("a byte too large", frame(0x81, &large), 1009),
        ("too large in pieces", [frame(0x01, &half), frame(0x80, &half)].concat(), 1009),
        ("invalid UTF-8", frame(0x81, b"{\"id\":1,\"ping\":\"\xff\"}"), 1007),
        ("invalid UTF-8 across pieces", [frame(0x01, b"\xc3"), frame(0x80, b"(")].concat(), 1007),
        ("without a mask", vec![0x81, 0x02, b'{', b'}'], 1002),
        ("a reserved bit", frame(0xc1, b"{}"), 1002),
        ("a continuation of nothing", frame(0x80, b"{}"), 1002),
        ("binary", frame(0x82, b"{}"), 3506),
    ];
    for (why, bytes, code) in cases {
        let mut raw = Raw::open(&server, None, "").await;
        raw.connect("7").await;
        raw.send(&bytes).await;
        assert_eq!(raw.rest().await.1, code, "{why}");
    }
    let mut socket = Socket::connect(&server, "7").await;
    let most = format!("{{\"id\":9,\"rpc\":{{\"method\":\"echo\",\"data\":\"{}\"}}}}", "x".repeat(64 * 1024 - 50));
    assert!(most.len() <= 64 * 1024);
    socket.send(most).await;
    assert_eq!(socket.reply(9).await["rpc"]["data"].as_str().unwrap().len(), 64 * 1024 - 50, "the largest is welcome");
}

#[tokio::test(flavor = "multi_thread")]
async fn pieces_pings_and_bytes_that_trickle_in_are_understood() {
    let server = TestServer::start(LiveSettings::default());
    let mut raw = Raw::open(&server, None, "").await;
    let connect = frame(0x81, b"{\"id\":1,\"connect\":{\"token\":\"7\"}}");
    for byte in &connect {
        raw.send(&[*byte]).await;
    }
    assert_eq!(raw.frame().await.unwrap().0, 1);
    raw.send(&[frame(0x01, b"{\"id\":2,\"rpc\":"), frame(0x89, b"now"), frame(0x80, b"{\"method\":\"whoami\"}}")].concat())
        .await;
    assert_eq!(raw.frame().await.unwrap(), (10, b"now".to_vec()));
    assert_eq!(raw.frame().await.unwrap(), (1, b"{\"id\":2,\"rpc\":{\"data\":7}}".to_vec()));
    raw.send(&frame(0x88, &1000u16.to_be_bytes())).await;
    assert_eq!(raw.rest().await.1, 1000);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flood_is_refused_by_name_and_then_cut() {
    let server = TestServer::start(LiveSettings { commands_per_s: 1, commands_burst: 5, ..LiveSettings::default() });
    let mut socket = Socket::connect(&server, "7").await;
    let mut accepted = 0;
    // One is allowed again with every second that the test takes.
    let reply = loop {
        let reply = socket.ask(json!({ "ping": {} })).await;
        if !reply["ping"].is_object() {
            break reply;
        }
        accepted += 1;
    };
    assert!(accepted >= 4, "{accepted}");
    assert_eq!((&reply["error"]["code"], &reply["error"]["temporary"]), (&json!(111), &json!(true)), "{reply}");
    let mut bystander = Socket::connect(&server, "8").await;
    let flood: Vec<_> = (0..1100).map(|n| json!({ "id": n + 100, "ping": {} }).to_string()).collect();
    for frame in flood.chunks(100) {
        socket.send(frame.join("\n")).await;
    }
    assert_eq!(socket.end().await, (3013, "too many requests".to_owned()));
    assert!(bystander.ask(json!({ "ping": {} })).await["ping"].is_object());
}

#[tokio::test(flavor = "multi_thread")]
async fn too_many_unanswered_commands_are_refused() {
    let server = TestServer::start(LiveSettings { in_flight: 3, ..LiveSettings::default() });
    let mut socket = Socket::connect(&server, "7").await;
    let mut held = Vec::new();
    for _ in 0..3 {
        held.push(socket.tell(json!({ "rpc": { "method": "hold" } })).await);
    }
    assert_eq!(socket.ask(json!({ "rpc": { "method": "hold" } })).await["error"]["code"], 106);
    server.house.release_held();
    for id in held {
        assert_eq!(socket.reply(id).await["rpc"]["data"], "late");
    }
    assert_eq!(socket.ask(json!({ "rpc": { "method": "whoami" } })).await["rpc"]["data"], 7);
}

#[tokio::test(flavor = "multi_thread")]
async fn sockets_are_counted_per_person_and_per_address() {
    let settings = LiveSettings { sockets_per_user: 2, sockets_per_address: 4, ..LiveSettings::default() };
    let server = TestServer::start(settings);
    let first = Socket::connect(&server, "7").await;
    let _second = Socket::connect(&server, "7").await;
    let mut third = Socket::open(&server).await;
    third.tell(json!({ "connect": { "token": "7" } })).await;
    assert_eq!(third.end().await, (3504, "connection limit".to_owned()));
    drop((first, third));
    until("two to be forgotten", async || server.live.connections() == 1).await;
    let mut kept = vec![Socket::connect(&server, "7").await];
    kept.push(Socket::connect(&server, "8").await);
    kept.push(Socket::connect(&server, "8").await);
    let refused = tokio_tungstenite::connect_async(server.websocket()).await.unwrap_err();
    assert!(refused.to_string().contains("429"), "{refused}");
}

#[tokio::test(flavor = "multi_thread")]
async fn sockets_that_never_connect_are_cut_and_cost_nothing() {
    // Long enough for the bystander to be in time on a busy machine.
    let server = TestServer::start(LiveSettings { handshake: Duration::from_secs(3), ..LiveSettings::default() });
    let mut bystander = Socket::connect(&server, "7").await;
    let mut silent = Vec::new();
    for number in 0..200 {
        let mut raw = Raw::open(&server, None, "").await;
        if number % 2 == 0 {
            raw.send(&[0x81]).await;
        }
        silent.push(raw);
    }
    for raw in &mut silent {
        assert_eq!(raw.rest().await.1, 3502, "stale");
    }
    drop(silent);
    assert!(bystander.ask(json!({ "ping": {} })).await["ping"].is_object());
    until("they are forgotten", async || server.live.connections() == 1).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_answers_no_ping_is_cut() {
    let (ping, pong) = (Duration::from_millis(200), Duration::from_millis(300));
    let server = TestServer::start(LiveSettings { ping, pong, ..LiveSettings::default() });
    let mut silent = Raw::open(&server, None, "").await;
    silent.connect("7").await;
    let mut dribbler = Raw::open(&server, None, "").await;
    dribbler.connect("7").await;
    dribbler.send(&frame(0x81, &[b' '; 100])[..20]).await;
    let (lines, code) = silent.rest().await;
    assert!(!lines.is_empty() && code == 3012, "{lines:?} {code}");
    assert_eq!(dribbler.rest().await.1, 3012, "bytes of an unfinished frame are no sign of life");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_answers_pings_stays_until_it_no_longer_does() {
    // Time enough for the answer on a busy machine.
    let (ping, pong) = (Duration::from_millis(100), Duration::from_secs(5));
    let server = TestServer::start(LiveSettings { ping, pong, ..LiveSettings::default() });
    let mut framed = Raw::open(&server, None, "?cf_ws_frame_ping_pong=true").await;
    framed.connect("7").await;
    for _ in 0..3 {
        assert_eq!(framed.frame().await.unwrap(), (9, vec![]), "alive");
        framed.send(&frame(0x8a, b"")).await;
    }
    assert_eq!(framed.rest().await.1, 3012);
}

fn padded(n: u64, kind: &str) -> Value {
    of_size(2000, n, kind)
}

fn of_size(size: usize, n: u64, kind: &str) -> Value {
    json!({ "type": kind, "n": n, "pad": "x".repeat(size) })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reader_that_never_reads_is_cut_with_its_code_and_others_miss_nothing() {
    let server = TestServer::start(LiveSettings { send_buffer: Some(16 * 1024), ..LiveSettings::default() });
    let mut stuck = Raw::open(&server, Some(4096), "").await;
    stuck.connect("7").await;
    let mut healthy = Socket::connect(&server, "8").await;
    for command in [json!({ "id": 2, "subscribe": { "channel": "text:1" } })] {
        stuck.say(&command).await;
        healthy.ask(json!({ "subscribe": { "channel": "text:1" } })).await;
    }
    for said in 1..=400 {
        server.house.say("text:1", &padded(said, "token"));
        assert_eq!(healthy.publication().await.0, said);
    }
    // The last frame still waits for the stuck one for a while; what was queued is forgotten at the cut.
    until("it is gone", async || server.live.connections() == 1).await;
    server.house.say("text:1", &padded(401, "token"));
    assert_eq!(healthy.publication().await.0, 401);
    let (lines, _) = stuck.rest().await;
    assert!(lines.len() < 300, "at most 256 KiB and the kernel's buffers were kept: {}", lines.len());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reader_that_wakes_up_in_time_learns_why_it_was_cut() {
    let server = TestServer::start(LiveSettings {
        hubs: 1,
        send_buffer: Some(16 * 1024),
        linger: Duration::from_secs(60),
        ..LiveSettings::default()
    });
    // The large ones never fit into the kernel's buffer, so the cut comes in the middle of a frame.
    for (channel, size, count) in [("text:1", 2000, 400), ("text:2", 120_000, 12)] {
        let mut late = Raw::open(&server, Some(32 * 1024), "").await;
        late.connect("7").await;
        late.say(&json!({ "id": 2, "subscribe": { "channel": channel } })).await;
        late.frame().await.unwrap();
        // What the healthy one has received, the late one has been given too: by the last it has long been cut.
        let mut healthy = Socket::connect(&server, "8").await;
        healthy.ask(json!({ "subscribe": { "channel": channel } })).await;
        for n in 1..=count {
            server.house.say(channel, &of_size(size, n, "token"));
            assert_eq!(healthy.publication().await.0, n);
        }
        let (lines, code) = late.rest().await;
        assert_eq!(code, 3008, "slow");
        for (line, n) in lines.iter().zip(1..) {
            assert_eq!(line["push"]["pub"]["offset"], n, "no hole before the end");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slow_watcher_of_prices_skips_to_the_newest_of_each_type() {
    let stall = Duration::from_secs(120);
    let server = TestServer::start(LiveSettings { send_buffer: Some(16 * 1024), stall, ..LiveSettings::default() });
    let mut slow = Raw::open(&server, Some(4096), "").await;
    slow.connect("7").await;
    slow.say(&json!({ "id": 2, "subscribe": { "channel": "auction:1" } })).await;
    slow.frame().await.unwrap();
    let mut healthy = Socket::connect(&server, "8").await;
    healthy.ask(json!({ "subscribe": { "channel": "auction:1" } })).await;
    for n in 1..=400 {
        server.house.say("auction:1", &padded(n, if n == 300 { "auction_paused" } else { "bid_placed" }));
        assert_eq!(healthy.publication().await.0, n);
    }
    let mut seen = Vec::new();
    while seen.last() != Some(&400) {
        let (opcode, payload) = slow.frame().await.expect("it is not cut");
        assert_eq!(opcode, 1);
        for line in payload.split(|&byte| byte == b'\n') {
            let line: Value = serde_json::from_slice(line).unwrap();
            seen.push(line["push"]["pub"]["offset"].as_u64().unwrap());
        }
    }
    assert!(seen.is_sorted_by(|a, b| a < b), "in order and nothing twice");
    assert!(seen.len() < 200, "many were skipped: {}", seen.len());
    assert!(seen.contains(&300), "but not the one that says it is paused");
    server.house.say("auction:1", &json!({ "n": 401 }));
    let (_, payload) = slow.frame().await.unwrap();
    assert!(String::from_utf8(payload).unwrap().contains("\"offset\":401"), "and it is a member again");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_watcher_of_prices_that_takes_nothing_for_long_is_cut() {
    let stall = Duration::from_millis(400);
    let linger = Duration::from_millis(200);
    let server = TestServer::start(LiveSettings { send_buffer: Some(16 * 1024), stall, linger, ..LiveSettings::default() });
    let mut stuck = Raw::open(&server, Some(4096), "").await;
    stuck.connect("7").await;
    stuck.say(&json!({ "id": 2, "subscribe": { "channel": "auction:1" } })).await;
    stuck.frame().await.unwrap();
    for n in 1..=200 {
        server.house.say("auction:1", &padded(n, "bid_placed"));
    }
    until("it is gone", async || server.live.connections() == 0).await;
    let mut rest = Vec::new();
    let _reset = stuck.stream.read_to_end(&mut rest).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_handshake_is_refused_over_http() {
    let server = TestServer::start(LiveSettings::default());
    for (request, status) in [
        ("GET /connection/websocket HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n", "400"),
        ("GET /elsewhere HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n", "404"),
        ("GET /connection/websocket HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", "426"),
        ("GET /hello HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", "200"),
    ] {
        let mut stream = tokio::net::TcpStream::connect(server.address).await.unwrap();
        tokio::io::AsyncWriteExt::write_all(&mut stream, request.as_bytes()).await.unwrap();
        let mut answer = String::new();
        tokio::time::timeout(Duration::from_secs(30), stream.read_to_string(&mut answer)).await.expect("closed").unwrap();
        assert!(answer.starts_with(&format!("HTTP/1.1 {status}")), "{request} -> {answer}");
    }
}
