//! Given events, when a command comes, then events or a refusal.

mod bidding;
mod closing;
mod house;
mod lifecycle;
mod properties;
mod real_bids;
mod reference;
mod seed;
mod stored;
mod views;
