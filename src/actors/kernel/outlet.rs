//! What happens once a commit is done: money, answers, publications, deadlines, in this order.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use madang_domain::code::Code;
use madang_domain::ids::EntityId;
use madang_domain::time::Timestamp;

use super::item::{Item, Promise, Release, Residence, Word, Write};
use crate::actors::ask::Answer;
use crate::actors::publish::Publication;
use crate::storage::journal::TimerRow;

/// Where the consequences of commits go. The engine has one, the simulator another.
pub trait Outlet {
    /// A decision that touched money is durable, or never will be.
    fn money(&self, write: &Write, committed: bool);
    /// Watchers must hear these.
    fn publish(&self, residence: &Residence, publications: &[Publication]);
    /// Somebody asked again: answer from the journal.
    fn recall(&self, residence: &Arc<Residence>, seq: u64, reply: Promise<Answer>);
    /// An entity's deadline changed.
    fn deadline(&self, entity: EntityId, due: Option<Timestamp>);
    /// Notices wait in the outbox.
    fn notices(&self);
}

/// Releases what a commit made durable.
pub fn release(done: Vec<Item>, outlet: &impl Outlet) {
    let mut rows = Vec::with_capacity(done.len());
    for item in &done {
        if let Some(write) = &item.write {
            outlet.money(write, true);
        }
    }
    for item in done {
        let Item { residence, write, release, permit, .. } = item;
        if let Some(write) = write {
            if let Some(row) = &write.row {
                tracing::debug!(cmd = %row.cmd, entity = %row.entity, seq = row.seq, "a command is durable");
                residence.committed.store(row.seq, Ordering::Release);
            }
            rows.push((Arc::clone(&residence), write));
        }
        // The place is free before the answer is given: who asks again at once finds it.
        drop(permit);
        say(&residence, release, outlet);
    }
    spread(&rows, outlet);
}

/// Publishes in runs of one entity, so that each channel is told once per commit.
fn spread(rows: &[(Arc<Residence>, Box<Write>)], outlet: &impl Outlet) {
    let mut order: Vec<usize> = (0..rows.len()).collect();
    // Stable: the order within an entity stays.
    order.sort_by_key(|index| rows.get(*index).map(|(residence, _)| residence.id));
    let mut run: Vec<Publication> = Vec::new();
    let mut of: Option<&Arc<Residence>> = None;
    let (mut notices, mut deadline) = (false, None);
    for (residence, write) in order.iter().filter_map(|index| rows.get(*index)) {
        if let Some(before) = of.filter(|before| before.id != residence.id) {
            tell(before, &mut run, deadline.take(), outlet);
        }
        of = Some(residence);
        run.extend_from_slice(&write.publications);
        deadline = write.timer.or(deadline);
        notices |= !write.notices.is_empty();
    }
    if let Some(residence) = of {
        tell(residence, &mut run, deadline, outlet);
    }
    if notices {
        outlet.notices();
    }
}

/// One entity's publications, and its last deadline.
fn tell(residence: &Residence, run: &mut Vec<Publication>, deadline: Option<TimerRow>, outlet: &impl Outlet) {
    if !run.is_empty() {
        outlet.publish(residence, run);
        run.clear();
    }
    if let Some(timer) = deadline {
        outlet.deadline(timer.entity, timer.due.map(|(due, _)| due));
    }
}

fn say(residence: &Arc<Residence>, release: Release, outlet: &impl Outlet) {
    match release {
        Release::Nothing => {}
        Release::Answer { reply, result } => reply.give(result),
        Release::View { reply, view } => reply.give(Ok(view)),
        Release::Look { reply, seen } => reply.give(Ok(seen)),
        Release::Recall { reply, seq } => outlet.recall(residence, seq, reply),
        Release::Farewell => (residence.word)(Word::Buried),
    }
}

/// Says why not, to those whose items were not written, or may not have been.
pub fn fail(failed: Vec<(Item, Code)>, outlet: &impl Outlet) {
    for (item, code) in failed {
        if let Some(write) = &item.write {
            outlet.money(write, false);
            if let Some(row) = &write.row {
                tracing::warn!(cmd = %row.cmd, entity = %row.entity, %code, "a decided command was not written, or may not be");
            }
        }
        item.fail(code);
    }
}
