//! Madang: a real-time server for things that happen live.
//!
//! Imports run one way: `cli -> app -> http -> actors -> storage -> madang_domain`; only `app`, `actors::jobs`,
//! `actors::coach`, `http::accounts` and `http::devices` may use `clients`. Start reading at [`app`], then follow one bid: [`http::live`], [`actors`],
//! [`storage`].

pub mod actors;
pub mod app;
pub mod cli;
pub mod clients;
pub mod config;
pub mod error;
pub mod http;
pub mod storage;
pub mod telemetry;
