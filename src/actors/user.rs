//! The user kind: what one person is told, the channel `user:{id}`.
//!
//! The rules are [`madang_domain::user`]; the relay in [`super::jobs::outbox`] brings the notices.

pub use madang_domain::user::UserInbox;
