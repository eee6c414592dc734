//! Real auctions under the classic proxy rules: the shared file's 3,640 bids of 244 auctions.

use std::collections::BTreeMap;
use std::path::PathBuf;

use chrono::TimeDelta;

use super::house::{House, bidder, terms, won};
use crate::auction::{Command, Preset};
use crate::money::Currency;

/// One row of the file, in hundredths and microseconds.
struct Row {
    at: TimeDelta,
    bidder: i64,
    max: i64,
}

/// One auction of the file.
#[derive(Default)]
struct Real {
    lasts: TimeDelta,
    opening_bid: i64,
    final_price: i64,
    rows: Vec<Row>,
}

fn shared_file() -> Option<PathBuf> {
    let shared = std::env::var_os("MADANG_SHARED").map(PathBuf::from);
    let beside = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../shared");
    let file = shared.unwrap_or(beside).join("data/ebay/bids.csv");
    file.exists().then_some(file)
}

/// A decimal number with at most this many digits after the point, without a float in between.
fn fixed(text: &str, digits: usize) -> i64 {
    let (whole, part) = text.split_once('.').unwrap_or((text, ""));
    format!("{whole}{part:0<digits$}").parse().unwrap()
}

fn read(text: &str) -> BTreeMap<String, Real> {
    let mut auctions: BTreeMap<String, Real> = BTreeMap::new();
    for line in text.lines().skip(1) {
        let [id, _item, days, opening, last, at, name, _rating, max] = line.split(',').collect::<Vec<_>>()[..] else {
            panic!("not nine columns: {line}");
        };
        let real = auctions.entry(id.to_owned()).or_default();
        real.lasts = TimeDelta::days(days.parse().unwrap());
        (real.opening_bid, real.final_price) = (fixed(opening, 2), fixed(last, 2));
        let millionths_of_a_day = fixed(at, 6);
        let number = name.trim_start_matches("bidder-").parse().unwrap();
        let at = TimeDelta::microseconds(millionths_of_a_day * 86_400);
        real.rows.push(Row { at, bidder: number, max: fixed(max, 2) });
    }
    for real in auctions.values_mut() {
        real.rows.sort_by_key(|row| row.at);
    }
    auctions
}

#[test]
fn real_bids_end_at_the_real_prices() {
    let Some(file) = shared_file() else {
        eprintln!("skipped: no ../shared/data/ebay/bids.csv (set MADANG_SHARED to the folder that holds data/)");
        return;
    };
    let auctions = read(&std::fs::read_to_string(file).unwrap());
    let (mut sent, mut accepted, mut exact) = (0, 0, 0);
    for real in auctions.values() {
        let mut house = House::new();
        let opened = house.now;
        let mut offer = terms(Preset::Ebay.rules(Currency::KRW), real.opening_bid, None);
        (offer.starts_at, offer.ends_at) = (Some(opened), Some(opened + real.lasts));
        house.create(1, offer);
        for row in &real.rows {
            house.pass(opened + row.at - house.now);
            let number = 1_000 + row.bidder;
            house.deposit(number, row.max);
            sent += 1;
            accepted +=
                usize::from(house.order(1, &bidder(number), &Command::PlaceBid { max: won(row.max), confirm: false }).is_ok());
        }
        house.pass(real.lasts);
        exact += usize::from(house.listing(1).book.price() == Some(real.final_price));
        assert_eq!(house.listing(1).stage.name(), "settled");
    }
    assert_eq!((auctions.len(), sent, accepted, exact), (244, 3_640, 3_623, 237));
}
