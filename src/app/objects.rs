//! The store of objects, and the workers that make tasks of uploads.

use std::sync::Arc;

use tokio::sync::Notify;
use uuid::Uuid;

use super::BuildError;
use super::secret;
use crate::actors::jobs::intake::detect::Components;
use crate::actors::jobs::intake::rooms::Rooms;
use crate::actors::jobs::intake::{self, Campaigns, Intake, IntakeParts};
use crate::actors::jobs::workers::{Work, Workers};
use crate::actors::kernel::Engine;
use crate::actors::kernel::clock::Clock;
use crate::clients::objects::{LocalStore, S3Settings, S3Store, Signer};
use crate::config::{ObjectSettings, Settings};
use crate::http::objects::Objects;
use crate::http::uploads::Uploads;
use crate::storage::Db;
use crate::storage::jobs::Worker;

/// Objects and uploads, and how to make their workers.
pub(super) struct Intakes {
    pub(super) objects: Objects,
    pub(super) uploads: Uploads,
    intake: Intake,
    node: String,
    at_once: u32,
}

impl Intakes {
    pub(super) fn build(
        settings: &Settings,
        clock: &Arc<dyn Clock>,
        db: &Db,
        engine: &Engine,
        node: String,
    ) -> Result<Self, BuildError> {
        let signer = Signer::new(&secret::read_or_make(&settings.auth, &settings.database)?);
        let objects = objects(settings, &signer, clock)?;
        let campaigns: Arc<dyn Campaigns> = Arc::new(Rooms::new(engine.clone()));
        let uploads = Uploads {
            db: db.pool().clone(),
            store: Arc::clone(objects.store()),
            campaigns: Arc::clone(&campaigns),
            clock: Arc::clone(clock),
            wake: Arc::new(Notify::new()),
            max_archive: settings.uploads.max_archive_bytes,
            per_campaign: settings.uploads.per_campaign,
        };
        let intake = Intake::new(IntakeParts {
            db: db.pool().clone(),
            store: Arc::clone(objects.store()),
            signer,
            campaigns,
            detector: Arc::new(Components),
            clock: Arc::clone(clock),
            folder: intake::folder(&settings.database.data_dir)?,
            at_once: usize::try_from(settings.uploads.images_at_once).unwrap_or(1),
        });
        Ok(Self { objects, uploads, intake, node, at_once: settings.uploads.jobs_at_once })
    }

    /// The workers of this process, who do other work besides.
    pub(super) fn workers(&self, others: Vec<Arc<dyn Work>>) -> Workers {
        let worker = Worker { node: self.node.clone(), id: Uuid::new_v4() };
        let at_once = usize::try_from(self.at_once).unwrap_or(1);
        let (db, wake) = (self.uploads.db.clone(), Arc::clone(&self.uploads.wake));
        let mut works: Vec<Arc<dyn Work>> = vec![Arc::new(self.intake.clone())];
        works.extend(others);
        Workers::new(db, worker, works, wake, at_once)
    }

    /// The work itself, for the chores.
    pub(super) fn intake(&self) -> Intake {
        self.intake.clone()
    }
}

fn objects(settings: &Settings, signer: &Signer, clock: &Arc<dyn Clock>) -> Result<Objects, BuildError> {
    let ObjectSettings { s3_endpoint, s3_region, s3_bucket, s3_access_key, s3_secret_key, s3_path_style, dir } =
        settings.objects.clone();
    if s3_endpoint.is_empty() {
        let dir = if dir.as_os_str().is_empty() { settings.database.data_dir.join("objects") } else { dir };
        return Ok(Objects::here(LocalStore::open(&dir, signer.clone())?, Arc::clone(clock)));
    }
    let settings = S3Settings {
        endpoint: s3_endpoint,
        region: s3_region,
        bucket: s3_bucket,
        access_key: s3_access_key,
        secret_key: s3_secret_key,
        path_style: s3_path_style,
    };
    let now = Arc::clone(clock);
    let store = S3Store::new(&settings, move || now.now()).map_err(|error| BuildError::Setting(error.to_string()))?;
    Ok(Objects::elsewhere(Arc::new(store), Arc::clone(clock)))
}
