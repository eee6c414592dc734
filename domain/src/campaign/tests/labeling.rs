//! Order of tasks, tests with a known answer, exclusions, reviews, the end.

use chrono::TimeDelta;

use super::desk::*;
use crate::campaign::rules::Undecided;
use crate::campaign::{Command, Event, Refusal, ReviewVerdict, Rules, TaskKind};
use crate::consensus::stop::StopRule;
use crate::entity::{Actor, Entity};
use crate::ids::UserId;

fn review(task: u32, verdict: ReviewVerdict) -> Command {
    Command::Review { task, verdict }
}

#[test]
fn the_least_loaded_task_comes_first() {
    let mut desk = Desk::of(plain(), 3);
    let first: Vec<_> = (1..=3).map(|number| desk.claim(number).unwrap().task).collect();
    let mut sorted = first.clone();
    sorted.sort_unstable();
    assert_eq!(sorted, [0, 1, 2], "each once before any twice: {first:?}");
    for number in 4..=6 {
        desk.claim(number).unwrap();
    }
    assert!((0..3).all(|task| desk.project().task(task).unwrap().leases == 2));
}

#[test]
fn ties_are_broken_by_chance() {
    let first: std::collections::BTreeSet<_> = (0..40)
        .map(|seed| {
            let mut desk = Desk::of(plain(), 10);
            desk.random = seed;
            desk.claim(1).unwrap().task
        })
        .collect();
    assert!(first.len() > 5, "{first:?}");
}

#[test]
fn tests_come_at_random_are_never_too_many_and_judge_who_answers() {
    let rules = Rules { gold_bp: 3_000, gold_floor_bp: 5_000, ..plain() };
    let mut tasks = vec![task(None); 60];
    tasks.extend(vec![task(Some("known")); 20]);
    let mut desk = Desk::running(rules, tasks);
    let mut golds = 0;
    for labeled in 1..=40usize {
        let held = desk.claim(1).unwrap();
        let gold = desk.project().task(held.task).unwrap().asked.gold.is_some();
        golds += usize::from(gold);
        assert!(golds <= labeled.div_ceil(5), "{golds} tests among {labeled} tasks");
        let answered = desk.answer(1, held, if gold { " known" } else { "word" }).unwrap();
        assert_eq!(answered["passed"], true);
    }
    assert!(golds >= 3, "{golds}");
    assert_eq!(desk.points(1).0, i64::try_from(golds).unwrap() * 15, "right tests are paid at once");
    let worker = &desk.project().workers[&UserId::new(1)];
    assert_eq!((worker.gold.correct, worker.gold.total), (worker.gold.total, u32::try_from(golds).unwrap()));
}

#[test]
fn who_misses_tests_is_taken_off_and_the_places_are_asked_again() {
    let rules = Rules { gold_bp: 3_000, ..plain() };
    let mut tasks = vec![task(None); 200];
    tasks.extend(vec![task(Some("known")); 50]);
    let mut desk = Desk::running(rules, tasks);
    let refused = loop {
        match desk.claim(1) {
            Ok(held) => drop(desk.answer(1, held, "nonsense").unwrap()),
            Err(refused) => break refused,
        }
    };
    assert!(matches!(refused, Refusal::Excluded { .. }), "{refused:?}");
    let worker = &desk.project().workers[&UserId::new(1)];
    assert_eq!((worker.gold.total, worker.gold.correct), (5, 0));
    assert_eq!(worker.dropped, worker.answers - 5, "all but the tests are taken back");
    assert_eq!((desk.points(1), desk.project().progress.answers), ((0, 0), 0));
    assert!((0..200).all(|number| desk.project().task(number).unwrap().is_claimable()));
    desk.pass(TimeDelta::hours(25));
    assert!(desk.claim(1).is_ok(), "by rule it ends after a day");
    desk.check_replay();
}

#[test]
fn excluding_decides_what_is_decided_without_the_excluded() {
    let mut desk = Desk::of(plain(), 1);
    desk.label(9, "spam");
    desk.label(8, "spam too");
    for number in 1..=4 {
        desk.label(number, "Total");
    }
    assert_eq!(desk.state(0), "open");
    let exclude = |worker| Command::Exclude { worker: UserId::new(worker), reason: "spam".to_owned(), drop: true };
    desk.order(&company(), &exclude(9)).unwrap();
    assert_eq!(desk.state(0), "decided", "four of five");
    assert_eq!((desk.points(1), desk.points(8), desk.points(9)), ((15, 0), (0, 0), (0, 0)));
    assert_eq!(desk.order(&person(1), &exclude(2)), Err(Refusal::NotAllowed("its owner or an admin")));
    desk.check_replay();
}

#[test]
fn skips_in_a_row_exclude_and_an_answer_forgives_them() {
    let mut desk = Desk::of(Rules { skip_limit: 3, ..plain() }, 20);
    for _ in 0..3 {
        let held = desk.claim(1).unwrap();
        desk.give_back(1, held).unwrap();
    }
    desk.label(1, "x");
    for _ in 0..4 {
        let held = desk.claim(1).unwrap();
        desk.give_back(1, held).unwrap();
    }
    assert!(matches!(desk.claim(1), Err(Refusal::Excluded { .. })));
    desk.order(&admin(), &Command::Readmit { worker: UserId::new(1) }).unwrap();
    assert!(desk.claim(1).is_ok());
    let log = &desk.project().workers[&UserId::new(1)].log;
    assert_eq!(log.iter().map(|action| action.excluded.is_some()).collect::<Vec<_>>(), [true, false]);
}

#[test]
fn a_review_accepts_declares_unusable_or_asks_more() {
    let mut desk = Desk::of(quorum(2, 10_000, 2), 3);
    for (number, answer) in [(1, "a"), (2, "b")] {
        for _ in 0..3 {
            desk.label(number, answer);
        }
    }
    assert!((0..3).all(|number| desk.state(number) == "review"));
    assert_eq!(desk.order(&person(1), &review(0, ReviewVerdict::Unusable)), Err(Refusal::NotAllowed("its owner or an admin")));
    desk.order(&company(), &review(0, ReviewVerdict::Accept { answer: "b".to_owned() })).unwrap();
    assert_eq!((desk.points(1), desk.points(2)), ((0, 30), (15, 30)));
    desk.order(&company(), &review(1, ReviewVerdict::Unusable)).unwrap();
    assert_eq!((desk.points(1), desk.points(2)), ((15, 15), (30, 15)), "nobody was proved wrong");
    desk.order(&company(), &review(2, ReviewVerdict::More)).unwrap();
    assert_eq!(desk.order(&company(), &review(2, ReviewVerdict::Unusable)), Err(Refusal::NotInReview { state: "open" }));
    assert_eq!(desk.claim(3).unwrap().task, 2);
    desk.check_replay();
}

#[test]
fn a_choice_is_one_of_the_choices() {
    let choices = vec!["Cat".to_owned(), "dog".to_owned()];
    let rules = Rules { kind: TaskKind::Choice, choices, ..quorum(1, 5_000, 1) };
    let mut desk = Desk::of(rules, 1);
    let held = desk.claim(1).unwrap();
    for wrong in ["cat", "bird", ""] {
        assert!(desk.answer(1, held, wrong).is_err());
    }
    desk.answer(1, held, " Cat ").unwrap();
    assert_eq!(desk.state(0), "decided");
}

#[test]
fn a_machine_counts_half_where_the_rule_says_so() {
    let rules = Rules { stop: StopRule::Points { accept_halves: 5, max_votes: 10 }, ..plain() };
    let read = crate::campaign::NewTask { machine: Some("Total".to_owned()), ..task(None) };
    let mut desk = Desk::running(rules, vec![read]);
    desk.label(1, "Total");
    assert_eq!(desk.state(0), "open");
    desk.label(2, "Total");
    assert_eq!(desk.state(0), "decided", "two people and a machine make 2.5 points");
}

#[test]
fn the_end_settles_what_is_open_a_part_at_a_time() {
    for (undecided, paid) in [(Undecided::Pay, 15), (Undecided::Void, 0)] {
        let mut desk = Desk::of(Rules { undecided, ..plain() }, 450);
        desk.label(1, "x");
        let held = desk.claim(2).unwrap();
        desk.order(&company(), &Command::Complete).unwrap();
        assert!(desk.project().leases.is_empty());
        desk.pass(TimeDelta::seconds(10));
        assert!((0..450).all(|number| desk.state(number) == "undecided"));
        assert_eq!(desk.points(1), (paid, 0));
        assert_eq!(desk.answer(2, held, "x").unwrap()["late"], true);
        assert_eq!(desk.campaign.wake_at(), None);
        let most = desk.journal.iter().map(|decision| decision.events.len()).max();
        assert!(most <= Some(201), "{most:?}");
        desk.check_replay();
    }
}

#[test]
fn a_campaign_that_is_all_done_ends_by_itself() {
    let mut desk = Desk::of(quorum(1, 5_000, 1), 2);
    desk.label(1, "x");
    desk.label(1, "y");
    desk.pass(TimeDelta::minutes(29));
    assert_eq!(desk.project().stage.name(), "in_progress");
    desk.pass(TimeDelta::minutes(40));
    assert_eq!(desk.project().stage.name(), "completed");
    desk.pass(TimeDelta::hours(1));
    assert_eq!(desk.campaign.wake_at(), None);
}

#[test]
fn an_idle_campaign_is_left_alone() {
    let mut desk = Desk::of(plain(), 2);
    desk.label(1, "x");
    desk.pass(TimeDelta::hours(100));
    assert_eq!(desk.campaign.wake_at(), None);
    let swept = desk.journal.iter().flat_map(|decision| &decision.events);
    assert_eq!(swept.filter(|event| matches!(event, Event::Swept { .. })).count(), 1);
}

#[test]
fn only_the_house_brings_tasks_and_sweeps_and_bad_tasks_stay_out() {
    let mut desk = Desk::requested(plain());
    let add = |tasks| Command::AddTasks { upload: 1, part: 1, tasks };
    assert_eq!(desk.order(&company(), &add(vec![task(None)])), Err(Refusal::NotAllowed("the house")));
    assert_eq!(desk.order(&admin(), &Command::Sweep), Err(Refusal::NotAllowed("the house")));
    let outside = crate::campaign::Region { left: 0, top: 0, right: 101, bottom: 5 };
    let flat = crate::campaign::Region { left: 5, top: 0, right: 5, bottom: 5 };
    for region in [None, Some(outside), Some(flat)] {
        let wrong = crate::campaign::NewTask { region, ..task(None) };
        assert!(matches!(desk.order(&Actor::System, &add(vec![task(None), wrong])), Err(Refusal::Invalid(_))));
    }
    assert!(desk.order(&Actor::System, &add(Vec::new())).is_err());
    assert!(desk.order(&Actor::System, &add(vec![task(None); 501])).is_err());
    assert!(desk.project().tasks.is_empty(), "all of a part or none");
}

#[test]
fn twenty_thousand_tasks_are_the_most() {
    let mut desk = Desk::requested(plain());
    // Without the checks of every step, which look at all tasks.
    let given = crate::entity::Given { now: desk.now, actor: Actor::System, available: None, random: 0 };
    for part in 0..40 {
        let command = Command::AddTasks { upload: 1, part, tasks: vec![task(None); 500] };
        for event in desk.campaign.decide(&command, &given).unwrap() {
            desk.campaign.apply(&event, desk.now);
        }
    }
    let one = Command::AddTasks { upload: 1, part: 40, tasks: vec![task(None)] };
    assert_eq!(desk.campaign.decide(&one, &given), Err(Refusal::Full { most: 20_000 }));
}
