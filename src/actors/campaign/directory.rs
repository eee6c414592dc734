//! Which campaigns run, and what of their tasks never changes: so that a claim costs its campaign one short decision, and what
//! the person is shown is put together here.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use madang_domain::campaign::view::Shown;
use madang_domain::campaign::{Campaign, Rules, Stage};
use madang_domain::ids::{EntityId, UserId};
use parking_lot::RwLock;

use crate::actors::ask::Denied;
use crate::actors::kernel::Engine;

/// Tasks that one look brings.
const PART: usize = 1_000;

/// What never changes of a running campaign: its rules are frozen, and tasks are only added.
#[derive(Debug, Clone)]
pub(super) struct Sheet {
    pub(super) rules: Arc<Rules>,
    parts: Arc<Vec<Arc<Vec<Shown>>>>,
    length: usize,
}

impl Sheet {
    /// What is shown of a task; `None` when it came in after this was learnt.
    pub(super) fn task(&self, number: u32) -> Option<&Shown> {
        let mut number = usize::try_from(number).ok()?;
        for part in self.parts.iter() {
            if let Some(shown) = part.get(number) {
                return Some(shown);
            }
            number = number.checked_sub(part.len())?;
        }
        None
    }
}

/// All that is known of campaigns.
#[derive(Debug, Default)]
pub(super) struct Directory {
    running: RwLock<BTreeSet<i64>>,
    sheets: RwLock<BTreeMap<i64, Sheet>>,
    owners: RwLock<BTreeMap<i64, UserId>>,
}

impl Directory {
    /// Whose a campaign is, as far as is known here.
    pub(super) fn owner(&self, campaign: i64) -> Option<UserId> {
        self.owners.read().get(&campaign).copied()
    }

    /// Whose campaigns are.
    pub(super) fn owned(&self, owners: impl IntoIterator<Item = (i64, UserId)>) {
        self.owners.write().extend(owners);
    }

    /// The campaigns that give out tasks, as far as is known here.
    pub(super) fn running(&self) -> Vec<i64> {
        self.running.read().iter().copied().collect()
    }

    /// What never changes of a campaign, if it was learnt.
    pub(super) fn sheet(&self, campaign: i64) -> Option<Sheet> {
        self.sheets.read().get(&campaign).cloned()
    }

    /// It gives out no tasks any more; leases of it may still live, so its sheet stays until many others are known.
    pub(super) fn forget(&self, campaign: i64) {
        let is_still = self.running.write().remove(&campaign);
        let mut sheets = self.sheets.write();
        if !is_still && sheets.len() > 64 {
            sheets.remove(&campaign);
        }
    }

    /// Looks at a campaign: what came in since the last time.
    pub(super) async fn learn(&self, engine: &Engine, id: EntityId) -> Result<(), Denied> {
        let known = self.sheet(id.number());
        let mut parts = known.as_ref().map(|sheet| (*sheet.parts).clone()).unwrap_or_default();
        let mut length = known.as_ref().map_or(0, |sheet| sheet.length);
        let mut rules = known.map(|sheet| sheet.rules);
        loop {
            let wants_rules = rules.is_none();
            let seen = engine
                .look(id, move |campaign: &Campaign| {
                    let project = campaign.project()?;
                    let runs = project.stage == Stage::InProgress;
                    let rules = wants_rules.then(|| project.rules().clone());
                    Some((runs, rules, project.list_shown(length, PART)))
                })
                .await?;
            let Some((runs, frozen, shown)) = seen else { return Ok(()) };
            let more = shown.len() == PART;
            rules = rules.or_else(|| frozen.map(Arc::new));
            length += shown.len();
            if !shown.is_empty() {
                parts.push(Arc::new(shown));
            }
            if more {
                continue;
            }
            if let Some(rules) = rules {
                self.keep(id.number(), Sheet { rules, parts: Arc::new(parts), length }, runs);
            }
            return Ok(());
        }
    }

    fn keep(&self, campaign: i64, sheet: Sheet, runs: bool) {
        let mut sheets = self.sheets.write();
        if sheets.get(&campaign).is_none_or(|known| known.length <= sheet.length) {
            sheets.insert(campaign, sheet);
        }
        drop(sheets);
        let mut running = self.running.write();
        if runs {
            running.insert(campaign)
        } else {
            running.remove(&campaign)
        };
    }
}
