//! What a company chooses for a campaign. Frozen when the campaign is approved.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::consensus::stop::StopRule;
use crate::consensus::text::{TextRules, normalise};

/// One whole in basis points.
pub(super) const WHOLE_BP: u16 = 10_000;
/// The longest answer that is taken, in characters.
pub const MAX_ANSWER: usize = 500;
/// The most that one answer may pay, in points.
const MAX_POINTS: i64 = 10_000;
/// A lease may be extended to so much after it was given.
pub(super) const MAX_LEASE_S: u32 = 600;

/// What is asked about each image.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TaskKind {
    /// The text inside a box.
    Ocr,
    /// One of the choices.
    Choice,
    /// Any short text about the image.
    Text,
}

impl TaskKind {
    /// Its name on the wire.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Ocr => "ocr",
            Self::Choice => "choice",
            Self::Text => "text",
        }
    }
}

/// What becomes of the pending points of a task that ends without an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Undecided {
    /// They are paid: nobody was proved wrong.
    #[default]
    Pay,
    /// They are void.
    Void,
}

/// By what people's accuracies are known, where a rule asks for them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AccuracyBy {
    /// Their answers to tests: one half for who has answered none.
    #[default]
    Tests,
    /// All their answers, by how they agree with everybody's (Dawid and Skene's model, tests included). For choices only.
    Answers,
}

impl AccuracyBy {
    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
    fn is_usual(&self) -> bool {
        *self == Self::default()
    }
}

/// The rules of a campaign. What is left out has a usable default.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Rules {
    /// What is asked.
    pub kind: TaskKind,
    /// What the person reads, at most 2,000 characters.
    pub instructions: String,
    /// For [`TaskKind::Choice`]: 2 to 100 different ones, compared as they are written.
    pub choices: Vec<String>,
    /// Which differences between two answers do not count.
    pub text: TextRules,
    /// When a task has been answered.
    pub stop: StopRule,
    /// By what accuracies [`StopRule::Confidence`] goes.
    #[serde(skip_serializing_if = "AccuracyBy::is_usual")]
    pub accuracy: AccuracyBy,
    /// The chance that a claim is given a task whose answer is known, in basis points; at most 3,000.
    pub gold_bp: u16,
    /// What one answer pays, in points: 0 to 10,000.
    pub points: i64,
    /// What becomes of pending points when a task ends without an answer.
    pub undecided: Undecided,
    /// How long a lease lasts, 10 to 600 s.
    pub lease_s: u32,
    /// An answer faster than this after its lease is too fast; three of somebody's last ten exclude them. 0: never.
    pub min_answer_ms: u32,
    /// More skips in a row than this exclude. 0: never.
    pub skip_limit: u16,
    /// After five answers to tasks whose answer is known, a share of right ones below this excludes, in basis points. 0: never.
    pub gold_floor_bp: u16,
    /// How long an exclusion by rule lasts, in hours, at most a year. 0: until readmitted.
    pub exclusion_h: u32,
    /// Whether an exclusion by rule also takes the person's answers back from tasks that are not settled yet.
    pub drop_excluded: bool,
}

impl Default for Rules {
    fn default() -> Self {
        Self {
            kind: TaskKind::Ocr,
            instructions: String::new(),
            choices: Vec::new(),
            text: TextRules::default(),
            stop: StopRule::default(),
            accuracy: AccuracyBy::Tests,
            // CVAT finds 5 to 15 % enough.
            gold_bp: 1_000,
            points: 15,
            undecided: Undecided::Pay,
            lease_s: 180,
            min_answer_ms: 200,
            skip_limit: 20,
            gold_floor_bp: 4_000,
            exclusion_h: 24,
            drop_excluded: true,
        }
    }
}

fn ensure(holds: bool, otherwise: &str) -> Result<(), String> {
    if holds { Ok(()) } else { Err(otherwise.to_owned()) }
}

impl Rules {
    /// Checks that the rules make sense.
    ///
    /// # Errors
    /// What does not, as the end of a sentence.
    pub fn check(&self) -> Result<(), String> {
        ensure(self.instructions.chars().count() <= 2_000, "the instructions have more than 2,000 characters")?;
        self.check_choices()?;
        ensure(self.stop.is_sound(), "the rule that decides when a task is answered makes no sense")?;
        let learned = self.accuracy == AccuracyBy::Tests || self.kind == TaskKind::Choice;
        ensure(learned, "only choices tell how well somebody answers by how answers agree")?;
        ensure(self.gold_bp <= 3_000, "more than 30 % of tasks with known answers")?;
        ensure((0..=MAX_POINTS).contains(&self.points), "an answer pays 0 to 10,000 points")?;
        ensure((10..=MAX_LEASE_S).contains(&self.lease_s), "a lease lasts 10 to 600 s")?;
        ensure(self.min_answer_ms <= 60_000, "the least time for an answer is more than a minute")?;
        ensure(self.gold_floor_bp <= WHOLE_BP, "a share above one")?;
        ensure(self.exclusion_h <= 24 * 366, "an exclusion by rule lasts a year at most")
    }

    fn check_choices(&self) -> Result<(), String> {
        if self.kind != TaskKind::Choice {
            return ensure(self.choices.is_empty(), "choices are given, but nothing is to be chosen");
        }
        ensure((2..=100).contains(&self.choices.len()), "there must be 2 to 100 choices")?;
        let kept: BTreeSet<_> = self.choices.iter().map(|choice| normalise(choice, TextRules::default())).collect();
        ensure(kept.len() == self.choices.len(), "two choices are the same")?;
        ensure(self.choices.iter().all(|choice| kept.contains(choice)), "a choice has white space that will not be kept")?;
        let short = kept.iter().all(|choice| !choice.is_empty() && choice.chars().count() <= 100);
        ensure(short, "a choice has 1 to 100 characters")
    }

    /// How many different answers there can be; `None`: any text.
    #[must_use]
    pub fn options(&self) -> Option<usize> {
        (self.kind == TaskKind::Choice).then_some(self.choices.len())
    }

    /// The form of an answer that is kept and shown: composed, trimmed, one space for any white space.
    #[must_use]
    pub fn kept(text: &str) -> String {
        normalise(text, TextRules::default())
    }

    /// The form in which two kept answers are compared. Choices are the same only when they are written the same.
    #[must_use]
    pub fn key(&self, kept: &str) -> String {
        if self.kind == TaskKind::Choice { kept.to_owned() } else { normalise(kept, self.text) }
    }

    /// The rule that decides a task which was granted `extra` answers beyond the maximum.
    #[must_use]
    pub(super) fn stop_with(&self, extra: u16) -> StopRule {
        match self.stop {
            StopRule::Quorum { min_votes, agreement_bp, max_votes } => {
                StopRule::Quorum { min_votes, agreement_bp, max_votes: max_votes.saturating_add(extra) }
            }
            StopRule::Confidence { target_bp, min_votes, max_votes } => {
                StopRule::Confidence { target_bp, min_votes, max_votes: max_votes.saturating_add(extra) }
            }
            StopRule::Points { accept_halves, max_votes } => {
                StopRule::Points { accept_halves, max_votes: max_votes.saturating_add(extra) }
            }
        }
    }
}
