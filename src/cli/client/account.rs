//! One person with an account, who always has a fresh access token.

use std::time::{Duration, Instant};

use serde::Deserialize;
use serde_json::json;
use tokio::sync::Mutex;

use super::ClientError;
use super::api::{Api, Ask};
use super::patience::Patience;
use madang_domain::code::Code;

/// A token this near to its end is renewed before use.
const RENEW_BEFORE: Duration = Duration::from_secs(60);

/// A signed-in person.
#[derive(Debug)]
pub struct Account {
    /// The server's number of the person.
    pub user: i64,
    api: Api,
    email: String,
    password: String,
    tokens: Mutex<Held>,
}

#[derive(Debug)]
struct Held {
    access: String,
    good_until: Instant,
    refresh: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Tokens {
    user: UserBody,
    access_token: String,
    access_expires_in_s: u64,
    #[serde(default)]
    refresh_token: Option<String>,
}

#[derive(Debug, Deserialize)]
struct UserBody {
    id: i64,
}

#[derive(Debug, Deserialize)]
struct Outbox {
    items: Vec<OutboxMail>,
}

#[derive(Debug, Deserialize)]
struct OutboxMail {
    text: String,
}

impl From<&Tokens> for Held {
    fn from(tokens: &Tokens) -> Self {
        Self {
            access: tokens.access_token.clone(),
            good_until: Instant::now() + Duration::from_secs(tokens.access_expires_in_s),
            refresh: tokens.refresh_token.clone(),
        }
    }
}

impl Account {
    /// Signs in.
    ///
    /// # Errors
    /// `Problem` with `auth.bad_credentials`, or as [`Api::persist`].
    pub async fn sign_in(api: &Api, email: &str, password: &str, limit: Duration) -> Result<Self, ClientError> {
        let body = json!({ "email": email, "password": password, "device": "madang" });
        let tokens: Tokens = api.persist(&Ask::post("/sessions", body), limit).await?;
        Ok(Self::of(api, email, password, &tokens))
    }

    /// Signs up, reading the code from the development outbox; signs in where the account exists already.
    ///
    /// # Errors
    /// As [`Api::persist`]; the server must keep its mails for reading, or no code is found.
    pub async fn sign_up(api: &Api, email: &str, password: &str, name: &str, limit: Duration) -> Result<Self, ClientError> {
        let mut patience = Patience::of(limit);
        loop {
            let mut failed = match Self::try_sign_up(api, email, password, name).await {
                Ok(account) => return Ok(account),
                Err(error) => error,
            };
            // A lost answer may hide a success, and the house does not tell who has an account: then the code is used up,
            // or none was sent.
            if [Code::EmailTaken, Code::EmailCodeWrong, Code::EmailCodeExpired].into_iter().any(|code| failed.is(code)) {
                match Self::try_sign_in(api, email, password).await {
                    // Neither an account nor a code: a server that was killed forgot its mails. It sends another in time.
                    Err(error) if error.is(Code::BadCredentials) => {}
                    Err(error) if error.temporary() => failed = error,
                    definite => return definite,
                }
            } else if !failed.temporary() {
                return Err(failed);
            }
            patience.wait(&failed).await?;
        }
    }

    async fn try_sign_in(api: &Api, email: &str, password: &str) -> Result<Self, ClientError> {
        let body = json!({ "email": email, "password": password, "device": "madang" });
        let tokens: Tokens = api.ask(&Ask::post("/sessions", body)).await?;
        Ok(Self::of(api, email, password, &tokens))
    }

    async fn try_sign_up(api: &Api, email: &str, password: &str, name: &str) -> Result<Self, ClientError> {
        let sent: Result<serde_json::Value, _> = api.ask(&Ask::post("/email-codes", json!({ "email": email }))).await;
        match sent {
            // The code of a moment ago is still good.
            Err(error) if !error.is(Code::EmailCodeTooSoon) => return Err(error),
            Ok(_) | Err(_) => {}
        }
        let path = format!("/dev/outbox?to={}", email.replace('+', "%2B"));
        let outbox: Outbox = api.ask(&Ask::get(&path)).await?;
        let Some(code) = outbox.items.iter().find_map(|mail| code_in(&mail.text)) else {
            let message = "no code was sent to this address".to_owned();
            let code = Code::EmailTaken.name().to_owned();
            return Err(ClientError::Problem { code, message, detail: serde_json::Value::Null, temporary: false });
        };
        let body = json!({ "email": email, "code": code, "password": password, "name": name });
        let tokens: Tokens = api.ask(&Ask::post("/accounts", body)).await?;
        Ok(Self::of(api, email, password, &tokens))
    }

    fn of(api: &Api, email: &str, password: &str, tokens: &Tokens) -> Self {
        Self {
            user: tokens.user.id,
            api: api.clone(),
            email: email.to_owned(),
            password: password.to_owned(),
            tokens: Mutex::new(Held::from(tokens)),
        }
    }

    /// An access token good for another minute at least.
    ///
    /// # Errors
    /// As [`Api::ask`], when a new one is needed and cannot be had now.
    pub async fn token(&self) -> Result<String, ClientError> {
        let mut held = self.tokens.lock().await;
        if held.good_until > Instant::now() + RENEW_BEFORE {
            return Ok(held.access.clone());
        }
        let renewed = match held.refresh.clone() {
            Some(refresh) => self.api.ask::<Tokens>(&Ask::post("/sessions/refresh", json!({ "refresh_token": refresh }))).await,
            None => Err(ClientError::Unexpected("no refresh token".to_owned())),
        };
        let tokens = match renewed {
            Ok(tokens) => tokens,
            Err(error) if error.temporary() => return Err(error),
            Err(_) => {
                let body = json!({ "email": self.email, "password": self.password, "device": "madang" });
                self.api.ask::<Tokens>(&Ask::post("/sessions", body)).await?
            }
        };
        *held = Held::from(&tokens);
        Ok(held.access.clone())
    }

    /// The next [`Account::token`] fetches a new one: the present one was refused.
    pub async fn distrust_token(&self) {
        self.tokens.lock().await.good_until = Instant::now();
    }

    /// Puts money into the mock bank account.
    ///
    /// # Errors
    /// As [`Api::persist`].
    pub async fn deposit(&self, amount: i64, currency: &str, key: uuid::Uuid, limit: Duration) -> Result<(), ClientError> {
        let token = self.token().await?;
        let body = json!({ "amount": { "amount": amount, "currency": currency } });
        let ask = Ask::post("/wallet/deposits", body).by(&token).once(key);
        self.api.persist::<serde_json::Value>(&ask, limit).await.map(drop)
    }
}

/// The six-character code in a mail: the first word of six capital letters and digits.
fn code_in(text: &str) -> Option<&str> {
    text.split(|c: char| !c.is_ascii_alphanumeric())
        .find(|word| word.len() == 6 && word.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_code_is_found_among_the_words() {
        assert_eq!(code_in("Your Madang code is K7Q2MX. It is good for 180 seconds."), Some("K7Q2MX"));
        assert_eq!(code_in("Madang: nothing here for you today"), None);
    }
}
