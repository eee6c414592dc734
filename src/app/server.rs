//! The HTTP server: assembled by hand, so that WebSocket handshakes leave it as raw sockets.

use std::net::TcpListener;
use std::sync::Arc;
use std::time::Duration;

use actix_codec::Framed;
use actix_http::h1::Codec;
use actix_http::{HttpService, KeepAlive, Request};
use actix_server::Server;
use actix_service::{fn_service, map_config};
use actix_web::dev::AppConfig;
use actix_web::web::ServiceConfig;

use crate::config::HttpSettings;
use crate::http::live::Live;

/// A socket on its way out of the HTTP server.
type Upgraded = Framed<tokio::net::TcpStream, Codec>;

/// How long requests that are being answered may take after the server was told to stop, in s.
const FINISH_REQUESTS_S: u64 = 3;

/// Listens and answers. `routes` is run once on every worker thread.
///
/// # Errors
/// The socket's.
pub(super) fn start(
    listener: TcpListener,
    settings: &HttpSettings,
    live: Arc<Live>,
    routes: impl Fn(&mut ServiceConfig) + Clone + Send + 'static,
) -> std::io::Result<Server> {
    let address = listener.local_addr()?;
    let keep_alive = KeepAlive::Timeout(Duration::from_secs(settings.keep_alive_s));
    let head_within = Duration::from_secs(settings.client_request_timeout_s);
    let builder = Server::build()
        .workers(settings.worker_count())
        .max_concurrent_connections(100_000)
        .backlog(4096)
        .disable_signals()
        .shutdown_timeout(FINISH_REQUESTS_S);
    let stopping = builder.graceful_shutdown_signal();
    let builder = builder.listen("http", listener, move || {
        let (routes, live, stopping) = (routes.clone(), Arc::clone(&live), stopping.clone());
        let app = actix_web::App::new().configure(move |config: &mut ServiceConfig| routes(config));
        HttpService::build()
            .graceful_shutdown_signal(move || {
                let stopping = stopping.clone();
                async move { stopping.notified().await }
            })
            .keep_alive(keep_alive)
            .client_request_timeout(head_within)
            .tcp_nodelay(true)
            .local_addr(address)
            .upgrade(fn_service(move |(request, framed): (Request, Upgraded)| leave(Arc::clone(&live), request, framed)))
            .finish(map_config(app, |()| AppConfig::default()))
            .tcp()
    })?;
    Ok(builder.run())
}

/// Hands a socket that asks for an upgrade to the live protocol.
async fn leave(live: Arc<Live>, request: Request, framed: Upgraded) -> Result<(), actix_http::Error> {
    if let Err(error) = live.upgrade(request, framed).await {
        tracing::debug!(%error, "a socket broke during its handshake");
    }
    Ok(())
}
