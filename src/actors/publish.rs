//! From a committed event to its watchers.

use bytes::Bytes;

/// One publication of a channel: already encoded JSON, never sent before its event is committed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Publication {
    /// Its number on the channel: 1, 2, 3 ... without gaps.
    pub offset: u64,
    /// `{"type": ..., ...}` as JSON text.
    pub data: Bytes,
}

/// Takes publications of entities, in order. The broker is one; tests have another.
pub trait Publisher: Send + Sync + 'static {
    /// Hands over what a channel's watchers must now hear. `channel` is the entity's name, such as `auction:17`; `epoch` is
    /// the channel's epoch. Called in offset order for each channel, and never blocks.
    fn publish(&self, channel: &str, epoch: &str, publications: &[Publication]);
}
