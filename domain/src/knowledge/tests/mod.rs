mod articles;
mod chunks;
mod ranking;
mod words;
