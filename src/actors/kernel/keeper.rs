//! One entity's memory: decides commands, applies events, and says what must be written. No IO, no clock, no actor.
//!
//! A keeper is ahead of the journal: it decides against its newest state while earlier decisions are still being committed.
//! Whoever runs it (the actor, the simulator) sees to it that nothing is said before it is durable.

use std::panic::{AssertUnwindSafe, catch_unwind};

use madang_domain::entity::{Actor, Effect, Entity, Given, Order, Reason, Viewer};
use madang_domain::ids::{EntityId, Kind};
use madang_domain::money::Money;
use madang_domain::time::{Timestamp, stored};
use serde_json::Value;
use serde_json::value::{RawValue, to_raw_value};
use uuid::Uuid;

use super::body::{Body, derived_id};
use super::item::{Seen, Write, publications_of};
use super::letter::Look;
use super::recent::{Recent, Recognised};
use crate::actors::ask::{Answer, Denied};
use crate::actors::publish::Publication;
use crate::storage::journal::read::{KnownCommand, RecentCommand};
use crate::storage::journal::{
    Chain, FIRST_CHAIN, HoldRow, JournalRow, OutboxRow, RefusalRow, SnapshotRow, TimerRow, TransferRow,
};

/// When a snapshot is due, and how much is remembered.
#[derive(Debug, Clone, Copy)]
pub struct Habits {
    /// After how many decisions.
    pub snapshot_rows: u32,
    /// After how many bytes of events.
    pub snapshot_bytes: usize,
    /// And not before the events since the last snapshot weigh so many times as much as that snapshot did: a large state
    /// is written seldom, so that all snapshots together are at most this share of the journal. What a load replays then is
    /// bounded by the state that it loads anyway.
    pub snapshot_thrift: usize,
    /// How many command ids are remembered.
    pub recent: usize,
    /// Every how many decisions the invariants are checked.
    pub check_every: u64,
}

impl Default for Habits {
    fn default() -> Self {
        Self { snapshot_rows: 500, snapshot_bytes: 64 * 1024, snapshot_thrift: 2, recent: 65_536, check_every: 256 }
    }
}

/// One entity's memory.
#[derive(Debug, Clone)]
pub struct Keeper<E: Entity> {
    pub(super) id: EntityId,
    pub(super) state: E,
    pub(super) seq: u64,
    pub(super) offset: u64,
    pub(super) chain: Chain,
    pub(super) last_at: Timestamp,
    pub(super) recent: Recent,
    /// The deadline as the timer row has it, with the id of its command.
    pub(super) wake: Option<(Timestamp, Uuid)>,
    pub(super) rows_since: u32,
    pub(super) bytes_since: usize,
    /// What the newest snapshot weighs.
    pub(super) snapshot_weight: usize,
    /// The newest snapshot and the one before it: those two are kept.
    pub(super) snapshots: (u64, u64),
    pub(super) habits: Habits,
}

/// What became of a command.
#[derive(Debug)]
pub enum Judged {
    /// Something happened.
    Decided {
        /// What must be written.
        write: Box<Write>,
        /// What is said then.
        answer: Answer,
    },
    /// Nothing happened, and that is the answer.
    Unchanged(Answer),
    /// The rules said no.
    Refused {
        /// Why.
        denied: Denied,
        /// What is kept of it.
        kept: Option<Box<RefusalRow>>,
    },
    /// The rules panicked. Deciding changes nothing, so the entity lives on.
    Panicked,
}

/// The memory is spoiled: the entity must be loaded anew.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Spoiled {
    /// The rules panicked while applying their own events.
    #[error("the rules panicked while applying events")]
    Panicked,
    /// An invariant is broken.
    #[error("an invariant is broken: {0}")]
    Invariant(String),
    /// Events or state cannot be written as JSON.
    #[error("cannot be encoded: {0}")]
    Encoding(String),
}

impl From<serde_json::Error> for Spoiled {
    fn from(error: serde_json::Error) -> Self {
        Self::Encoding(error.to_string())
    }
}

impl<E: Entity> Keeper<E> {
    /// An entity to which nothing has happened.
    #[must_use]
    pub fn vacant(id: EntityId, habits: Habits) -> Self {
        Self {
            id,
            state: E::vacant(id),
            seq: 0,
            offset: 0,
            chain: FIRST_CHAIN,
            last_at: Timestamp::UNIX_EPOCH,
            recent: Recent::new(habits.recent, None),
            wake: None,
            rows_since: 0,
            bytes_since: 0,
            snapshot_weight: 0,
            snapshots: (0, 0),
            habits,
        }
    }

    /// The last decision.
    #[must_use]
    pub const fn seq(&self) -> u64 {
        self.seq
    }

    /// The channel's offset after it.
    #[must_use]
    pub const fn offset(&self) -> u64 {
        self.offset
    }

    /// The state.
    #[must_use]
    pub const fn state(&self) -> &E {
        &self.state
    }

    /// The next deadline.
    #[must_use]
    pub fn due(&self) -> Option<Timestamp> {
        self.wake.map(|(due, _)| due)
    }

    /// Whether this command came before.
    #[must_use]
    pub fn recognise(&self, cmd: Uuid) -> Recognised {
        self.recent.recognise(cmd)
    }

    /// The command that is due at `now`, as an order of the system with its fixed id.
    #[must_use]
    pub fn fire(&self, now: Timestamp) -> Option<Order<E::Command>> {
        let (due, fire) = self.wake.filter(|(due, _)| *due <= now)?;
        let (wanted, command) = self.state.wake_at()?;
        debug_assert_eq!(stored(wanted), due);
        Some(Order { to: self.id, id: fire, actor: Actor::System, command })
    }

    /// What this viewer may see; `None` when the rules panicked.
    #[must_use]
    pub fn view(&self, viewer: &Viewer) -> Option<Value> {
        catch_unwind(AssertUnwindSafe(|| self.state.view(viewer))).ok()
    }

    /// Looks at the state; `None` when whoever looks panicked.
    #[must_use]
    pub fn look(&self, look: Look<E>) -> Option<Seen> {
        catch_unwind(AssertUnwindSafe(|| look.at(&self.state))).ok()
    }

    /// Decides a command that did not come before, and applies what happens.
    ///
    /// # Errors
    /// When the memory is spoiled; nothing of this command may be written then.
    pub fn decide(
        &mut self,
        order: &Order<E::Command>,
        body: &Body,
        now: Timestamp,
        available: Option<Money>,
        random: u64,
    ) -> Result<Judged, Spoiled> {
        let now = stored(now).max(self.last_at);
        let given = Given { now, actor: order.actor.clone(), available, random };
        let decided = catch_unwind(AssertUnwindSafe(|| self.state.decide(&order.command, &given)));
        match decided {
            Err(_) => Ok(Judged::Panicked),
            Ok(Err(refusal)) => Ok(self.refused(order, body, now, &refusal)),
            Ok(Ok(events)) if events.is_empty() => {
                let data = E::answer(&[]);
                Ok(Judged::Unchanged(Answer { seq: self.seq, offset: self.offset, at: now, data, duplicate: false }))
            }
            Ok(Ok(events)) => self.happened(order, body, now, &events),
        }
    }

    fn refused(&self, order: &Order<E::Command>, body: &Body, now: Timestamp, refusal: &E::Refusal) -> Judged {
        let (code, message, detail) = (refusal.code(), refusal.to_string(), refusal.detail());
        let kept = E::KEEPS_REFUSALS.then(|| {
            Box::new(RefusalRow {
                entity: self.id,
                cmd: order.id,
                actor: order.actor.user(),
                at: now,
                at_seq: self.seq,
                code: code.name(),
                message: message.clone(),
                detail: to_raw_value(&detail).unwrap_or_else(|_| RawValue::NULL.to_owned()),
                command: body.json.clone(),
            })
        });
        Judged::Refused { denied: Denied::Refused { code, message, detail, seq: self.seq }, kept }
    }

    fn happened(
        &mut self,
        order: &Order<E::Command>,
        body: &Body,
        now: Timestamp,
        events: &[E::Event],
    ) -> Result<Judged, Spoiled> {
        let (effects, data, published) = catch_unwind(AssertUnwindSafe(|| {
            for event in events {
                self.state.apply(event, now);
            }
            let published = publications_of::<E>(events, now)?;
            Ok::<_, serde_json::Error>((self.state.effects(events), E::answer(events), published))
        }))
        .map_err(|_| Spoiled::Panicked)??;
        let row = self.append(order, body, now, events, published.len())?;
        let publications = (row.offset - u64::try_from(published.len()).unwrap_or(0) + 1..)
            .zip(published)
            .map(|(offset, data)| Publication { offset, data })
            .collect();
        let mut write = Box::new(Write { publications, ..Write::default() });
        self.carry_out(effects, now, &mut write)?;
        write.timer = self.deadline(order.id);
        if self.seq.is_multiple_of(self.habits.check_every) {
            self.check()?;
        }
        self.rows_since += 1;
        self.bytes_since += row.body.len();
        if self.is_snapshot_due() {
            write.snapshot = self.snapshot()?;
        }
        write.row = Some(row);
        let answer = Answer { seq: self.seq, offset: self.offset, at: now, data, duplicate: false };
        Ok(Judged::Decided { write, answer })
    }

    /// Numbers the decision and chains it to the past.
    fn append(
        &mut self,
        order: &Order<E::Command>,
        body: &Body,
        now: Timestamp,
        events: &[E::Event],
        published: usize,
    ) -> Result<JournalRow, Spoiled> {
        let mut row = JournalRow {
            entity: self.id,
            seq: self.seq + 1,
            epoch: 0, // The writer fills in the epoch under which it commits.
            version: E::VERSION,
            cmd: order.id,
            actor: order.actor.user(),
            at: now,
            offset: self.offset + u64::try_from(published).unwrap_or(0),
            body_hash: body.hash,
            chain: FIRST_CHAIN,
            body: serde_json::to_vec(events)?,
        };
        row.chain = row.chain_after(&self.chain);
        self.follow(&row);
        Ok(row)
    }

    /// Moves the marks to a row that was just applied, here or while loading.
    pub(super) fn follow(&mut self, row: &JournalRow) {
        self.seq = row.seq;
        self.offset = row.offset;
        self.chain = row.chain;
        self.last_at = row.at;
        let known = KnownCommand { seq: row.seq, body_hash: row.body_hash };
        self.recent.remember(RecentCommand { cmd: row.cmd, at: row.at, known });
    }

    fn carry_out(&self, effects: Vec<Effect>, now: Timestamp, write: &mut Write) -> Result<(), Spoiled> {
        let mut n = 0i16;
        for effect in effects {
            match effect {
                Effect::Hold { user, amount } => {
                    let row = HoldRow { entity: self.id, user, currency: amount.currency, amount: amount.amount };
                    write.holds.retain(|old| (old.user, old.currency) != (row.user, row.currency));
                    write.holds.push(row);
                }
                Effect::Transfer(transfer) => {
                    write.transfers.push(TransferRow { entity: Some(self.id), at: now, transfer });
                }
                Effect::Notify { user, notice } => {
                    let Some(target) = EntityId::new(Kind::User, user.get()) else { continue };
                    let body = to_raw_value(&notice)?;
                    write.notices.push(OutboxRow { entity: self.id, seq: self.seq, n, target, body });
                    n = n.saturating_add(1);
                }
            }
        }
        Ok(())
    }

    /// The change of the timer row, if any. After a deadline's own command the row is always renewed, so that a deadline
    /// that stays the same moment gets a new id and can fire again.
    fn deadline(&mut self, cmd: Uuid) -> Option<TimerRow> {
        let wanted = self.state.wake_at().map(|(due, _)| stored(due));
        let fired = self.wake.is_some_and(|(_, fire)| fire == cmd);
        if wanted == self.due() && !fired {
            return None;
        }
        self.wake = wanted.map(|due| (due, fire_id(self.id, self.seq)));
        Some(TimerRow { entity: self.id, due: self.wake })
    }

    fn is_snapshot_due(&self) -> bool {
        let much = self.rows_since >= self.habits.snapshot_rows || self.bytes_since >= self.habits.snapshot_bytes;
        much && self.bytes_since >= self.snapshot_weight.saturating_mul(self.habits.snapshot_thrift)
    }

    /// A snapshot of this moment, unless there is one already.
    ///
    /// # Errors
    /// When the state cannot be encoded.
    pub fn snapshot(&mut self) -> Result<Option<SnapshotRow>, Spoiled> {
        if self.seq == self.snapshots.0 {
            return Ok(None);
        }
        let body = serde_json::to_vec(&self.state)?;
        self.rows_since = 0;
        self.bytes_since = 0;
        self.snapshot_weight = body.len();
        self.snapshots = (self.seq, self.snapshots.0);
        Ok(Some(SnapshotRow {
            entity: self.id,
            seq: self.seq,
            version: E::VERSION,
            offset: self.offset,
            at: self.last_at,
            chain: self.chain,
            body,
            keep_from: self.snapshots.1,
        }))
    }

    /// Checks the rules' own invariants.
    ///
    /// # Errors
    /// Which one is broken.
    pub fn check(&self) -> Result<(), Spoiled> {
        catch_unwind(AssertUnwindSafe(|| self.state.check())).map_err(|_| Spoiled::Panicked)?.map_err(Spoiled::Invariant)
    }
}

/// The id of the command of a deadline that was set by the decision `seq`: the same on every node and after every crash.
fn fire_id(entity: EntityId, seq: u64) -> Uuid {
    derived_id(b"fire", entity, seq, 0)
}
