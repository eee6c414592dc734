//! What must always be true of an alarm clock.

use crate::alarm::log::KEPT;
use crate::alarm::session::{Session, Stage};
use crate::alarm::{AlarmClock, MAX_ALARMS};

fn ensure(holds: bool, otherwise: &str) -> Result<(), String> {
    if holds { Ok(()) } else { Err(otherwise.to_owned()) }
}

impl AlarmClock {
    /// Checks the invariants.
    pub(super) fn sound(&self) -> Result<(), String> {
        ensure(self.alarms.len() <= MAX_ALARMS, "there are more alarms than allowed")?;
        let ordered = self.alarms.iter().zip(self.alarms.iter().skip(1)).all(|(a, b)| a.number < b.number);
        ensure(ordered, "the alarms' numbers are not in order")?;
        let known = self.alarms.last().is_none_or(|alarm| alarm.number <= self.numbers);
        ensure(known, "an alarm has a number that was never given out")?;
        for alarm in &self.alarms {
            alarm.terms.check()?;
            ensure(alarm.terms.active == alarm.next_at.is_some(), "an alarm is active without a time, or the reverse")?;
        }
        ensure(self.log.len() <= KEPT, "the log's tail is too long")?;
        ensure(self.plan.acknowledged.is_none_or(|known| known <= self.plan.version), "a plan is known before it is made")?;
        ensure(self.streak.best >= self.streak.days, "the streak is longer than the longest")?;
        self.session.as_deref().map_or(Ok(()), |session| {
            ensure(session.number == self.sessions, "the session is not the newest")?;
            session.sound()
        })
    }
}

impl Session {
    fn sound(&self) -> Result<(), String> {
        ensure(self.snoozes <= self.terms.snoozes(), "it was snoozed too often")?;
        ensure(self.answered <= self.needed, "more answers count than are needed")?;
        let unstopped = self.needed == 0 || self.answered < self.needed;
        let over = self.stage.is_over();
        ensure(over || unstopped, "it goes on although its mission is done")?;
        let held = matches!(&self.stage, Stage::InMission { task: Some(_), .. });
        ensure(!held || self.needed > 0, "a task is on the screen of an alarm without a mission")
    }
}
