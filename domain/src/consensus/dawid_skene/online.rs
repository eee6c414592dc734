//! The model of Dawid and Skene, kept up to date answer by answer inside a campaign.
//!
//! Incremental expectation maximisation (Neal and Hinton 1998): a new answer to an item takes the item's old share out of the
//! counts, finds the item's belief anew by the tables as they are without it, and puts the new share in. One answer costs as
//! much as the item has answers; nothing else is touched. An item that has been settled is forgotten, what it taught stays.
//!
//! Beliefs and counts are whole numbers of millionths. What is taken out is exactly what was put in, however long a campaign
//! runs, and the same answers give the same state on every machine (no logarithms).

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::ids::UserId;

/// One whole answer, in the units of beliefs and counts.
const ONE: u32 = 1_000_000;
/// Up to so many choices each worker has a whole table of confusions; with more, one figure for all of them.
pub const MOST_CLASSES: u16 = 16;
/// Everybody starts as if they had given so many answers ...
const IMAGINED: f64 = 4.0;
/// ... of which this share was right.
const IMAGINED_RIGHT: f64 = 0.7;
/// An item teaches nothing before it has so many answers: one alone only confirms itself.
const TEACHES_FROM: usize = 2;
/// So many answers to one item are kept; further ones are not taken.
pub const MOST_VOTES: usize = 100;

/// What one worker has said, by what was probably true.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
struct Record {
    /// With tables: for each true class, how often each answer was given. Otherwise one row: how often right, and how often
    /// wrong.
    rows: Vec<Vec<u64>>,
}

/// One open item.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
struct Item {
    /// Who said what.
    votes: Vec<(UserId, u16)>,
    /// The probability of each answer in millionths. For open answers the rest up to one whole is for what nobody has said.
    belief: Vec<u32>,
}

/// Workers' tables and items' beliefs of one campaign. Labels are the numbers of the choices, or for open answers the numbers
/// that the caller gives to an item's different answers, from 0 without gaps.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OnlineDawidSkene {
    /// The number of choices; none when any text may be the answer.
    options: Option<u16>,
    /// How often each class was true; empty without tables.
    classes: Vec<u64>,
    workers: BTreeMap<UserId, Record>,
    items: BTreeMap<u32, Item>,
}

impl OnlineDawidSkene {
    /// Nothing known yet. `options` is the number of choices, `None` for open answers.
    #[must_use]
    pub fn new(options: Option<u16>) -> Self {
        let tables = options.filter(|options| *options <= MOST_CLASSES);
        Self { options, classes: vec![0; usize::from(tables.unwrap_or(0))], workers: BTreeMap::new(), items: BTreeMap::new() }
    }

    /// Takes an answer to an item. `false` when nothing changed: the worker has answered it before, the label is none of the
    /// choices, or the item has [`MOST_VOTES`] answers.
    pub fn answer(&mut self, item: u32, worker: UserId, label: u16) -> bool {
        let known = self.items.get(&item);
        let full = known
            .is_some_and(|known| known.votes.len() >= MOST_VOTES || known.votes.iter().any(|(earlier, _)| *earlier == worker));
        if full || self.options.is_some_and(|options| label >= options) {
            return false;
        }
        let mut taken = self.take(item);
        taken.votes.push((worker, label));
        self.put(item, taken);
        true
    }

    /// Takes somebody's answer to an open item back, as if it had never been given.
    pub fn withdraw(&mut self, item: u32, worker: UserId) {
        let mut taken = self.take(item);
        taken.votes.retain(|(voter, _)| *voter != worker);
        if !taken.votes.is_empty() {
            self.put(item, taken);
        }
    }

    /// Takes an answer to a question whose truth is known.
    pub fn gold(&mut self, worker: UserId, truth: u16, label: u16) {
        let width = self.classes.len();
        self.workers.entry(worker).or_default().count(width, truth, label, u64::from(ONE));
    }

    /// The item's truth is settled: its answers teach for certain what they taught by belief, and the item is forgotten.
    /// `None` when there will be no truth: then its answers teach nothing.
    pub fn settle(&mut self, item: u32, truth: Option<u16>) {
        let taken = self.take(item);
        let Some(truth) = truth else { return };
        if let Some(count) = self.classes.get_mut(usize::from(truth)) {
            *count = count.saturating_add(u64::from(ONE));
        }
        for (worker, label) in taken.votes {
            self.gold(worker, truth, label);
        }
    }

    /// Forgets a worker: their answers to open items, and what they were taken to be.
    pub fn forget(&mut self, worker: UserId) {
        let theirs = |item: &Item| item.votes.iter().any(|(voter, _)| *voter == worker);
        let items: Vec<u32> = self.items.iter().filter(|(_, item)| theirs(item)).map(|(number, _)| *number).collect();
        for number in items {
            self.withdraw(number, worker);
        }
        self.workers.remove(&worker);
    }

    /// The probability of each label of an open item, 0 to 1; empty when it has no answers.
    #[must_use]
    pub fn belief(&self, item: u32) -> Vec<f64> {
        let belief = self.items.get(&item).map(|item| item.belief.as_slice()).unwrap_or_default();
        belief.iter().map(|millionths| f64::from(*millionths) / f64::from(ONE)).collect()
    }

    /// What [`OnlineDawidSkene::belief`] would be with one more answer, or without somebody's. Costs as much as an answer.
    #[must_use]
    pub fn belief_if(&self, item: u32, more: Option<(UserId, u16)>, without: Option<UserId>) -> Vec<f64> {
        let known = self.items.get(&item).cloned().unwrap_or_default();
        let people = known.votes.iter().chain(&more).map(|(worker, _)| *worker);
        let workers = people.filter_map(|worker| self.workers.get(&worker).map(|record| (worker, record.clone()))).collect();
        let items = BTreeMap::from([(item, known)]);
        let mut supposed = Self { options: self.options, classes: self.classes.clone(), workers, items };
        if let Some(without) = without {
            supposed.withdraw(item, without);
        }
        if let Some((worker, label)) = more {
            supposed.answer(item, worker, label);
        }
        supposed.belief(item)
    }

    /// How many answers an open item has.
    #[must_use]
    pub fn answers(&self, item: u32) -> usize {
        self.items.get(&item).map_or(0, |item| item.votes.len())
    }

    /// How often the worker is right, above 0 and below 1: with tables over the classes as often as they occur. What is
    /// believed of a stranger when nothing is known.
    #[must_use]
    pub fn accuracy(&self, worker: UserId) -> f64 {
        let record = self.workers.get(&worker);
        if self.classes.is_empty() {
            return self.right(record);
        }
        let (mut sum, mut all) = (0.0, 0.0);
        for (class, prior) in (0..).zip(self.priors()) {
            sum += prior * self.chance(record, class, class);
            all += prior;
        }
        sum / all
    }

    /// How many items are open.
    #[must_use]
    pub fn open_items(&self) -> usize {
        self.items.len()
    }

    /// Takes an item out, with its share in the counts.
    fn take(&mut self, number: u32) -> Item {
        let item = self.items.remove(&number).unwrap_or_default();
        self.teach(&item, u64::saturating_sub);
        item
    }

    /// Finds the item's belief by the tables as they are and puts it in, with its share in the counts.
    fn put(&mut self, number: u32, mut item: Item) {
        item.belief = self.believe(&item.votes);
        self.teach(&item, u64::saturating_add);
        self.items.insert(number, item);
    }

    fn teach(&mut self, item: &Item, change: fn(u64, u64) -> u64) {
        if item.votes.len() < TEACHES_FROM {
            return;
        }
        for (count, belief) in self.classes.iter_mut().zip(&item.belief) {
            *count = change(*count, u64::from(*belief));
        }
        let width = self.classes.len();
        for (worker, label) in &item.votes {
            let record = self.workers.entry(*worker).or_default();
            if width > 0 {
                for (class, belief) in (0..).zip(&item.belief) {
                    record.change(width, class, *label, |count| change(count, u64::from(*belief)));
                }
            } else {
                let right = item.belief.get(usize::from(*label)).copied().unwrap_or(0);
                record.change(0, 0, 0, |count| change(count, u64::from(right)));
                record.change(0, 0, 1, |count| change(count, u64::from(ONE.saturating_sub(right))));
            }
        }
    }

    /// Bayes' theorem over the votes.
    fn believe(&self, votes: &[(UserId, u16)]) -> Vec<u32> {
        let given = votes.iter().map(|(_, label)| label.saturating_add(1)).max().unwrap_or(0);
        let count = self.options.unwrap_or(given);
        let mut chances = if self.classes.is_empty() { vec![1.0; usize::from(count)] } else { self.priors().collect() };
        // One more for open answers: the truth may be what nobody has said.
        let mut unsaid = if self.options.is_none() { 1.0 } else { 0.0 };
        let wrong_ways = f64::from(self.options.map_or(given, |options| options.saturating_sub(1)).max(1));
        for (worker, label) in votes {
            let record = self.workers.get(worker);
            let right = self.right(record);
            let wrong = (1.0 - right) / wrong_ways;
            for (class, chance) in (0..).zip(&mut chances) {
                *chance *= match (self.classes.is_empty(), class == *label) {
                    (false, _) => self.chance(record, class, *label),
                    (true, true) => right,
                    (true, false) => wrong,
                };
            }
            unsaid *= wrong;
            let sum = chances.iter().sum::<f64>() + unsaid;
            chances.iter_mut().for_each(|chance| *chance /= sum);
            unsaid /= sum;
        }
        chances.into_iter().map(millionths).collect()
    }

    /// How often each class is true, with one imagined item of each.
    fn priors(&self) -> impl Iterator<Item = f64> {
        self.classes.iter().map(|count| (wholes(*count) + 1.0) / (wholes(self.classes.iter().sum()) + 1.0))
    }

    /// How probably this worker says `label` when `class` is true.
    fn chance(&self, record: Option<&Record>, class: u16, label: u16) -> f64 {
        let others = f64::from(u32::try_from(self.classes.len()).unwrap_or(u32::MAX)) - 1.0;
        let imagined = IMAGINED * if class == label { IMAGINED_RIGHT } else { (1.0 - IMAGINED_RIGHT) / others.max(1.0) };
        let row = record.and_then(|record| record.rows.get(usize::from(class))).map(Vec::as_slice).unwrap_or_default();
        let said = row.get(usize::from(label)).copied().unwrap_or(0);
        (wholes(said) + imagined) / (wholes(row.iter().sum()) + IMAGINED)
    }

    /// How probably this worker is right, when one figure is all there is.
    fn right(&self, record: Option<&Record>) -> f64 {
        let row = record.and_then(|record| record.rows.first()).map(Vec::as_slice).unwrap_or_default();
        let right = row.first().copied().unwrap_or(0);
        (wholes(right) + IMAGINED * IMAGINED_RIGHT) / (wholes(row.iter().sum()) + IMAGINED)
    }
}

impl Record {
    /// Counts an answer whose truth is known.
    fn count(&mut self, width: usize, truth: u16, label: u16, some: u64) {
        let add = |count: u64| count.saturating_add(some);
        if width > 0 {
            self.change(width, truth, label, add);
        } else {
            self.change(0, 0, u16::from(truth != label), add);
        }
    }

    /// Changes one cell; the table is made when it is first needed. A cell outside of it is left alone.
    fn change(&mut self, width: usize, class: u16, label: u16, change: impl FnOnce(u64) -> u64) {
        if self.rows.is_empty() {
            self.rows = if width > 0 { vec![vec![0; width]; width] } else { vec![vec![0; 2]] };
        }
        if let Some(cell) = self.rows.get_mut(usize::from(class)).and_then(|row| row.get_mut(usize::from(label))) {
            *cell = change(*cell);
        }
    }
}

/// A share as a whole number of millionths.
#[expect(clippy::as_conversions, reason = "between nothing and one whole; what is no number becomes 0")]
fn millionths(share: f64) -> u32 {
    (share * f64::from(ONE)).round() as u32
}

/// A count in answers.
#[expect(clippy::as_conversions, reason = "exact below 2^53 millionths, nine thousand million answers")]
fn wholes(millionths: u64) -> f64 {
    millionths as f64 / f64::from(ONE)
}
