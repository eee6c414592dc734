//! Sessions: sign in, refresh, list, sign out.

use actix_web::http::header::{CACHE_CONTROL, USER_AGENT};
use actix_web::{HttpRequest, HttpResponse, web};
use madang_domain::accounts::email::EmailAddress;
use madang_domain::accounts::refresh::Verdict;
use madang_domain::code::Code;
use madang_domain::time::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::{Accounts, TokensView, UserView};
use crate::clients::mail::{self, Language};
use crate::http::auth::{Cut, Presented, SignedIn, identify};
use crate::http::problem::Problem;
use crate::storage::accounts::{self, Account};
use crate::storage::sessions::{self, NewSession, SessionRow};

/// Signs in.
#[derive(Deserialize, ToSchema)]
pub struct SignInBody {
    /// The account's address.
    email: String,
    /// Its password.
    password: String,
    /// What to call this device in the list of sessions.
    device: Option<String>,
    /// Whether the browser shall keep the refresh token as a cookie.
    #[serde(default)]
    cookie: bool,
}

/// Asks for new tokens. Browsers send their cookie instead.
#[derive(Default, Deserialize, ToSchema)]
pub struct RefreshBody {
    /// The refresh token; unset: the cookie's.
    refresh_token: Option<String>,
}

/// One device.
#[derive(Debug, Serialize, ToSchema)]
pub struct SessionView {
    id: Uuid,
    /// What it is called.
    device: String,
    /// The sign-in.
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    /// The last refresh.
    #[schema(value_type = String, format = DateTime)]
    used_at: Timestamp,
    /// When it ends if it is not used again.
    #[schema(value_type = String, format = DateTime)]
    expires_at: Timestamp,
    /// Whether it is the one that asks.
    current: bool,
}

/// The devices in use, the last used first.
#[derive(Debug, Serialize, ToSchema)]
pub struct SessionsView {
    items: Vec<SessionView>,
    /// Always null: a person has no more than fit.
    next: Option<String>,
}

/// How the client keeps its refresh token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Keeping {
    /// It is given it in the body.
    Itself,
    /// The browser does, as a cookie.
    Cookie,
}

impl Keeping {
    pub(super) const fn chosen(cookie: bool) -> Self {
        if cookie { Self::Cookie } else { Self::Itself }
    }
}

/// What a device is called: 1 to 200 characters.
pub(super) struct Device(String);

impl Device {
    /// The client's own name for it, else what it says it is.
    pub(super) fn named(given: Option<&str>, request: &HttpRequest) -> Self {
        let agent = request.headers().get(USER_AGENT).and_then(|value| value.to_str().ok());
        let name = given.map(str::trim).filter(|name| !name.is_empty()).or(agent).unwrap_or("unknown");
        let plain: String = name.chars().filter(|c| !c.is_control()).take(200).collect();
        Self(if plain.is_empty() { "unknown".to_owned() } else { plain })
    }
}

/// Signs in with e-mail and password.
#[utoipa::path(post, path = "/sessions", tag = "accounts", request_body = SignInBody,
    responses((status = 201, body = TokensView)))]
pub(super) async fn create_session(
    accounts: web::Data<Accounts>,
    request: HttpRequest,
    body: web::Json<SignInBody>,
) -> Result<HttpResponse, Problem> {
    let body = body.into_inner();
    let device = Device::named(body.device.as_deref(), &request);
    let keeping = Keeping::chosen(body.cookie);
    let account = accounts.check_password(&body.email, body.password).await?;
    accounts.begin_session(account, &device, keeping).await
}

/// Changes a refresh token for new tokens. The same token again within 30 s gives the same successor; later it is taken
/// for stolen, and the device is signed out.
#[utoipa::path(post, path = "/sessions/refresh", tag = "accounts", request_body = Option<RefreshBody>,
    responses((status = 200, body = TokensView)))]
pub(super) async fn refresh_session(
    accounts: web::Data<Accounts>,
    request: HttpRequest,
    body: Option<web::Json<RefreshBody>>,
) -> Result<HttpResponse, Problem> {
    let given = body.and_then(|body| body.into_inner().refresh_token);
    let (token, keeping) = match given {
        Some(token) => (token, Keeping::Itself),
        None => (accounts.parts.cookie.take(&request)?.ok_or(Code::Unauthenticated)?, Keeping::Cookie),
    };
    let presented: Presented = token.parse().map_err(|_| Code::TokenInvalid)?;
    let refreshed = accounts.refresh(&presented).await;
    match refreshed {
        Ok((account, seed, generation)) => {
            accounts.tokens_answer(HttpResponse::Ok(), account, &seed, presented.session, generation, keeping)
        }
        Err(problem) => Err(problem),
    }
}

/// Lists the devices on which one is signed in.
#[utoipa::path(get, path = "/sessions", tag = "accounts", security(("bearer" = [])),
    responses((status = 200, body = SessionsView)))]
pub(super) async fn list_sessions(accounts: web::Data<Accounts>, who: SignedIn) -> Result<web::Json<SessionsView>, Problem> {
    let rows = sessions::list(accounts.db(), who.user(), accounts.now()).await?;
    let items = rows
        .into_iter()
        .map(|SessionRow { id, device, created_at, rotated_at, expires_at }| SessionView {
            id,
            device,
            created_at,
            used_at: rotated_at,
            expires_at,
            current: id == who.0.session,
        })
        .collect();
    Ok(web::Json(SessionsView { items, next: None }))
}

/// Signs this device out, at once and on its open sockets too. Works by the access token or, when that has run out, by the
/// browser's cookie.
#[utoipa::path(delete, path = "/sessions/current", tag = "accounts", security(("bearer" = [])),
    responses((status = 204)))]
pub(super) async fn delete_current_session(
    accounts: web::Data<Accounts>,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let session = match identify(&request) {
        Ok(Some(who)) => who.session,
        Ok(None) | Err(Code::TokenExpired) => {
            let token = accounts.parts.cookie.take(&request)?.ok_or(Code::Unauthenticated)?;
            accounts.session_of(&token).await?
        }
        Err(code) => return Err(code.into()),
    };
    if sessions::revoke(accounts.db(), session, accounts.now()).await? {
        accounts.cut(session, Cut::Revoked).await;
    }
    Ok(HttpResponse::NoContent().cookie(accounts.parts.cookie.clear()).finish())
}

/// Signs another of one's devices out.
#[utoipa::path(delete, path = "/sessions/{session}", tag = "accounts", security(("bearer" = [])),
    params(("session" = Uuid, Path)), responses((status = 204)))]
pub(super) async fn delete_session(
    accounts: web::Data<Accounts>,
    who: SignedIn,
    session: web::Path<Uuid>,
) -> Result<HttpResponse, Problem> {
    if !sessions::revoke_own(accounts.db(), who.user(), *session, accounts.now()).await? {
        return Err(Code::NotFound.into());
    }
    accounts.cut(*session, Cut::Revoked).await;
    Ok(HttpResponse::NoContent().finish())
}

/// Signs out on all devices.
#[utoipa::path(delete, path = "/sessions", tag = "accounts", security(("bearer" = [])), responses((status = 204)))]
pub(super) async fn delete_sessions(accounts: web::Data<Accounts>, who: SignedIn) -> Result<HttpResponse, Problem> {
    for session in sessions::revoke_all(accounts.db(), who.user(), accounts.now()).await? {
        accounts.cut(session, Cut::Revoked).await;
    }
    Ok(HttpResponse::NoContent().cookie(accounts.parts.cookie.clear()).finish())
}

impl Accounts {
    async fn check_password(&self, email: &str, password: String) -> Result<Account, Problem> {
        let email = EmailAddress::parse(email).map_err(|_| Code::BadCredentials)?;
        let key = self.throttle_key(&email);
        self.throttle.admit(key, self.now())?;
        let (account, hash) = accounts::find_credentials(self.db(), email.as_str()).await?.unzip();
        // Hashed in any case, so that the time tells nothing about who has an account.
        let right = self.parts.passwords.verify(password, hash).await?;
        let account = account.filter(|_| right).ok_or(Code::BadCredentials)?;
        self.throttle.forgive(&key);
        Ok(account)
    }

    /// The address was shown to be one's own: failed sign-ins before count no more.
    pub(super) fn forgive(&self, email: &EmailAddress) {
        self.throttle.forgive(&self.throttle_key(email));
    }

    fn throttle_key(&self, email: &EmailAddress) -> [u8; 32] {
        self.parts.tokens.code_key().seal(&[b"sign-in", email.as_str().as_bytes()])
    }

    /// Begins a session and answers with its first tokens.
    pub(super) async fn begin_session(
        &self,
        account: Account,
        device: &Device,
        keeping: Keeping,
    ) -> Result<HttpResponse, Problem> {
        let id = Uuid::new_v4();
        let seed: [u8; 32] = rand::random();
        let at = self.now();
        let new = NewSession { id, user: account.id, device: &device.0, seed: &seed, at, good_for: self.parts.refresh_for };
        sessions::insert(self.db(), new).await?;
        self.tokens_answer(HttpResponse::Created(), account, &seed, id, 1, keeping)
    }

    fn tokens_answer(
        &self,
        mut response: actix_web::HttpResponseBuilder,
        account: Account,
        seed: &[u8],
        session: Uuid,
        generation: u32,
        keeping: Keeping,
    ) -> Result<HttpResponse, Problem> {
        let tokens = &self.parts.tokens;
        let access_token = tokens.issue_access(account.id, &account.roles, session, generation).map_err(Problem::internal)?;
        let refresh_token = tokens.refresh_token(seed, session, generation);
        let refresh_token = match keeping {
            Keeping::Itself => Some(refresh_token),
            Keeping::Cookie => {
                response.cookie(self.parts.cookie.keep(refresh_token, self.parts.refresh_for));
                None
            }
        };
        let access_expires_in_s = tokens.access_for().num_seconds();
        let user = UserView::from(account);
        Ok(response.insert_header((CACHE_CONTROL, "no-store")).json(TokensView {
            user,
            access_token,
            access_expires_in_s,
            refresh_token,
        }))
    }

    /// The session of a refresh token that this server made.
    async fn session_of(&self, token: &str) -> Result<Uuid, Problem> {
        let presented: Presented = token.parse().map_err(|_| Code::TokenInvalid)?;
        self.seed_of(&presented).await?;
        Ok(presented.session)
    }

    async fn seed_of(&self, presented: &Presented) -> Result<Vec<u8>, Problem> {
        let seed = sessions::find_seed(self.db(), presented.session).await?.ok_or(Code::TokenInvalid)?;
        // A forged number must not sign anybody out: the seal is checked before anything is done.
        if self.parts.tokens.is_ours(presented, &seed) { Ok(seed) } else { Err(Code::TokenInvalid.into()) }
    }

    async fn refresh(&self, presented: &Presented) -> Result<(Account, Vec<u8>, u32), Problem> {
        let seed = self.seed_of(presented).await?;
        let session = presented.session;
        let rotated = sessions::rotate(self.db(), session, presented.generation, self.now(), self.parts.refresh_for).await?;
        let (verdict, account) = rotated.ok_or(Code::TokenInvalid)?;
        let generation = match verdict {
            Verdict::Rotate(generation) | Verdict::SameAgain(generation) => generation,
            Verdict::Reused => {
                self.cut(session, Cut::Revoked).await;
                tracing::warn!(session.id = %session, "a used refresh token came again: the session was revoked");
                self.mail(mail::device_signed_out(&account.email, Language::of(&account.locale))).await;
                return Err(Code::RefreshReused.into());
            }
            Verdict::Expired | Verdict::Revoked | Verdict::Unknown => {
                return Err(verdict.error().unwrap_or(Code::TokenInvalid).into());
            }
        };
        Ok((account, seed, generation))
    }
}
