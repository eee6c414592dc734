//! The figures of a replay, and whether they are the expected ones.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use serde::Serialize;

use super::drive::AuctionOutcome;
use super::watch::Tally;
use crate::cli::figures::{per_second, percentile_ms};

/// What a replay found out.
#[derive(Debug, Clone, Serialize)]
pub struct Report {
    /// Auctions played to their end.
    pub auctions: usize,
    /// Bidders signed up.
    pub bidders: usize,
    /// Bids sent, each counted once however often it was asked.
    pub sent: usize,
    /// Bids accepted.
    pub accepted: usize,
    /// Bids refused, by the code of the refusal.
    pub refused: BTreeMap<String, usize>,
    /// Auctions whose price is that of the file.
    pub exact: usize,
    /// Bids that had to be asked again before the answer was definite.
    pub asked_again: usize,
    /// Bids answered per second, from the first to the last.
    pub bids_per_second: f64,
    /// Half of the answers came within this many milliseconds.
    pub answer_p50_ms: f64,
    /// 99 of 100 did.
    pub answer_p99_ms: f64,
    /// How many watchers watched all auctions.
    pub watchers: usize,
    /// What they got.
    pub watched: Tally,
}

impl Report {
    /// Sums up.
    #[must_use]
    pub fn of(outcomes: &[AuctionOutcome], bidders: usize, took: Duration, watchers: usize, watched: Tally) -> Self {
        let bids: Vec<_> = outcomes.iter().flat_map(|outcome| &outcome.bids).collect();
        let mut refused = BTreeMap::new();
        for code in bids.iter().filter_map(|bid| bid.refused.as_ref()) {
            let count: &mut usize = refused.entry(code.clone()).or_default();
            *count = count.saturating_add(1);
        }
        let mut times: Vec<Duration> = bids.iter().map(|bid| bid.took).collect();
        times.sort_unstable();
        Self {
            auctions: outcomes.len(),
            bidders,
            sent: bids.len(),
            accepted: bids.iter().filter(|bid| bid.refused.is_none()).count(),
            refused,
            exact: outcomes.iter().filter(|outcome| outcome.price == Some(outcome.expected)).count(),
            asked_again: bids.iter().filter(|bid| bid.tries > 1).count(),
            bids_per_second: per_second(bids.len(), took),
            answer_p50_ms: percentile_ms(&times, 50),
            answer_p99_ms: percentile_ms(&times, 99),
            watchers,
            watched,
        }
    }

    /// Which expectations are not met, in words.
    #[must_use]
    pub fn shortfalls(&self, expected: &Expected) -> Vec<String> {
        let mut found = Vec::new();
        let mut check = |what: &str, wanted: Option<usize>, got: usize| {
            if let Some(wanted) = wanted.filter(|wanted| *wanted != got) {
                found.push(format!("{what}: expected {wanted}, got {got}"));
            }
        };
        check("accepted", expected.accepted, self.accepted);
        check("exact", expected.exact, self.exact);
        for (what, count) in [("missed", self.watched.missed), ("doubled", self.watched.doubled), ("ended", self.watched.ended)]
        {
            if count > 0 {
                found.push(format!("{what}: expected 0, got {count}"));
            }
        }
        found
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let refused: Vec<String> = self.refused.iter().map(|(code, count)| format!("{count} {code}")).collect();
        let refused = if refused.is_empty() { String::new() } else { format!(" (refused: {})", refused.join(", ")) };
        writeln!(f, "auctions            {}", self.auctions)?;
        writeln!(f, "bidders             {}", self.bidders)?;
        writeln!(f, "bids accepted       {} of {}{refused}", self.accepted, self.sent)?;
        writeln!(f, "final prices exact  {} of {}", self.exact, self.auctions)?;
        writeln!(f, "bids asked again    {}", self.asked_again)?;
        writeln!(f, "bids per second     {:.0}", self.bids_per_second)?;
        writeln!(f, "answer p50 / p99    {:.1} / {:.1} ms", self.answer_p50_ms, self.answer_p99_ms)?;
        let Tally { received, missed, doubled, snapshots, recoveries, ended } = self.watched;
        writeln!(f, "watchers            {}", self.watchers)?;
        write!(
            f,
            "publications        {received} received, {missed} missed, {doubled} doubled ({recoveries} recoveries, {snapshots} \
             snapshots, {ended} ended)"
        )
    }
}

/// What a script expects: `accepted=3623,exact=237`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Expected {
    accepted: Option<usize>,
    exact: Option<usize>,
}

impl FromStr for Expected {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut expected = Self::default();
        for part in text.split(',') {
            let (key, value) = part.split_once('=').ok_or_else(|| format!("`{part}` is not key=number"))?;
            let value = value.trim().parse().map_err(|_| format!("`{value}` is not a number"))?;
            match key.trim() {
                "accepted" => expected.accepted = Some(value),
                "exact" => expected.exact = Some(value),
                other => return Err(format!("`{other}` is not one of: accepted, exact")),
            }
        }
        Ok(expected)
    }
}

#[cfg(test)]
mod tests {
    use super::super::drive::BidOutcome;
    use super::*;

    fn bid(line: u64, refused: Option<&str>, ms: u64, tries: u32) -> BidOutcome {
        BidOutcome { line, refused: refused.map(str::to_owned), took: Duration::from_millis(ms), tries }
    }

    fn report(missed: u64) -> Report {
        let bids = vec![bid(2, None, 4, 1), bid(3, Some("auction.bid_too_low"), 2, 3), bid(4, None, 8, 1)];
        let outcomes = [
            AuctionOutcome { id: 1, bids, price: Some(100), expected: 100, offset: 4 },
            AuctionOutcome { id: 2, bids: Vec::new(), price: None, expected: 50, offset: 2 },
        ];
        Report::of(&outcomes, 2, Duration::from_secs(3), 1, Tally { received: 6, missed, ..Tally::default() })
    }

    #[test]
    fn the_figures_are_summed() {
        let report = report(0);
        assert_eq!((report.sent, report.accepted, report.exact, report.asked_again), (3, 2, 1, 1));
        assert_eq!((report.answer_p50_ms, report.answer_p99_ms, report.bids_per_second), (4.0, 8.0, 1.0));
        assert!(report.to_string().contains("2 of 3 (refused: 1 auction.bid_too_low)"));
    }

    #[test]
    fn expectations_are_compared() {
        let expected: Expected = "accepted=2,exact=1".parse().unwrap();
        assert!(report(0).shortfalls(&expected).is_empty());
        assert_eq!(report(2).shortfalls(&expected), ["missed: expected 0, got 2"]);
        let more: Expected = "accepted=3".parse().unwrap();
        assert_eq!(report(0).shortfalls(&more), ["accepted: expected 3, got 2"]);
    }

    #[test]
    fn an_unknown_expectation_is_named() {
        assert_eq!("sold=3".parse::<Expected>(), Err("`sold` is not one of: accepted, exact".to_owned()));
        assert!("accepted".parse::<Expected>().is_err());
    }
}
