//! Two real crowds whose truths are known: four breeds of dogs, four expressions of faces.

use std::collections::HashMap;
use std::path::PathBuf;

use crate::consensus::crowd::{Collector, Crowd, real};
use crate::consensus::dawid_skene::batch::{Settings, estimate};
use crate::consensus::dawid_skene::online::OnlineDawidSkene;
use crate::consensus::majority::{majority, weighted, weights_by_majority};
use crate::ids::UserId;

/// The shared data, when it is there.
fn read(file: &str) -> Option<Vec<Vec<String>>> {
    let shared = std::env::var_os("MADANG_SHARED").map(PathBuf::from);
    let beside = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../shared");
    let file = shared.unwrap_or(beside).join("data/crowd").join(file);
    let text = std::fs::read_to_string(&file).ok();
    if text.is_none() {
        eprintln!("not run, because {} is not there", file.display());
    }
    let cells = |line: &str| line.split(',').map(str::to_owned).collect();
    text.map(|text| text.lines().skip(1).map(cells).collect())
}

/// Question, worker and answer of each row of a shared crowd, when it is there.
pub(super) fn answers(name: &str) -> Option<Vec<(String, String, String)>> {
    let rows = read(&format!("{name}-answers.csv"))?;
    Some(rows.into_iter().map(|row| (row[0].clone(), row[1].clone(), row[2].clone())).collect())
}

struct Real {
    crowd: Crowd,
    truths: HashMap<String, String>,
}

fn crowd_of(name: &str, backwards: bool) -> Option<Real> {
    let mut rows = answers(name)?;
    if backwards {
        rows.reverse();
    }
    let mut collector = Collector::default();
    for (question, worker, answer) in &rows {
        collector.add(question, worker, answer).unwrap();
    }
    let truths = read(&format!("{name}-truths.csv"))?;
    let truths = truths.into_iter().map(|mut row| (row.remove(0), row.remove(0))).collect();
    Some(Real { crowd: collector.finish(), truths })
}

impl Real {
    /// The share of the known truths that were chosen.
    fn accuracy(&self, chosen: &[usize]) -> f64 {
        let answers = self.crowd.questions().iter().zip(chosen);
        let right = answers.filter(|(question, class)| {
            self.truths.get(*question).is_some_and(|truth| *truth == self.crowd.classes()[**class])
        });
        real(right.count()) / real(self.truths.len())
    }

    /// The choices of the incremental model after the answers came in one by one, and what it thinks of the workers.
    fn online(&self) -> Vec<usize> {
        let classes = u16::try_from(self.crowd.classes().len()).unwrap();
        let mut online = OnlineDawidSkene::new(Some(classes));
        let mut left: Vec<_> = (0..).zip(self.crowd.by_question().map(|ballots| ballots.iter())).collect();
        // Everybody's first answer, then everybody's second ...
        while !left.is_empty() {
            left.retain_mut(|(item, ballots)| {
                let Some(ballot) = ballots.next() else { return false };
                let worker = UserId::new(i64::try_from(ballot.worker).unwrap());
                online.answer(*item, worker, u16::try_from(ballot.class).unwrap())
            });
        }
        let items = 0..u32::try_from(self.crowd.questions().len()).unwrap();
        let best = |belief: Vec<f64>| (0..belief.len()).max_by(|a, b| belief[*a].total_cmp(&belief[*b])).unwrap();
        items.map(|item| best(online.belief(item))).collect()
    }
}

#[test]
fn real_crowds_come_out_as_published_whatever_the_order_of_the_file() {
    for (name, least_majority, least_model) in [("dog", 0.818, 0.842), ("face", 0.630, 0.640)] {
        let Some(real) = crowd_of(name, false) else { return };
        let plain = real.accuracy(&majority(&real.crowd));
        let by_skill = real.accuracy(&weighted(&real.crowd, &weights_by_majority(&real.crowd)));
        let model = estimate(&real.crowd, &Settings::default()).unwrap();
        let by_model = real.accuracy(&model.chosen());
        let online = real.accuracy(&real.online());
        println!(
            "{name}: majority {plain:.4}, weighted {by_skill:.4}, Dawid-Skene {by_model:.4} in {} rounds, online {online:.4}",
            model.rounds
        );
        assert!(plain >= least_majority && by_skill >= least_majority, "{plain} {by_skill}");
        assert!(by_model >= least_model, "{by_model}");
        assert!(online >= least_majority, "{online}");
        let back = crowd_of(name, true).unwrap();
        let again = back.accuracy(&majority(&back.crowd));
        assert!((again - plain).abs() < f64::EPSILON, "the file backwards gives {again}");
    }
}
