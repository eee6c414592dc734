//! Campaigns and labels, over HTTP and the live protocol's calls, against the real engine and a real Postgres, with time that
//! is moved by hand.

mod channel;
mod labeling;
mod learning;
mod life;
mod mornings;
mod office;
mod results;
