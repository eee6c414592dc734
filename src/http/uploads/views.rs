//! Uploads as they look on the wire.

use std::collections::BTreeMap;

use madang_domain::time::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::clients::objects::Ticket;
use crate::http::problem::Problem;
use crate::storage::uploads::{FaultyFile, Upload};

/// An upload about to be sent.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct UploadBody {
    /// The file's name, 1 to 255 characters.
    pub(super) name: String,
    /// application/zip, image/jpeg, image/png or image/webp.
    #[serde(rename = "type")]
    #[schema(example = "application/zip")]
    pub(super) media: String,
    /// Its exact size.
    pub(super) bytes: u64,
    /// How many of ten thousand texts that came with boxes become gold, besides those that are marked.
    #[serde(default)]
    pub(super) gold_share_bp: u16,
    /// Which of them: another number, another draw.
    #[serde(default)]
    pub(super) gold_seed: i64,
    /// The client's id of this request. Or as header `Idempotency-Key`.
    pub(super) command_id: Option<Uuid>,
}

/// The request that brings the bytes in.
#[derive(Debug, Serialize, ToSchema)]
pub struct PutView {
    /// Absolute, or a path of this server.
    url: String,
    /// PUT.
    method: &'static str,
    /// To be sent exactly so.
    headers: BTreeMap<&'static str, String>,
    /// When it must have begun.
    #[schema(value_type = String, format = DateTime)]
    expires_at: Timestamp,
}

/// An announced upload.
#[derive(Debug, Serialize, ToSchema)]
pub struct AnnouncedView {
    upload: UploadView,
    put: PutView,
}

impl AnnouncedView {
    pub(super) fn new(upload: UploadView, ticket: Ticket) -> Self {
        let Ticket { url, method, headers, expires_at } = ticket;
        Self { upload, put: PutView { url, method, headers: headers.into_iter().collect(), expires_at } }
    }
}

/// An upload and how far it is.
#[derive(Debug, Serialize, ToSchema)]
pub struct UploadView {
    id: i64,
    campaign: i64,
    name: String,
    #[serde(rename = "type")]
    media: String,
    bytes: i64,
    /// waiting (for its bytes), working, done, failed or expired.
    state: &'static str,
    /// Why it failed as a whole.
    failure: Option<FailureView>,
    /// Files in it; null until it is unpacked.
    files: Option<i32>,
    /// Files that are settled.
    files_done: i32,
    /// Of those, the ones of which nothing was taken.
    files_refused: i32,
    /// Tasks made.
    tasks: i32,
    /// Of those, the ones the campaign has.
    tasks_added: i32,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    #[schema(value_type = String, format = DateTime)]
    changed_at: Timestamp,
}

/// Why an upload failed as a whole.
#[derive(Debug, Serialize, ToSchema)]
pub struct FailureView {
    /// Its stable name.
    #[schema(example = "archive.unreadable")]
    code: String,
    /// One sentence.
    message: String,
}

impl From<&Upload> for UploadView {
    fn from(upload: &Upload) -> Self {
        Self {
            id: upload.id,
            campaign: upload.new.campaign,
            name: upload.new.name.clone(),
            media: upload.new.media.clone(),
            bytes: upload.new.bytes,
            state: upload.state.name(),
            failure: upload.failure.clone().map(|(code, message)| FailureView { code, message }),
            files: upload.files,
            files_done: upload.files_done,
            files_refused: upload.files_refused,
            tasks: upload.tasks,
            tasks_added: upload.tasks_added,
            created_at: upload.created_at,
            changed_at: upload.changed_at,
        }
    }
}

/// Uploads, the newest first.
#[derive(Debug, Serialize, ToSchema)]
pub struct UploadsView {
    pub(super) items: Vec<UploadView>,
    /// For the next page's `after`; null on the last.
    pub(super) next: Option<String>,
}

/// One thing that is wrong.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct FaultView {
    /// Its stable name.
    #[schema(example = "boxes.outside")]
    code: String,
    /// One sentence.
    message: String,
    /// The line of the file of boxes, or the number of the box.
    line: Option<u64>,
}

/// A file with something wrong.
#[derive(Debug, Serialize, ToSchema)]
pub struct FaultyFileView {
    /// Its name in the upload.
    name: String,
    /// Whether some of it became tasks nevertheless.
    taken: bool,
    faults: Vec<FaultView>,
}

/// Files with something wrong, in order.
#[derive(Debug, Serialize, ToSchema)]
pub struct FaultsView {
    items: Vec<FaultyFileView>,
    /// For the next page's `after`; null on the last.
    next: Option<String>,
}

impl FaultsView {
    pub(super) fn new(files: Vec<FaultyFile>, next: Option<String>) -> Result<Self, Problem> {
        let view = |file: FaultyFile| {
            let faults = serde_json::from_value(file.faults).map_err(Problem::internal)?;
            Ok(FaultyFileView { name: file.name, taken: file.taken, faults })
        };
        Ok(Self { items: files.into_iter().map(view).collect::<Result<_, Problem>>()?, next })
    }
}
