//! An answer's way to the journal: one command at a time, each with what came since the one before.

use std::time::Duration;

use futures_util::future::{BoxFuture, FutureExt};
use madang_domain::chat::command::Finish;
use madang_domain::chat::turn::Piece;
use madang_domain::chat::{Chat, Command, End, Source, Usage};
use madang_domain::code::Code;
use madang_domain::entity::{Actor, Order};
use madang_domain::ids::EntityId;
use tokio::time::Instant;
use uuid::Uuid;

use super::live::{Live, Place};
use crate::actors::ask::{Answer, Denied};
use crate::actors::kernel::Engine;

/// So much text goes to the journal at once.
const CHUNK_BYTES: usize = 1024;
/// What is less goes after so long.
const CHUNK_EVERY: Duration = Duration::from_millis(250);
/// A run with nothing to write says so often that it lives: a fraction of the lease.
const HOLD_EVERY: Duration = Duration::from_secs(7);
/// What the engine could not do is asked again, with the same id, after these times.
const RETRIES: [u64; 7] = [20, 100, 300, 1_000, 2_000, 4_000, 8_000];

/// Gives a command of the house, again and again while that can help.
pub(super) async fn order(engine: &Engine, to: EntityId, command: Command) -> Result<Answer, Denied> {
    let id = Uuid::new_v4();
    let ask = || engine.ask::<Chat>(Order { to, id, actor: Actor::System, command: command.clone() });
    let mut result = ask().await;
    for wait in RETRIES {
        let again = matches!(result, Err(Denied::Failed(Code::Busy | Code::Unknown | Code::Moved | Code::Quarantined)));
        if !again {
            break;
        }
        tokio::time::sleep(Duration::from_millis(wait)).await;
        result = ask().await;
    }
    result
}

/// See the module.
pub(super) struct Desk {
    engine: Engine,
    id: EntityId,
    message: u32,
    run: Uuid,
    /// Everything before is on its way or durable.
    sent: Place,
    sent_at: Instant,
    flight: Option<BoxFuture<'static, Result<Answer, Denied>>>,
}

/// How an answer ends.
pub(super) struct Ending {
    pub(super) end: End,
    pub(super) reason: Option<String>,
    pub(super) model: String,
    pub(super) usage: Usage,
}

impl Desk {
    /// For a run that has taken an answer, whose text so far is durable.
    pub(super) fn new(engine: Engine, (id, message, run): (EntityId, u32, Uuid), live: &Live) -> Self {
        Self { engine, id, message, run, sent: live.end(), sent_at: Instant::now(), flight: None }
    }

    fn send(&mut self, command: Command) {
        self.sent_at = Instant::now();
        let (engine, id) = (self.engine.clone(), self.id);
        self.flight = Some(async move { order(&engine, id, command).await }.boxed());
    }

    /// Waits until what is on its way has arrived; for ever while nothing is.
    ///
    /// # Errors
    /// The answer is not this run's any more, or the journal has been away for too long.
    pub(super) async fn landed(&mut self) -> Result<(), Denied> {
        let Some(flight) = &mut self.flight else { return std::future::pending().await };
        let result = flight.await;
        self.flight = None;
        result.map(|_| ())
    }

    /// Tells what was found.
    pub(super) async fn found(&mut self, sources: Vec<Source>) -> Result<(), Denied> {
        self.settle().await?;
        self.send(Command::Found { message: self.message, run: self.run, sources });
        Ok(())
    }

    /// Whether something is on its way.
    pub(super) const fn in_flight(&self) -> bool {
        self.flight.is_some()
    }

    /// When [`Desk::work`] has something to do next.
    pub(super) fn due(&self, live: &Live) -> Instant {
        self.sent_at + if live.end() == self.sent { HOLD_EVERY } else { CHUNK_EVERY }
    }

    /// Sends what is due, if nothing is on its way.
    pub(super) fn work(&mut self, live: &Live) {
        if self.flight.is_some() {
            return;
        }
        let much = live.end().bytes_since(self.sent) >= CHUNK_BYTES;
        if !much && Instant::now() < self.due(live) {
            return;
        }
        let (piece, end) = live.since(self.sent);
        let (message, run) = (self.message, self.run);
        if end == self.sent {
            return self.send(Command::Hold { message, run });
        }
        self.sent = end;
        self.send(Command::Write { message, run, piece });
    }

    async fn settle(&mut self) -> Result<(), Denied> {
        match self.flight.take() {
            Some(flight) => flight.await.map(|_| ()),
            None => Ok(()),
        }
    }

    /// Ends the answer with what was not sent yet.
    ///
    /// # Errors
    /// As [`Desk::landed`].
    pub(super) async fn finish(mut self, live: &Live, ending: Ending) -> Result<(), Denied> {
        self.settle().await?;
        let (piece, _): (Piece, _) = live.since(self.sent);
        let Ending { end, reason, model, usage } = ending;
        let finish = Finish { message: self.message, run: self.run, piece, end, reason, model, usage };
        order(&self.engine, self.id, Command::Finish(Box::new(finish))).await.map(|_| ())
    }
}
