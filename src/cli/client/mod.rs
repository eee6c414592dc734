//! A client of our own server, as a stranger would write it: the public HTTP API and the live protocol over a socket.
//!
//! The replay, the benchmarks and the fault test are built on it. It knows nothing of the server's inside: what it cannot
//! do, nobody can. Its one rule is that of the protocol: a lost connection and every temporary error mean *not known*, so
//! the same command id is asked again until the answer is definite. First file to read: [`live`].

pub mod account;
pub mod api;
pub mod frame;
pub mod live;
pub mod patience;
mod session;

use serde_json::Value;

use crate::error::Surface;
use madang_domain::code::Code;

/// What can go wrong between us and the server.
#[derive(Debug, Clone, thiserror::Error)]
pub enum ClientError {
    /// The server said no, or not now.
    #[error("{code}: {message}")]
    Problem {
        /// The stable name, such as `auction.bid_too_low`; the number where the live protocol gave no name.
        code: String,
        /// The sentence for the person.
        message: String,
        /// Facts beside it; null where there are none.
        detail: Value,
        /// Whether asking again with the same id can help.
        temporary: bool,
    },
    /// Nobody answered: not started, restarting, cut.
    #[error("the server cannot be reached: {0}")]
    Unreachable(String),
    /// Asked again and again until the patience ran out.
    #[error("gave up after {seconds} s; the last answer was: {last}")]
    GaveUp {
        /// How long we tried.
        seconds: u64,
        /// The last thing that went wrong.
        last: String,
    },
    /// The answer has another shape than the API promises.
    #[error("unexpected answer: {0}")]
    Unexpected(String),
}

impl ClientError {
    /// Whether the same request, with the same id, should be asked again.
    #[must_use]
    pub fn temporary(&self) -> bool {
        match self {
            Self::Problem { temporary, .. } => *temporary,
            Self::Unreachable(_) => true,
            Self::GaveUp { .. } | Self::Unexpected(_) => false,
        }
    }

    /// The code the server named, if it answered with one.
    #[must_use]
    pub fn code(&self) -> Option<&str> {
        match self {
            Self::Problem { code, .. } => Some(code),
            Self::Unreachable(_) | Self::GaveUp { .. } | Self::Unexpected(_) => None,
        }
    }

    /// Whether the server answered with this code.
    #[must_use]
    pub fn is(&self, code: Code) -> bool {
        self.code() == Some(code.name())
    }
}

/// The code with this number in the live protocol.
#[must_use]
pub fn code_of_number(number: u32) -> Option<Code> {
    Code::ALL.iter().copied().find(|code| Surface::of(*code).number == number)
}

/// The code with this name.
#[must_use]
pub fn code_of_name(name: &str) -> Option<Code> {
    Code::ALL.iter().copied().find(|code| code.name() == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_is_found_by_its_number_and_its_name() {
        for code in Code::ALL {
            assert_eq!(code_of_number(Surface::of(*code).number), Some(*code));
            assert_eq!(code_of_name(code.name()), Some(*code));
        }
        assert_eq!(code_of_number(1), None);
    }
}
