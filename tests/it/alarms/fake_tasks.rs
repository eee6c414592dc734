//! Tasks for missions, without campaigns: enough of their rules to see that a mission keeps them.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::time::Duration;

use futures_util::future::BoxFuture;
use madang::actors::alarm::tasks::{Answered, Claim, Leased, Tasks};
use madang::actors::ask::Denied;
use madang::actors::kernel::clock::{Clock, ManualClock};
use madang_domain::code::Code;
use madang_domain::ids::UserId;
use madang_domain::time::Timestamp;
use serde_json::{Value, json};
use uuid::Uuid;

/// What is known of a lease.
#[derive(Debug, Clone)]
struct Lease {
    worker: UserId,
    fence: u64,
    deadline: Timestamp,
    state: State,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Held,
    Answered,
    Returned,
}

#[derive(Debug, Default)]
struct Book {
    left: u32,
    broken: bool,
    claimed: BTreeMap<Uuid, Leased>,
    leases: BTreeMap<Uuid, Lease>,
    answered: BTreeMap<Uuid, (String, Answered)>,
}

/// Hands out `left` tasks, each leased for three minutes; `wrong` is a wrong answer to a known task.
#[derive(Debug)]
pub struct FakeTasks {
    clock: ManualClock,
    book: Mutex<Book>,
}

impl FakeTasks {
    pub fn new(clock: ManualClock) -> Self {
        Self { clock, book: Mutex::default() }
    }

    pub fn put(&self, tasks: u32) {
        self.book.lock().unwrap().left += tasks;
    }

    /// Campaigns cannot be asked from now on.
    pub fn break_down(&self) {
        self.book.lock().unwrap().broken = true;
    }

    /// All durable answers.
    pub fn answers(&self) -> Vec<String> {
        self.book.lock().unwrap().answered.values().map(|(answer, _)| answer.clone()).collect()
    }

    /// How many leases are held, answered, returned.
    pub fn count(&self) -> (usize, usize, usize) {
        let book = self.book.lock().unwrap();
        let of = |state| book.leases.values().filter(|lease| lease.state == state).count();
        (of(State::Held), of(State::Answered), of(State::Returned))
    }

    fn claim_now(&self, worker: UserId, id: Uuid) -> Result<Option<Leased>, Denied> {
        let mut book = self.book.lock().unwrap();
        if book.broken {
            return Err(Denied::Failed(Code::Busy));
        }
        if let Some(known) = book.claimed.get(&id) {
            return Ok(Some(known.clone()));
        }
        let Some(left) = book.left.checked_sub(1) else { return Ok(None) };
        book.left = left;
        let task = u32::try_from(book.leases.len()).unwrap();
        let (lease, deadline) = (Uuid::new_v4(), self.clock.now() + Duration::from_secs(180));
        let fence = u64::from(task) + 1;
        let card = json!({ "kind": "ocr", "image": "/objects/1", "points": 15 });
        let leased = Leased { campaign: 5, task, lease, fence, deadline, card };
        book.leases.insert(lease, Lease { worker, fence, deadline, state: State::Held });
        book.claimed.insert(id, leased.clone());
        Ok(Some(leased))
    }

    fn answer_now(&self, worker: UserId, id: Uuid, claim: Claim, answer: String) -> Result<Answered, Denied> {
        let mut book = self.book.lock().unwrap();
        if let Some((_, answered)) = book.answered.get(&id) {
            return Ok(*answered);
        }
        let now = self.clock.now();
        let lease = book.leases.get_mut(&claim.lease).ok_or_else(|| refused("unknown"))?;
        if lease.worker != worker || lease.fence != claim.fence {
            return Err(refused("foreign"));
        }
        if lease.state != State::Held || now >= lease.deadline {
            return Err(refused("stale"));
        }
        lease.state = State::Answered;
        let answered = Answered { passed: answer != "wrong", points: 15 };
        book.answered.insert(id, (answer, answered));
        Ok(answered)
    }

    fn give_back_now(&self, worker: UserId, claim: Claim) -> Result<(), Denied> {
        let mut book = self.book.lock().unwrap();
        let lease = book.leases.get_mut(&claim.lease).ok_or_else(|| refused("unknown"))?;
        if lease.worker != worker || lease.state == State::Answered {
            return Err(refused("foreign"));
        }
        lease.state = State::Returned;
        Ok(())
    }
}

fn refused(what: &str) -> Denied {
    Denied::Refused { code: Code::Conflict, message: what.to_owned(), detail: Value::Null, seq: 1 }
}

impl Tasks for FakeTasks {
    fn claim(&self, worker: UserId, id: Uuid) -> BoxFuture<'static, Result<Option<Leased>, Denied>> {
        let result = self.claim_now(worker, id);
        Box::pin(async move { result })
    }

    fn answer(&self, worker: UserId, id: Uuid, claim: Claim, answer: String) -> BoxFuture<'static, Result<Answered, Denied>> {
        let result = self.answer_now(worker, id, claim, answer);
        Box::pin(async move { result })
    }

    fn give_back(&self, worker: UserId, _: Uuid, claim: Claim) -> BoxFuture<'static, Result<(), Denied>> {
        let result = self.give_back_now(worker, claim);
        Box::pin(async move { result })
    }
}
