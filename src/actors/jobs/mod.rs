//! Periodic and durable background work: one file per job.

pub mod intake;
pub mod outbox;
pub mod workers;
