//! Campaigns and labels, over HTTP and the live protocol's calls, against the real engine and a real Postgres, with time that
//! is moved by hand.

mod labeling;
mod life;
mod office;
mod results;
