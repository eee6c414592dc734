//! How long, and how often, a client asks again.

use std::time::{Duration, Instant};

use super::ClientError;

const FIRST_PAUSE: Duration = Duration::from_millis(20);
const LONGEST_PAUSE: Duration = Duration::from_secs(1);

/// A deadline with growing, jittered pauses.
#[derive(Debug, Clone)]
pub struct Patience {
    since: Instant,
    limit: Duration,
    pause: Duration,
}

impl Patience {
    /// Patience for `limit`, from now on.
    #[must_use]
    pub fn of(limit: Duration) -> Self {
        Self { since: Instant::now(), limit, pause: FIRST_PAUSE }
    }

    /// What is left of it.
    #[must_use]
    pub fn left(&self) -> Duration {
        self.limit.saturating_sub(self.since.elapsed())
    }

    /// The pauses start small again: something went well.
    pub fn relax(&mut self) {
        self.pause = FIRST_PAUSE;
    }

    /// Waits a little before the next try.
    ///
    /// # Errors
    /// `GaveUp`, naming `last`, when no patience is left.
    pub async fn wait(&mut self, last: &(dyn std::fmt::Display + Sync)) -> Result<(), ClientError> {
        if self.left().is_zero() {
            return Err(ClientError::GaveUp { seconds: self.limit.as_secs(), last: last.to_string() });
        }
        let jittered = self.pause.mul_f64(rand::random_range(0.5..1.0));
        tokio::time::sleep(jittered.min(self.left())).await;
        self.pause = self.pause.saturating_mul(2).min(LONGEST_PAUSE);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn no_patience_gives_up_and_says_why() {
        let mut none = Patience::of(Duration::ZERO);
        let error = none.wait(&"connection refused").await.unwrap_err();
        assert_eq!(error.to_string(), "gave up after 0 s; the last answer was: connection refused");
        assert!(!error.temporary());
    }
}
