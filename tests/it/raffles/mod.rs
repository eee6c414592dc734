//! Raffles and points over HTTP, against the real engine and a real Postgres.

pub mod house;
mod life;
mod live;
mod proofs;
