//! Firebase Cloud Messaging, its HTTP v1 interface: an access token for the project's service account (a JWT signed with
//! RS256, exchanged at Google), then one request for each message.

use std::fmt;
use std::time::Duration;

use chrono::TimeDelta;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use madang_domain::time::Timestamp;
use reqwest::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tokio::sync::Mutex;

use super::{Message, Now, PushError, http, unreached};

const SCOPE: &str = "https://www.googleapis.com/auth/firebase.messaging";
/// An access token with less left than this is asked for anew.
const RENEW_BEFORE: TimeDelta = TimeDelta::minutes(5);
/// The lengths of tokens that are taken.
const TOKEN_LENGTHS: std::ops::RangeInclusive<usize> = 20..=4096;

/// The file that Firebase gives for a service account, as far as it is needed.
#[derive(Clone, Deserialize)]
pub struct ServiceAccount {
    project_id: String,
    client_email: String,
    private_key: String,
    token_uri: String,
}

impl fmt::Debug for ServiceAccount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ServiceAccount").field("project_id", &self.project_id).finish_non_exhaustive()
    }
}

/// Where FCM is.
#[derive(Debug, Clone)]
pub struct FcmSettings {
    /// Its origin.
    pub url: String,
    /// How long it may take.
    pub timeout: Duration,
}

/// Why FCM cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum FcmSetupError {
    /// The service account's key.
    #[error("the service account's private key cannot be used: {0}")]
    Key(#[from] jsonwebtoken::errors::Error),
    /// No HTTP client.
    #[error("no HTTP client can be made: {0}")]
    Http(#[from] reqwest::Error),
}

/// Pushes to phones.
pub struct Fcm {
    account: ServiceAccount,
    signing: EncodingKey,
    send_url: String,
    http: reqwest::Client,
    now: Now,
    access: Mutex<Option<(String, Timestamp)>>,
}

impl fmt::Debug for Fcm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Fcm").field("account", &self.account).finish_non_exhaustive()
    }
}

#[derive(Serialize)]
struct Claims<'a> {
    iss: &'a str,
    scope: &'a str,
    aud: &'a str,
    iat: i64,
    exp: i64,
}

#[derive(Deserialize)]
struct Access {
    access_token: String,
    expires_in: i64,
}

/// Whether it looks like a registration token.
pub(super) fn check(token: &str) -> Result<(), PushError> {
    let shaped = TOKEN_LENGTHS.contains(&token.len()) && token.bytes().all(|byte| byte.is_ascii_graphic());
    if shaped { Ok(()) } else { Err(PushError::Refused("this is no registration token".to_owned())) }
}

impl Fcm {
    /// For a service account.
    ///
    /// # Errors
    /// See [`FcmSetupError`].
    pub fn new(account: ServiceAccount, settings: &FcmSettings, now: Now) -> Result<Self, FcmSetupError> {
        let signing = EncodingKey::from_rsa_pem(account.private_key.as_bytes())?;
        let base = settings.url.trim_end_matches('/');
        let send_url = format!("{base}/v1/projects/{}/messages:send", account.project_id);
        Ok(Self { account, signing, send_url, http: http(settings.timeout)?, now, access: Mutex::default() })
    }

    /// Hands a message to FCM for one phone.
    ///
    /// # Errors
    /// See [`PushError`].
    pub async fn send(&self, token: &str, message: &Message) -> Result<(), PushError> {
        let body = json!({ "message": {
            "token": token,
            // Data alone: the app itself decides how it rings, also when it is not open.
            "data": {
                "id": message.id,
                "kind": message.kind,
                "title": message.title,
                "body": message.body,
                "href": message.href,
                "tag": message.tag,
                "urgent": message.urgent.to_string(),
                "data": message.data.to_string(),
            },
            "android": {
                "priority": if message.urgent { "HIGH" } else { "NORMAL" },
                "ttl": format!("{}s", message.ttl.as_secs()),
                "collapse_key": message.tag,
            },
            "apns": {
                "headers": {
                    "apns-priority": if message.urgent { "10" } else { "5" },
                    "apns-collapse-id": message.tag.chars().take(64).collect::<String>(),
                    "apns-expiration": ((self.now)() + message.ttl).timestamp().to_string(),
                },
                "payload": { "aps": {
                    "alert": { "title": message.title, "body": message.body },
                    "sound": "default",
                } },
            },
        } });
        match self.post(&body).await? {
            // The access token was withdrawn before its time: one more try with a new one.
            (StatusCode::UNAUTHORIZED, _) => {
                *self.access.lock().await = None;
                let (status, answer) = self.post(&body).await?;
                judge(status, &answer)
            }
            (status, answer) => judge(status, &answer),
        }
    }

    async fn post(&self, body: &Value) -> Result<(StatusCode, Value), PushError> {
        let access = self.access().await?;
        let request = self.http.post(&self.send_url).bearer_auth(access).json(body);
        let response = request.send().await.map_err(unreached)?;
        Ok((response.status(), response.json().await.unwrap_or(Value::Null)))
    }

    /// An access token that is good for a while. Whoever comes while one is being asked for waits for it.
    async fn access(&self) -> Result<String, PushError> {
        let mut access = self.access.lock().await;
        let now = (self.now)();
        if let Some((token, until)) = access.as_ref()
            && *until - RENEW_BEFORE > now
        {
            return Ok(token.clone());
        }
        let account = &self.account;
        let (iat, exp) = (now.timestamp(), (now + TimeDelta::hours(1)).timestamp());
        let claims = Claims { iss: &account.client_email, scope: SCOPE, aud: &account.token_uri, iat, exp };
        let assertion = jsonwebtoken::encode(&Header::new(Algorithm::RS256), &claims, &self.signing)
            .map_err(|error| PushError::Refused(error.to_string()))?;
        // Nothing in it needs escaping: a JWT is base64url and dots.
        let form = format!("grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer&assertion={assertion}");
        let request = self.http.post(&account.token_uri).header("content-type", "application/x-www-form-urlencoded");
        let response = request.body(form).send().await.map_err(unreached)?;
        if !response.status().is_success() {
            return Err(PushError::Failed(format!("no access token: {}", response.status())));
        }
        let granted: Access = response.json().await.map_err(unreached)?;
        *access = Some((granted.access_token.clone(), now + TimeDelta::seconds(granted.expires_in)));
        Ok(granted.access_token)
    }
}

/// What FCM's answer means.
fn judge(status: StatusCode, answer: &Value) -> Result<(), PushError> {
    if status.is_success() {
        return Ok(());
    }
    let details = answer.pointer("/error/details").and_then(Value::as_array);
    let code = details.and_then(|all| all.iter().find_map(|one| one.get("errorCode")?.as_str())).unwrap_or_default();
    match code {
        "UNREGISTERED" | "SENDER_ID_MISMATCH" => return Err(PushError::Gone),
        _ => {}
    }
    let why = format!("{status} {code}");
    if status == StatusCode::TOO_MANY_REQUESTS || status == StatusCode::UNAUTHORIZED || status.is_server_error() {
        Err(PushError::Failed(why))
    } else {
        Err(PushError::Refused(why))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_tells_who_is_gone_and_what_may_be_tried_again() {
        let with = |code: &str| json!({ "error": { "details": [{ "@type": "x" }, { "errorCode": code }] } });
        assert_eq!(judge(StatusCode::OK, &Value::Null), Ok(()));
        assert_eq!(judge(StatusCode::NOT_FOUND, &with("UNREGISTERED")), Err(PushError::Gone));
        assert_eq!(judge(StatusCode::FORBIDDEN, &with("SENDER_ID_MISMATCH")), Err(PushError::Gone));
        assert!(matches!(judge(StatusCode::SERVICE_UNAVAILABLE, &with("UNAVAILABLE")), Err(PushError::Failed(_))));
        assert!(matches!(judge(StatusCode::BAD_REQUEST, &with("INVALID_ARGUMENT")), Err(PushError::Refused(_))));
        // A wrong project, not a lost phone: its devices must not be forgotten.
        assert!(matches!(judge(StatusCode::NOT_FOUND, &Value::Null), Err(PushError::Refused(_))));
    }

    #[test]
    fn a_token_is_printable_and_neither_short_nor_endless() {
        assert_eq!(check(&"a:B-_9".repeat(20)), Ok(()));
        for wrong in ["", "short", &"x".repeat(4097), &format!("{}\n", "x".repeat(50)), &"가".repeat(40)] {
            assert!(check(wrong).is_err());
        }
    }
}
