//! What is asked of a session, by the same names over HTTP and rpc.

use actix_web::{HttpRequest, web};
use madang_domain::code::Code;
use serde::Deserialize;
use serde_json::Value;
use utoipa::ToSchema;
use uuid::Uuid;

use super::Alarms;
use crate::actors::alarm::mission::Ask;
use crate::actors::alarm::tasks::Claim;
use crate::http::auth::SignedIn;
use crate::http::command::command_id;
use crate::http::problem::Problem;

/// The longest answer that is taken to a campaign, in characters; what a campaign takes may be less.
const MAX_ANSWER: usize = 1_000;

/// What can be asked of a session by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verb {
    /// A task to answer.
    Next,
    /// An answer.
    Answer,
    /// Another task.
    Skip,
    /// Rest.
    Snooze,
    /// Stop.
    Stop,
    /// Stop whatever is open.
    Emergency,
    /// The answer to the wake-up check.
    Awake,
}

impl Verb {
    /// All of them.
    pub const ALL: [Self; 7] = [Self::Next, Self::Answer, Self::Skip, Self::Snooze, Self::Stop, Self::Emergency, Self::Awake];

    /// Its name in paths and rpc methods.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Next => "next",
            Self::Answer => "answer",
            Self::Skip => "skip",
            Self::Snooze => "snooze",
            Self::Stop => "stop",
            Self::Emergency => "emergency",
            Self::Awake => "awake",
        }
    }

    /// The verb of a name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|verb| verb.name() == name)
    }
}

/// What a verb may need. All of it, and the body itself, may be left out where it is not needed.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SessionBody {
    /// The client's id of this command. Or as header `Idempotency-Key`.
    pub command_id: Option<Uuid>,
    /// For `snooze`, `stop`, `emergency`, `awake`: which session, so that a late tap does not reach the next.
    pub session: Option<u64>,
    /// For `stop`: the phone had no connection and stopped by itself.
    pub offline: Option<bool>,
    /// For `answer` and `skip`: the task's campaign.
    pub campaign: Option<i64>,
    /// For `answer` and `skip`: the task's lease.
    pub lease: Option<Uuid>,
    /// For `answer` and `skip`: the lease's fencing number.
    pub fence: Option<u64>,
    /// For `answer`: the answer.
    pub answer: Option<String>,
    /// Over rpc: the client's own word for the call.
    #[serde(rename = "ref")]
    pub reference: Option<String>,
}

impl SessionBody {
    fn parse(body: &[u8]) -> Result<Self, Problem> {
        if body.is_empty() {
            return Ok(Self::default());
        }
        serde_json::from_slice(body)
            .map_err(|error| Problem::new(Code::BadRequest, format!("The body could not be understood: {error}.")))
    }

    /// What is asked.
    ///
    /// # Errors
    /// What is missing or wrong.
    pub fn ask(self, verb: Verb) -> Result<Ask, Problem> {
        let claim = || {
            let parts = self.campaign.zip(self.lease).zip(self.fence);
            parts
                .map(|((campaign, lease), fence)| Claim { campaign, lease, fence })
                .ok_or_else(|| Problem::new(Code::BadRequest, "`campaign`, `lease` and `fence` are needed."))
        };
        Ok(match verb {
            Verb::Next => Ask::Next,
            Verb::Answer => {
                let claim = claim()?;
                let answer = self.answer.ok_or_else(|| Problem::new(Code::BadRequest, "`answer` is needed."))?;
                if answer.chars().count() > MAX_ANSWER {
                    let words = format!("An answer has at most {MAX_ANSWER} characters.");
                    return Err(Problem::new(Code::TooLargeRequest, words));
                }
                Ask::Answer(claim, answer)
            }
            Verb::Skip => Ask::Skip(claim()?),
            Verb::Snooze => Ask::Snooze(self.session),
            Verb::Stop => Ask::Stop(self.session, self.offline.unwrap_or(false)),
            Verb::Emergency => Ask::Emergency(self.session),
            Verb::Awake => Ask::Awake(self.session),
        })
    }
}

/// Asks for a task, answers it, gives it back, snoozes, stops, stops in an emergency, or answers the wake-up check.
#[utoipa::path(post, path = "/alarms/session/{verb}", tag = "alarms", security(("bearer" = [])),
    params(("verb" = String, Path, description = "next, answer, skip, snooze, stop, emergency or awake")),
    request_body = SessionBody,
    responses((status = 200, description = "what became of it, with `state`; for `next` the `task`, or null and `may_stop`"),
        (status = 409, description = "alarm.not_ringing, alarm.mission_open, alarm.no_snooze_left, alarm.other_session ...")))]
pub(super) async fn ask_session(
    alarms: web::Data<Alarms>,
    who: SignedIn,
    path: web::Path<String>,
    body: web::Bytes,
    request: HttpRequest,
) -> Result<web::Json<Value>, Problem> {
    let verb = Verb::from_name(&path).ok_or(Code::UnknownMethod)?;
    let body = SessionBody::parse(&body)?;
    let id = command_id(&request, body.command_id)?;
    Ok(web::Json(alarms.missions().ask(&who.actor(), id, body.ask(verb)?).await?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_verb_is_found_by_its_name() {
        for verb in Verb::ALL {
            assert_eq!(Verb::from_name(verb.name()), Some(verb));
        }
        assert_eq!(Verb::from_name("explode"), None);
    }

    #[test]
    fn an_answer_names_its_lease_and_has_a_limit() {
        let body = |text: &str| SessionBody::parse(text.as_bytes()).unwrap();
        let lease = Uuid::from_u128(1);
        let full = |answer: &str| body(&format!(r#"{{"campaign":5,"lease":"{lease}","fence":3,"answer":"{answer}"}}"#));
        let claim = Claim { campaign: 5, lease, fence: 3 };
        assert_eq!(full("삼겹살").ask(Verb::Answer).ok(), Some(Ask::Answer(claim, "삼겹살".to_owned())));
        let refused = |body: SessionBody, verb| body.ask(verb).map_err(|problem| problem.code());
        assert_eq!(refused(full(&"가".repeat(1_001)), Verb::Answer), Err(Code::TooLargeRequest));
        assert_eq!(refused(body(r#"{"campaign":5}"#), Verb::Skip), Err(Code::BadRequest));
        assert_eq!(SessionBody::default().ask(Verb::Stop).ok(), Some(Ask::Stop(None, false)));
    }
}
