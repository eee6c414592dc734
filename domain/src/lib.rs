//! The rules of Madang.
//!
//! Everything here is a pure function of its arguments: no IO, no clock, no randomness, no async, no framework. Time and
//! random values are given. The server asks these rules what a command means and only then touches the world, so the same
//! rules run under the server, the simulator and the offline verifier.
//!
//! Start reading at [`entity`]: the contract every live thing follows. Nobody is imported from here; everybody imports us.

pub mod accounts;
pub mod alarm;
pub mod artwork;
pub mod auction;
pub mod campaign;
pub mod chat;
pub mod coach;
pub mod code;
pub mod consensus;
pub mod device;
pub mod draw;
pub mod entity;
pub mod ids;
pub mod knowledge;
pub mod ledger;
pub mod money;
pub mod points;
pub mod raffle;
pub mod time;
pub mod user;
