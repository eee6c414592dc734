//! The checker. It needs no search: the journal is the claimed order, and everything said must fit it.

use std::collections::BTreeMap;

use madang_domain::entity::{Actor, Entity, Given, Reason, Viewer};
use madang_domain::ids::{EntityId, UserId};
use serde_json::Value;
use uuid::Uuid;

use super::database::Database;
use super::gauge::{Command, Event, Gauge};
use crate::actors::ask::{Answer, Denied};
use crate::actors::kernel::load::verify_chain;
use crate::actors::publish::Publication;

/// Something that somebody was told for good.
#[derive(Debug, Clone)]
pub(super) struct Told {
    pub(super) entity: EntityId,
    /// When it was first asked and when it was answered, in steps.
    pub(super) asked: u64,
    pub(super) answered: u64,
    pub(super) what: Said,
}

/// What was said.
#[derive(Debug, Clone)]
pub(super) enum Said {
    /// A command's answer or refusal.
    Ordered { cmd: Uuid, command: Command, result: Result<Answer, Denied> },
    /// What a viewer saw.
    Viewed { data: Value, seq: u64, offset: u64 },
}

/// One watcher's list for one entity.
pub(super) type Watched = BTreeMap<EntityId, Vec<Publication>>;

/// Everything is checked; the first thing that does not fit is the error.
pub(super) fn check(database: &Database, told: &[Told], watchers: &[Watched]) -> Result<(), String> {
    for (entity, rows) in &database.journal {
        verify_chain(rows).map_err(|broken| format!("{entity}: {broken}"))?;
        if rows.windows(2).any(|pair| pair[0].epoch > pair[1].epoch) {
            return Err(format!("{entity}: an epoch falls"));
        }
    }
    let states = replay(database)?;
    for one in told {
        fits(database, &states, one)?;
    }
    in_real_time(told)?;
    for watched in watchers {
        for (entity, heard) in watched {
            if *heard != database.publications(*entity)? {
                return Err(format!("{entity}: a watcher did not hear what happened, once and in order"));
            }
        }
    }
    Ok(())
}

/// The state of each entity after each row; index 0 is vacant. Each row must be what the rules decide at its place.
fn replay(database: &Database) -> Result<BTreeMap<EntityId, Vec<Gauge>>, String> {
    let mut states = BTreeMap::new();
    for (entity, rows) in &database.journal {
        let mut all = vec![Gauge::vacant(*entity)];
        for row in rows {
            let mut state = all[all.len() - 1].clone();
            let events: Vec<Event> = serde_json::from_slice(&row.body).map_err(|error| error.to_string())?;
            events.iter().for_each(|event| state.apply(event, row.at));
            all.push(state);
        }
        states.insert(*entity, all);
    }
    Ok(states)
}

fn fits(database: &Database, states: &BTreeMap<EntityId, Vec<Gauge>>, told: &Told) -> Result<(), String> {
    let vacant = [Gauge::vacant(told.entity)];
    let states = states.get(&told.entity).map_or(&vacant[..], Vec::as_slice);
    let at = |seq: u64| states.get(usize::try_from(seq).unwrap()).ok_or_else(|| format!("{told:?}: there is no such seq"));
    match &told.what {
        Said::Ordered { cmd, command, result: Ok(answer) } => {
            let row = database.row(told.entity, answer.seq).filter(|row| row.cmd == *cmd);
            let row = row.ok_or_else(|| format!("{told:?}: an answered command is not in its place"))?;
            let events = at(answer.seq - 1)?.decide(command, &given(row.at)).map_err(|no| format!("{told:?}: {no}"))?;
            let same = serde_json::to_vec(&events).is_ok_and(|body| body == row.body);
            if !same || answer.data != Gauge::answer(&events) || answer.offset != row.offset || answer.at != row.at {
                return Err(format!("{told:?}: another answer than the rules give there"));
            }
        }
        Said::Ordered { cmd, command, result: Err(Denied::Refused { code, detail, seq, .. }) } => {
            if database.by_command(told.entity, *cmd).is_some() {
                return Err(format!("{told:?}: refused, but it happened"));
            }
            let refusal = at(*seq)?.decide(command, &given(told_at(database, told.entity, *seq)));
            if refusal.err().is_none_or(|why| why.code() != *code || why.detail() != *detail) {
                return Err(format!("{told:?}: the rules do not refuse it there"));
            }
        }
        Said::Ordered { result: Err(Denied::Failed(_)), .. } => return Err(format!("{told:?}: not a final answer")),
        Said::Viewed { data, seq, offset } => {
            let expected = database.row(told.entity, *seq).map_or(0, |row| row.offset);
            if *data != at(*seq)?.view(&Viewer::Public) || *offset != expected {
                return Err(format!("{told:?}: another sight than the state there"));
            }
        }
    }
    Ok(())
}

/// Nobody who asked after an answer was given may be told of an older moment.
fn in_real_time(told: &[Told]) -> Result<(), String> {
    let mut by_entity: BTreeMap<EntityId, Vec<&Told>> = BTreeMap::new();
    for one in told {
        by_entity.entry(one.entity).or_default().push(one);
    }
    for all in by_entity.values() {
        let mut by_answer = all.clone();
        by_answer.sort_by_key(|one| one.answered);
        let mut by_question = all.clone();
        by_question.sort_by_key(|one| one.asked);
        let (mut known, mut next) = (0, by_answer.iter().peekable());
        for one in by_question {
            while let Some(before) = next.next_if(|before| before.answered < one.asked) {
                known = known.max(moment(before));
            }
            let fresh = matches!(&one.what, Said::Ordered { result: Ok(_), .. });
            if moment(one) < known + u64::from(fresh) {
                return Err(format!("{one:?}: seq {known} was known before it was asked"));
            }
        }
    }
    Ok(())
}

/// The sequence number at which it was true.
fn moment(told: &Told) -> u64 {
    match &told.what {
        Said::Ordered { result: Ok(answer), .. } => answer.seq,
        Said::Ordered { result: Err(Denied::Refused { seq, .. }), .. } | Said::Viewed { seq, .. } => *seq,
        Said::Ordered { result: Err(Denied::Failed(_)), .. } => 0,
    }
}

fn told_at(database: &Database, entity: EntityId, seq: u64) -> madang_domain::time::Timestamp {
    database.row(entity, seq).map_or(madang_domain::time::Timestamp::UNIX_EPOCH, |row| row.at)
}

fn given(now: madang_domain::time::Timestamp) -> Given {
    let actor = Actor::User { id: UserId::new(1), roles: Vec::new() };
    Given { now, actor, available: None, random: 7 }
}
