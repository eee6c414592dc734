//! Objects over HTTP: images for whoever knows their name, and uploads on their way into the local store.
//!
//! What is served never runs: types are images that we encoded ourselves, `nosniff`, a sandbox, nothing else loaded.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use actix_web::body::SizedStream;
use actix_web::http::header::{
    CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_LENGTH, CONTENT_SECURITY_POLICY, CONTENT_TYPE, ETAG, IF_NONE_MATCH, LOCATION,
    X_CONTENT_TYPE_OPTIONS,
};
use actix_web::middleware::from_fn;
use actix_web::{HttpRequest, HttpResponse, web};
use bytes::Bytes;
use futures_util::{StreamExt, stream};
use madang_domain::code::Code;
use tokio::io::AsyncReadExt;

use super::problem::{self, Problem};
use crate::actors::kernel::clock::Clock;
use crate::clients::objects::{BadLink, GetQuery, Key, Link, LocalStore, MediaType, ObjectStore, PutQuery, StoreError};

/// Bytes read from the disk at a time.
const CHUNK: usize = 64 * 1024;
/// How long the next bytes of an upload may take.
const NEXT_BYTES_WITHIN: Duration = Duration::from_secs(30);
/// An object never changes.
const FOR_EVER: &str = "public, max-age=31536000, immutable";

/// The objects, for the server's own paths. Cheap to clone.
#[derive(Clone)]
pub struct Objects {
    store: Arc<dyn ObjectStore>,
    /// The same, where it is a folder of ours.
    local: Option<LocalStore>,
    clock: Arc<dyn Clock>,
}

impl fmt::Debug for Objects {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Objects").field("store", &self.store).finish_non_exhaustive()
    }
}

impl Objects {
    /// A store that speaks S3: this server only leads there.
    #[must_use]
    pub fn elsewhere(store: Arc<dyn ObjectStore>, clock: Arc<dyn Clock>) -> Self {
        Self { store, local: None, clock }
    }

    /// A folder of ours: this server takes and serves objects itself.
    #[must_use]
    pub fn here(local: LocalStore, clock: Arc<dyn Clock>) -> Self {
        Self { store: Arc::new(local.clone()), local: Some(local), clock }
    }

    /// The store.
    #[must_use]
    pub fn store(&self) -> &Arc<dyn ObjectStore> {
        &self.store
    }
}

/// Where the object of that name is read on this server.
#[must_use]
pub fn path(key: &str) -> String {
    format!("/objects/{key}")
}

/// The paths of this area at the root.
pub fn media_routes(cfg: &mut web::ServiceConfig) {
    cfg.service(
        web::resource("/objects/{key}")
            .wrap(from_fn(problem::render))
            .route(web::get().to(show_object))
            .route(web::head().to(show_object))
            .route(web::put().to(receive_object)),
    );
}

fn known(key: &str) -> Result<Key, Problem> {
    key.parse().map_err(|_| Code::ObjectUnknown.into())
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Missing => Code::ObjectUnknown.into(),
            StoreError::Exists => Code::ObjectExists.into(),
            StoreError::TooLarge { .. } | StoreError::TooShort { .. } => Code::ObjectWrongSize.into(),
            StoreError::Failed(why) => {
                tracing::warn!(why, "the object store failed");
                Code::ObjectUnavailable.into()
            }
        }
    }
}

impl From<BadLink> for Problem {
    fn from(bad: BadLink) -> Self {
        match bad {
            BadLink::Forged => Code::ObjectLinkInvalid.into(),
            BadLink::Expired => Code::ObjectLinkExpired.into(),
        }
    }
}

/// An image by its name, which cannot be guessed; anything else by a signed link.
async fn show_object(
    objects: web::Data<Objects>,
    key: web::Path<String>,
    query: Option<web::Query<GetQuery>>,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let key = known(&key)?;
    let Some(local) = &objects.local else { return Ok(lead(&objects, &key)?) };
    if !key.is_public() {
        let query = query.ok_or(Code::ObjectLinkInvalid)?;
        local.signer().check_get(&key, &query, objects.clock.now())?;
    }
    let tag = format!("\"{key}\"");
    let known = request.headers().get(IF_NONE_MATCH).and_then(|value| value.to_str().ok());
    if known.is_some_and(|known| known.split(',').any(|known| known.trim().trim_start_matches("W/") == tag)) {
        return Ok(HttpResponse::NotModified().insert_header((ETAG, tag)).insert_header((CACHE_CONTROL, FOR_EVER)).finish());
    }
    let (file, bytes) = local.read(&key).await?;
    let chunks = stream::try_unfold((file, bytes), |(mut file, left)| async move {
        if left == 0 {
            return Ok(None);
        }
        let mut chunk = vec![0; CHUNK];
        let read = file.read(&mut chunk).await?;
        chunk.truncate(read);
        let left = if read == 0 { 0 } else { left.saturating_sub(u64::try_from(read).unwrap_or(left)) };
        Ok::<_, std::io::Error>(Some((Bytes::from(chunk), (file, left))))
    });
    let (cache, place) = if key.is_public() { (FOR_EVER, "inline") } else { ("private, no-store", "attachment") };
    Ok(HttpResponse::Ok()
        .insert_header((CONTENT_TYPE, key.media().name()))
        .insert_header((CACHE_CONTROL, cache))
        .insert_header((CONTENT_DISPOSITION, place))
        .insert_header((X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .insert_header((CONTENT_SECURITY_POLICY, "default-src 'none'; sandbox"))
        .insert_header((ETAG, tag))
        .body(SizedStream::new(bytes, chunks.boxed_local())))
}

/// To an image in a store of its own. What is not public is not led to: its owner is given the address itself.
fn lead(objects: &Objects, key: &Key) -> Result<HttpResponse, Code> {
    if !key.is_public() {
        return Err(Code::ObjectLinkInvalid);
    }
    match objects.store.link(key, objects.clock.now()) {
        Link::Here { .. } => Err(Code::ObjectUnknown),
        Link::Elsewhere { url, good_for } => {
            let kept = format!("private, max-age={}", good_for.as_secs() * 3 / 4);
            Ok(HttpResponse::Found().insert_header((LOCATION, url)).insert_header((CACHE_CONTROL, kept)).finish())
        }
    }
}

/// An upload: exactly what its signed link says, streamed to the disk.
async fn receive_object(
    objects: web::Data<Objects>,
    key: web::Path<String>,
    query: Option<web::Query<PutQuery>>,
    request: HttpRequest,
    mut body: web::Payload,
) -> Result<HttpResponse, Problem> {
    let key = known(&key)?;
    let local = objects.local.as_ref().ok_or(Code::ObjectUnknown)?;
    let query = query.ok_or(Code::ObjectLinkInvalid)?;
    let incoming = local.signer().check_put(key, &query, objects.clock.now())?;
    let header = |name| request.headers().get(name).and_then(|value| value.to_str().ok());
    let media = header(CONTENT_TYPE).and_then(|value| value.split(';').next()).and_then(MediaType::from_name);
    if media != Some(incoming.key.media()) {
        return Err(Code::ObjectWrongType.into());
    }
    if header(CONTENT_LENGTH).is_some_and(|length| length.parse() != Ok(incoming.bytes)) {
        return Err(Code::ObjectWrongSize.into());
    }
    let mut arriving = local.receive(&incoming.key, incoming.bytes).await?;
    loop {
        let next = tokio::time::timeout(NEXT_BYTES_WITHIN, body.next()).await;
        let broken = || Problem::new(Code::ObjectWrongSize, "The upload broke off.");
        match next.map_err(|_| broken())? {
            Some(Ok(chunk)) => arriving.take(&chunk).await?,
            Some(Err(_)) => return Err(broken()),
            None => break,
        }
    }
    arriving.finish().await?;
    metrics::counter!("objects_received_bytes_total").increment(incoming.bytes);
    Ok(HttpResponse::Created().finish())
}
