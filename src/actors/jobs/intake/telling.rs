//! What an owner is told of an upload while it is worked up.

use chrono::TimeDelta;
use madang_domain::campaign::event::{UploadStep, UploadWent};
use madang_domain::ids::{EntityId, Kind};
use madang_domain::time::Timestamp;
use parking_lot::Mutex;

use super::Intake;
use crate::storage::uploads;

/// How often an owner is told how far an upload is, at most; the beginning and the end are always told.
const EVERY: TimeDelta = TimeDelta::seconds(1);

/// When it was told last.
#[derive(Debug)]
pub(super) struct Pace(Mutex<Timestamp>);

impl Pace {
    /// It was told at that moment.
    pub(super) fn since(at: Timestamp) -> Self {
        Self(Mutex::new(at))
    }

    /// Whether it is time to tell again; then it counts as told.
    pub(super) fn is_due(&self, now: Timestamp) -> bool {
        let mut told_at = self.0.lock();
        let due = now - *told_at >= EVERY;
        if due {
            *told_at = now;
        }
        due
    }
}

impl Intake {
    /// Tells how far an upload is. What cannot be told is seen by who asks.
    pub(super) async fn tell(&self, id: i64, step: UploadStep) {
        let Ok(Some(upload)) = uploads::find(&self.parts.db, id).await else { return };
        let Some(campaign) = EntityId::new(Kind::Campaign, upload.new.campaign) else { return };
        let count = |count: i32| u32::try_from(count).unwrap_or(0);
        let went = UploadWent {
            upload: id,
            step,
            files: upload.files.map(count),
            done: count(upload.files_done),
            refused: count(upload.files_refused),
            tasks: count(upload.tasks),
        };
        self.parts.campaigns.tell(campaign, went).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_told_once_a_second_at_most() {
        let start: Timestamp = "2026-03-01T05:00:00Z".parse().unwrap();
        let pace = Pace::since(start);
        let due: Vec<i64> = (0..4_000).step_by(100).filter(|ms| pace.is_due(start + TimeDelta::milliseconds(*ms))).collect();
        assert_eq!(due, [1_000, 2_000, 3_000]);
    }
}
