//! A forgotten password: a code to the address, then a new password with that code.

use actix_web::{HttpResponse, web};
use madang_domain::accounts::email::EmailAddress;
use madang_domain::accounts::password::Password;
use madang_domain::code::Code;
use serde::Deserialize;
use utoipa::ToSchema;

use super::Accounts;
use super::codes::{CodeSentView, EmailCodeBody};
use super::fields::parse_locale;
use crate::clients::mail::{self, Language};
use crate::http::auth::Cut;
use crate::http::problem::Problem;
use crate::storage::email_codes::Purpose;
use crate::storage::{accounts, sessions};

/// Sets a new password.
#[derive(Deserialize, ToSchema)]
pub struct ResetBody {
    /// The address the code went to.
    email: String,
    /// The code, six characters.
    code: String,
    /// The new password, 8 to 128 characters.
    password: String,
}

/// Mails a code for a new password. Known and unknown addresses get the same answer.
#[utoipa::path(post, path = "/password-codes", tag = "accounts", request_body = EmailCodeBody,
    responses((status = 202, body = CodeSentView)))]
pub(super) async fn send_password_code(
    accounts: web::Data<Accounts>,
    body: web::Json<EmailCodeBody>,
) -> Result<HttpResponse, Problem> {
    let email = EmailAddress::parse(&body.email).map_err(|_| Code::EmailInvalid)?;
    let asked = parse_locale(body.locale.as_deref())?.unwrap_or("ko");
    let known = accounts::find_locale(accounts.db(), email.as_str()).await?;
    let mail = |code: &str| match &known {
        Some(locale) => mail::password_code(email.as_str(), Language::of(locale), code),
        // The code stays unknown to everybody, so trying one fails as it does for any other address.
        None => mail::not_registered(email.as_str(), Language::of(asked)),
    };
    accounts.send_code(&email, Purpose::Password, mail).await?;
    Ok(HttpResponse::Accepted().json(CodeSentView::new()))
}

/// Sets a new password with the code that was mailed, and signs out on all devices.
#[utoipa::path(post, path = "/passwords", tag = "accounts", request_body = ResetBody, responses((status = 204),
    (status = 422, description = "auth.email_code_wrong, auth.email_code_expired, auth.email_code_exhausted")))]
pub(super) async fn set_password(accounts: web::Data<Accounts>, body: web::Json<ResetBody>) -> Result<HttpResponse, Problem> {
    let ResetBody { email, code, password } = body.into_inner();
    let email = EmailAddress::parse(&email).map_err(|_| Code::EmailInvalid)?;
    let password = Password::parse(password).map_err(|_| Code::PasswordInvalid)?;
    let used = accounts.try_code(&email, Purpose::Password, &code).await?;
    let hash = accounts.parts.passwords.hash(password).await?;
    let ended = sessions::change_password(accounts.db(), email.as_str(), &hash, &used, accounts.now()).await?;
    for session in ended.ok_or(Code::EmailCodeWrong)? {
        accounts.cut(session, Cut::Revoked).await;
    }
    accounts.forgive(&email);
    Ok(HttpResponse::NoContent().cookie(accounts.parts.cookie.clear()).finish())
}
