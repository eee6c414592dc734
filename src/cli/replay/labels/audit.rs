//! What came of a replay, checked against what the sleepers saw and what the receipts really say.

use std::collections::{BTreeMap, BTreeSet};

use madang_domain::consensus::ocr;
use madang_domain::consensus::text::{TextRules, normalise};
use serde::Serialize;

use super::company::TaskRow;
use crate::cli::figures::{float, share};

/// What was accepted of whom: by task and person, what they typed.
pub type Accepted = BTreeMap<(u32, i64), String>;

/// What was found.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Audit {
    /// Tasks that are no tests.
    pub tasks: usize,
    /// Tests.
    pub tests: usize,
    /// Tasks that were decided.
    pub decided: usize,
    /// Of those, the ones decided as the receipt says.
    pub right: usize,
    /// `right / decided`; 0 when nothing was decided.
    pub accuracy: f64,
    /// The mean character error rate of the decided ones.
    pub cer: f64,
    /// Tasks that wait for a person's eye.
    pub review: usize,
    /// Tasks that were not settled at all.
    pub open: usize,
    /// Tasks with more counted answers than were wanted, or with two of one person.
    pub overshoots: usize,
    /// Accepted answers that are not there.
    pub lost: usize,
    /// Points that the answers are worth.
    pub due: i64,
}

/// Compares. `points` is what one answer pays.
#[must_use]
pub fn audit(rows: &[TaskRow], truths: &BTreeMap<u32, String>, accepted: &Accepted, points: i64) -> Audit {
    let mut audit = Audit::default();
    let mut errors = Vec::new();
    let mut stored = BTreeMap::new();
    for row in rows {
        count_state(row, truths, &mut audit, &mut errors);
        let counted = row.answers.iter().filter(|answer| answer.counts());
        let people: BTreeSet<i64> = row.answers.iter().map(|answer| answer.worker).collect();
        let twice = people.len() < row.answers.len();
        let too_many = row.state != "gold" && counted.clone().count() > row.wanted;
        audit.overshoots = audit.overshoots.saturating_add(usize::from(twice || too_many));
        let right = match row.state.as_str() {
            "decided" => row.answer.as_deref(),
            "gold" => row.gold.as_deref(),
            _ => None,
        };
        if let Some(right) = right.map(normal) {
            let paid = counted.filter(|answer| normal(&answer.answer) == right).count();
            audit.due = audit.due.saturating_add(points.saturating_mul(i64::try_from(paid).unwrap_or(i64::MAX)));
        }
        stored.extend(row.answers.iter().map(|answer| ((row.task, answer.worker), answer.answer.as_str())));
    }
    let is_there = |(place, text): &(&(u32, i64), &String)| stored.get(*place).is_some_and(|kept| *kept == normal(text));
    audit.lost = accepted.iter().filter(|answer| !is_there(answer)).count();
    audit.accuracy = share(audit.right, audit.decided);
    audit.cer = if errors.is_empty() { 0.0 } else { errors.iter().sum::<f64>() / float(errors.len()) };
    audit
}

fn count_state(row: &TaskRow, truths: &BTreeMap<u32, String>, audit: &mut Audit, errors: &mut Vec<f64>) {
    let count = |number: &mut usize| *number = number.saturating_add(1);
    if row.state == "gold" {
        count(&mut audit.tests);
        return;
    }
    count(&mut audit.tasks);
    match row.state.as_str() {
        "decided" => {
            count(&mut audit.decided);
            let answer = normal(row.answer.as_deref().unwrap_or_default());
            let truth = truths.get(&row.task).map(String::as_str).unwrap_or_default();
            audit.right = audit.right.saturating_add(usize::from(answer == truth));
            errors.extend(ocr::cer(&answer, truth));
        }
        "review" => count(&mut audit.review),
        _ => count(&mut audit.open),
    }
}

fn normal(text: &str) -> String {
    normalise(text, TextRules::default())
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn row(task: u32, state: &str, answer: Option<&str>, wanted: usize, answers: &[(i64, &str, &str)]) -> TaskRow {
        let answers: Vec<Value> = answers
            .iter()
            .map(|(worker, answer, standing)| json!({ "worker": worker, "answer": answer, "standing": standing }))
            .collect();
        let mut row = json!({
            "task": task, "image": "/objects/x", "width": 10, "height": 10, "region": null, "state": state, "wanted": wanted,
            "answers": answers,
        });
        row[if state == "gold" { "gold" } else { "answer" }] = json!(answer);
        serde_json::from_value(row).unwrap()
    }

    fn truths() -> BTreeMap<u32, String> {
        [(0, "CASH"), (1, "TOTAL"), (2, "9.00")].map(|(task, text)| (task, text.to_owned())).into()
    }

    #[test]
    fn answers_are_due_when_they_say_what_was_decided_and_count() {
        let rows = [
            row(0, "decided", Some("CASH"), 3, &[(1, "CASH", "right"), (2, "CASH", "dropped"), (3, "CSAH", "wrong")]),
            row(1, "gold", Some("TOTAL"), 0, &[(1, "TOTAL", "right"), (2, "asdf", "wrong")]),
            row(2, "review", None, 2, &[(1, "9.0", "waiting"), (3, "900", "waiting")]),
        ];
        let accepted = Accepted::from([((0, 1), "CASH".to_owned()), ((2, 3), " 900 ".to_owned())]);
        let found = audit(&rows, &truths(), &accepted, 15);
        let wanted = Audit { tasks: 2, tests: 1, decided: 1, right: 1, accuracy: 1.0, review: 1, due: 30, ..Audit::default() };
        assert_eq!(found, wanted);
    }

    #[test]
    fn one_answer_too_many_one_person_twice_and_a_lost_answer_are_found() {
        let rows = [
            row(0, "decided", Some("CSAH"), 1, &[(1, "CSAH", "right"), (2, "CSAH", "right")]),
            row(1, "open", None, 5, &[(1, "TOTAL", "waiting"), (1, "TOTAL", "waiting")]),
        ];
        let accepted = Accepted::from([((0, 1), "CASH".to_owned()), ((1, 2), "TOTAL".to_owned())]);
        let found = audit(&rows, &truths(), &accepted, 15);
        assert_eq!((found.overshoots, found.lost, found.right, found.open), (2, 2, 0, 1));
        assert!((found.cer - 0.5).abs() < 1e-12);
    }
}
