//! Who may come in: the rules of e-mail addresses, passwords, e-mail codes, refresh tokens and failed sign-ins.
//!
//! Each rule is a function of the stored facts, the time and what was presented; storing, hashing and comparing secrets
//! is the caller's. Nothing here prints an address or a secret, not even by `Debug`.

pub mod email;
pub mod email_code;
pub mod password;
pub mod refresh;
pub mod throttle;
