//! Which sessions are signed out: known in memory at once, so that every check is a look-up.

use std::fmt;
use std::str::FromStr;

use dashmap::DashMap;
use madang_domain::code::Code;
use madang_domain::time::Timestamp;
use parking_lot::RwLock;
use uuid::Uuid;

/// What became of a session's access tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cut {
    /// Signed out: none of them counts.
    Revoked,
    /// The person's roles changed: those up to this generation must be refreshed first.
    Stale {
        /// The last generation that no longer counts.
        generation: u32,
    },
}

impl Cut {
    /// What a client with such a token is told: to sign in, or to refresh.
    #[must_use]
    pub const fn code(self) -> Code {
        match self {
            Self::Revoked => Code::TokenRevoked,
            Self::Stale { .. } => Code::TokenExpired,
        }
    }

    /// Whether the other cuts more: signed out stays signed out.
    fn is_weaker_than(self, other: Self) -> bool {
        match (self, other) {
            (Self::Revoked, _) => false,
            (Self::Stale { .. }, Self::Revoked) => true,
            (Self::Stale { generation: known }, Self::Stale { generation }) => known < generation,
        }
    }
}

impl fmt::Display for Cut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Revoked => f.write_str("revoked"),
            Self::Stale { generation } => write!(f, "stale {generation}"),
        }
    }
}

/// The text names no cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not the name of a cut")]
pub struct NotACut;

impl FromStr for Cut {
    type Err = NotACut;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.split_once(' ') {
            None if text == "revoked" => Ok(Self::Revoked),
            Some(("stale", generation)) => generation.parse().map(|generation| Self::Stale { generation }).map_err(|_| NotACut),
            Some(_) | None => Err(NotACut),
        }
    }
}

/// Called with every new cut, on the thread that made it; must not block.
pub type CutHook = Box<dyn Fn(Uuid, Cut) + Send + Sync>;

/// The cut sessions that still matter. Other nodes' cuts are put in as they are heard of.
#[derive(Default)]
pub struct Revocations {
    cuts: DashMap<Uuid, (Cut, Timestamp)>,
    hooks: RwLock<Vec<CutHook>>,
}

impl fmt::Debug for Revocations {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Revocations").field("cuts", &self.cuts.len()).finish_non_exhaustive()
    }
}

impl Revocations {
    /// Cuts a session's access tokens, to be remembered until `until`, when the last of them has run out. The hooks hear
    /// of it unless it was known before.
    pub fn cut(&self, session: Uuid, cut: Cut, until: Timestamp) {
        let mut news = true;
        self.cuts
            .entry(session)
            .and_modify(|(known, end)| {
                news = known.is_weaker_than(cut);
                if news {
                    *known = cut;
                }
                *end = until.max(*end);
            })
            .or_insert((cut, until));
        if news {
            self.hooks.read().iter().for_each(|hook| hook(session, cut));
        }
    }

    /// Whether and how a session is cut.
    #[must_use]
    pub fn find(&self, session: Uuid) -> Option<Cut> {
        self.cuts.get(&session).map(|entry| entry.0)
    }

    /// Has the hook called with every new cut from now on: open sockets are cut by it.
    pub fn on_cut(&self, hook: CutHook) {
        self.hooks.write().push(hook);
    }

    /// Forgets what has run out.
    pub fn forget(&self, now: Timestamp) {
        self.cuts.retain(|_, (_, until)| *until > now);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use parking_lot::Mutex;

    use super::*;

    #[test]
    fn a_cut_is_told_once_and_never_taken_back() {
        let revocations = Revocations::default();
        let told = Arc::new(Mutex::new(Vec::new()));
        let ear = Arc::clone(&told);
        revocations.on_cut(Box::new(move |_, cut| ear.lock().push(cut)));
        let until = Timestamp::from_timestamp(900, 0).unwrap();
        for cut in [
            Cut::Stale { generation: 2 },
            Cut::Stale { generation: 1 },
            Cut::Stale { generation: 3 },
            Cut::Revoked,
            Cut::Revoked,
            Cut::Stale { generation: 9 },
        ] {
            revocations.cut(Uuid::nil(), cut, until);
        }
        assert_eq!(*told.lock(), [Cut::Stale { generation: 2 }, Cut::Stale { generation: 3 }, Cut::Revoked]);
        assert_eq!(revocations.find(Uuid::nil()), Some(Cut::Revoked));
        revocations.forget(until);
        assert_eq!(revocations.find(Uuid::nil()), None);
    }

    #[test]
    fn a_cut_survives_being_told_to_another_node() {
        for cut in [Cut::Revoked, Cut::Stale { generation: 7 }] {
            assert_eq!(cut.to_string().parse(), Ok(cut));
        }
        for text in ["", "stale", "stale x", "revoked 1"] {
            assert_eq!(text.parse::<Cut>(), Err(NotACut));
        }
    }
}
