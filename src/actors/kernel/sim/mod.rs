//! The deterministic simulator: two nodes, one database, clients who ask again, watchers who come back, and everything that
//! can go wrong, in an order that one number decides.
//!
//! The nodes run the engine's own [`resident`](super::resident), [`keeper`](super::keeper), [`desk`](super::desk),
//! [`outlet`](super::outlet) and [`ownership`](super::ownership). A seed that fails is printed and fails again.
#![expect(clippy::as_conversions, reason = "a test's lengths and counts are small")]

mod check;
mod database;
mod dice;
mod gauge;
mod log;
mod node;
mod world;

use super::plant::{Fault, Faults};
use world::World;

/// Seeds of one test run.
const SEEDS: u64 = 2_000;
/// A planted fault must be caught within so many.
const PATIENCE: u64 = 400;

#[test]
fn every_seed_keeps_every_promise() {
    let mut answered = 0;
    let mut faults = 0;
    let mut retold = 0;
    for seed in 0..SEEDS {
        let report = World::new(seed, Faults::default()).run().unwrap_or_else(|broken| panic!("seed {seed}: {broken}"));
        answered += report.answered;
        faults += report.faults;
        retold += report.retold;
    }
    println!("{answered} answers, {faults} faults, {retold} pasts told anew");
    assert!(answered > SEEDS * 30, "the clients were answered {answered} times only");
    assert!(faults > SEEDS * 5, "only {faults} things went wrong");
    assert!(retold > SEEDS, "only {retold} pasts were told anew");
}

#[test]
fn each_planted_fault_is_caught() {
    for fault in [Fault::AckBeforeCommit, Fault::NoFence, Fault::NoBarrier, Fault::ResumeOffByOne] {
        let caught = (0..PATIENCE).find_map(|seed| World::new(seed, Faults::only(fault)).run().err());
        println!("{fault:?}: {caught:?}");
        assert!(caught.is_some(), "{fault:?} was not caught in {PATIENCE} seeds");
    }
}

#[test]
fn the_same_seed_is_the_same_run() {
    let run = |seed| World::new(seed, Faults::default()).run().unwrap();
    assert_eq!(run(17), run(17));
}
