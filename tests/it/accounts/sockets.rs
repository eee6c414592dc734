//! What becomes of open sockets when their session is cut, on the whole server.

use std::sync::Arc;
use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use madang::actors::kernel::clock::WallClock;
use madang::app::App;
use madang::config::Settings;
use madang_domain::entity::Role;
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream};

use super::world::{PASSWORD, client};

/// A second on a machine with nothing else to do; a busy one may take longer.
const SOON: Duration = Duration::from_secs(20);

type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

struct Server {
    address: String,
    http: reqwest::Client,
    stop: oneshot::Sender<()>,
    running: JoinHandle<std::io::Result<()>>,
}

impl Server {
    /// The whole server, with an administrator and a clerk.
    async fn start() -> Self {
        let mut settings = Settings::default();
        settings.database.data_dir = crate::world::fresh_dir("sockets");
        settings.http.client_request_timeout_s = crate::world::PATIENCE.as_secs();
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let db = crate::world::database().await;
        let app = App::build(&settings, listener, Arc::new(WallClock), (db, None)).await.unwrap();
        for (email, role) in [("root@example.org", Role::Admin), ("clerk@example.org", Role::Clerk)] {
            app.accounts().create_with_roles(email, PASSWORD.to_owned(), "Min", &[role]).await.unwrap().unwrap();
        }
        let address = app.address().to_string();
        let (stop, stopped) = oneshot::channel();
        let running = tokio::spawn(app.run_until(async move { stopped.await.unwrap() }));
        Self { address, http: client(), stop, running }
    }

    async fn end(self) {
        self.stop.send(()).unwrap();
        self.running.await.unwrap().unwrap();
    }

    fn url(&self, path: &str) -> String {
        format!("http://{}/api/v1{path}", self.address)
    }

    async fn sign_in(&self, email: &str) -> Value {
        let body = json!({ "email": email, "password": PASSWORD });
        self.http.post(self.url("/sessions")).json(&body).send().await.unwrap().json().await.unwrap()
    }

    /// A socket, and the reply to its connect command.
    async fn connect(&self, access: &str) -> (Socket, Value) {
        let url = format!("ws://{}/connection/websocket", self.address);
        let (mut socket, _) = tokio_tungstenite::connect_async(url).await.unwrap();
        let connect = json!({ "id": 1, "connect": { "token": access } });
        socket.send(Message::text(connect.to_string())).await.unwrap();
        let reply = socket.next().await.unwrap().unwrap();
        let reply = serde_json::from_str(reply.to_text().unwrap()).unwrap();
        (socket, reply)
    }
}

/// The code with which the server closes the socket: soon, long before its token ends or it is looked at again.
async fn closed_soon(mut socket: Socket) -> u16 {
    let closed = async {
        loop {
            if let Message::Close(frame) = socket.next().await.unwrap().unwrap() {
                return frame.unwrap().code.into();
            }
        }
    };
    tokio::time::timeout(SOON, closed).await.unwrap()
}

fn access(tokens: &Value) -> &str {
    tokens["access_token"].as_str().unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn signing_out_cuts_the_sessions_open_sockets_at_once_and_no_others() {
    let server = Server::start().await;
    let (desk, phone) = (server.sign_in("clerk@example.org").await, server.sign_in("clerk@example.org").await);
    let (cut, reply) = server.connect(access(&desk)).await;
    assert!(reply["connect"]["client"].is_string(), "{reply}");
    let (mut kept, _) = server.connect(access(&phone)).await;
    let done = server.http.delete(server.url("/sessions/current")).bearer_auth(access(&desk)).send().await.unwrap();
    assert_eq!(done.status(), 204);
    assert_eq!(closed_soon(cut).await, 3503, "stays away");
    let (_, refused) = server.connect(access(&desk)).await;
    assert_eq!(refused["error"]["code"], 1011, "{refused}");
    let now = json!({ "id": 2, "rpc": { "method": "time.now", "data": {} } });
    kept.send(Message::text(now.to_string())).await.unwrap();
    assert!(kept.next().await.unwrap().unwrap().to_text().unwrap().contains("\"t\""));
    drop(kept);
    server.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn changed_roles_count_on_open_sockets_at_once() {
    let server = Server::start().await;
    let (root, clerk) = (server.sign_in("root@example.org").await, server.sign_in("clerk@example.org").await);
    let (socket, _) = server.connect(access(&clerk)).await;
    let path = format!("/users/{}/roles", clerk["user"]["id"]);
    let put = server.http.put(server.url(&path)).bearer_auth(access(&root)).json(&json!({ "roles": [] }));
    assert_eq!(put.send().await.unwrap().status(), 200);
    assert_eq!(closed_soon(socket).await, 3005, "comes back");
    // With the old token it is told to refresh; with the fresh one it is in, as a user.
    let (_, stale) = server.connect(access(&clerk)).await;
    assert_eq!(stale["error"]["code"], 109, "{stale}");
    let body = json!({ "refresh_token": clerk["refresh_token"] });
    let fresh = server.http.post(server.url("/sessions/refresh")).json(&body).send().await.unwrap();
    let fresh: Value = fresh.json().await.unwrap();
    assert_eq!(fresh["user"]["roles"], json!(["user"]));
    let (socket, reply) = server.connect(access(&fresh)).await;
    assert!(reply["connect"]["client"].is_string(), "{reply}");
    drop(socket);
    server.end().await;
}
