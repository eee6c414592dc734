//! What the file asks for: auctions, their bids in time order, and what each bidder needs in the bank.

use std::collections::{BTreeMap, HashMap};
use std::io::Read;

use serde::Deserialize;

/// One row of the file.
#[derive(Debug, Deserialize)]
struct Row {
    auction_id: String,
    item: String,
    duration_days: u32,
    opening_bid: String,
    final_price: String,
    bid_time_days: String,
    bidder: String,
    max_bid: String,
}

/// Everything to replay.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// In the order of the file.
    pub auctions: Vec<PlannedAuction>,
    /// By bidder, the sum in cents of the most they name in each auction: no bid holds more.
    pub bidders: BTreeMap<String, i64>,
}

/// One auction of the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlannedAuction {
    /// The file's number of it.
    pub name: String,
    /// What is sold.
    pub item: String,
    /// How many days it ran.
    pub days: u32,
    /// In cents.
    pub opening_bid: i64,
    /// What it was really sold for, in cents.
    pub final_price: i64,
    /// In time order; the file's order breaks ties.
    pub bids: Vec<PlannedBid>,
}

/// One bid.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlannedBid {
    /// Its line in the file, the header being line 1.
    pub line: u64,
    /// Who.
    pub bidder: String,
    /// The most they will pay, in cents.
    pub max: i64,
}

/// Why a file cannot be replayed.
#[derive(Debug, thiserror::Error)]
pub enum PlanError {
    /// A row is not what the columns promise.
    #[error("line {line}: {reason}")]
    Row {
        /// Which line.
        line: u64,
        /// What is wrong with it.
        reason: String,
    },
    /// Nothing but a header, if that.
    #[error("the file holds no bids")]
    Empty,
}

/// Reads a file of bids.
///
/// # Errors
/// The first row that cannot be read, by its line: half a replay proves nothing.
pub fn read(file: impl Read) -> Result<Plan, PlanError> {
    let mut reader = csv::Reader::from_reader(file);
    let mut auctions: Vec<(PlannedAuction, Vec<f64>)> = Vec::new();
    let mut places: HashMap<String, usize> = HashMap::new();
    for (row, line) in reader.deserialize::<Row>().zip(2u64..) {
        let wrong = |reason: String| PlanError::Row { line, reason };
        let row = row.map_err(|error| wrong(error.to_string()))?;
        let cents_of =
            |text: &str, column: &str| cents(text).ok_or_else(|| wrong(format!("{column} is not an amount: {text}")));
        let (opening_bid, final_price) =
            (cents_of(&row.opening_bid, "opening_bid")?, cents_of(&row.final_price, "final_price")?);
        let max = cents_of(&row.max_bid, "max_bid")?;
        let time: f64 = row.bid_time_days.parse().map_err(|_| wrong("bid_time_days is not a number".to_owned()))?;
        let place = *places.entry(row.auction_id.clone()).or_insert(auctions.len());
        if place == auctions.len() {
            let (name, item, days) = (row.auction_id, row.item, row.duration_days);
            let auction = PlannedAuction { name, item, days, opening_bid, final_price, bids: Vec::new() };
            auctions.push((auction, Vec::new()));
        }
        if let Some((auction, times)) = auctions.get_mut(place) {
            if auction.opening_bid != opening_bid || auction.final_price != final_price {
                return Err(wrong("opening_bid or final_price differs from the auction's earlier rows".to_owned()));
            }
            auction.bids.push(PlannedBid { line, bidder: row.bidder, max });
            times.push(time);
        }
    }
    if auctions.is_empty() {
        return Err(PlanError::Empty);
    }
    let auctions: Vec<PlannedAuction> = auctions.into_iter().map(in_time_order).collect();
    let bidders = needs(&auctions);
    Ok(Plan { auctions, bidders })
}

impl Plan {
    /// How many bids there are.
    #[must_use]
    pub fn bids(&self) -> usize {
        self.auctions.iter().map(|auction| auction.bids.len()).sum()
    }

    /// The first `auctions` auctions only.
    #[must_use]
    pub fn first(mut self, auctions: usize) -> Self {
        self.auctions.truncate(auctions);
        self.bidders = needs(&self.auctions);
        self
    }
}

fn in_time_order((mut auction, times): (PlannedAuction, Vec<f64>)) -> PlannedAuction {
    let mut timed: Vec<(f64, PlannedBid)> = times.into_iter().zip(auction.bids).collect();
    timed.sort_by(|(a, _), (b, _)| a.total_cmp(b));
    auction.bids = timed.into_iter().map(|(_, bid)| bid).collect();
    auction
}

fn needs(auctions: &[PlannedAuction]) -> BTreeMap<String, i64> {
    let mut bidders = BTreeMap::new();
    for auction in auctions {
        let mut most: BTreeMap<&str, i64> = BTreeMap::new();
        for bid in &auction.bids {
            let max = most.entry(&bid.bidder).or_default();
            *max = (*max).max(bid.max);
        }
        for (bidder, max) in most {
            let need: &mut i64 = bidders.entry(bidder.to_owned()).or_default();
            *need = need.saturating_add(max);
        }
    }
    bidders
}

/// A decimal amount of dollars in cents; nothing else is an amount, and nothing is rounded.
fn cents(text: &str) -> Option<i64> {
    let (whole, fraction) = text.trim().split_once('.').unwrap_or((text.trim(), ""));
    if whole.is_empty() || fraction.len() > 2 || ![whole, fraction].iter().all(|s| s.bytes().all(|b| b.is_ascii_digit())) {
        return None;
    }
    let fraction: i64 = format!("{fraction:0<2}").parse().ok()?;
    whole.parse::<i64>().ok()?.checked_mul(100)?.checked_add(fraction)
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEADER: &str = "auction_id,item,duration_days,opening_bid,final_price,bid_time_days,bidder,bidder_rating,max_bid\n";

    fn plan(rows: &str) -> Result<Plan, PlanError> {
        read(format!("{HEADER}{rows}").as_bytes())
    }

    #[test]
    fn bids_are_in_time_order_and_the_file_breaks_ties() {
        let plan = plan("7,Watch,3,0.99,177.5,2.5,b,0,10\n8,Xbox,5,1,2,0.1,a,0,2\n7,Watch,3,0.99,177.5,0.5,a,0,5\n7,Watch,3,0.99,177.5,0.5,c,0,6.25\n").unwrap();
        let watch = &plan.auctions[0];
        assert_eq!((watch.opening_bid, watch.final_price, watch.days), (99, 17_750, 3));
        let order: Vec<_> = watch.bids.iter().map(|bid| (bid.line, bid.bidder.as_str(), bid.max)).collect();
        assert_eq!(order, [(4, "a", 500), (5, "c", 625), (2, "b", 1000)]);
        assert_eq!((plan.auctions.len(), plan.bids()), (2, 4));
    }

    #[test]
    fn a_bidder_needs_the_highest_maximum_of_each_auction() {
        let plan = plan("1,X,3,1,9,0.1,a,0,5\n1,X,3,1,9,0.2,a,0,3\n2,Y,3,1,9,0.1,a,0,7.5\n").unwrap();
        assert_eq!(plan.bidders.get("a"), Some(&1250));
        assert_eq!(plan.first(1).bidders.get("a"), Some(&500));
    }

    #[test]
    fn a_bad_row_is_named_by_its_line() {
        for (rows, reason) in [
            ("1,X,3,1,9,0.1,a,0,5\n1,X,3,1,9,0.2,a,0,-3\n", "line 3: max_bid is not an amount: -3"),
            ("1,X,3,1,9,soon,a,0,5\n", "line 2: bid_time_days is not a number"),
            ("1,X,3,1,9.999,0.1,a,0,5\n", "line 2: final_price is not an amount: 9.999"),
            (
                "1,X,3,1,9,0.1,a,0,5\n1,X,3,2,9,0.2,a,0,5\n",
                "line 3: opening_bid or final_price differs from the auction's earlier rows",
            ),
            ("", "the file holds no bids"),
        ] {
            assert_eq!(plan(rows).unwrap_err().to_string(), reason);
        }
    }

    #[test]
    fn amounts_are_exact() {
        for (text, expected) in
            [("0.01", Some(1)), ("99", Some(9900)), ("177.5", Some(17_750)), ("", None), (".5", None), ("1e3", None)]
        {
            assert_eq!(cents(text), expected, "{text}");
        }
    }
}
