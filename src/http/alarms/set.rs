//! Setting alarms.

use actix_web::{HttpRequest, HttpResponse, web};
use madang_domain::alarm::terms::Terms;
use madang_domain::alarm::{Command, Zone};
use madang_domain::code::Code;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;
use uuid::Uuid;

use super::Alarms;
use crate::actors::alarm::mission::told;
use crate::http::auth::SignedIn;
use crate::http::command::command_id;
use crate::http::problem::Problem;

/// What was set. This type documents the answer; the rules make it.
#[derive(Debug, Serialize, ToSchema)]
pub struct SetView {
    /// The alarm's number in one's clock, from 1.
    number: u32,
    /// When it rings next, RFC 3339.
    next_at: Option<String>,
    /// The version of the plan that phones keep.
    plan: u64,
    seq: u64,
    offset: u64,
    duplicate: bool,
}

/// Where the person is.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ZoneBody {
    /// The zone's name, such as `Asia/Seoul`.
    zone: String,
    /// The client's id of this command. Or as header `Idempotency-Key`.
    command_id: Option<Uuid>,
}

/// The phone's word that it would ring by itself.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PlanBody {
    /// The version that it has stored.
    version: u64,
    /// The client's id of this command. Or as header `Idempotency-Key`.
    command_id: Option<Uuid>,
}

/// An alarm's settings, with the command's id among them.
fn parse(body: &[u8]) -> Result<(Box<Terms>, Option<Uuid>), Problem> {
    let wrong =
        |error: serde_json::Error| Problem::new(Code::BadRequest, format!("The body could not be understood: {error}."));
    let mut fields: serde_json::Map<String, Value> = serde_json::from_slice(body).map_err(wrong)?;
    let id = fields.remove("command_id").map(serde_json::from_value).transpose().map_err(wrong)?.flatten();
    Ok((Box::new(serde_json::from_value(Value::Object(fields)).map_err(wrong)?), id))
}

async fn order(alarms: &Alarms, who: &SignedIn, id: Uuid, command: Command) -> Result<Value, Problem> {
    Ok(told(alarms.missions().order(who.user(), who.actor(), id, command).await?))
}

/// Adds an alarm: `{time: "07:30", days: ["mon", ...], date, zone, title, snooze_minutes, snooze_limit, mission, answers,
/// wake_check_minutes, sound, vibration, active}`; all but the time may be left out. Without days it rings once.
#[utoipa::path(post, path = "/alarms", tag = "alarms", security(("bearer" = [])), request_body = serde_json::Value,
    responses((status = 201, body = SetView), (status = 409, description = "alarm.too_many"),
        (status = 422, description = "alarm.invalid, alarm.in_the_past")))]
pub(super) async fn add_alarm(
    alarms: web::Data<Alarms>,
    who: SignedIn,
    body: web::Bytes,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let (terms, in_body) = parse(&body)?;
    let id = command_id(&request, in_body)?;
    Ok(HttpResponse::Created().json(order(&alarms, &who, id, Command::Add(terms)).await?))
}

/// Sets an alarm anew, all of it.
#[utoipa::path(put, path = "/alarms/{number}", tag = "alarms", security(("bearer" = [])),
    params(("number" = u32, Path)), request_body = serde_json::Value,
    responses((status = 200, body = SetView), (status = 404, description = "alarm.unknown"),
        (status = 422, description = "alarm.invalid, alarm.in_the_past")))]
pub(super) async fn change_alarm(
    alarms: web::Data<Alarms>,
    who: SignedIn,
    path: web::Path<u32>,
    body: web::Bytes,
    request: HttpRequest,
) -> Result<web::Json<Value>, Problem> {
    let (terms, in_body) = parse(&body)?;
    let id = command_id(&request, in_body)?;
    let command = Command::Change { number: path.into_inner(), terms };
    Ok(web::Json(order(&alarms, &who, id, command).await?))
}

/// Takes an alarm away. A session that it began goes on.
#[utoipa::path(delete, path = "/alarms/{number}", tag = "alarms", security(("bearer" = [])),
    params(("number" = u32, Path)),
    responses((status = 200, description = "{number, plan, seq, offset}"), (status = 404, description = "alarm.unknown")))]
pub(super) async fn remove_alarm(
    alarms: web::Data<Alarms>,
    who: SignedIn,
    path: web::Path<u32>,
    request: HttpRequest,
) -> Result<web::Json<Value>, Problem> {
    let id = command_id(&request, None)?;
    Ok(web::Json(order(&alarms, &who, id, Command::Remove { number: path.into_inner() }).await?))
}

/// Rings an alarm now, to try it. It changes no streak.
#[utoipa::path(post, path = "/alarms/{number}/try", tag = "alarms", security(("bearer" = [])),
    params(("number" = u32, Path)),
    responses((status = 200, description = "{state, session, seq, offset}"),
        (status = 404, description = "alarm.unknown"), (status = 409, description = "alarm.already_ringing")))]
pub(super) async fn try_alarm(
    alarms: web::Data<Alarms>,
    who: SignedIn,
    path: web::Path<u32>,
    request: HttpRequest,
) -> Result<web::Json<Value>, Problem> {
    let id = command_id(&request, None)?;
    Ok(web::Json(order(&alarms, &who, id, Command::Try { number: path.into_inner() }).await?))
}

/// Moves the person to another zone: alarms without a zone of their own follow.
#[utoipa::path(put, path = "/alarms/zone", tag = "alarms", security(("bearer" = [])), request_body = ZoneBody,
    responses((status = 200, description = "{zone, armed: [{number, next_at}], plan, seq, offset}"),
        (status = 422, description = "alarm.invalid")))]
pub(super) async fn set_zone(
    alarms: web::Data<Alarms>,
    who: SignedIn,
    body: web::Json<ZoneBody>,
    request: HttpRequest,
) -> Result<web::Json<Value>, Problem> {
    let id = command_id(&request, body.command_id)?;
    let zone: Zone = body
        .zone
        .parse()
        .map_err(|_| Problem::new(Code::AlarmInvalid, "This is not a time zone: their names are such as Asia/Seoul."))?;
    Ok(web::Json(order(&alarms, &who, id, Command::SetZone { zone }).await?))
}

/// The phone has stored this version of the plan, and would ring by itself without a connection.
#[utoipa::path(post, path = "/alarms/plan/ack", tag = "alarms", security(("bearer" = [])), request_body = PlanBody,
    responses((status = 200, description = "{plan, seq, offset}"), (status = 409, description = "alarm.unknown_plan")))]
pub(super) async fn acknowledge_plan(
    alarms: web::Data<Alarms>,
    who: SignedIn,
    body: web::Json<PlanBody>,
    request: HttpRequest,
) -> Result<web::Json<Value>, Problem> {
    let id = command_id(&request, body.command_id)?;
    Ok(web::Json(order(&alarms, &who, id, Command::Acknowledge { version: body.version }).await?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_commands_id_stands_among_the_settings() {
        let id = Uuid::from_u128(7);
        let (terms, found) = parse(format!(r#"{{"time":"07:30","command_id":"{id}"}}"#).as_bytes()).unwrap();
        assert_eq!((terms.snooze_minutes, found), (5, Some(id)));
        assert_eq!(parse(br#"{"time":"07:30"}"#).unwrap().1, None);
        for wrong in [
            &b"{"[..],
            b"[]",
            b"{}",
            br#"{"time":"7:30"}"#,
            br#"{"time":"07:30","tune":"x"}"#,
            br#"{"time":"07:30","days":["sol"]}"#,
        ] {
            assert_eq!(parse(wrong).map(|_| ()).map_err(|problem| problem.code()), Err(Code::BadRequest));
        }
    }
}
