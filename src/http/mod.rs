//! Parse, ask, render: one file per area. `live` is the live protocol over WebSocket, SSE and HTTP streams.

pub mod accounts;
pub mod admin;
pub mod alarms;
pub mod amount;
pub mod api;
pub mod api_keys;
pub mod artworks;
pub mod auctions;
pub mod auth;
pub mod campaigns;
pub mod command;
pub mod devices;
pub mod house;
pub mod labels;
pub mod limits;
pub mod live;
pub mod objects;
pub mod openapi;
pub mod page;
pub mod pages;
pub mod points;
pub mod problem;
pub mod raffles;
pub mod rpc;
pub mod uploads;
pub mod wallet;
