//! Asking for snapshots: watchers who are not signed in see the same, so those who come at once share one.

use std::sync::Arc;

use madang_domain::code::Code;

use super::super::house::{ChannelSnapshot, Identity};
use super::Hub;
use super::inbox::Order;
use super::join::Ask;

impl Hub {
    /// Asks for a snapshot. A public one that is already under way is shared: it may be a little older than this request, and
    /// the ring brings its taker to the present all the same.
    pub(super) fn ask_snapshot(&mut self, ask: Ask, who: Option<Identity>) {
        if who.is_none() {
            if let Some(sharers) = self.public_snapshots.get_mut(&ask.channel) {
                sharers.push(ask);
                return;
            }
            self.public_snapshots.insert(Arc::clone(&ask.channel), Vec::new());
        }
        let (house, inbox) = (Arc::clone(&self.shared.house), Arc::clone(&self.inbox));
        self.shared.runtime.spawn(async move {
            let public = who.is_none();
            let asked = house.snapshot(ask.channel.to_string(), who);
            let result = tokio::time::timeout(super::PATIENCE, asked).await.unwrap_or(Err(Code::Busy));
            inbox.push(Order::Snapshot { ask: Box::new(ask), public, result });
        });
    }

    /// The answer, for whoever asked and all who share it.
    pub(super) fn on_snapshots(&mut self, ask: &Ask, public: bool, result: Result<ChannelSnapshot, Code>) {
        if public {
            for sharer in self.public_snapshots.remove(&ask.channel).unwrap_or_default() {
                self.on_snapshot(&sharer, result.clone());
            }
        }
        self.on_snapshot(ask, result);
    }
}
