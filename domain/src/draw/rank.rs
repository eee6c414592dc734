//! From the frozen list and the revealed seed to the order of the tickets.

use std::cmp::{Ordering, Reverse};
use std::collections::BTreeSet;

use hmac::{Hmac, KeyInit, Mac};
use serde::{Deserialize, Serialize};
use sha2::Sha256;

use crate::draw::Flaw;
use crate::draw::digest::{Digest, Seed};
use crate::draw::list::{FrozenList, Ticket};

/// Binary digits after the point of a logarithm.
const FRACTION: u32 = 48;

/// A prize and who has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Winner {
    /// Which prize: 1, 2, 3 ... in the order in which they were drawn.
    pub prize: u32,
    /// By which ticket.
    pub ticket: u32,
    /// Whose ticket it is.
    pub holder: u32,
}

/// A ticket's place in the order, before it is compared.
struct Ranked<'a> {
    ticket: &'a Ticket,
    score: [u8; 32],
    cost: u128,
}

impl Ranked<'_> {
    /// `-log2(u) / weight`, lowest first; of equal ones the higher score, then the lower number. Compared by multiplying
    /// crosswise, so that nothing is rounded: both factors together have fewer than 128 digits.
    fn cmp(&self, other: &Self) -> Ordering {
        let mine = self.cost.saturating_mul(u128::from(other.ticket.weight));
        let theirs = other.cost.saturating_mul(u128::from(self.ticket.weight));
        mine.cmp(&theirs)
            .then_with(|| Reverse(self.score).cmp(&Reverse(other.score)))
            .then_with(|| self.ticket.number.cmp(&other.ticket.number))
    }
}

/// `log2(x)` for `x` in 1..=2^64, rounded down to 48 binary digits after the point, as a whole number of 2^-48. Digit by
/// digit, by squaring what is left: the same whole numbers on every machine and in every language, which a floating-point
/// logarithm does not promise.
fn log2(x: u128) -> u128 {
    let whole = 127u32.saturating_sub(x.leading_zeros());
    // The rest, in [1, 2), with 63 digits after the point.
    let mut rest = if whole > 63 { x >> (whole - 63) } else { x << (63 - whole) };
    let mut log = u128::from(whole);
    for _ in 0..FRACTION {
        rest = rest.saturating_mul(rest) >> 63;
        let digit = rest >> 64;
        rest >>= digit;
        log = (log << 1) | digit;
    }
    log
}

/// `-log2(u)` in units of 2^-48, where `u` is the score's first 8 bytes plus one, over 2^64: never zero, at most one.
fn cost(score: &[u8; 32]) -> u128 {
    let first = score.first_chunk::<8>().map_or(0, |bytes| u64::from_be_bytes(*bytes));
    (64u128 << FRACTION).saturating_sub(log2(u128::from(first).saturating_add(1)))
}

/// What the seed, the list and the beacon's value, where there is one, come to: the key of every ticket's score.
fn key(list: &Digest, seed: &Seed, beacon: Option<&str>) -> Digest {
    Digest::of(format!("madang draw key 1\n{list}\n{seed}\n{}\n", beacon.unwrap_or("-")).as_bytes())
}

fn score(key: &Digest, ticket: u32) -> Result<[u8; 32], Flaw> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key.bytes()).map_err(|_| Flaw::Name)?;
    mac.update(ticket.to_string().as_bytes());
    Ok(mac.finalize().into_bytes().into())
}

impl FrozenList {
    /// The winners, in the order of the prizes: fewer than prizes where there are fewer tickets or holders.
    ///
    /// `beacon` is the value of the announced beacon's round, in lower-case hex.
    ///
    /// # Errors
    /// [`Flaw::Seed`] when the seed is not the one that was committed to; [`Flaw::Beacon`] when a beacon was announced and
    /// its value is missing or no hex, or one is given that was not announced.
    pub fn draw(&self, seed: &Seed, beacon: Option<&str>) -> Result<Vec<Winner>, Flaw> {
        if seed.commitment() != self.announced().commitment {
            return Err(Flaw::Seed);
        }
        let is_hex = |text: &str| {
            (2..=256).contains(&text.len()) && text.bytes().all(|digit| matches!(digit, b'0'..=b'9' | b'a'..=b'f'))
        };
        if beacon.is_some() != self.announced().beacon.is_some() || beacon.is_some_and(|value| !is_hex(value)) {
            return Err(Flaw::Beacon);
        }
        let key = key(&self.hash(), seed, beacon);
        let mut ranked = Vec::with_capacity(self.tickets().len());
        for ticket in self.tickets() {
            let score = score(&key, ticket.number)?;
            ranked.push(Ranked { ticket, score, cost: cost(&score) });
        }
        ranked.sort_unstable_by(Ranked::cmp);
        let rule = self.announced().rule;
        let mut lucky = BTreeSet::new();
        let first = ranked.iter().filter(|ranked| !rule.one_per_holder || lucky.insert(ranked.ticket.holder));
        let winners = (1..=rule.prizes).zip(first);
        Ok(winners
            .map(|(prize, ranked)| Winner { prize, ticket: ranked.ticket.number, holder: ranked.ticket.holder })
            .collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn logarithms_are_exact_where_they_are_whole_and_close_elsewhere() {
        for power in 0..=64u32 {
            assert_eq!(log2(1u128 << power), u128::from(power) << FRACTION);
        }
        // Checked against the logarithm to 40 decimal digits: rounded down, and never off by more than two units.
        for (x, log) in [
            (3u128, 446127282977750u128),
            (5u128, 653564656432238u128),
            (10u128, 935039633142894u128),
            (12345u128, 3825706331791723u128),
            (18446744073709551615u128, 18014398509481983u128),
            (3735928559u128, 8950572040419877u128),
        ] {
            assert_eq!(log2(x), log);
        }
    }

    #[test]
    fn a_higher_score_never_costs_more() {
        let of = |first: u64| {
            let mut score = [0; 32];
            score[..8].copy_from_slice(&first.to_be_bytes());
            cost(&score)
        };
        let mut before = of(0);
        for step in 1..2_000u64 {
            let now = of(step.wrapping_mul(9_223_372_036_854_775));
            assert!(now <= before);
            before = now;
        }
        assert_eq!((of(0), of(u64::MAX)), (64 << FRACTION, 0));
    }
}
