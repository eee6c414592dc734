//! Notes, limits and messages shared by all nodes through Redis.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use futures_util::StreamExt;
use futures_util::future::BoxFuture;
use parking_lot::Mutex;
use redis::aio::{ConnectionManager, ConnectionManagerConfig};
use redis::{Client, RedisResult, Script};
use tokio::sync::Notify;
use tokio::task::JoinHandle;

use super::{Admission, Cache, Ear, LocalCache, Rate};
use crate::config::RedisSettings;

/// After a failure Redis is left alone for so long, so that its absence costs one time-out, not one for each request.
const REST: Duration = Duration::from_secs(1);

/// Generic cell rate by Redis' own clock: answers how many microseconds to wait, 0 when granted.
const ADMIT: &str = r"
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000000 + tonumber(time[2])
local interval = tonumber(ARGV[1])
local burst = tonumber(ARGV[2])
local due = math.max(tonumber(redis.call('GET', KEYS[1]) or now), now)
local wait = due - (burst - 1) * interval - now
if wait > 0 then return wait end
redis.call('SET', KEYS[1], string.format('%.0f', due + interval), 'PX', math.ceil((due + interval - now) / 1000))
return 0
";

/// Keeps everything in Redis, and while that is away what it can in this process.
pub struct RedisCache {
    shared: Arc<Shared>,
    listening: Mutex<Option<JoinHandle<()>>>,
}

struct Shared {
    client: Client,
    manager: ConnectionManager,
    prefix: String,
    admit: Script,
    /// Stands in while Redis is away, and knows who listens.
    local: LocalCache,
    born: Instant,
    /// Until when Redis is left alone, in ms since birth.
    rests_until: AtomicU64,
    topics_changed: Notify,
}

impl fmt::Debug for RedisCache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisCache").field("prefix", &self.shared.prefix).finish_non_exhaustive()
    }
}

impl RedisCache {
    /// Connects on first use: a Redis that is away does not stop anybody. Must be called on a runtime.
    ///
    /// # Errors
    /// An address that is none.
    pub fn new(settings: &RedisSettings) -> RedisResult<Self> {
        let client = Client::open(settings.url.as_str())?;
        let patience = Some(Duration::from_millis(settings.timeout_ms));
        let config = ConnectionManagerConfig::new()
            .set_response_timeout(patience)
            .set_connection_timeout(patience)
            .set_number_of_retries(1)
            .set_max_delay(REST);
        let manager = ConnectionManager::new_lazy_with_config(client.clone(), config)?;
        let shared = Arc::new(Shared {
            client,
            manager,
            prefix: settings.prefix.clone(),
            admit: Script::new(ADMIT),
            local: LocalCache::default(),
            born: Instant::now(),
            rests_until: AtomicU64::new(0),
            topics_changed: Notify::new(),
        });
        Ok(Self { shared, listening: Mutex::new(None) })
    }
}

impl Drop for RedisCache {
    fn drop(&mut self) {
        if let Some(listening) = self.listening.lock().take() {
            listening.abort();
        }
    }
}

impl Shared {
    fn key(&self, key: &str) -> String {
        format!("{}{key}", self.prefix)
    }

    fn age_ms(&self) -> u64 {
        u64::try_from(self.born.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    /// Runs something on Redis; `None` when it is away.
    async fn ask<T, F: Future<Output = RedisResult<T>>>(&self, run: impl FnOnce(ConnectionManager) -> F) -> Option<T> {
        if self.age_ms() < self.rests_until.load(Ordering::Relaxed) {
            return None;
        }
        match run(self.manager.clone()).await {
            Ok(value) => Some(value),
            Err(error) => {
                let rest = u64::try_from(REST.as_millis()).unwrap_or(1_000);
                self.rests_until.store(self.age_ms() + rest, Ordering::Relaxed);
                metrics::counter!("redis_failures_total").increment(1);
                tracing::warn!(%error, "redis is away: going on without it");
                None
            }
        }
    }

    /// Listens for as long as the process lives, connecting again when it must.
    async fn listen(self: Arc<Self>) {
        loop {
            if let Err(error) = self.listen_once().await {
                tracing::debug!(%error, "redis is away: messages of other nodes are not heard");
            }
            tokio::time::sleep(REST).await;
        }
    }

    async fn listen_once(&self) -> RedisResult<()> {
        let (mut sink, mut messages) = self.client.get_async_pubsub().await?.split();
        loop {
            for topic in self.local.topics() {
                sink.subscribe(self.key(&topic)).await?;
            }
            loop {
                tokio::select! {
                    message = messages.next() => {
                        let Some(message) = message else { return Ok(()) };
                        let text: String = message.get_payload()?;
                        if let Some(topic) = message.get_channel_name().strip_prefix(&self.prefix) {
                            self.local.spread(topic, &text);
                        }
                    }
                    () = self.topics_changed.notified() => break,
                }
            }
        }
    }
}

impl Cache for RedisCache {
    fn keep<'a>(&'a self, key: &'a str, note: &'a str, lasting: Duration) -> BoxFuture<'a, ()> {
        Box::pin(async move {
            let ms = u64::try_from(lasting.as_millis()).unwrap_or(u64::MAX).max(1);
            let full = self.shared.key(key);
            let kept = self.shared.ask(async |mut redis| {
                redis::cmd("SET").arg(&full).arg(note).arg("PX").arg(ms).query_async::<()>(&mut redis).await
            });
            if kept.await.is_none() {
                self.shared.local.keep(key, note, lasting).await;
            }
        })
    }

    fn find<'a>(&'a self, key: &'a str) -> BoxFuture<'a, Option<String>> {
        Box::pin(async move {
            let full = self.shared.key(key);
            let found = self.shared.ask(async |mut redis| redis::cmd("GET").arg(&full).query_async(&mut redis).await).await;
            match found.flatten() {
                Some(note) => Some(note),
                None => self.shared.local.find(key).await,
            }
        })
    }

    fn list<'a>(&'a self, prefix: &'a str) -> BoxFuture<'a, Vec<(String, String)>> {
        Box::pin(async move {
            let full = self.shared.key(prefix);
            let found = self.shared.ask(async |mut redis| {
                let mut found: Vec<(String, String)> = Vec::new();
                let mut cursor = 0u64;
                loop {
                    let mut scan = redis::cmd("SCAN");
                    scan.arg(cursor).arg("MATCH").arg(format!("{}*", escape(&full))).arg("COUNT").arg(1000);
                    let (next, keys): (u64, Vec<String>) = scan.query_async(&mut redis).await?;
                    for key in keys {
                        let note: Option<String> = redis::cmd("GET").arg(&key).query_async(&mut redis).await?;
                        found.extend(key.strip_prefix(&full).map(str::to_owned).zip(note));
                    }
                    if next == 0 {
                        return Ok(found);
                    }
                    cursor = next;
                }
            });
            let mut found = found.await.unwrap_or_default();
            found.extend(self.shared.local.list(prefix).await);
            found.sort_unstable();
            found.dedup_by(|later, earlier| later.0 == earlier.0);
            found
        })
    }

    fn admit<'a>(&'a self, key: &'a str, rate: Rate) -> BoxFuture<'a, Admission> {
        Box::pin(async move {
            let interval = u64::try_from(rate.interval().as_micros()).unwrap_or(u64::MAX);
            let (full, burst) = (self.shared.key(key), rate.per_minute.get());
            let wait: Option<u64> = self
                .shared
                .ask(async |mut redis| self.shared.admit.key(&full).arg(interval).arg(burst).invoke_async(&mut redis).await)
                .await;
            match wait {
                Some(0) => Admission::Granted,
                Some(wait) => Admission::Refused(Duration::from_micros(wait)),
                None => self.shared.local.count(key, rate),
            }
        })
    }

    fn tell<'a>(&'a self, topic: &'a str, message: &'a str) -> BoxFuture<'a, ()> {
        Box::pin(async move {
            // At once here, whatever Redis does; hearing it again from there does no harm.
            self.shared.local.spread(topic, message);
            let full = self.shared.key(topic);
            self.shared
                .ask(async |mut redis| redis::cmd("PUBLISH").arg(&full).arg(message).query_async::<()>(&mut redis).await)
                .await;
        })
    }

    fn listen(&self, topic: &str, ear: Ear) {
        self.shared.local.listen(topic, ear);
        self.shared.topics_changed.notify_one();
        let mut listening = self.listening.lock();
        if listening.is_none() {
            *listening = Some(tokio::spawn(Arc::clone(&self.shared).listen()));
        }
    }

    fn sweep(&self) {
        self.shared.local.sweep();
    }
}

/// A key in which nothing is a pattern.
fn escape(key: &str) -> String {
    key.chars().flat_map(|c| matches!(c, '*' | '?' | '[' | ']' | '\\').then_some('\\').into_iter().chain([c])).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_no_patterns() {
        assert_eq!(escape("a*b[c]?\\"), "a\\*b\\[c\\]\\?\\\\");
    }
}
