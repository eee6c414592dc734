//! Snoozing and stopping, by the person. The emergency stop is always there.

use chrono::TimeDelta;

use crate::alarm::AlarmClock;
use crate::alarm::escalation::CHECKS;
use crate::alarm::event::{Event, How};
use crate::alarm::refusal::Refusal;
use crate::alarm::session::{Session, Stage, later};
use crate::alarm::streak::{DAY_CLOSES_AT, Verdict};
use crate::time::Timestamp;

impl AlarmClock {
    /// The open session, if it is the one that was meant.
    pub(super) fn session_of(&self, named: Option<u64>) -> Result<&Session, Refusal> {
        let session = self.session.as_deref().ok_or(Refusal::NotRinging { stage: None })?;
        if named.is_some_and(|named| named != session.number) {
            return Err(Refusal::OtherSession { session: session.number });
        }
        Ok(session)
    }

    /// The open session, as long as it was not stopped.
    fn unstopped(&self, named: Option<u64>) -> Result<&Session, Refusal> {
        let session = self.session_of(named)?;
        if session.stage.is_over() {
            return Err(Refusal::NotRinging { stage: Some(session.stage.name()) });
        }
        Ok(session)
    }

    /// Decides a snooze.
    pub(super) fn snooze(&self, named: Option<u64>, now: Timestamp) -> Result<Vec<Event>, Refusal> {
        let session = self.unstopped(named)?;
        if let Stage::Snoozed { .. } = session.stage {
            return Err(Refusal::NotRinging { stage: Some(session.stage.name()) });
        }
        let left = session.snoozes_left().checked_sub(1);
        let left = left.ok_or(Refusal::NoSnoozeLeft { limit: session.terms.snoozes() })?;
        let until = later(now, TimeDelta::minutes(session.terms.snooze_minutes.into()));
        Ok(vec![Event::Snoozed { session: session.number, until, left }])
    }

    /// Decides a stop.
    pub(super) fn stop(&self, named: Option<u64>, offline: bool, now: Timestamp) -> Result<Vec<Event>, Refusal> {
        let session = self.unstopped(named)?;
        let how = match session.excused {
            _ if session.needed == 0 => How::Plain,
            Some(_) => How::Excused,
            None if session.answered >= session.needed => How::Answered,
            None if offline => How::Offline,
            None => return Err(Refusal::MissionOpen { answered: session.answered, needed: session.needed }),
        };
        Ok(vec![self.dismissed(session, how, now)])
    }

    /// Decides an emergency stop: out of whatever is open.
    pub(super) fn emergency(&self, named: Option<u64>, now: Timestamp) -> Result<Vec<Event>, Refusal> {
        Ok(vec![self.dismissed(self.session_of(named)?, How::Emergency, now)])
    }

    /// Decides the answer to the wake-up check, which may come before it is asked.
    pub(super) fn awake(&self, named: Option<u64>) -> Result<Vec<Event>, Refusal> {
        let session = self.session_of(named)?;
        if session.stage.is_over() {
            Ok(vec![Event::Confirmed { session: session.number }])
        } else {
            Err(Refusal::NotRinging { stage: Some(session.stage.name()) })
        }
    }

    /// The end of a session's ringing.
    pub(super) fn dismissed(&self, session: &Session, how: How, now: Timestamp) -> Event {
        let (day, streak) = self.judged(session, Verdict::of(how));
        let check = session.terms.wake_check_minutes.filter(|_| how != How::Emergency && session.checks < CHECKS);
        let check_at = check.map(|minutes| later(now, TimeDelta::minutes(minutes.into())));
        Event::Dismissed { session: session.number, how, day, streak, check_at }
    }

    /// The day that a session is counted for, and the streak after it. A trial counts for nothing.
    pub(super) fn judged(&self, session: &Session, verdict: Verdict) -> (Option<chrono::NaiveDate>, u32) {
        if session.trial {
            return (None, self.streak.days);
        }
        let day = self.zone.day_closing_at(session.began_at, DAY_CLOSES_AT);
        (Some(day), self.streak.after(day, verdict).days)
    }
}
