//! Alarms, over HTTP and the live protocol's calls, against the real engine and a real Postgres, with time that is moved by
//! hand.

mod bedroom;
mod fake_tasks;
mod missions;
mod pack;
mod push;
mod ringing;
mod setting;
pub mod stand_in;
