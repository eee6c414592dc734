//! The stalls of the demo: each always has an auction, each with rules of its own.

use chrono::TimeDelta;
use madang_domain::auction::daily::{next_settlement, next_start};
use madang_domain::auction::{Preset, Subject, Terms};
use madang_domain::ids::UserId;
use madang_domain::money::Currency;
use madang_domain::time::Timestamp;
use serde_json::{Value, json};

/// When a stall's auctions end.
#[derive(Debug, Clone, Copy)]
enum End {
    /// So many minutes after they open.
    After(i64),
    /// At the next midnight in Seoul.
    Midnight,
    /// Open at the next 14:00 in Seoul, until midnight.
    Tomorrow,
}

/// One stall.
#[derive(Debug, Clone, Copy)]
pub(super) struct Stall {
    preset: Preset,
    currency: Currency,
    opening_bid: i64,
    reserve: Option<i64>,
    end: End,
    rules: fn() -> Value,
    /// What the demo's bidders name as soon as it is open, in turn.
    pub(super) bids: &'static [i64],
}

/// A house's usual terms: 15 % premium up to 50 million won, 10 % above, tax on it, 8 % commission.
fn house_terms() -> Value {
    let bands = json!([{ "from": 0, "rate_bp": 1_500 }, { "from": 50_000_000, "rate_bp": 1_000 }]);
    json!({ "premium": bands, "premium_vat_bp": 1_000, "commission_bp": 800 })
}

fn no_other() -> Value {
    Value::Null
}

fn quarter_of_an_hour() -> Value {
    json!({ "open_for_s": 900 })
}

const fn stall(preset: Preset, currency: Currency, opening_bid: i64, end: End, rules: fn() -> Value) -> Stall {
    Stall { preset, currency, opening_bid, reserve: None, end, rules, bids: &[] }
}

/// All of them.
pub(super) const STALLS: [Stall; 8] = [
    Stall {
        reserve: Some(500_000),
        bids: &[350_000, 420_000],
        ..stall(Preset::Timed, Currency::KRW, 300_000, End::After(180), house_terms)
    },
    Stall { bids: &[80_000], ..stall(Preset::Live, Currency::KRW, 50_000, End::After(30), no_other) },
    Stall { bids: &[120_000], ..stall(Preset::Seed, Currency::KRW, 100_000, End::Midnight, no_other) },
    Stall { bids: &[14_000, 12_000, 21_000], ..stall(Preset::Ebay, Currency::USD, 9_900, End::After(24 * 60), no_other) },
    Stall { bids: &[500], ..stall(Preset::Whatnot, Currency::USD, 100, End::After(15), quarter_of_an_hour) },
    stall(Preset::Timed, Currency::KRW, 150_000, End::After(10), no_other),
    Stall { bids: &[2_500_000], ..stall(Preset::Timed, Currency::KRW, 2_000_000, End::After(3 * 24 * 60), house_terms) },
    stall(Preset::Seed, Currency::KRW, 100_000, End::Tomorrow, no_other),
];

impl Stall {
    /// In which currency it sells.
    pub(super) const fn currency(&self) -> Currency {
        self.currency
    }

    /// Whether its auctions are opened at once, and not at a time.
    pub(super) const fn opens_at_once(&self) -> bool {
        !matches!(self.end, End::Tomorrow)
    }

    /// The terms of its next auction. The pictures are the drawn ones: a demo must not need the network.
    pub(super) fn terms(&self, seller: UserId, subject: Subject, now: Timestamp) -> Result<Terms, String> {
        let (starts_at, ends_at) = match self.end {
            End::After(minutes) => (None, now.checked_add_signed(TimeDelta::minutes(minutes))),
            End::Midnight => (None, next_settlement(now)),
            End::Tomorrow => {
                let start = next_start(now);
                (start, start.and_then(next_settlement))
            }
        };
        Ok(Terms {
            seller,
            subject: Subject { image_urls: Vec::new(), ..subject },
            currency: self.currency,
            opening_bid: self.opening_bid,
            reserve: self.reserve,
            rules: self.preset.rules_with(self.currency, &(self.rules)())?,
            starts_at,
            ends_at,
        })
    }
}

#[cfg(test)]
mod tests {
    use madang_domain::ids::ArtworkId;

    use super::*;

    #[test]
    fn the_terms_of_every_stall_make_sense_at_any_hour() {
        let subject = Subject {
            id: ArtworkId::new(1),
            title: "씨름".to_owned(),
            artist: "김홍도".to_owned(),
            medium: None,
            size: None,
            year: None,
            image_urls: Vec::new(),
        };
        for hour in 0..24 {
            let now = format!("2026-03-01T{hour:02}:00:00Z").parse().unwrap();
            for stall in STALLS {
                let terms = stall.terms(UserId::new(1), subject.clone(), now).unwrap();
                assert_eq!(terms.check(now), Ok(()), "{stall:?} at {now}");
                assert_eq!(terms.starts_at.is_none(), stall.opens_at_once());
            }
        }
    }
}
