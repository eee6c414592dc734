//! Sign-up, sign-in, sessions and one's own profile.
//!
//! [`Accounts`] is the handle that everything here needs. One file per verb: `sign_up`, `codes`, `reset` (forgotten passwords), `sign_in`
//! (sessions, refresh), `people` (me, search, roles), `outbox` (the mails of a server without SMTP).

mod codes;
mod cookie;
mod fields;
mod outbox;
mod passwords;
mod people;
mod reset;
mod sign_in;
mod sign_up;
mod throttle;

use std::fmt;
use std::sync::Arc;

use actix_web::web;
use madang_domain::accounts::email::EmailAddress;
use madang_domain::accounts::password::Password;
use madang_domain::code::Code;
use madang_domain::entity::Role;
use madang_domain::ids::UserId;
use madang_domain::time::Timestamp;
use serde::Serialize;
use sqlx::PgPool;
use utoipa::{OpenApi, ToSchema};
use uuid::Uuid;

pub use codes::{CodeSentView, EmailCodeBody};
pub use cookie::CookieSettings;
pub use outbox::{OutboxMailView, OutboxView};
pub use passwords::{PasswordCost, Passwords};
pub use people::{ProfileBody, RolesBody, UsersView};
pub use reset::ResetBody;
pub use sign_in::{RefreshBody, SessionView, SessionsView, SignInBody};
pub use sign_up::SignUpBody;

use self::throttle::Throttle;
use super::auth::{Cut, Tokens};
use super::problem::Problem;
use crate::actors::kernel::clock::Clock;
use crate::clients::mail::{LocalOutbox, Mail, Mailer};
use crate::storage::accounts::{self, Account, NewAccount};
use crate::storage::cache::Cache;
use crate::storage::{Db, email_codes, sessions};

/// The paths of this area.
pub fn routes(cfg: &mut web::ServiceConfig) {
    cfg.service(web::resource("/email-codes").route(web::post().to(sign_up::send_email_code)))
        .service(web::resource("/accounts").route(web::post().to(sign_up::create_account)))
        .service(web::resource("/password-codes").route(web::post().to(reset::send_password_code)))
        .service(web::resource("/passwords").route(web::post().to(reset::set_password)))
        .service(
            web::resource("/sessions")
                .route(web::get().to(sign_in::list_sessions))
                .route(web::post().to(sign_in::create_session))
                .route(web::delete().to(sign_in::delete_sessions)),
        )
        .service(web::resource("/sessions/refresh").route(web::post().to(sign_in::refresh_session)))
        .service(web::resource("/sessions/current").route(web::delete().to(sign_in::delete_current_session)))
        .service(web::resource("/sessions/{session}").route(web::delete().to(sign_in::delete_session)))
        .service(web::resource("/me").route(web::get().to(people::show_me)).route(web::patch().to(people::update_me)))
        .service(web::resource("/users").route(web::get().to(people::list_users)))
        .service(web::resource("/users/{user}/roles").route(web::put().to(people::set_roles)))
        .service(web::resource("/dev/outbox").route(web::get().to(outbox::show_outbox)));
}

/// This area's part of the OpenAPI document.
#[derive(OpenApi)]
#[openapi(paths(
    sign_up::send_email_code,
    sign_up::create_account,
    reset::send_password_code,
    reset::set_password,
    sign_in::create_session,
    sign_in::refresh_session,
    sign_in::list_sessions,
    sign_in::delete_current_session,
    sign_in::delete_session,
    sign_in::delete_sessions,
    people::show_me,
    people::update_me,
    people::list_users,
    people::set_roles,
    outbox::show_outbox
))]
pub(super) struct Document;

/// The topic on which nodes tell each other of cut sessions.
const CUTS: &str = "sessions.cut";

/// What accounts need of the outside.
pub struct AccountsParts {
    /// The database.
    pub db: Db,
    /// Makes and verifies tokens.
    pub tokens: Tokens,
    /// Hashes passwords.
    pub passwords: Passwords,
    /// Where mails go: SMTP, or the outbox below.
    pub mailer: Arc<dyn Mailer>,
    /// The local outbox, where it may be shown.
    pub outbox: Option<LocalOutbox>,
    /// Tells the other nodes who was signed out, and hears it from them.
    pub cache: Arc<dyn Cache>,
    /// How browsers keep the refresh token.
    pub cookie: CookieSettings,
    /// How long a refresh token is good.
    pub refresh_for: chrono::Duration,
    /// The time.
    pub clock: Arc<dyn Clock>,
}

/// People, their codes and sessions. Cheap to clone.
#[derive(Clone)]
pub struct Accounts {
    parts: Arc<AccountsParts>,
    throttle: Arc<Throttle>,
}

impl fmt::Debug for Accounts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Accounts").finish_non_exhaustive()
    }
}

impl Accounts {
    /// Reads which sessions were cut lately, so that a restart does not revive their access tokens, and is ready.
    ///
    /// # Errors
    /// The database's.
    pub async fn start(parts: AccountsParts) -> Result<Self, sqlx::Error> {
        let tokens = parts.tokens.clone();
        parts.cache.listen(
            CUTS,
            Box::new(move |message| {
                let heard = message.split_once(' ').and_then(|(id, cut)| Some((id.parse().ok()?, cut.parse().ok()?)));
                if let Some((session, cut)) = heard {
                    tokens.cut(session, cut);
                }
            }),
        );
        let accounts = Self { parts: Arc::new(parts), throttle: Arc::default() };
        accounts.catch_up().await?;
        Ok(accounts)
    }

    /// Reads from the database which sessions were cut lately: at the start, so that a restart does not revive their access
    /// tokens, and now and then where several nodes run, since a message among them may be lost.
    ///
    /// # Errors
    /// The database's.
    pub async fn catch_up(&self) -> Result<(), sqlx::Error> {
        let since = self.now() - self.parts.tokens.access_for();
        for (session, stale) in sessions::list_cut_since(self.db(), since).await? {
            let stale = stale.map(|generation| Cut::Stale { generation: generation.unsigned_abs() });
            self.parts.tokens.cut(session, stale.unwrap_or(Cut::Revoked));
        }
        Ok(())
    }

    /// Cuts a session on all nodes: here at once, with its open sockets.
    async fn cut(&self, session: Uuid, cut: Cut) {
        self.parts.tokens.cut(session, cut);
        self.parts.cache.tell(CUTS, &format!("{session} {cut}")).await;
    }

    /// Makes an account without an e-mail code, for operators (`madang admin create`). `None`: the address has one.
    ///
    /// # Errors
    /// A wrong address, name or password; the database's.
    pub async fn create_with_roles(
        &self,
        email: &str,
        password: String,
        name: &str,
        roles: &[Role],
    ) -> Result<Option<Account>, Problem> {
        let email = EmailAddress::parse(email).map_err(|_| Code::EmailInvalid)?;
        let name = fields::parse_name(name)?;
        let password = Password::parse(password).map_err(|_| Code::PasswordInvalid)?;
        let password_hash = self.parts.passwords.hash(password).await?;
        let new = NewAccount {
            email: email.as_str(),
            name,
            password_hash: &password_hash,
            locale: "ko",
            roles: &with_user(roles),
            at: self.now(),
        };
        Ok(accounts::create(self.db(), new).await?)
    }

    /// Forgets codes and sessions that ended long ago; gives how many rows went. For a job that runs now and then.
    ///
    /// # Errors
    /// The database's.
    pub async fn sweep(&self) -> Result<u64, sqlx::Error> {
        let now = self.now();
        let codes = email_codes::delete_older(self.db(), now - chrono::Duration::hours(1)).await?;
        let ended = sessions::delete_ended(self.db(), now - chrono::Duration::days(1)).await?;
        Ok(codes + ended)
    }

    fn now(&self) -> Timestamp {
        self.parts.clock.now()
    }

    fn db(&self) -> &PgPool {
        self.parts.db.pool()
    }

    /// Hands a mail over; true when it went. A failure is logged here.
    async fn mail(&self, mail: Mail) -> bool {
        match self.parts.mailer.send(mail).await {
            Ok(()) => true,
            Err(error) => {
                tracing::warn!(cause = %error, "a mail could not be sent");
                false
            }
        }
    }
}

/// Everybody has the role `user`; each role once, in order.
fn with_user(roles: &[Role]) -> Vec<Role> {
    let mut all: Vec<Role> = roles.iter().copied().chain([Role::User]).collect();
    all.sort_unstable();
    all.dedup();
    all
}

/// A person, as they and the admins see them.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct UserView {
    /// Their number, also of their channel `user:{id}`.
    #[schema(value_type = i64)]
    id: UserId,
    /// Their name.
    name: String,
    /// Their address.
    email: String,
    /// `user`, `seller`, `clerk`, `admin`.
    #[schema(value_type = Vec<String>)]
    roles: Vec<Role>,
    /// `ko` or `en`.
    locale: String,
}

impl From<Account> for UserView {
    fn from(account: Account) -> Self {
        let Account { id, email, name, roles, locale, created_at: _ } = account;
        Self { id, name, email, roles, locale }
    }
}

/// What a sign-in gives.
#[derive(Debug, Serialize, ToSchema)]
pub struct TokensView {
    user: UserView,
    /// For the header `Authorization: Bearer`.
    access_token: String,
    /// How long it is good.
    access_expires_in_s: i64,
    /// Absent where the browser keeps it as a cookie.
    #[serde(skip_serializing_if = "Option::is_none")]
    refresh_token: Option<String>,
}
