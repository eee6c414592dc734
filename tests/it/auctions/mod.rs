//! Auctions, over HTTP and the live protocol's calls, against the real engine and a real Postgres.

mod catalogue;
mod favourites;
mod history;
pub mod house;
mod import;
mod life;
mod lists;
mod refusals;
