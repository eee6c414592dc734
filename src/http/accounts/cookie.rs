//! The refresh token as a browser keeps it: a cookie that scripts cannot read and other sites cannot send.

use actix_web::HttpRequest;
use actix_web::cookie::time::Duration;
use actix_web::cookie::{Cookie, SameSite};
use actix_web::http::header::{HOST, HeaderName, ORIGIN};
use madang_domain::code::Code;

use crate::http::problem::Problem;

const NAME: &str = "madang_refresh";
/// Only these requests carry it.
const PATH: &str = "/api/v1/sessions";
const FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// How the cookie is set and from where it is taken.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CookieSettings {
    /// The origin of the pages, such as `https://madang.example`; unset: the request's own host.
    pub origin: Option<String>,
    /// Whether the cookie travels over TLS only. On wherever the pages do.
    pub secure: bool,
}

impl CookieSettings {
    /// The cookie that keeps a refresh token.
    pub(super) fn keep(&self, token: String, good_for: chrono::Duration) -> Cookie<'static> {
        self.build(token, Duration::seconds(good_for.num_seconds()))
    }

    /// The cookie that takes it away.
    pub(super) fn clear(&self) -> Cookie<'static> {
        self.build(String::new(), Duration::ZERO)
    }

    fn build(&self, value: String, max_age: Duration) -> Cookie<'static> {
        Cookie::build(NAME, value)
            .path(PATH)
            .http_only(true)
            .same_site(SameSite::Strict)
            .secure(self.secure)
            .max_age(max_age)
            .finish()
    }

    /// The refresh token of the request's cookie. A cookie counts only when the request comes from our own pages: the
    /// browser says so by `Origin` (or `Sec-Fetch-Site`), which a page of another site cannot forge.
    ///
    /// # Errors
    /// `Forbidden` for a cookie sent from elsewhere.
    pub(super) fn take(&self, request: &HttpRequest) -> Result<Option<String>, Problem> {
        let Some(cookie) = request.cookie(NAME).filter(|cookie| !cookie.value().is_empty()) else { return Ok(None) };
        if self.is_from_our_pages(request) {
            return Ok(Some(cookie.value().to_owned()));
        }
        Err(Problem::new(Code::Forbidden, "A sign-in kept by the browser can be used by our own pages only."))
    }

    fn is_from_our_pages(&self, request: &HttpRequest) -> bool {
        let header = |name: &HeaderName| request.headers().get(name).and_then(|value| value.to_str().ok());
        let Some(origin) = header(&ORIGIN) else { return header(&FETCH_SITE) == Some("same-origin") };
        match &self.origin {
            Some(ours) => origin.eq_ignore_ascii_case(ours),
            None => {
                let named = origin.split_once("://").map(|(_, host)| host);
                named.is_some_and(|named| header(&HOST).is_some_and(|host| host.eq_ignore_ascii_case(named)))
            }
        }
    }
}
