//! Devices that ring while no page is open.

use std::fmt;
use std::sync::Arc;

use actix_web::{HttpResponse, web};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use madang_domain::code::Code;
use madang_domain::device::Address;
use madang_domain::time::Timestamp;
use serde::{Deserialize, Serialize};
use sqlx::PgPool;
use utoipa::{OpenApi, ToSchema};

use super::auth::SignedIn;
use super::problem::Problem;
use crate::actors::kernel::clock::Clock;
use crate::clients::push::{Push, PushError};
use crate::storage::devices::{self, Device};

/// The paths of this area.
pub fn routes(cfg: &mut web::ServiceConfig) {
    cfg.service(web::resource("/devices").route(web::get().to(list_devices)).route(web::post().to(register_device)))
        .service(web::resource("/devices/{device}").route(web::delete().to(remove_device)))
        .service(web::resource("/push/key").route(web::get().to(show_key)));
}

/// What the OpenAPI document says of this area.
#[derive(OpenApi)]
#[openapi(paths(list_devices, register_device, remove_device, show_key))]
pub struct Document;

/// Devices, for handlers. Cheap to clone.
#[derive(Clone)]
pub struct Devices {
    db: PgPool,
    push: Arc<Push>,
    clock: Arc<dyn Clock>,
}

impl fmt::Debug for Devices {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Devices").field("push", &self.push).finish_non_exhaustive()
    }
}

impl Devices {
    /// Over the database and what can be pushed to.
    #[must_use]
    pub fn new(db: PgPool, push: Arc<Push>, clock: Arc<dyn Clock>) -> Self {
        Self { db, push, clock }
    }
}

/// A device, as it registers.
#[derive(Deserialize, ToSchema)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum DeviceBody {
    /// A phone.
    Fcm {
        /// The app's registration token.
        token: String,
    },
    /// A browser: its push subscription.
    WebPush {
        /// Where its push service takes messages.
        endpoint: String,
        /// Its keys.
        keys: KeysBody,
    },
}

/// A browser's keys, in base64url.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct KeysBody {
    p256dh: String,
    auth: String,
}

impl fmt::Debug for DeviceBody {
    /// Without what it says: who knows it can push.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DeviceBody")
    }
}

/// One of one's devices. Its address is not shown again.
#[derive(Debug, Serialize, ToSchema)]
pub struct DeviceView {
    id: i64,
    /// `fcm` or `web_push`.
    kind: &'static str,
    /// The end of its address, to tell one from the other.
    ends_with: String,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    /// When it registered last.
    #[schema(value_type = String, format = DateTime)]
    seen_at: Timestamp,
}

/// All of them, the oldest first.
#[derive(Debug, Serialize, ToSchema)]
pub struct DevicesView {
    items: Vec<DeviceView>,
    /// Always null: there are at most twenty.
    next: Option<String>,
}

/// A device's number.
#[derive(Debug, Serialize, ToSchema)]
pub struct RegisteredView {
    id: i64,
    kind: &'static str,
}

/// The server's public key for Web Push.
#[derive(Debug, Serialize, ToSchema)]
pub struct KeyView {
    /// An uncompressed point of P-256 in base64url: `applicationServerKey`.
    key: String,
}

impl DeviceBody {
    fn address(self) -> Result<Address, Problem> {
        let decode = |text: &str| {
            URL_SAFE_NO_PAD
                .decode(text.trim_end_matches('='))
                .map_err(|_| Problem::new(Code::DeviceInvalid, "The keys are not base64url."))
        };
        Ok(match self {
            Self::Fcm { token } => Address::Fcm { token },
            Self::WebPush { endpoint, keys } => {
                Address::WebPush { endpoint, p256dh: decode(&keys.p256dh)?, auth: decode(&keys.auth)? }
            }
        })
    }
}

impl From<Device> for DeviceView {
    fn from(device: Device) -> Self {
        let Device { id, address, created_at, seen_at } = device;
        let name = address.name();
        let ends_with = name.chars().skip(name.chars().count().saturating_sub(6)).collect();
        Self { id, kind: address.kind(), ends_with, created_at, seen_at }
    }
}

/// One's devices.
#[utoipa::path(get, path = "/devices", tag = "alarms", security(("bearer" = [])), responses((status = 200, body = DevicesView)))]
async fn list_devices(devices: web::Data<Devices>, who: SignedIn) -> Result<web::Json<DevicesView>, Problem> {
    let items = devices::list_devices(&devices.db, who.user()).await?.into_iter().map(DeviceView::from).collect();
    Ok(web::Json(DevicesView { items, next: None }))
}

/// Registers a device; the same device again is the same one. One that somebody else had registered is one's own then.
#[utoipa::path(post, path = "/devices", tag = "alarms", security(("bearer" = [])), request_body = DeviceBody,
    responses((status = 201, body = RegisteredView), (status = 404, description = "alarm.push_off"),
        (status = 409, description = "alarm.too_many_devices"), (status = 422, description = "alarm.device_invalid")))]
async fn register_device(
    devices: web::Data<Devices>,
    who: SignedIn,
    body: web::Json<DeviceBody>,
) -> Result<HttpResponse, Problem> {
    let address = body.into_inner().address()?;
    match devices.push.check(&address) {
        Ok(()) => {}
        Err(PushError::Off) => return Err(Code::PushOff.into()),
        Err(PushError::Refused(why)) => {
            return Err(Problem::new(Code::DeviceInvalid, format!("This device cannot be registered: {why}.")));
        }
        Err(PushError::Gone | PushError::Failed(_)) => return Err(Code::DeviceInvalid.into()),
    }
    let now = madang_domain::time::stored(devices.clock.now());
    let id = devices::put_device(&devices.db, who.user(), &address, now).await?.ok_or(Code::DevicesFull)?;
    Ok(HttpResponse::Created().json(RegisteredView { id, kind: address.kind() }))
}

/// Forgets one of one's devices.
#[utoipa::path(delete, path = "/devices/{device}", tag = "alarms", security(("bearer" = [])),
    params(("device" = i64, Path)), responses((status = 204), (status = 404, description = "request.not_found")))]
async fn remove_device(devices: web::Data<Devices>, who: SignedIn, path: web::Path<i64>) -> Result<HttpResponse, Problem> {
    if devices::remove_device(&devices.db, who.user(), path.into_inner()).await? {
        Ok(HttpResponse::NoContent().finish())
    } else {
        Err(Code::NotFound.into())
    }
}

/// The public key with which a browser subscribes to Web Push.
#[utoipa::path(get, path = "/push/key", tag = "alarms",
    responses((status = 200, body = KeyView), (status = 404, description = "alarm.push_off")))]
async fn show_key(devices: web::Data<Devices>) -> Result<web::Json<KeyView>, Problem> {
    let key = devices.push.web_key().ok_or(Code::PushOff)?.to_owned();
    Ok(web::Json(KeyView { key }))
}
