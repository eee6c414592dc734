//! Watchers of a run: they are cut, come back with their position, begin again far back, and write down what they get.

use std::collections::HashMap;
use std::time::Duration;

use madang::cli::client::api::Api;
use madang::cli::client::frame::Position;
use madang::cli::client::live::{Heard, Live};
use madang_domain::auction::Auction;
use madang_domain::entity::Entity;
use serde_json::Value;
use tokio::sync::{mpsc, watch};
use tokio::time::Instant;

use super::check::Findings;
use super::journal::Journal;

/// So many missed publications are given to a watcher who comes back, by the server's settings.
const REACH: u64 = 5_000;

/// One watcher's record of one channel.
#[derive(Debug, Clone, PartialEq)]
pub enum Note {
    /// The stream begins after this publication: the snapshot contains it, or it was asked for.
    From(u64),
    /// The server said that it cannot recover and gave a snapshot instead, at this publication.
    Reset(u64),
    /// A publication.
    Got(u64, Box<str>),
}

/// What one watcher wrote down, by auction.
#[derive(Debug, Default)]
pub struct Record {
    /// The notes.
    pub notes: HashMap<i64, Vec<Note>>,
    /// How often it came back with a position.
    pub recoveries: usize,
    /// Epochs seen: one is right.
    pub epochs: std::collections::BTreeSet<String>,
    /// Subscriptions the server refused or ended.
    pub ended: Vec<String>,
}

impl Record {
    fn take(&mut self, heard: Heard) {
        match heard {
            Heard::Subscribed { channel, asked, recovered, epoch, offset, .. } => {
                self.epochs.insert(epoch);
                let notes = self.notes.entry(number(&channel)).or_default();
                match asked {
                    Some(position) if recovered => {
                        self.recoveries = self.recoveries.saturating_add(1);
                        if notes.is_empty() {
                            notes.push(Note::From(position.offset));
                        }
                    }
                    Some(position) => {
                        if notes.is_empty() {
                            notes.push(Note::From(position.offset));
                        }
                        notes.push(Note::Reset(offset));
                    }
                    None => notes.push(Note::From(offset)),
                }
            }
            Heard::Publication { channel, offset, data } => {
                self.notes.entry(number(&channel)).or_default().push(Note::Got(offset, data.get().into()));
            }
            Heard::Ended { channel, why } => self.ended.push(format!("{channel}: {why}")),
            Heard::Connected | Heard::Lost | Heard::Farewell(_) => {}
        }
    }

    fn reached(&self, heads: &HashMap<i64, u64>) -> bool {
        heads.iter().all(|(auction, head)| {
            let last = self.notes.get(auction).and_then(|notes| notes.last());
            last.is_some_and(|note| match note {
                Note::From(at) | Note::Reset(at) | Note::Got(at, _) => at >= head,
            })
        })
    }
}

fn number(channel: &str) -> i64 {
    channel.split_once(':').and_then(|(_, number)| number.parse().ok()).unwrap_or(0)
}

/// What a watcher does besides watching.
#[derive(Debug, Clone, Copy)]
pub struct Manner {
    /// The least time between two cuts.
    pub cut_every: Duration,
    /// Whether it begins at the first publication instead of now.
    pub from_the_beginning: bool,
}

/// Watches until the heads are told, then until it has reached them.
pub async fn watch(
    api: Api,
    auctions: watch::Receiver<Vec<i64>>,
    mut heads: watch::Receiver<Option<HashMap<i64, u64>>>,
    manner: Manner,
    epoch: String,
) -> Record {
    let (live, mut ears) = Live::start(&api, None);
    let (mut record, mut watched) = (Record::default(), 0usize);
    let mut next_cut = Instant::now() + manner.cut_every.mul_f64(rand::random_range(0.5..1.5));
    loop {
        let known = auctions.borrow().clone();
        for auction in known.iter().skip(watched) {
            let from = manner.from_the_beginning.then(|| Position { epoch: epoch.clone(), offset: 0 });
            live.watch(&format!("auction:{auction}"), from);
        }
        watched = known.len();
        tokio::select! {
            Some(heard) = ears.recv() => record.take(heard),
            () = tokio::time::sleep_until(next_cut) => {
                live.cut();
                next_cut = Instant::now() + manner.cut_every.mul_f64(rand::random_range(0.5..1.5));
            }
            () = tokio::time::sleep(Duration::from_millis(100)) => {}
        }
        let told = heads.borrow_and_update().clone();
        if let Some(heads) = told {
            drain(&mut record, &mut ears, &heads).await;
            return record;
        }
    }
}

async fn drain(record: &mut Record, ears: &mut mpsc::UnboundedReceiver<Heard>, heads: &HashMap<i64, u64>) {
    while !record.reached(heads) {
        match tokio::time::timeout(Duration::from_secs(60), ears.recv()).await {
            Ok(Some(heard)) => record.take(heard),
            Ok(None) | Err(_) => return,
        }
    }
    while let Ok(Some(heard)) = tokio::time::timeout(Duration::from_millis(300), ears.recv()).await {
        record.take(heard);
    }
}

/// What the watchers' streams came to.
#[derive(Debug, Default)]
pub struct Compared {
    /// Streams: one watcher on one channel.
    pub streams: usize,
    /// Publications compared with the journal.
    pub publications: usize,
    /// Recoveries.
    pub recoveries: usize,
    /// Snapshots given instead.
    pub resets: usize,
}

/// Compares every stream with the journal's publications.
pub fn compare(records: &[Record], journal: &Journal, findings: &mut Findings) -> Compared {
    let truth: HashMap<i64, Vec<Value>> =
        journal.iter().map(|(auction, decisions)| (*auction, published(decisions, *auction, findings))).collect();
    let mut compared = Compared::default();
    for record in records {
        compared.recoveries = compared.recoveries.saturating_add(record.recoveries);
        if record.epochs.len() > 1 {
            findings.broken("a channel keeps its epoch", || format!("{:?}", record.epochs));
        }
        for why in &record.ended {
            findings.broken("a watcher may stay", || why.clone());
        }
        for (auction, expected) in &truth {
            compared.streams = compared.streams.saturating_add(1);
            let notes = record.notes.get(auction).map(Vec::as_slice).unwrap_or_default();
            stream(*auction, notes, expected, &mut compared, findings);
        }
    }
    compared
}

/// The journal's publications; their offsets are 1, 2, 3 ...
fn published(decisions: &[super::journal::Decision], auction: i64, findings: &mut Findings) -> Vec<Value> {
    let mut all = Vec::new();
    for decision in decisions {
        all.extend(decision.events.iter().filter_map(|event| Auction::publication(event, decision.row.at)));
        if u64::try_from(all.len()).ok() != Some(decision.row.offset) {
            findings.broken("the journal counts its publications", || format!("auction:{auction} seq {}", decision.row.seq));
        }
    }
    all
}

fn stream(auction: i64, notes: &[Note], expected: &[Value], compared: &mut Compared, findings: &mut Findings) {
    let mut last = 0u64;
    for note in notes {
        match note {
            Note::From(at) => last = *at,
            Note::Reset(at) => {
                compared.resets = compared.resets.saturating_add(1);
                if at.saturating_sub(last) <= REACH {
                    findings
                        .broken("a position within reach is recovered", || format!("auction:{auction}: {last}, reset to {at}"));
                }
                last = *at;
            }
            Note::Got(offset, text) => {
                compared.publications = compared.publications.saturating_add(1);
                if *offset != last.saturating_add(1) {
                    findings.broken("a stream has every publication once and in order", || {
                        format!("auction:{auction}: {offset} after {last}")
                    });
                }
                last = *offset;
                let place = usize::try_from(offset.saturating_sub(1)).unwrap_or(usize::MAX);
                let told = serde_json::from_str::<Value>(text).ok();
                if told.as_ref() != expected.get(place) || told.is_none() {
                    findings.broken("what was published is in the journal", || {
                        format!("auction:{auction} offset {offset}: {text}, the journal says {:?}", expected.get(place))
                    });
                }
            }
        }
    }
    if last != u64::try_from(expected.len()).unwrap_or(u64::MAX) {
        findings.broken("a stream has every publication once and in order", || {
            format!("auction:{auction}: ends at {last} of {}", expected.len())
        });
    }
}
