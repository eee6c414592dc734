//! Time: the only place where the wall clock is read.

use std::sync::Arc;
use std::time::Duration;

use chrono::Utc;
use futures_util::future::BoxFuture;
use madang_domain::time::{Timestamp, stored};
use parking_lot::Mutex;
use tokio::sync::watch;

/// Tells the time and wakes at a time.
pub trait Clock: Send + Sync + 'static {
    /// The present moment, in whole microseconds.
    fn now(&self) -> Timestamp;

    /// Ends when [`Clock::now`] has reached `at`, or a little after.
    fn wait_until(&self, at: Timestamp) -> BoxFuture<'static, ()>;

    /// Whether this is the world's time, which can be compared with other machines'.
    fn is_real(&self) -> bool {
        false
    }
}

/// The machine's clock.
#[derive(Debug, Clone, Copy, Default)]
pub struct WallClock;

#[expect(clippy::disallowed_methods, reason = "the one place that reads the wall clock")]
fn wall() -> Timestamp {
    Utc::now()
}

impl Clock for WallClock {
    fn now(&self) -> Timestamp {
        stored(wall())
    }

    fn wait_until(&self, at: Timestamp) -> BoxFuture<'static, ()> {
        Box::pin(async move {
            // The wall clock may jump while the timer of the runtime, which is monotonic, sleeps: look again.
            while let Ok(left) = (at - wall()).to_std() {
                if left.is_zero() {
                    break;
                }
                tokio::time::sleep(left.min(Duration::from_secs(1)).max(Duration::from_millis(1))).await;
            }
        })
    }

    fn is_real(&self) -> bool {
        true
    }
}

/// A clock for tests: it stands still until it is moved.
#[derive(Debug, Clone)]
pub struct ManualClock {
    hand: Arc<Mutex<watch::Sender<Timestamp>>>,
}

impl ManualClock {
    /// A clock that shows `start`.
    #[must_use]
    pub fn new(start: Timestamp) -> Self {
        Self { hand: Arc::new(Mutex::new(watch::channel(stored(start)).0)) }
    }

    /// Moves the hand forward and wakes those who waited for it.
    pub fn advance(&self, by: Duration) {
        self.hand.lock().send_modify(|now| *now += by);
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Timestamp {
        *self.hand.lock().borrow()
    }

    fn wait_until(&self, at: Timestamp) -> BoxFuture<'static, ()> {
        let mut hand = self.hand.lock().subscribe();
        Box::pin(async move {
            // The sender lives as long as the clock; when the clock is gone, nobody waits for its time any more.
            let _ = hand.wait_for(|now| *now >= at).await;
        })
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;

    use super::*;

    #[tokio::test]
    async fn a_manual_clock_wakes_those_whose_time_has_come() {
        let clock = ManualClock::new(WallClock.now());
        let due = clock.now() + Duration::from_secs(60);
        let mut waiting = clock.wait_until(due);
        clock.advance(Duration::from_secs(59));
        assert!((&mut waiting).now_or_never().is_none());
        clock.advance(Duration::from_secs(1));
        waiting.await;
        assert_eq!(clock.now(), due);
    }
}
