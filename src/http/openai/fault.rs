//! Failures as OpenAI's clients expect them: `{"error": {"message", "type", "param", "code"}}`.

use std::fmt;

use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::StatusCode;
use actix_web::http::header::{CONTENT_TYPE, HeaderName, HeaderValue, RETRY_AFTER};
use actix_web::middleware::Next;
use actix_web::{HttpResponse, ResponseError};
use madang_domain::code::Code;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::actors::ask::Denied;
use crate::error::Surface;
use crate::http::chats::refusal_headers;
use crate::http::problem::Problem;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Why a request failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    code: Code,
    message: String,
    /// Which field of the request is wrong.
    param: Option<&'static str>,
    retry_after_s: Option<i64>,
    headers: Vec<(&'static str, String)>,
}

impl Fault {
    /// With its own sentence.
    pub fn new(code: Code, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), param: None, retry_after_s: None, headers: Vec::new() }
    }

    /// A request that cannot be served, and the field that is why.
    pub fn field(param: &'static str, message: impl Into<String>) -> Self {
        Self { param: Some(param), ..Self::new(Code::ModelRequest, message) }
    }

    /// A failure of the API in this dialect.
    #[must_use]
    pub fn of_problem(problem: &Problem) -> Self {
        Self::new(problem.code(), problem.message())
    }

    /// A refusal, with the time after which asking again makes sense, where it says one.
    #[must_use]
    pub fn of_denied(denied: &Denied) -> Self {
        match denied {
            Denied::Refused { code, message, detail, .. } => {
                let retry_after_s = detail.get("retry_after").and_then(Value::as_i64);
                Self { retry_after_s, headers: refusal_headers(detail), ..Self::new(*code, message) }
            }
            Denied::Failed(code) => (*code).into(),
        }
    }

    fn status(&self) -> StatusCode {
        StatusCode::from_u16(Surface::of(self.code).status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }

    /// As it is told, also in the middle of a stream.
    #[must_use]
    pub fn json(&self) -> Value {
        let status = self.status().as_u16();
        let is_key = matches!(self.code, Code::TokenInvalid | Code::TokenExpired | Code::TokenRevoked);
        let (kind, code) = if is_key {
            ("invalid_request_error", Some("invalid_api_key"))
        } else if self.code == Code::ModelUnknown {
            ("invalid_request_error", Some("model_not_found"))
        } else if matches!(self.code, Code::ChatTokensSpent | Code::ChatMessagesSpent) {
            ("insufficient_quota", Some("insufficient_quota"))
        } else if matches!(self.code, Code::RateLimited | Code::ChatTooManyAtOnce) {
            ("requests", Some("rate_limit_exceeded"))
        } else if status >= 500 {
            ("server_error", Some(self.code.name()))
        } else {
            ("invalid_request_error", None)
        };
        json!({ "error": { "message": self.message, "type": kind, "param": self.param, "code": code } })
    }
}

impl From<Code> for Fault {
    fn from(code: Code) -> Self {
        let param = if code == Code::ModelUnknown { Some("model") } else { None };
        let retry_after_s = if Surface::of(code).status == 503 { Some(1) } else { None };
        Self { param, retry_after_s, ..Self::new(code, code.sentence()) }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.code, self.message)
    }
}

impl ResponseError for Fault {
    fn status_code(&self) -> StatusCode {
        self.status()
    }

    fn error_response(&self) -> HttpResponse {
        let mut response = HttpResponse::build(self.status());
        if let Some(seconds) = self.retry_after_s {
            response.insert_header((RETRY_AFTER, seconds.max(1).to_string()));
        }
        for (name, value) in &self.headers {
            response.insert_header((*name, value.as_str()));
        }
        response.json(self.json())
    }
}

/// The answer where no path matches.
///
/// # Errors
/// Always `request.unknown_method`.
pub async fn no_such_path() -> Result<HttpResponse, Fault> {
    Err(Fault::new(Code::UnknownMethod, "There is nothing at this path."))
}

/// Middleware, outermost on the dialect: gives the request an id and every failure the one shape.
///
/// # Errors
/// Those of the framework that are no answers.
pub async fn render(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, actix_web::Error> {
    let mut response = next.call(request).await?.map_into_boxed_body();
    let status = response.status();
    let failed = status.is_client_error() || status.is_server_error();
    let ours = response.response().error().is_some_and(|error| error.as_error::<Fault>().is_some());
    if failed && !ours {
        response = in_shape(response);
    }
    let id = format!("req_{}", Uuid::now_v7().simple());
    if failed {
        tracing::debug!(request_id = id, status = response.status().as_u16(), "a request in OpenAI's dialect failed");
    }
    if let Ok(value) = HeaderValue::from_str(&id) {
        response.headers_mut().insert(REQUEST_ID, value);
    }
    Ok(response)
}

/// What the limits or the framework refused.
fn in_shape(response: ServiceResponse<BoxBody>) -> ServiceResponse<BoxBody> {
    let status = response.status();
    let found = response.response().error().and_then(|error| error.as_error::<Problem>());
    let fault = found.map_or_else(|| of_status(status), Fault::of_problem);
    let mut told = HttpResponse::build(status);
    if let Some(wait) = response.headers().get(RETRY_AFTER) {
        told.insert_header((RETRY_AFTER, wait.clone()));
    }
    let told = told.insert_header((CONTENT_TYPE, "application/json")).body(fault.json().to_string());
    response.into_response(told)
}

fn of_status(status: StatusCode) -> Fault {
    match status.as_u16() {
        401 => Code::Unauthenticated.into(),
        404 | 405 => Fault::new(Code::UnknownMethod, "This path does not take this method."),
        413 => Code::TooLargeRequest.into(),
        429 => Code::RateLimited.into(),
        503 => Code::Busy.into(),
        400..500 => Code::BadRequest.into(),
        _ => Code::Internal.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn failures_have_the_names_that_clients_know() {
        for (code, status, kind, name) in [
            (Code::TokenExpired, 401, "invalid_request_error", json!("invalid_api_key")),
            (Code::Unauthenticated, 401, "invalid_request_error", Value::Null),
            (Code::ModelUnknown, 404, "invalid_request_error", json!("model_not_found")),
            (Code::ChatTokensSpent, 429, "insufficient_quota", json!("insufficient_quota")),
            (Code::RateLimited, 429, "requests", json!("rate_limit_exceeded")),
            (Code::ModelUnavailable, 503, "server_error", json!("model.unavailable")),
        ] {
            let fault = Fault::from(code);
            let told = fault.json();
            assert_eq!(
                (fault.status().as_u16(), &told["error"]["type"], &told["error"]["code"]),
                (status, &json!(kind), &name)
            );
        }
        assert_eq!(Fault::from(Code::ModelUnknown).json()["error"]["param"], "model");
    }
}
