//! From an upload to tasks: unpack, check, make images that may be shown, find the boxes, add the tasks to the campaign.
//!
//! One run of [`Intake`] is one job. [`archive`] reads the files one after another on a thread of its own; a few at a time
//! go through [`task`]: [`picture`] checks the image, [`boxes`] reads what came beside it, [`detect`] looks for text where
//! nothing came. Each file is settled in the database as soon as its image lies in the store, so a run that is cut off goes
//! on after the last settled file. When all are settled the tasks go to the campaign in parts whose ids follow from the
//! upload: a part that comes twice is added once.

pub mod archive;
pub mod boxes;
pub mod detect;
pub mod fault;
pub mod picture;
pub mod rooms;
pub mod task;
mod telling;
#[cfg(test)]
mod tests;

use std::collections::HashSet;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bytes::Bytes;
use futures_util::future::BoxFuture;
use futures_util::{StreamExt, TryStreamExt, stream};
use madang_domain::campaign::event::{UploadStep, UploadWent};
use madang_domain::campaign::{NewTask, TaskKind};
use madang_domain::ids::{EntityId, Kind, UserId};
use sqlx::PgPool;
use tokio::sync::{Semaphore, mpsc};
use uuid::Uuid;

use self::archive::{Opened, Raw};
use self::detect::Detector;
use self::fault::Why;
use self::task::{Wanted, Worked};
use self::telling::Pace;
use super::workers::{Trouble, Work};
use crate::actors::ask::Denied;
use crate::actors::kernel::clock::Clock;
use crate::clients::objects::{Key, MediaType, ObjectStore, Signer, StoreError};
use crate::error::Surface;
use crate::storage::uploads::{self, SettledFile, Upload, UploadState};

/// Tasks in one order to the campaign.
pub const PART: usize = 500;
/// How long after its announcement an upload must be confirmed.
const CONFIRM_WITHIN: chrono::Duration = chrono::Duration::hours(24);
/// Files settled in one statement.
const SETTLE: usize = 16;

/// What an upload must know of its campaign.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CampaignFacts {
    /// Whose it is.
    pub owner: UserId,
    /// Whether it can still be given tasks.
    pub open: bool,
    /// What is asked about each image.
    pub kind: TaskKind,
    /// What may be chosen, where something is.
    pub choices: Vec<String>,
}

/// The campaigns, as uploads know them.
pub trait Campaigns: fmt::Debug + Send + Sync + 'static {
    /// What a campaign is; `None` where there is none of that number.
    fn facts(&self, campaign: i64) -> BoxFuture<'_, Result<Option<CampaignFacts>, Denied>>;

    /// Adds part number `part` of an upload to it. The same part again changes nothing.
    fn add(&self, campaign: EntityId, upload: i64, part: u32, tasks: Vec<NewTask>) -> BoxFuture<'_, Result<(), Denied>>;

    /// Tells whoever watches the campaign how far an upload is. Where it fails nobody is told: the upload says so itself.
    fn tell(&self, campaign: EntityId, went: UploadWent) -> BoxFuture<'_, ()>;
}

/// What the intake is made of.
pub struct IntakeParts {
    /// The database.
    pub db: PgPool,
    /// Where uploads and images lie.
    pub store: Arc<dyn ObjectStore>,
    /// Makes the names of images.
    pub signer: Signer,
    /// The campaigns.
    pub campaigns: Arc<dyn Campaigns>,
    /// Finds text where no boxes came.
    pub detector: Arc<dyn Detector>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// A folder of this process alone, for uploads while they are read.
    pub folder: PathBuf,
    /// Images worked on at the same time, in all jobs together.
    pub at_once: usize,
}

impl fmt::Debug for IntakeParts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("IntakeParts").field("store", &self.store).field("at_once", &self.at_once).finish_non_exhaustive()
    }
}

/// The work of jobs of the kind `intake`. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Intake {
    parts: Arc<IntakeParts>,
    /// Bounds the images that are decoded at the same time.
    room: Arc<Semaphore>,
}

/// Why a run ended early.
#[derive(Debug)]
enum Ended {
    /// For now.
    Trouble(Trouble),
    /// The upload is no good, in a word of the closed list.
    Bad(Why),
    /// The campaign does not take it: a code and a sentence.
    Refused(String, String),
}

impl<T: Into<Trouble>> From<T> for Ended {
    fn from(trouble: T) -> Self {
        Self::Trouble(trouble.into())
    }
}

impl From<std::io::Error> for Trouble {
    fn from(error: std::io::Error) -> Self {
        Self(format!("the disk: {error}"))
    }
}

impl From<tokio::task::JoinError> for Trouble {
    fn from(error: tokio::task::JoinError) -> Self {
        Self(format!("a thread ended early: {error}"))
    }
}

impl From<StoreError> for Trouble {
    fn from(error: StoreError) -> Self {
        Self(error.to_string())
    }
}

impl From<Denied> for Ended {
    fn from(denied: Denied) -> Self {
        match denied {
            Denied::Failed(code) if Surface::of(code).temporary => {
                Self::Trouble(Trouble(format!("the campaign could not be asked: {code}")))
            }
            Denied::Failed(code) => Self::Refused(code.name().to_owned(), code.sentence().to_owned()),
            Denied::Refused { code, message, .. } => Self::Refused(code.name().to_owned(), message),
        }
    }
}

/// A file that is gone when it goes out of scope.
struct Copy(PathBuf);

impl Drop for Copy {
    fn drop(&mut self) {
        // Left behind by a crash, it is removed with its folder at the next start.
        let _ = std::fs::remove_file(&self.0);
    }
}

impl Intake {
    /// The intake of this process.
    #[must_use]
    pub fn new(parts: IntakeParts) -> Self {
        let room = Arc::new(Semaphore::new(parts.at_once.max(1)));
        Self { parts: Arc::new(parts), room }
    }

    /// Forgets announced uploads whose bytes were not confirmed within a day, and what came of them.
    ///
    /// # Errors
    /// The database's.
    pub async fn forget(&self) -> Result<(), sqlx::Error> {
        let now = self.parts.clock.now();
        for object in uploads::expire(&self.parts.db, now - CONFIRM_WITHIN, now).await? {
            let Ok(key) = object.parse::<Key>() else { continue };
            if let Err(error) = self.parts.store.remove(&key).await {
                tracing::warn!(%error, "an upload that nobody confirmed could not be removed");
            }
        }
        Ok(())
    }

    async fn take_in(&self, id: i64) -> Result<(), Trouble> {
        let upload = uploads::find(&self.parts.db, id).await?;
        let Some(upload) = upload.filter(|upload| upload.state == UploadState::Working) else { return Ok(()) };
        let failure = match self.steps(&upload).await {
            Ok(()) => None,
            Err(Ended::Trouble(trouble)) => return Err(trouble),
            Err(Ended::Bad(why)) => Some((why.name().to_owned(), why.sentence().to_owned())),
            Err(Ended::Refused(code, message)) => Some((code, message)),
        };
        self.end(&upload, failure.as_ref().map(|(code, message)| (code.as_str(), message.as_str()))).await
    }

    /// Tells how it ended and lets go of what was sent: only what became of it is kept.
    async fn end(&self, upload: &Upload, failure: Option<(&str, &str)>) -> Result<(), Trouble> {
        uploads::end(&self.parts.db, upload.id, failure, self.parts.clock.now()).await?;
        let (outcome, step) = if failure.is_some() { ("failed", UploadStep::Failed) } else { ("done", UploadStep::Done) };
        self.tell(upload.id, step).await;
        metrics::counter!("intake_uploads_total", "outcome" => outcome).increment(1);
        if let Ok(key) = upload.new.object.parse()
            && let Err(error) = self.parts.store.remove(&key).await
        {
            tracing::warn!(upload = upload.id, %error, "an upload that is worked up could not be removed");
        }
        Ok(())
    }

    async fn steps(&self, upload: &Upload) -> Result<(), Ended> {
        let facts = self.parts.campaigns.facts(upload.new.campaign).await?;
        let campaign = EntityId::new(Kind::Campaign, upload.new.campaign);
        let (Some(facts), Some(campaign)) = (facts, campaign) else { return Err(Ended::Bad(Why::Gone)) };
        let wanted = Wanted {
            kind: facts.kind,
            choices: facts.choices,
            gold_share_bp: u16::try_from(upload.new.gold_share_bp).unwrap_or(0),
            gold_seed: upload.new.gold_seed,
        };
        if upload.files.is_none_or(|files| upload.files_done < files) {
            self.prepare(upload, wanted).await?;
        }
        self.add(upload, campaign).await
    }

    /// Settles every file that is not settled yet.
    async fn prepare(&self, upload: &Upload, wanted: Wanted) -> Result<(), Ended> {
        let parts = &self.parts;
        let key: Key = upload.new.object.parse().map_err(|_| Ended::Bad(Why::Gone))?;
        let announced = u64::try_from(upload.new.bytes).unwrap_or(0);
        let copy = Copy(parts.folder.join(format!("{}-{}", upload.id, Uuid::new_v4().simple())));
        match parts.store.fetch(&key, &copy.0, announced).await {
            Ok(bytes) if bytes == announced => {}
            Ok(_) | Err(StoreError::TooLarge { .. }) => return Err(Ended::Bad(Why::OtherSize)),
            Err(StoreError::Missing) => return Err(Ended::Bad(Why::Gone)),
            Err(error) => return Err(error.into()),
        }
        let settled = uploads::settled(&parts.db, upload.id).await?.into_iter().collect();
        let (path, media, name) = (copy.0.clone(), key.media(), upload.new.name.clone());
        let opened = tokio::task::spawn_blocking(move || Opened::open(&path, media, &name)).await??.map_err(Ended::Bad)?;
        let files = i32::try_from(opened.files()).unwrap_or(i32::MAX);
        uploads::unpacked(&parts.db, upload.id, files, parts.clock.now()).await?;
        self.tell(upload.id, UploadStep::Working).await;
        let wanted = Arc::new(wanted);
        let pace = Pace::since(parts.clock.now());
        stream::poll_fn(reading(opened, settled))
            .map(|raw| self.settle_one(upload.id, raw, Arc::clone(&wanted)))
            .buffer_unordered(parts.at_once.max(1))
            .try_ready_chunks(SETTLE)
            .map_err(|stream::TryReadyChunksError(_, ended)| ended)
            .try_for_each(|files| async {
                let files = files;
                let now = parts.clock.now();
                uploads::settle(&parts.db, upload.id, &files, now).await?;
                if pace.is_due(now) {
                    self.tell(upload.id, UploadStep::Working).await;
                }
                Ok(())
            })
            .await?;
        drop(copy);
        Ok(())
    }

    /// Works one file up and puts its image into the store.
    async fn settle_one(&self, upload: i64, raw: std::io::Result<Raw>, wanted: Arc<Wanted>) -> Result<SettledFile, Ended> {
        let (raw, detector) = (raw?, Arc::clone(&self.parts.detector));
        let worked = {
            let _place = self.room.acquire().await.map_err(|_| Trouble("the server stops".to_owned()))?;
            tokio::task::spawn_blocking(move || task::work_up(raw, &wanted, &*detector)).await?
        };
        let Worked { n, name, image, faults } = worked;
        let taken = image.is_some();
        let tasks = match image {
            None => Vec::new(),
            Some(mut shown) => {
                let key = Key::image(self.parts.signer.digest(&[b"image", &upload.to_be_bytes(), &n.to_be_bytes()]));
                self.parts.store.put(&key, Bytes::from(std::mem::take(&mut shown.jpeg))).await?;
                shown.tasks(key.as_str())
            }
        };
        metrics::counter!("intake_files_total", "outcome" => if taken { "taken" } else { "refused" }).increment(1);
        let json = |error: serde_json::Error| Trouble(error.to_string());
        let tasks = serde_json::to_value(tasks).map_err(json)?;
        Ok(SettledFile { n, name, tasks, faults: serde_json::to_value(faults).map_err(json)?, taken })
    }

    /// Gives the campaign every task that it does not have yet.
    async fn add(&self, upload: &Upload, campaign: EntityId) -> Result<(), Ended> {
        let parts = &self.parts;
        let mut tasks: Vec<NewTask> = Vec::new();
        for of_one_file in uploads::tasks(&parts.db, upload.id).await? {
            let of_one_file: Vec<NewTask> =
                serde_json::from_value(of_one_file).map_err(|error| Trouble(format!("stored tasks: {error}")))?;
            tasks.extend(of_one_file);
        }
        if tasks.is_empty() {
            return Err(Ended::Bad(Why::NothingTaken));
        }
        let mut added = 0;
        for (part, tasks) in (0..).zip(tasks.chunks(PART)) {
            parts.campaigns.add(campaign, upload.id, part, tasks.to_vec()).await?;
            added += tasks.len();
            metrics::counter!("intake_tasks_total").increment(u64::try_from(tasks.len()).unwrap_or(0));
            let so_far = i32::try_from(added).unwrap_or(i32::MAX);
            uploads::added(&parts.db, upload.id, so_far, parts.clock.now()).await?;
        }
        Ok(())
    }
}

/// Reads files on a thread of its own, a few ahead of who works on them; ends when nobody does any more.
fn reading(
    mut opened: Opened,
    settled: HashSet<i32>,
) -> impl FnMut(&mut std::task::Context<'_>) -> std::task::Poll<Option<std::io::Result<Raw>>> {
    let (give, mut take) = mpsc::channel(2);
    tokio::task::spawn_blocking(move || {
        for n in 0..opened.files() {
            if i32::try_from(n).is_ok_and(|n| settled.contains(&n)) {
                continue;
            }
            let Some(raw) = opened.read(n).transpose() else { return };
            let failed = raw.is_err();
            if give.blocking_send(raw).is_err() || failed {
                return;
            }
        }
    });
    move |context| take.poll_recv(context)
}

impl Work for Intake {
    fn kind(&self) -> &'static str {
        uploads::JOB
    }

    fn run(&self, subject: i64) -> BoxFuture<'_, Result<(), Trouble>> {
        Box::pin(self.take_in(subject))
    }

    fn give_up(&self, subject: i64) -> BoxFuture<'_, Result<(), Trouble>> {
        Box::pin(async move {
            let Some(upload) = uploads::find(&self.parts.db, subject).await? else { return Ok(()) };
            self.end(&upload, Some((Why::GaveUp.name(), Why::GaveUp.sentence()))).await
        })
    }
}

/// A fresh folder for uploads while they are read; what an earlier process left in it is removed.
///
/// # Errors
/// The file system's.
pub fn folder(data_dir: &Path) -> std::io::Result<PathBuf> {
    let folder = data_dir.join("intake");
    match std::fs::remove_dir_all(&folder) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error),
        Ok(()) | Err(_) => {}
    }
    std::fs::create_dir_all(&folder)?;
    Ok(folder)
}

/// The types that are taken as uploads, and how many bytes each may have.
#[must_use]
pub const fn most_bytes(media: MediaType, archive: u64) -> u64 {
    match media {
        MediaType::Zip => archive,
        MediaType::Jpeg | MediaType::Png | MediaType::Webp => archive::MOST_IMAGE_BYTES,
    }
}
