//! Durable claims and answers over sockets: each person asks for a task, types what it says, asks for the next.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use anyhow::bail;
use memchr::memmem;
use serde::{Deserialize, Serialize};
use serde_json::json;
use uuid::Uuid;

use super::crowd::{Crowd, Told};
use super::house::House;
use crate::cli::client::frame;
use crate::cli::figures::{each, per_second, percentile_ms};

/// Not measured: caches fill, connections warm up.
const WARM_UP: Duration = Duration::from_secs(2);
/// Campaigns that are open at once.
const CAMPAIGNS: usize = 4;
/// Boxes for so many claims and answers a second are made ready, at five answers each, for as long as it lasts.
const MOST_PER_SECOND: usize = 20_000;
/// A campaign has at most so many boxes here.
const MOST_BOXES: usize = 18_000;
/// One answer of so many has a slip.
const SLIP: u32 = 12;

/// What labeling took.
#[derive(Debug, Clone, Serialize)]
pub struct Labels {
    /// How many label at once, each on their own socket.
    pub people: usize,
    /// Claims and answers per second, each durable when it was answered.
    pub per_second: f64,
    /// Of those, answers that were accepted, per second.
    pub answers_per_second: f64,
    /// Milliseconds from sending to the answer of either: half were faster.
    pub p50_ms: f64,
    /// 99 of 100 were faster.
    pub p99_ms: f64,
    /// Refused ones, by code.
    pub refused: BTreeMap<String, usize>,
    /// Asked for a task in vain.
    pub nothing: usize,
    /// Error replies: none is expected.
    pub errors: usize,
    /// Processor seconds of the server per thousand claims and answers.
    pub server_cpu_s_per_thousand: f64,
    /// Processor seconds of its database per thousand claims and answers.
    pub database_cpu_s_per_thousand: f64,
}

/// What somebody was given.
#[derive(Debug, Clone, Copy, Deserialize)]
struct Task {
    campaign: i64,
    task: u32,
    lease: Uuid,
    fence: u64,
}

#[derive(Debug, Default)]
struct Labeling {
    /// When each person asked what is not answered yet, and whether it was for a task.
    asked: Vec<Option<(Instant, bool)>>,
    counting: bool,
    times: Vec<Duration>,
    answers: usize,
    nothing: usize,
    refused: BTreeMap<String, usize>,
    errors: usize,
    given: u32,
}

/// The part of a reply that matters here.
#[derive(Debug, Deserialize)]
struct Reply<'a> {
    #[serde(borrow)]
    rpc: Rpc<'a>,
}

#[derive(Debug, Deserialize)]
struct Rpc<'a> {
    #[serde(borrow)]
    data: Said<'a>,
}

/// A task, or the code of a refusal, or that the answer was taken.
#[derive(Debug, Deserialize)]
struct Said<'a> {
    #[serde(default)]
    task: Option<Task>,
    #[serde(borrow, default)]
    code: Option<Cow<'a, str>>,
}

impl Labeling {
    fn ask(&mut self, crowd: &mut Crowd, who: usize, task: Option<Task>) {
        let id = Uuid::now_v7();
        let text = match task {
            None => format!(r#"{{"id":2,"rpc":{{"method":"label.next","data":{{"command_id":"{id}"}}}}}}"#),
            Some(Task { campaign, task, lease, fence }) => {
                self.given = self.given.wrapping_add(1);
                let word =
                    if self.given.is_multiple_of(SLIP) { format!("slip {}", self.given) } else { format!("word {task}") };
                format!(
                    r#"{{"id":2,"rpc":{{"method":"label.answer","data":{{"campaign":{campaign},"lease":"{lease}","fence":{fence},"answer":"{word}","command_id":"{id}"}}}}}}"#
                )
            }
        };
        if let Some(asked) = self.asked.get_mut(who) {
            *asked = Some((Instant::now(), task.is_none()));
        }
        crowd.send(who, &text);
    }

    /// Takes a reply in and gives the task, if it brought one.
    fn answered(&mut self, who: usize, payload: &[u8]) -> Option<Task> {
        let (asked, claim) = self.asked.get_mut(who)?.take()?;
        let said = serde_json::from_slice::<Reply<'_>>(payload).ok().map(|reply| reply.rpc.data);
        let task = said.as_ref().and_then(|said| said.task);
        if !self.counting {
            return task;
        }
        match said {
            None => self.errors = self.errors.saturating_add(1),
            Some(Said { code: Some(code), .. }) => {
                let count = self.refused.entry(code.into_owned()).or_default();
                *count = count.saturating_add(1);
            }
            Some(_) if claim && task.is_none() => self.nothing = self.nothing.saturating_add(1),
            Some(_) => {
                self.times.push(asked.elapsed());
                self.answers = self.answers.saturating_add(usize::from(!claim));
            }
        }
        task
    }
}

/// Whether a payload is the answer to `connect` or to a call.
fn is_reply(payload: &[u8]) -> bool {
    memmem::find(payload, br#""push":{"#).is_none()
}

/// Runs it.
///
/// # Errors
/// When the campaigns or the crowd cannot be set up or the server closes a connection.
pub async fn run(house: &mut House, people: usize, lasting: Duration) -> anyhow::Result<Labels> {
    let tokens = house.tokens(people).await?;
    let seconds = usize::try_from((lasting + WARM_UP).as_secs())?;
    let boxes = (MOST_PER_SECOND.saturating_mul(seconds) / (2 * 5 * CAMPAIGNS)).clamp(1_500, MOST_BOXES);
    for _ in 0..CAMPAIGNS {
        // People of a benchmark are as fast as the server; tests would only take a part of them off.
        house.campaign(boxes, json!({ "min_answer_ms": 0, "gold_bp": 0 })).await?;
    }
    let mut crowd = Crowd::new(house.address, people)?;
    let mut labeling = Labeling { asked: vec![None; people], ..Labeling::default() };
    crowd.connect_all();
    let mut closed = 0usize;
    let mut play = |crowd: &mut Crowd, labeling: &mut Labeling, until: Instant| -> std::io::Result<()> {
        while Instant::now() < until {
            crowd.turn(Duration::from_millis(20), |crowd, who, told| match told {
                Told::Open => crowd.send(who, &frame::connect(1, tokens.get(who).map(String::as_str))),
                Told::Frame(payload) => {
                    for line in payload.split(|byte| *byte == b'\n').filter(|line| is_reply(line)) {
                        let task = labeling.answered(who, line);
                        labeling.ask(crowd, who, task);
                    }
                }
                Told::Closed(_) => closed = closed.saturating_add(1),
            })?;
        }
        Ok(())
    };
    tokio::task::block_in_place(|| play(&mut crowd, &mut labeling, Instant::now() + WARM_UP))?;
    let (before, begun) = (house.usage(), Instant::now());
    labeling.counting = true;
    tokio::task::block_in_place(|| play(&mut crowd, &mut labeling, begun + lasting))?;
    let took = begun.elapsed();
    let used = house.usage() - before;
    if closed > 0 {
        bail!("the server closed {closed} connections: are its limits raised?");
    }
    labeling.times.sort_unstable();
    let count = labeling.times.len();
    Ok(Labels {
        people,
        per_second: per_second(count, took),
        answers_per_second: per_second(labeling.answers, took),
        p50_ms: percentile_ms(&labeling.times, 50),
        p99_ms: percentile_ms(&labeling.times, 99),
        refused: labeling.refused,
        nothing: labeling.nothing,
        errors: labeling.errors,
        server_cpu_s_per_thousand: each(used.own_cpu_s, count, 1e3),
        database_cpu_s_per_thousand: each(used.children_cpu_s, count, 1e3),
    })
}
