//! The Centrifuge client protocol's JSON: what clients say, and how replies are written.

use std::borrow::Cow;

use madang_domain::code::Code;
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::value::RawValue;

use crate::actors::broker::Present;
use crate::error::Surface;

/// The flag of a subscribe that asks for error 112 instead of `recovered: false`.
pub(super) const REJECT_UNRECOVERED: u64 = 2;

/// One line of a client.
#[derive(Debug, Deserialize)]
pub(super) struct Command<'a> {
    #[serde(default)]
    pub(super) id: u32,
    #[serde(borrow)]
    pub(super) connect: Option<Connect<'a>>,
    pub(super) refresh: Option<Refresh<'a>>,
    pub(super) subscribe: Option<Subscribe<'a>>,
    pub(super) sub_refresh: Option<OfChannel<'a>>,
    pub(super) unsubscribe: Option<OfChannel<'a>>,
    pub(super) publish: Option<Publish<'a>>,
    pub(super) presence: Option<OfChannel<'a>>,
    pub(super) presence_stats: Option<OfChannel<'a>>,
    pub(super) history: Option<HistoryRequest<'a>>,
    pub(super) ping: Option<IgnoredAny>,
    pub(super) send: Option<IgnoredAny>,
    pub(super) rpc: Option<Rpc<'a>>,
}

#[derive(Debug, Default, Deserialize)]
pub(super) struct Connect<'a> {
    #[serde(borrow, default)]
    pub(super) token: Cow<'a, str>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Refresh<'a> {
    #[serde(borrow, default)]
    pub(super) token: Cow<'a, str>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Subscribe<'a> {
    #[serde(borrow)]
    pub(super) channel: Cow<'a, str>,
    #[serde(default)]
    pub(super) recover: bool,
    #[serde(default)]
    pub(super) offset: u64,
    #[serde(borrow, default)]
    pub(super) epoch: Cow<'a, str>,
    #[serde(default)]
    pub(super) join_leave: bool,
    #[serde(default)]
    pub(super) flag: u64,
}

#[derive(Debug, Deserialize)]
pub(super) struct OfChannel<'a> {
    #[serde(borrow)]
    pub(super) channel: Cow<'a, str>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Publish<'a> {
    #[serde(borrow)]
    pub(super) channel: Cow<'a, str>,
    #[serde(borrow)]
    pub(super) data: &'a RawValue,
}

#[derive(Debug, Deserialize)]
pub(super) struct HistoryRequest<'a> {
    #[serde(borrow)]
    pub(super) channel: Cow<'a, str>,
    #[serde(default)]
    pub(super) limit: i64,
    #[serde(borrow)]
    pub(super) since: Option<Since<'a>>,
    #[serde(default)]
    pub(super) reverse: bool,
}

#[derive(Debug, Deserialize)]
pub(super) struct Since<'a> {
    #[serde(default)]
    pub(super) offset: u64,
    #[serde(borrow, default)]
    pub(super) epoch: Cow<'a, str>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Rpc<'a> {
    #[serde(borrow, default)]
    pub(super) method: Cow<'a, str>,
    #[serde(borrow)]
    pub(super) data: Option<&'a RawValue>,
}

/// Why a line is no command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Malformed {
    /// JSON with an id, but not of the shape its method has: it gets an error reply.
    Shape(u32),
    /// Nothing that could be answered.
    Hopeless,
}

/// Reads one line.
pub(super) fn read(line: &str) -> Result<Command<'_>, Malformed> {
    #[derive(Deserialize)]
    struct Bare {
        #[serde(default)]
        id: u32,
    }
    serde_json::from_str(line).map_err(|_| match serde_json::from_str::<Bare>(line) {
        Ok(Bare { id }) if id > 0 => Malformed::Shape(id),
        _ => Malformed::Hopeless,
    })
}

/// Writes one JSON object, member by member, without intermediate values.
pub(super) struct Object<'a> {
    to: &'a mut Vec<u8>,
    empty: bool,
}

impl<'a> Object<'a> {
    pub(super) fn new(to: &'a mut Vec<u8>) -> Self {
        to.push(b'{');
        Self { to, empty: true }
    }

    fn name(&mut self, name: &str) -> &mut Vec<u8> {
        if !self.empty {
            self.to.push(b',');
        }
        self.empty = false;
        quote(self.to, name);
        self.to.push(b':');
        self.to
    }

    pub(super) fn text(&mut self, name: &str, value: &str) -> &mut Self {
        quote(self.name(name), value);
        self
    }

    pub(super) fn number(&mut self, name: &str, value: u64) -> &mut Self {
        let mut digits = [0u8; 20];
        let to = self.name(name);
        to.extend_from_slice(decimal(value, &mut digits));
        self
    }

    /// Nothing is written for `false`, the protocol's default.
    pub(super) fn flag(&mut self, name: &str, value: bool) -> &mut Self {
        if value {
            self.name(name).extend_from_slice(b"true");
        }
        self
    }

    /// Already JSON.
    pub(super) fn raw(&mut self, name: &str, json: &[u8]) -> &mut Self {
        crate::actors::broker::one_line(self.name(name), json);
        self
    }

    pub(super) fn object(&mut self, name: &str, fill: impl FnOnce(&mut Object<'_>)) -> &mut Self {
        let mut inner = Object::new(self.name(name));
        fill(&mut inner);
        inner.end();
        self
    }

    /// A list of ready JSON values, separated by commas.
    pub(super) fn list(&mut self, name: &str, items: &[u8]) -> &mut Self {
        let to = self.name(name);
        to.push(b'[');
        to.extend_from_slice(items);
        to.push(b']');
        self
    }

    pub(super) fn end(&mut self) {
        self.to.push(b'}');
    }
}

/// Appends a JSON string.
pub(super) fn quote(to: &mut Vec<u8>, text: &str) {
    if text.bytes().all(|byte| byte >= 0x20 && byte != b'"' && byte != b'\\') {
        to.push(b'"');
        to.extend_from_slice(text.as_bytes());
        to.push(b'"');
    } else {
        to.extend_from_slice(serde_json::Value::from(text).to_string().as_bytes());
    }
}

fn decimal(mut value: u64, digits: &mut [u8; 20]) -> &[u8] {
    let mut from = digits.len();
    for place in digits.iter_mut().rev() {
        *place = b'0' + u8::try_from(value % 10).unwrap_or(0);
        value /= 10;
        from -= 1;
        if value == 0 {
            break;
        }
    }
    digits.get(from..).unwrap_or_default()
}

/// A reply: `{"id":..,"<name>":{..}}`.
pub(super) fn reply(to: &mut Vec<u8>, id: u32, name: &str, fill: impl FnOnce(&mut Object<'_>)) {
    let mut line = Object::new(to);
    line.number("id", u64::from(id)).object(name, fill).end();
}

/// An error reply.
pub(super) fn error(to: &mut Vec<u8>, id: u32, code: Code, message: &str) {
    let face = Surface::of(code);
    reply(to, id, "error", |error| {
        error.number("code", u64::from(face.number)).text("message", message).flag("temporary", face.temporary);
    });
}

/// A push of a channel: `{"push":{"channel":..,"<name>":{..}}}`.
pub(super) fn push(to: &mut Vec<u8>, channel: &str, name: &str, fill: impl FnOnce(&mut Object<'_>)) {
    let mut line = Object::new(to);
    line.object("push", |push| {
        push.text("channel", channel).object(name, fill);
    });
    line.end();
}

/// The members of a client's info.
pub(super) fn client_info(object: &mut Object<'_>, who: Present) {
    let mut buffer = uuid::Uuid::encode_buffer();
    let user = who.user.map(|user| user.to_string()).unwrap_or_default();
    object.text("user", &user).text("client", who.client.hyphenated().encode_lower(&mut buffer));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_of_the_wrong_shape_is_answered_when_it_has_an_id() {
        assert_eq!(read(r#"{"id":7,"subscribe":{"channel":5}}"#).unwrap_err(), Malformed::Shape(7));
        assert_eq!(read(r#"{"id":7,"subscribe":{}}"#).unwrap_err(), Malformed::Shape(7));
        assert_eq!(read(r#"{"id":-1,"ping":{}}"#).unwrap_err(), Malformed::Hopeless);
        assert_eq!(read(r#"{"id":7"#).unwrap_err(), Malformed::Hopeless);
        assert_eq!(read("[]").unwrap_err(), Malformed::Hopeless);
        assert!(read("{}").is_ok(), "a pong");
    }

    #[test]
    fn replies_are_json() {
        let mut out = Vec::new();
        reply(&mut out, 3, "subscribe", |reply| {
            reply
                .flag("recovered", false)
                .flag("positioned", true)
                .text("epoch", "a\"\n")
                .number("offset", 18_446_744_073_709_551_615);
            reply.list("publications", b"{},{}").raw("data", b"{\"a\":\n 1}");
        });
        assert_eq!(
            String::from_utf8(out).unwrap(),
            r#"{"id":3,"subscribe":{"positioned":true,"epoch":"a\"\n","offset":18446744073709551615,"publications":[{},{}],"data":{"a":  1}}}"#
        );
    }
}
