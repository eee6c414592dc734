//! Going on with an answer over a socket: from the last publication that one has, with words in passing beyond it.

use std::borrow::Cow;
use std::sync::Arc;

use anyhow::{Context, bail};
use parking_lot::Mutex;
use serde::Deserialize;
use tokio::sync::{mpsc, watch};

use super::LIMIT;
use super::listen::Place;
use crate::cli::client::account::Account;
use crate::cli::client::api::Api;
use crate::cli::client::frame::Position;
use crate::cli::client::live::{Heard, Live};

/// What a publication says of an answer.
#[derive(Deserialize)]
struct Told<'a> {
    #[serde(rename = "type", borrow)]
    kind: Cow<'a, str>,
    #[serde(default)]
    message: u32,
    #[serde(default)]
    from: usize,
    #[serde(default, borrow)]
    text: Cow<'a, str>,
}

/// An answer as one reads it. Tokens are ASCII, so that bytes are characters.
#[derive(Debug)]
struct Reading {
    message: u32,
    text: String,
    over: bool,
}

impl Reading {
    /// Takes what is new of it: the journal tells again what was told in passing.
    fn take(&mut self, data: &str) -> anyhow::Result<()> {
        let Ok(told) = serde_json::from_str::<Told<'_>>(data) else { return Ok(()) };
        if told.message != self.message {
            return Ok(());
        }
        match &*told.kind {
            "written" | "tokens" => match told.text.get(self.text.len().saturating_sub(told.from)..) {
                Some(new) if told.from <= self.text.len() => self.text.push_str(new),
                // What was missed of words in passing comes again; of the journal's nothing may be missed.
                Some(_) if told.kind == "written" => bail!("words are missing before {}", told.from),
                Some(_) | None => {}
            },
            "finished" => self.over = true,
            _ => {}
        }
        Ok(())
    }
}

/// What somebody who watches from the beginning knows of an answer. Cheap to clone.
#[derive(Debug, Clone)]
pub(super) struct Known {
    channel: String,
    message: u32,
    epoch: String,
    /// Publications with the length that they lead to, the first of them before the answer.
    steps: Arc<Mutex<Vec<(u64, usize)>>>,
    text: watch::Receiver<String>,
}

impl Known {
    /// Watches a conversation from now on, for the answer to its next question.
    pub(super) async fn begin(api: &Api, owner: &Arc<Account>, place: Place) -> anyhow::Result<Self> {
        let Place { chat, message } = place;
        let channel = format!("chat:{chat}");
        let (live, mut ears) = Live::start(api, Some(Arc::clone(owner)));
        live.watch(&channel, None);
        let (epoch, offset) = subscribed(&mut ears).await?;
        let steps = Arc::new(Mutex::new(vec![(offset, 0)]));
        let (tell, text) = watch::channel(String::new());
        let noted = Arc::clone(&steps);
        tokio::spawn(async move {
            let mut reading = Reading { message, text: String::new(), over: false };
            let _live = live;
            while let Some(heard) = ears.recv().await {
                let Heard::Publication { offset, data, .. } = heard else { continue };
                if reading.take(data.get()).is_err() {
                    return;
                }
                let length = written(data.get(), message);
                if let (Some(length), true) = (length, offset > 0) {
                    noted.lock().push((offset, length));
                }
                tell.send_replace(reading.text.clone());
            }
        });
        Ok(Self { channel, message, epoch, steps, text })
    }

    /// Waits for the first words.
    pub(super) async fn begun(&self) -> anyhow::Result<()> {
        let mut text = self.text.clone();
        tokio::time::timeout(LIMIT, text.wait_for(|text| !text.is_empty())).await.context("no words come")??;
        Ok(())
    }

    /// A text that somebody may have now: what there is of it, or a part of that.
    pub(super) fn some(&self) -> String {
        let text = self.text.borrow();
        let at = rand::random_range(0..=text.len());
        text.get(..at).unwrap_or_default().to_owned()
    }

    /// The last publication that somebody who has so much of the text has got.
    fn position(&self, have: usize) -> Position {
        let steps = self.steps.lock();
        let offset = steps.iter().take_while(|(_, length)| *length <= have).last().map_or(0, |(offset, _)| *offset);
        Position { epoch: self.epoch.clone(), offset }
    }
}

/// The length that a publication of the journal leads to.
fn written(data: &str, message: u32) -> Option<usize> {
    let told: Told<'_> = serde_json::from_str(data).ok()?;
    (told.kind == "written" && told.message == message).then(|| told.from + told.text.len())
}

async fn subscribed(ears: &mut mpsc::UnboundedReceiver<Heard>) -> anyhow::Result<(String, u64)> {
    loop {
        match tokio::time::timeout(LIMIT, ears.recv()).await.context("nobody is let in")? {
            Some(Heard::Subscribed { epoch, offset, .. }) => return Ok((epoch, offset)),
            Some(Heard::Ended { why, .. }) => bail!("the subscription was refused: {why}"),
            Some(Heard::Connected | Heard::Lost | Heard::Publication { .. } | Heard::Farewell(_)) => {}
            None => bail!("the connection was closed"),
        }
    }
}

/// Goes on behind a text that one has, to the answer's end; gives all of it.
pub(super) async fn follow(api: &Api, owner: Arc<Account>, known: &Known, have: String) -> anyhow::Result<String> {
    let (live, mut ears) = Live::start(api, Some(owner));
    live.watch(&known.channel, Some(known.position(have.len())));
    let mut reading = Reading { message: known.message, text: have, over: false };
    while !reading.over {
        match tokio::time::timeout(LIMIT, ears.recv()).await.context("the rest does not come")? {
            Some(Heard::Publication { data, .. }) => reading.take(data.get())?,
            Some(Heard::Subscribed { recovered: false, .. }) => bail!("the position cannot be recovered"),
            Some(Heard::Ended { why, .. }) => bail!("the subscription was ended: {why}"),
            Some(Heard::Connected | Heard::Lost | Heard::Subscribed { .. } | Heard::Farewell(_)) => {}
            None => bail!("the connection was closed"),
        }
    }
    Ok(reading.text)
}
