//! A notice as a push message, in the person's language.

use std::time::Duration;

use madang_domain::entity::Notice;
use serde_json::json;
use uuid::Uuid;

use super::Message;
use crate::clients::mail::{self, Language};

/// An alarm that was not heard for so long rings again by itself, as another message.
const ALARM_TTL: Duration = Duration::from_secs(20 * 60);
/// Other news is news for a day.
const NEWS_TTL: Duration = Duration::from_secs(24 * 3600);

/// A notice as the message that a person's devices get.
#[must_use]
pub fn message(id: Uuid, language: Language, notice: &Notice) -> Message {
    let (title, body) = mail::wording(language, notice);
    let alarm = notice.kind.starts_with("alarm.");
    let urgent = matches!(notice.kind.as_str(), "alarm.ringing" | "alarm.wake_check");
    Message {
        id: id.to_string(),
        kind: notice.kind.clone(),
        title: title.to_owned(),
        body,
        href: if urgent {
            "/alarms/ring"
        } else if alarm {
            "/alarms"
        } else {
            "/notices"
        }
        .to_owned(),
        tag: if urgent { notice.about.clone() } else { format!("{}/{}", notice.about, notice.kind) },
        data: json!({ "about": notice.about, "fields": notice.fields }),
        urgent,
        ttl: if alarm { ALARM_TTL } else { NEWS_TTL },
    }
}
