//! The load: people who ask, stop answers now and then, and have those continued that broke off, each read twice: over a stream
//! that comes back with its position, and over a socket.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use madang::cli::bench::chats::QUESTION;
use madang::cli::bench::chats::listen::{Asker, Heard, Place};
use madang::cli::client::account::Account;
use madang::cli::client::api::Api;
use madang::cli::client::live::{self, Live};
use parking_lot::Mutex;
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::sync::mpsc;
use uuid::Uuid;

use crate::nemesis::Pulse;

/// How long anything may take until it is over.
const PATIENCE: Duration = Duration::from_secs(120);
/// One of so many answers is stopped in the middle.
const STOP_ONE_OF: u32 = 5;

/// What was read of one answer in one way.
#[derive(Debug, Clone)]
pub struct Read {
    /// Which.
    pub place: Place,
    /// In which way.
    pub over: &'static str,
    /// What was read.
    pub text: String,
    /// What went wrong on the way.
    pub wrong: Option<String>,
}

/// What the askers write down. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Record {
    begun: Instant,
    accepted: Arc<Mutex<Vec<Duration>>>,
    reads: Arc<Mutex<Vec<Read>>>,
    /// How often somebody came back to an answer in the middle.
    pub came_back: Arc<AtomicUsize>,
}

impl Record {
    /// Begins now.
    pub fn begin() -> Self {
        Self { begun: Instant::now(), accepted: Arc::default(), reads: Arc::default(), came_back: Arc::default() }
    }

    /// When questions were accepted.
    pub fn accepted(&self) -> Vec<Duration> {
        self.accepted.lock().clone()
    }

    /// What was read.
    pub fn take(&self) -> Vec<Read> {
        std::mem::take(&mut *self.reads.lock())
    }
}

impl Pulse for Record {
    fn now(&self) -> Duration {
        self.begun.elapsed()
    }

    fn served_after(&self, moment: Duration) -> Option<Duration> {
        self.accepted.lock().iter().copied().filter(|at| *at > moment).min()
    }
}

/// A person with a conversation.
#[derive(Debug, Clone)]
pub struct Seat {
    /// The server.
    pub api: Api,
    /// Who.
    pub account: Arc<Account>,
    /// The conversation.
    pub chat: i64,
}

/// Asks until told to stop; every answer is brought to its end.
pub async fn asker(seat: Seat, record: Record, stop: Arc<AtomicBool>) -> anyhow::Result<()> {
    let Seat { api, account, chat } = seat;
    let (live, ears) = Live::start(&api, Some(Arc::clone(&account)));
    live.watch(&format!("chat:{chat}"), None);
    let texts = Texts::default();
    tokio::spawn(texts.clone().watch(ears));
    let asker = Asker::new(&api)?;
    let mut last = 0;
    while !stop.load(Ordering::Relaxed) {
        let asked = command(&live, "chat.ask", json!({ "chat": chat, "text": QUESTION })).await?;
        record.accepted.lock().push(record.now());
        last = u32::try_from(asked.get("message").and_then(Value::as_u64).context("no number")?)?;
        let place = Place { chat, message: last };
        if rand::random_range(0..STOP_ONE_OF) == 0 {
            tokio::spawn(stop_soon(live.clone(), place));
        }
        let mut heard = Heard::default();
        let begun = Instant::now();
        loop {
            asker.persist(place, &account.token().await?, &mut heard, PATIENCE).await?;
            if matches!(heard.stage.as_deref(), Some("done" | "stopped")) {
                break;
            }
            if begun.elapsed() > PATIENCE {
                bail!("an answer that is {:?} cannot be continued", heard.stage);
            }
            // Whatever it broke off for, it can be continued. Refused where somebody stopped it meanwhile.
            record.came_back.fetch_add(1, Ordering::Relaxed);
            drop(command(&live, "chat.continue", json!({ "chat": chat, "message": last })).await);
        }
        let wrong = heard.gap.then(|| "words began elsewhere than where the text ended".to_owned());
        record.reads.lock().push(Read { place, over: "stream", text: heard.text, wrong });
    }
    let begun = Instant::now();
    while last > 0 && !texts.is_over(last) {
        if begun.elapsed() > PATIENCE {
            bail!("a socket never heard of the end of answer {last} in chat:{chat}");
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    record.reads.lock().extend(texts.reads(chat));
    Ok(())
}

async fn stop_soon(live: Live, Place { chat, message }: Place) {
    tokio::time::sleep(Duration::from_millis(rand::random_range(0..800))).await;
    // Over already, perhaps.
    drop(command(&live, "chat.stop", json!({ "chat": chat, "message": message })).await);
}

/// Gives a command until its answer is definite.
async fn command(live: &Live, method: &str, mut data: Value) -> anyhow::Result<Value> {
    if let Value::Object(fields) = &mut data {
        fields.insert("command_id".to_owned(), Uuid::now_v7().to_string().into());
    }
    let told = live.command(method, &data, PATIENCE).await?.data;
    match told.get("code").and_then(Value::as_str) {
        Some(code) => bail!("{method} was refused: {code}"),
        None => Ok(told),
    }
}

/// An answer as a socket has it. Its tokens are ASCII, so that bytes are characters.
#[derive(Debug, Default)]
struct Text {
    text: String,
    over: bool,
    wrong: Option<String>,
}

/// The answers of a conversation as a socket has them. Cheap to clone.
#[derive(Debug, Clone, Default)]
struct Texts(Arc<Mutex<BTreeMap<u32, Text>>>);

/// What a publication says of an answer.
#[derive(Deserialize)]
struct Told<'a> {
    #[serde(rename = "type", borrow)]
    kind: Cow<'a, str>,
    #[serde(default)]
    message: u32,
    #[serde(default)]
    from: usize,
    #[serde(default)]
    length: usize,
    #[serde(default, borrow)]
    text: Cow<'a, str>,
}

impl Texts {
    async fn watch(self, mut ears: mpsc::UnboundedReceiver<live::Heard>) {
        while let Some(heard) = ears.recv().await {
            let mut texts = self.0.lock();
            match heard {
                live::Heard::Publication { data, .. } => {
                    if let Ok(told) = serde_json::from_str::<Told<'_>>(data.get()) {
                        texts.entry(told.message).or_default().take(&told);
                    }
                }
                live::Heard::Subscribed { asked: Some(_), recovered: false, .. } => {
                    let text = texts.entry(0).or_default();
                    text.wrong = Some("a position within reach was not recovered".to_owned());
                }
                live::Heard::Ended { why, .. } => texts.entry(0).or_default().wrong = Some(why),
                live::Heard::Connected | live::Heard::Lost | live::Heard::Subscribed { .. } | live::Heard::Farewell(_) => {}
            }
        }
    }

    fn is_over(&self, message: u32) -> bool {
        self.0.lock().get(&message).is_some_and(|text| text.over)
    }

    /// What was read; as message 0 what is wrong with the socket itself.
    fn reads(&self, chat: i64) -> Vec<Read> {
        let read = |(message, text): (u32, Text)| Read {
            place: Place { chat, message },
            over: "socket",
            text: text.text,
            wrong: text.wrong,
        };
        std::mem::take(&mut *self.0.lock()).into_iter().map(read).collect()
    }
}

impl Text {
    fn take(&mut self, told: &Told<'_>) {
        match &*told.kind {
            "written" | "tokens" => {
                let known = self.text.len().saturating_sub(told.from);
                match told.text.get(known..) {
                    Some(new) if told.from <= self.text.len() => self.text.push_str(new),
                    // What was missed of words in passing comes again; of the journal's nothing may be missed.
                    Some(_) if told.kind == "written" => self.wrong = Some(format!("words are missing before {}", told.from)),
                    Some(_) | None => {}
                }
            }
            // Words of the last moment before a crash were never kept.
            "finished" | "continued" => {
                if self.text.len() < told.length {
                    self.wrong = Some(format!("{} characters of {}", self.text.len(), told.length));
                }
                self.text.truncate(told.length);
                self.over = told.kind == "finished";
            }
            _ => {}
        }
    }
}
