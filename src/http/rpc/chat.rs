//! `chat.ask`, `chat.continue` and `chat.stop`: the answer's words come on the conversation's channel.

use std::borrow::Cow;

use madang_domain::chat::Command;
use madang_domain::code::Code;
use serde::Deserialize;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{Rpc, actor, failed, parse, raw, reference, refused, signed_in};
use crate::actors::chat::Chats;
use crate::http::live::house::{RpcCall, RpcResult};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct ChatCall<'a> {
    chat: i64,
    /// The question, for `chat.ask`.
    text: Option<String>,
    /// Which answer; `chat.continue` needs it.
    message: Option<u32>,
    command_id: Option<Uuid>,
    #[serde(borrow, rename = "ref")]
    reference: Option<Cow<'a, str>>,
}

/// Runs a method of this area, its name without the area.
pub(super) async fn call(table: &Rpc, method: &str, call: &RpcCall) -> RpcResult {
    let chats = table.chats.as_ref().ok_or(Code::UnknownMethod)?;
    let who = signed_in(call)?;
    let asked: ChatCall<'_> = parse(&call.data)?;
    let reference = reference(asked.reference.as_deref())?;
    let id = Chats::id(asked.chat).map_err(failed)?;
    let command = asked.command_id.unwrap_or_else(Uuid::new_v4);
    let giver = (who.user, actor(who));
    let result = match (method, asked.text, asked.message) {
        ("ask", Some(text), None) => chats.question(id, giver, command, text).await.map(|taken| taken.answer.data),
        ("continue", None, Some(message)) => chats.go_on(id, giver, command, message).await.map(|taken| taken.answer.data),
        ("stop", None, message) => {
            let stopped = chats.ask(id, command, giver.1, Command::Stop { message }).await;
            stopped.map(|answer| json!({ "stopped": !answer.data.is_null() }))
        }
        ("ask" | "continue" | "stop", _, _) => return Err(Code::BadRequest.into()),
        _ => return Err(Code::UnknownMethod.into()),
    };
    match result {
        Ok(mut told) => {
            if let (Value::Object(fields), Some(reference)) = (&mut told, reference) {
                fields.insert("ref".to_owned(), Value::from(reference));
            }
            raw(&told)
        }
        Err(denied) => refused(denied, reference),
    }
}
