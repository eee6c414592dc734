//! What the systems before us got wrong, each as a test that it is right here.

use chrono::TimeDelta;

use super::desk::*;
use crate::campaign::view::Listed;
use crate::campaign::{Command, NewTask, Refusal, Rules};
use crate::consensus::text::TextRules;
use crate::entity::{Actor, Entity};
use crate::ledger::Posted;

#[test]
fn the_same_word_on_another_image_is_another_question() {
    let mut desk = Desk::of(plain(), 2);
    for number in 1..=5 {
        desk.label(number, "Total");
        desk.label(number, "Total");
    }
    for task in 0..2 {
        let settled = desk.project().task(task).unwrap();
        assert_eq!(settled.counted(), 5);
        assert_eq!(settled.state.name(), "decided", "its own five votes decide it, not the other's");
    }
}

#[test]
fn losers_are_failed_in_the_decision_that_decides() {
    let mut desk = Desk::of(plain(), 1);
    desk.label(1, "Tota1");
    for number in 2..=5 {
        desk.label(number, "Total");
    }
    assert_eq!(desk.points(1), (0, 0));
    for number in 2..=5 {
        assert_eq!(desk.points(number), (15, 0));
    }
}

#[test]
fn there_is_an_upper_bound_and_then_a_person_looks() {
    let mut desk = Desk::of(plain(), 1);
    for number in 1..=15 {
        desk.label(number, if number % 2 == 0 { "a" } else { "b" });
    }
    assert_eq!(desk.state(0), "review");
    assert_eq!(desk.claim(16), Err(Refusal::Nothing));
    desk.order(&company(), &Command::Review { task: 0, verdict: crate::campaign::ReviewVerdict::Unusable }).unwrap();
    assert_eq!((desk.points(1), desk.points(2)), ((15, 0), (15, 0)), "nobody's points are frozen for ever");
}

#[test]
fn points_are_not_paid_twice_on_replay() {
    let mut desk = Desk::of(quorum(1, 5_000, 1), 1);
    desk.label(1, "x");
    assert_eq!(desk.points(1), (15, 0));
    let effects = desk.journal.iter().flat_map(|decision| desk.campaign.effects(&decision.events)).collect::<Vec<_>>();
    for effect in &effects {
        if let crate::entity::Effect::Transfer(transfer) = effect {
            assert_eq!(desk.ledger.post(transfer), Ok(Posted::Before));
        }
    }
    assert_eq!(desk.points(1), (15, 0));
}

#[test]
fn nobody_verifies_themselves() {
    let mut desk = Desk::of(plain(), 1);
    desk.label(1, "x");
    for _ in 0..4 {
        assert_eq!(desk.claim(1), Err(Refusal::Nothing));
    }
    assert_eq!(desk.state(0), "open");
}

#[test]
fn two_people_do_not_hold_the_last_place() {
    let mut desk = Desk::of(quorum(1, 5_000, 1), 1);
    desk.claim(1).unwrap();
    assert_eq!(desk.claim(2), Err(Refusal::Nothing));
}

#[test]
fn approving_twice_doubles_nothing_and_after_it_there_is_no_rejecting() {
    let mut desk = Desk::requested(plain());
    let tasks = |tasks: Vec<NewTask>| Command::AddTasks { upload: 1, part: 1, tasks };
    desk.order(&Actor::System, &tasks(vec![task(None); 3])).unwrap();
    desk.order(&admin(), &Command::Approve).unwrap();
    let decisions = desk.journal.len();
    desk.order(&admin(), &Command::Approve).unwrap();
    desk.order(&Actor::System, &tasks(vec![task(None); 3])).unwrap();
    assert_eq!((desk.journal.len(), desk.project().tasks.len()), (decisions, 3));
    let reject = Command::Reject { reason: "no".to_owned() };
    assert_eq!(desk.order(&admin(), &reject), Err(Refusal::WrongState { state: "in_progress" }));
}

#[test]
fn a_rejected_campaign_is_not_one_that_nobody_looked_at() {
    let mut desk = Desk::requested(plain());
    assert_eq!(desk.project().stage.name(), "requested");
    desk.order(&admin(), &Command::Reject { reason: " blurred ".to_owned() }).unwrap();
    let view = desk.campaign.view(&crate::entity::Viewer::User { id: COMPANY, roles: Vec::new() });
    assert_eq!((view["state"].as_str(), view["reason"].as_str()), (Some("rejected"), Some("blurred")));
}

#[test]
fn the_same_answer_typed_otherwise_is_the_same_answer() {
    let text = TextRules { fold_case: true, fold_width: true, ignore_punctuation: true };
    let mut desk = Desk::of(Rules { text, ..plain() }, 1);
    // Decomposed Hangul, full width, case, spaces, punctuation.
    for (number, answer) in
        (1..).zip(["한글 TOTAL", "\u{1112}\u{1161}\u{11ab}글 total", "한글  Ｔｏｔａｌ", " 한글 Total.", "한글 TOTAL"])
    {
        desk.label(number, answer);
    }
    let Some(crate::campaign::TaskState::Decided(settled)) = desk.project().task(0).map(|task| &task.state) else { panic!() };
    assert_eq!((settled.answer.as_str(), settled.votes, settled.of), ("한글 TOTAL", 5, 5), "as most wrote it");
}

#[test]
fn a_lost_lease_gives_its_place_back_without_anybody_asking() {
    let mut desk = Desk::of(quorum(1, 5_000, 1), 1);
    let held = desk.claim(1).unwrap();
    desk.pass(TimeDelta::seconds(190));
    let other = desk.claim(2).unwrap();
    assert_eq!(other.task, held.task);
    assert!(other.fence > held.fence);
    let late = desk.answer(1, held, "x").unwrap();
    assert_eq!(late["late"], true);
    desk.answer(2, other, "x").unwrap();
    assert_eq!((desk.points(1), desk.points(2)), ((0, 0), (15, 0)));
}

#[test]
fn reading_page_by_page_skips_nothing_while_what_is_read_changes() {
    let mut desk = Desk::of(quorum(2, 10_000, 2), 6);
    for number in 1..=2 {
        for _ in 0..6 {
            desk.label(number, if number == 1 { "a" } else { "b" });
        }
    }
    let page = |desk: &Desk, from| desk.project().list_tasks(Listed::Review, from, 2);
    let mut seen = Vec::new();
    let mut next = Some(0);
    while let Some(from) = next {
        let (rows, after) = page(&desk, from);
        // Each is decided as soon as it was read, so that the list behind the reader gets shorter.
        for row in rows {
            seen.push(row.task);
            let verdict = crate::campaign::ReviewVerdict::Unusable;
            desk.order(&company(), &Command::Review { task: row.task, verdict }).unwrap();
        }
        next = after;
    }
    assert_eq!(seen, [0, 1, 2, 3, 4, 5]);
}

#[test]
fn a_campaign_without_tasks_has_no_progress_and_is_not_done() {
    let mut desk = Desk::requested(plain());
    desk.order(&admin(), &Command::Approve).unwrap();
    desk.pass(TimeDelta::days(2));
    let progress = desk.project().progress;
    assert_eq!((progress.tasks, progress.settled(), desk.project().stage.name()), (0, 0, "approved"));
    assert_eq!(desk.claim(1), Err(Refusal::NotRunning { state: "approved" }));
}

#[test]
fn one_person_has_one_vote_on_a_box_whatever_they_do() {
    let mut desk = Desk::of(plain(), 1);
    let first = desk.claim(1).unwrap();
    desk.give_back(1, first).unwrap();
    assert_eq!(desk.claim(1), Err(Refusal::Nothing), "not even after giving it back");
    let second = desk.claim(2).unwrap();
    desk.answer(2, second, "x").unwrap();
    assert_eq!(desk.answer(2, second, "x"), Err(Refusal::AlreadyAnswered));
    assert_eq!(desk.answer(1, first, "x"), Err(Refusal::GivenBack));
    assert_eq!((desk.project().task(0).unwrap().counted(), desk.points(2)), (1, (0, 15)));
}
