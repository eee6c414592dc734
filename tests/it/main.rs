//! Everything that needs a database, a socket or a process: one binary, so that one throw-away cluster serves all tests.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::as_conversions,
    clippy::wildcard_enum_match_arm,
    clippy::large_futures,
    clippy::disallowed_methods,
    reason = "a test fails by panicking at the very line, runs alone on its thread, and may look at the machine's clock"
)]

mod accounts;
mod alarms;
mod app;
mod auctions;
mod cache;
mod campaigns;
mod chats;
mod cluster;
mod command_line;
mod dialects;
mod engine;
mod half_open;
mod house_rules;
mod knowledge;
mod label_commands;
mod live;
mod mail;
mod nodes;
mod openapi;
mod points;
mod raffles;
mod replay;
mod uploads;
mod upstream;
mod wallet;
mod world;
