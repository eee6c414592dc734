//! Stand-ins for push services: they keep what they are sent and answer as a test wants.

use std::sync::{Arc, Mutex};

use actix_web::dev::ServerHandle;
use actix_web::{App, HttpRequest, HttpResponse, HttpServer, web};
use serde_json::{Value, json};

/// What a service was sent.
#[derive(Debug, Clone)]
pub struct Sent {
    pub path: String,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Sent {
    pub fn header(&self, name: &str) -> &str {
        self.headers.iter().find(|(known, _)| known == name).map_or("", |(_, value)| value)
    }

    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }
}

/// Whether to take a request: a status and a body.
type Answer = Arc<dyn Fn(&Sent) -> (u16, Value) + Send + Sync>;

/// A service.
pub struct StandIn {
    pub origin: String,
    sent: Arc<Mutex<Vec<Sent>>>,
    server: ServerHandle,
}

impl StandIn {
    pub fn start(answer: impl Fn(&Sent) -> (u16, Value) + Send + Sync + 'static) -> Self {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let origin = format!("http://{}", listener.local_addr().unwrap());
        let (sent, answer): (Arc<Mutex<Vec<Sent>>>, Answer) = (Arc::default(), Arc::new(answer));
        let kept = Arc::clone(&sent);
        let app = move || {
            let (kept, answer) = (Arc::clone(&kept), Arc::clone(&answer));
            App::new().default_service(web::to(move |request: HttpRequest, body: web::Bytes| {
                let (kept, answer) = (Arc::clone(&kept), Arc::clone(&answer));
                async move {
                    let header =
                        |(name, value): (&actix_web::http::header::HeaderName, &actix_web::http::header::HeaderValue)| {
                            (name.as_str().to_owned(), value.to_str().unwrap().to_owned())
                        };
                    let headers = request.headers().iter().map(header).collect();
                    let sent = Sent { path: request.path().to_owned(), headers, body: body.to_vec() };
                    let (status, body) = answer(&sent);
                    kept.lock().unwrap().push(sent);
                    HttpResponse::build(status.try_into().unwrap()).json(body)
                }
            }))
        };
        let server = HttpServer::new(app)
            .workers(1)
            .client_request_timeout(crate::world::PATIENCE)
            .listen(listener)
            .unwrap()
            .disable_signals()
            .run();
        let handle = server.handle();
        actix_web::rt::spawn(server);
        Self { origin, sent, server: handle }
    }

    /// FCM and Google's tokens, for the account of `keys/`: a device whose token begins with `gone` is unregistered.
    pub fn fcm() -> Self {
        Self::start(|sent| match sent.path.as_str() {
            "/token" => (200, json!({ "access_token": "access-1", "expires_in": 3600, "token_type": "Bearer" })),
            "/v1/projects/demo/messages:send" => {
                if sent.header("authorization") != "Bearer access-1" {
                    return (401, json!({ "error": { "code": 401 } }));
                }
                let token = sent.json()["message"]["token"].as_str().unwrap().to_owned();
                if token.starts_with("gone") {
                    let details = json!([{ "@type": "type.googleapis.com/google.firebase.fcm.v1.FcmError", "errorCode": "UNREGISTERED" }]);
                    return (404, json!({ "error": { "code": 404, "details": details } }));
                }
                (200, json!({ "name": "projects/demo/messages/1" }))
            }
            _ => (404, json!({})),
        })
    }

    /// A browsers' push service: subscriptions below `/gone/` are over.
    pub fn browsers() -> Self {
        Self::start(|sent| if sent.path.starts_with("/gone/") { (410, json!({})) } else { (201, json!({})) })
    }

    /// What was sent to paths that end so.
    pub fn sent(&self, path: &str) -> Vec<Sent> {
        self.sent.lock().unwrap().iter().filter(|sent| sent.path.ends_with(path)).cloned().collect()
    }

    pub async fn stop(self) {
        self.server.stop(false).await;
    }
}
