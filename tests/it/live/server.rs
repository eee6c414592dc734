//! The smallest server with the live protocol: an actix-web App whose upgrades leave for the hubs.

use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;

use actix_http::HttpService;
use actix_server::{Server, ServerHandle};
use actix_service::{fn_service, map_config};
use actix_web::dev::AppConfig;
use actix_web::{App, HttpResponse, web};
use madang::actors::broker::{Broker, BrokerSettings};
use madang::http::live::{Live, LiveSettings};

use super::fake::FakeHouse;

pub struct TestServer {
    pub address: SocketAddr,
    pub house: Arc<FakeHouse>,
    pub live: Arc<Live>,
    handle: ServerHandle,
}

impl TestServer {
    pub fn start(settings: LiveSettings) -> Self {
        Self::with_broker(settings, BrokerSettings::default())
    }

    pub fn with_broker(settings: LiveSettings, broker: BrokerSettings) -> Self {
        let house = FakeHouse::new(Broker::new(broker));
        let live = Live::start(Arc::<FakeHouse>::clone(&house), Arc::clone(&house.broker), settings).unwrap();
        house.live.set(Arc::downgrade(&live)).unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let shared = Arc::clone(&live);
        let server = Server::build()
            .workers(1)
            .disable_signals()
            .listen("live", listener, move || {
                let (upgrades, routes) = (Arc::clone(&shared), Arc::clone(&shared));
                let app = App::new()
                    .configure(move |config| routes.routes(config))
                    .route("/hello", web::get().to(|| async { HttpResponse::Ok().body("hello") }));
                HttpService::build()
                    .upgrade(fn_service(move |(request, framed)| Arc::clone(&upgrades).upgrade(request, framed)))
                    .finish(map_config(app, |()| AppConfig::default()))
                    .tcp()
            })
            .unwrap()
            .run();
        let handle = server.handle();
        tokio::spawn(server);
        Self { address, house, live, handle }
    }

    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    pub fn websocket(&self) -> String {
        format!("ws://{}/connection/websocket", self.address)
    }
}

impl Drop for TestServer {
    fn drop(&mut self) {
        self.live.stop();
        let handle = self.handle.clone();
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            runtime.spawn(async move { handle.stop(false).await });
        }
    }
}
