//! Given events, when a command comes or time passes, then events or a refusal.

mod bedside;
mod originals;
mod properties;
mod reference;
mod ringing;
mod schedule;
mod setting;
mod stored;
mod streak;
