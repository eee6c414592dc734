//! The HTTP API, asked as a stranger would ask it.

use std::collections::BTreeMap;
use std::time::Duration;

use reqwest::Method;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use uuid::Uuid;

use super::patience::Patience;
use super::{ClientError, code_of_name};
use crate::error::Surface;

/// How long one try may take.
const TRY_LIMIT: Duration = Duration::from_secs(20);

/// The HTTP side of one server. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Api {
    http: reqwest::Client,
    base: String,
}

/// One request, which may be sent more than once.
#[derive(Debug, Clone)]
pub struct Ask<'a> {
    method: Method,
    path: &'a str,
    token: Option<&'a str>,
    body: Option<Value>,
    key: Option<Uuid>,
}

impl<'a> Ask<'a> {
    /// Reads.
    #[must_use]
    pub fn get(path: &'a str) -> Self {
        Self { method: Method::GET, path, token: None, body: None, key: None }
    }

    /// Commands.
    #[must_use]
    pub fn post(path: &'a str, body: Value) -> Self {
        Self { method: Method::POST, path, token: None, body: Some(body), key: None }
    }

    /// In whose name: an access token.
    #[must_use]
    pub fn by(mut self, token: &'a str) -> Self {
        self.token = Some(token);
        self
    }

    /// Under which command id: asked twice, done once.
    #[must_use]
    pub fn once(mut self, key: Uuid) -> Self {
        self.key = Some(key);
        self
    }
}

/// A problem document, as far as we read it.
#[derive(Debug, Deserialize)]
struct ProblemBody {
    code: String,
    #[serde(default)]
    message: String,
    #[serde(default)]
    detail: Value,
}

/// An auction as its view tells, as far as we read it. Amounts are minor units of its currency.
#[derive(Debug, Clone, Deserialize)]
pub struct AuctionView {
    /// Its number.
    pub id: i64,
    /// `scheduled`, `live`, `paused`, `closing`, `sold`, `unsold`, `settled`, `defaulted` or `cancelled`.
    pub state: String,
    /// The price now; none before the first bid.
    #[serde(default)]
    pub price: Option<i64>,
    /// The newest publication of its channel.
    pub offset: u64,
    /// The newest decision in its journal.
    pub seq: u64,
    /// How it ended.
    #[serde(default)]
    pub outcome: Value,
}

impl Api {
    /// The API of the server at this address, such as `http://127.0.0.1:8080`.
    ///
    /// # Errors
    /// `Unexpected` when no HTTP client can be made.
    pub fn new(server: &str) -> Result<Self, ClientError> {
        // A second installation is refused, which is fine: one provider is all we need.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let http = reqwest::Client::builder()
            .timeout(TRY_LIMIT)
            .no_proxy()
            .build()
            .map_err(|error| ClientError::Unexpected(error.to_string()))?;
        Ok(Self { http, base: server.trim_end_matches('/').to_owned() })
    }

    /// The server's address, without a slash at the end.
    #[must_use]
    pub fn base(&self) -> &str {
        &self.base
    }

    /// The address of the live protocol's socket.
    #[must_use]
    pub fn socket_url(&self) -> String {
        let rest = self.base.strip_prefix("http").unwrap_or(&self.base);
        format!("ws{rest}/connection/websocket")
    }

    /// Asks once.
    ///
    /// # Errors
    /// `Problem` as the server says, `Unreachable`, or `Unexpected` when the answer is not the promised shape.
    pub async fn ask<T: DeserializeOwned>(&self, ask: &Ask<'_>) -> Result<T, ClientError> {
        let mut request = self.http.request(ask.method.clone(), format!("{}/api/v1{}", self.base, ask.path));
        if let Some(token) = ask.token {
            request = request.bearer_auth(token);
        }
        if let Some(key) = ask.key {
            request = request.header("Idempotency-Key", key.to_string());
        }
        if let Some(body) = &ask.body {
            request = request.json(body);
        }
        let response = request.send().await.map_err(unreachable)?;
        let status = response.status();
        let body = response.bytes().await.map_err(unreachable)?;
        if status.is_success() {
            let body: &[u8] = if body.is_empty() { b"null" } else { &body };
            return serde_json::from_slice(body)
                .map_err(|error| ClientError::Unexpected(format!("{} {}: {error}", ask.method, ask.path)));
        }
        Err(problem(status.as_u16(), &body))
    }

    /// Asks until the answer is definite. Give the request a key (or let it be one that may be done twice).
    ///
    /// # Errors
    /// As [`Api::ask`], but nothing temporary: `GaveUp` instead.
    pub async fn persist<T: DeserializeOwned>(&self, ask: &Ask<'_>, limit: Duration) -> Result<T, ClientError> {
        let mut patience = Patience::of(limit);
        loop {
            match self.ask(ask).await {
                Err(error) if error.temporary() => patience.wait(&error).await?,
                definite => return definite,
            }
        }
    }

    /// Brings bytes to where the server said they are to go: an absolute address, or a path of this server.
    ///
    /// # Errors
    /// As [`Api::persist`].
    pub async fn put(
        &self,
        url: &str,
        headers: &BTreeMap<String, String>,
        bytes: Vec<u8>,
        limit: Duration,
    ) -> Result<(), ClientError> {
        let url = if url.starts_with('/') { format!("{}{url}", self.base) } else { url.to_owned() };
        let bytes = bytes::Bytes::from(bytes);
        let mut patience = Patience::of(limit);
        loop {
            let mut request = self.http.put(&url).body(bytes.clone());
            for (name, value) in headers {
                request = request.header(name, value);
            }
            let failed = match request.send().await {
                Ok(response) if response.status().is_success() => return Ok(()),
                Ok(response) => {
                    let status = response.status();
                    problem(status.as_u16(), &response.bytes().await.map_err(unreachable)?)
                }
                Err(error) => unreachable(error),
            };
            if !failed.temporary() {
                return Err(failed);
            }
            patience.wait(&failed).await?;
        }
    }

    /// Whether the server is up and ready to serve.
    ///
    /// # Errors
    /// As [`Api::ask`].
    pub async fn ready(&self) -> Result<(), ClientError> {
        let response = self.http.get(format!("{}/ready", self.base)).send().await.map_err(unreachable)?;
        let status = response.status();
        if status.is_success() { Ok(()) } else { Err(problem(status.as_u16(), b"not ready")) }
    }

    /// The public view of an auction.
    ///
    /// # Errors
    /// As [`Api::persist`].
    pub async fn auction(&self, id: i64, token: Option<&str>, limit: Duration) -> Result<AuctionView, ClientError> {
        let path = format!("/auctions/{id}");
        let ask = Ask { token, ..Ask::get(&path) };
        self.persist(&ask, limit).await
    }

    /// One of the clerk's verbs on an auction: `open`, `pause`, `resume`, `close`, `cancel`.
    ///
    /// # Errors
    /// As [`Api::persist`].
    pub async fn steer(
        &self,
        id: i64,
        verb: &str,
        token: &str,
        command: Uuid,
        limit: Duration,
    ) -> Result<AuctionView, ClientError> {
        let path = format!("/auctions/{id}/{verb}");
        let body = json!({ "command_id": command, "reason": "by the clerk" });
        self.persist(&Ask::post(&path, body).by(token).once(command), limit).await
    }
}

fn unreachable(error: reqwest::Error) -> ClientError {
    ClientError::Unreachable(error.without_url().to_string())
}

fn problem(status: u16, body: &[u8]) -> ClientError {
    match serde_json::from_slice::<ProblemBody>(body) {
        Ok(told) => {
            let temporary = code_of_name(&told.code).map_or(status >= 502, |code| Surface::of(code).temporary);
            ClientError::Problem { code: told.code, message: told.message, detail: told.detail, temporary }
        }
        Err(_) => ClientError::Problem {
            code: status.to_string(),
            message: String::from_utf8_lossy(body).chars().take(200).collect(),
            detail: Value::Null,
            temporary: status == 429 || status >= 502,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn problems_say_whether_to_ask_again() {
        let busy = problem(503, br#"{"code":"engine.busy","message":"Very busy"}"#);
        assert!(busy.temporary() && busy.is(madang_domain::code::Code::Busy));
        let low = problem(409, br#"{"code":"auction.bid_too_low","message":"low","detail":{"next_bid":5}}"#);
        assert!(!low.temporary());
        let gateway = problem(502, b"<html>");
        assert!(gateway.temporary());
    }

    #[test]
    fn the_socket_is_beside_the_api() {
        assert_eq!(Api::new("http://localhost:8080/").unwrap().socket_url(), "ws://localhost:8080/connection/websocket");
    }
}
