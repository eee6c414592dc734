//! Whatever people do and however time passes, the clock keeps its promises.

use chrono::TimeDelta;
use proptest::prelude::*;
use serde_json::json;

use super::bedside::{AWAKE, Bedside, EMERGENCY, SNOOZE, lease, shown, terms};
use super::reference;
use crate::alarm::escalation::BACKUPS;
use crate::alarm::event::{Cause, Event};
use crate::alarm::mission::Excuse;
use crate::alarm::streak::Verdict;
use crate::alarm::terms::{Day, Terms};
use crate::alarm::{AlarmClock, Command};
use crate::entity::{Entity, Viewer};
use crate::ids::UserId;

/// One thing that happens.
#[derive(Debug, Clone)]
enum Act {
    Add(Terms),
    Change(u32, Terms),
    Remove(u32),
    Move(usize),
    Try(u32),
    Snooze,
    Stop(bool),
    Emergency,
    Awake,
    Acknowledge(u64),
    Show(u128, i64),
    Drop(u128),
    Excuse,
    Count(u128, bool),
    Pass(i64),
    Sleep(i64),
}

const ZONES: [&str; 4] = ["Asia/Seoul", "Europe/Berlin", "America/New_York", "Pacific/Kiritimati"];

fn some_terms() -> impl Strategy<Value = Terms> {
    (
        0u32..24,
        0u32..60,
        prop::collection::vec(0usize..7, 0..3),
        0u8..6,
        0u8..3,
        any::<bool>(),
        1u8..4,
        prop::option::of(3u8..=10),
        any::<bool>(),
    )
        .prop_map(|(hour, minute, days, snooze, limit, mission, answers, check, active)| {
            let mut terms =
                terms(json!({ "time": format!("{hour:02}:{minute:02}"), "snooze_minutes": snooze, "snooze_limit": limit,
                "mission": mission, "answers": answers, "wake_check_minutes": check, "active": active }));
            terms.days = days.into_iter().map(|day| Day::ALL[day]).collect();
            terms
        })
}

fn act() -> impl Strategy<Value = Act> {
    prop_oneof![
        3 => some_terms().prop_map(Act::Add),
        1 => (1u32..5, some_terms()).prop_map(|(number, terms)| Act::Change(number, terms)),
        1 => (1u32..5).prop_map(Act::Remove),
        1 => (0usize..4).prop_map(Act::Move),
        1 => (1u32..5).prop_map(Act::Try),
        2 => Just(Act::Snooze),
        3 => any::<bool>().prop_map(Act::Stop),
        1 => Just(Act::Emergency),
        2 => Just(Act::Awake),
        1 => (0u64..9).prop_map(Act::Acknowledge),
        3 => (0u128..6, 0i64..900).prop_map(|(lease, seconds)| Act::Show(lease, seconds)),
        1 => (0u128..6).prop_map(Act::Drop),
        1 => Just(Act::Excuse),
        3 => (0u128..6, any::<bool>()).prop_map(|(lease, passed)| Act::Count(lease, passed)),
        6 => (0i64..1500).prop_map(Act::Pass),
        1 => (0i64..3000).prop_map(Act::Sleep),
    ]
}

fn take(bedside: &mut Bedside, act: Act) {
    let before = bedside.clock.clone();
    let session = before.session().map_or(0, |session| session.number);
    let result = match act {
        Act::Add(terms) => bedside.order(Command::Add(Box::new(terms))),
        Act::Change(number, terms) => bedside.order(Command::Change { number, terms: Box::new(terms) }),
        Act::Remove(number) => bedside.order(Command::Remove { number }),
        Act::Move(zone) => bedside.order(Command::SetZone { zone: ZONES[zone].parse().unwrap() }),
        Act::Try(number) => bedside.order(Command::Try { number }),
        Act::Snooze => bedside.order(SNOOZE),
        Act::Stop(offline) => bedside.order(Command::Stop { session: None, offline }),
        Act::Emergency => {
            let result = bedside.order(EMERGENCY);
            if before.session().is_some() {
                assert!(result.is_ok() && bedside.clock.session().is_none(), "{result:?}");
            }
            result
        }
        Act::Awake => bedside.order(AWAKE),
        Act::Acknowledge(version) => bedside.order(Command::Acknowledge { version }),
        Act::Show(lease, seconds) => {
            let deadline = bedside.now + TimeDelta::seconds(seconds);
            bedside.house(Command::ShowTask { session, shown: shown(lease, deadline) })
        }
        Act::Drop(number) => bedside.house(Command::DropTask { lease: lease(number) }),
        Act::Excuse => bedside.house(Command::Excuse { session, why: Excuse::NoTasks }),
        Act::Count(number, passed) => bedside.house(Command::Count { lease: lease(number), passed, points: 15 }),
        Act::Pass(minutes) => {
            bedside.minutes(minutes);
            return;
        }
        Act::Sleep(minutes) => {
            bedside.sleep(TimeDelta::minutes(minutes));
            return;
        }
    };
    if result.is_err() {
        assert_eq!(bedside.clock, before, "refused means unchanged");
    }
}

/// What the journal must show.
fn check_journal(bedside: &Bedside) {
    let mut again = AlarmClock::vacant(crate::ids::EntityId::new(crate::ids::Kind::Alarm, 7).unwrap());
    let mut ends = Vec::new();
    let mut unheard = 0;
    let mut plan = 0;
    for (at, event) in &bedside.journal {
        again.apply(event, *at);
        let text = serde_json::to_string(event).unwrap();
        assert_eq!(&serde_json::from_str::<Event>(&text).unwrap(), event, "{text}");
        assert!(AlarmClock::publication(event, *at).is_some_and(|told| told["type"].is_string()));
        assert!(again.plan().version >= plan, "versions only go up");
        plan = again.plan().version;
        match event {
            Event::Began(began) => {
                unheard = 0;
                assert!(began.trial || began.armed.next_at.is_none_or(|next| next > *at), "it is armed for later");
            }
            Event::RangAgain { cause: Cause::NoReaction, .. } => {
                unheard += 1;
                assert!(unheard <= BACKUPS, "bounded");
            }
            Event::RangAgain { .. } => unheard = 0,
            Event::Dismissed { how, day: Some(day), .. } => ends.push((*day, Verdict::of(*how))),
            Event::Missed { day: Some(day), .. } => ends.push((*day, Verdict::Broken)),
            Event::Set(_)
            | Event::Removed { .. }
            | Event::ZoneSet { .. }
            | Event::Joined { .. }
            | Event::TooLate { .. }
            | Event::Snoozed { .. }
            | Event::TaskShown { .. }
            | Event::TaskDropped { .. }
            | Event::Excused { .. }
            | Event::Counted { .. }
            | Event::Dismissed { day: None, .. }
            | Event::CheckAsked { .. }
            | Event::Confirmed { .. }
            | Event::Missed { day: None, .. }
            | Event::Acknowledged { .. }
            | Event::Warned { .. } => {}
        }
    }
    assert_eq!(again, bedside.clock, "replay equals state");
    // Where nobody flew west, the days come in order, and the whole list can be counted.
    if ends.iter().zip(ends.iter().skip(1)).all(|(a, b)| a.0 <= b.0) {
        assert_eq!(bedside.clock.streak().days, reference::streak(&ends), "{ends:?}");
    }
}

proptest! {
    #[test]
    fn whatever_people_do_the_clock_keeps_its_promises(acts in prop::collection::vec(act(), 0..60)) {
        let mut bedside = Bedside::new();
        for act in acts {
            take(&mut bedside, act);
        }
        check_journal(&bedside);
        let stored = serde_json::to_string(&bedside.clock).unwrap();
        prop_assert_eq!(&serde_json::from_str::<AlarmClock>(&stored).unwrap(), &bedside.clock);
        let stranger = Viewer::User { id: UserId::new(8), roles: Vec::new() };
        prop_assert!(bedside.clock.view(&stranger).is_null());
        // Whatever was left open ends by itself, and every armed alarm rings.
        bedside.minutes(8 * 24 * 60);
        let unheard = bedside.clock.session().is_none_or(|session| session.began_at > bedside.now - TimeDelta::hours(48));
        prop_assert!(unheard, "{:?}", bedside.clock.session());
    }
}
