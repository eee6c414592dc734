//! The transports beside the WebSocket: SSE and HTTP streams with commands posted beside them, and one-way SSE.

use std::time::Duration;

use futures_util::StreamExt;
use futures_util::stream::BoxStream;
use madang::http::live::LiveSettings;
use reqwest::{Client, Response};
use serde_json::{Value, json};

use super::fake::{EPOCH, session_of};
use super::server::TestServer;
use crate::engine::until;

fn client() -> Client {
    let _installed_before = rustls::crypto::ring::default_provider().install_default();
    Client::new()
}

/// A path with its query, percent-encoded.
fn path(path: &str, query: &[(&str, &str)]) -> String {
    let encode = |text: &str| text.bytes().map(|byte| format!("%{byte:02X}")).collect::<String>();
    let pairs: Vec<_> = query.iter().map(|(name, value)| format!("{name}={}", encode(value))).collect();
    format!("{path}?{}", pairs.join("&"))
}

/// A streamed response, line by line.
struct Lines {
    chunks: BoxStream<'static, reqwest::Result<bytes::Bytes>>,
    text: String,
}

impl Lines {
    fn of(response: Response) -> Self {
        assert_eq!(response.status(), 200);
        assert!(response.headers().get("content-encoding").is_none_or(|value| value == "identity"));
        Self { chunks: response.bytes_stream().boxed(), text: String::new() }
    }

    /// The next line; `None` at the end.
    async fn next(&mut self) -> Option<String> {
        loop {
            if let Some(end) = self.text.find('\n') {
                return Some(self.text.drain(..=end).collect::<String>().trim_end().to_owned());
            }
            match tokio::time::timeout(Duration::from_secs(60), self.chunks.next()).await.expect("in time") {
                Some(Ok(chunk)) => self.text.push_str(std::str::from_utf8(&chunk).unwrap()),
                Some(Err(_)) | None => return None,
            }
        }
    }

    /// The next JSON of a stream of either kind.
    async fn json(&mut self) -> Option<Value> {
        loop {
            let line = self.next().await?;
            let text = line.strip_prefix("data: ").unwrap_or(&line);
            if text.starts_with('{') {
                return Some(serde_json::from_str(text).unwrap());
            }
        }
    }

    /// The next server-sent event: its id and data.
    async fn event(&mut self) -> Option<(String, Value)> {
        let mut id = String::new();
        loop {
            let line = self.next().await?;
            if let Some(value) = line.strip_prefix("id: ") {
                value.clone_into(&mut id);
            }
            if let Some(data) = line.strip_prefix("data: ") {
                return Some((id, serde_json::from_str(data).unwrap()));
            }
        }
    }
}

async fn open(server: &TestServer, transport: &str, token: &str) -> Lines {
    let connect = json!({ "id": 1, "connect": { "token": token } }).to_string();
    let request = match transport {
        "sse" => client().get(server.url(&path("/connection/sse", &[("cf_connect", &connect)]))),
        _ => client().post(server.url("/connection/http_stream")).body(connect),
    };
    Lines::of(request.send().await.unwrap())
}

async fn post(server: &TestServer, connect: &Value, commands: &[Value]) -> u16 {
    let data = commands.iter().map(Value::to_string).collect::<Vec<_>>().join("\n");
    let body = json!({ "session": connect["session"], "node": connect["node"], "data": data });
    client().post(server.url("/emulation")).body(body.to_string()).send().await.unwrap().status().as_u16()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_is_the_same_session_as_a_socket() {
    let server = TestServer::start(LiveSettings { hubs: 2, ..LiveSettings::default() });
    for transport in ["sse", "http_stream"] {
        let channel = format!("auction:{}", transport.len());
        server.house.say(&channel, &json!({ "n": 1 }));
        let mut stream = open(&server, transport, "7").await;
        let connect = stream.json().await.unwrap()["connect"].clone();
        assert_eq!(connect["pong"], true, "{transport}: {connect}");
        let commands = [
            json!({ "id": 2, "subscribe": { "channel": channel, "recover": true, "offset": 0, "epoch": EPOCH } }),
            json!({ "id": 3, "rpc": { "method": "whoami" } }),
        ];
        assert_eq!(post(&server, &connect, &commands).await, 204);
        let subscribe = stream.json().await.unwrap();
        assert_eq!(subscribe["subscribe"]["publications"][0]["offset"], 1, "{transport}: {subscribe}");
        assert_eq!(stream.json().await.unwrap()["rpc"]["data"], 7);
        for n in 2..=40 {
            server.house.say(&channel, &json!({ "n": n }));
        }
        for n in 2..=40 {
            assert_eq!(stream.json().await.unwrap()["push"]["pub"]["offset"], n);
        }
        server.live.cut_session(session_of(7));
        let last = stream.json().await.unwrap();
        assert_eq!(last["push"]["disconnect"]["code"], 3503, "{transport}");
        assert_eq!(stream.json().await, None, "the response ends");
        until("the session is unknown", async || post(&server, &connect, &[json!({ "id": 4, "ping": {} })]).await == 404).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_leaves_its_stream_is_forgotten() {
    let server = TestServer::start(LiveSettings { ping: Duration::from_millis(200), ..LiveSettings::default() });
    let mut stream = open(&server, "http_stream", "7").await;
    stream.json().await.unwrap();
    assert_eq!(server.live.connections(), 1);
    drop(stream);
    until("it is forgotten", async || server.live.connections() == 0).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn emulation_refuses_by_name() {
    let server = TestServer::start(LiveSettings::default());
    let mut stream = open(&server, "http_stream", "7").await;
    let connect = stream.json().await.unwrap()["connect"].clone();
    let mut wrong = connect.clone();
    wrong["node"] = json!("elsewhere");
    assert_eq!(post(&server, &wrong, &[]).await, 404, "another node's");
    wrong = connect.clone();
    wrong["session"] = connect["client"].clone();
    assert_eq!(post(&server, &wrong, &[]).await, 404, "the public id opens nothing");
    assert_eq!(post(&server, &connect, &[json!("x".repeat(65 * 1024))]).await, 413);
    let malformed = client().post(server.url("/emulation")).body("{").send().await.unwrap();
    assert_eq!(malformed.status(), 400);
    assert_eq!(malformed.headers()["content-type"], "application/problem+json");
    let body: Value = serde_json::from_str(&malformed.text().await.unwrap()).unwrap();
    assert_eq!(body["code"], "request.malformed");
    assert_eq!(post(&server, &connect, &[json!("not a command")]).await, 204);
    assert_eq!(stream.json().await.unwrap()["push"]["disconnect"]["code"], 3501);
    let missing = client().get(server.url("/connection/sse")).send().await.unwrap();
    assert_eq!(missing.status(), 400);
}

async fn watch(server: &TestServer, query: &[(&str, &str)], last: Option<&str>) -> Response {
    let mut request = client().get(server.url(&path("/connection/uni_sse", query)));
    if let Some(id) = last {
        request = request.header("last-event-id", id);
    }
    request.send().await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_one_way_stream_resumes_from_its_last_event_id() {
    let server = TestServer::start(LiveSettings::default());
    server.house.say("auction:1", &json!({ "n": 1 }));
    let mut stream = Lines::of(watch(&server, &[("channel", "auction:1")], None).await);
    let (id, first) = stream.event().await.unwrap();
    assert_eq!(id, format!("{EPOCH}:1"));
    let sub = &first["connect"]["subs"]["auction:1"];
    assert_eq!((&sub["offset"], &sub["data"]["upto"]), (&json!(1), &json!(1)), "{first}");
    assert_eq!(first["connect"].get("session"), None, "nothing can be posted to it");
    server.house.say("auction:1", &json!({ "n": 2 }));
    let (id, event) = stream.event().await.unwrap();
    assert_eq!(event, json!({ "channel": "auction:1", "pub": { "data": { "n": 2 }, "offset": 2 } }));
    drop(stream);
    for n in 3..=5 {
        server.house.say("auction:1", &json!({ "n": n }));
    }
    for last in [(Some(id.as_str()), None), (None, Some(id.as_str()))] {
        let mut query = vec![("channel", "auction:1")];
        query.extend(last.1.map(|id| ("lastEventId", id)));
        let mut stream = Lines::of(watch(&server, &query, last.0).await);
        let (id, event) = stream.event().await.unwrap();
        let sub = &event["connect"]["subs"]["auction:1"];
        let offsets: Vec<_> = sub["publications"].as_array().unwrap().iter().map(|p| p["offset"].as_u64().unwrap()).collect();
        assert_eq!((id, offsets), (format!("{EPOCH}:5"), vec![3, 4, 5]));
        assert_eq!(sub["recovered"], true);
    }
    let mut stream = Lines::of(watch(&server, &[("channel", "auction:1")], Some("ep0c:99")).await);
    let (_, event) = stream.event().await.unwrap();
    assert_eq!(event["connect"]["subs"]["auction:1"]["was_recovering"], true);
    assert_eq!(event["connect"]["subs"]["auction:1"]["data"]["upto"], 5, "ahead of the head: a snapshot");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_one_way_stream_is_refused_over_http() {
    let server = TestServer::start(LiveSettings::default());
    for (query, last, status) in [
        (vec![("channel", "nobody:1")], None, 404),
        (vec![("channel", "user:8")], None, 401),
        (vec![("channel", "user:8"), ("token", "7")], None, 403),
        (vec![("channel", "auction:1"), ("token", "forged")], None, 401),
        (vec![("channel", "auction:1")], Some("nonsense"), 409),
        (vec![], None, 400),
    ] {
        assert_eq!(watch(&server, &query, last).await.status(), status, "{query:?}");
    }
    assert_eq!(watch(&server, &[("channel", "user:8"), ("token", "8")], None).await.status(), 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn draining_ends_streams_with_their_reason() {
    let server = TestServer::start(LiveSettings::default());
    let mut stream = open(&server, "sse", "7").await;
    stream.json().await.unwrap();
    let live = std::sync::Arc::clone(&server.live);
    let drained = tokio::spawn(async move { live.drain(Duration::ZERO).await });
    assert_eq!(stream.json().await.unwrap()["push"]["disconnect"]["code"], 3001);
    assert_eq!(stream.json().await, None);
    drained.await.unwrap();
}
