//! Articles and how they are found again: cut into chunks, turned into words and vectors, fused from several rankings, and
//! measured against what should have been found.
//!
//! All of it is pure. The search library, the database and the embeddings of a language model are the server's; what they
//! give is put together here. First file to read: `article`.

pub mod article;
pub mod chunk;
pub mod fusion;
pub mod lexical;
pub mod measure;
pub mod words;

#[cfg(test)]
mod tests;
