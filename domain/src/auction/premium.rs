//! What a hammer price costs the buyer and brings the seller.

use serde::{Deserialize, Serialize};

use crate::auction::rules::Rules;

/// One band of the buyer's premium: the part of the hammer price from `from` up to the next band is charged at this rate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Band {
    /// Where the band begins, in minor units.
    pub from: i64,
    /// Its rate in basis points.
    pub rate_bp: u32,
}

/// Everything a hammer price leads to, in minor units.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Amounts {
    /// The price the hammer fell at.
    pub hammer: i64,
    /// The buyer's premium on it.
    pub premium: i64,
    /// Value added tax on the premium.
    pub vat: i64,
    /// What the buyer pays: hammer, premium and tax.
    pub total: i64,
    /// What the house keeps of the hammer price.
    pub commission: i64,
    /// What the seller gets: the hammer price less the commission.
    pub proceeds: i64,
}

const WHOLE_BP: i128 = 10_000;

/// A share in units of one ten-thousandth of a minor unit, to whole minor units, a half upwards.
fn rounded(ten_thousandths: i128) -> i64 {
    i64::try_from((ten_thousandths + WHOLE_BP / 2) / WHOLE_BP).unwrap_or(i64::MAX)
}

fn share(amount: i64, rate_bp: u32) -> i64 {
    rounded(i128::from(amount) * i128::from(rate_bp))
}

/// The buyer's premium: marginal, rounded once.
fn premium(hammer: i64, bands: &[Band]) -> i64 {
    let ends = bands.iter().skip(1).map(|band| band.from).chain(std::iter::once(i64::MAX));
    let parts = bands.iter().zip(ends).map(|(band, end)| {
        let within = (hammer.min(end) - band.from).max(0);
        i128::from(within) * i128::from(band.rate_bp)
    });
    rounded(parts.sum())
}

impl Amounts {
    /// What this hammer price leads to under these rules.
    #[must_use]
    pub fn of(hammer: i64, rules: &Rules) -> Self {
        let premium = premium(hammer, &rules.premium);
        let vat = share(premium, rules.premium_vat_bp);
        let commission = share(hammer, rules.commission_bp);
        let total = hammer.saturating_add(premium).saturating_add(vat);
        Self { hammer, premium, vat, total, commission, proceeds: hammer.saturating_sub(commission) }
    }
}

/// What must be held for a maximum: all that a buyer at that price would pay.
#[must_use]
pub fn cover(max: i64, rules: &Rules) -> i64 {
    Amounts::of(max, rules).total
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::auction::rules::Preset;
    use crate::money::{Currency, Money};

    fn rules(premium: &[(i64, u32)], vat: u32, commission: u32) -> Rules {
        let premium = premium.iter().map(|&(from, rate_bp)| Band { from, rate_bp }).collect();
        Rules { premium, premium_vat_bp: vat, commission_bp: commission, ..Preset::Timed.rules(Currency::KRW) }
    }

    #[test]
    fn the_premium_is_marginal_by_band() {
        // Sotheby's 2020 rates: 25 %, 20 %, 13.9 %.
        let rules = rules(&[(0, 2_500), (400_000, 2_000), (4_000_000, 1_390)], 0, 0);
        assert_eq!(Amounts::of(400_000, &rules).premium, 100_000);
        assert_eq!(Amounts::of(1_000_000, &rules).premium, 100_000 + 120_000);
        assert_eq!(Amounts::of(5_000_000, &rules).premium, 100_000 + 720_000 + 139_000);
    }

    #[test]
    fn the_buyer_pays_hammer_premium_and_tax_and_the_seller_gets_hammer_less_commission() {
        // I AUCTION: 15 % and VAT.
        let amounts = Amounts::of(1_000_000, &rules(&[(0, 1_500)], 1_000, 800));
        let wanted = Amounts {
            hammer: 1_000_000,
            premium: 150_000,
            vat: 15_000,
            total: 1_165_000,
            commission: 80_000,
            proceeds: 920_000,
        };
        assert_eq!(amounts, wanted);
    }

    #[test]
    fn a_half_is_rounded_upwards_once() {
        assert_eq!(Amounts::of(5, &rules(&[(0, 1_000)], 0, 0)).premium, 1);
        assert_eq!(Amounts::of(4, &rules(&[(0, 1_000)], 0, 0)).premium, 0);
        // 0.3 and 0.3 of two bands: 0.6 together, so 1.
        assert_eq!(Amounts::of(6, &rules(&[(0, 1_000), (3, 1_000)], 0, 0)).premium, 1);
    }

    #[test]
    fn without_a_premium_the_hold_is_the_maximum() {
        assert_eq!(cover(12_345, &rules(&[], 1_000, 500)), 12_345);
    }

    #[test]
    fn the_largest_amounts_do_not_overflow() {
        let rules = rules(&[(0, 10_000)], 10_000, 10_000);
        assert_eq!(cover(Money::MAX_AMOUNT, &rules), 3 * Money::MAX_AMOUNT);
    }
}
