//! The campaign kind at work: the lists' read rows, and the pool from which people are given tasks of any campaign.
//!
//! The rules are in `madang_domain::campaign`; the kernel keeps each campaign's actor. [`pool`] is what other rooms use to have
//! a person label something; [`cards`] keeps one row per campaign for lists; [`directory`] knows which campaigns run.

pub mod cards;
mod directory;
mod meters;
mod missions;
pub mod pool;
mod remembered;

use madang_domain::ids::{EntityId, Kind};

pub use madang_domain::campaign::Campaign;

/// The campaign of that number; `None` where no campaign can have it.
#[must_use]
pub fn campaign_id(number: i64) -> Option<EntityId> {
    EntityId::new(Kind::Campaign, number)
}
