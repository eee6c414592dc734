//! A slow labeling desk: lists, counted anew for every question. It knows quorums only.

use std::collections::BTreeMap;

use crate::campaign::{Project, Refusal};
use crate::time::Timestamp;

/// How a lease stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stands {
    Live,
    Answered,
    GivenBack,
    Lapsed,
}

#[derive(Debug, Clone)]
pub struct Lease {
    pub fence: u64,
    pub worker: i64,
    pub task: usize,
    pub until: Timestamp,
    pub stands: Stands,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fate {
    Open,
    Decided(String),
    Review,
}

#[derive(Debug, Clone)]
pub struct Reference {
    pub votes: Vec<Vec<(i64, String)>>,
    pub fates: Vec<Fate>,
    pub leases: Vec<Lease>,
    pub quorum: (usize, usize, usize),
    pub points: BTreeMap<i64, (i64, i64)>,
}

/// What should come of an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Says {
    Counted,
    Late,
    No(Refusal),
}

impl Reference {
    pub fn new(tasks: usize, quorum: (usize, usize, usize)) -> Self {
        let fates = vec![Fate::Open; tasks];
        Self { votes: vec![Vec::new(); tasks], fates, leases: Vec::new(), quorum, points: BTreeMap::new() }
    }

    fn live(&self, task: usize) -> usize {
        self.leases.iter().filter(|lease| lease.task == task && lease.stands == Stands::Live).count()
    }

    pub fn load(&self, task: usize) -> usize {
        self.votes[task].len() + self.live(task)
    }

    /// How many answers a task may have in all now: as few as could decide it if all that come agree with the leader.
    pub fn wanted(&self, task: usize) -> usize {
        let (min, share, max) = self.quorum;
        let of = self.votes[task].len();
        let against = of - self.tally(task).into_iter().map(|(_, n)| n).max().unwrap_or(0);
        (of + 1..=max).find(|all| *all >= min && (all - against) * 10_000 >= share * all).unwrap_or(max)
    }

    fn tally(&self, task: usize) -> Vec<(String, usize)> {
        let mut tally: BTreeMap<String, usize> = BTreeMap::new();
        for (_, text) in &self.votes[task] {
            *tally.entry(text.clone()).or_default() += 1;
        }
        tally.into_iter().collect()
    }

    /// The tasks that this person could be given.
    pub fn claimable(&self, worker: i64) -> Vec<usize> {
        let given = |task: usize| self.leases.iter().any(|lease| lease.worker == worker && lease.task == task);
        let open = (0..self.fates.len()).filter(|task| self.fates[*task] == Fate::Open && !given(*task));
        open.filter(|task| self.load(*task) < self.wanted(*task)).collect()
    }

    pub fn held_by(&self, worker: i64) -> usize {
        self.leases.iter().filter(|lease| lease.worker == worker && lease.stands == Stands::Live).count()
    }

    /// Takes an answer.
    pub fn answer(&mut self, worker: i64, fence: u64, text: &str, now: Timestamp) -> Says {
        let Some(at) = self.leases.iter().position(|lease| lease.fence == fence) else {
            return Says::No(Refusal::LeaseUnknown);
        };
        let lease = self.leases[at].clone();
        match lease.stands {
            Stands::Live if lease.worker != worker => return Says::No(Refusal::LeaseForeign),
            _ if lease.worker != worker => return Says::No(Refusal::LeaseUnknown),
            Stands::Answered => return Says::No(Refusal::AlreadyAnswered),
            Stands::GivenBack => return Says::No(Refusal::GivenBack),
            Stands::Live | Stands::Lapsed => {}
        }
        let late = lease.stands == Stands::Lapsed || lease.until <= now;
        self.leases[at].stands = Stands::Answered;
        if late {
            return Says::Late;
        }
        let task = lease.task;
        self.votes[task].push((worker, text.to_owned()));
        let pay = self.points.entry(worker).or_default();
        match &self.fates[task] {
            Fate::Decided(answer) => pay.0 += if answer == text { 15 } else { 0 },
            Fate::Open | Fate::Review => {
                pay.1 += 15;
                self.judge(task);
            }
        }
        Says::Counted
    }

    fn judge(&mut self, task: usize) {
        let (min, share, max) = self.quorum;
        let of = self.votes[task].len();
        let tally = self.tally(task);
        let most = tally.iter().map(|(_, n)| *n).max().unwrap_or(0);
        let best: Vec<_> = tally.into_iter().filter(|(_, n)| *n == most).collect();
        if of >= min && best.len() == 1 && most * 10_000 >= share * of {
            for (worker, text) in &self.votes[task] {
                let pay = self.points.entry(*worker).or_default();
                pay.1 -= 15;
                pay.0 += if *text == best[0].0 { 15 } else { 0 };
            }
            self.fates[task] = Fate::Decided(best[0].0.clone());
        } else if of >= max {
            self.fates[task] = Fate::Review;
        }
    }

    /// Leases that the campaign ended must have been over; those it keeps must not be overdue.
    pub fn follow(&mut self, project: &Project, now: Timestamp, slack: chrono::TimeDelta) {
        for lease in self.leases.iter_mut().filter(|lease| lease.stands == Stands::Live) {
            if project.leases.contains_key(&lease.fence) {
                assert!(lease.until + slack > now, "an overdue lease is kept");
            } else {
                assert!(lease.until <= now, "a lease ended early");
                lease.stands = Stands::Lapsed;
            }
        }
    }
}
