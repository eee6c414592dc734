//! The channels that a hub's connections watch.

use std::collections::HashMap;
use std::sync::Arc;

use bytes::Bytes;

use super::super::house::ChannelRules;
use super::conns::ConnKey;
use crate::actors::broker::{Channel, Entry, Standing, Stretch};

/// A subscription whose position is not the room's.
#[derive(Debug, Clone, Copy)]
pub(super) struct Astray {
    pub(super) key: ConnKey,
    /// The last offset it has.
    pub(super) position: u64,
}

/// One channel in one hub.
pub(super) struct Room {
    pub(super) channel: Arc<Channel>,
    pub(super) rules: ChannelRules,
    /// Not an entity's channel: the ring is all there is.
    pub(super) open: bool,
    pub(super) epoch: Option<Arc<str>>,
    /// The last offset given to the members; unknown until the first snapshot, recovery or publication.
    pub(super) delivered: Option<u64>,
    /// What the members get at the end of this turn.
    pub(super) due: Vec<Entry>,
    /// What must wait until a gap before it is filled from the journal.
    pub(super) held: Option<Vec<Entry>>,
    /// Places of the connections that have everything up to `delivered`.
    pub(super) members: Vec<u32>,
    pub(super) astray: Vec<Astray>,
    /// Subscriptions whose position is being asked for.
    pub(super) waiting: u32,
    /// Subscriptions that want joins and leaves.
    pub(super) listeners: u32,
    replayed: Option<Replayed>,
}

/// A stretch that was replayed lately: those who were cut together come back together, from the same position.
struct Replayed {
    from: u64,
    to: u64,
    text: Bytes,
}

/// What the ring can do for a position.
pub(super) enum Replay {
    /// Everything after it, as the text of a JSON list's items, and the position then reached.
    Whole(Bytes, u64),
    /// Only the journal knows.
    Ask,
    /// It cannot be recovered.
    Lost,
}

impl Room {
    fn new(channel: Arc<Channel>, standing: Standing, rules: ChannelRules, open: bool) -> Self {
        Self {
            channel,
            rules,
            open,
            epoch: standing.epoch,
            delivered: standing.head,
            due: Vec::new(),
            held: None,
            members: Vec::new(),
            astray: Vec::new(),
            waiting: 0,
            listeners: 0,
            replayed: None,
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.members.is_empty() && self.astray.is_empty() && self.waiting == 0
    }

    /// The offset after which the next publication is expected.
    pub(super) fn expected(&self) -> Option<u64> {
        self.due.last().map(|entry| entry.offset).or(self.delivered)
    }

    /// What the ring can do for a client at `offset` of `epoch` (empty: any).
    pub(super) fn replay(&mut self, offset: u64, epoch: &str, most: usize, most_bytes: usize) -> Replay {
        let beyond = if self.open { Replay::Lost } else { Replay::Ask };
        let (Some(own), Some(delivered)) = (&self.epoch, self.delivered) else { return beyond };
        if !epoch.is_empty() && epoch != &**own {
            return Replay::Lost;
        }
        if offset > delivered {
            let ahead = self.channel.standing().head.is_some_and(|head| offset <= head);
            return if ahead { Replay::Whole(Bytes::new(), offset) } else { beyond };
        }
        if usize::try_from(delivered - offset).map_or(true, |missed| missed > most) {
            return Replay::Lost;
        }
        if let Some(same) = self.replayed.as_ref().filter(|replayed| replayed.from == offset && replayed.to == delivered) {
            return Replay::Whole(same.text.clone(), delivered);
        }
        let Stretch::Whole(entries) = self.channel.after(offset, delivered) else { return beyond };
        let text = items(entries.iter().map(Entry::publication));
        if text.len() > most_bytes {
            return Replay::Lost;
        }
        let text = Bytes::from(text);
        self.replayed = Some(Replayed { from: offset, to: delivered, text: text.clone() });
        Replay::Whole(text, delivered)
    }

    /// Forgets the replayed stretch; called once a turn, as the room moves on anyway.
    pub(super) fn forget_replayed(&mut self) {
        self.replayed = None;
    }
}

/// Joins JSON values by commas.
pub(super) fn items<'a>(values: impl Iterator<Item = &'a [u8]>) -> Vec<u8> {
    let mut text = Vec::new();
    for value in values {
        if !text.is_empty() {
            text.push(b',');
        }
        text.extend_from_slice(value);
    }
    text
}

/// All rooms of a hub.
#[derive(Default)]
pub(super) struct Rooms {
    places: Vec<Option<Room>>,
    free: Vec<u32>,
    by_name: HashMap<Arc<str>, u32>,
}

impl Rooms {
    pub(super) fn find(&self, name: &str) -> Option<u32> {
        self.by_name.get(name).copied()
    }

    pub(super) fn get(&mut self, number: u32) -> Option<&mut Room> {
        self.places.get_mut(usize::try_from(number).unwrap_or(usize::MAX))?.as_mut()
    }

    pub(super) fn insert(&mut self, channel: Arc<Channel>, standing: Standing, rules: ChannelRules, open: bool) -> u32 {
        let name = Arc::clone(channel.name());
        let room = Room::new(channel, standing, rules, open);
        let number = self.free.pop().unwrap_or_else(|| {
            self.places.push(None);
            u32::try_from(self.places.len() - 1).unwrap_or(u32::MAX)
        });
        if let Some(place) = self.places.get_mut(usize::try_from(number).unwrap_or(usize::MAX)) {
            *place = Some(room);
        }
        self.by_name.insert(name, number);
        number
    }

    pub(super) fn remove(&mut self, number: u32) -> Option<Room> {
        let room = self.places.get_mut(usize::try_from(number).unwrap_or(usize::MAX))?.take()?;
        self.by_name.remove(room.channel.name());
        self.free.push(number);
        Some(room)
    }
}
