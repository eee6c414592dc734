//! One publication to ten thousand watchers: what a delivery costs, one message at a time and in bursts.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use anyhow::bail;
use memchr::memmem;
use serde::Serialize;

use super::crowd::{Crowd, Told};
use super::house::House;
use super::process::Usage;
use crate::cli::client::frame;
use crate::cli::figures::{each, per_second, percentile_ms};

/// An open channel: nothing but the fan-out is measured.
const CHANNEL: &str = "bench:fanout";
const MESSAGE_BYTES: usize = 200;
/// The number of signed-in people behind the watchers.
const PEOPLE: usize = 32;

/// What a fan-out cost.
#[derive(Debug, Clone, Serialize)]
pub struct Fanout {
    /// How many watched.
    pub watchers: usize,
    /// At most so many publications were under way at once.
    pub window: usize,
    /// Publications received, by all watchers together.
    pub deliveries: usize,
    /// Deliveries per second.
    pub deliveries_per_second: f64,
    /// Processor seconds of the server per million deliveries.
    pub server_cpu_s_per_million: f64,
    /// Milliseconds until the last watcher had a publication: half were faster.
    pub all_p50_ms: f64,
    /// 99 of 100 were faster.
    pub all_p99_ms: f64,
    /// Deliveries that did not come in their turn: none is expected.
    pub out_of_turn: usize,
}

/// A publication under way.
struct Flight {
    text: Vec<u8>,
    sent_at: Instant,
    outstanding: usize,
}

struct Fan {
    watchers: usize,
    /// How many publications each watcher has had.
    had: Vec<usize>,
    flights: VecDeque<Flight>,
    /// The number of the first in `flights`.
    first: usize,
    subscribed: usize,
    closed: usize,
    deliveries: usize,
    out_of_turn: usize,
    times: Vec<Duration>,
}

impl Fan {
    fn take(&mut self, who: usize, payload: &[u8]) {
        if memmem::find(payload, br#""pub":"#).is_none() {
            if memmem::find(payload, br#""subscribe":"#).is_some() {
                self.subscribed = self.subscribed.saturating_add(1);
            }
            return;
        }
        let Some(had) = self.had.get_mut(who) else { return };
        let flight = had.checked_sub(self.first).and_then(|at| self.flights.get_mut(at));
        *had = had.saturating_add(1);
        let Some(flight) = flight else {
            self.out_of_turn = self.out_of_turn.saturating_add(1);
            return;
        };
        // Everybody gets the same bytes: the first copy is read, the others are compared.
        if flight.text.is_empty() {
            flight.text.extend_from_slice(payload);
        }
        if flight.text != payload {
            self.out_of_turn = self.out_of_turn.saturating_add(1);
            return;
        }
        self.deliveries = self.deliveries.saturating_add(1);
        flight.outstanding = flight.outstanding.saturating_sub(1);
        while self.flights.front().is_some_and(|flight| flight.outstanding == 0) {
            if let Some(done) = self.flights.pop_front() {
                self.times.push(done.sent_at.elapsed());
                self.first = self.first.saturating_add(1);
            }
        }
    }
}

/// The crowd of a fan-out: the last member publishes.
pub struct Audience {
    crowd: Crowd,
    fan: Fan,
    tokens: Vec<String>,
}

impl Audience {
    /// Seats everybody: connected, signed in and subscribed.
    ///
    /// # Errors
    /// When not everybody gets in.
    pub async fn seat(house: &mut House, watchers: usize) -> anyhow::Result<Self> {
        let tokens = house.tokens(PEOPLE).await?;
        let crowd = Crowd::new(house.address, watchers.saturating_add(1))?;
        let fan = Fan {
            watchers,
            had: vec![0; watchers],
            flights: VecDeque::new(),
            first: 0,
            subscribed: 0,
            closed: 0,
            deliveries: 0,
            out_of_turn: 0,
            times: Vec::new(),
        };
        let mut audience = Self { crowd, fan, tokens };
        audience.crowd.connect_all();
        let end = Instant::now() + Duration::from_secs(60);
        while audience.fan.subscribed < watchers {
            if Instant::now() > end || audience.fan.closed > 0 {
                let (subscribed, closed) = (audience.fan.subscribed, audience.fan.closed);
                bail!("only {subscribed} of {watchers} are subscribed, {closed} were closed: are the limits raised?");
            }
            tokio::task::block_in_place(|| audience.turn())?;
        }
        Ok(audience)
    }

    fn turn(&mut self) -> std::io::Result<()> {
        let (fan, tokens) = (&mut self.fan, &self.tokens);
        self.crowd.turn(Duration::from_millis(20), |crowd, who, told| match told {
            Told::Open => {
                let token = tokens.get(who % tokens.len().max(1)).map(String::as_str);
                let mut commands = frame::connect(1, token);
                if who < fan.watchers {
                    commands.push('\n');
                    commands.push_str(&frame::subscribe(2, CHANNEL, None));
                }
                crowd.send(who, &commands);
            }
            Told::Frame(payload) => {
                for line in payload.split(|byte| *byte == b'\n') {
                    fan.take(who, line);
                }
            }
            Told::Closed(_) => fan.closed = fan.closed.saturating_add(1),
        })
    }

    /// Publishes for so long, at most `window` at once, and says what it cost.
    ///
    /// # Errors
    /// When watchers are closed, or what was published does not arrive.
    pub fn run(&mut self, house: &House, window: usize, lasting: Duration) -> anyhow::Result<Fanout> {
        self.fan.deliveries = 0;
        self.fan.out_of_turn = 0;
        self.fan.times.clear();
        let (before, begun) = (house.usage(), Instant::now());
        let mut sent = 0u64;
        while begun.elapsed() < lasting || !self.fan.flights.is_empty() {
            while begun.elapsed() < lasting && self.fan.flights.len() < window {
                sent = sent.saturating_add(1);
                let pad = "x".repeat(MESSAGE_BYTES);
                let text = format!(
                    r#"{{"id":3,"publish":{{"channel":"{CHANNEL}","data":{{"type":"bench","n":{sent},"pad":"{pad}"}}}}}}"#
                );
                self.crowd.send(self.fan.watchers, &text);
                let flight = Flight { text: Vec::new(), sent_at: Instant::now(), outstanding: self.fan.watchers };
                self.fan.flights.push_back(flight);
            }
            self.turn()?;
            if self.fan.closed > 0 || begun.elapsed() > lasting + Duration::from_secs(20) {
                bail!("{} watchers were closed, {} publications did not arrive", self.fan.closed, self.fan.flights.len());
            }
        }
        Ok(self.figures(window, begun.elapsed(), house.usage() - before))
    }

    fn figures(&mut self, window: usize, took: Duration, used: Usage) -> Fanout {
        self.fan.times.sort_unstable();
        Fanout {
            watchers: self.fan.watchers,
            window,
            deliveries: self.fan.deliveries,
            deliveries_per_second: per_second(self.fan.deliveries, took),
            server_cpu_s_per_million: each(used.own_cpu_s, self.fan.deliveries, 1e6),
            all_p50_ms: percentile_ms(&self.fan.times, 50),
            all_p99_ms: percentile_ms(&self.fan.times, 99),
            out_of_turn: self.fan.out_of_turn,
        }
    }
}
