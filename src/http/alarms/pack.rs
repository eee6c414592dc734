//! The offline pack.

use actix_web::{HttpRequest, web};
use madang_domain::code::Code;
use madang_domain::time::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::Alarms;
use crate::actors::alarm::pack::{MOST, Returned, signed_part};
use crate::actors::alarm::tasks::{Claim, Leased};
use crate::actors::ask::Denied;
use crate::http::auth::SignedIn;
use crate::http::command::command_id;
use crate::http::problem::Problem;

/// How large a pack.
#[derive(Debug, Deserialize, IntoParams)]
pub(super) struct PackQuery {
    /// Tasks wanted, 1 to 5; 3 where nothing is said.
    tasks: Option<u8>,
}

/// A task in a pack.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct PackTask {
    campaign: i64,
    /// The task's number in its campaign; of no meaning when the pack comes back.
    #[serde(default)]
    task: u32,
    lease: Uuid,
    fence: u64,
    /// When the lease ends: a later answer is refused.
    #[schema(value_type = String, format = DateTime)]
    deadline: Timestamp,
    /// All that the screen needs: kind, instructions, choices, image, region, points. Left out when the pack comes back.
    #[serde(default)]
    #[schema(value_type = Object)]
    card: Value,
}

/// A few tasks for a phone that may lose its connection.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct PackView {
    #[schema(value_type = String, format = DateTime)]
    issued_at: Timestamp,
    tasks: Vec<PackTask>,
    /// The server's signature, in hex: whose pack, when, and which leases.
    signature: String,
}

/// What was answered offline.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PackAnswersBody {
    /// The pack as it was given; the cards may be left out.
    pack: PackView,
    answers: Vec<PackAnswer>,
}

/// One of them.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PackAnswer {
    lease: Uuid,
    answer: String,
}

/// What came of one answer.
#[derive(Debug, Serialize, ToSchema)]
pub struct ReturnedView {
    lease: Uuid,
    /// `counted`, `taken` (worth its points, but nothing rings any more) or `refused`.
    result: &'static str,
    /// Why it was refused.
    code: Option<&'static str>,
    /// Whether it was no wrong answer to a task whose answer is known.
    passed: Option<bool>,
    points: Option<i64>,
    /// What the alarm says now, where it counted.
    #[schema(value_type = Object)]
    session: Option<Value>,
}

/// All of them.
#[derive(Debug, Serialize, ToSchema)]
pub struct ReturnsView {
    items: Vec<ReturnedView>,
}

impl From<Leased> for PackTask {
    fn from(leased: Leased) -> Self {
        let Leased { campaign, task, lease, fence, deadline, card } = leased;
        Self { campaign, task, lease, fence, deadline, card }
    }
}

impl From<Returned> for ReturnedView {
    fn from(returned: Returned) -> Self {
        let Returned { lease, answered, clock } = returned;
        let none = Self { lease, result: "refused", code: None, passed: None, points: None, session: None };
        match answered {
            Ok(answered) => {
                let result = if clock.is_some() { "counted" } else { "taken" };
                Self { result, passed: Some(answered.passed), points: Some(answered.points), session: clock, ..none }
            }
            Err(Denied::Refused { code, .. } | Denied::Failed(code)) => Self { code: Some(code.name()), ..none },
        }
    }
}

fn claims(tasks: &[PackTask]) -> Vec<(Claim, Timestamp)> {
    let claim = |task: &PackTask| Claim { campaign: task.campaign, lease: task.lease, fence: task.fence };
    tasks.iter().map(|task| (claim(task), task.deadline)).collect()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn unhex(text: &str) -> Option<Vec<u8>> {
    let digits: Option<Vec<u8>> =
        text.chars().map(|digit| digit.to_digit(16).and_then(|digit| u8::try_from(digit).ok())).collect();
    let digits = digits.filter(|digits| digits.len() == 64)?;
    Some(digits.chunks_exact(2).map(|pair| pair.iter().fold(0, |byte, digit| byte * 16 + digit)).collect())
}

/// A signed pack of leased tasks, for a phone that may lose its connection. The same `Idempotency-Key` gives the same
/// tasks while their leases stand.
#[utoipa::path(get, path = "/alarms/pack", tag = "alarms", security(("bearer" = [])), params(PackQuery),
    responses((status = 200, body = PackView)))]
pub(super) async fn give_pack(
    alarms: web::Data<Alarms>,
    who: SignedIn,
    query: web::Query<PackQuery>,
    request: HttpRequest,
) -> Result<web::Json<PackView>, Problem> {
    let id = command_id(&request, None)?;
    let wanted = query.tasks.unwrap_or(3).clamp(1, MOST);
    let tasks = alarms.missions().pack(who.user(), id, wanted).await?;
    let issued_at = madang_domain::time::stored(alarms.parts.clock.now());
    let tasks: Vec<PackTask> = tasks.into_iter().map(PackTask::from).collect();
    let signature = alarms.parts.tokens.pack_key().seal(&[&signed_part(who.user(), issued_at, &claims(&tasks))]);
    Ok(web::Json(PackView { issued_at, tasks, signature: hex(&signature) }))
}

/// Answers of a pack, late or not: each counts if its lease still stands. Asked again, the answer is the same.
#[utoipa::path(post, path = "/alarms/pack/answers", tag = "alarms", security(("bearer" = [])),
    request_body = PackAnswersBody,
    responses((status = 200, body = ReturnsView), (status = 422, description = "alarm.pack_invalid")))]
pub(super) async fn take_answers(
    alarms: web::Data<Alarms>,
    who: SignedIn,
    body: web::Json<PackAnswersBody>,
) -> Result<web::Json<ReturnsView>, Problem> {
    let PackAnswersBody { pack, answers } = body.into_inner();
    let claims = claims(&pack.tasks);
    let signature = unhex(&pack.signature).ok_or(Code::AlarmPackInvalid)?;
    let part = signed_part(who.user(), pack.issued_at, &claims);
    if claims.len() > usize::from(MOST)
        || answers.len() > claims.len()
        || !alarms.parts.tokens.pack_key().verify(&[&part], &signature)
    {
        return Err(Code::AlarmPackInvalid.into());
    }
    let mut items = Vec::with_capacity(answers.len());
    for PackAnswer { lease, answer } in answers {
        let claim = claims.iter().find(|(claim, _)| claim.lease == lease).ok_or(Code::AlarmPackInvalid)?.0;
        items.push(alarms.missions().take_back(who.user(), claim, answer).await?.into());
    }
    Ok(web::Json(ReturnsView { items }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signatures_are_64_hex_digits() {
        let bytes: Vec<u8> = (0..32).map(|byte| byte * 7).collect();
        assert_eq!(unhex(&hex(&bytes)), Some(bytes));
        for wrong in ["", "00", &"g".repeat(64), &"가".repeat(64), &"0".repeat(65)] {
            assert_eq!(unhex(wrong), None);
        }
    }
}
