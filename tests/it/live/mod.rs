//! The live protocol over real sockets, before a house that keeps its journal in memory.

pub mod clients;
mod commands;
mod fake;
mod limits;
mod raw;
mod recovery;
mod server;
mod socket;
mod streams;
