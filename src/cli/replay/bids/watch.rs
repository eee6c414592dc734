//! Watchers that come back with their position after every cut and count what they got.

use std::collections::HashMap;
use std::time::Duration;

use tokio::sync::{mpsc, watch};

use crate::cli::client::api::Api;
use crate::cli::client::live::{Heard, Live};

/// How many channels one socket watches: the server's limit per socket.
const CHANNELS_PER_SOCKET: usize = 100;
/// After this long without anything new, what has not come is missed.
const SILENCE: Duration = Duration::from_secs(10);

/// What watchers got, summed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize)]
pub struct Tally {
    /// Publications received for the first time.
    pub received: u64,
    /// Publications that never came.
    pub missed: u64,
    /// Publications that came again.
    pub doubled: u64,
    /// Times the server gave a snapshot instead of what was missed.
    pub snapshots: u64,
    /// Times a watcher came back and asked for what it had missed.
    pub recoveries: u64,
    /// Subscriptions refused or ended by the server.
    pub ended: u64,
}

impl Tally {
    /// Both together.
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        Self {
            received: self.received.saturating_add(other.received),
            missed: self.missed.saturating_add(other.missed),
            doubled: self.doubled.saturating_add(other.doubled),
            snapshots: self.snapshots.saturating_add(other.snapshots),
            recoveries: self.recoveries.saturating_add(other.recoveries),
            ended: self.ended.saturating_add(other.ended),
        }
    }
}

/// One channel as one watcher sees it.
#[derive(Debug, Default)]
struct Stream {
    /// The last publication seen, or the one the snapshot contained; none before the subscription.
    last: Option<u64>,
}

/// A watcher's account of all its channels.
#[derive(Debug, Default)]
struct Ledger {
    streams: HashMap<String, Stream>,
    tally: Tally,
}

impl Ledger {
    fn take(&mut self, heard: &Heard) {
        match heard {
            Heard::Subscribed { channel, asked, recovered, offset, .. } => {
                let stream = self.streams.entry(channel.clone()).or_default();
                match (stream.last, asked) {
                    (Some(_), Some(_)) if *recovered => self.tally.recoveries = self.tally.recoveries.saturating_add(1),
                    (Some(last), _) => {
                        self.tally.snapshots = self.tally.snapshots.saturating_add(1);
                        self.tally.missed = self.tally.missed.saturating_add(offset.saturating_sub(last));
                        stream.last = Some(*offset);
                    }
                    (None, _) => stream.last = Some(*offset),
                }
            }
            Heard::Publication { channel, offset, .. } => {
                let stream = self.streams.entry(channel.clone()).or_default();
                let last = stream.last.unwrap_or(0);
                if *offset <= last {
                    self.tally.doubled = self.tally.doubled.saturating_add(1);
                    return;
                }
                self.tally.received = self.tally.received.saturating_add(1);
                self.tally.missed = self.tally.missed.saturating_add(offset.saturating_sub(last).saturating_sub(1));
                stream.last = Some(*offset);
            }
            Heard::Ended { .. } => self.tally.ended = self.tally.ended.saturating_add(1),
            Heard::Connected | Heard::Lost | Heard::Farewell(_) => {}
        }
    }

    fn subscribed(&self) -> usize {
        self.streams.len()
    }

    fn reached(&self, heads: &HashMap<String, u64>) -> bool {
        self.streams.iter().all(|(channel, stream)| heads.get(channel).is_none_or(|head| stream.last >= Some(*head)))
    }

    /// The account, what is still outstanding counted as missed.
    fn close(mut self, heads: &HashMap<String, u64>) -> Tally {
        for (channel, stream) in &self.streams {
            let head = heads.get(channel).copied().unwrap_or(0);
            let outstanding = head.saturating_sub(stream.last.unwrap_or(0));
            self.tally.missed = self.tally.missed.saturating_add(outstanding);
        }
        self.tally
    }
}

/// All watchers of a run.
#[derive(Debug)]
pub struct Watchers {
    tasks: Vec<tokio::task::JoinHandle<Tally>>,
    heads: watch::Sender<Option<HashMap<String, u64>>>,
}

impl Watchers {
    /// Starts `count` watchers of all these channels and waits until each is subscribed to each, or `limit` is over.
    pub async fn start(api: &Api, count: usize, channels: &[String], limit: Duration) -> Self {
        let (heads, told) = watch::channel(None);
        let mut tasks = Vec::new();
        let (ready, mut all_ready) = mpsc::channel::<()>(1);
        for _ in 0..count {
            for some in channels.chunks(CHANNELS_PER_SOCKET) {
                let (live, ears) = Live::start(api, None);
                for channel in some {
                    live.watch(channel, None);
                }
                tasks.push(tokio::spawn(listen(live, ears, told.clone(), some.len(), ready.clone())));
            }
        }
        drop(ready);
        // Nobody sends: the channel closes when the last watcher is subscribed.
        let _ = tokio::time::timeout(limit, all_ready.recv()).await;
        Self { tasks, heads }
    }

    /// Tells the watchers where each channel ended, waits for what is on its way and sums up.
    pub async fn finish(self, heads: HashMap<String, u64>) -> Tally {
        self.heads.send_replace(Some(heads));
        let mut sum = Tally::default();
        for task in self.tasks {
            sum = sum.plus(task.await.unwrap_or_default());
        }
        sum
    }
}

async fn listen(
    live: Live,
    mut ears: mpsc::UnboundedReceiver<Heard>,
    mut told: watch::Receiver<Option<HashMap<String, u64>>>,
    channels: usize,
    ready: mpsc::Sender<()>,
) -> Tally {
    let mut ledger = Ledger::default();
    let mut ready = Some(ready);
    let heads = loop {
        tokio::select! {
            Some(heard) = ears.recv() => ledger.take(&heard),
            changed = told.changed() => {
                let heads = told.borrow_and_update().clone();
                if let Some(heads) = heads {
                    break heads;
                }
                if changed.is_err() {
                    break HashMap::new();
                }
            }
        }
        if ledger.subscribed() >= channels {
            ready = None;
        }
    };
    drop(ready);
    while !ledger.reached(&heads) {
        match tokio::time::timeout(SILENCE, ears.recv()).await {
            Ok(Some(heard)) => ledger.take(&heard),
            Ok(None) | Err(_) => break,
        }
    }
    // What would come twice would come now.
    while let Ok(Some(heard)) = tokio::time::timeout(Duration::from_millis(200), ears.recv()).await {
        ledger.take(&heard);
    }
    drop(live);
    ledger.close(&heads)
}

#[cfg(test)]
mod tests {
    use serde_json::value::RawValue;

    use super::*;
    use crate::cli::client::frame::Position;

    fn subscribed(recovered: bool, offset: u64, again: bool) -> Heard {
        let asked = again.then(|| Position { epoch: "e".to_owned(), offset: 0 });
        Heard::Subscribed { channel: "auction:1".to_owned(), asked, recovered, epoch: "e".to_owned(), offset, snapshot: None }
    }

    fn publication(offset: u64) -> Heard {
        let data = RawValue::from_string("{}".to_owned()).unwrap();
        Heard::Publication { channel: "auction:1".to_owned(), offset, data }
    }

    fn tally(heard: &[Heard], head: u64) -> Tally {
        let mut ledger = Ledger::default();
        for one in heard {
            ledger.take(one);
        }
        ledger.close(&HashMap::from([("auction:1".to_owned(), head)]))
    }

    #[test]
    fn a_whole_stream_misses_nothing() {
        let got = tally(&[subscribed(false, 1, false), publication(2), publication(3)], 3);
        assert_eq!(got, Tally { received: 2, ..Tally::default() });
    }

    #[test]
    fn gaps_doubles_and_the_missing_end_are_counted() {
        let got = tally(&[subscribed(false, 0, false), publication(2), publication(2), publication(3)], 5);
        assert_eq!(got, Tally { received: 2, missed: 3, doubled: 1, ..Tally::default() });
    }

    #[test]
    fn a_recovery_counts_what_follows_and_a_snapshot_what_was_skipped() {
        let back = [subscribed(false, 0, false), publication(1), subscribed(true, 3, true), publication(2), publication(3)];
        assert_eq!(tally(&back, 3), Tally { received: 3, recoveries: 1, ..Tally::default() });
        let skipped = [subscribed(false, 0, false), publication(1), subscribed(false, 3, true), publication(4)];
        assert_eq!(tally(&skipped, 4), Tally { received: 2, missed: 2, snapshots: 1, ..Tally::default() });
    }
}
