//! When a question has been answered: three rules, one chosen for each campaign.
//!
//! A question is asked again and again until [`judge`] decides it or sends it to a person. [`wanted`] says how many answers
//! may be out at the same time without ever having one too many. Both look only at the votes they are given and take them in
//! any order: the same votes give the same verdict on every machine (sums, products and quotients only, no logarithms).

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::ids::UserId;

/// One whole in basis points.
const WHOLE_BP: u16 = 10_000;
/// What a machine's reading is worth in half points, by reCAPTCHA's descriptions.
const MACHINE_HALVES: u64 = 1;
/// What a person's reading is worth in half points.
const PERSON_HALVES: u64 = 2;
/// Nobody is taken to be right or wrong with more certainty than this: two perfect people may disagree.
const SUREST: f64 = 0.999;

/// When to stop asking. Votes of machines (readings that came with the task) count only where it says so; "votes" below are
/// people's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum StopRule {
    /// Enough people said the same.
    Quorum {
        /// Not decided with fewer votes.
        min_votes: u16,
        /// The share of the votes that the answer needs, in basis points.
        agreement_bp: u16,
        /// Undecided with so many votes it goes to review.
        max_votes: u16,
    },
    /// The posterior probability of an answer is high enough, by the accuracies of who gave it (Toloka's dynamic overlap). A
    /// machine's reading counts with the machine's accuracy.
    Confidence {
        /// The probability that the answer needs, in basis points; Toloka advises 7000 to 9500 and finds 8000 best.
        target_bp: u16,
        /// Not decided with fewer votes.
        min_votes: u16,
        /// Undecided with so many votes it goes to review.
        max_votes: u16,
    },
    /// A person's reading gives one point, a machine's half a point (reCAPTCHA's rule).
    Points {
        /// Half points that the answer needs: 5 for reCAPTCHA's 2.5 points.
        accept_halves: u16,
        /// Undecided with so many votes it goes to review.
        max_votes: u16,
    },
}

impl Default for StopRule {
    /// At least five votes of which four fifths agree, at most fifteen.
    fn default() -> Self {
        Self::Quorum { min_votes: 5, agreement_bp: 8_000, max_votes: 15 }
    }
}

impl StopRule {
    /// The most votes any rule may ask for.
    pub const MOST_VOTES: u16 = 100;

    /// Whether the numbers make sense: at least one vote, never more than [`StopRule::MOST_VOTES`], the minimum within the
    /// maximum, shares above zero and at most one, and points that the maximum of votes can reach.
    #[must_use]
    pub fn is_sound(&self) -> bool {
        let max = self.max_votes();
        let votes = match *self {
            Self::Quorum { min_votes, .. } | Self::Confidence { min_votes, .. } => min_votes,
            Self::Points { .. } => 1,
        };
        let reachable = match *self {
            Self::Quorum { agreement_bp: share, .. } | Self::Confidence { target_bp: share, .. } => {
                (1..=WHOLE_BP).contains(&share)
            }
            Self::Points { accept_halves, .. } => {
                accept_halves > 0 && u64::from(accept_halves) <= u64::from(max).saturating_mul(PERSON_HALVES)
            }
        };
        votes >= 1 && votes <= max && max <= Self::MOST_VOTES && reachable
    }

    /// With so many votes it is over, one way or the other.
    #[must_use]
    pub const fn max_votes(&self) -> u16 {
        match *self {
            Self::Quorum { max_votes, .. } | Self::Confidence { max_votes, .. } | Self::Points { max_votes, .. } => max_votes,
        }
    }
}

/// One answer to the question.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Vote<'a> {
    /// Who gave it; a machine's reading may carry any number.
    pub worker: UserId,
    /// What they said, normalised.
    pub answer: &'a str,
    /// How often this worker is right, 0 to 1.
    pub q: f64,
    /// Whether it is a machine's reading instead of a person's.
    pub machine: bool,
}

/// What the votes add up to.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// More answers are wanted.
    Open,
    /// This is the answer.
    Decided(Decision),
    /// The votes ran out; a person must look. With the best guess, if there was any vote.
    Review(Option<Decision>),
}

/// An answer and how well it is supported.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Decision {
    /// The answer.
    pub answer: String,
    /// People who gave it.
    pub votes: u16,
    /// People who gave any answer.
    pub of: u16,
    /// `votes / of`, to six places; 0 when only a machine has answered.
    pub agreement: f64,
    /// The posterior probability of the answer by everybody's accuracy, machines included, to six places; see
    /// [`Support::confidence`]. Six places come back from JSON exactly as they went in.
    pub confidence: f64,
}

/// One answer with its supporters.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Support<'a> {
    /// The answer.
    pub answer: &'a str,
    /// People who gave it.
    pub votes: u16,
    /// What those who gave it are worth under [`StopRule::Points`], in half points.
    pub halves: u64,
    /// The posterior probability with a uniform prior over the `Y` possible answers: `L(x) / sum L(y)` with
    /// `L(x) = prod(q if the answer was x, else (1 - q) / (Y - 1))`. For open answers `Y` is one more than the different
    /// answers given: the last one stands for everything nobody has said yet.
    pub confidence: f64,
}

/// All different answers with their support, in the order of their text.
#[must_use]
pub fn tally<'a>(options: Option<usize>, votes: &[Vote<'a>]) -> Vec<Support<'a>> {
    let mut by_answer: BTreeMap<&'a str, (u16, u64)> = BTreeMap::new();
    for vote in votes {
        let (people, halves) = by_answer.entry(vote.answer).or_default();
        *people = people.saturating_add(u16::from(!vote.machine));
        *halves = halves.saturating_add(if vote.machine { MACHINE_HALVES } else { PERSON_HALVES });
    }
    let confidences = posterior(by_answer.keys().copied(), options, votes);
    let supports = by_answer.into_iter().zip(confidences);
    supports.map(|((answer, (votes, halves)), confidence)| Support { answer, votes, halves, confidence }).collect()
}

/// The posterior of each given answer, in their order.
fn posterior<'a>(answers: impl Iterator<Item = &'a str>, options: Option<usize>, votes: &[Vote<'a>]) -> Vec<f64> {
    let mut likelihoods: Vec<(&str, f64)> = answers.map(|answer| (answer, 1.0)).collect();
    let given = u32::try_from(likelihoods.len()).unwrap_or(u32::MAX);
    let possible = match options.map(|count| u32::try_from(count).unwrap_or(u32::MAX)) {
        Some(count) => count.max(given),
        None => given.saturating_add(1),
    };
    let unseen = f64::from(possible.saturating_sub(given));
    // How likely the votes are if the truth is any one of the answers that nobody gave.
    let mut other = 1.0;
    let wrong_ways = f64::from(possible.saturating_sub(1).max(1));
    // By who voted, so that the order in which votes came makes no difference, not even in the last bit.
    let mut in_order: Vec<&Vote<'a>> = votes.iter().collect();
    in_order.sort_by(|a, b| (a.worker, a.answer).cmp(&(b.worker, b.answer)).then(a.q.total_cmp(&b.q)));
    for vote in in_order {
        let q = vote.q.clamp(1.0 - SUREST, SUREST);
        let wrong = (1.0 - q) / wrong_ways;
        for (answer, likelihood) in &mut likelihoods {
            *likelihood *= if *answer == vote.answer { q } else { wrong };
        }
        other *= wrong;
        // Scaled after every vote: many small factors would vanish.
        let sum = likelihoods.iter().map(|(_, likelihood)| likelihood).sum::<f64>() + unseen * other;
        likelihoods.iter_mut().for_each(|(_, likelihood)| *likelihood /= sum);
        other /= sum;
    }
    likelihoods.into_iter().map(|(_, likelihood)| likelihood).collect()
}

/// Whether the question is decided. `options` is the number of choices, `None` when any text may be the answer.
///
/// Among several answers that would do, and as the best guess of a review, the one with most support by the rule wins, then
/// the more probable one, then the first by its text.
#[must_use]
pub fn judge(rule: &StopRule, options: Option<usize>, votes: &[Vote<'_>]) -> Verdict {
    let of = people(votes);
    let supports = tally(options, votes);
    let Some(best) = supports.iter().copied().reduce(|best, next| if beats(rule, &next, &best) { next } else { best }) else {
        return if of >= rule.max_votes() { Verdict::Review(None) } else { Verdict::Open };
    };
    let alone = supports.iter().all(|other| other.answer == best.answer || !even(rule, other, &best));
    let agreement = if of == 0 { 0.0 } else { f64::from(best.votes) / f64::from(of) };
    let (agreement, confidence) = (six_places(agreement), six_places(best.confidence));
    let decision = Decision { answer: best.answer.to_owned(), votes: best.votes, of, agreement, confidence };
    if alone && suffices(rule, &best, of) {
        Verdict::Decided(decision)
    } else if of >= rule.max_votes() {
        Verdict::Review(Some(decision))
    } else {
        Verdict::Open
    }
}

/// How many people's answers are wanted in all, those given included: the bound for `answers + live leases`.
///
/// It is the least number with which the question could be decided if everybody from now on agrees with the leader, so that
/// no answer is ever asked for that an earlier one has made superfluous; with a decided question it is the votes that are
/// there. Never above the rule's maximum, so a lease that was given out before the bound fell is the only surplus there is.
#[must_use]
pub fn wanted(rule: &StopRule, options: Option<usize>, votes: &[Vote<'_>]) -> u16 {
    let of = people(votes);
    if of >= rule.max_votes() || matches!(judge(rule, options, votes), Verdict::Decided(_)) {
        return of;
    }
    let supports = tally(options, votes);
    let least = match *rule {
        StopRule::Quorum { min_votes, agreement_bp, .. } => {
            let leader = supports.iter().map(|support| support.votes).max().unwrap_or(0);
            let against = of.saturating_sub(leader);
            (of.saturating_add(1)..=rule.max_votes())
                .find(|all| *all >= min_votes && is_share(all.saturating_sub(against), *all, agreement_bp))
        }
        // What the next one's accuracy will be is not known: ask one at a time once the minimum is there.
        StopRule::Confidence { min_votes, .. } => Some(min_votes.max(of.saturating_add(1))),
        StopRule::Points { accept_halves, .. } => {
            let leader = supports.iter().map(|support| support.halves).max().unwrap_or(0);
            let missing = u64::from(accept_halves).saturating_sub(leader).div_ceil(PERSON_HALVES).max(1);
            Some(of.saturating_add(u16::try_from(missing).unwrap_or(u16::MAX)))
        }
    };
    least.unwrap_or(rule.max_votes()).min(rule.max_votes())
}

fn six_places(share: f64) -> f64 {
    (share * 1e6).round() / 1e6
}

fn people(votes: &[Vote<'_>]) -> u16 {
    u16::try_from(votes.iter().filter(|vote| !vote.machine).count()).unwrap_or(u16::MAX)
}

/// Whether `part` of `all` is at least this share.
fn is_share(part: u16, all: u16, share_bp: u16) -> bool {
    u32::from(part) * u32::from(WHOLE_BP) >= u32::from(share_bp) * u32::from(all)
}

fn suffices(rule: &StopRule, best: &Support<'_>, of: u16) -> bool {
    match *rule {
        StopRule::Quorum { min_votes, agreement_bp, .. } => {
            of >= min_votes && best.votes > 0 && is_share(best.votes, of, agreement_bp)
        }
        StopRule::Confidence { target_bp, min_votes, .. } => {
            of >= min_votes && best.confidence * f64::from(WHOLE_BP) >= f64::from(target_bp)
        }
        StopRule::Points { accept_halves, .. } => best.halves >= u64::from(accept_halves),
    }
}

/// Whether both have the same support by the rule, so that neither may win.
fn even(rule: &StopRule, a: &Support<'_>, b: &Support<'_>) -> bool {
    match rule {
        StopRule::Quorum { .. } => a.votes == b.votes,
        StopRule::Confidence { .. } => a.confidence >= b.confidence,
        StopRule::Points { .. } => a.halves == b.halves,
    }
}

/// Strictly better; supports come in the order of their texts, so the first of equals stays.
fn beats(rule: &StopRule, a: &Support<'_>, b: &Support<'_>) -> bool {
    let by_confidence = a.confidence.total_cmp(&b.confidence);
    let order = match rule {
        StopRule::Quorum { .. } => a.votes.cmp(&b.votes).then(by_confidence),
        StopRule::Confidence { .. } => by_confidence.then(a.votes.cmp(&b.votes)),
        StopRule::Points { .. } => a.halves.cmp(&b.halves).then(by_confidence),
    };
    order.is_gt()
}
