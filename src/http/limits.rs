//! How much one address and one person may ask for: GCRA by address, user and route class, sign-in strictest.
//!
//! The middleware [`admit`] stands before every handler of the API. Refused is 429 with `Retry-After`. They are counted in
//! the cache: in this process, or in Redis for all nodes.

use std::fmt;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::Arc;

use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::ServiceRequest;
use actix_web::dev::ServiceResponse;
use actix_web::http::Method;
use actix_web::middleware::Next;
use actix_web::{HttpRequest, web};
use madang_domain::code::Code;
use madang_domain::ids::UserId;

use super::auth::identify;
use super::problem::Problem;
use crate::storage::cache::{Admission, Cache, Rate};

/// What a request counts as.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RouteClass {
    /// Signing in or up, asking for a code: where guessing begins.
    SignIn,
    /// Everything else.
    Request,
}

impl RouteClass {
    /// Its name in metrics and shared keys.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::SignIn => "sign_in",
            Self::Request => "request",
        }
    }

    fn of(request: &ServiceRequest) -> Self {
        let guarded = ["/email-codes", "/accounts", "/password-codes", "/passwords", "/sessions"];
        let guess = request.method() == Method::POST && guarded.iter().any(|path| request.path().ends_with(path));
        if guess { Self::SignIn } else { Self::Request }
    }
}

/// Who is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Asker {
    /// An IPv4 address, or the /64 of an IPv6 address: one customer's line.
    Address(IpAddr),
    /// A signed-in person.
    User(UserId),
}

/// Allowances; a whole minute's may come at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Allowances {
    /// Requests of one address.
    pub requests_per_address: Rate,
    /// Requests of one signed-in person.
    pub requests_per_user: Rate,
    /// Attempts of one address to sign in, sign up or ask for a code.
    pub sign_ins_per_address: Rate,
}

/// Which proxies are believed.
pub type TrustedProxies = Arc<dyn Fn(IpAddr) -> bool + Send + Sync>;

/// The limits of the API, for the middleware. Cheap to clone.
#[derive(Clone)]
pub struct Limits {
    cache: Arc<dyn Cache>,
    allowances: Allowances,
    trusted: TrustedProxies,
    exempt_loopback: bool,
}

impl fmt::Debug for Limits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Limits").field("exempt_loopback", &self.exempt_loopback).finish_non_exhaustive()
    }
}

impl Limits {
    /// Counts in `cache`. `exempt_loopback`: whether clients of this machine are free of the limits by address.
    #[must_use]
    pub fn new(cache: Arc<dyn Cache>, allowances: Allowances, trusted: TrustedProxies, exempt_loopback: bool) -> Self {
        Self { cache, allowances, trusted, exempt_loopback }
    }

    /// The client's address: the peer's, or where the peer is a proxy that is believed, what it says. A proxy on this
    /// machine is always believed: who can connect from here could as well be it.
    #[must_use]
    pub fn address_of(&self, request: &HttpRequest) -> Option<IpAddr> {
        let believed = |address: IpAddr| address.to_canonical().is_loopback() || (self.trusted)(address);
        let mut client = request.peer_addr()?.ip();
        let forwarded = request.headers().get_all("x-forwarded-for").filter_map(|value| value.to_str().ok());
        let hops: Vec<&str> = forwarded.flat_map(|value| value.split(',')).collect();
        // From the nearest hop outwards, as long as the one that says so is believed.
        for hop in hops.iter().rev() {
            if !believed(client) {
                break;
            }
            let Ok(address) = hop.trim().parse() else { break };
            client = address;
        }
        Some(client.to_canonical())
    }

    fn rate_of(&self, class: RouteClass, asker: Asker) -> Rate {
        match (class, asker) {
            (RouteClass::SignIn, Asker::Address(_)) => self.allowances.sign_ins_per_address,
            (RouteClass::Request, Asker::Address(_)) => self.allowances.requests_per_address,
            (RouteClass::SignIn | RouteClass::Request, Asker::User(_)) => self.allowances.requests_per_user,
        }
    }

    async fn take(&self, request: &ServiceRequest) -> Result<(), Problem> {
        let class = RouteClass::of(request);
        let address = self.address_of(request.request());
        let counted = address.filter(|address| !(self.exempt_loopback && address.is_loopback()));
        let user = identify(request.request()).ok().flatten().map(|who| Asker::User(who.user));
        for asker in counted.map(|address| Asker::Address(line_of(address))).into_iter().chain(user) {
            let rate = self.rate_of(class, asker);
            if let Admission::Refused(wait) = self.cache.admit(&key_of(class, asker), rate).await {
                metrics::counter!("http_rate_limited_total", "class" => class.name()).increment(1);
                let wait = chrono::Duration::from_std(wait).unwrap_or(chrono::Duration::MAX);
                return Err(Problem::from(Code::RateLimited).retry_after(wait));
            }
        }
        Ok(())
    }
}

/// Under which an asker is counted.
fn key_of(class: RouteClass, asker: Asker) -> String {
    match asker {
        Asker::Address(address) => format!("rate:{}:{address}", class.name()),
        Asker::User(user) => format!("rate:user:{user}"),
    }
}

/// Of an IPv6 address, the network that one customer has.
fn line_of(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(_) => address,
        IpAddr::V6(v6) => Ipv6Addr::from_bits(v6.to_bits() & (u128::MAX << 64)).into(),
    }
}

/// Middleware before every handler of the API: lets a request in, or answers that there were too many.
///
/// # Errors
/// Those of the framework that are no answers.
pub async fn admit(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, actix_web::Error> {
    if let Some(limits) = request.app_data::<web::Data<Limits>>().cloned()
        && let Err(problem) = limits.take(&request).await
    {
        return Ok(request.error_response(problem));
    }
    Ok(next.call(request).await?.map_into_boxed_body())
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;
    use crate::storage::cache::LocalCache;

    fn limits() -> Limits {
        let proxy: IpAddr = "10.0.0.1".parse().unwrap();
        let rate = Rate::per_minute(60);
        let allowances = Allowances { requests_per_address: rate, requests_per_user: rate, sign_ins_per_address: rate };
        Limits::new(Arc::new(LocalCache::default()), allowances, Arc::new(move |address| address == proxy), true)
    }

    #[test]
    fn only_believed_proxies_say_who_the_client_is() {
        let limits = limits();
        let address = |peer: &str, forwarded: &str| {
            let request = TestRequest::default().peer_addr(format!("{peer}:1").parse().unwrap());
            let request = request.insert_header(("x-forwarded-for", forwarded)).to_http_request();
            limits.address_of(&request).unwrap().to_string()
        };
        assert_eq!(address("192.0.2.9", "198.51.100.1"), "192.0.2.9", "a stranger's word");
        assert_eq!(address("10.0.0.1", "198.51.100.1"), "198.51.100.1");
        assert_eq!(address("10.0.0.1", "203.0.113.7, 198.51.100.1"), "198.51.100.1", "what the client itself wrote");
        assert_eq!(address("127.0.0.1", "198.51.100.1, 10.0.0.1"), "198.51.100.1", "two proxies");
        assert_eq!(address("127.0.0.1", "nonsense"), "127.0.0.1");
    }

    #[test]
    fn one_ipv6_customer_is_one_line() {
        let line = |text: &str| line_of(text.parse().unwrap());
        assert_eq!(line("2001:db8:1:2:3::4"), line("2001:db8:1:2:ffff::9"));
        assert_ne!(line("2001:db8:1:2::1"), line("2001:db8:1:3::1"));
    }
}
