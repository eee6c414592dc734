//! Durable answered bids on one hot lot over sockets: each bidder waits for the answer, then bids again.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use anyhow::bail;
use memchr::memmem;
use serde::Serialize;
use uuid::Uuid;

use super::crowd::{Crowd, Told};
use super::house::{CURRENCY, House, OPENING_BID, STEP};
use crate::cli::client::frame;
use crate::cli::figures::{each, per_second, percentile_ms, share};

/// Not measured: caches fill, connections warm up.
const WARM_UP: Duration = Duration::from_secs(2);

/// How much more each bid names than the one before: some steps, so that one that is overtaken on its way is still enough.
const STRIDE: i64 = 4 * STEP;

/// What the hot lot took.
#[derive(Debug, Clone, Serialize)]
pub struct HotLot {
    /// How many bid at once.
    pub bidders: usize,
    /// Answered per second: each answer durable.
    pub bids_per_second: f64,
    /// The part of them that was accepted.
    pub accepted_share: f64,
    /// Milliseconds from sending to the answer: half were faster.
    pub p50_ms: f64,
    /// 99 of 100 were faster.
    pub p99_ms: f64,
    /// The others, by the code of the refusal.
    pub refused: BTreeMap<String, usize>,
    /// Error replies: none is expected.
    pub errors: usize,
    /// Processor seconds of the server per thousand bids.
    pub server_cpu_s_per_thousand: f64,
    /// Processor seconds of its database per thousand bids.
    pub database_cpu_s_per_thousand: f64,
}

#[derive(Debug)]
struct Bidding {
    auction: i64,
    amount: i64,
    sent_at: Vec<Option<Instant>>,
    counting: bool,
    answers: Vec<Duration>,
    accepted: usize,
    refused: BTreeMap<String, usize>,
    errors: usize,
}

impl Bidding {
    fn bid(&mut self, crowd: &mut Crowd, who: usize) {
        self.amount = self.amount.saturating_add(STRIDE);
        let text = format!(
            r#"{{"id":2,"rpc":{{"method":"auction.bid","data":{{"auction":{},"max":{{"amount":{},"currency":"{CURRENCY}"}},"command_id":"{}"}}}}}}"#,
            self.auction,
            self.amount,
            Uuid::now_v7(),
        );
        if let Some(sent_at) = self.sent_at.get_mut(who) {
            *sent_at = Some(Instant::now());
        }
        crowd.send(who, &text);
    }

    fn answered(&mut self, who: usize, payload: &[u8]) {
        let Some(sent_at) = self.sent_at.get_mut(who).and_then(Option::take) else { return };
        if !self.counting {
            return;
        }
        self.answers.push(sent_at.elapsed());
        if memmem::find(payload, br#""error":{"#).is_some() {
            self.errors = self.errors.saturating_add(1);
        } else if memmem::find(payload, br#""result":"refused""#).is_none() {
            self.accepted = self.accepted.saturating_add(1);
        } else {
            let count = self.refused.entry(code_in(payload)).or_default();
            *count = count.saturating_add(1);
        }
    }
}

/// The code of a refusal, found without building a tree of the answer.
fn code_in(payload: &[u8]) -> String {
    let key: &[u8] = br#""code":""#;
    let rest = memmem::find(payload, key).and_then(|at| payload.get(at.saturating_add(key.len())..)).unwrap_or_default();
    let code = rest.split(|byte| *byte == b'"').next().unwrap_or_default();
    String::from_utf8_lossy(code).into_owned()
}

/// Runs it.
///
/// # Errors
/// When the crowd cannot be set up or the server closes a connection.
pub async fn run(house: &mut House, bidders: usize, lasting: Duration) -> anyhow::Result<HotLot> {
    let tokens = house.tokens(bidders).await?;
    let auction = house.auction().await?;
    let mut crowd = Crowd::new(house.address, bidders)?;
    let mut bidding = Bidding {
        auction,
        amount: OPENING_BID,
        sent_at: vec![None; bidders],
        counting: false,
        answers: Vec::with_capacity(1 << 20),
        accepted: 0,
        refused: BTreeMap::new(),
        errors: 0,
    };
    crowd.connect_all();
    let mut closed = 0usize;
    let mut play = |crowd: &mut Crowd, bidding: &mut Bidding, until: Instant| -> std::io::Result<()> {
        while Instant::now() < until {
            crowd.turn(Duration::from_millis(20), |crowd, who, told| match told {
                Told::Open => crowd.send(who, &frame::connect(1, tokens.get(who).map(String::as_str))),
                Told::Frame(payload) => {
                    bidding.answered(who, payload);
                    bidding.bid(crowd, who);
                }
                Told::Closed(_) => closed = closed.saturating_add(1),
            })?;
        }
        Ok(())
    };
    tokio::task::block_in_place(|| play(&mut crowd, &mut bidding, Instant::now() + WARM_UP))?;
    let (before, begun) = (house.usage(), Instant::now());
    bidding.counting = true;
    tokio::task::block_in_place(|| play(&mut crowd, &mut bidding, begun + lasting))?;
    let took = begun.elapsed();
    let used = house.usage() - before;
    if closed > 0 {
        bail!("the server closed {closed} connections: are its limits raised?");
    }
    bidding.answers.sort_unstable();
    let count = bidding.answers.len();
    Ok(HotLot {
        bidders,
        bids_per_second: per_second(count, took),
        accepted_share: share(bidding.accepted, count),
        p50_ms: percentile_ms(&bidding.answers, 50),
        p99_ms: percentile_ms(&bidding.answers, 99),
        refused: bidding.refused,
        errors: bidding.errors,
        server_cpu_s_per_thousand: each(used.own_cpu_s, count, 1e3),
        database_cpu_s_per_thousand: each(used.children_cpu_s, count, 1e3),
    })
}
