//! Articles over HTTP, their import as jobs, and how they are found, against a real Postgres.

mod articles;
mod embeddings;
mod figures;
mod imports;
mod library;
mod pgvector;
mod retrieval;
