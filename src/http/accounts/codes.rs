//! Codes by e-mail: one is sent, and what was typed is tried.

use chrono::Duration;
use madang_domain::accounts::email::EmailAddress;
use madang_domain::accounts::email_code::{self, LIFE, RESEND_AFTER, Verdict};
use madang_domain::code::Code;
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;

use super::Accounts;
use crate::clients::mail::Mail;
use crate::http::problem::Problem;
use crate::storage::email_codes::{self, Issued, Purpose};

/// Asks for a code.
#[derive(Debug, Deserialize, ToSchema)]
pub struct EmailCodeBody {
    /// Where it goes.
    pub(super) email: String,
    /// Language of the mail: `ko` (default) or `en`.
    pub(super) locale: Option<String>,
}

/// A mail is on its way. What it says depends on whether the address has an account; this answer does not.
#[derive(Debug, Serialize, ToSchema)]
pub struct CodeSentView {
    /// How long the code is good.
    expires_in_s: i64,
    /// How soon another may be asked for.
    resend_after_s: i64,
}

impl CodeSentView {
    pub(super) const fn new() -> Self {
        Self { expires_in_s: LIFE.num_seconds(), resend_after_s: RESEND_AFTER.num_seconds() }
    }
}

impl Accounts {
    /// Makes a code for an address and sends the mail that is written with it.
    ///
    /// # Errors
    /// `EmailCodeTooSoon` while the last one is fresh; `Busy` where the mail cannot be sent.
    pub(super) async fn send_code(
        &self,
        email: &EmailAddress,
        purpose: Purpose,
        mail: impl FnOnce(&str) -> Mail,
    ) -> Result<(), Problem> {
        let code = email_code::make(rand::random());
        let hash = self.code_hash(email, &code);
        match email_codes::issue(self.db(), email.as_str(), purpose, &hash, self.now()).await? {
            Issued::New => {}
            Issued::TooSoon(wait) => return Err(Problem::from(Code::EmailCodeTooSoon).retry_after(wait)),
        }
        if self.mail(mail(&code)).await {
            return Ok(());
        }
        // Not sent: they may ask again at once.
        let mut db = self.db().acquire().await?;
        email_codes::consume(&mut db, email.as_str(), purpose, &hash).await?;
        Err(Problem::new(Code::Busy, "The mail could not be sent: please ask again.").retry_after(Duration::seconds(5)))
    }

    /// Tries what was typed, and counts it. Gives the hash by which the code is used up.
    ///
    /// # Errors
    /// `EmailCodeWrong` with the tries that are left, `EmailCodeExpired` or `EmailCodeExhausted`.
    pub(super) async fn try_code(&self, email: &EmailAddress, purpose: Purpose, typed: &str) -> Result<[u8; 32], Problem> {
        // What cannot be a code is tried as the empty one, which none is: a try costs the same whatever was typed.
        let hash = self.code_hash(email, &email_code::normalise(typed).unwrap_or_default());
        let (verdict, left) = email_codes::attempt(self.db(), email.as_str(), purpose, &hash, self.now()).await?;
        match verdict.error() {
            None => Ok(hash),
            Some(code) if verdict == Verdict::Wrong => Err(Problem::from(code).with_detail(json!({ "tries_left": left }))),
            Some(code) => Err(code.into()),
        }
    }

    fn code_hash(&self, email: &EmailAddress, code: &str) -> [u8; 32] {
        self.parts.tokens.code_key().seal(&[email.as_str().as_bytes(), code.as_bytes()])
    }
}
