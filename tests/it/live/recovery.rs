//! Coming back: everything once and in order, or an explicit snapshot.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use madang::actors::broker::BrokerSettings;
use madang::actors::publish::{Publication, Publisher};
use madang::http::live::LiveSettings;
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use serde_json::{Value, json};

use super::fake::EPOCH;
use super::server::TestServer;
use super::socket::Socket;

fn recover(channel: &str, offset: u64) -> Value {
    json!({ "subscribe": { "channel": channel, "recover": true, "offset": offset, "epoch": EPOCH } })
}

fn offsets(subscribe: &Value) -> Vec<u64> {
    subscribe["publications"]
        .as_array()
        .map_or_else(Vec::new, |list| list.iter().map(|p| p["offset"].as_u64().unwrap()).collect())
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_missed_comes_from_the_ring() {
    let server = TestServer::start(LiveSettings::default());
    for n in 1..=9 {
        server.house.say("auction:1", &json!({ "n": n }));
    }
    let mut socket = Socket::connect(&server, "").await;
    let reply = socket.ask(recover("auction:1", 6)).await;
    let subscribe = &reply["subscribe"];
    assert_eq!((&subscribe["recovered"], &subscribe["was_recovering"]), (&json!(true), &json!(true)));
    assert_eq!(offsets(subscribe), [7, 8, 9]);
    assert_eq!(subscribe.get("data"), None);
    assert_eq!(server.house.histories.load(Ordering::Relaxed), 0);
    assert_eq!(server.house.snapshots.load(Ordering::Relaxed), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_ring_no_longer_has_comes_from_the_journal() {
    let broker = BrokerSettings { ring: 4, ..BrokerSettings::default() };
    let server = TestServer::with_broker(LiveSettings::default(), broker);
    for n in 1..=20 {
        server.house.say("auction:1", &json!({ "n": n }));
    }
    let mut socket = Socket::connect(&server, "").await;
    let reply = socket.ask(recover("auction:1", 3)).await;
    assert_eq!(reply["subscribe"]["recovered"], true);
    assert_eq!(offsets(&reply["subscribe"]), (4..=20).collect::<Vec<_>>());
    server.house.say("auction:1", &json!({ "n": 21 }));
    assert_eq!(socket.publication().await.0, 21);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_long_recovery_is_not_mistaken_for_a_slow_reader() {
    let settings = LiveSettings { send_buffer: Some(16 * 1024), ..LiveSettings::default() };
    let server = TestServer::start(settings);
    for n in 1..=300 {
        server.house.say("text:1", &json!({ "n": n, "pad": "x".repeat(2000) }));
    }
    let mut socket = Socket::connect(&server, "").await;
    let reply = socket.ask(recover("text:1", 0)).await;
    assert_eq!(offsets(&reply["subscribe"]), (1..=300).collect::<Vec<_>>());
    server.house.say("text:1", &json!({ "n": 301 }));
    assert_eq!(socket.publication().await.0, 301);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_recovered_is_said_and_a_snapshot_given() {
    let server = TestServer::start(LiveSettings { recover: 10, ..LiveSettings::default() });
    for n in 1..=50 {
        server.house.say("auction:1", &json!({ "n": n }));
    }
    let mut socket = Socket::connect(&server, "").await;
    let cases = [
        ("beyond the reach", json!({ "offset": 30, "epoch": EPOCH })),
        ("ahead of the head", json!({ "offset": 51, "epoch": EPOCH })),
        ("another epoch", json!({ "offset": 50, "epoch": "other" })),
    ];
    for (why, position) in cases {
        let mut request = position.clone();
        request["channel"] = json!("auction:1");
        request["recover"] = json!(true);
        let reply = socket.ask(json!({ "subscribe": request })).await;
        let subscribe = &reply["subscribe"];
        assert_eq!(subscribe["was_recovering"], true, "{why}: {reply}");
        assert_eq!(subscribe.get("recovered"), None, "{why}");
        assert_eq!((&subscribe["offset"], &subscribe["data"]["upto"]), (&json!(50), &json!(50)), "{why}");
        socket.ask(json!({ "unsubscribe": { "channel": "auction:1" } })).await;
        request["flag"] = json!(2);
        let reply = socket.ask(json!({ "subscribe": request })).await;
        assert_eq!(reply["error"]["code"], 112, "{why}: where the client asks to be refused");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_gap_that_the_engine_left_is_filled_from_the_journal() {
    let server = TestServer::start(LiveSettings::default());
    server.house.say("auction:1", &json!({ "n": 1 }));
    let mut socket = Socket::connect(&server, "").await;
    socket.ask(json!({ "subscribe": { "channel": "auction:1" } })).await;
    for n in 2..=4 {
        server.house.commit("auction:1", &json!({ "n": n }));
    }
    server.house.say("auction:1", &json!({ "n": 5 }));
    server.house.say("auction:1", &json!({ "n": 6 }));
    for n in 2..=6 {
        assert_eq!(socket.publication().await, (n, json!({ "n": n })));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn another_epoch_ends_subscriptions_so_that_they_come_back() {
    let server = TestServer::start(LiveSettings::default());
    server.house.say("auction:1", &json!({ "n": 1 }));
    let mut socket = Socket::connect(&server, "").await;
    socket.ask(json!({ "subscribe": { "channel": "auction:1" } })).await;
    let first = Publication { offset: 1, data: bytes::Bytes::from_static(b"{}") };
    server.house.broker.publish("auction:1", "anew", &[first]);
    let push = socket.next().await;
    assert_eq!(push["push"]["unsubscribe"], json!({ "code": 2500, "reason": "insufficient state" }));
}

#[tokio::test(flavor = "multi_thread")]
async fn those_who_come_at_once_share_a_public_snapshot() {
    let server = TestServer::start(LiveSettings::default());
    let mut sockets = Vec::new();
    for _ in 0..8 {
        sockets.push(Socket::connect(&server, "").await);
    }
    server.house.say("auction:1", &json!({ "n": 1 }));
    for socket in &mut sockets {
        socket.tell(json!({ "subscribe": { "channel": "auction:1" } })).await;
    }
    server.house.say("auction:1", &json!({ "n": 2 }));
    for socket in &mut sockets {
        let reply = socket.next().await;
        let from = reply["subscribe"]["offset"].as_u64().unwrap();
        for n in from + 1..=2 {
            assert_eq!(socket.publication().await.0, n);
        }
    }
}

/// Watchers who are cut and come back at random moments, on two hubs, with a small ring, while publishing goes on (and now and
/// then is interrupted between commit and publication): each sees every offset once and in order, or is told otherwise.
#[tokio::test(flavor = "multi_thread")]
async fn whatever_happens_everything_is_seen_once_and_in_order() {
    let seed = std::env::var("MADANG_SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or(7u64);
    let mut bytes = [0u8; 32];
    bytes[..8].copy_from_slice(&seed.to_le_bytes());
    let mut runner = TestRunner::new_with_rng(Config::default(), TestRng::from_seed(RngAlgorithm::ChaCha, &bytes));
    let broker = BrokerSettings { ring: 16, ..BrokerSettings::default() };
    let server = Arc::new(TestServer::with_broker(LiveSettings { hubs: 2, ..LiveSettings::default() }, broker));
    const LAST: u64 = 1500;
    let publisher = Arc::clone(&server);
    let publishing = tokio::spawn(async move {
        for n in 1..=LAST {
            if n % 37 == 0 && n < LAST {
                publisher.house.commit("auction:1", &json!({ "n": n }));
            } else {
                publisher.house.say("auction:1", &json!({ "n": n }));
            }
            if n % 3 == 0 {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        }
    });
    let mut watchers = Vec::new();
    for number in 0..12 {
        let plan = proptest::collection::vec(1u64..60, 64).new_tree(&mut runner).unwrap().current();
        let server = Arc::clone(&server);
        watchers.push(tokio::spawn(async move { watch(&server, plan, LAST, number).await }));
    }
    for watcher in watchers {
        watcher.await.unwrap();
    }
    publishing.await.unwrap();
}

/// Reads as many publications as the plan says, cuts the line, comes back; until it has seen the last.
async fn watch(server: &TestServer, plan: Vec<u64>, last: u64, number: u32) {
    let mut position: Option<u64> = None;
    let mut plan = plan.into_iter().cycle();
    while position.unwrap_or(0) < last {
        let mut socket = Socket::connect(server, "").await;
        let reply = match position {
            None => socket.ask(json!({ "subscribe": { "channel": "auction:1" } })).await,
            Some(position) => socket.ask(recover("auction:1", position)).await,
        };
        let subscribe = &reply["subscribe"];
        let mut at = subscribe["offset"].as_u64().unwrap_or_else(|| panic!("{reply}"));
        if let Some(position) = position {
            assert_eq!(subscribe["recovered"], true, "watcher {number} at {position}: {reply}");
            assert_eq!(at, position);
        }
        for offset in offsets(subscribe) {
            assert_eq!(offset, at + 1, "watcher {number}, recovered");
            at = offset;
        }
        for _ in 0..plan.next().unwrap() {
            if at >= last {
                break;
            }
            let line = socket.next().await;
            if line["push"].get("unsubscribe").is_some() {
                assert_eq!(line["push"]["unsubscribe"]["code"], 2500, "told to subscribe again");
                break;
            }
            let publication = &line["push"]["pub"];
            assert_eq!(publication["offset"], at + 1, "watcher {number}, live: {line}");
            assert_eq!(publication["data"]["n"], at + 1);
            at += 1;
        }
        position = Some(at);
    }
}
