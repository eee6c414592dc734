//! One channel: its epoch, its newest publications and who watches.

use std::collections::VecDeque;
use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use parking_lot::Mutex;
use uuid::Uuid;

use super::presence::{Presence, PresenceStats, Present};
use super::{Heard, Watcher};
use crate::actors::publish::Publication;

/// One publication, encoded once for all watchers.
#[derive(Debug, Clone)]
pub struct Entry {
    /// Its number on the channel; 0: none, it was said in passing.
    pub offset: u64,
    text: Bytes,
    inner: usize,
}

const HEAD: &[u8] = b"{\"push\":";
const TAIL: &[u8] = b"}}";

impl Entry {
    /// The whole line: `{"push":{"channel":..,"pub":{..}}}`.
    #[must_use]
    pub fn line(&self) -> &[u8] {
        &self.text
    }

    /// The push alone: `{"channel":..,"pub":{..}}`.
    #[must_use]
    pub fn push(&self) -> &[u8] {
        self.text.get(HEAD.len()..self.text.len().saturating_sub(1)).unwrap_or_default()
    }

    /// The publication alone: `{"data":..,"offset":..}`.
    #[must_use]
    pub fn publication(&self) -> &[u8] {
        self.text.get(self.inner..self.text.len().saturating_sub(TAIL.len())).unwrap_or_default()
    }
}

/// Where a channel stands. Both are unknown for a durable channel to which nothing was published since the start.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    /// The epoch.
    pub epoch: Option<Arc<str>>,
    /// The newest offset.
    pub head: Option<u64>,
}

/// A stretch of the ring.
#[derive(Debug, Clone)]
pub enum Stretch {
    /// Everything that was asked for.
    Whole(Vec<Entry>),
    /// Some of it is not in the ring.
    Beyond,
}

struct State {
    epoch: Option<Arc<str>>,
    head: Option<u64>,
    ring: VecDeque<Entry>,
    watchers: Vec<Arc<dyn Watcher>>,
    presence: Presence,
    /// Whether what leaves the ring is still in the journal.
    stored: bool,
    touched: Instant,
    /// Set once it left the broker's map: whoever still holds it must look up the name again.
    retired: bool,
}

/// One channel. Shared by the broker and the hubs that watch it.
pub struct Channel {
    name: Arc<str>,
    prefix: Box<[u8]>,
    state: Mutex<State>,
}

impl fmt::Debug for Channel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Channel").field(&self.name).finish()
    }
}

impl Channel {
    pub(super) fn durable(name: Arc<str>) -> Arc<Self> {
        Self::new(name, None, None)
    }

    /// An open channel begins a numbering of its own, known by a random epoch.
    pub(super) fn open(name: Arc<str>) -> Arc<Self> {
        let epoch: String = Uuid::new_v4().simple().to_string().chars().take(8).collect();
        Self::new(name, Some(Arc::from(epoch)), Some(0))
    }

    fn new(name: Arc<str>, epoch: Option<Arc<str>>, head: Option<u64>) -> Arc<Self> {
        let mut prefix = HEAD.to_vec();
        prefix.extend_from_slice(b"{\"channel\":");
        prefix.extend_from_slice(serde_json::Value::from(&*name).to_string().as_bytes());
        prefix.extend_from_slice(b",\"pub\":");
        let stored = epoch.is_none();
        let state = State {
            epoch,
            head,
            ring: VecDeque::new(),
            watchers: Vec::new(),
            presence: Presence::default(),
            stored,
            touched: Instant::now(),
            retired: false,
        };
        Arc::new(Self { name, prefix: prefix.into_boxed_slice(), state: Mutex::new(state) })
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &Arc<str> {
        &self.name
    }

    /// Where it stands now.
    #[must_use]
    pub fn standing(&self) -> Standing {
        self.state.lock().standing()
    }

    /// The publications after `offset` up to and with `upto`, oldest first.
    #[must_use]
    pub fn after(&self, offset: u64, upto: u64) -> Stretch {
        if offset >= upto {
            return Stretch::Whole(Vec::new());
        }
        let state = self.state.lock();
        match (state.ring.front(), state.ring.back()) {
            (Some(first), Some(last)) if first.offset <= offset.saturating_add(1) && upto <= last.offset => {
                let wanted = state.ring.iter().filter(|entry| entry.offset > offset && entry.offset <= upto);
                Stretch::Whole(wanted.cloned().collect())
            }
            _ => Stretch::Beyond,
        }
    }

    /// The oldest offset in the ring.
    #[must_use]
    pub fn oldest(&self) -> Option<u64> {
        self.state.lock().ring.front().map(|entry| entry.offset)
    }

    /// Encodes a publication that did not come through the ring (from the journal).
    #[must_use]
    pub fn encode(&self, publication: &Publication) -> Entry {
        self.entry(publication.offset, &publication.data, None)
    }

    /// Stops a hub from hearing of this channel.
    pub fn unwatch(&self, number: usize) {
        let mut state = self.state.lock();
        state.watchers.retain(|watcher| watcher.number() != number);
        state.touched = Instant::now();
    }

    /// Counts a client in, and tells the hubs when `tell` is set.
    pub fn join(self: &Arc<Self>, who: Present, tell: bool) {
        let mut state = self.state.lock();
        if state.presence.join(who) && tell {
            state.tell(|| Heard::Joined { channel: Arc::clone(self), who });
        }
    }

    /// Counts a client out, and tells the hubs when `tell` is set.
    pub fn leave(self: &Arc<Self>, client: Uuid, tell: bool) {
        let mut state = self.state.lock();
        let Some(who) = state.presence.leave(client) else { return };
        if tell {
            state.tell(|| Heard::Left { channel: Arc::clone(self), who });
        }
    }

    /// Who watches, at most `limit`.
    #[must_use]
    pub fn presence(&self, limit: usize) -> Vec<Present> {
        self.state.lock().presence.list(limit)
    }

    /// How many watch.
    #[must_use]
    pub fn presence_stats(&self) -> PresenceStats {
        self.state.lock().presence.stats()
    }

    /// `None` when it was retired meanwhile.
    pub(super) fn watch(&self, watcher: &Arc<dyn Watcher>) -> Option<Standing> {
        let mut state = self.state.lock();
        if state.retired {
            return None;
        }
        if !state.watchers.iter().any(|known| known.number() == watcher.number()) {
            state.watchers.push(Arc::clone(watcher));
        }
        Some(state.standing())
    }

    /// Takes publications of the engine; what came before is dropped, what cannot be joined starts the ring anew. Whether it
    /// was still in the broker's map.
    pub(super) fn append(self: &Arc<Self>, epoch: &str, publications: &[Publication], keep: usize) -> bool {
        let mut state = self.state.lock();
        if state.retired {
            return false;
        }
        if state.epoch.as_deref() != Some(epoch) {
            state.epoch = Some(Arc::from(epoch));
            state.head = None;
            state.ring.clear();
        }
        let known = state.head;
        let fresh = publications.iter().filter(|publication| known.is_none_or(|head| publication.offset > head));
        let entries: Arc<[Entry]> = fresh.map(|publication| self.encode(publication)).collect();
        let Some(first) = entries.first() else { return true };
        if known.is_some_and(|head| first.offset != head.saturating_add(1)) {
            state.ring.clear();
        }
        self.take(&mut state, entries, keep);
        true
    }

    /// Takes a client's publication under the next offset, which is returned; `None` when it was retired meanwhile.
    pub(super) fn append_next(self: &Arc<Self>, data: &str, info: Option<&str>, keep: usize) -> Option<u64> {
        let mut state = self.state.lock();
        if state.retired {
            return None;
        }
        let offset = state.head.unwrap_or(0).saturating_add(1);
        let entry = self.entry(offset, data.as_bytes(), info);
        self.take(&mut state, Arc::from([entry]), keep);
        Some(offset)
    }

    /// Tells the watchers something that is no publication.
    pub(super) fn pass(self: &Arc<Self>, data: &[u8]) {
        let state = self.state.lock();
        if state.watchers.is_empty() {
            return;
        }
        let entry = self.entry(0, data, None);
        state.tell(|| Heard::Passed { channel: Arc::clone(self), entry: entry.clone() });
    }

    /// Whether it leaves the broker's map. One that is watched stays, without its ring: whoever comes back asks the journal.
    pub(super) fn retire_if_idle(&self, now: Instant, idle: Duration) -> bool {
        let mut state = self.state.lock();
        let still = now.saturating_duration_since(state.touched) > idle;
        if still && state.stored {
            state.ring = VecDeque::new();
        }
        state.retired = still && state.watchers.is_empty();
        state.retired
    }

    fn take(self: &Arc<Self>, state: &mut State, entries: Arc<[Entry]>, keep: usize) {
        state.head = entries.last().map(|entry| entry.offset).or(state.head);
        state.touched = Instant::now();
        state.ring.extend(entries.iter().cloned());
        let surplus = state.ring.len().saturating_sub(keep);
        state.ring.drain(..surplus);
        let Some(epoch) = state.epoch.clone() else { return };
        state.tell(|| Heard::Published { channel: Arc::clone(self), epoch: Arc::clone(&epoch), entries: Arc::clone(&entries) });
    }

    fn entry(&self, offset: u64, data: &[u8], info: Option<&str>) -> Entry {
        let mut text = Vec::with_capacity(self.prefix.len() + data.len() + info.map_or(0, str::len) + 48);
        text.extend_from_slice(&self.prefix);
        let inner = text.len();
        text.extend_from_slice(b"{\"data\":");
        one_line(&mut text, data);
        if offset > 0 {
            text.extend_from_slice(b",\"offset\":");
            text.extend_from_slice(offset.to_string().as_bytes());
        }
        if let Some(info) = info {
            text.extend_from_slice(b",\"info\":");
            text.extend_from_slice(info.as_bytes());
        }
        text.extend_from_slice(b"}");
        text.extend_from_slice(TAIL);
        Entry { offset, text: Bytes::from(text), inner }
    }
}

/// Appends JSON text with its line breaks turned into spaces: replies and publications are separated by line breaks, and
/// inside JSON a raw one can only stand between tokens.
pub fn one_line(to: &mut Vec<u8>, json: &[u8]) {
    to.extend(json.iter().map(|&byte| if byte == b'\n' || byte == b'\r' { b' ' } else { byte }));
}

impl State {
    fn standing(&self) -> Standing {
        Standing { epoch: self.epoch.clone(), head: self.head }
    }

    fn tell(&self, heard: impl Fn() -> Heard) {
        for watcher in &self.watchers {
            watcher.hear(heard());
        }
    }
}
