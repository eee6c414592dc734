//! The WebSocket handshake, after which the socket leaves the HTTP server.

use std::io;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

use actix_http::body::BodySize;
use actix_http::h1::{Codec, Message};
use actix_http::{Request, Response, StatusCode, ws};
use actix_web::dev::RequestHead;
use futures_util::SinkExt;
use mio::net::TcpStream;

use super::hub::{Framing, Newcomer, Wire};
use super::{Live, LiveSettings};

/// A socket that the HTTP server hands over, with what it read from it.
pub type Upgraded = actix_codec::Framed<tokio::net::TcpStream, Codec>;

impl Live {
    /// Takes over a request that asks for an upgrade: the service for `HttpService::build().upgrade(..)`. A good handshake on
    /// `/connection/websocket` is answered and the socket goes to a hub; anything else is refused and closed.
    ///
    /// # Errors
    /// When the socket breaks on the way.
    pub async fn upgrade(self: Arc<Self>, request: Request, mut framed: Upgraded) -> Result<(), actix_web::Error> {
        let head = request.head();
        let address = client_address(head, &self.shared.settings);
        let settings = &self.shared.settings;
        let admission = if head.uri.path() != "/connection/websocket" {
            Err(StatusCode::NOT_FOUND)
        } else if self.shared.gate.is_closed() {
            Err(StatusCode::SERVICE_UNAVAILABLE)
        } else if ws::verify_handshake(head).is_err() {
            Err(StatusCode::BAD_REQUEST)
        } else {
            let admitted = self.shared.gate.enter(address, settings.sockets_per_address, Framing::WebSocket.name());
            admitted.ok_or(StatusCode::TOO_MANY_REQUESTS)
        };
        let admission = match admission {
            Ok(admission) => admission,
            Err(status) => {
                metrics::counter!("live_handshake_refused_total", "status" => status.as_str().to_owned()).increment(1);
                let refusal = Response::build(status).force_close().finish().drop_body();
                return Ok(send(&mut framed, refusal).await?);
            }
        };
        let welcome = ws::handshake_response(head).finish().drop_body();
        let frame_pings = head.uri.query().is_some_and(|query| query.contains("cf_ws_frame_ping_pong=true"));
        send(&mut framed, welcome).await?;
        let parts = framed.into_parts();
        let socket = parts.io.into_std()?;
        tune(&socket, settings)?;
        self.adopt(Newcomer {
            wire: Wire::Socket(TcpStream::from_std(socket)),
            framing: Framing::WebSocket,
            admission,
            read: parts.read_buf.freeze(),
            frame_pings,
            session: None,
            uni: None,
        });
        Ok(())
    }
}

async fn send(framed: &mut Upgraded, response: Response<()>) -> io::Result<()> {
    let message: Message<(Response<()>, BodySize)> = Message::Item((response, BodySize::None));
    framed.send(message).await
}

/// Small writes leave at once; what a stuck reader may hold in the kernel is bounded.
fn tune(socket: &std::net::TcpStream, settings: &LiveSettings) -> io::Result<()> {
    socket.set_nonblocking(true)?;
    socket.set_nodelay(true)?;
    if let Some(bytes) = settings.send_buffer {
        rustix::net::sockopt::set_socket_send_buffer_size(socket, bytes)?;
    }
    Ok(())
}

/// The client's address: the socket's, or the last one that a trusted proxy put down.
pub(super) fn client_address(head: &RequestHead, settings: &LiveSettings) -> IpAddr {
    let peer = head.peer_addr.map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |address| address.ip());
    if !settings.trusted_proxies.iter().any(|network| network.contains(peer)) {
        return peer;
    }
    let forwarded = head.headers.get("x-forwarded-for").and_then(|value| value.to_str().ok());
    let last = forwarded.and_then(|value| value.rsplit(',').next());
    last.and_then(|text| text.trim().parse().ok()).unwrap_or(peer)
}
