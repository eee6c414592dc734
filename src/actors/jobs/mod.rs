//! Periodic and durable background work: one file per job.

pub mod outbox;
