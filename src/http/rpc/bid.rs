//! `auction.bid`, the hot path.

use std::borrow::Cow;

use madang_domain::auction::{Auction, Command};
use madang_domain::code::Code;
use madang_domain::entity::Order;
use madang_domain::ids::EntityId;
use madang_domain::money::Money;
use serde::ser::SerializeMap;
use serde::{Deserialize, Serialize, Serializer};
use serde_json::Value;
use uuid::Uuid;

use super::{actor, parse, raw, reference, refused, signed_in};
use crate::actors::ask::{Answer, Denied};
use crate::actors::auction::auction_id;
use crate::actors::kernel::Engine;
use crate::http::amount::MoneyRef;
use crate::http::live::house::{RpcCall, RpcError, RpcReply, RpcResult};

/// The data of a call, borrowed from its frame.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct BidCall<'a> {
    auction: i64,
    #[serde(borrow)]
    max: MoneyRef<'a>,
    #[serde(default)]
    confirm: bool,
    command_id: Option<Uuid>,
    #[serde(borrow, rename = "ref")]
    reference: Option<Cow<'a, str>>,
}

/// Places a bid; the reply is given when the decision is durable, on the thread that knows it.
pub(super) fn place(engine: &Engine, call: &RpcCall, reply: RpcReply) {
    match order_of(call) {
        Ok((order, reference)) => {
            engine.ask_then::<Auction>(order, Box::new(move |answer| reply(told(answer, reference.as_deref()))));
        }
        Err(error) => reply(Err(error)),
    }
}

fn order_of(call: &RpcCall) -> Result<(Order<Command>, Option<String>), RpcError> {
    let who = signed_in(call)?;
    let asked: BidCall<'_> = parse(&call.data)?;
    let reference = reference(asked.reference.as_deref())?.map(str::to_owned);
    let to: EntityId = auction_id(asked.auction).ok_or(Code::AuctionUnknown)?;
    let max: Money = asked.max.parse()?;
    let id = asked.command_id.unwrap_or_else(Uuid::new_v4);
    Ok((Order { to, id, actor: actor(who), command: Command::PlaceBid { max, confirm: asked.confirm } }, reference))
}

fn told(answer: Result<Answer, Denied>, reference: Option<&str>) -> RpcResult {
    match answer {
        Ok(answer) => raw(&Decision { answer: &answer, reference }),
        Err(denied) => refused(denied, reference),
    }
}

/// The answer's own fields and where it stands in the journal, written in one go.
struct Decision<'a> {
    answer: &'a Answer,
    reference: Option<&'a str>,
}

impl Serialize for Decision<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut fields = serializer.serialize_map(None)?;
        if let Value::Object(answered) = &self.answer.data {
            for (name, value) in answered {
                fields.serialize_entry(name, value)?;
            }
        }
        fields.serialize_entry("seq", &self.answer.seq)?;
        fields.serialize_entry("offset", &self.answer.offset)?;
        fields.serialize_entry("duplicate", &self.answer.duplicate)?;
        if let Some(reference) = self.reference {
            fields.serialize_entry("ref", reference)?;
        }
        fields.end()
    }
}

#[cfg(test)]
mod tests {
    use madang_domain::entity::{Actor, Role};
    use madang_domain::ids::UserId;
    use madang_domain::time::Timestamp;
    use serde_json::json;
    use serde_json::value::RawValue;

    use super::*;
    use crate::http::live::house::Identity;

    fn call(data: &str) -> RpcCall {
        let who =
            Identity { user: UserId::new(3), roles: vec![Role::User], session: Uuid::nil(), expires_at: Timestamp::UNIX_EPOCH };
        let data = RawValue::from_string(data.to_owned()).unwrap();
        RpcCall { who: Some(who), method: "auction.bid".to_owned(), data }
    }

    fn code_of(data: &str) -> Option<Code> {
        order_of(&call(data)).map_err(|error| error.code).err()
    }

    #[test]
    fn a_call_becomes_an_order_of_the_person_in_the_token() {
        let id = "0192f0c4-0000-7000-8000-000000000001";
        let data = format!(r#"{{"auction":17,"max":{{"amount":5000,"currency":"KRW"}},"command_id":"{id}","ref":"b-1"}}"#);
        let (order, reference) = order_of(&call(&data)).unwrap();
        assert_eq!((order.to.to_string().as_str(), order.id.to_string().as_str()), ("auction:17", id));
        assert_eq!(order.actor, Actor::User { id: UserId::new(3), roles: vec![Role::User] });
        let max = Money::new(5_000, madang_domain::money::Currency::KRW);
        assert_eq!((order.command, reference.as_deref()), (Command::PlaceBid { max, confirm: false }, Some("b-1")));
    }

    #[test]
    fn each_wrong_call_has_its_code() {
        let with_max = |max: &str| code_of(&format!(r#"{{"auction":17,"max":{max}}}"#));
        let amount = |amount: &str| with_max(&format!(r#"{{"amount":{amount},"currency":"KRW"}}"#));
        assert_eq!(amount("1"), None);
        assert_eq!(amount("-1"), Some(Code::AmountNotPositive));
        assert_eq!(amount("0"), Some(Code::AmountNotPositive));
        assert_eq!(amount("0.5"), Some(Code::AmountFractional));
        assert_eq!(amount("1e300"), Some(Code::AmountTooLarge));
        assert_eq!(amount("\"NaN\""), Some(Code::AmountNotANumber));
        assert_eq!(with_max(r#"{"amount":1,"currency":"₩"}"#), Some(Code::WrongCurrency));
        assert_eq!(with_max("5000"), Some(Code::BadRequest));
        for data in [
            "null",
            "[]",
            r#"{"auction":"17","max":{"amount":1,"currency":"KRW"}}"#,
            r#"{"auction":17}"#,
            r#"{"auction":17,"max":{"amount":1,"currency":"KRW"},"command_id":"seven"}"#,
            r#"{"auction":17,"max":{"amount":1,"currency":"KRW"},"bidder":4}"#,
            r#"{"auction":17,"auction":18,"max":{"amount":1,"currency":"KRW"}}"#,
        ] {
            assert_eq!(code_of(data), Some(Code::BadRequest), "{data}");
        }
        assert_eq!(code_of(r#"{"auction":-1,"max":{"amount":1,"currency":"KRW"}}"#), Some(Code::AuctionUnknown));
        let nobody = RpcCall { who: None, ..call(r#"{"auction":17,"max":{"amount":1,"currency":"KRW"}}"#) };
        assert_eq!(order_of(&nobody).map_err(|error| error.code).err(), Some(Code::Unauthenticated));
    }

    #[test]
    fn an_answer_is_told_with_its_place_in_the_journal() {
        let data = json!({ "result": "leading", "price": 5_000 });
        let answer = Answer { seq: 41, offset: 40, at: Timestamp::UNIX_EPOCH, data, duplicate: false };
        let reply = told(Ok(answer), Some("b-1")).unwrap();
        let wanted = json!({ "result": "leading", "price": 5_000, "seq": 41, "offset": 40, "duplicate": false, "ref": "b-1" });
        assert_eq!(serde_json::from_str::<Value>(reply.get()).unwrap(), wanted);
    }
}
