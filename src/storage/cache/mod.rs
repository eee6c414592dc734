//! What may be lost: short-lived notes, rate limits, and messages among nodes. In this process ([`LocalCache`]), or in
//! Redis ([`RedisCache`]) where several nodes run.
//!
//! Nothing here ever fails: when Redis is away, notes are not found, messages reach this process alone, and limits are
//! counted in this process, until it is back. So use it only for what may be forgotten. `tests/it/cache.rs` is the
//! contract, run against both.

mod local;
mod redis;

use std::fmt;
use std::num::NonZeroU32;
use std::time::Duration;

use futures_util::future::BoxFuture;

pub use local::LocalCache;
pub use redis::RedisCache;

/// So many a minute, all of them at once if need be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Rate {
    /// How many.
    pub per_minute: NonZeroU32,
}

impl Rate {
    /// So many a minute; at least one.
    #[must_use]
    pub fn per_minute(count: u32) -> Self {
        Self { per_minute: NonZeroU32::new(count).unwrap_or(NonZeroU32::MIN) }
    }

    /// The time between two at an even pace.
    #[must_use]
    pub fn interval(self) -> Duration {
        Duration::from_secs(60) / self.per_minute.get()
    }
}

/// Whether a limit lets something pass.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Admission {
    /// It does, and has counted it.
    Granted,
    /// It does not; asking again makes sense after this long.
    Refused(Duration),
}

/// Hears the messages of a topic. Called on a thread of the runtime; must not block.
pub type Ear = Box<dyn Fn(&str) + Send + Sync>;

/// See the module's words.
pub trait Cache: fmt::Debug + Send + Sync + 'static {
    /// Keeps a note for so long, in place of what was there.
    fn keep<'a>(&'a self, key: &'a str, note: &'a str, lasting: Duration) -> BoxFuture<'a, ()>;

    /// The note, if it is still there.
    fn find<'a>(&'a self, key: &'a str) -> BoxFuture<'a, Option<String>>;

    /// All notes whose key begins so, with the rest of their key.
    fn list<'a>(&'a self, prefix: &'a str) -> BoxFuture<'a, Vec<(String, String)>>;

    /// Counts one towards a limit (generic cell rate: an even pace, with the whole minute's worth at once after a pause).
    fn admit<'a>(&'a self, key: &'a str, rate: Rate) -> BoxFuture<'a, Admission>;

    /// Tells all who listen to the topic, here and on the other nodes.
    fn tell<'a>(&'a self, topic: &'a str, message: &'a str) -> BoxFuture<'a, ()>;

    /// Listens to a topic from now on. One's own messages are heard too; a message may be heard twice, or never.
    fn listen(&self, topic: &str, ear: Ear);

    /// Forgets what has run out. For a job that runs now and then.
    fn sweep(&self);
}
