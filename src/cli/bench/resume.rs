//! Everybody is cut off while bidding goes on, and comes back: what each one gets, and how soon. And what an idle
//! connection costs in memory, since the same crowd is there.

use std::time::{Duration, Instant};

use anyhow::bail;
use memchr::memmem;
use serde::Serialize;
use uuid::Uuid;

use super::crowd::{Crowd, Told};
use super::house::{CURRENCY, House, OPENING_BID, STEP};
use crate::cli::client::frame::{self, Incoming, Position};
use crate::cli::figures::{each, float};

/// Two who outbid each other.
const BIDDERS: usize = 2;
/// The number of signed-in people behind the watchers: each sign-in hashes a password in 19 MiB that the server's allocator
/// may keep, which is not the connections' memory.
const PEOPLE: usize = 2;
const CUT_FOR: Duration = Duration::from_secs(2);
const BID_EVERY: Duration = Duration::from_millis(20);
/// Idle connections are measured after the server has settled.
const SETTLE: Duration = Duration::from_secs(3);

/// What it costs to be there.
#[derive(Debug, Clone, Serialize)]
pub struct Memory {
    /// Signed-in, subscribed, resumable connections.
    pub connections: usize,
    /// Resident memory of the server for each, in KB (1,024 bytes).
    pub kb_per_connection: f64,
    /// Connections made and subscribed per second.
    pub opened_per_second: f64,
}

/// What a cut cost.
#[derive(Debug, Clone, Serialize)]
pub struct Resume {
    /// How many were cut.
    pub watchers: usize,
    /// For how long, in seconds.
    pub cut_for_s: f64,
    /// Publications each of them had to get, in all.
    pub publications: u64,
    /// Publications that should have come and did not, of all watchers.
    pub missed: u64,
    /// Publications that came twice.
    pub doubled: u64,
    /// Watchers who were given a snapshot instead.
    pub snapshots: usize,
    /// Seconds from the first connection attempt until the last one was subscribed again.
    pub all_back_s: f64,
}

#[derive(Debug, Clone, Copy, Default)]
struct Watcher {
    last: u64,
    subscribed: bool,
    missed: u64,
    doubled: u64,
    snapshots: usize,
}

/// The crowd: the last members bid.
pub struct Watched {
    crowd: Crowd,
    room: Room,
}

/// What the crowd knows.
struct Room {
    watchers: Vec<Watcher>,
    tokens: Vec<String>,
    auction: i64,
    channel: String,
    epoch: String,
    amount: i64,
    head: u64,
    bidders_ready: usize,
    /// Whose turn it is: each outbids the other, so that every bid is a publication.
    turn: usize,
    next_bid_at: Instant,
    /// Refused for the moment: they ask again.
    again: Vec<usize>,
}

impl Watched {
    /// An open auction, and nobody there yet.
    ///
    /// # Errors
    /// When the auction cannot be made.
    pub async fn new(house: &mut House, watchers: usize) -> anyhow::Result<Self> {
        let tokens = house.tokens(PEOPLE).await?;
        let auction = house.auction().await?;
        let room = Room {
            watchers: vec![Watcher::default(); watchers],
            tokens,
            auction,
            channel: format!("auction:{auction}"),
            epoch: String::new(),
            amount: OPENING_BID,
            head: 0,
            bidders_ready: 0,
            turn: 0,
            next_bid_at: Instant::now(),
            again: Vec::new(),
        };
        Ok(Self { crowd: Crowd::new(house.address, watchers.saturating_add(BIDDERS))?, room })
    }

    /// Everybody comes; what they cost once they are idle.
    ///
    /// # Errors
    /// When not everybody gets in.
    pub fn arrive(&mut self, house: &House) -> anyhow::Result<Memory> {
        let begun = Instant::now();
        self.crowd.connect_all();
        self.until_all_are_subscribed()?;
        let took = begun.elapsed();
        let settled = Instant::now() + SETTLE;
        while Instant::now() < settled {
            self.turn()?;
        }
        let count = self.room.watchers.len();
        let grown = house.usage().resident_bytes.saturating_sub(house.resident_at_start);
        let kilobytes = float(usize::try_from(grown).unwrap_or(usize::MAX)) / 1024.0;
        Ok(Memory {
            connections: count,
            kb_per_connection: each(kilobytes, count, 1.0),
            opened_per_second: float(count) / took.as_secs_f64(),
        })
    }

    /// Bids all the while; cuts everybody but the bidders, lets them come back, and counts.
    ///
    /// # Errors
    /// When not everybody comes back.
    pub fn cut_and_return(&mut self) -> anyhow::Result<Resume> {
        let head_before = self.room.watchers.iter().map(|watcher| watcher.last).max().unwrap_or(0);
        self.bid_for(CUT_FOR)?;
        let watchers = self.room.watchers.len();
        for who in 0..watchers {
            self.crowd.cut(who);
        }
        for watcher in &mut self.room.watchers {
            watcher.subscribed = false;
        }
        self.bid_for(CUT_FOR)?;
        let begun = Instant::now();
        self.crowd.connect(0..watchers);
        while self.room.watchers.iter().any(|watcher| !watcher.subscribed) {
            self.bid_for(BID_EVERY)?;
            if begun.elapsed() > Duration::from_secs(60) {
                bail!("not everybody came back");
            }
        }
        let all_back_s = begun.elapsed().as_secs_f64();
        self.bid_for(Duration::from_secs(1))?;
        let quiet = Instant::now() + Duration::from_secs(2);
        while Instant::now() < quiet {
            self.turn()?;
        }
        let head = self.room.head;
        let outstanding = self.room.watchers.iter().map(|watcher| head.saturating_sub(watcher.last));
        let gaps = self.room.watchers.iter().map(|watcher| watcher.missed);
        Ok(Resume {
            watchers,
            cut_for_s: CUT_FOR.as_secs_f64(),
            publications: head.saturating_sub(head_before),
            missed: outstanding.chain(gaps).sum(),
            doubled: self.room.watchers.iter().map(|watcher| watcher.doubled).sum(),
            snapshots: self.room.watchers.iter().map(|watcher| watcher.snapshots).sum(),
            all_back_s,
        })
    }

    fn until_all_are_subscribed(&mut self) -> anyhow::Result<()> {
        let end = Instant::now() + Duration::from_secs(60);
        while self.room.bidders_ready < BIDDERS || self.room.watchers.iter().any(|watcher| !watcher.subscribed) {
            self.turn()?;
            if Instant::now() > end {
                let there = self.room.watchers.iter().filter(|watcher| watcher.subscribed).count();
                bail!("only {there} of {} are subscribed: are the limits raised?", self.room.watchers.len());
            }
        }
        Ok(())
    }

    fn bid_for(&mut self, lasting: Duration) -> std::io::Result<()> {
        let end = Instant::now() + lasting;
        while Instant::now() < end {
            if Instant::now() >= self.room.next_bid_at && self.room.bidders_ready == BIDDERS {
                self.room.next_bid_at = Instant::now() + BID_EVERY;
                self.room.amount = self.room.amount.saturating_add(STEP.saturating_mul(2));
                let data = serde_json::json!({
                    "auction": self.room.auction,
                    "max": { "amount": self.room.amount, "currency": CURRENCY },
                    "command_id": Uuid::now_v7(),
                });
                self.room.turn = self.room.turn.saturating_add(1);
                let bidder = self.room.watchers.len().saturating_add(self.room.turn % BIDDERS);
                self.crowd.send(bidder, &frame::rpc(3, "auction.bid", &data));
            }
            self.turn()?;
        }
        Ok(())
    }

    fn turn(&mut self) -> std::io::Result<()> {
        let room = &mut self.room;
        for who in std::mem::take(&mut room.again) {
            self.crowd.send(who, &room.subscription(who));
        }
        self.crowd.turn(Duration::from_millis(5), |crowd, who, told| match told {
            Told::Open => crowd.send(who, &room.greeting(who)),
            Told::Frame(payload) => room.frame(who, payload),
            Told::Closed(_) => {}
        })
    }
}

impl Room {
    fn greeting(&self, who: usize) -> String {
        let token = self.tokens.get(who % self.tokens.len().max(1)).map(String::as_str);
        let connect = frame::connect(1, token);
        if who < self.watchers.len() { format!("{connect}\n{}", self.subscription(who)) } else { connect }
    }

    fn subscription(&self, who: usize) -> String {
        let last = self.watchers.get(who).map_or(0, |watcher| watcher.last);
        let position = Position { epoch: self.epoch.clone(), offset: last };
        let from = (!self.epoch.is_empty() && last > 0).then_some(&position);
        frame::subscribe(2, &self.channel, from)
    }

    fn frame(&mut self, who: usize, payload: &[u8]) {
        for line in lines(payload) {
            match self.watchers.get_mut(who) {
                None => self.bidder(line),
                Some(watcher) if line.starts_with(br#"{"push":"#) => watcher.publications(line),
                Some(watcher) if line.starts_with(br#"{"id":2,"subscribe":"#) => {
                    let recovered = memmem::find(line, br#""recovered":true"#).is_some();
                    if watcher.last == 0 || !recovered {
                        self.snapshot(who, line);
                    } else {
                        watcher.recovered(line);
                        watcher.subscribed = true;
                    }
                }
                // Everybody at once is more than an auction answers at once: `busy` is a reason to ask again.
                Some(_) if line.starts_with(br#"{"id":2,"error":"#) => self.again.push(who),
                Some(_) => {}
            }
        }
    }

    fn snapshot(&mut self, who: usize, line: &[u8]) {
        let Some(reply) = serde_json::from_slice::<Incoming>(line).ok().and_then(|incoming| incoming.subscribe) else { return };
        let Some(watcher) = self.watchers.get_mut(who) else { return };
        watcher.snapshots = watcher.snapshots.saturating_add(usize::from(watcher.last > 0));
        watcher.last = reply.offset;
        watcher.subscribed = true;
        self.epoch = reply.epoch;
    }

    fn bidder(&mut self, line: &[u8]) {
        let Ok(incoming) = serde_json::from_slice::<Incoming>(line) else { return };
        self.bidders_ready = self.bidders_ready.saturating_add(usize::from(incoming.connect.is_some()));
        let offset = incoming.rpc.and_then(|reply| reply.data.get("offset").and_then(serde_json::Value::as_u64));
        self.head = self.head.max(offset.unwrap_or(0));
    }
}

/// The lines of a frame. Ten thousand recoveries are hundreds of megabytes: not byte by byte.
fn lines(payload: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = Some(payload);
    std::iter::from_fn(move || {
        let left = rest?;
        let (line, after) = match memchr::memchr(b'\n', left).and_then(|at| left.split_at_checked(at)) {
            Some((line, after)) => (line, after.get(1..)),
            None => (left, None),
        };
        rest = after;
        Some(line)
    })
}

impl Watcher {
    /// Takes the missed publications that came with the answer; others follow as pushes. The answer's own offset stands
    /// outside their list, which ends with the line's last bracket.
    fn recovered(&mut self, line: &[u8]) {
        if let Some(at) = memmem::find(line, br#""publications":["#) {
            let end = memchr::memrchr(b']', line).unwrap_or(line.len());
            self.publications(line.get(at..end).unwrap_or_default());
        }
    }

    /// Takes every publication by its offset alone: ten thousand recoveries are not worth a JSON tree each.
    fn publications(&mut self, list: &[u8]) {
        for at in memmem::find_iter(list, br#""offset":"#) {
            let digits = list.get(at.saturating_add(9)..).unwrap_or_default();
            let offset = digits
                .iter()
                .take_while(|byte| byte.is_ascii_digit())
                .fold(0u64, |number, digit| number.saturating_mul(10).saturating_add(u64::from(digit.saturating_sub(b'0'))));
            self.one(offset);
        }
    }

    fn one(&mut self, offset: u64) {
        if offset <= self.last {
            self.doubled = self.doubled.saturating_add(1);
            return;
        }
        self.missed = self.missed.saturating_add(offset.saturating_sub(self.last).saturating_sub(1));
        self.last = offset;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_is_read_line_by_line() {
        let split = |payload: &'static [u8]| lines(payload).collect::<Vec<_>>();
        assert_eq!(split(b"one\n\ntwo"), [&b"one"[..], b"", b"two"]);
        assert_eq!(split(b"one\n"), [&b"one"[..], b""]);
    }

    #[test]
    fn publications_are_read_by_their_offsets() {
        let mut watcher = Watcher { last: 4, ..Watcher::default() };
        watcher.publications(
            br#"{"id":2,"subscribe":{"recovered":true,"publications":[{"data":{"x":1},"offset":5},{"offset":6}]}}"#,
        );
        watcher.publications(br#"{"push":{"channel":"auction:1","pub":{"data":{},"offset":8}}}"#);
        watcher.publications(br#"{"push":{"channel":"auction:1","pub":{"data":{},"offset":8}}}"#);
        assert_eq!((watcher.last, watcher.missed, watcher.doubled), (8, 1, 1));
    }
}
