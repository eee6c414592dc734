//! Accounts over HTTP: sign-up, sessions, tokens, roles, and the shape of every failure.
#![expect(clippy::indexing_slicing, reason = "a test fails by panicking, at the very line")]

mod limits;
mod people;
mod problems;
mod reset;
mod sessions;
mod sign_up;
mod sockets;
mod tokens;
pub mod world;
