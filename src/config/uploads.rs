//! `[objects]` and `[uploads]`: where files are kept, and how many are taken.

use std::fmt;
use std::path::PathBuf;

use serde::Deserialize;

use super::{BadSettings, at_least};

/// Where uploads and images are kept.
#[derive(Clone, PartialEq, Eq, Deserialize)]
pub struct ObjectSettings {
    /// The address of a store that speaks S3; empty keeps objects in a folder.
    pub s3_endpoint: String,
    /// Its region.
    pub s3_region: String,
    /// The bucket.
    pub s3_bucket: String,
    /// The access key's name.
    pub s3_access_key: String,
    /// The access key's secret.
    pub s3_secret_key: String,
    /// Whether the bucket is named in the path.
    pub s3_path_style: bool,
    /// The folder; empty is `objects` in the data directory.
    pub dir: PathBuf,
}

impl fmt::Debug for ObjectSettings {
    /// Without the secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { s3_endpoint, s3_bucket, dir, .. } = self;
        f.debug_struct("ObjectSettings")
            .field("s3_endpoint", s3_endpoint)
            .field("s3_bucket", s3_bucket)
            .field("dir", dir)
            .finish_non_exhaustive()
    }
}

impl ObjectSettings {
    pub(super) fn check(&self) -> Result<(), BadSettings> {
        if self.s3_endpoint.is_empty() {
            return Ok(());
        }
        if !["https://", "http://"].iter().any(|scheme| self.s3_endpoint.starts_with(scheme)) {
            return Err(BadSettings::value("objects.s3_endpoint", "it must begin with https:// or http://"));
        }
        let needed = [
            ("objects.s3_region", &self.s3_region),
            ("objects.s3_bucket", &self.s3_bucket),
            ("objects.s3_access_key", &self.s3_access_key),
            ("objects.s3_secret_key", &self.s3_secret_key),
        ];
        let missing = needed.into_iter().find(|(_, value)| value.is_empty());
        missing.map_or(Ok(()), |(key, _)| Err(BadSettings::value(key, "it must be set where objects.s3_endpoint is")))
    }
}

/// How much is taken at a time.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct UploadSettings {
    /// The largest archive, in bytes.
    pub max_archive_bytes: u64,
    /// Open uploads of one campaign.
    pub per_campaign: u32,
    /// Uploads worked up at the same time.
    pub jobs_at_once: u32,
    /// Images worked on at the same time.
    pub images_at_once: u32,
}

impl UploadSettings {
    pub(super) fn check(&self) -> Result<(), BadSettings> {
        at_least("uploads.max_archive_bytes", self.max_archive_bytes, 1)?;
        at_least("uploads.per_campaign", u64::from(self.per_campaign), 1)?;
        at_least("uploads.jobs_at_once", u64::from(self.jobs_at_once), 1)?;
        at_least("uploads.images_at_once", u64::from(self.images_at_once), 1)
    }
}
