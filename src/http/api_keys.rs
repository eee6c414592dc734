//! Keys with which programs ask the coach in a person's name: made by the signed-in person, shown once, good until removed.
//! They open the paths of other dialects (`/v1`, `/api/ai`) and nothing else.

use std::fmt;
use std::sync::Arc;

use actix_web::{HttpResponse, web};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use madang_domain::code::Code;
use madang_domain::ids::UserId;
use madang_domain::time::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use sqlx::PgPool;
use utoipa::{OpenApi, ToSchema};

use super::auth::SignedIn;
use super::problem::Problem;
use crate::actors::kernel::clock::Clock;
use crate::storage::api_keys::{self, ApiKeyRow, NewKey};

/// How keys begin, so that they are recognised where they should not be.
const PREFIX: &str = "mdk-";
/// So many characters of a key are shown later.
const SHOWN: usize = 4;
/// The longest name of a key, in characters.
const MAX_NAME: usize = 60;

/// The paths of this area.
pub fn routes(cfg: &mut web::ServiceConfig) {
    cfg.service(web::resource("/api-keys").route(web::get().to(list_keys)).route(web::post().to(create_key)))
        .service(web::resource("/api-keys/{key}").route(web::delete().to(delete_key)));
}

/// What the OpenAPI document says of this area.
#[derive(OpenApi)]
#[openapi(paths(list_keys, create_key, delete_key))]
pub struct Document;

/// Keys, for handlers. Cheap to clone.
#[derive(Clone)]
pub struct ApiKeys {
    db: PgPool,
    clock: Arc<dyn Clock>,
}

impl fmt::Debug for ApiKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ApiKeys").finish_non_exhaustive()
    }
}

impl ApiKeys {
    /// Over the database.
    #[must_use]
    pub fn new(db: PgPool, clock: Arc<dyn Clock>) -> Self {
        Self { db, clock }
    }

    /// Whose key this is; `None` for what is no key of ours, or one that was removed.
    ///
    /// # Errors
    /// The database's, as a problem.
    pub async fn owner(&self, key: &str) -> Result<Option<UserId>, Problem> {
        if !key.starts_with(PREFIX) || key.len() > 100 {
            return Ok(None);
        }
        Ok(api_keys::find_owner(&self.db, Sha256::digest(key).into()).await?)
    }
}

/// Whether a secret is one of these keys rather than an access token.
#[must_use]
pub fn is_key(secret: &str) -> bool {
    secret.starts_with(PREFIX)
}

/// A key, as it is asked for.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ApiKeyBody {
    /// What it is for: 1 to 60 characters.
    name: String,
}

/// A key.
#[derive(Debug, Serialize, ToSchema)]
pub struct ApiKeyView {
    id: i64,
    name: String,
    /// Its last characters, to tell one from the other.
    ends_with: String,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
}

/// A key that was just made.
#[derive(Serialize, ToSchema)]
pub struct NewApiKeyView {
    /// The key itself. It is not kept, so it cannot be shown again.
    key: String,
    #[serde(flatten)]
    about: ApiKeyView,
}

/// All of them, the oldest first.
#[derive(Debug, Serialize, ToSchema)]
pub struct ApiKeysView {
    items: Vec<ApiKeyView>,
    /// Always null: there are at most ten.
    next: Option<String>,
}

impl From<ApiKeyRow> for ApiKeyView {
    fn from(row: ApiKeyRow) -> Self {
        let ApiKeyRow { id, name, ends_with, created_at } = row;
        Self { id, name, ends_with, created_at }
    }
}

/// One's keys.
#[utoipa::path(get, path = "/api-keys", tag = "coach", security(("bearer" = [])), responses((status = 200, body = ApiKeysView)))]
async fn list_keys(keys: web::Data<ApiKeys>, who: SignedIn) -> Result<web::Json<ApiKeysView>, Problem> {
    let items = api_keys::list_keys(&keys.db, who.user()).await?.into_iter().map(ApiKeyView::from).collect();
    Ok(web::Json(ApiKeysView { items, next: None }))
}

/// Makes a key. It is shown this once.
#[utoipa::path(post, path = "/api-keys", tag = "coach", security(("bearer" = [])), request_body = ApiKeyBody,
    responses((status = 201, body = NewApiKeyView), (status = 400, description = "request.malformed"),
        (status = 429, description = "live.limit_exceeded")))]
async fn create_key(keys: web::Data<ApiKeys>, who: SignedIn, body: web::Json<ApiKeyBody>) -> Result<HttpResponse, Problem> {
    let name = body.name.trim();
    if name.is_empty() || name.chars().count() > MAX_NAME || name.chars().any(char::is_control) {
        return Err(Problem::new(Code::BadRequest, "A key's name has 1 to 60 characters in one line."));
    }
    let random: [u8; 32] = rand::random();
    let key = format!("{PREFIX}{}", URL_SAFE_NO_PAD.encode(random));
    let ends_with = key.get(key.len().saturating_sub(SHOWN)..).unwrap_or_default();
    let new = NewKey { name, hash: Sha256::digest(&key).into(), ends_with };
    let now = madang_domain::time::stored(keys.clock.now());
    let made = api_keys::insert_key(&keys.db, who.user(), new, now).await?;
    let made = made.ok_or_else(|| Problem::new(Code::LimitExceeded, "You can have at most ten keys."))?;
    Ok(HttpResponse::Created().json(NewApiKeyView { key, about: made.into() }))
}

/// Removes one of one's keys: it opens nothing from then on.
#[utoipa::path(delete, path = "/api-keys/{key}", tag = "coach", security(("bearer" = [])),
    params(("key" = i64, Path)), responses((status = 204), (status = 404, description = "request.not_found")))]
async fn delete_key(keys: web::Data<ApiKeys>, who: SignedIn, path: web::Path<i64>) -> Result<HttpResponse, Problem> {
    if api_keys::delete_key(&keys.db, who.user(), path.into_inner()).await? {
        Ok(HttpResponse::NoContent().finish())
    } else {
        Err(Code::NotFound.into())
    }
}
