//! The model of Dawid and Skene (1979): every worker has a table of how often they say `l` when the truth is `j`, and truths
//! and tables explain each other.
//!
//! [`batch`] finds both from all answers by expectation maximisation; [`online`] keeps them up to date answer by answer.

pub mod batch;
pub mod online;
