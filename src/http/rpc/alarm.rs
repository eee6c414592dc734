//! `alarm.view` and what a session is asked: `alarm.next`, `alarm.answer`, `alarm.skip`, `alarm.snooze`, `alarm.stop`,
//! `alarm.emergency`, `alarm.awake`.

use madang_domain::code::Code;
use serde_json::Value;
use uuid::Uuid;

use super::{Rpc, actor, failed, parse, raw, reference, refused, signed_in};
use crate::http::alarms::{SessionBody, Verb};
use crate::http::live::house::{RpcCall, RpcError, RpcResult};

/// Runs a method of this area, its name without the area.
pub(super) async fn call(table: &Rpc, method: &str, call: &RpcCall) -> RpcResult {
    let alarms = table.alarms.as_ref().ok_or(Code::UnknownMethod)?;
    let who = signed_in(call)?;
    if method == "view" {
        return raw(&alarms.view(who.user).await.map_err(failed)?);
    }
    let verb = Verb::from_name(method).ok_or(Code::UnknownMethod)?;
    let asked: SessionBody = parse(&call.data)?;
    let reference = reference(asked.reference.as_deref())?.map(str::to_owned);
    let id = asked.command_id.unwrap_or_else(Uuid::new_v4);
    let ask = asked.ask(verb).map_err(|problem| RpcError { code: problem.code(), message: problem.message().to_owned() })?;
    match alarms.missions().ask(&actor(who), id, ask).await {
        Ok(mut told) => {
            if let (Value::Object(fields), Some(reference)) = (&mut told, reference) {
                fields.insert("ref".to_owned(), Value::from(reference));
            }
            raw(&told)
        }
        Err(denied) => refused(denied, reference.as_deref()),
    }
}
