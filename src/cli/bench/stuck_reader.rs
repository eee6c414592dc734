//! Watchers that never read: what each costs the server before it is cut.

use std::time::{Duration, Instant};

use serde::Serialize;

use super::crowd::{Crowd, Told};
use super::house::House;
use super::process;
use crate::cli::client::frame;
use crate::cli::figures::{each, float};

const CHANNEL: &str = "bench:stuck";
const STUCK: usize = 300;
const MESSAGE_BYTES: usize = 4096;
/// More than the kernel's buffers and the server's bound together.
const MESSAGES: usize = 4096;
const METRIC: &str = "slow_client_cut_total";

/// What stuck readers cost.
#[derive(Debug, Clone, Serialize)]
pub struct StuckReader {
    /// How many never read.
    pub stuck: usize,
    /// Megabytes published to each of them.
    pub published_mb: f64,
    /// The most memory the server took for each, in KB (1,024 bytes).
    pub kb_each: f64,
    /// How many were cut, as the server's metric says.
    pub cut: f64,
    /// The close code, where one could still be delivered.
    pub close_code: Option<u16>,
}

/// Runs it.
///
/// # Errors
/// When the crowd cannot be set up.
pub async fn run(house: &mut House) -> anyhow::Result<StuckReader> {
    let tokens = house.tokens(1).await?;
    let token = tokens.first().map(String::as_str);
    let mut crowd = Crowd::new(house.address, STUCK.saturating_add(1))?;
    (0..STUCK).for_each(|who| crowd.get_stuck(who));
    let cut_before = house.metric(METRIC).await.unwrap_or(0.0);
    crowd.connect_all();
    let mut open = 0usize;
    let settle = Instant::now() + Duration::from_secs(2);
    while Instant::now() < settle {
        crowd.turn(Duration::from_millis(20), |crowd, who, told| {
            if let Told::Open = told {
                open = open.saturating_add(1);
                crowd.send(who, &format!("{}\n{}", frame::connect(1, token), frame::subscribe(2, CHANNEL, None)));
            }
        })?;
    }
    let resident = || house.pid.and_then(process::resident).unwrap_or(0);
    let before = resident();
    let (mut most, mut published, mut answered) = (0u64, 0usize, 0usize);
    let begun = Instant::now();
    let text = publish(&"x".repeat(MESSAGE_BYTES));
    while answered < MESSAGES && begun.elapsed() < Duration::from_secs(30) {
        // Each publication is answered: eight under way keep the server busy and its own publisher's queue short.
        while published < MESSAGES && published.saturating_sub(answered) < 8 {
            crowd.send(STUCK, &text);
            published = published.saturating_add(1);
        }
        crowd.turn(Duration::from_millis(5), |_, who, told| {
            if let (STUCK, Told::Frame(payload)) = (who, told) {
                let replies = payload.split(|byte| *byte == b'\n').filter(|line| line.starts_with(br#"{"id":3"#)).count();
                answered = answered.saturating_add(replies);
            }
        })?;
        most = most.max(resident().saturating_sub(before));
    }
    let close_code = read_at_last(&mut crowd)?;
    let cut = house.metric(METRIC).await.unwrap_or(0.0) - cut_before;
    Ok(StuckReader {
        stuck: open.saturating_sub(1),
        published_mb: float(answered.saturating_mul(MESSAGE_BYTES)) / 1_048_576.0,
        kb_each: each(float(usize::try_from(most).unwrap_or(usize::MAX)) / 1024.0, STUCK, 1.0),
        cut,
        close_code,
    })
}

fn publish(pad: &str) -> String {
    format!(r#"{{"id":3,"publish":{{"channel":"{CHANNEL}","data":{{"type":"bench","pad":"{pad}"}}}}}}"#)
}

/// The stuck begin to read: what is left in the kernel's buffers ends with the close frame, if it found a place there.
fn read_at_last(crowd: &mut Crowd) -> std::io::Result<Option<u16>> {
    crowd.read_again();
    let mut code = None;
    let end = Instant::now() + Duration::from_secs(2);
    while Instant::now() < end {
        crowd.turn(Duration::from_millis(20), |_, _, told| {
            if let Told::Closed(Some(told)) = told {
                code = Some(told);
            }
        })?;
    }
    Ok(code)
}
