//! What a raffle is about: prizes, dates and the price of an entry.

use chrono::{Duration, NaiveDate};
use serde::{Deserialize, Serialize};

use crate::draw::Digest;
use crate::ids::UserId;
use crate::money::{Currency, Money};
use crate::raffle::refusal::Refusal;
use crate::time::Timestamp;

/// What an entry costs where nothing else is said, in stamps: one full card.
pub const ENTRY_STAMPS: i64 = 8;
/// The most entries of one raffle.
pub const MAX_ENTRIES: u32 = 20_000;
/// The most prizes of one raffle.
pub const MAX_PRIZES: usize = 100;
/// The longest title of a raffle or a prize, in characters.
pub const MAX_TITLE: usize = 200;
/// The longest description, in characters.
pub const MAX_DESCRIPTION: usize = 2_000;
/// The most an entry may cost, in stamps.
pub const MAX_ENTRY_STAMPS: i64 = 1_000;

/// How far ahead a raffle can be planned.
const MAX_AHEAD: Duration = Duration::days(366);
/// The least time between the freezing of the list and the draw: its hash must be out before the seed is.
const MIN_PAUSE: Duration = Duration::seconds(1);

/// One prize. Its code is not here: it lies encrypted where only the server finds it, by `reference`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Prize {
    /// What it is.
    pub title: String,
    /// Names the code and binds us to it without telling it: a keyed hash in hex, once within a raffle.
    pub reference: String,
    /// Until when it can be used.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_on: Option<NaiveDate>,
}

/// The terms, fixed when the raffle is created; only prizes are added.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Terms {
    /// What everybody reads first.
    pub title: String,
    /// More about it; may be empty.
    #[serde(default)]
    pub description: String,
    /// In the order in which they are drawn: the first winner has the first.
    pub prizes: Vec<Prize>,
    /// When nobody can enter any more and the list is frozen.
    pub closes_at: Timestamp,
    /// When it is drawn; at least a second later.
    pub draw_at: Timestamp,
    /// What an entry costs, in stamps: 1 to 1,000.
    #[serde(default = "default_cost")]
    pub entry_stamps: i64,
    /// Whether nobody wins twice, however many entries they have.
    #[serde(default = "yes")]
    pub one_per_person: bool,
    /// How many entries one person may have; `None`: as many as they like.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_per_person: Option<u32>,
    /// The SHA-256 of the seed that will decide. The seed itself is not here: whoever reads the journal does not know it.
    pub commitment: Digest,
}

const fn default_cost() -> i64 {
    ENTRY_STAMPS
}

const fn yes() -> bool {
    true
}

fn is_title(text: &str) -> bool {
    !text.trim().is_empty() && text.chars().count() <= MAX_TITLE && !text.chars().any(char::is_control)
}

/// Whether these prizes can be in one raffle.
pub(super) fn check_prizes(prizes: &[Prize]) -> Result<(), Refusal> {
    let invalid = |why: &str| Err(Refusal::Invalid(why.to_owned()));
    if prizes.is_empty() || prizes.len() > MAX_PRIZES {
        return invalid("there must be 1 to 100 prizes");
    }
    if !prizes.iter().all(|prize| is_title(&prize.title)) {
        return invalid("a prize's title must have 1 to 200 characters");
    }
    let mut references: Vec<_> = prizes.iter().map(|prize| &prize.reference).collect();
    references.sort_unstable();
    references.dedup();
    if references.len() != prizes.len() {
        return invalid("two prizes have the same code");
    }
    Ok(())
}

impl Terms {
    /// Whether they make sense at that moment.
    ///
    /// # Errors
    /// [`Refusal::Invalid`] with the first thing that does not.
    pub fn check(&self, now: Timestamp) -> Result<(), Refusal> {
        let invalid = |why: &str| Err(Refusal::Invalid(why.to_owned()));
        if !is_title(&self.title) {
            return invalid("the title must have 1 to 200 characters");
        }
        if self.description.chars().count() > MAX_DESCRIPTION {
            return invalid("the description may have at most 2,000 characters");
        }
        if self.closes_at <= now {
            return invalid("entries must close in the future");
        }
        if self.draw_at < self.closes_at.checked_add_signed(MIN_PAUSE).unwrap_or(self.closes_at) {
            return invalid("the draw must be at least a second after entries close");
        }
        if self.draw_at.signed_duration_since(now) > MAX_AHEAD {
            return invalid("the draw must be within a year");
        }
        if !(1..=MAX_ENTRY_STAMPS).contains(&self.entry_stamps) {
            return invalid("an entry must cost 1 to 1,000 stamps");
        }
        if self.max_per_person == Some(0) {
            return invalid("everybody must be allowed one entry");
        }
        check_prizes(&self.prizes)
    }

    /// What an entry costs.
    #[must_use]
    pub const fn cost(&self) -> Money {
        Money::new(self.entry_stamps, Currency::STAMPS)
    }

    /// How long the frozen list is out before the seed is.
    pub(super) fn pause(&self) -> Duration {
        self.draw_at.signed_duration_since(self.closes_at)
    }
}

/// Who created a raffle, beside its terms: they cannot enter it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Created {
    /// The terms.
    pub terms: Terms,
    /// Who; `None` for the system.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<UserId>,
}
