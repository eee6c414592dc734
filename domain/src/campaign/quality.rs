//! How well a campaign's people agree and how well they read: over the whole campaign, for each person, for each task.
//!
//! Work over all answers, too much for a campaign's turn: [`Project::list_judged`] hands them out a part at a time, and
//! [`quality`] counts elsewhere.

use std::collections::BTreeMap;

use serde::Serialize;

use super::project::Project;
use super::rules::TaskKind;
use super::task::{TaskState, Vote};
use super::view::TaskRow;
use crate::consensus::agreement::{fleiss, krippendorff, with_chosen};
use crate::consensus::crowd::Collector;
use crate::consensus::ocr::{self, Found, Reading};
use crate::ids::UserId;

/// A text that so much of the weight is behind needs no search for the nearest one.
const ALIKE: f64 = 0.5;
/// Cells of the tables in which texts are put side by side, in all. Answers beyond it are not compared.
const MOST_CELLS: usize = 500_000_000;

/// The same for one task of a page.
const MOST_CELLS_OF_ROW: usize = 5_000_000;

/// One task with its counted answers, in the form in which they are compared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Judged {
    /// The task's number.
    pub task: u32,
    /// Who said what.
    pub votes: Vec<(UserId, String)>,
    /// What was decided, if anything.
    pub answer: Option<String>,
}

/// Errors of readings against what was decided, or against what the readings add up to where nothing is.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize)]
pub struct Errors {
    /// The mean character error rate over syllables; `None` where nothing could be compared.
    pub cer: Option<f64>,
    /// The same over jamo.
    pub cer_jamo: Option<f64>,
    /// The answers that it rests on.
    pub compared: u32,
}

/// How well one person agrees and reads.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PersonQuality {
    /// Who.
    pub worker: UserId,
    /// Counted answers.
    pub answers: u32,
    /// Cohen's kappa with what was chosen; `None` where it is not defined.
    pub kappa: Option<f64>,
    /// Their reading; `None` where nothing is typed.
    pub reading: Option<Errors>,
}

/// How well a campaign's people agree and read.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Quality {
    /// Tasks that somebody has answered, tests left out.
    pub tasks: usize,
    /// Counted answers to them.
    pub answers: usize,
    /// Fleiss' kappa; `None` where it is not defined.
    pub fleiss: Option<f64>,
    /// Krippendorff's alpha; `None` where it is not defined.
    pub krippendorff: Option<f64>,
    /// Everybody's reading; `None` where nothing is typed.
    pub reading: Option<Errors>,
    /// Everybody who has answered, by number.
    pub workers: Vec<PersonQuality>,
}

/// What several readings of one text add up to.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Nearest {
    /// The text.
    pub text: String,
    /// `alike` (enough people gave exactly this), `medoid` (the given one that is nearest to all others), or `columns` (put
    /// together character by character).
    pub found: &'static str,
    /// The share of people who gave exactly this.
    pub share: f64,
    /// The mean distance of the readings to it, 0 to 1.
    pub mean_distance: f64,
}

impl Project {
    /// Tasks from a place on, at most `limit`, with their answers; tests are left out.
    #[must_use]
    pub fn list_judged(&self, from: usize, limit: usize) -> Vec<Judged> {
        let rules = &self.draft.rules;
        let tasks = (0..).zip(&self.tasks).skip(from).take(limit);
        let asked = tasks.filter(|(_, task)| task.state != TaskState::Gold);
        let judged = asked.map(|(number, task)| {
            let counted = task.votes.iter().filter(|vote| vote.counts());
            let votes = counted.map(|vote: &Vote| (vote.worker, rules.key(&vote.answer))).collect();
            let answer = match &task.state {
                TaskState::Decided(settlement) => Some(rules.key(&settlement.answer)),
                TaskState::Open | TaskState::Gold | TaskState::Review(_) | TaskState::Unusable | TaskState::Undecided => None,
            };
            Judged { task: number, votes, answer }
        });
        judged.collect()
    }
}

impl TaskRow {
    /// The same with what its readings add up to, where text was typed: the nearest one as long as nothing is decided, and how
    /// far all are from it or from what was decided.
    #[must_use]
    pub fn read(mut self, kind: TaskKind) -> Self {
        let counted = self.answers.iter().filter(|vote| !matches!(vote.standing, "late" | "dropped"));
        let readings: Vec<_> = counted.map(|vote| Reading { text: &vote.answer, weight: 1.0 }).collect();
        if kind == TaskKind::Choice || readings.is_empty() {
            return self;
        }
        let decided = self.settlement.as_ref().filter(|_| self.state == "decided").map(|settled| settled.answer.clone());
        let nearest = if decided.is_none() && readings.len() >= 2 { nearest(&readings) } else { None };
        if let Some(truth) = decided.or_else(|| nearest.as_ref().map(|nearest| nearest.text.clone())) {
            let (mut sum, mut cells) = (Sum::default(), MOST_CELLS_OF_ROW);
            readings.iter().filter_map(|reading| error_of(reading.text, &truth, &mut cells)).for_each(|errors| sum.add(errors));
            self.reading = Some(sum.errors());
        }
        self.nearest = nearest;
        self
    }
}

fn nearest(readings: &[Reading<'_>]) -> Option<Nearest> {
    let found = ocr::consensus(readings, ALIKE)?;
    let name = match found.found {
        Found::Alike => "alike",
        Found::Medoid => "medoid",
        Found::Columns => "columns",
    };
    Some(Nearest { text: found.text, found: name, share: found.share, mean_distance: found.mean_distance })
}

/// Sums of error rates.
#[derive(Debug, Clone, Copy, Default)]
struct Sum {
    cer: f64,
    cer_jamo: f64,
    compared: u32,
}

impl Sum {
    fn add(&mut self, (cer, cer_jamo): (f64, f64)) {
        self.cer += cer;
        self.cer_jamo += cer_jamo;
        self.compared = self.compared.saturating_add(1);
    }

    fn errors(self) -> Errors {
        let mean = |sum: f64| (self.compared > 0).then(|| sum / f64::from(self.compared));
        Errors { cer: mean(self.cer), cer_jamo: mean(self.cer_jamo), compared: self.compared }
    }
}

/// Counts agreement and errors over all answers of a campaign.
#[must_use]
pub fn quality(judged: &[Judged], kind: TaskKind) -> Quality {
    let typed = kind != TaskKind::Choice;
    let mut collector = Collector::default();
    let mut people: BTreeMap<UserId, (u32, Sum)> = BTreeMap::new();
    let (mut all, mut cells, mut answers) = (Sum::default(), MOST_CELLS, 0_usize);
    let mut chosen = Vec::new();
    for task in judged.iter().filter(|task| !task.votes.is_empty()) {
        let truth = task.answer.clone().unwrap_or_else(|| added_up(&task.votes, typed, &mut cells));
        for (worker, answer) in &task.votes {
            // Nobody votes twice on a task, so that nothing is left out here.
            let _ = collector.add(&task.task.to_string(), &worker.get().to_string(), answer);
            answers = answers.saturating_add(1);
            let (count, sum) = people.entry(*worker).or_default();
            *count = count.saturating_add(1);
            if let Some(errors) = error_of(answer, &truth, &mut cells).filter(|_| typed) {
                sum.add(errors);
                all.add(errors);
            }
        }
        chosen.push(truth);
    }
    let crowd = collector.finish();
    // What nobody said is a class of its own.
    let unsaid = crowd.classes().len();
    let chosen: Vec<usize> = chosen.iter().map(|text| crowd.classes().binary_search(text).unwrap_or(unsaid)).collect();
    let kappas: BTreeMap<&str, Option<f64>> =
        crowd.workers().iter().map(String::as_str).zip(with_chosen(&crowd, &chosen)).collect();
    let person = |(worker, (answers, sum)): (UserId, (u32, Sum))| PersonQuality {
        worker,
        answers,
        kappa: kappas.get(worker.get().to_string().as_str()).copied().flatten(),
        reading: typed.then(|| sum.errors()),
    };
    Quality {
        tasks: chosen.len(),
        answers,
        fleiss: fleiss(&crowd),
        krippendorff: krippendorff(&crowd),
        reading: typed.then(|| all.errors()),
        workers: people.into_iter().map(person).collect(),
    }
}

/// What the answers to an undecided task add up to: the nearest text where there is room to search for it, else what most said,
/// the first by its text among equals.
fn added_up(votes: &[(UserId, String)], typed: bool, cells: &mut usize) -> String {
    let longest = votes.iter().map(|(_, answer)| answer.len()).max().unwrap_or(0);
    let cost = longest.saturating_mul(longest).saturating_mul(votes.len()).saturating_mul(votes.len());
    if let Some(left) = cells.checked_sub(cost).filter(|_| typed) {
        *cells = left;
        let readings: Vec<_> = votes.iter().map(|(_, answer)| Reading { text: answer, weight: 1.0 }).collect();
        if let Some(found) = ocr::consensus(&readings, ALIKE) {
            return found.text;
        }
    }
    let mut counts: BTreeMap<&str, u32> = BTreeMap::new();
    for (_, answer) in votes {
        let count = counts.entry(answer).or_default();
        *count = count.saturating_add(1);
    }
    let most = counts.into_iter().max_by(|(a, m), (b, n)| m.cmp(n).then(b.cmp(a)));
    most.map(|(text, _)| text.to_owned()).unwrap_or_default()
}

/// The error rates of an answer; `None` where there is no truth or no room left to compare.
fn error_of(answer: &str, truth: &str, cells: &mut usize) -> Option<(f64, f64)> {
    if answer == truth {
        return (!truth.is_empty()).then_some((0.0, 0.0));
    }
    *cells = cells.checked_sub(answer.len().saturating_mul(truth.len()))?;
    Some((ocr::cer(answer, truth)?, ocr::cer_jamo(answer, truth)?))
}
