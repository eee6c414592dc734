//! A new account: a code to the address, then the account with that code.

use actix_web::{HttpRequest, HttpResponse, web};
use chrono::Duration;
use madang_domain::accounts::email::EmailAddress;
use madang_domain::accounts::email_code::{self, LIFE, RESEND_AFTER, Verdict};
use madang_domain::accounts::password::Password;
use madang_domain::code::Code;
use madang_domain::entity::Role;
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;

use super::fields::{parse_locale, parse_name};
use super::sign_in::{Device, Keeping};
use super::{Accounts, TokensView};
use crate::clients::mail::{self, Language};
use crate::http::problem::Problem;
use crate::storage::accounts::{self, Made, NewAccount};
use crate::storage::email_codes::{self, Issued, Purpose};

/// Asks for a code.
#[derive(Debug, Deserialize, ToSchema)]
pub struct EmailCodeBody {
    /// The address of the account to be.
    email: String,
    /// Language of the mail: `ko` (default) or `en`.
    locale: Option<String>,
}

/// A code is on its way, or the owner of the address was told that they have an account: the answer is the same.
#[derive(Debug, Serialize, ToSchema)]
pub struct CodeSentView {
    /// How long the code is good.
    expires_in_s: i64,
    /// How soon another may be asked for.
    resend_after_s: i64,
}

/// Makes an account.
#[derive(Deserialize, ToSchema)]
pub struct SignUpBody {
    /// The address the code went to.
    email: String,
    /// The code, six characters.
    code: String,
    /// 8 to 128 characters.
    password: String,
    /// 1 to 100 characters.
    name: String,
    /// `ko` (default) or `en`.
    locale: Option<String>,
    /// What to call this device in the list of sessions.
    device: Option<String>,
    /// Whether the browser shall keep the refresh token as a cookie.
    #[serde(default)]
    cookie: bool,
}

/// Mails a code to an address. Known and unknown addresses get the same answer.
#[utoipa::path(post, path = "/email-codes", tag = "accounts", request_body = EmailCodeBody,
    responses((status = 202, body = CodeSentView)))]
pub(super) async fn send_email_code(
    accounts: web::Data<Accounts>,
    body: web::Json<EmailCodeBody>,
) -> Result<HttpResponse, Problem> {
    let email = EmailAddress::parse(&body.email).map_err(|_| Code::EmailInvalid)?;
    let locale = parse_locale(body.locale.as_deref())?.unwrap_or("ko");
    accounts.send_code(&email, locale).await?;
    Ok(HttpResponse::Accepted()
        .json(CodeSentView { expires_in_s: LIFE.num_seconds(), resend_after_s: RESEND_AFTER.num_seconds() }))
}

/// Makes an account for the owner of an address and signs them in.
#[utoipa::path(post, path = "/accounts", tag = "accounts", request_body = SignUpBody,
    responses((status = 201, body = TokensView)))]
pub(super) async fn create_account(
    accounts: web::Data<Accounts>,
    request: HttpRequest,
    body: web::Json<SignUpBody>,
) -> Result<HttpResponse, Problem> {
    let body = body.into_inner();
    let device = Device::named(body.device.as_deref(), &request);
    let keeping = Keeping::chosen(body.cookie);
    let account = accounts.sign_up(body).await?;
    accounts.begin_session(account, &device, keeping).await
}

impl Accounts {
    async fn send_code(&self, email: &EmailAddress, locale: &str) -> Result<(), Problem> {
        let now = self.now();
        let code = email_code::make(rand::random());
        let hash = self.code_hash(email, &code);
        let known = accounts::find_locale(self.db(), email.as_str()).await?;
        match email_codes::issue(self.db(), email.as_str(), Purpose::SignUp, &hash, now).await? {
            Issued::New => {}
            Issued::TooSoon(wait) => {
                return Err(Problem::from(Code::EmailCodeTooSoon).retry_after(wait));
            }
        }
        let mail = match known {
            // The code stays unknown to everybody, so trying one fails as it does for any other address.
            Some(locale) => mail::already_registered(email.as_str(), Language::of(&locale)),
            None => mail::sign_up_code(email.as_str(), Language::of(locale), &code),
        };
        if self.mail(mail).await {
            return Ok(());
        }
        // Not sent: they may ask again at once.
        let mut db = self.db().acquire().await?;
        email_codes::consume(&mut db, email.as_str(), Purpose::SignUp, &hash).await?;
        Err(Problem::new(Code::Busy, "The mail could not be sent: please ask again.").retry_after(Duration::seconds(5)))
    }

    async fn sign_up(&self, body: SignUpBody) -> Result<accounts::Account, Problem> {
        // What can be wrong without the code is told first, so that it costs no try.
        let email = EmailAddress::parse(&body.email).map_err(|_| Code::EmailInvalid)?;
        let name = parse_name(&body.name)?;
        let locale = parse_locale(body.locale.as_deref())?.unwrap_or("ko");
        let password = Password::parse(body.password).map_err(|_| Code::PasswordInvalid)?;
        let now = self.now();
        // What cannot be a code is tried as the empty one, which none is: a try costs the same whatever was typed.
        let typed = email_code::normalise(&body.code).unwrap_or_default();
        let hash = self.code_hash(&email, &typed);
        let (verdict, left) = email_codes::attempt(self.db(), email.as_str(), Purpose::SignUp, &hash, now).await?;
        match verdict.error() {
            None => {}
            Some(code) if verdict == Verdict::Wrong => {
                return Err(Problem::from(code).with_detail(json!({ "tries_left": left })));
            }
            Some(code) => return Err(code.into()),
        }
        let password_hash = self.parts.passwords.hash(password).await?;
        let new =
            NewAccount { email: email.as_str(), name, password_hash: &password_hash, locale, roles: &[Role::User], at: now };
        match accounts::sign_up(self.db(), new, &hash).await? {
            Made::New(account) => Ok(account),
            Made::EmailTaken => Err(Code::EmailTaken.into()),
            Made::CodeGone => Err(Code::EmailCodeWrong.into()),
        }
    }

    fn code_hash(&self, email: &EmailAddress, code: &str) -> [u8; 32] {
        self.parts.tokens.code_key().seal(&[email.as_str().as_bytes(), code.as_bytes()])
    }
}
