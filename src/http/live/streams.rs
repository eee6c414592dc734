//! Transports for networks that block sockets: streams of server-sent events or lines, with commands posted beside them.

use std::sync::Arc;

use actix_web::http::StatusCode;
use actix_web::http::header::{CACHE_CONTROL, CONTENT_ENCODING, CONTENT_TYPE};
use actix_web::web::{Bytes, Data, Query};
use actix_web::{HttpRequest, HttpResponse};
use madang_domain::code::Code;
use serde::Deserialize;
use uuid::Uuid;

use super::Live;
use super::hub::{Framing, Newcomer, Order, UniPlan, Wire};
use super::outlet::{Outlet, OutletBody};
use super::upgrade::client_address;
use crate::error::Surface;

#[derive(Debug, Deserialize)]
pub(super) struct SseQuery {
    cf_connect: Option<String>,
}

/// `GET /connection/sse?cf_connect={command}`.
pub(super) async fn sse(live: Data<Live>, request: HttpRequest, query: Query<SseQuery>) -> HttpResponse {
    match query.into_inner().cf_connect {
        Some(connect) => live.stream(&request, Framing::Sse, Bytes::from(connect), None),
        None => problem(Code::BadRequest),
    }
}

/// `POST /connection/sse` with the command as its body.
pub(super) async fn sse_post(live: Data<Live>, request: HttpRequest, body: Bytes) -> HttpResponse {
    live.stream(&request, Framing::Sse, body, None)
}

/// `POST /connection/http_stream` with the first commands as its body.
pub(super) async fn http_stream(live: Data<Live>, request: HttpRequest, body: Bytes) -> HttpResponse {
    live.stream(&request, Framing::Lines, body, None)
}

#[derive(Debug, Deserialize)]
pub(super) struct UniQuery {
    channel: String,
    token: Option<String>,
    #[serde(rename = "lastEventId")]
    last_event_id: Option<String>,
}

/// `GET /connection/uni_sse?channel=auction:17`: one channel, one way, for `curl` and plain `EventSource`. The token comes in
/// `Authorization: Bearer` or `?token=`; `Last-Event-ID` (or `?lastEventId=`) resumes.
pub(super) async fn uni_sse(live: Data<Live>, request: HttpRequest, query: Query<UniQuery>) -> HttpResponse {
    let UniQuery { channel, token, last_event_id } = query.into_inner();
    let header = |name: &str| request.headers().get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
    let bearer = header("authorization").and_then(|value| value.strip_prefix("Bearer ").map(str::to_owned));
    let who = match bearer.or(token).map(|token| live.shared.house.identify(&token)).transpose() {
        Ok(who) => who,
        Err(code) => return problem(code),
    };
    let allowed = live.shared.house.channel(&channel, who.as_ref());
    match allowed {
        Ok(_) => {}
        Err(Code::UnknownChannel) if live.shared.settings.open_channels => {}
        Err(code) => return problem(code),
    }
    let resume = match header("last-event-id").or(last_event_id).filter(|id| !id.is_empty()) {
        None => None,
        Some(id) => match id.rsplit_once(':').and_then(|(epoch, offset)| Some((epoch.to_owned(), offset.parse().ok()?))) {
            Some(position) => Some(position),
            None => return problem(Code::UnrecoverablePosition),
        },
    };
    live.stream(&request, Framing::UniSse, Bytes::new(), Some((who, UniPlan { channel, resume })))
}

#[derive(Debug, Deserialize)]
pub(super) struct Emulation {
    session: String,
    node: String,
    data: String,
}

/// `POST /emulation`: commands for a stream, by its secret session id. 404 tells the client that the stream is not here, so
/// that it connects anew.
pub(super) async fn emulation(live: Data<Live>, body: Bytes) -> HttpResponse {
    if body.len() > live.shared.settings.frame.saturating_mul(2) {
        return problem(Code::TooLargeRequest);
    }
    let Ok(Emulation { session, node, data }) = serde_json::from_slice(&body) else { return problem(Code::BadRequest) };
    if data.len() > live.shared.settings.frame {
        return problem(Code::TooLargeRequest);
    }
    let known = Uuid::parse_str(&session).ok().filter(|_| node == live.shared.settings.node);
    let hub = known.and_then(|session| Some((session, *live.sessions.get(&session)?)));
    match hub.and_then(|(session, number)| Some((session, live.hubs.get(number)?))) {
        Some((session, hub)) => {
            hub.push(Order::Input(session, Bytes::from(data)));
            HttpResponse::NoContent().finish()
        }
        None => problem(Code::NotFound),
    }
}

/// `GET /connection/websocket` without an upgrade.
pub(super) async fn not_an_upgrade() -> HttpResponse {
    HttpResponse::build(StatusCode::UPGRADE_REQUIRED).insert_header(("upgrade", "websocket")).finish()
}

impl Live {
    fn stream(
        self: &Arc<Self>,
        request: &HttpRequest,
        framing: Framing,
        read: Bytes,
        uni: Option<(Option<super::house::Identity>, UniPlan)>,
    ) -> HttpResponse {
        if self.shared.gate.is_closed() {
            return problem(Code::Stopping);
        }
        if read.len() > self.shared.settings.frame {
            return problem(Code::TooLargeRequest);
        }
        let address = client_address(request.head(), &self.shared.settings);
        let most = self.shared.settings.sockets_per_address;
        let Some(admission) = self.shared.gate.enter(address, most, framing.name()) else {
            return problem(Code::LimitExceeded);
        };
        let session = Uuid::new_v4();
        let (number, hub) = self.pick();
        let Some(inbox) = hub else { return problem(Code::Internal) };
        self.sessions.insert(session, number);
        let outlet = Arc::new(Outlet::default());
        let newcomer = Newcomer {
            wire: Wire::Stream(Arc::clone(&outlet)),
            framing,
            admission,
            read,
            frame_pings: false,
            session: Some(session),
            uni,
        };
        inbox.push(Order::Adopt(Box::new(newcomer)));
        let kind = if framing == Framing::Lines { "application/x-ndjson" } else { "text/event-stream" };
        HttpResponse::Ok()
            .insert_header((CONTENT_TYPE, kind))
            .insert_header((CACHE_CONTROL, "no-cache, no-transform"))
            // Neither our compression nor a proxy may hold lines back.
            .insert_header((CONTENT_ENCODING, "identity"))
            .insert_header(("x-accel-buffering", "no"))
            .body(OutletBody { outlet, inbox, session, live: Arc::clone(self) })
    }
}

/// A refusal as the API writes them.
fn problem(code: Code) -> HttpResponse {
    let status = StatusCode::from_u16(Surface::of(code).status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let body = serde_json::json!({ "code": code.name(), "message": code.sentence(), "status": status.as_u16() });
    HttpResponse::build(status).content_type("application/problem+json").body(body.to_string())
}
