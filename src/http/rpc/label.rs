//! `label.next`, `label.answer`, `label.skip`, `label.extend`: as under `/labels`.

use madang_domain::code::Code;
use uuid::Uuid;

use super::{Rpc, parse, raw, refused, signed_in};
use crate::http::labels::{LabelBody, Verb, ask};
use crate::http::live::house::{RpcCall, RpcResult};

/// Runs a method by its name after `label.`.
pub(super) async fn call(table: &Rpc, method: &str, call: &RpcCall) -> RpcResult {
    let worker = signed_in(call)?.user;
    let verb = Verb::from_name(method).ok_or(Code::UnknownMethod)?;
    let pool = table.labels.as_ref().ok_or(Code::UnknownMethod)?;
    let body: LabelBody = parse(&call.data)?;
    let id = body.command_id.unwrap_or_else(Uuid::new_v4);
    match ask(pool, worker, id, verb, body).await {
        Ok(answer) => raw(&answer),
        Err(denied) => refused(denied, None),
    }
}
