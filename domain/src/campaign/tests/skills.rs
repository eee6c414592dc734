//! What a campaign of choices learns of its people and its tasks from how answers agree.

use super::desk::*;
use crate::campaign::view::Listed;
use crate::campaign::{AccuracyBy, Campaign, Command, Draft, Event, NewTask, Outcome, ReviewVerdict, Rules, TaskKind};
use crate::consensus::stop::StopRule;
use crate::entity::{Actor, Entity};
use crate::ids::UserId;

/// Cats and dogs, never more people than it takes to be sure.
fn pets(accuracy: AccuracyBy, max_votes: u16) -> Rules {
    Rules {
        kind: TaskKind::Choice,
        choices: vec!["cat".to_owned(), "dog".to_owned()],
        stop: StopRule::Confidence { target_bp: 9_500, min_votes: 2, max_votes },
        accuracy,
        ..plain()
    }
}

fn picture(gold: Option<&str>) -> NewTask {
    NewTask { region: None, ..task(gold) }
}

/// What is right about a task.
fn truth(task: u32) -> &'static str {
    if task.is_multiple_of(2) { "cat" } else { "dog" }
}

/// Everybody labels what they are given until there is nothing: three who look, one who always says "dog".
fn label_all(desk: &mut Desk) {
    loop {
        let mut any = false;
        for number in 1..=4 {
            let Ok(held) = desk.claim(number) else { continue };
            desk.answer(number, held, if number == 4 { "dog" } else { truth(held.task) }).unwrap();
            any = true;
        }
        if !any {
            return;
        }
    }
}

#[test]
fn who_does_not_look_is_found_out_without_a_single_test() {
    let mut desk = Desk::running(pets(AccuracyBy::Answers, 15), vec![picture(None); 60]);
    label_all(&mut desk);
    let (rows, _) = desk.project().list_workers(UserId::new(0), 10);
    let reliability: Vec<f64> = rows.iter().map(|row| row.reliability.unwrap()).collect();
    assert!(reliability[..3].iter().all(|share| *share > 0.85), "{reliability:?}");
    assert!(reliability[3] < 0.65, "{reliability:?}");
    assert!(rows.iter().all(|row| row.accuracy.total_cmp(&0.5).is_eq()), "the tests, of which there are none, know nothing");
    let (tasks, _) = desk.project().list_tasks(Listed::Decided, 0, 100);
    let right = tasks.iter().filter(|row| row.settlement.as_ref().unwrap().answer == truth(row.task)).count();
    assert!(right * 100 >= tasks.len() * 95, "{right} of {}", tasks.len());
    assert!(tasks.iter().all(|row| row.settlement.as_ref().unwrap().posterior_bp > Some(5_000)));
}

#[test]
fn people_who_are_known_to_agree_need_fewer_answers() {
    let answers_of = |accuracy| {
        let mut desk = Desk::running(pets(accuracy, 4), vec![picture(None); 60]);
        label_all(&mut desk);
        let progress = desk.project().progress;
        (progress.answers, progress.decided)
    };
    let (by_tests, none) = answers_of(AccuracyBy::Tests);
    let (by_answers, decided) = answers_of(AccuracyBy::Answers);
    assert_eq!(none, 0, "strangers never convince each other");
    assert!(by_answers < by_tests && decided > 40, "{by_answers} answers instead of {by_tests}, {decided} decided");
}

#[test]
fn an_open_task_shows_what_is_likely_and_a_test_teaches_at_once() {
    let mut desk = Desk::running(pets(AccuracyBy::Answers, 4), vec![picture(None)]);
    let held = desk.claim(1).unwrap();
    desk.answer(1, held, "dog").unwrap();
    let row = &desk.project().list_tasks(Listed::Open, 0, 1).0[0];
    let likely: Vec<_> = row.posterior.iter().map(|likely| likely.answer.as_str()).collect();
    assert_eq!(likely, ["dog", "cat"]);
    assert!((row.posterior.iter().map(|likely| likely.probability).sum::<f64>() - 1.0).abs() < 1e-5);
    let mut tasks = vec![picture(None); 30];
    tasks.extend(vec![picture(Some("cat")); 6]);
    let mut desk = Desk::running(Rules { gold_bp: 3_000, ..pets(AccuracyBy::Answers, 4) }, tasks);
    let before = desk.project().learned_accuracy(UserId::new(1)).unwrap();
    // One answer alone to an open task teaches nothing, only those to tests do.
    for _ in 0..30 {
        desk.label(1, "cat");
    }
    let gold = desk.project().workers[&UserId::new(1)].gold;
    assert!(gold.correct > 0 && desk.project().learned_accuracy(UserId::new(1)).unwrap() > before, "{gold:?}");
}

#[test]
fn an_answer_that_is_taken_back_is_unlearned() {
    let rules =
        Rules { stop: StopRule::Quorum { min_votes: 4, agreement_bp: 10_000, max_votes: 4 }, ..pets(AccuracyBy::Tests, 4) };
    let mut desk = Desk::running(rules, vec![picture(None)]);
    for (number, answer) in [(1, "cat"), (2, "cat")] {
        desk.label(number, answer);
    }
    let before = desk.project().skills.clone().unwrap().belief(0);
    desk.label(3, "dog");
    assert_ne!(desk.project().skills.clone().unwrap().belief(0), before);
    let exclude = Command::Exclude { worker: UserId::new(3), reason: "a hunch".to_owned(), drop: true };
    desk.order(&company(), &exclude).unwrap();
    assert_eq!(desk.project().skills.clone().unwrap().belief(0), before);
    desk.check_replay();
}

#[test]
fn a_person_s_word_and_the_end_settle_the_model_too() {
    let rules =
        Rules { stop: StopRule::Quorum { min_votes: 2, agreement_bp: 10_000, max_votes: 2 }, ..pets(AccuracyBy::Tests, 2) };
    let mut desk = Desk::running(rules, vec![picture(None); 2]);
    for (number, answer) in [(1, "cat"), (2, "dog"), (1, "cat"), (2, "dog")] {
        desk.label(number, answer);
    }
    assert_eq!(desk.project().skills.clone().unwrap().open_items(), 2, "what is in review goes on being believed");
    let verdict = ReviewVerdict::Accept { answer: "cat".to_owned() };
    desk.order(&company(), &Command::Review { task: 0, verdict }).unwrap();
    let learned = |desk: &Desk, number| desk.project().learned_accuracy(UserId::new(number)).unwrap();
    assert!(learned(&desk, 1) > learned(&desk, 2));
    desk.order(&company(), &Command::Complete).unwrap();
    desk.pass(chrono::TimeDelta::minutes(1));
    assert_eq!(desk.project().skills.clone().unwrap().open_items(), 0);
    let last = desk.journal.iter().flat_map(|decision| &decision.events).rev();
    let outcomes: Vec<_> =
        last.filter_map(|event| if let Event::Settled(settled) = event { Some(&settled.outcome) } else { None }).collect();
    assert!(outcomes.iter().any(|outcome| matches!(outcome, Outcome::Undecided)), "{outcomes:?}");
    desk.check_replay();
}

#[test]
fn a_campaign_from_before_does_not_learn_and_what_is_typed_cannot() {
    let mut campaign = Campaign::vacant(id());
    let draft = Box::new(Draft { name: "Pets".to_owned(), description: String::new(), rules: pets(AccuracyBy::Tests, 4) });
    let told = serde_json::json!({ "requested": { "owner": 900, "draft": draft } });
    campaign.apply(&serde_json::from_value(told).unwrap(), "2026-03-01T05:00:00Z".parse().unwrap());
    assert_eq!(campaign.project().unwrap().skills, None);
    assert_eq!(Desk::requested(plain()).project().skills, None);
    assert!(Desk::requested(pets(AccuracyBy::Tests, 4)).project().skills.is_some());
    let typed = Rules { accuracy: AccuracyBy::Answers, ..plain() };
    assert_eq!(typed.check(), Err("only choices tell how well somebody answers by how answers agree".to_owned()));
}

#[test]
fn how_far_an_upload_is_is_told_by_the_house_alone_and_changes_nothing() {
    use crate::campaign::event::{UploadStep, UploadWent};
    let mut desk = Desk::of(plain(), 1);
    let went = UploadWent { upload: 3, step: UploadStep::Working, files: Some(10), done: 4, refused: 1, tasks: 12 };
    assert!(desk.order(&company(), &Command::TellUpload(went)).is_err());
    let before = desk.campaign.clone();
    desk.order(&Actor::System, &Command::TellUpload(went)).unwrap();
    assert_eq!(desk.campaign, before);
    let told = Campaign::publication(&desk.journal.last().unwrap().events[0], desk.now).unwrap();
    assert_eq!((&told["type"], &told["state"], &told["files_done"]), (&"upload_went".into(), &"working".into(), &4.into()));
}
