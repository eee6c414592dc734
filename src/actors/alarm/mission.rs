//! A ringing alarm and its tasks: two live things that know nothing of each other, joined so that an alarm stops only for
//! an answer that is durable, and a person is never trapped.
//!
//! ```text
//! next:    claim in the campaign -> shown in the clock        (nothing to claim: excused in the clock)
//! answer:  durable in the campaign -> counted in the clock -> stopped
//! skip:    given back in the campaign -> dropped in the clock
//! ```
//!
//! Each step has an id derived from the client's, so the same call asked again finishes what a crash left half done and
//! changes nothing else.

use std::fmt;
use std::sync::Arc;

use madang_domain::alarm::mission::{Excuse, Shown};
use madang_domain::alarm::{AlarmClock, Command, Refusal};
use madang_domain::code::Code;
use madang_domain::entity::{Actor, Order, Reason, Viewer};
use madang_domain::ids::{EntityId, UserId};
use serde::Deserialize;
use serde_json::{Value, json};
use uuid::Uuid;

use super::alarm_id;
use super::tasks::{Claim, Leased, Tasks};
use crate::actors::ask::{Answer, Denied};
use crate::actors::kernel::{Engine, derived_from};
use crate::error::Surface;

/// What a person asks of the session that is open.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ask {
    /// A task to answer; the one on the screen, if there is one.
    Next,
    /// An answer.
    Answer(Claim, String),
    /// Another task.
    Skip(Claim),
    /// Rest.
    Snooze(Option<u64>),
    /// Stop; `true` when the phone had no connection and stopped by itself.
    Stop(Option<u64>, bool),
    /// Stop whatever is open.
    Emergency(Option<u64>),
    /// The answer to the wake-up check.
    Awake(Option<u64>),
}

impl Ask {
    /// Its name in the API.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Next => "next",
            Self::Answer(..) => "answer",
            Self::Skip(_) => "skip",
            Self::Snooze(_) => "snooze",
            Self::Stop(..) => "stop",
            Self::Emergency(_) => "emergency",
            Self::Awake(_) => "awake",
        }
    }
}

/// Joins clocks and tasks. Cheap to clone.
#[derive(Clone)]
pub struct Missions {
    engine: Engine,
    tasks: Arc<dyn Tasks>,
}

impl fmt::Debug for Missions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Missions").finish_non_exhaustive()
    }
}

/// The session, as far as a mission needs its owner's view.
#[derive(Debug, Deserialize)]
struct SessionView {
    number: u64,
    stage: String,
    needed: u8,
    may_stop: bool,
    until: Option<Value>,
    task: Option<Shown>,
}

/// The clock.
#[derive(Debug, Deserialize)]
struct ClockView {
    session: Option<SessionView>,
}

impl Missions {
    /// Over the engine and where tasks come from.
    #[must_use]
    pub fn new(engine: Engine, tasks: Arc<dyn Tasks>) -> Self {
        Self { engine, tasks }
    }

    /// Where commands go.
    #[must_use]
    pub fn engine(&self) -> &Engine {
        &self.engine
    }

    /// Where tasks come from.
    #[must_use]
    pub fn tasks(&self) -> &Arc<dyn Tasks> {
        &self.tasks
    }

    /// Does what a person asks; `id` is the client's for this.
    ///
    /// # Errors
    /// As the clock, the campaign or the engine denies.
    pub async fn ask(&self, by: &Actor, id: Uuid, ask: Ask) -> Result<Value, Denied> {
        let verb = ask.name();
        let told = self.do_ask(by, id, ask).await;
        let result = match &told {
            Ok(_) => "taken",
            Err(Denied::Refused { .. }) => "refused",
            Err(Denied::Failed(_)) => "failed",
        };
        metrics::counter!("alarm_asks_total", "verb" => verb, "result" => result).increment(1);
        told
    }

    async fn do_ask(&self, by: &Actor, id: Uuid, ask: Ask) -> Result<Value, Denied> {
        let user = by.user().ok_or(Denied::Failed(Code::Unauthenticated))?;
        match ask {
            Ask::Next => self.next(user, id).await,
            Ask::Answer(claim, answer) => self.answer(user, id, claim, answer).await,
            Ask::Skip(claim) => self.skip(user, id, claim).await,
            Ask::Snooze(session) => self.end(user, by, id, Command::Snooze { session }).await,
            Ask::Stop(session, offline) => self.end(user, by, id, Command::Stop { session, offline }).await,
            Ask::Emergency(session) => self.end(user, by, id, Command::Emergency { session }).await,
            Ask::Awake(session) => self.order(user, by.clone(), id, Command::Awake { session }).await.map(told),
        }
    }

    /// Gives a command to a person's clock.
    ///
    /// # Errors
    /// As the clock or the engine denies.
    pub async fn order(&self, user: UserId, actor: Actor, id: Uuid, command: Command) -> Result<Answer, Denied> {
        self.engine.ask::<AlarmClock>(Order { to: clock_of(user)?, id, actor, command }).await
    }

    async fn next(&self, user: UserId, id: Uuid) -> Result<Value, Denied> {
        let (session, seq) = self.session(user).await?;
        let session = session.ok_or_else(|| refused(&Refusal::NotRinging { stage: None }, seq))?;
        if session.stage == "wake_check" {
            return Err(refused(&Refusal::NotRinging { stage: Some("wake_check") }, seq));
        }
        if session.needed == 0 {
            return Err(refused(&Refusal::NoMission, seq));
        }
        if let Some(task) = session.task {
            let SessionView { number, may_stop, until, .. } = session;
            return Ok(json!({ "state": "in_mission", "session": number, "until": until, "task": task, "may_stop": may_stop }));
        }
        let why = match self.tasks.claim(user, derived_from(b"alarm claim", id)).await {
            Ok(Some(leased)) => return self.show(user, id, &session, leased).await,
            Ok(None) => Excuse::NoTasks,
            Err(denied) => {
                tracing::warn!(code = %denied.code(), "no task could be claimed for a ringing alarm");
                Excuse::Unavailable
            }
        };
        let number = session.number;
        self.house(user, b"alarm excuse", id, Command::Excuse { session: number, why }).await?;
        Ok(json!({ "state": session.stage, "session": number, "task": null, "excused": why, "may_stop": true }))
    }

    async fn show(&self, user: UserId, id: Uuid, session: &SessionView, leased: Leased) -> Result<Value, Denied> {
        let claim = Claim { campaign: leased.campaign, lease: leased.lease, fence: leased.fence };
        let Leased { campaign, task, lease, fence, deadline, card } = leased;
        let shown = Box::new(Shown { campaign, task, lease, fence, deadline, card });
        let command = Command::ShowTask { session: session.number, shown: shown.clone() };
        match self.house(user, b"alarm show", id, command).await {
            Ok(_) => {}
            // The same call again, after the lease was prolonged: it is on the screen already.
            Err(Denied::Failed(Code::IdReused)) => {}
            Err(denied) => {
                // The session ended meanwhile: nobody will answer.
                self.return_to_campaign(user, id, claim).await;
                return Err(denied);
            }
        }
        Ok(json!({
            "state": "in_mission",
            "session": session.number,
            "until": shown.deadline,
            "task": shown,
            "may_stop": session.may_stop,
        }))
    }

    /// An answer that is durable in its campaign counts; where nothing rings any more it still is worth its points.
    async fn answer(&self, user: UserId, id: Uuid, claim: Claim, answer: String) -> Result<Value, Denied> {
        let answered = match self.tasks.answer(user, derived_from(b"alarm answer", id), claim, answer).await {
            Ok(answered) => answered,
            Err(denied) => {
                if is_lost(&denied) {
                    // No answer will ever be taken under this lease: room for another task.
                    drop(self.house(user, b"alarm lost", id, Command::DropTask { lease: claim.lease }).await);
                }
                return Err(denied);
            }
        };
        let count = Command::Count { lease: claim.lease, passed: answered.passed, points: answered.points };
        match self.house(user, b"alarm count", id, count).await {
            Ok(counted) => Ok(told(counted)),
            Err(Denied::Refused { .. }) => {
                Ok(json!({ "state": "over", "passed": answered.passed, "points": answered.points, "counted": false }))
            }
            Err(denied) => Err(denied),
        }
    }

    async fn skip(&self, user: UserId, id: Uuid, claim: Claim) -> Result<Value, Denied> {
        let given_back = self.tasks.give_back(user, derived_from(b"alarm skip", id), claim).await;
        if let Err(denied) = given_back
            && !is_lost(&denied)
        {
            return Err(denied);
        }
        let dropped = self.house(user, b"alarm drop", id, Command::DropTask { lease: claim.lease }).await?;
        Ok(json!({ "lease": claim.lease, "seq": dropped.seq }))
    }

    /// Snooze and stop: what was on the screen goes back to its campaign.
    async fn end(&self, user: UserId, by: &Actor, id: Uuid, command: Command) -> Result<Value, Denied> {
        let (session, _) = self.session(user).await?;
        let answer = self.order(user, by.clone(), id, command).await?;
        if let Some(Shown { campaign, lease, fence, .. }) = session.and_then(|session| session.task) {
            self.return_to_campaign(user, id, Claim { campaign, lease, fence }).await;
        }
        Ok(told(answer))
    }

    /// Where it fails the lease runs out by itself.
    async fn return_to_campaign(&self, user: UserId, id: Uuid, claim: Claim) {
        if let Err(denied) = self.tasks.give_back(user, derived_from(b"alarm return", id), claim).await {
            tracing::debug!(code = %denied.code(), "a task is left to its lease");
        }
    }

    async fn house(&self, user: UserId, step: &[u8], id: Uuid, command: Command) -> Result<Answer, Denied> {
        self.order(user, Actor::System, derived_from(step, id), command).await
    }

    async fn session(&self, user: UserId) -> Result<(Option<SessionView>, u64), Denied> {
        let viewed = self.engine.view(clock_of(user)?, Viewer::User { id: user, roles: Vec::new() }).await?;
        let clock: ClockView = serde_json::from_value(viewed.data).map_err(|error| {
            tracing::error!(%error, "an alarm clock's view is not as expected");
            Denied::Failed(Code::Internal)
        })?;
        Ok((clock.session, viewed.seq))
    }
}

/// The entity of a person's clock.
fn clock_of(user: UserId) -> Result<EntityId, Denied> {
    alarm_id(user).ok_or(Denied::Failed(Code::NotFound))
}

/// An answer with the decision's number, as watchers know it.
#[must_use]
pub fn told(answer: Answer) -> Value {
    let mut data = answer.data;
    if data.is_null() {
        data = json!({});
    }
    if let Value::Object(fields) = &mut data {
        fields.insert("seq".to_owned(), json!(answer.seq));
        fields.insert("offset".to_owned(), json!(answer.offset));
        fields.insert("duplicate".to_owned(), json!(answer.duplicate));
    }
    data
}

fn refused(refusal: &Refusal, seq: u64) -> Denied {
    Denied::Refused { code: refusal.code(), message: refusal.to_string(), detail: refusal.detail(), seq }
}

/// Whether a lease was refused for good, so that neither the same nor another answer will be taken under it.
fn is_lost(denied: &Denied) -> bool {
    match denied {
        Denied::Refused { code, .. } => Surface::of(*code).status != 422,
        Denied::Failed(code) => !Surface::of(*code).temporary,
    }
}
