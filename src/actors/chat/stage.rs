//! What happens in conversations on this node just now: which answers are written, who listens, what must still be noted.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use dashmap::DashMap;
use dashmap::mapref::entry::Entry;
use madang_domain::ids::{EntityId, Kind, UserId};
use parking_lot::Mutex;
use serde::Deserialize;
use tokio::sync::{Notify, watch};
use tokio_util::sync::CancellationToken;

use super::live::Live;
use crate::actors::publish::{Publication, Publisher};

/// Owners that are remembered at most; then all are forgotten and asked for again.
const MAX_OWNERS: usize = 100_000;

/// One conversation in which somebody answers.
#[derive(Debug, Default)]
struct Slot {
    /// Something happened meanwhile: look again before leaving.
    again: bool,
    /// Ends the run.
    stop: CancellationToken,
    /// The answer, once its run has it.
    live: Option<Arc<Live>>,
}

/// Which messages of a conversation changed since its row was written.
pub(super) type Noted = BTreeMap<i64, BTreeSet<u32>>;

/// See the module. The engine publishes into it.
#[derive(Debug, Default)]
pub struct Stage {
    slots: DashMap<i64, Slot>,
    listeners: DashMap<i64, watch::Sender<u64>>,
    owners: DashMap<i64, UserId>,
    noted: Mutex<Noted>,
    pub(super) row_due: Notify,
    starts: Mutex<BTreeSet<i64>>,
    pub(super) start_due: Notify,
}

/// A publication, as far as it matters here.
#[derive(Debug, Deserialize)]
struct Told<'a> {
    #[serde(rename = "type")]
    kind: &'a str,
    #[serde(default)]
    message: u32,
}

impl Publisher for Stage {
    fn publish(&self, channel: &str, _: &str, publications: &[Publication]) {
        let Some(id) = channel.parse::<EntityId>().ok().filter(|id| id.kind() == Kind::Chat) else { return };
        for publication in publications {
            if let Ok(told) = serde_json::from_slice::<Told<'_>>(&publication.data) {
                self.hear(id.number(), &told);
            }
        }
        self.ring(id.number());
    }
}

impl Stage {
    fn hear(&self, chat: i64, told: &Told<'_>) {
        match told.kind {
            "asked" | "continued" | "finished" | "offered" => self.want(chat),
            "stop_asked" | "deleted" => {
                if let Some(slot) = self.slots.get(&chat) {
                    slot.stop.cancel();
                }
            }
            _ => {}
        }
        // Each piece of a text is no news for lists.
        if !matches!(told.kind, "written" | "found" | "offered") {
            self.note(chat, (told.message > 0).then_some(told.message));
        }
    }

    /// Notes that a conversation's row must be written, and the words of a message.
    pub(super) fn note(&self, chat: i64, message: Option<u32>) {
        self.noted.lock().entry(chat).or_default().extend(message);
        self.row_due.notify_one();
    }

    /// Takes what was noted.
    pub(super) fn take_noted(&self) -> Noted {
        std::mem::take(&mut *self.noted.lock())
    }

    /// Notes that somebody must look for an answer to be written.
    pub(super) fn want(&self, chat: i64) {
        if self.starts.lock().insert(chat) {
            self.start_due.notify_one();
        }
    }

    /// Takes the conversations in which somebody must look.
    pub(super) fn take_wanted(&self) -> BTreeSet<i64> {
        std::mem::take(&mut *self.starts.lock())
    }

    /// Takes a conversation for a runner; `false` when one is there, who will look again.
    pub(super) fn enter(&self, chat: i64) -> bool {
        match self.slots.entry(chat) {
            Entry::Occupied(mut slot) => {
                slot.get_mut().again = true;
                false
            }
            Entry::Vacant(free) => {
                free.insert(Slot::default());
                true
            }
        }
    }

    /// Leaves it, unless there is more to do.
    pub(super) fn leave(&self, chat: i64) -> bool {
        let left = self.slots.remove_if(&chat, |_, slot| !slot.again).is_some();
        if let Some(mut slot) = self.slots.get_mut(&chat).filter(|_| !left) {
            slot.again = false;
        }
        left
    }

    /// How many conversations have a runner.
    pub(super) fn runners(&self) -> usize {
        self.slots.len()
    }

    /// A fresh way to stop the next run.
    pub(super) fn fresh_stop(&self, chat: i64) -> CancellationToken {
        let stop = CancellationToken::new();
        if let Some(mut slot) = self.slots.get_mut(&chat) {
            slot.stop = stop.clone();
        }
        stop
    }

    /// Shows an answer to those who read along, or that it is over.
    pub(super) fn show(&self, chat: i64, live: Option<Arc<Live>>) {
        let before = match self.slots.get_mut(&chat) {
            Some(mut slot) => std::mem::replace(&mut slot.live, live),
            None => None,
        };
        if let Some(before) = before {
            before.tell();
        }
        self.ring(chat);
    }

    /// The answer that is being written.
    pub(super) fn live(&self, chat: i64) -> Option<Arc<Live>> {
        self.slots.get(&chat)?.live.clone()
    }

    /// Hears of everything that happens in a conversation.
    pub(super) fn listen(&self, chat: i64) -> watch::Receiver<u64> {
        self.listeners.entry(chat).or_default().subscribe()
    }

    fn ring(&self, chat: i64) {
        if let Some(listeners) = self.listeners.get(&chat) {
            listeners.send_modify(|turn| *turn = turn.wrapping_add(1));
        }
    }

    /// Forgets those whom nobody listens to any more.
    pub(super) fn tidy(&self) {
        self.listeners.retain(|_, listeners| listeners.receiver_count() > 0);
    }

    pub(super) fn owner(&self, chat: i64) -> Option<UserId> {
        self.owners.get(&chat).map(|owner| *owner)
    }

    pub(super) fn learn_owner(&self, chat: i64, owner: UserId) {
        if self.owners.len() >= MAX_OWNERS {
            self.owners.clear();
        }
        self.owners.insert(chat, owner);
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;

    fn publish(stage: &Stage, channel: &str, data: &'static str) {
        stage.publish(channel, "e", &[Publication { offset: 1, data: Bytes::from_static(data.as_bytes()) }]);
    }

    #[test]
    fn a_question_wants_a_runner_and_a_piece_of_text_does_not() {
        let stage = Stage::default();
        publish(&stage, "chat:7", r#"{"at":"x","message":2,"type":"asked"}"#);
        publish(&stage, "chat:8", r#"{"from":0,"message":1,"text":"a","type":"written"}"#);
        publish(&stage, "auction:9", r#"{"message":2,"type":"asked"}"#);
        assert_eq!(stage.take_wanted(), BTreeSet::from([7]));
        assert_eq!(stage.take_noted(), BTreeMap::from([(7, BTreeSet::from([2]))]));
    }

    #[test]
    fn what_comes_while_somebody_answers_is_looked_at_before_leaving() {
        let stage = Stage::default();
        assert!(stage.enter(7));
        assert!(!stage.enter(7), "one runner at a time");
        assert!(!stage.leave(7), "there may be more to do");
        assert!(stage.leave(7));
        assert!(stage.enter(7));
    }

    #[test]
    fn a_stop_reaches_the_run_that_is_there() {
        let stage = Stage::default();
        assert!(stage.enter(7));
        let first = stage.fresh_stop(7);
        let second = stage.fresh_stop(7);
        publish(&stage, "chat:7", r#"{"message":2,"type":"stop_asked"}"#);
        assert!(second.is_cancelled() && !first.is_cancelled());
    }

    #[test]
    fn listeners_hear_and_are_forgotten() {
        let stage = Stage::default();
        let heard = stage.listen(7);
        publish(&stage, "chat:7", r#"{"message":2,"type":"begun"}"#);
        assert!(heard.has_changed().unwrap());
        drop(heard);
        stage.tidy();
        assert!(stage.listeners.is_empty());
    }
}
