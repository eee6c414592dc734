//! The mornings of the demo: a company with receipts to be read, people who read some of them, and an alarm.
//!
//! The receipts are drawn, not photographed; they and their boxes go in by an upload like everybody's.

use std::time::Duration;

use anyhow::{Context, anyhow};
use bytes::Bytes;
use madang_domain::alarm::Command as Clock;
use madang_domain::alarm::terms::Terms;
use madang_domain::campaign::{Command, Draft, Region, Rules, Stage};
use madang_domain::consensus::stop::StopRule;
use madang_domain::entity::{Actor, Role, Viewer};
use madang_domain::ids::{EntityId, Kind, UserId};
use serde::Deserialize;
use serde_json::json;
use uuid::Uuid;

use crate::actors::ask::Denied;
use crate::actors::campaign::pool::Task;
use crate::actors::kernel::Engine;
use crate::clients::objects::{Key, MediaType};
use crate::http::alarms::Alarms;
use crate::http::campaigns::Campaigns;
use crate::http::uploads::Uploads;
use crate::storage::campaigns::{insert_request, list_cards};
use crate::storage::uploads::{self, Announced, NewUpload};

/// Six receipts, each with a file of boxes beside it.
const RECEIPTS: &[u8] = include_bytes!("receipts.zip");
/// What stands in the boxes, for the people of the demo.
const TRUTHS: &str = include_str!("receipts.csv");
/// The people of the demo leave the rest to the visitor, in percent of the tasks.
const LEAVE_AFTER_PERCENT: u32 = 60;
/// Nobody reads faster. Above what the rules of the campaign take for a person's reading.
const READING: Duration = Duration::from_millis(450);
/// How many boxes each reads, whenever somebody looks after the demo.
const AT_A_TIME: usize = 2;
/// Of so many answers one is mistyped.
const SLIP_EVERY: u128 = 14;
/// The commands of the demo, so that they are given once however often it starts.
const REQUEST: Uuid = Uuid::from_u128(0x6d61_6461_6e67_0000_0000_0000_0000_0001);
const APPROVE: Uuid = Uuid::from_u128(0x6d61_6461_6e67_0000_0000_0000_0000_0002);
const UPLOAD: Uuid = Uuid::from_u128(0x6d61_6461_6e67_0000_0000_0000_0000_0003);
const ALARM: Uuid = Uuid::from_u128(0x6d61_6461_6e67_0000_0000_0000_0000_0004);

/// The parts of a running server that the mornings use.
#[derive(Debug, Clone)]
pub struct Parts {
    /// Where campaigns are asked for, and tasks given out.
    pub campaigns: Campaigns,
    /// Alarm clocks.
    pub alarms: Alarms,
    /// Where receipts go in.
    pub uploads: Uploads,
    /// Where numbers of campaigns come from.
    pub engine: Engine,
}

/// Who takes part.
#[derive(Debug, Clone)]
pub(super) struct Cast {
    pub(super) operator: UserId,
    pub(super) company: UserId,
    pub(super) readers: Vec<UserId>,
    /// Who has an alarm.
    pub(super) sleeper: UserId,
}

/// The mornings, set up.
#[derive(Debug)]
pub(super) struct Mornings {
    parts: Parts,
    cast: Cast,
    campaign: Option<EntityId>,
    truths: Vec<(Region, String)>,
}

#[derive(Deserialize)]
struct Truth {
    left: u32,
    top: u32,
    right: u32,
    bottom: u32,
    text: String,
}

fn denied(denied: Denied) -> anyhow::Error {
    anyhow!("the demo's morning was denied: {}", denied.code())
}

fn user(id: UserId, role: Role) -> Actor {
    Actor::User { id, roles: vec![role] }
}

impl Mornings {
    /// Asks for the campaign, lets it run, brings the receipts in and sets an alarm, as far as that was not done before.
    ///
    /// # Errors
    /// When the server is not able.
    pub(super) async fn set_up(parts: Parts, cast: Cast) -> anyhow::Result<Self> {
        let mut truths = Vec::new();
        for row in csv::Reader::from_reader(TRUTHS.as_bytes()).deserialize() {
            let Truth { left, top, right, bottom, text } = row.context("the demo's truths cannot be read")?;
            truths.push((Region { left, top, right, bottom }, text));
        }
        let mut mornings = Self { parts, cast, campaign: None, truths };
        mornings.campaign = mornings.open_campaign().await?;
        mornings.set_alarm().await?;
        Ok(mornings)
    }

    /// The campaign of the demo, as long as its company has no other.
    async fn open_campaign(&self) -> anyhow::Result<Option<EntityId>> {
        let Parts { campaigns, uploads, engine, .. } = &self.parts;
        let company = self.cast.company;
        let known = list_cards(&uploads.db, Some(company), None, i64::MAX, 100).await?;
        if let Some(oldest) = known.last() {
            return Campaigns::id(oldest.id).map(Some).map_err(denied);
        }
        let fresh = engine.allocate(Kind::Campaign).await.map_err(denied)?;
        let number = insert_request(&uploads.db, company, REQUEST, fresh.number()).await?;
        let id = Campaigns::id(number).map_err(denied)?;
        let draft = Draft {
            name: "영수증 읽기 · Receipts".to_owned(),
            description: "가게 영수증의 글자와 금액을 읽습니다. · Shop receipts: words and amounts.".to_owned(),
            rules: Rules {
                instructions: "상자 안의 글자를 그대로 적어 주세요 · Type what stands in the box".to_owned(),
                stop: StopRule::Quorum { min_votes: 3, agreement_bp: 6_600, max_votes: 7 },
                ..Rules::default()
            },
        };
        campaigns.ask(id, REQUEST, user(company, Role::Company), Command::Request(Box::new(draft))).await.map_err(denied)?;
        campaigns.ask(id, APPROVE, user(self.cast.operator, Role::Admin), Command::Approve).await.map_err(denied)?;
        campaigns.pool().note_owner(number, company);
        campaigns.pool().cards().refresh(number).await;
        self.bring_in(number).await?;
        Ok(Some(id))
    }

    /// Announces the receipts, puts them in and confirms them, as a browser would.
    async fn bring_in(&self, campaign: i64) -> anyhow::Result<()> {
        let Uploads { db, store, clock, wake, .. } = &self.parts.uploads;
        let mut secret = [0; 20];
        for (byte, random) in secret.iter_mut().zip(Uuid::new_v4().into_bytes().into_iter().chain(Uuid::new_v4().into_bytes()))
        {
            *byte = random;
        }
        let key = Key::upload(secret, MediaType::Zip);
        let new = NewUpload {
            campaign,
            owner: self.cast.company,
            command: UPLOAD,
            name: "receipts.zip".to_owned(),
            media: MediaType::Zip.name().to_owned(),
            bytes: i64::try_from(RECEIPTS.len())?,
            object: key.to_string(),
            gold_share_bp: 0,
            gold_seed: 0,
        };
        let Announced::Added(upload) = uploads::announce(db, &new, 10, clock.now()).await? else { return Ok(()) };
        store.put(&key, Bytes::from_static(RECEIPTS)).await?;
        if uploads::begin(db, upload.id, clock.now()).await? {
            wake.notify_one();
        }
        Ok(())
    }

    /// On workdays at seven, stopped by two answers.
    async fn set_alarm(&self) -> anyhow::Result<()> {
        let sleeper = self.cast.sleeper;
        let view = self.parts.alarms.view(sleeper).await.map_err(denied)?;
        if view.get("alarms").and_then(|alarms| alarms.as_array()).is_some_and(|alarms| !alarms.is_empty()) {
            return Ok(());
        }
        let terms: Terms = serde_json::from_value(json!({
            "time": "07:00", "days": ["mon", "tue", "wed", "thu", "fri"], "title": "아침 · Morning",
            "mission": true, "answers": 2, "wake_check_minutes": 5,
        }))?;
        let order = self.parts.alarms.missions().order(sleeper, user(sleeper, Role::User), ALARM, Clock::Add(Box::new(terms)));
        order.await.map(|_| ()).map_err(denied)
    }

    /// Lets each of the readers read one box, until enough of the campaign is done.
    ///
    /// # Errors
    /// When the server is not able.
    pub(super) async fn read(&self) -> anyhow::Result<()> {
        let Some(id) = self.campaign else { return Ok(()) };
        let viewer = Viewer::User { id: self.cast.company, roles: vec![Role::Company] };
        let looked = self.parts.campaigns.look(id, viewer, |project| {
            let Stage::InProgress = project.stage else { return false };
            let done = project.progress.settled().saturating_mul(100);
            done < project.progress.tasks.saturating_mul(LEAVE_AFTER_PERCENT)
        });
        if !looked.await.map_err(denied)? {
            return Ok(());
        }
        for reader in std::iter::repeat_n(&self.cast.readers, AT_A_TIME).flatten() {
            let pool = self.parts.campaigns.pool();
            let number = id.number();
            // Of this campaign alone: whatever else runs is left to people.
            let task = match pool.next_of(number, *reader, Uuid::new_v4()).await {
                Ok(task) => task,
                Err(Denied::Refused { .. }) => continue,
                Err(failed) => return Err(denied(failed)),
            };
            tokio::time::sleep(READING).await;
            let Task { lease, fence, .. } = task;
            let told = match self.reading(&task) {
                Some(answer) => pool.answer(*reader, Uuid::new_v4(), number, lease, fence, &answer).await.map(|_| ()),
                None => pool.give_back(*reader, Uuid::new_v4(), number, lease, fence).await,
            };
            if let Err(why) = told {
                tracing::debug!(code = %why.code(), "an answer of the demo was not taken");
            }
        }
        Ok(())
    }

    /// What a person reads in a box: mostly what stands there.
    fn reading(&self, task: &Task) -> Option<String> {
        let (_, truth) = self.truths.iter().find(|(region, _)| Some(*region) == task.region)?;
        let slips = task.lease.as_u128().checked_rem(SLIP_EVERY) == Some(0);
        let kept = truth.chars().count().saturating_sub(usize::from(slips)).max(1);
        Some(truth.chars().take(kept).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_truths_are_read_and_their_boxes_differ() {
        let rows: Vec<Truth> = csv::Reader::from_reader(TRUTHS.as_bytes()).deserialize().map(Result::unwrap).collect();
        assert_eq!(rows.len(), 52);
        let boxes: std::collections::HashSet<_> = rows.iter().map(|row| (row.left, row.top, row.right, row.bottom)).collect();
        assert_eq!(boxes.len(), rows.len(), "a reader knows a box by its place");
        assert!(rows.iter().all(|row| row.left < row.right && row.top < row.bottom && !row.text.is_empty()));
    }
}
