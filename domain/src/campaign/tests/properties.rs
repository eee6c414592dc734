//! What is true of every campaign, whatever its people do, compared at every step with the slow reference.
//! `PROPTEST_CASES` sets how many campaigns are tried.

use chrono::TimeDelta;
use proptest::prelude::*;

use super::desk::*;
use super::reference::{Fate, Lease, Reference, Says, Stands};
use crate::campaign::{AccuracyBy, Command, Refusal, ReviewVerdict, Rules, TaskKind, TaskState};
use crate::consensus::stop::StopRule;
use crate::entity::{AccountOwner, Actor};
use crate::ids::UserId;
use crate::money::Currency;

const WORKERS: i64 = 7;
const TASKS: usize = 4;

/// What somebody tries.
#[derive(Debug, Clone)]
enum Act {
    Claim { who: i64 },
    Answer { who: i64, lease: usize, text: u8 },
    GiveBack { lease: usize },
    Extend { lease: usize },
    Pass { seconds: i64 },
    Sleep { seconds: i64 },
    Crash,
}

fn acts() -> impl Strategy<Value = Vec<Act>> {
    let who = 1..=WORKERS;
    let act = prop_oneof![
        8 => who.clone().prop_map(|who| Act::Claim { who }),
        // Mostly the newest leases, by their holders; now and then any by anybody.
        8 => (0usize..6, 0u8..4).prop_map(|(lease, text)| Act::Answer { who: 0, lease, text }),
        2 => (who, 0usize..40, 0u8..3).prop_map(|(who, lease, text)| Act::Answer { who, lease, text }),
        1 => (0usize..8).prop_map(|lease| Act::GiveBack { lease }),
        1 => (0usize..8).prop_map(|lease| Act::Extend { lease }),
        2 => (0i64..120).prop_map(|seconds| Act::Pass { seconds }),
        1 => (0i64..400).prop_map(|seconds| Act::Sleep { seconds }),
        1 => Just(Act::Crash),
    ];
    prop::collection::vec(act, 1..120)
}

fn place(held: Held) -> usize {
    usize::try_from(held.task).unwrap()
}

struct Compared {
    desk: Desk,
    slow: Reference,
    held: Vec<(i64, Held)>,
}

impl Compared {
    fn act(&mut self, act: &Act) {
        match *act {
            Act::Claim { who } => self.claim(who),
            Act::Answer { who, lease, text } => {
                let Some((holder, held)) = self.held.iter().rev().nth(lease).copied() else { return };
                self.answer(if who == 0 { holder } else { who }, held, ["same", "same", "other", "third"][usize::from(text)]);
            }
            Act::GiveBack { lease } => {
                let Some((holder, held)) = self.held.iter().rev().nth(lease).copied() else { return };
                if self.desk.give_back(holder, held).is_ok() {
                    let lease = self.slow.leases.iter_mut().find(|lease| lease.fence == held.fence).unwrap();
                    assert_eq!(lease.stands, Stands::Live);
                    lease.stands = Stands::GivenBack;
                }
            }
            Act::Extend { lease } => {
                let Some((holder, held)) = self.held.iter().rev().nth(lease).copied() else { return };
                let command = Command::Extend { lease: held.lease, fence: held.fence };
                if self.desk.order(&person(holder), &command).is_ok() {
                    let until = self.desk.project().leases[&held.fence].until;
                    let lease = self.slow.leases.iter_mut().find(|lease| lease.fence == held.fence).unwrap();
                    assert!(until >= lease.until);
                    lease.until = until;
                }
            }
            Act::Pass { seconds } => self.desk.pass(TimeDelta::seconds(seconds)),
            Act::Sleep { seconds } => self.desk.sleep(TimeDelta::seconds(seconds)),
            Act::Crash => {
                self.desk.check_replay();
                let stored = serde_json::to_vec(&self.desk.campaign).unwrap();
                self.desk.campaign = serde_json::from_slice(&stored).unwrap();
            }
        }
        let slack = if matches!(act, Act::Pass { .. }) { TimeDelta::seconds(5) } else { TimeDelta::days(1) };
        self.slow.follow(self.desk.campaign.project().unwrap(), self.desk.now, slack);
        self.compare();
    }

    fn claim(&mut self, who: i64) {
        let claimable = self.slow.claimable(who);
        match self.desk.claim(who) {
            Ok(held) => {
                assert!(claimable.contains(&place(held)), "{} is not one of {claimable:?}", held.task);
                let least = claimable.iter().map(|task| self.slow.load(*task)).min();
                assert_eq!(Some(self.slow.load(place(held))), least, "the least loaded one");
                let until = self.desk.project().leases[&held.fence].until;
                let (fence, task) = (held.fence, place(held));
                self.slow.leases.push(Lease { fence, worker: who, task, until, stands: Stands::Live });
                self.held.push((who, held));
            }
            Err(Refusal::Nothing) => assert!(claimable.is_empty(), "{claimable:?} could be given"),
            Err(Refusal::TooManyLeases { .. }) => assert!(self.slow.held_by(who) >= 8),
            Err(other) => panic!("{other:?}"),
        }
    }

    fn answer(&mut self, who: i64, held: Held, text: &str) {
        let wanted = self.slow.answer(who, held.fence, text, self.desk.now);
        let got = match self.desk.answer(who, held, text) {
            Ok(answer) if answer["late"] == true => Says::Late,
            Ok(_) => Says::Counted,
            Err(refusal) => Says::No(refusal),
        };
        assert_eq!(got, wanted);
    }

    fn compare(&self) {
        let project = self.desk.project();
        for (number, (votes, fate)) in self.slow.votes.iter().zip(&self.slow.fates).enumerate() {
            let task = project.task(u32::try_from(number).unwrap()).unwrap();
            assert_eq!(usize::from(task.counted()), votes.len());
            assert_eq!(usize::from(task.load()), self.slow.load(number));
            let same = match (&task.state, fate) {
                (TaskState::Open, Fate::Open) | (TaskState::Review(_), Fate::Review) => true,
                (TaskState::Decided(settled), Fate::Decided(answer)) => settled.answer == *answer,
                _ => false,
            };
            assert!(same, "task {number}: {:?} instead of {fate:?}", task.state);
        }
        for who in 1..=WORKERS {
            let due = self.slow.points.get(&who).copied().unwrap_or_default();
            assert_eq!(self.desk.points(who), due, "the ledger of {who} is not what their answers are due");
        }
    }
}

proptest! {
    #[test]
    fn whatever_people_do_it_is_as_the_slow_reference_says(
        acts in acts(),
        quorum in prop::sample::select(vec![(1u16, 5_000u16, 1u16), (2, 6_000, 4), (3, 7_000, 5), (5, 8_000, 7)]),
    ) {
        let (min, share, max) = quorum;
        let rules = Rules { lease_s: 60, skip_limit: 0, ..super::desk::quorum(min, share, max) };
        let slow = Reference::new(TASKS, (min.into(), share.into(), max.into()));
        let mut compared = Compared { desk: Desk::of(rules, TASKS), slow, held: Vec::new() };
        for act in &acts {
            compared.act(act);
        }
        compared.desk.check_replay();
    }
}

/// What somebody tries where everything is allowed: tests, exclusions, reviews, the end.
#[derive(Debug, Clone)]
enum Wild {
    Label { who: i64, text: u8 },
    Exclude { who: i64, drop: bool },
    Readmit { who: i64 },
    Review { task: u32, verdict: ReviewVerdict },
    Command(Command),
    Pass { seconds: i64 },
}

fn wild() -> impl Strategy<Value = Vec<Wild>> {
    let who = 1..=WORKERS;
    let verdict = prop_oneof![
        Just(ReviewVerdict::More),
        Just(ReviewVerdict::Unusable),
        Just(ReviewVerdict::Accept { answer: "other".to_owned() }),
    ];
    let command = prop_oneof![1 => Just(Command::Pause), 4 => Just(Command::Resume), 1 => Just(Command::Sweep)];
    let act = prop_oneof![
        20 => (who.clone(), 0u8..4).prop_map(|(who, text)| Wild::Label { who, text }),
        1 => (who.clone(), any::<bool>()).prop_map(|(who, drop)| Wild::Exclude { who, drop }),
        1 => who.prop_map(|who| Wild::Readmit { who }),
        2 => (0u32..8, verdict).prop_map(|(task, verdict)| Wild::Review { task, verdict }),
        1 => command.prop_map(Wild::Command),
        1 => (0i64..4_000).prop_map(|seconds| Wild::Pass { seconds }),
    ];
    prop::collection::vec(act, 1..150)
}

/// The same rules where the answers are choices, and people are known by them.
fn chosen(rules: Rules) -> Rules {
    let choices = ["same", "other", "third"].map(str::to_owned).to_vec();
    Rules { kind: TaskKind::Choice, choices, accuracy: AccuracyBy::Answers, ..rules }
}

fn stops() -> impl Strategy<Value = StopRule> {
    prop_oneof![
        Just(StopRule::Quorum { min_votes: 3, agreement_bp: 7_000, max_votes: 5 }),
        Just(StopRule::Confidence { target_bp: 9_000, min_votes: 2, max_votes: 6 }),
        Just(StopRule::Points { accept_halves: 5, max_votes: 5 }),
    ]
}

proptest! {
    #[test]
    fn under_every_rule_the_ledger_equals_the_answers_and_replay_the_state(
        acts in wild(), stop in stops(), gold in 0u16..3_000, choice in any::<bool>(),
    ) {
        let rules = Rules { stop, gold_bp: gold, gold_floor_bp: 5_000, min_answer_ms: 0, ..Rules::default() };
        let rules = if choice { chosen(rules) } else { rules };
        let read = crate::campaign::NewTask { machine: Some("other".to_owned()), ..task(None) };
        let mut desk = Desk::running(rules, vec![task(None), read, task(None), task(Some("same")), task(None), task(Some("same"))]);
        for act in &acts {
            match act {
                Wild::Label { who, text } => {
                    if let Ok(held) = desk.claim(*who) {
                        desk.answer(*who, held, ["same", "same", "other", "third"][usize::from(*text)]).unwrap();
                    }
                }
                Wild::Exclude { who, drop } => {
                    let exclude = Command::Exclude { worker: UserId::new(*who), reason: "x".to_owned(), drop: *drop };
                    drop_result(desk.order(&company(), &exclude));
                }
                Wild::Readmit { who } => drop_result(desk.order(&admin(), &Command::Readmit { worker: UserId::new(*who) })),
                Wild::Review { task, verdict } => {
                    drop_result(desk.order(&company(), &Command::Review { task: *task, verdict: verdict.clone() }));
                }
                Wild::Command(Command::Sweep) => drop_result(desk.order(&Actor::System, &Command::Sweep)),
                Wild::Command(command) => drop_result(desk.order(&company(), command)),
                Wild::Pass { seconds } => desk.pass(TimeDelta::seconds(*seconds)),
            }
        }
        desk.check_replay();
        drop_result(desk.order(&company(), &Command::Complete));
        desk.pass(TimeDelta::minutes(2));
        let project = desk.project();
        let pending: i64 = (1..=WORKERS).map(|who| desk.points(who).1).sum();
        prop_assert_eq!(pending, 0, "nothing is pending after the end");
        let paid: i64 = (1..=WORKERS).map(|who| desk.points(who).0).sum();
        prop_assert_eq!(paid, project.progress.paid);
        prop_assert_eq!(-desk.ledger.balance(AccountOwner::World, Currency::POINTS), paid);
        desk.check_replay();
    }
}

fn drop_result(result: Result<serde_json::Value, Refusal>) {
    drop(result);
}
