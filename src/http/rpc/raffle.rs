//! `raffle.view` and `raffle.enter`: as under `/raffles`.

use std::borrow::Cow;

use madang_domain::code::Code;
use madang_domain::entity::Viewer;
use serde::Deserialize;
use serde_json::Value;
use uuid::Uuid;

use super::{Rpc, actor, failed, parse, raw, reference, refused, signed_in};
use crate::http::live::house::{Identity, RpcCall, RpcResult};
use crate::http::raffles::Raffles;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct ViewCall {
    raffle: i64,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct EnterCall<'a> {
    raffle: i64,
    nonce: Option<String>,
    command_id: Option<Uuid>,
    #[serde(borrow, rename = "ref")]
    reference: Option<Cow<'a, str>>,
}

/// A raffle as the caller may see it.
pub(super) async fn view(table: &Rpc, call: &RpcCall) -> RpcResult {
    let raffles = table.raffles.as_ref().ok_or(Code::UnknownMethod)?;
    let asked: ViewCall = parse(&call.data)?;
    let viewer = call.who.as_ref().map_or(Viewer::Public, Identity::viewer);
    let id = Raffles::id(asked.raffle).map_err(failed)?;
    raw(&raffles.view(id, viewer).await.map_err(failed)?)
}

/// One more entry, for the price of an entry.
pub(super) async fn enter(table: &Rpc, call: &RpcCall) -> RpcResult {
    let raffles = table.raffles.as_ref().ok_or(Code::UnknownMethod)?;
    let who = signed_in(call)?;
    let asked: EnterCall<'_> = parse(&call.data)?;
    let reference = reference(asked.reference.as_deref())?;
    let id = asked.command_id.unwrap_or_else(Uuid::new_v4);
    match raffles.enter(asked.raffle, id, actor(who), asked.nonce).await {
        Ok(mut entry) => {
            if let (Value::Object(fields), Some(reference)) = (&mut entry, reference) {
                fields.insert("ref".to_owned(), Value::from(reference));
            }
            raw(&entry)
        }
        Err(denied) => refused(denied, reference),
    }
}
