//! Given events, when a command comes, then events or a refusal.

mod desk;
mod labeling;
mod originals;
mod properties;
mod quality;
mod reference;
mod skills;
mod stored;
