//! The checker. The journal is the claimed order, so no search is needed: everything is compared in one pass.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::time::Duration;

use anyhow::bail;
use madang::storage::journal::FIRST_CHAIN;
use madang_domain::auction::Auction;
use madang_domain::entity::{Actor, Entity, Given, Reason, Viewer};
use madang_domain::ids::{EntityId, Kind};
use madang_domain::money::{Currency, Money};
use serde_json::Value;
use uuid::Uuid;

use super::history::{Call, Reply};
use super::journal::{Decision, Journal};
use super::load::{PURSE, Poor};
use super::nemesis::Fault;

/// At most so many violations are written out; all are counted.
const WRITTEN_OUT: usize = 12;

/// What was found, by the promise that was broken.
#[derive(Debug, Default)]
pub struct Findings {
    /// How often each promise was broken.
    pub counts: BTreeMap<&'static str, usize>,
    /// Some of them in words.
    pub words: Vec<String>,
    /// Calls with a definite answer that were compared.
    pub compared: usize,
    /// Calls without one, resolved by the journal: how many were in it.
    pub unresolved_done: usize,
    /// And how many were not.
    pub unresolved_not_done: usize,
}

impl Findings {
    /// Notes a broken promise.
    pub fn broken(&mut self, promise: &'static str, words: impl FnOnce() -> String) {
        let count = self.counts.entry(promise).or_default();
        *count = count.saturating_add(1);
        if self.words.len() < WRITTEN_OUT {
            self.words.push(format!("{promise}: {}", words()));
        }
    }

    /// How many in all.
    pub fn violations(&self) -> usize {
        self.counts.values().sum()
    }

    /// Fails a run that broke a promise, and one that proves nothing: a fault that did not fire, too few acknowledged.
    pub fn judge(&self, (fired, faults): (usize, &[Fault]), (acknowledged, at_least): (usize, usize)) -> anyhow::Result<()> {
        for words in &self.words {
            println!("  {words}");
        }
        if fired != faults.len() {
            bail!("{fired} of {} faults fired", faults.len());
        }
        if acknowledged < at_least {
            bail!("{acknowledged} acknowledged prove nothing: {at_least} are needed");
        }
        if self.violations() > 0 {
            bail!("broken promises: {:?}", self.counts);
        }
        Ok(())
    }
}

/// Checks all calls against the journal.
pub fn check(calls: &[Call], journal: &Journal, poor: &Poor, findings: &mut Findings) {
    let mut by_auction: HashMap<i64, Vec<&Call>> = HashMap::new();
    for call in calls {
        by_auction.entry(call.auction).or_default().push(call);
    }
    for (auction, decisions) in journal {
        let calls = by_auction.remove(auction).unwrap_or_default();
        well_formed(*auction, decisions, findings);
        real_time(*auction, &calls, findings);
        answers(*auction, &calls, decisions, poor, findings);
    }
    for (auction, calls) in by_auction {
        findings.broken("an acknowledged command is in the journal", || {
            format!("{} calls of auction:{auction}, which has none", calls.len())
        });
    }
}

/// No gap, nothing twice, epochs never fall, the chain holds.
fn well_formed(auction: i64, decisions: &[Decision], findings: &mut Findings) {
    let (mut ids, mut chain, mut epoch) = (HashSet::new(), FIRST_CHAIN, i64::MIN);
    for (decision, expected) in decisions.iter().zip(1u64..) {
        let row = &decision.row;
        if row.seq != expected {
            findings.broken("seq has no gap and nothing twice", || {
                format!("auction:{auction} has {} at place {expected}", row.seq)
            });
            return;
        }
        if !ids.insert(row.cmd) {
            findings.broken("a command id is in the journal once", || {
                format!("auction:{auction} seq {} repeats {}", row.seq, row.cmd)
            });
        }
        if row.epoch < epoch {
            findings.broken("epochs never fall", || format!("auction:{auction} seq {}: {} after {epoch}", row.seq, row.epoch));
        }
        if row.chain != row.chain_after(&chain) {
            findings.broken("the chain of hashes holds", || format!("auction:{auction} seq {}", row.seq));
        }
        (epoch, chain) = (row.epoch, row.chain);
    }
}

/// Nobody who asked after an answer was there is told of an older moment.
fn real_time(auction: i64, calls: &[&Call], findings: &mut Findings) {
    let mut moments: Vec<(Duration, bool, &Call, u64)> = Vec::with_capacity(calls.len().saturating_mul(2));
    for call in calls {
        if let Some(seq) = call.reply.seq() {
            moments.push((call.sent, true, call, seq));
            moments.push((call.done, false, call, seq));
        }
    }
    // At the same instant, beginnings come first: they are not after the other's end.
    moments.sort_by_key(|(at, begins, ..)| (*at, !begins));
    let (mut latest, mut known_at_start) = (0u64, HashMap::<usize, u64>::new());
    for (_, begins, call, seq) in moments {
        let key = std::ptr::from_ref(call).addr();
        if begins {
            known_at_start.insert(key, latest);
            continue;
        }
        let known = known_at_start.remove(&key).unwrap_or(0);
        let new = matches!(call.reply, Reply::Accepted { .. });
        if seq < known || (new && seq == known && known > 0) {
            findings.broken("nobody is told of an older moment", || {
                format!("auction:{auction}: seq {seq} answered to a call that began after {known} was known: {:?}", call.reply)
            });
        }
        latest = latest.max(seq);
    }
}

/// Every answer is what the rules decide at its place, and every decision is what the rules decide there.
fn answers(auction: i64, calls: &[&Call], decisions: &[Decision], poor: &Poor, findings: &mut Findings) {
    let Some(id) = EntityId::new(Kind::Auction, auction) else { return };
    let places: HashMap<Uuid, u64> = decisions.iter().map(|decision| (decision.row.cmd, decision.row.seq)).collect();
    let mut at_seq: HashMap<u64, Vec<&Call>> = HashMap::new();
    let mut done: HashMap<u64, Vec<&Call>> = HashMap::new();
    let head = decisions.last().map_or(0, |decision| decision.row.seq);
    for call in calls {
        let place = call.id.and_then(|id| places.get(&id)).copied();
        match (&call.reply, place) {
            (Reply::Failed(_), Some(_)) => findings.unresolved_done = findings.unresolved_done.saturating_add(1),
            (Reply::Failed(_), None) => findings.unresolved_not_done = findings.unresolved_not_done.saturating_add(1),
            (Reply::Accepted { seq, .. }, place) if place != Some(*seq) => {
                findings.broken("an acknowledged command is in the journal", || {
                    format!("auction:{auction}: {:?} answered at seq {seq}, found at {place:?}", call.id)
                });
            }
            (Reply::Done { seq, .. }, place) if place.is_none_or(|place| place > *seq) => {
                findings.broken("an acknowledged command is in the journal", || {
                    format!("auction:{auction}: {:?} seen done at seq {seq}, found at {place:?}", call.id)
                });
            }
            (Reply::Refused { code, .. }, Some(place)) => findings.broken("a refused command is not in the journal", || {
                format!("auction:{auction}: {:?} refused as {code}, found at {place}", call.id)
            }),
            (Reply::Refused { seq, .. } | Reply::Seen { seq, .. } | Reply::Done { seq, .. }, _) if *seq > head => {
                findings.broken("an answer speaks of what is in the journal", || {
                    format!("auction:{auction}: {:?} speaks of seq {seq}, the last is {head}", call.id)
                });
            }
            (Reply::Done { seq, .. }, Some(place)) => {
                at_seq.entry(*seq).or_default().push(call);
                done.entry(place).or_default().push(call);
            }
            (reply, _) => at_seq.entry(reply.seq().unwrap_or(0)).or_default().push(call),
        }
    }
    let mut state = Auction::vacant(id);
    for decision in decisions {
        let seq = decision.row.seq;
        let (now, later) = at_seq
            .remove(&seq)
            .unwrap_or_default()
            .into_iter()
            .partition::<Vec<_>, _>(|call| matches!(call.reply, Reply::Accepted { .. }));
        for call in now.into_iter().chain(done.remove(&seq).unwrap_or_default()) {
            accepted(auction, call, &state, decision, poor, findings);
        }
        for event in &decision.events {
            state.apply(event, decision.row.at);
        }
        if let Err(broken) = state.check() {
            findings.broken("the auction's invariants hold", || format!("auction:{auction} seq {seq}: {broken}"));
        }
        for call in later {
            refused_or_seen(auction, call, &state, decision, poor, findings);
        }
    }
}

fn given(call: &Call, decision: &Decision, poor: &Poor) -> Given {
    // The purses hold more than a run can spend, or nothing: what is available never decides by its amount.
    let amount = if call.actor.user().is_some_and(|user| poor.contains(&user)) { 0 } else { PURSE };
    Given { now: decision.row.at, actor: call.actor.clone(), available: Some(Money::new(amount, Currency::KRW)), random: 0 }
}

fn accepted(auction: i64, call: &Call, before: &Auction, decision: &Decision, poor: &Poor, findings: &mut Findings) {
    let Some(command) = &call.command else { return };
    let seq = decision.row.seq;
    findings.compared = findings.compared.saturating_add(1);
    match before.decide(command, &given(call, decision, poor)) {
        Ok(events) if events == decision.events => {}
        other => {
            findings.broken("a decision is what the rules decide", || {
                format!("auction:{auction} seq {seq}: {command:?} gives {other:?}, the journal has {:?}", decision.events)
            });
            return;
        }
    }
    let Reply::Accepted { offset, data, .. } = &call.reply else { return };
    if offset.is_some_and(|offset| offset != decision.row.offset) {
        findings.broken("an answer names the channel's offset", || format!("auction:{auction} seq {seq}: {offset:?}"));
    }
    if let Value::Object(expected) = Auction::answer(&decision.events)
        && let Some((key, value)) = expected.iter().find(|(key, value)| data.get(*key).unwrap_or(&Value::Null) != *value)
    {
        findings
            .broken("an answer is the decision", || format!("auction:{auction} seq {seq}: {key} is {value}, answered {data}"));
    }
}

fn refused_or_seen(auction: i64, call: &Call, state: &Auction, decision: &Decision, poor: &Poor, findings: &mut Findings) {
    findings.compared = findings.compared.saturating_add(1);
    match (&call.reply, &call.command) {
        (Reply::Refused { seq, code, detail }, Some(command)) => {
            let decided = state.decide(command, &given(call, decision, poor));
            let same = decided.as_ref().is_err_and(|why| why.code().name() == code && same_detail(&why.detail(), detail));
            if !same {
                findings.broken("a refusal is true at its place", || {
                    format!(
                        "auction:{auction} seq {seq}: {command:?} was refused as {code} {detail}, the rules say {decided:?}"
                    )
                });
            }
        }
        (Reply::Seen { seq, data } | Reply::Done { seq, data }, _) => {
            let viewer = match &call.actor {
                Actor::User { id, roles } => Viewer::User { id: *id, roles: roles.clone() },
                Actor::System => Viewer::Public,
            };
            let expected = state.view(&viewer);
            for key in ["state", "price", "next_bid", "bids", "leader"] {
                if expected.get(key) != data.get(key) {
                    findings.broken("a read is true at its place", || {
                        format!(
                            "auction:{auction} seq {seq}: {key} was seen as {:?}, it is {:?}",
                            data.get(key),
                            expected.get(key)
                        )
                    });
                }
            }
        }
        _ => {}
    }
}

/// No detail may be told as null or as nothing.
fn same_detail(expected: &Value, told: &Value) -> bool {
    let Value::Object(expected) = expected else { return true };
    expected.iter().all(|(key, value)| told.get(key).unwrap_or(&Value::Null) == value)
}
