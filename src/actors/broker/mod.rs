//! Channels: each with its ring of recent publications, its presence, and the hubs that watch it.
//!
//! The broker stands between the engine (or a client of an open channel) and the hubs: a publication is encoded here once,
//! kept in the ring, and handed to every watching hub once, whatever the number of sockets there. First file to read:
//! `channel`.

mod channel;
mod presence;

use std::sync::Arc;
use std::time::{Duration, Instant};

use dashmap::DashMap;
use dashmap::mapref::entry::Entry as Slot;

pub use channel::{Channel, Entry, Standing, Stretch, one_line};
pub use presence::{PresenceStats, Present};

use super::publish::{Publication, Publisher};

/// How much the broker keeps.
#[derive(Debug, Clone, Copy)]
pub struct BrokerSettings {
    /// Publications kept in memory for each channel.
    pub ring: usize,
    /// How long a channel without watchers keeps its ring.
    pub idle: Duration,
    /// Open channels at most; more are refused.
    pub open_channels: usize,
}

impl Default for BrokerSettings {
    fn default() -> Self {
        Self { ring: 512, idle: Duration::from_secs(300), open_channels: 10_000 }
    }
}

/// What a watching hub hears of a channel, in order.
#[derive(Debug, Clone)]
pub enum Heard {
    /// New publications.
    Published {
        /// Where.
        channel: Arc<Channel>,
        /// The channel's epoch.
        epoch: Arc<str>,
        /// In offset order, without gaps among themselves.
        entries: Arc<[Entry]>,
    },
    /// Words in passing: no publication, in no ring, without a number. What counts of them is published later.
    Passed {
        /// Where.
        channel: Arc<Channel>,
        /// Its offset is 0.
        entry: Entry,
    },
    /// A client came to watch.
    Joined {
        /// Where.
        channel: Arc<Channel>,
        /// Who.
        who: Present,
    },
    /// A client went away.
    Left {
        /// Where.
        channel: Arc<Channel>,
        /// Who.
        who: Present,
    },
}

/// One that watches channels for many sockets: a hub.
pub trait Watcher: Send + Sync + 'static {
    /// Its number among the watchers of this process.
    fn number(&self) -> usize;
    /// Takes what happened. Called under the channel's lock, so it only queues.
    fn hear(&self, heard: Heard);
}

/// All channels of this process.
pub struct Broker {
    channels: DashMap<Arc<str>, Arc<Channel>>,
    settings: BrokerSettings,
}

impl Broker {
    /// An empty broker.
    #[must_use]
    pub fn new(settings: BrokerSettings) -> Arc<Self> {
        Arc::new(Self { channels: DashMap::new(), settings })
    }

    /// The channel of that name, if anything was published there or anybody watches.
    #[must_use]
    pub fn find(&self, name: &str) -> Option<Arc<Channel>> {
        self.channels.get(name).map(|found| Arc::clone(found.value()))
    }

    /// Makes `watcher` hear of a durable channel from now on.
    pub fn watch(&self, name: &str, watcher: &Arc<dyn Watcher>) -> (Arc<Channel>, Standing) {
        loop {
            let channel = self.durable(name);
            if let Some(standing) = channel.watch(watcher) {
                return (channel, standing);
            }
        }
    }

    /// Makes `watcher` hear of an open channel from now on, which is created when missing. `None` when there are too many.
    pub fn watch_open(&self, name: &str, watcher: &Arc<dyn Watcher>) -> Option<(Arc<Channel>, Standing)> {
        loop {
            let channel = self.open(name)?;
            if let Some(standing) = channel.watch(watcher) {
                return Some((channel, standing));
            }
        }
    }

    /// Publishes into an open channel for a client, whose `info` (JSON) goes with it. `None` when there are too many channels.
    pub fn publish_open(&self, name: &str, data: &str, info: Option<&str>) -> Option<u64> {
        loop {
            if let Some(offset) = self.open(name)?.append_next(data, info, self.settings.ring) {
                return Some(offset);
            }
        }
    }

    /// Tells those who watch a channel just now something in passing (JSON): who is not there, or cannot take it, misses it.
    pub fn pass(&self, name: &str, data: &[u8]) {
        if let Some(channel) = self.find(name) {
            channel.pass(data);
        }
    }

    /// How many clients watch a channel now.
    #[must_use]
    pub fn viewers(&self, name: &str) -> usize {
        self.find(name).map_or(0, |channel| channel.presence_stats().clients)
    }

    /// Forgets channels that nobody has watched or published to for long, and the rings of those that are only watched.
    pub fn sweep(&self, now: Instant) {
        let idle = self.settings.idle;
        self.channels.retain(|_, channel| !channel.retire_if_idle(now, idle));
    }

    fn durable(&self, name: &str) -> Arc<Channel> {
        if let Some(channel) = self.find(name) {
            return channel;
        }
        let name: Arc<str> = Arc::from(name);
        Arc::clone(self.channels.entry(Arc::clone(&name)).or_insert_with(|| Channel::durable(name)).value())
    }

    /// The open channel of that name, created when missing; `None` when there are too many.
    #[must_use]
    pub fn open(&self, name: &str) -> Option<Arc<Channel>> {
        if let Some(channel) = self.find(name) {
            return Some(channel);
        }
        if self.channels.len() >= self.settings.open_channels {
            return None;
        }
        let name: Arc<str> = Arc::from(name);
        Some(match self.channels.entry(Arc::clone(&name)) {
            Slot::Occupied(taken) => Arc::clone(taken.get()),
            Slot::Vacant(free) => Arc::clone(free.insert(Channel::open(name)).value()),
        })
    }
}

impl Publisher for Broker {
    fn publish(&self, channel: &str, epoch: &str, publications: &[Publication]) {
        if publications.is_empty() {
            return;
        }
        while !self.durable(channel).append(epoch, publications, self.settings.ring) {}
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use parking_lot::Mutex;

    use super::*;

    struct Ear(Mutex<Vec<Vec<u64>>>);

    impl Watcher for Ear {
        fn number(&self) -> usize {
            0
        }
        fn hear(&self, heard: Heard) {
            if let Heard::Published { entries, .. } = heard {
                self.0.lock().push(entries.iter().map(|entry| entry.offset).collect());
            }
        }
    }

    fn publications(offsets: std::ops::RangeInclusive<u64>) -> Vec<Publication> {
        offsets.map(|offset| Publication { offset, data: Bytes::from(format!("{{\"n\":{offset}}}")) }).collect()
    }

    fn offsets(stretch: &Stretch) -> Vec<u64> {
        match stretch {
            Stretch::Whole(entries) => entries.iter().map(|entry| entry.offset).collect(),
            Stretch::Beyond => vec![],
        }
    }

    #[test]
    fn a_watcher_hears_each_publication_once_and_the_ring_keeps_the_newest() {
        let broker = Broker::new(BrokerSettings { ring: 4, ..BrokerSettings::default() });
        let ear = Arc::new(Ear(Mutex::default()));
        let watcher: Arc<dyn Watcher> = Arc::<Ear>::clone(&ear);
        let (channel, standing) = broker.watch("auction:1", &watcher);
        assert_eq!(standing, Standing { epoch: None, head: None });
        broker.publish("auction:1", "e", &publications(5..=7));
        broker.publish("auction:1", "e", &publications(6..=9));
        assert_eq!(*ear.0.lock(), vec![vec![5, 6, 7], vec![8, 9]], "what came twice is heard once");
        assert_eq!(offsets(&channel.after(5, 9)), vec![6, 7, 8, 9]);
        assert!(matches!(channel.after(4, 9), Stretch::Beyond), "5 has left the ring");
        assert_eq!(offsets(&channel.after(9, 9)), Vec::<u64>::new());
    }

    #[test]
    fn a_gap_or_another_epoch_starts_the_ring_anew() {
        let broker = Broker::new(BrokerSettings::default());
        broker.publish("auction:1", "e", &publications(1..=3));
        broker.publish("auction:1", "e", &publications(7..=8));
        let channel = broker.find("auction:1").unwrap();
        assert!(matches!(channel.after(3, 8), Stretch::Beyond), "4 to 6 are not known here");
        assert_eq!(offsets(&channel.after(6, 8)), vec![7, 8]);
        broker.publish("auction:1", "f", &publications(1..=1));
        assert_eq!(channel.standing(), Standing { epoch: Some(Arc::from("f")), head: Some(1) });
        assert_eq!(offsets(&channel.after(0, 1)), vec![1]);
    }

    #[test]
    fn an_entry_holds_the_push_and_the_publication_in_one_text() {
        let broker = Broker::new(BrokerSettings::default());
        assert_eq!(broker.publish_open("chat:a\"b", r#"{"x":1}"#, Some(r#"{"client":"c"}"#)), Some(1));
        let channel = broker.find("chat:a\"b").unwrap();
        let Stretch::Whole(entries) = channel.after(0, 1) else { panic!("in the ring") };
        assert_eq!(
            entries[0].line(),
            br#"{"push":{"channel":"chat:a\"b","pub":{"data":{"x":1},"offset":1,"info":{"client":"c"}}}}"#
        );
        assert_eq!(entries[0].push(), br#"{"channel":"chat:a\"b","pub":{"data":{"x":1},"offset":1,"info":{"client":"c"}}}"#);
        assert_eq!(entries[0].publication(), br#"{"data":{"x":1},"offset":1,"info":{"client":"c"}}"#);
    }

    #[test]
    fn words_in_passing_have_no_number_and_leave_no_trace() {
        let broker = Broker::new(BrokerSettings::default());
        broker.pass("chat:1", b"{}");
        assert!(broker.find("chat:1").is_none(), "nobody watches");
        let ear = Arc::new(Passing(Mutex::default()));
        let watcher: Arc<dyn Watcher> = Arc::<Passing>::clone(&ear);
        let (channel, _) = broker.watch("chat:1", &watcher);
        broker.publish("chat:1", "e", &publications(1..=1));
        broker.pass("chat:1", b"{\"n\":2}");
        let heard = ear.0.lock().clone();
        assert_eq!(heard, [r#"{"push":{"channel":"chat:1","pub":{"data":{"n":2}}}}"#]);
        assert_eq!(channel.standing().head, Some(1));
        assert_eq!(offsets(&channel.after(0, 1)), vec![1]);
    }

    struct Passing(Mutex<Vec<String>>);

    impl Watcher for Passing {
        fn number(&self) -> usize {
            0
        }
        fn hear(&self, heard: Heard) {
            if let Heard::Passed { entry, .. } = heard {
                self.0.lock().push(String::from_utf8(entry.line().to_vec()).unwrap());
            }
        }
    }

    #[test]
    fn a_channel_that_is_only_watched_keeps_no_ring() {
        let broker = Broker::new(BrokerSettings::default());
        let watcher: Arc<dyn Watcher> = Arc::new(Ear(Mutex::default()));
        let (channel, _) = broker.watch("auction:1", &watcher);
        broker.publish("auction:1", "e", &publications(1..=2));
        broker.sweep(Instant::now() + Duration::from_secs(301));
        assert!(matches!(channel.after(0, 2), Stretch::Beyond), "the journal has it");
        broker.publish("auction:1", "e", &publications(3..=3));
        assert_eq!(offsets(&channel.after(2, 3)), vec![3]);
    }

    #[test]
    fn idle_channels_are_forgotten_but_never_watched_ones() {
        let broker = Broker::new(BrokerSettings::default());
        let watcher: Arc<dyn Watcher> = Arc::new(Ear(Mutex::default()));
        broker.publish("auction:1", "e", &publications(1..=1));
        let (watched, _) = broker.watch("auction:2", &watcher);
        let later = Instant::now() + Duration::from_secs(301);
        broker.sweep(later);
        assert!(broker.find("auction:1").is_none());
        assert!(broker.find("auction:2").is_some());
        watched.unwatch(0);
        broker.sweep(later + Duration::from_secs(301));
        assert!(broker.find("auction:2").is_none());
    }
}
