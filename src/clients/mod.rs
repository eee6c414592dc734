//! The outside world: a trait, the real thing, and what stands in for it by default.

pub mod embeddings;
pub mod llm;
pub mod mail;
pub mod objects;
pub mod push;
