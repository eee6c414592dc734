//! Who is alive: one actor per live thing, one supervisor per kind.
//!
//! `kernel` keeps entities (actor, supervisor, journal writer, shards, timers, outbox relay, simulator); `broker` holds
//! each channel's ring and hands publications to the hubs of the sockets; `funds` is the one place that knows in memory
//! what each account could still spend. Imports `storage` and the rules, never `http`. First file to read: `ask`.

pub mod alarm;
pub mod ask;
pub mod auction;
pub mod broker;
pub mod campaign;
pub mod chat;
pub mod follow;
pub mod funds;
pub mod jobs;
pub mod kernel;
pub mod knowledge;
pub mod publish;
pub mod raffle;
pub mod user;
