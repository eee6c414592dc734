//! Who watches over a socket: one connection for each conversation.

use std::borrow::Cow;
use std::net::SocketAddrV4;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use serde::Deserialize;

use super::tally::Tally;
use crate::cli::bench::crowd::{Crowd, Told};
use crate::cli::client::frame::{self, Incoming};

/// After the last stream ended, sockets may be so late.
const GRACE: Duration = Duration::from_secs(10);

#[derive(Default)]
struct Watcher {
    tally: Tally,
    /// Characters of the answer that came. Tokens are ASCII, so these are bytes, too.
    have: usize,
    message: u32,
    subscribed: bool,
}

/// Words of an answer, told as they are said or as the journal has them.
#[derive(Deserialize)]
struct Words<'a> {
    message: u32,
    from: usize,
    #[serde(borrow)]
    text: Cow<'a, str>,
}

/// Watches until all has come, or `over` was told and a grace has passed.
pub(super) fn run(
    server: SocketAddrV4,
    channels: &[(String, String)],
    epoch: Instant,
    tokens: usize,
    ready: &AtomicBool,
    over: &AtomicBool,
) -> anyhow::Result<Vec<Tally>> {
    let mut crowd = Crowd::new(server, channels.len())?;
    let mut watchers: Vec<Watcher> = channels.iter().map(|_| Watcher::default()).collect();
    let mut subscribed = 0;
    crowd.connect_all();
    let mut over_since: Option<Instant> = None;
    loop {
        crowd.turn(Duration::from_millis(20), |crowd, who, told| match told {
            Told::Open => {
                if let Some((channel, token)) = channels.get(who) {
                    crowd.send(who, &format!("{}\n{}", frame::connect(1, Some(token)), frame::subscribe(2, channel, None)));
                }
            }
            Told::Frame(bytes) => {
                if let Some(watcher) = watchers.get_mut(who) {
                    subscribed += usize::from(watcher.hear(bytes, epoch));
                }
            }
            Told::Closed(_) => {}
        })?;
        if subscribed == channels.len() {
            ready.store(true, Ordering::Release);
        }
        if over.load(Ordering::Acquire) {
            let since = *over_since.get_or_insert_with(Instant::now);
            if since.elapsed() > GRACE || watchers.iter().all(|watcher| watcher.tally.came() >= tokens) {
                return Ok(watchers.into_iter().map(|watcher| watcher.tally).collect());
            }
        }
    }
}

impl Watcher {
    /// Whether it is subscribed from now on.
    fn hear(&mut self, bytes: &[u8], epoch: Instant) -> bool {
        let mut fresh = false;
        for line in bytes.split(|byte| *byte == b'\n') {
            let Ok(incoming) = serde_json::from_slice::<Incoming>(line) else { continue };
            fresh |= incoming.id == 2 && incoming.subscribe.is_some() && !self.subscribed;
            let Some(publication) = incoming.push.and_then(|push| push.publication) else { continue };
            let Ok(words) = serde_json::from_str::<Words<'_>>(publication.data.get()) else { continue };
            self.take(&words, epoch);
        }
        self.subscribed |= fresh;
        fresh
    }

    /// Takes what is new of it: the journal tells again what was told as it was said.
    fn take(&mut self, words: &Words<'_>, epoch: Instant) {
        if words.message != self.message {
            (self.message, self.have, self.tally) = (words.message, 0, Tally::default());
        }
        let known = self.have.saturating_sub(words.from);
        if words.from <= self.have
            && let Some(new) = words.text.get(known..)
        {
            self.have += new.len();
            self.tally.take(new, epoch);
        }
    }
}
