//! Uploads as a company makes them: announced, sent to the address that was given, worked up by durable jobs. Against the
//! real routes, database and local store; the campaigns are a stand-in that remembers what it was given.

mod jobs;
mod objects;
mod rooms;
mod s3;
mod sending;
pub mod world;
