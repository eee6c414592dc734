//! Notes, limits and messages of one process.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use dashmap::DashMap;
use futures_util::future::{BoxFuture, ready};
use governor::clock::{Clock, DefaultClock};
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};
use parking_lot::RwLock;

use super::{Admission, Cache, Ear, Rate};

/// Keeps everything in memory.
#[derive(Default)]
pub struct LocalCache {
    notes: DashMap<String, (String, Instant)>,
    limits: DashMap<Rate, Arc<DefaultKeyedRateLimiter<String>>>,
    ears: RwLock<Vec<(String, Ear)>>,
}

impl LocalCache {
    /// Counts one towards a limit.
    pub(super) fn count(&self, key: &str, rate: Rate) -> Admission {
        let limit = {
            let found = self.limits.entry(rate);
            Arc::clone(&found.or_insert_with(|| Arc::new(RateLimiter::keyed(Quota::per_minute(rate.per_minute)))))
        };
        match limit.check_key(&key.to_owned()) {
            Ok(()) => Admission::Granted,
            Err(refused) => Admission::Refused(refused.wait_time_from(DefaultClock::default().now())),
        }
    }

    /// Has a message heard by those of this process.
    pub(super) fn spread(&self, topic: &str, message: &str) {
        for (_, ear) in self.ears.read().iter().filter(|(listened, _)| listened == topic) {
            ear(message);
        }
    }

    /// The topics that are listened to.
    pub(super) fn topics(&self) -> Vec<String> {
        self.ears.read().iter().map(|(topic, _)| topic.clone()).collect()
    }
}

impl fmt::Debug for LocalCache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LocalCache")
            .field("notes", &self.notes.len())
            .field("limits", &self.limits.len())
            .finish_non_exhaustive()
    }
}

impl Cache for LocalCache {
    fn keep<'a>(&'a self, key: &'a str, note: &'a str, lasting: Duration) -> BoxFuture<'a, ()> {
        self.notes.insert(key.to_owned(), (note.to_owned(), Instant::now() + lasting));
        Box::pin(ready(()))
    }

    fn find<'a>(&'a self, key: &'a str) -> BoxFuture<'a, Option<String>> {
        let note = self.notes.get(key).filter(|note| note.1 > Instant::now()).map(|note| note.0.clone());
        Box::pin(ready(note))
    }

    fn list<'a>(&'a self, prefix: &'a str) -> BoxFuture<'a, Vec<(String, String)>> {
        let now = Instant::now();
        let found = self.notes.iter().filter(|entry| entry.value().1 > now).filter_map(|entry| {
            let rest = entry.key().strip_prefix(prefix)?;
            Some((rest.to_owned(), entry.value().0.clone()))
        });
        Box::pin(ready(found.collect()))
    }

    fn admit<'a>(&'a self, key: &'a str, rate: Rate) -> BoxFuture<'a, Admission> {
        Box::pin(ready(self.count(key, rate)))
    }

    fn tell<'a>(&'a self, topic: &'a str, message: &'a str) -> BoxFuture<'a, ()> {
        self.spread(topic, message);
        Box::pin(ready(()))
    }

    fn listen(&self, topic: &str, ear: Ear) {
        self.ears.write().push((topic.to_owned(), ear));
    }

    fn sweep(&self) {
        let now = Instant::now();
        self.notes.retain(|_, (_, until)| *until > now);
        for limit in &self.limits {
            limit.retain_recent();
            limit.shrink_to_fit();
        }
    }
}
