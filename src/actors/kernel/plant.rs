//! Faults that can be planted, to prove that the tests would find them.
//!
//! In a release build [`Faults`] is empty and every question about it is answered `false` by the compiler. In the crate's
//! own tests, and with the feature `planted`, one fault can be switched on.

/// A fault that the fault test and the simulator must catch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// Answers are given before the commit.
    AckBeforeCommit,
    /// Writes check neither the epoch nor the unique keys.
    NoFence,
    /// Refusals, reads and repeated answers do not wait for what they were judged by.
    NoBarrier,
    /// A watcher who comes back misses one publication.
    ResumeOffByOne,
}

impl Fault {
    /// The name in the variable `MADANG_PLANT`.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        match name {
            "ack_before_commit" => Some(Self::AckBeforeCommit),
            "no_fence" => Some(Self::NoFence),
            "no_barrier" => Some(Self::NoBarrier),
            "resume_off_by_one" => Some(Self::ResumeOffByOne),
            _ => None,
        }
    }
}

/// Which fault is planted, if any.
#[derive(Debug, Clone, Copy, Default)]
pub struct Faults {
    #[cfg(any(test, feature = "planted"))]
    planted: Option<Fault>,
}

impl Faults {
    /// The fault named by the variable `MADANG_PLANT`; none in a release build.
    #[must_use]
    pub fn from_env() -> Self {
        #[cfg(any(test, feature = "planted"))]
        {
            Self { planted: std::env::var("MADANG_PLANT").ok().and_then(|name| Fault::from_name(&name)) }
        }
        #[cfg(not(any(test, feature = "planted")))]
        Self {}
    }

    /// Exactly this fault.
    #[cfg(any(test, feature = "planted"))]
    #[must_use]
    pub const fn only(fault: Fault) -> Self {
        Self { planted: Some(fault) }
    }

    /// Whether this fault is planted.
    #[must_use]
    pub fn has(self, fault: Fault) -> bool {
        #[cfg(any(test, feature = "planted"))]
        {
            self.planted == Some(fault)
        }
        #[cfg(not(any(test, feature = "planted")))]
        {
            let _ = fault;
            false
        }
    }
}
