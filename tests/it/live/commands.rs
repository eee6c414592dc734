//! What a client may say, and the reply to each.

use std::time::Duration;

use chrono::{TimeDelta, Utc};
use madang::http::live::LiveSettings;
use serde_json::{Value, json};

use super::fake::{EPOCH, session_of};
use super::server::TestServer;
use super::socket::Socket;

#[tokio::test(flavor = "multi_thread")]
async fn connecting_tells_who_one_is_and_what_time_it_is() {
    let server = TestServer::start(LiveSettings::default());
    let mut socket = Socket::open(&server).await;
    let before = Utc::now().timestamp_millis();
    let reply = socket.ask(json!({ "connect": { "token": "7", "name": "js" } })).await;
    let connect = &reply["connect"];
    assert_eq!(connect["ping"], 25);
    assert_eq!(connect["pong"], true);
    assert_eq!(connect["expires"], true);
    assert!((850..=900).contains(&connect["ttl"].as_i64().unwrap()), "{reply}");
    assert!(connect["version"].as_str().unwrap().starts_with("madang "));
    assert_eq!(connect["node"], "madang");
    assert!((before..=Utc::now().timestamp_millis()).contains(&connect["time"].as_i64().unwrap()));
    assert_eq!(socket.ask(json!({ "rpc": { "method": "whoami" } })).await["rpc"]["data"], 7);

    let mut anonymous = Socket::open(&server).await;
    let reply = anonymous.ask(json!({ "connect": {} })).await;
    assert_eq!(reply["connect"].get("expires"), None);
    assert_eq!(anonymous.ask(json!({ "rpc": { "method": "whoami" } })).await["rpc"]["data"], Value::Null);
}

#[tokio::test(flavor = "multi_thread")]
async fn subscribing_gives_the_snapshot_then_everything_after_it() {
    let server = TestServer::start(LiveSettings::default());
    server.house.say("auction:1", &json!({ "n": 1 }));
    let mut socket = Socket::connect(&server, "").await;
    let reply = socket.ask(json!({ "subscribe": { "channel": "auction:1" } })).await;
    assert_eq!(
        reply["subscribe"],
        json!({ "recoverable": true, "positioned": true, "epoch": EPOCH, "offset": 1,
                "data": { "state": "live", "upto": 1, "mine": null } })
    );
    for n in 2..=4 {
        server.house.say("auction:1", &json!({ "n": n }));
    }
    for n in 2..=4 {
        assert_eq!(socket.publication().await, (n, json!({ "n": n })));
    }
    let reply = socket.ask(json!({ "subscribe": { "channel": "auction:1" } })).await;
    assert_eq!(reply["error"]["code"], 105);
    let reply = socket.ask(json!({ "unsubscribe": { "channel": "auction:1" } })).await;
    assert_eq!(reply["unsubscribe"], json!({}));
    server.house.say("auction:1", &json!({ "n": 5 }));
    assert_eq!(socket.ask(json!({ "ping": {} })).await["ping"], json!({}), "and no publication before it");
}

#[tokio::test(flavor = "multi_thread")]
async fn several_commands_in_one_frame_are_answered_in_one_frame() {
    let server = TestServer::start(LiveSettings::default());
    let mut socket = Socket::open(&server).await;
    let lines = [
        json!({ "id": 1, "connect": { "token": "7" } }),
        json!({ "id": 2, "ping": {} }),
        json!({ "id": 3, "rpc": { "method": "echo", "data": { "a": [1, 2.5, "x"] } } }),
        json!({ "send": { "data": {} } }),
        json!({ "id": 4, "rpc": { "method": "pretty" } }),
    ];
    socket.send(lines.map(|line| line.to_string()).join("\n")).await;
    let frame = socket.frame().await;
    let replies: Vec<Value> = frame.split('\n').map(|line| serde_json::from_str(line).unwrap()).collect();
    let ids: Vec<_> = replies.iter().map(|reply| reply["id"].as_u64().unwrap()).collect();
    assert_eq!(ids, [1, 2, 3, 4], "{frame}");
    assert_eq!(replies[2]["rpc"]["data"], json!({ "a": [1, 2.5, "x"] }));
    assert_eq!(replies[3]["rpc"]["data"], json!({ "a": 1 }), "line breaks inside JSON do not break the frame");
}

#[tokio::test(flavor = "multi_thread")]
async fn every_refusal_has_its_number() {
    let server = TestServer::start(LiveSettings { subscriptions: 2, ..LiveSettings::default() });
    let mut socket = Socket::connect(&server, "7").await;
    let cases = [
        (json!({ "subscribe": { "channel": "nobody:1" } }), 102, false),
        (json!({ "subscribe": { "channel": "user:8" } }), 103, false),
        (json!({ "subscribe": { "channel": "auction:404" } }), 1050, false),
        (json!({ "subscribe": { "channel": 5 } }), 107, false),
        (json!({ "subscribe": {} }), 107, false),
        (json!({ "dance": {} }), 104, false),
        (json!({ "rpc": { "method": "no.such" } }), 104, false),
        (json!({ "rpc": { "method": "busy" } }), 1080, true),
        (json!({ "rpc": { "method": "drop" } }), 100, true),
        (json!({ "publish": { "channel": "auction:1", "data": {} } }), 103, false),
        (json!({ "presence": { "channel": "text:1" } }), 108, false),
        (json!({ "presence_stats": { "channel": "text:1" } }), 108, false),
        (json!({ "sub_refresh": { "channel": "auction:1", "token": "x" } }), 107, false),
        (json!({ "refresh": { "token": "forged" } }), 1010, false),
        (json!({ "refresh": { "token": "revoked" } }), 1011, false),
        (json!({ "refresh": { "token": "8" } }), 1010, false),
        (json!({ "history": { "channel": "auction:1", "limit": 1, "since": { "offset": 9, "epoch": EPOCH } } }), 112, false),
    ];
    for (command, number, temporary) in cases {
        let reply = socket.ask(command.clone()).await;
        assert_eq!(reply["error"]["code"], number, "{command} -> {reply}");
        assert_eq!(reply["error"]["temporary"].as_bool().unwrap_or(false), temporary, "{command}");
        assert!(reply["error"]["message"].as_str().unwrap().ends_with('.'), "{reply}");
    }
    for channel in ["auction:1", "auction:2"] {
        assert!(socket.ask(json!({ "subscribe": { "channel": channel } })).await["subscribe"].is_object());
    }
    assert_eq!(socket.ask(json!({ "subscribe": { "channel": "auction:3" } })).await["error"]["code"], 106);
    let mut anonymous = Socket::connect(&server, "").await;
    assert_eq!(anonymous.ask(json!({ "subscribe": { "channel": "user:8" } })).await["error"]["code"], 101);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bad_token_is_refused_by_name_and_the_connection_may_try_again() {
    let server = TestServer::start(LiveSettings::default());
    server.house.expire("7/old", Utc::now() - TimeDelta::seconds(1));
    let mut socket = Socket::open(&server).await;
    for (token, number) in [("forged", 1010), ("revoked", 1011), ("7/old", 109)] {
        assert_eq!(socket.ask(json!({ "connect": { "token": token } })).await["error"]["code"], number, "{token}");
    }
    assert!(socket.ask(json!({ "connect": { "token": "7" } })).await["connect"].is_object());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_command_ends_the_connection() {
    let server = TestServer::start(LiveSettings::default());
    for bad in ["{", "[]", "null", "\"x\"", "{\"id\":-1,\"ping\":{}}", "{\"connect\":{}}", "{\"id\":1,\"connect\":{}}"] {
        let mut socket = Socket::connect(&server, "7").await;
        socket.send(bad).await;
        assert_eq!(socket.end().await, (3501, "bad request".to_owned()), "{bad}");
    }
    let mut early = Socket::open(&server).await;
    early.send("{\"id\":1,\"subscribe\":{\"channel\":\"auction:1\"}}").await;
    assert_eq!(early.end().await.0, 3501, "nothing before connect");
    let mut binary = Socket::connect(&server, "7").await;
    binary.send_bytes(vec![1, 2, 3]).await;
    assert_eq!(binary.end().await.0, 3506);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_watches_is_told_to_those_who_may_know_and_how_many_to_everybody() {
    let server = TestServer::start(LiveSettings::default());
    server.house.say("auction:1", &json!({ "n": 1 }));
    let mut anonymous = Socket::connect(&server, "").await;
    anonymous.ask(json!({ "subscribe": { "channel": "auction:1" } })).await;
    let stats = anonymous.ask(json!({ "presence_stats": { "channel": "auction:1" } })).await;
    assert_eq!(stats["presence_stats"]["num_clients"], 1);
    let list = anonymous.ask(json!({ "presence": { "channel": "auction:1" } })).await;
    assert_eq!(list["error"]["code"], 103, "{list}");
    let mut known = Socket::connect(&server, "7").await;
    let list = known.ask(json!({ "presence": { "channel": "auction:1" } })).await;
    assert_eq!(list["presence"]["presence"].as_object().unwrap().len(), 1, "{list}");
}

#[tokio::test(flavor = "multi_thread")]
async fn presence_history_and_publishing_on_an_open_channel() {
    let server = TestServer::start(LiveSettings::default());
    let mut first = Socket::connect(&server, "7").await;
    let mut second = Socket::connect(&server, "8").await;
    first.ask(json!({ "subscribe": { "channel": "open:1", "join_leave": true } })).await;
    let own = first.next().await;
    assert_eq!(own["push"]["join"]["info"]["user"], "7", "{own}");
    second.ask(json!({ "subscribe": { "channel": "open:1" } })).await;
    let joined = first.next().await;
    assert_eq!(joined["push"]["join"]["info"]["user"], "8", "{joined}");
    let client = joined["push"]["join"]["info"]["client"].as_str().unwrap().to_owned();
    let stats = first.ask(json!({ "presence_stats": { "channel": "open:1" } })).await;
    assert_eq!(stats["presence_stats"], json!({ "num_clients": 2, "num_users": 2 }));
    let presence = first.ask(json!({ "presence": { "channel": "open:1" } })).await;
    assert_eq!(presence["presence"]["presence"][&client], json!({ "user": "8", "client": client }));

    for n in 1..=3 {
        let reply = second.ask(json!({ "publish": { "channel": "open:1", "data": { "n": n } } })).await;
        assert_eq!(reply["publish"], json!({}));
    }
    for n in 1..=3u64 {
        let line = first.next().await;
        assert_eq!(line["push"]["pub"]["offset"], n);
        assert_eq!(line["push"]["pub"]["info"], json!({ "user": "8", "client": client }));
    }
    let history = first.ask(json!({ "history": { "channel": "open:1", "limit": 2, "reverse": true } })).await;
    let offsets: Vec<_> = history["history"]["publications"].as_array().unwrap().iter().map(|p| p["offset"].as_u64()).collect();
    assert_eq!(offsets, [Some(3), Some(2)]);
    assert_eq!(history["history"]["offset"], 3);
    drop(second);
    let left = first.next().await;
    assert_eq!(left["push"]["leave"]["info"]["client"], client.as_str(), "{left}");
}

#[tokio::test(flavor = "multi_thread")]
async fn history_comes_from_the_journal_where_the_ring_is_empty() {
    let server = TestServer::start(LiveSettings::default());
    for n in 1..=5 {
        server.house.commit("auction:1", &json!({ "n": n }));
    }
    let mut socket = Socket::connect(&server, "").await;
    let position = socket.ask(json!({ "history": { "channel": "auction:1" } })).await;
    assert_eq!(position["history"], json!({ "epoch": EPOCH, "offset": 5 }));
    let cases = [
        (json!({ "limit": 2 }), vec![1, 2]),
        (json!({ "limit": -1 }), vec![1, 2, 3, 4, 5]),
        (json!({ "limit": 10, "since": { "offset": 3, "epoch": EPOCH } }), vec![4, 5]),
        (json!({ "limit": 2, "reverse": true }), vec![5, 4]),
        (json!({ "limit": 2, "reverse": true, "since": { "offset": 4 } }), vec![3, 2]),
    ];
    for (mut request, expected) in cases {
        request["channel"] = json!("auction:1");
        let reply = socket.ask(json!({ "history": request })).await;
        let offsets: Vec<_> =
            reply["history"]["publications"].as_array().unwrap().iter().map(|p| p["offset"].as_u64().unwrap()).collect();
        assert_eq!(offsets, expected, "{request}");
    }
}

/// Two connections whose token ends soon: as soon as this machine lets them connect before it does.
async fn connected_for_a_while(server: &TestServer) -> [Socket; 2] {
    for tries in 0..7 {
        let token = format!("7/short-{tries}");
        server.house.expire(&token, Utc::now() + TimeDelta::milliseconds(500 << tries));
        let mut sockets = [Socket::open(server).await, Socket::open(server).await];
        let mut connected = 0;
        for socket in &mut sockets {
            let reply = socket.ask(json!({ "connect": { "token": token } })).await;
            connected += usize::from(reply["connect"].is_object());
        }
        if connected == 2 {
            return sockets;
        }
    }
    panic!("nobody connects within half a minute")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_ends_with_its_token_unless_it_is_refreshed() {
    let server = TestServer::start(LiveSettings { expiry_grace: Duration::ZERO, ..LiveSettings::default() });
    let [mut refreshed, mut left] = connected_for_a_while(&server).await;
    let reply = refreshed.ask(json!({ "refresh": { "token": "7/long" } })).await;
    assert_eq!(reply["refresh"]["expires"], true);
    assert!(reply["refresh"]["ttl"].as_i64().unwrap() > 800, "{reply}");
    assert_eq!(left.end().await, (3005, "connection expired".to_owned()));
    assert_eq!(refreshed.ask(json!({ "ping": {} })).await["ping"], json!({}));
}

#[tokio::test(flavor = "multi_thread")]
async fn in_the_grace_after_its_token_a_connection_can_only_refresh() {
    let server = TestServer::start(LiveSettings::default());
    let [mut socket, _other] = connected_for_a_while(&server).await;
    // Asked rarely enough not to be taken for a flood.
    while socket.ask(json!({ "rpc": { "method": "whoami" } })).await["error"]["code"] != 109 {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    socket.ask(json!({ "refresh": { "token": "7" } })).await;
    assert_eq!(socket.ask(json!({ "rpc": { "method": "whoami" } })).await["rpc"]["data"], 7);
}

#[tokio::test(flavor = "multi_thread")]
async fn signing_out_cuts_the_sessions_sockets_at_once_and_no_others() {
    let server = TestServer::start(LiveSettings { hubs: 2, ..LiveSettings::default() });
    let mut mine = [Socket::connect(&server, "7").await, Socket::connect(&server, "7").await];
    let mut other = Socket::connect(&server, "8").await;
    server.live.cut_session(session_of(7));
    for socket in &mut mine {
        assert_eq!(socket.end().await, (3503, "force disconnect".to_owned()));
    }
    assert_eq!(other.ask(json!({ "ping": {} })).await["ping"], json!({}));
}

#[tokio::test(flavor = "multi_thread")]
async fn draining_tells_everybody_to_come_back_and_lets_nobody_in() {
    let server = TestServer::start(LiveSettings { hubs: 2, ..LiveSettings::default() });
    let mut sockets = Vec::new();
    for _ in 0..20 {
        sockets.push(Socket::connect(&server, "7").await);
    }
    let live = std::sync::Arc::clone(&server.live);
    let drained = tokio::spawn(async move { live.drain(Duration::from_millis(300)).await });
    for socket in &mut sockets {
        assert_eq!(socket.end().await, (3001, "shutdown".to_owned()));
    }
    drop(sockets);
    drained.await.unwrap();
    assert_eq!(server.live.connections(), 0);
    assert!(tokio_tungstenite::connect_async(server.websocket()).await.is_err());
}
