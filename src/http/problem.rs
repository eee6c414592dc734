//! Errors as application/problem+json: one shape for ours and for the framework's own.
//!
//! A handler answers `Result<_, Problem>`. [`configure`] makes the body, path and query extractors speak the same way, and
//! the middleware [`render`], outermost on the API, gives every request an id, turns what the framework refuses by itself
//! (no such path, wrong method, too large) into the same shape, and logs an inside cause once.

use std::fmt;

use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::error::{JsonPayloadError, PathError, QueryPayloadError};
use actix_web::http::StatusCode;
use actix_web::http::header::{CONTENT_TYPE, HeaderName, HeaderValue, RETRY_AFTER};
use actix_web::middleware::Next;
use actix_web::{HttpMessage, HttpRequest, HttpResponse, ResponseError, web};
use chrono::Duration;
use madang_domain::code::Code;
use madang_domain::money::AmountError;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::actors::ask::Denied;
use crate::error::Surface;

/// The largest body that the API reads.
pub const BODY_LIMIT_BYTES: usize = 64 * 1024;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
const MEDIA_TYPE: &str = "application/problem+json";

/// Why a request failed: what the person is told, and apart from it what only the log is told.
#[derive(Debug)]
pub struct Problem {
    code: Code,
    status: StatusCode,
    message: String,
    detail: Value,
    retry_after_s: Option<u64>,
    headers: Vec<(&'static str, String)>,
    cause: Option<anyhow::Error>,
}

impl Problem {
    /// A problem with its own sentence.
    pub fn new(code: Code, message: impl Into<String>) -> Self {
        let status = StatusCode::from_u16(Surface::of(code).status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        Self {
            code,
            status,
            message: message.into(),
            detail: Value::Null,
            retry_after_s: None,
            headers: Vec::new(),
            cause: None,
        }
    }

    /// A fault of ours; `cause` goes to the log only.
    pub fn internal(cause: impl Into<anyhow::Error>) -> Self {
        Self { cause: Some(cause.into()), ..Self::from(Code::Internal) }
    }

    /// With facts that help to ask better: an object.
    #[must_use]
    pub fn with_detail(mut self, detail: Value) -> Self {
        self.detail = detail;
        self
    }

    /// With the time after which asking again makes sense, told in whole seconds, rounded up: in the header `Retry-After`,
    /// and in the detail where there is no other.
    #[must_use]
    pub fn retry_after(mut self, wait: Duration) -> Self {
        let seconds = u64::try_from((wait + Duration::milliseconds(999)).num_seconds()).unwrap_or(0).max(1);
        self.retry_after_s = Some(seconds);
        if self.detail.is_null() {
            self.detail = json!({ "retry_after_s": seconds });
        }
        self
    }

    /// With headers of its own.
    #[must_use]
    pub fn with_headers(mut self, headers: Vec<(&'static str, String)>) -> Self {
        self.headers = headers;
        self
    }

    /// With another status than the code's usual one.
    #[must_use]
    fn with_status(mut self, status: StatusCode) -> Self {
        self.status = status;
        self
    }

    /// Its code.
    #[must_use]
    pub fn code(&self) -> Code {
        self.code
    }

    /// Its sentence.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.message
    }

    fn response(&self, request_id: Option<&str>) -> HttpResponse {
        let mut body = json!({
            "code": self.code.name(),
            "message": self.message,
            "status": self.status.as_u16(),
        });
        if let Value::Object(fields) = &mut body {
            if !self.detail.is_null() {
                fields.insert("detail".to_owned(), self.detail.clone());
            }
            if let Some(id) = request_id {
                fields.insert("request_id".to_owned(), Value::from(id));
            }
        }
        let mut response = HttpResponse::build(self.status);
        response.insert_header((CONTENT_TYPE, MEDIA_TYPE));
        if let Some(seconds) = self.retry_after_s {
            response.insert_header((RETRY_AFTER, seconds));
        }
        for (name, value) in &self.headers {
            response.insert_header((*name, value.as_str()));
        }
        response.body(body.to_string())
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.code, self.message)
    }
}

impl ResponseError for Problem {
    fn status_code(&self) -> StatusCode {
        self.status
    }

    fn error_response(&self) -> HttpResponse {
        self.response(None)
    }
}

impl From<Code> for Problem {
    /// With the code's own sentence; what is only busy or moving may be asked again in a second.
    fn from(code: Code) -> Self {
        let problem = Self::new(code, code.sentence());
        if problem.status == StatusCode::SERVICE_UNAVAILABLE { problem.retry_after(Duration::seconds(1)) } else { problem }
    }
}

impl From<Denied> for Problem {
    fn from(denied: Denied) -> Self {
        match denied {
            Denied::Refused { code, message, mut detail, seq } => {
                match &mut detail {
                    Value::Object(fields) => {
                        fields.insert("seq".to_owned(), Value::from(seq));
                    }
                    Value::Null => detail = json!({ "seq": seq }),
                    Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => {}
                }
                Self::new(code, message).with_detail(detail)
            }
            Denied::Failed(code) => Self::from(code),
        }
    }
}

impl From<sqlx::Error> for Problem {
    fn from(error: sqlx::Error) -> Self {
        if matches!(error, sqlx::Error::PoolTimedOut) {
            return Self { cause: Some(error.into()), ..Self::from(Code::Busy) };
        }
        Self::internal(error)
    }
}

impl From<AmountError> for Problem {
    fn from(error: AmountError) -> Self {
        Self::from(match error {
            AmountError::NotANumber => Code::AmountNotANumber,
            AmountError::Fractional => Code::AmountFractional,
            AmountError::NotPositive => Code::AmountNotPositive,
            AmountError::TooLarge => Code::AmountTooLarge,
        })
    }
}

/// Makes the framework's extractors fail with problems, and limits bodies. For the API's scope or the whole app.
pub fn configure(cfg: &mut web::ServiceConfig) {
    cfg.app_data(json_up_to(BODY_LIMIT_BYTES))
        .app_data(web::PayloadConfig::new(BODY_LIMIT_BYTES))
        .app_data(web::PathConfig::default().error_handler(|error, _| malformed_path(&error).into()))
        .app_data(web::QueryConfig::default().error_handler(|error, _| malformed_query(&error).into()));
}

/// Bodies of JSON up to so many bytes, for a path that takes more than others.
#[must_use]
pub fn json_up_to(bytes: usize) -> web::JsonConfig {
    web::JsonConfig::default().limit(bytes).error_handler(|error, _| malformed_json(&error).into())
}

/// The answer where no path matches.
///
/// # Errors
/// Always `request.unknown_method`.
pub async fn no_such_path() -> Result<HttpResponse, Problem> {
    Err(Problem::new(Code::UnknownMethod, "There is nothing at this path."))
}

fn malformed_json(error: &JsonPayloadError) -> Problem {
    use JsonPayloadError as E;
    if let E::OverflowKnownLength { .. } | E::Overflow { .. } = error {
        return Code::TooLargeRequest.into();
    }
    if let E::ContentType = error {
        return Problem::new(Code::BadRequest, "The body must be JSON, with content-type application/json.")
            .with_status(StatusCode::UNSUPPORTED_MEDIA_TYPE);
    }
    let E::Deserialize(why) = error else { return Code::BadRequest.into() };
    // serde_json's words name the field and the place; it was the client's own text, so nothing of ours leaks.
    let sentence = if why.is_data() { "The body lacks a field or has one of a wrong type" } else { "The body is not JSON" };
    Problem::new(Code::BadRequest, format!("{sentence}: {why}."))
}

fn malformed_path(error: &PathError) -> Problem {
    Problem::new(Code::NotFound, "Nothing was found here: the path holds an id of a wrong form.")
        .with_detail(json!({ "why": error.to_string() }))
}

fn malformed_query(error: &QueryPayloadError) -> Problem {
    Problem::new(Code::BadRequest, "The query could not be understood.").with_detail(json!({ "why": error.to_string() }))
}

/// The id of the request that is being answered.
#[derive(Debug, Clone)]
pub struct RequestId(String);

impl RequestId {
    /// As in the header `x-request-id`.
    #[must_use]
    pub fn of(request: &HttpRequest) -> Option<String> {
        request.extensions().get::<Self>().map(|id| id.0.clone())
    }

    /// The client's own where it is short and plain, so that a proxy's id can be followed; else a new one.
    fn choose(request: &ServiceRequest) -> Self {
        let theirs = request.headers().get(&REQUEST_ID).and_then(|value| value.to_str().ok());
        let plain =
            |id: &&str| (1..=64).contains(&id.len()) && id.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_');
        Self(theirs.filter(plain).map_or_else(|| Uuid::now_v7().to_string(), str::to_owned))
    }
}

/// Middleware, outermost on the API: gives the request an id and every failure the one shape.
///
/// # Errors
/// Those of the framework that are no answers.
pub async fn render(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, actix_web::Error> {
    let RequestId(id) = RequestId::choose(&request);
    request.extensions_mut().insert(RequestId(id.clone()));
    let mut response = next.call(request).await?.map_into_boxed_body();
    let status = response.status();
    if status.is_client_error() || status.is_server_error() {
        response = as_problem(response, &id);
    }
    if let Ok(value) = HeaderValue::from_str(&id) {
        response.headers_mut().insert(REQUEST_ID, value);
    }
    Ok(response)
}

fn as_problem(response: ServiceResponse<BoxBody>, id: &str) -> ServiceResponse<BoxBody> {
    let found = response.response().error().and_then(|error| error.as_error::<Problem>());
    if let Some(problem) = found {
        if let Some(cause) = &problem.cause {
            tracing::error!(request_id = id, code = problem.code.name(), cause = format!("{cause:#}"), "a request failed");
        }
        let told = problem.response(Some(id));
        return response.into_response(told);
    }
    if response.headers().get(CONTENT_TYPE).is_some_and(|media| media == MEDIA_TYPE) {
        return response;
    }
    let told = of_status(response.status()).response(Some(id));
    let mut answer = response.into_response(told);
    // What the refusal said besides (which methods there are) still holds.
    answer.headers_mut().remove(actix_web::http::header::CONTENT_LENGTH);
    answer
}

/// What the framework refused by itself.
fn of_status(status: StatusCode) -> Problem {
    let problem = match status.as_u16() {
        401 => Code::Unauthenticated.into(),
        403 => Code::Forbidden.into(),
        404 => Problem::new(Code::UnknownMethod, "There is nothing at this path."),
        405 => Problem::new(Code::UnknownMethod, "This path does not take this method."),
        413 => Code::TooLargeRequest.into(),
        429 => Code::RateLimited.into(),
        503 => Code::Busy.into(),
        400..500 => Code::BadRequest.into(),
        _ => Problem::from(Code::Internal),
    };
    problem.with_status(status)
}
