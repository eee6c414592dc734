//! What many people's answers to one question add up to, and how good each of them is.
//!
//! While answers arrive: [`text`] makes them comparable; [`stop`] says after every answer whether a question is decided, needs
//! more answers or a person's eye; [`skill`] turns answers to questions with a known truth into an accuracy, and
//! [`dawid_skene::online`] those without one.
//!
//! When all answers are there ([`crowd`]): [`majority`], plain and weighted, [`dawid_skene::batch`], and [`agreement`].
//! Readings that are not quite alike: [`ocr`].
//!
//! Nothing here knows campaigns, leases or money, and nothing reads a clock. Where a result would be a share of nothing it
//! is `None`, not 0 or 1.

pub mod agreement;
pub mod crowd;
pub mod dawid_skene;
pub mod majority;
pub mod ocr;
pub mod skill;
pub mod stop;
pub mod text;

#[cfg(test)]
mod tests;
