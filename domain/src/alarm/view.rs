//! What its owner sees of an alarm clock. Nobody else sees anything.

use serde_json::{Value, json};

use crate::alarm::session::{Session, Stage};
use crate::alarm::{Alarm, AlarmClock, MAX_ALARMS};

impl AlarmClock {
    /// The owner's view.
    pub(super) fn shown(&self) -> Value {
        let plan = &self.plan;
        json!({
            "id": self.id.number(),
            "zone": self.zone,
            "alarms": self.alarms.iter().map(Alarm::shown).collect::<Vec<_>>(),
            "limit": MAX_ALARMS,
            "next_at": self.next_ring().map(|(_, at)| at),
            "session": self.session.as_deref().map(Session::shown),
            "streak": {
                "days": self.streak.days,
                "best": self.streak.best,
                "kept": self.streak.kept,
                "broken": self.streak.broken,
                "frozen": self.streak.frozen,
            },
            "plan": {
                "version": plan.version,
                "changed_at": plan.changed_at,
                "acknowledged": plan.acknowledged,
                "acknowledged_at": plan.acknowledged_at,
            },
            "log": self.log.iter().rev().collect::<Vec<_>>(),
        })
    }
}

impl Alarm {
    fn shown(&self) -> Value {
        let mut view = json!(self.terms);
        if let Value::Object(fields) = &mut view {
            fields.insert("number".to_owned(), json!(self.number));
            fields.insert("next_at".to_owned(), json!(self.next_at));
        }
        view
    }
}

impl Session {
    fn shown(&self) -> Value {
        let (since, until) = match &self.stage {
            Stage::Ringing { since, .. } => (Some(*since), None),
            Stage::Snoozed { until } | Stage::InMission { until, .. } => (None, Some(*until)),
            Stage::WakeCheck { until, .. } => (None, *until),
        };
        let check_at = if let Stage::WakeCheck { ask_at, .. } = &self.stage { Some(*ask_at) } else { None };
        json!({
            "number": self.number,
            "alarm": self.alarm,
            "joined": self.joined,
            "title": self.terms.title,
            "sound": self.terms.sound,
            "vibration": self.terms.vibration,
            "trial": self.trial,
            "stage": self.stage.name(),
            "began_at": self.began_at,
            "since": since,
            "until": until,
            "check_at": check_at,
            "rings": self.rings,
            "snooze_minutes": self.terms.snooze_minutes,
            "snoozes_left": self.snoozes_left(),
            "needed": self.needed,
            "answered": self.answered,
            "excused": self.excused,
            "may_stop": self.may_stop(),
            "task": self.task(),
        })
    }
}
