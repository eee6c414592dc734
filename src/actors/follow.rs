//! Follows a kind's commits: keeps what is derived from its entities, such as the rows of lists, true to their committed state.
//!
//! ```text
//! commit -> publication -> Changes: "auction 17 changed" (a set: a hot auction is in it once)
//!                             |
//!                             v   every PACE at most
//!                          Follower: look at each -> write what is derived, newest `seq` wins
//! ```
//!
//! The hot path pays for one entry in a set. What a crash between a commit and its row leaves behind is made good at the next
//! start, by comparing the rows with the journal.

use std::collections::BTreeSet;
use std::fmt::Debug;
use std::sync::Arc;
use std::time::Duration;

use madang_domain::ids::{EntityId, Kind};
use parking_lot::Mutex;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use super::publish::{Publication, Publisher};

/// What is derived from an entity is written at most this often.
const PACE: Duration = Duration::from_millis(250);

/// Which entities of a kind changed since what is derived from them was written. Given to the engine as a [`Publisher`],
/// which needs no engine.
#[derive(Debug)]
pub struct Changes {
    kind: Kind,
    changed: Mutex<BTreeSet<i64>>,
    wake: Notify,
}

impl Changes {
    /// Those of this kind; none yet.
    #[must_use]
    pub fn of(kind: Kind) -> Self {
        Self { kind, changed: Mutex::default(), wake: Notify::new() }
    }

    /// Notes that one changed.
    pub fn note(&self, number: i64) {
        if self.changed.lock().insert(number) {
            self.wake.notify_one();
        }
    }

    fn take(&self) -> Vec<i64> {
        std::mem::take(&mut *self.changed.lock()).into_iter().collect()
    }
}

impl Publisher for Changes {
    fn publish(&self, channel: &str, _: &str, _: &[Publication]) {
        if let Ok(id) = channel.parse::<EntityId>()
            && id.kind() == self.kind
        {
            self.note(id.number());
        }
    }
}

/// What is derived from the entities of one kind.
pub trait Derived: Debug + Clone + Send + Sync + 'static {
    /// At most so many are written together.
    const PAGE: usize;
    /// After a failure this long passes before the next try.
    const REST: Duration = Duration::from_secs(2);

    /// The numbers of those for which what is stored is older than the journal.
    fn behind(&self) -> impl Future<Output = Result<Vec<i64>, sqlx::Error>> + Send;

    /// Writes what is derived from these, and says why where it cannot. Gives those that must wait.
    fn write(&self, numbers: &[i64]) -> impl Future<Output = Vec<i64>> + Send;
}

/// Writes what is derived, behind the hot path. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Follower<D> {
    derived: D,
    changes: Arc<Changes>,
}

impl<D: Derived> Follower<D> {
    /// Follows what `changes` notes.
    #[must_use]
    pub const fn new(derived: D, changes: Arc<Changes>) -> Self {
        Self { derived, changes }
    }

    /// Writes until told to stop: first what a crash left behind, then what changes.
    pub async fn run(self, stop: CancellationToken) {
        let behind = list_until_told(self.changes.kind, D::REST, || self.derived.behind());
        let behind = stop.run_until_cancelled(behind).await.unwrap_or_default();
        behind.into_iter().for_each(|number| self.changes.note(number));
        while stop.run_until_cancelled(self.changes.wake.notified()).await.is_some() {
            let pace = if self.write_noted().await { PACE } else { D::REST };
            if stop.run_until_cancelled(tokio::time::sleep(pace)).await.is_none() {
                break;
            }
        }
        self.write_noted().await;
    }

    /// Writes what is derived from one now, for those who will look for it at once. Where that fails it is written later.
    pub async fn refresh(&self, number: i64) {
        self.write_or_note(&[number]).await;
    }

    /// Writes what is noted now; what is noted meanwhile waits for the next turn, or a hot one would be written without a
    /// pause. What cannot be written stays noted, and the answer is false.
    pub async fn write_noted(&self) -> bool {
        let follower = self.clone();
        // On a task of its own: what is taken is written or noted again even where whoever asked for it goes away.
        tokio::spawn(async move { follower.write_taken().await }).await.unwrap_or(false)
    }

    async fn write_taken(&self) -> bool {
        let mut all = true;
        for page in self.changes.take().chunks(D::PAGE) {
            all &= self.write_or_note(page).await;
        }
        all
    }

    async fn write_or_note(&self, numbers: &[i64]) -> bool {
        let left = self.derived.write(numbers).await;
        left.iter().for_each(|number| self.changes.note(*number));
        left.is_empty()
    }
}

/// What a crash left behind. Asked for until the database tells it: nothing else would bring it up before the next start.
pub(super) async fn list_until_told<F>(kind: Kind, rest: Duration, list: impl Fn() -> F) -> Vec<i64>
where
    F: Future<Output = Result<Vec<i64>, sqlx::Error>>,
{
    loop {
        match list().await {
            Ok(behind) => return behind,
            Err(error) => {
                tracing::error!(%error, kind = kind.name(), "rows cannot be compared with the journal");
                tokio::time::sleep(rest).await;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Writes nothing but what it was asked for; five fails the first time, as does the comparison, and a hot one changes while
    /// it is written.
    #[derive(Debug, Clone)]
    struct Notebook {
        changes: Arc<Changes>,
        compared: Arc<Mutex<u32>>,
        written: Arc<Mutex<Vec<Vec<i64>>>>,
    }

    impl Derived for Notebook {
        const PAGE: usize = 2;
        const REST: Duration = Duration::from_millis(1);

        async fn behind(&self) -> Result<Vec<i64>, sqlx::Error> {
            *self.compared.lock() += 1;
            if *self.compared.lock() > 1 { Ok(vec![5]) } else { Err(sqlx::Error::PoolTimedOut) }
        }

        async fn write(&self, numbers: &[i64]) -> Vec<i64> {
            let first = self.written.lock().is_empty();
            self.written.lock().push(numbers.to_vec());
            self.changes.note(1);
            numbers.iter().copied().filter(|number| first && *number == 5).collect()
        }
    }

    fn notebook() -> (Follower<Notebook>, Notebook) {
        let changes = Arc::new(Changes::of(Kind::Auction));
        let derived = Notebook { changes: Arc::clone(&changes), compared: Arc::default(), written: Arc::default() };
        (Follower::new(derived.clone(), changes), derived)
    }

    #[test]
    fn a_hot_entity_is_noted_once_and_other_channels_are_not() {
        let changes = Changes::of(Kind::Auction);
        for channel in ["auction:17", "auction:17", "user:3", "chat", "auction:2", "campaign:9"] {
            changes.publish(channel, "e", &[]);
        }
        assert_eq!(changes.take(), [2, 17]);
        assert_eq!(changes.take(), [0; 0]);
    }

    #[tokio::test]
    async fn each_turn_writes_in_pages_what_was_noted_when_it_began() {
        let (follower, notebook) = notebook();
        [3, 1, 2].iter().for_each(|number| notebook.changes.note(*number));
        assert!(follower.write_noted().await);
        assert_eq!(*notebook.written.lock(), [vec![1, 2], vec![3]], "1 changed meanwhile and waits");
        assert!(follower.write_noted().await);
        assert_eq!(notebook.written.lock().last(), Some(&vec![1]));
    }

    #[tokio::test]
    async fn who_goes_away_in_the_middle_takes_nothing_along() {
        let (follower, notebook) = notebook();
        notebook.changes.note(7);
        tokio::select! {
            biased;
            _ = follower.write_noted() => panic!("it takes another task's turn"),
            () = std::future::ready(()) => {}
        }
        tokio::task::yield_now().await;
        assert_eq!(*notebook.written.lock(), [[7]]);
    }

    #[tokio::test]
    async fn what_failed_stays_noted() {
        let (follower, notebook) = notebook();
        [5, 6].iter().for_each(|number| notebook.changes.note(*number));
        assert!(!follower.write_noted().await);
        assert_eq!(notebook.changes.take(), [1, 5]);
    }

    #[tokio::test]
    async fn what_a_crash_left_behind_is_written_first_however_often_it_must_be_asked_for() {
        let (follower, notebook) = notebook();
        let stop = CancellationToken::new();
        let run = tokio::spawn(follower.run(stop.clone()));
        let written = async {
            while notebook.written.lock().is_empty() {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(60), written).await.expect("it is asked for again");
        stop.cancel();
        run.await.unwrap();
        assert_eq!((&*notebook.written.lock()[0], *notebook.compared.lock()), (&[5][..], 2));
    }
}
