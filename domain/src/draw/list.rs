//! The frozen list: who takes part, under which rule, in a form that has exactly one text and so exactly one hash.

use std::fmt::Write;

use serde::{Deserialize, Serialize};

use crate::draw::Flaw;
use crate::draw::digest::Digest;

/// The most tickets of one draw.
pub const MAX_TICKETS: usize = 100_000;
/// The longest nonce, in characters.
pub const MAX_NONCE: usize = 64;

/// One chance.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ticket {
    /// Its number within the draw.
    pub number: u32,
    /// Whose it is: a number within the draw, not of a person, so that a published list names nobody.
    pub holder: u32,
    /// How much it counts: a ticket of weight 2 comes before one of weight 1 in two of three draws.
    #[serde(default = "one", skip_serializing_if = "is_one")]
    pub weight: u32,
    /// What its holder added, so that nobody alone can prepare the list: up to 64 of `A-Z a-z 0-9 - _`, or empty.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub nonce: String,
}

impl Ticket {
    /// A ticket of weight 1.
    #[must_use]
    pub const fn new(number: u32, holder: u32, nonce: String) -> Self {
        Self { number, holder, weight: 1, nonce }
    }
}

/// Whether a text can be a nonce: 1 to 64 of `A-Z a-z 0-9 - _`.
#[must_use]
pub fn is_nonce(text: &str) -> bool {
    (1..=MAX_NONCE).contains(&text.len()) && is_plain(text)
}

fn is_plain(text: &str) -> bool {
    text.bytes().all(|sign| sign.is_ascii_alphanumeric() || matches!(sign, b'-' | b'_'))
}

const fn one() -> u32 {
    1
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde gives a reference")]
const fn is_one(weight: &u32) -> bool {
    *weight == 1
}

/// What is drawn for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rule {
    /// How many win.
    pub prizes: u32,
    /// Whether nobody wins twice, however many tickets they hold.
    pub one_per_holder: bool,
}

/// Randomness that nobody here makes, named before anybody can know it: one round of a public beacon.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Beacon {
    /// Which beacon, such as `drand-quicknet`: 1 to 64 of `A-Z a-z 0-9 - _`.
    pub source: String,
    /// Which of its rounds.
    pub round: u64,
}

/// What is announced when a draw opens. All of it is part of the frozen list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Announced {
    /// Which draw: the name of its entity, such as `raffle:5`.
    pub name: String,
    /// What is drawn for.
    #[serde(flatten)]
    pub rule: Rule,
    /// The SHA-256 of the seed.
    pub commitment: Digest,
    /// The beacon's round that goes in, where one was announced.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub beacon: Option<Beacon>,
}

/// A list that cannot change any more: its tickets are in the order of their numbers, each number once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FrozenList {
    announced: Announced,
    tickets: Vec<Ticket>,
}

impl FrozenList {
    /// Freezes a list. In which order the tickets come does not matter.
    ///
    /// # Errors
    /// What is wrong with the announcement or with a ticket.
    pub fn freeze(announced: Announced, mut tickets: Vec<Ticket>) -> Result<Self, Flaw> {
        let plain_name = announced.name.split(':').all(is_nonce);
        if !plain_name || announced.beacon.as_ref().is_some_and(|beacon| !is_nonce(&beacon.source)) {
            return Err(Flaw::Name);
        }
        if tickets.len() > MAX_TICKETS {
            return Err(Flaw::TooMany);
        }
        tickets.sort_unstable_by_key(|ticket| ticket.number);
        for (ticket, next) in tickets.iter().zip(tickets.iter().skip(1)) {
            if ticket.number == next.number {
                return Err(Flaw::Doubled(ticket.number));
            }
        }
        let broken = tickets.iter().find(|ticket| {
            let nonce = ticket.nonce.is_empty() || is_nonce(&ticket.nonce);
            ticket.weight == 0 || !nonce
        });
        match broken {
            Some(ticket) => Err(Flaw::Ticket(ticket.number)),
            None => Ok(Self { announced, tickets }),
        }
    }

    /// What was announced.
    #[must_use]
    pub fn announced(&self) -> &Announced {
        &self.announced
    }

    /// The tickets, by number.
    #[must_use]
    pub fn tickets(&self) -> &[Ticket] {
        &self.tickets
    }

    /// The one text of this list; see the module [`draw`](crate::draw) for its lines.
    #[must_use]
    pub fn text(&self) -> String {
        let Announced { name, rule, commitment, beacon } = &self.announced;
        let one = if rule.one_per_holder { "yes" } else { "no" };
        let beacon = beacon.as_ref().map_or("-".to_owned(), |beacon| format!("{} {}", beacon.source, beacon.round));
        let mut text = format!(
            "madang draw 1\nname {name}\ncommitment {commitment}\nprizes {}\none per holder {one}\nbeacon {beacon}\ntickets {}\n",
            rule.prizes,
            self.tickets.len()
        );
        for Ticket { number, holder, weight, nonce } in &self.tickets {
            let nonce = if nonce.is_empty() { "-" } else { nonce };
            // Writing to a String cannot fail.
            let _ = writeln!(text, "{number} {holder} {weight} {nonce}");
        }
        text
    }

    /// The SHA-256 of [`text`](Self::text): what is published before the seed is known.
    #[must_use]
    pub fn hash(&self) -> Digest {
        Digest::of(self.text().as_bytes())
    }
}
