//! A new account: a code to the address, then the account with that code.

use actix_web::{HttpRequest, HttpResponse, web};
use madang_domain::accounts::email::EmailAddress;
use madang_domain::accounts::password::Password;
use madang_domain::code::Code;
use madang_domain::entity::Role;
use serde::Deserialize;
use utoipa::ToSchema;

use super::codes::{CodeSentView, EmailCodeBody};
use super::fields::{parse_locale, parse_name};
use super::sign_in::{Device, Keeping};
use super::{Accounts, TokensView};
use crate::clients::mail::{self, Language};
use crate::http::problem::Problem;
use crate::storage::accounts::{self, Made, NewAccount};
use crate::storage::email_codes::Purpose;

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
    let known = accounts::find_locale(accounts.db(), email.as_str()).await?;
    let mail = |code: &str| match &known {
        // The code stays unknown to everybody, so trying one fails as it does for any other address.
        Some(locale) => mail::already_registered(email.as_str(), Language::of(locale)),
        None => mail::sign_up_code(email.as_str(), Language::of(locale), code),
    };
    accounts.send_code(&email, Purpose::SignUp, mail).await?;
    Ok(HttpResponse::Accepted().json(CodeSentView::new()))
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
    async fn sign_up(&self, body: SignUpBody) -> Result<accounts::Account, Problem> {
        // What can be wrong without the code is told first, so that it costs no try.
        let email = EmailAddress::parse(&body.email).map_err(|_| Code::EmailInvalid)?;
        let name = parse_name(&body.name)?;
        let locale = parse_locale(body.locale.as_deref())?.unwrap_or("ko");
        let password = Password::parse(body.password).map_err(|_| Code::PasswordInvalid)?;
        let hash = self.try_code(&email, Purpose::SignUp, &body.code).await?;
        let password_hash = self.parts.passwords.hash(password).await?;
        let new = NewAccount {
            email: email.as_str(),
            name,
            password_hash: &password_hash,
            locale,
            roles: &[Role::User],
            at: self.now(),
        };
        match accounts::sign_up(self.db(), new, &hash).await? {
            Made::New(account) => Ok(account),
            Made::EmailTaken => Err(Code::EmailTaken.into()),
            Made::CodeGone => Err(Code::EmailCodeWrong.into()),
        }
    }
}
