//! Conversations as clients use them: over HTTP, server-sent events and sockets, with an author who says what the test says.

mod faults;
pub mod house;
mod life;
mod privacy;
mod quotas;
mod sharing;
mod sockets;
mod sources;
mod streams;
