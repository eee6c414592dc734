//! Step tables: how much more the next bid must be, by the current price.

use serde::{Deserialize, Serialize};

/// One row of a step table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Step {
    /// From this price on, in minor units, included.
    pub from: i64,
    /// The next bid must be this much more, in minor units.
    pub step: i64,
}

const fn row(from: i64, step: i64) -> Step {
    Step { from, step }
}

/// eBay's table in hundredths: 0.01: 0.05, 1: 0.25, 5: 0.50, 25: 1, 100: 2.50, 250: 5, 500: 10, 1000: 25, 2500: 50, 5000: 100.
const EBAY: [Step; 10] = [
    row(1, 5),
    row(100, 25),
    row(500, 50),
    row(2_500, 100),
    row(10_000, 250),
    row(25_000, 500),
    row(50_000, 1_000),
    row(100_000, 2_500),
    row(250_000, 5_000),
    row(500_000, 10_000),
];

/// Whatnot's table in hundredths: 1: 1, 30: 2, 50: 3, 100: 5, 300: 10, 1000: 20, 2000: 50.
const WHATNOT: [Step; 7] = [
    row(100, 100),
    row(3_000, 200),
    row(5_000, 300),
    row(10_000, 500),
    row(30_000, 1_000),
    row(100_000, 2_000),
    row(200_000, 5_000),
];

/// The house's table for won, five to ten per cent of the band.
const WON: [Step; 9] = [
    row(0, 1_000),
    row(20_000, 2_000),
    row(50_000, 5_000),
    row(100_000, 10_000),
    row(500_000, 50_000),
    row(1_000_000, 100_000),
    row(5_000_000, 500_000),
    row(10_000_000, 1_000_000),
    row(50_000_000, 5_000_000),
];

/// Which step table an auction uses. The numbers are minor units of the auction's currency, whatever it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Steps {
    /// eBay's public table.
    Ebay,
    /// Whatnot's public table.
    Whatnot,
    /// The house's table for won.
    Won,
    /// The auction's own rows, in rising order.
    Own(Vec<Step>),
    /// Any higher amount will do.
    None,
}

impl Steps {
    /// The step at a price. A price below the first row takes the first row's.
    #[must_use]
    pub fn at(&self, price: i64) -> i64 {
        match self {
            Self::Ebay => step_at(&EBAY, price),
            Self::Whatnot => step_at(&WHATNOT, price),
            Self::Won => step_at(&WON, price),
            Self::Own(rows) => step_at(rows, price),
            Self::None => 1,
        }
    }

    /// The lowest amount above a price that keeps the step.
    #[must_use]
    pub fn next(&self, price: i64) -> i64 {
        price.saturating_add(self.at(price))
    }
}

fn step_at(rows: &[Step], price: i64) -> i64 {
    let reached = rows.iter().take_while(|row| row.from <= price).last();
    reached.or(rows.first()).map_or(1, |row| row.step)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ebay_table_is_the_public_one() {
        let golden = [
            (1, 5),
            (99, 5),
            (100, 25),
            (499, 25),
            (500, 50),
            (2_499, 50),
            (2_500, 100),
            (9_999, 100),
            (10_000, 250),
            (24_999, 250),
            (25_000, 500),
            (49_999, 500),
            (50_000, 1_000),
            (99_999, 1_000),
            (100_000, 2_500),
            (249_999, 2_500),
            (250_000, 5_000),
            (499_999, 5_000),
            (500_000, 10_000),
            (90_000_000, 10_000),
        ];
        for (price, step) in golden {
            assert_eq!(Steps::Ebay.at(price), step, "at {price}");
        }
    }

    #[test]
    fn the_whatnot_table_is_the_public_one() {
        let golden = [
            (100, 100),
            (2_999, 100),
            (3_000, 200),
            (5_000, 300),
            (10_000, 500),
            (30_000, 1_000),
            (100_000, 2_000),
            (199_999, 2_000),
            (200_000, 5_000),
        ];
        for (price, step) in golden {
            assert_eq!(Steps::Whatnot.at(price), step, "at {price}");
        }
    }

    #[test]
    fn another_houses_table_can_be_given_as_own_rows() {
        // Trade Me: to 20: 0.50, to 200: 1, to 1000: 5, to 5000: 10, to 25000: 50, above: 100.
        let rows = [(0, 50), (2_000, 100), (20_000, 500), (100_000, 1_000), (500_000, 5_000), (2_500_000, 10_000)];
        let steps = Steps::Own(rows.map(|(from, step)| row(from, step)).to_vec());
        for (price, next) in [(1_950, 2_000), (2_000, 2_100), (19_999, 20_099), (99_500, 100_000), (9_000_000, 9_010_000)] {
            assert_eq!(steps.next(price), next, "after {price}");
        }
    }

    #[test]
    fn a_price_below_the_first_row_takes_its_step() {
        assert_eq!(Steps::Whatnot.at(1), 100);
        assert_eq!(Steps::Own(vec![row(50, 7)]).at(3), 7);
    }

    #[test]
    fn without_steps_any_higher_amount_will_do() {
        assert_eq!(Steps::None.next(100), 101);
        assert_eq!(Steps::Ebay.next(i64::MAX), i64::MAX, "no overflow");
    }
}
