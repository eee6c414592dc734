//! When a task is answered, and what that means for those who answered it.
//!
//! Answers are compared within one task only: the same word on another image is another question. Whoever said something else
//! than the decided answer is told so in the very decision that decides.

use std::collections::BTreeMap;

use super::event::{Answered, Outcome, Settled};
use super::progress::Progress;
use super::project::Project;
use super::rules::{AccuracyBy, Undecided, WHOLE_BP};
use super::task::{Settlement, Standing, Task, TaskState};
use crate::consensus::skill::Gold;
use crate::consensus::stop::{self, Decision, Verdict};
use crate::ids::UserId;

/// How often a machine is right whose reading came with a task: as good as a stranger's.
const MACHINE_Q: f64 = 0.5;

/// A counted answer, ready to be compared.
#[derive(Debug, Clone)]
struct Ballot<'a> {
    number: u64,
    worker: UserId,
    text: &'a str,
    key: String,
    waiting: bool,
}

/// A share as basis points, rounded. Found by halving, because a float is never cast here.
pub(super) fn basis_points(share: f64) -> u16 {
    let rounded = (share * f64::from(WHOLE_BP)).round();
    let (mut low, mut high) = (0, WHOLE_BP);
    while low < high {
        let middle = low.saturating_add(high).saturating_add(1) / 2;
        if f64::from(middle) <= rounded { low = middle } else { high = middle.saturating_sub(1) }
    }
    low
}

impl Project {
    /// The counted answers of a task, with one that is being decided, or without somebody's.
    fn ballots<'a>(&self, task: &'a Task, newest: Option<&'a Answered>, without: Option<UserId>) -> Vec<Ballot<'a>> {
        let rules = &self.draft.rules;
        let ballot = |number, worker, text: &'a str, waiting| Ballot { number, worker, text, key: rules.key(text), waiting };
        let stored = task.votes.iter().filter(|vote| vote.counts());
        let stored = stored.map(|vote| ballot(vote.number, vote.worker, &vote.answer, vote.standing == Standing::Waiting));
        let fresh = newest.map(|newest| ballot(newest.answer, newest.worker, &newest.text, newest.right.is_none()));
        stored.chain(fresh).filter(|ballot| Some(ballot.worker) != without).collect()
    }

    fn accuracy(&self, worker: UserId) -> f64 {
        let learned = match self.draft.rules.accuracy {
            AccuracyBy::Tests => None,
            AccuracyBy::Answers => self.learned_accuracy(worker),
        };
        learned.unwrap_or_else(|| self.workers.get(&worker).map_or(Gold::default(), |worker| worker.gold).accuracy())
    }

    /// The votes as the stop rule takes them: a machine's reading first, where one came with the task.
    fn votes<'a>(&self, machine: Option<&'a str>, ballots: &'a [Ballot<'_>]) -> Vec<stop::Vote<'a>> {
        let machine = machine.map(|answer| stop::Vote { worker: UserId::new(0), answer, q: MACHINE_Q, machine: true });
        let people = ballots.iter().map(|ballot| stop::Vote {
            worker: ballot.worker,
            answer: &ballot.key,
            q: self.accuracy(ballot.worker),
            machine: false,
        });
        machine.into_iter().chain(people).collect()
    }

    fn machine_key(&self, machine: Option<&str>) -> Option<String> {
        machine.map(|reading| self.draft.rules.key(&super::rules::Rules::kept(reading)))
    }

    /// How many answers a task is wanted to have by its votes.
    pub(super) fn wanted_of(&self, machine: Option<&str>, votes: &[stop::Vote<'_>], extra: u16) -> u16 {
        let machine = self.machine_key(machine);
        let read = machine.as_deref().map(|answer| stop::Vote { worker: UserId::new(0), answer, q: MACHINE_Q, machine: true });
        let all: Vec<_> = read.into_iter().chain(votes.iter().copied()).collect();
        stop::wanted(&self.draft.rules.stop_with(extra), self.draft.rules.options(), &all)
    }

    fn wanted_by(&self, task: &Task, ballots: &[Ballot<'_>], leases: u16) -> u16 {
        let votes = self.votes(None, ballots);
        let wanted = self.wanted_of(task.asked.machine.as_deref(), &votes, task.extra);
        // What is out already stays within the bound, whatever the votes say now.
        let load = u16::try_from(ballots.len()).unwrap_or(u16::MAX).saturating_add(leases);
        wanted.max(load)
    }

    /// The bound once this answer is counted and its lease is over.
    pub(super) fn wanted_with(&self, task: &Task, answered: &Answered) -> u16 {
        self.wanted_by(task, &self.ballots(task, Some(answered), None), task.leases.saturating_sub(1))
    }

    /// The bound without somebody's answers.
    pub(super) fn wanted_without(&self, number: u32, worker: UserId) -> u16 {
        let Some(task) = self.task(number) else { return 0 };
        self.wanted_by(task, &self.ballots(task, None, Some(worker)), task.leases)
    }

    /// The bound when more answers are granted.
    pub(super) fn wanted_with_extra(&self, task: &Task, extra: u16) -> u16 {
        let more = Task { extra, ..task.clone() };
        self.wanted_by(&more, &self.ballots(task, None, None), task.leases)
    }

    /// Judges a task that is open, or open again because somebody's answers are taken back: what becomes of it, if anything.
    pub(super) fn judge_open(&self, number: u32, newest: Option<&Answered>, without: Option<UserId>) -> Option<Settled> {
        let task = self.task(number)?;
        let newest = newest.filter(|newest| newest.task == number);
        if task.state != TaskState::Open && (without.is_none() || task.state.is_settled()) {
            return None;
        }
        let ballots = self.ballots(task, newest, without);
        let machine = self.machine_key(task.asked.machine.as_deref());
        let rules = &self.draft.rules;
        let votes = self.votes(machine.as_deref(), &ballots);
        let settlement = |decision: Decision| {
            let posterior_bp = self.posterior_bp(number, &decision.answer, newest, without);
            Settlement { posterior_bp, ..settlement(&decision, &ballots, machine.as_deref(), task) }
        };
        let outcome = match stop::judge(&rules.stop_with(task.extra), rules.options(), &votes) {
            Verdict::Open => return None,
            Verdict::Decided(decision) => Outcome::Decided(settlement(decision)),
            Verdict::Review(guess) => Outcome::Review(guess.map(settlement)),
        };
        Some(self.settled(number, outcome, false, &ballots))
    }

    /// A person's or the end's word on a task.
    pub(super) fn settle_as(&self, number: u32, outcome: Outcome) -> Option<Settled> {
        let task = self.task(number)?;
        let from_review = matches!(task.state, TaskState::Review(_));
        Some(self.settled(number, outcome, from_review, &self.ballots(task, None, None)))
    }

    /// How the answers of a task stand to one that a person accepts.
    pub(super) fn accepted(&self, number: u32, task: &Task, answer: String) -> Settlement {
        let rules = &self.draft.rules;
        let key = rules.key(&answer);
        let ballots = self.ballots(task, None, None);
        let machine = self.machine_key(task.asked.machine.as_deref());
        let votes = self.votes(machine.as_deref(), &ballots);
        let supports = stop::tally(rules.options(), &votes);
        let support = supports.iter().find(|support| support.answer == key);
        let given = support.map_or(0, |support| support.votes);
        let of = u16::try_from(ballots.len()).unwrap_or(u16::MAX);
        let agreement = if of == 0 { 0.0 } else { f64::from(given) / f64::from(of) };
        Settlement {
            answer,
            votes: given,
            of,
            agreement_bp: basis_points(agreement),
            confidence_bp: basis_points(support.map_or(0.0, |support| support.confidence)),
            posterior_bp: self.posterior_bp(number, &key, None, None),
            by_review: true,
        }
    }

    fn settled(&self, task: u32, outcome: Outcome, from_review: bool, ballots: &[Ballot<'_>]) -> Settled {
        let rules = &self.draft.rules;
        let waiting = ballots.iter().filter(|ballot| ballot.waiting);
        let (right, wrong) = match &outcome {
            Outcome::Decided(settlement) => {
                let key = rules.key(&settlement.answer);
                waiting.partition(|ballot| ballot.key == key)
            }
            Outcome::Unusable | Outcome::Undecided => waiting.partition(|_| rules.undecided == Undecided::Pay),
            Outcome::Review(_) => (Vec::new(), Vec::new()),
        };
        let numbers = |ballots: Vec<&Ballot<'_>>| ballots.into_iter().map(|ballot| ballot.number).collect();
        let (right, wrong) = (numbers(right), numbers(wrong));
        Settled { task, outcome, from_review, right, wrong, progress: Progress::default() }
    }

    /// A task was settled.
    pub(super) fn apply_settled(&mut self, settled: &Settled) {
        self.learn_outcome(settled.task, &settled.outcome);
        let state = match &settled.outcome {
            Outcome::Decided(settlement) => TaskState::Decided(settlement.clone()),
            Outcome::Review(guess) => TaskState::Review(guess.clone()),
            Outcome::Unusable => TaskState::Unusable,
            Outcome::Undecided => TaskState::Undecided,
        };
        let mut proved = Vec::new();
        self.with_task(settled.task, |task| {
            task.state = state;
            for (numbers, right) in [(&settled.right, true), (&settled.wrong, false)] {
                for number in numbers {
                    if let Some(vote) = task.vote_mut(*number) {
                        vote.standing = if right { Standing::Right } else { Standing::Wrong };
                        proved.push((vote.worker, right));
                    }
                }
            }
        });
        for (worker, right) in proved {
            if let Some(worker) = self.workers.get_mut(&worker) {
                worker.prove(right);
            }
        }
    }
}

/// The decision as it is kept: the answer as most of its givers wrote it, by their texts where they are even.
fn settlement(decision: &Decision, ballots: &[Ballot<'_>], machine: Option<&str>, task: &Task) -> Settlement {
    let mut written: BTreeMap<&str, u32> = BTreeMap::new();
    for ballot in ballots.iter().filter(|ballot| ballot.key == decision.answer) {
        let count = written.entry(ballot.text).or_default();
        *count = count.saturating_add(1);
    }
    let usual = written.into_iter().max_by(|(a, m), (b, n)| m.cmp(n).then(b.cmp(a))).map(|(text, _)| text.to_owned());
    let read = task.asked.machine.as_ref().filter(|_| machine == Some(decision.answer.as_str()));
    let read = read.map(|reading| super::rules::Rules::kept(reading));
    Settlement {
        answer: usual.or(read).unwrap_or_else(|| decision.answer.clone()),
        votes: decision.votes,
        of: decision.of,
        agreement_bp: basis_points(decision.agreement),
        confidence_bp: basis_points(decision.confidence),
        posterior_bp: None,
        by_review: false,
    }
}
