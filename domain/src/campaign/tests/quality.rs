//! Agreement and reading errors over a campaign, its people and its tasks.

use super::desk::*;
use crate::campaign::quality::{Judged, quality};
use crate::campaign::view::Listed;
use crate::campaign::{Rules, TaskKind};
use crate::ids::UserId;

fn judged(task: u32, votes: &[(i64, &str)], answer: Option<&str>) -> Judged {
    let votes = votes.iter().map(|(worker, answer)| (UserId::new(*worker), (*answer).to_owned())).collect();
    Judged { task, votes, answer: answer.map(str::to_owned) }
}

fn close(found: Option<f64>, wanted: f64) -> bool {
    found.is_some_and(|found| (found - wanted).abs() < 1e-9)
}

#[test]
fn nothing_is_defined_where_nothing_can_be_compared() {
    let none = quality(&[], TaskKind::Ocr);
    assert_eq!((none.tasks, none.fleiss, none.krippendorff, none.workers.len()), (0, None, None, 0));
    assert_eq!(none.reading.unwrap().cer, None);
    let same = quality(&[judged(0, &[(1, "a"), (2, "a")], Some("a"))], TaskKind::Choice);
    assert_eq!((same.krippendorff, same.workers[0].kappa, same.reading), (None, None, None), "one class explains everything");
}

#[test]
fn choices_agree_as_the_formulas_say() {
    let tasks = [
        judged(0, &[(1, "a"), (2, "a")], Some("a")),
        judged(1, &[(1, "b"), (2, "b")], Some("b")),
        judged(2, &[(1, "a"), (2, "b")], None),
        judged(3, &[(1, "b"), (2, "b")], Some("b")),
        judged(4, &[(3, "b")], None),
    ];
    let found = quality(&tasks, TaskKind::Choice);
    assert_eq!((found.tasks, found.answers), (5, 9));
    // 8 judgements in pairs, 3 a and 5 b: Do = 2 / 8, De = 2 x 3 x 5 / (8 x 7).
    assert!(close(found.krippendorff, 1.0 - (2.0 / 8.0) / (30.0 / 56.0)), "{found:?}");
    // P = 3 / 4, Pe = (3/8)^2 + (5/8)^2.
    let chance = (9.0 + 25.0) / 64.0;
    assert!(close(found.fleiss, (0.75 - chance) / (1.0 - chance)), "{found:?}");
    // The first by its text is the choice of the undecided one: person 1 is always with it, person 2 once not.
    assert!(close(found.workers[0].kappa, 1.0));
    assert!(found.workers[1].kappa < Some(1.0));
}

#[test]
fn readings_are_measured_against_what_was_decided_or_what_is_nearest() {
    let tasks =
        [judged(0, &[(1, "한글"), (2, "한극")], Some("한글")), judged(1, &[(1, "total"), (2, "tota1"), (3, "totel")], None)];
    let found = quality(&tasks, TaskKind::Ocr);
    let reading = |number: usize| found.workers[number].reading.unwrap();
    // One of two syllables is wrong, but one of six jamo.
    assert!(close(reading(1).cer, f64::midpoint(0.5, 0.2)), "{found:?}");
    assert!(close(reading(1).cer_jamo, f64::midpoint(1.0 / 6.0, 0.2)), "{found:?}");
    assert_eq!((reading(0).cer, reading(0).compared), (Some(0.0), 2), "nearest to all is the one without a slip");
    assert_eq!(found.reading.unwrap().compared, 5);
}

#[test]
fn a_task_in_review_says_which_reading_is_nearest_to_all() {
    let mut desk = Desk::of(quorum(3, 10_000, 3), 1);
    for (number, answer) in [(1, "T0tal"), (2, "Total"), (3, "Totel")] {
        desk.label(number, answer);
    }
    let (rows, _) = desk.project().list_tasks(Listed::Review, 0, 1);
    assert_eq!(rows[0].nearest, None, "not without being asked");
    let read = rows[0].clone().read(TaskKind::Ocr).nearest.unwrap();
    assert_eq!((read.text.as_str(), read.found), ("Total", "medoid"));
    let reading = rows[0].clone().read(TaskKind::Ocr).reading.unwrap();
    assert!(close(reading.cer, (0.2 + 0.0 + 0.2) / 3.0) && reading.compared == 3, "{reading:?}");
    assert_eq!(rows[0].clone().read(TaskKind::Choice).nearest, None);
    let judged = desk.project().list_judged(0, 10);
    assert_eq!((judged.len(), judged[0].votes.len(), judged[0].answer.as_deref()), (1, 3, None));
}

#[test]
fn tests_are_no_part_of_it() {
    let desk = Desk::running(Rules { gold_bp: 0, ..plain() }, vec![task(Some("known")), task(None)]);
    let judged: Vec<u32> = desk.project().list_judged(0, 10).iter().map(|judged| judged.task).collect();
    assert_eq!(judged, [1]);
}
