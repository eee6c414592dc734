//! Articles, their chunks and vectors, and imports: what answers are taken from. Each file is the home of its tables.

pub mod articles;
pub mod chunks;
pub mod imports;
