//! The price between two private maxima.

use crate::auction::steps::Steps;

/// The facts that the price follows from, besides the step table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Contest {
    /// The price at which bidding starts.
    pub start: i64,
    /// The hidden reserve.
    pub reserve: Option<i64>,
    /// The best maximum; on a tie, the earlier one.
    pub best: i64,
    /// The second best, if anybody else has bid.
    pub second: Option<i64>,
}

/// The visible price: the start with one bidder, else the second maximum and a step, but never above the best maximum; up
/// to the reserve as soon as the best maximum reaches it; the whole best maximum while it does not.
#[must_use]
pub fn price(contest: &Contest, steps: &Steps) -> i64 {
    let Contest { start, reserve, best, second } = *contest;
    let open = second.map_or(start, |second| steps.next(second).min(best).max(start));
    match reserve {
        None => open,
        Some(reserve) if best < reserve => best,
        Some(reserve) => open.max(reserve),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::auction::steps::Step;

    fn flat(step: i64) -> Steps {
        Steps::Own(vec![Step { from: 0, step }])
    }

    fn alone(start: i64, reserve: Option<i64>, best: i64) -> Contest {
        Contest { start, reserve, best, second: None }
    }

    fn against(start: i64, best: i64, second: i64) -> Contest {
        Contest { start, reserve: None, best, second: Some(second) }
    }

    #[test]
    fn one_bidder_pays_the_start_and_two_the_second_maximum_and_a_step() {
        // EquipBid: start 2, step 2: A at most 100 pays 2; B at most 50: A leads at 52.
        assert_eq!(price(&alone(2, None, 100), &flat(2)), 2);
        assert_eq!(price(&against(2, 100, 50), &flat(2)), 52);
        // OzBid: start 550, step 50: A at most 800, B bids 600: A leads at 650.
        assert_eq!(price(&against(550, 800, 600), &flat(50)), 650);
        // ReefnBid: current 20, step 1, A at most 50: A pays 21.
        assert_eq!(price(&against(1, 50, 20), &flat(1)), 21);
    }

    #[test]
    fn a_maximum_that_reaches_the_reserve_lifts_the_price_to_it() {
        // ReefnBid: reserve 20, current 10, at most 40: 20.
        let contest = Contest { start: 1, reserve: Some(20), best: 40, second: Some(9) };
        assert_eq!(price(&contest, &flat(1)), 20);
        // dealersimplified: reserve 2500: at most 3000 gives 2500; at most 1800 gives 1800, not met.
        assert_eq!(price(&alone(1_000, Some(2_500), 3_000), &flat(50)), 2_500);
        assert_eq!(price(&alone(1_000, Some(2_500), 1_800), &flat(50)), 1_800);
    }

    #[test]
    fn a_tie_goes_to_the_earlier_at_the_whole_maximum() {
        assert_eq!(price(&against(1, 250, 250), &Steps::Ebay), 250);
    }

    #[test]
    fn a_winner_can_lead_by_less_than_a_step() {
        assert_eq!(price(&against(100, 10_300, 10_200), &Steps::Ebay), 10_300);
    }
}
