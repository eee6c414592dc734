//! Who watches over a socket: one connection for each conversation.

use std::borrow::Cow;
use std::net::SocketAddrV4;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use serde::Deserialize;

use super::tally::Tally;
use crate::cli::bench::crowd::{Crowd, Told};
use crate::cli::client::frame::{self, Incoming, Position};

/// After the last stream ended, sockets may be so late.
const GRACE: Duration = Duration::from_secs(20);

/// What the watchers got.
#[derive(Debug, Default)]
pub(super) struct Watched {
    /// Each of them.
    pub(super) tallies: Vec<Tally>,
    /// How often one was cut or put out of its channel by the server.
    pub(super) cut: usize,
}

#[derive(Default)]
struct Watcher {
    tally: Tally,
    /// Characters of the answer that came. Tokens are ASCII, so these are bytes, too.
    have: usize,
    message: u32,
    /// Where it stands, once it is subscribed.
    position: Option<Position>,
    /// Whether the server ended its subscription: it asks again from where it stands.
    put_out: bool,
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
    (epoch, tokens): (Instant, usize),
    ready: &AtomicBool,
    over: &AtomicBool,
) -> anyhow::Result<Watched> {
    let mut crowd = Crowd::new(server, channels.len())?;
    let mut watchers: Vec<Watcher> = channels.iter().map(|_| Watcher::default()).collect();
    let (mut subscribed, mut cut) = (0, 0);
    crowd.connect_all();
    let mut over_since: Option<Instant> = None;
    loop {
        crowd.turn(Duration::from_millis(20), |crowd, who, told| match told {
            Told::Open => {
                if let (Some((channel, token)), Some(watcher)) = (channels.get(who), watchers.get(who)) {
                    let subscribe = frame::subscribe(2, channel, watcher.position.as_ref());
                    crowd.send(who, &format!("{}\n{subscribe}", frame::connect(1, Some(token))));
                }
            }
            Told::Frame(bytes) => {
                if let Some(watcher) = watchers.get_mut(who) {
                    subscribed += usize::from(watcher.hear(bytes, epoch));
                    if let (true, Some((channel, _))) = (std::mem::take(&mut watcher.put_out), channels.get(who)) {
                        cut += 1;
                        crowd.send(who, &frame::subscribe(2, channel, watcher.position.as_ref()));
                    }
                }
            }
            Told::Closed(_) => {
                cut += 1;
                crowd.connect(who..who + 1);
            }
        })?;
        if subscribed == channels.len() {
            ready.store(true, Ordering::Release);
        }
        if over.load(Ordering::Acquire) {
            let since = *over_since.get_or_insert_with(Instant::now);
            if since.elapsed() > GRACE || watchers.iter().all(|watcher| watcher.tally.came() >= tokens) {
                return Ok(Watched { tallies: watchers.into_iter().map(|watcher| watcher.tally).collect(), cut });
            }
        }
    }
}

impl Watcher {
    /// Whether it is subscribed for the first time.
    fn hear(&mut self, bytes: &[u8], epoch: Instant) -> bool {
        let mut fresh = false;
        for line in bytes.split(|byte| *byte == b'\n') {
            let Ok(incoming) = serde_json::from_slice::<Incoming>(line) else { continue };
            if let Some(reply) = incoming.subscribe.filter(|_| incoming.id == 2) {
                fresh |= self.position.is_none();
                let offset = reply.publications.first().map_or(reply.offset, |first| first.offset.saturating_sub(1));
                self.position = Some(Position { epoch: reply.epoch, offset });
                for publication in reply.publications {
                    self.take(publication.offset, publication.data.get(), epoch);
                }
            }
            let Some(push) = incoming.push else { continue };
            self.put_out |= push.unsubscribe.is_some();
            if let Some(publication) = push.publication {
                self.take(publication.offset, publication.data.get(), epoch);
            }
        }
        fresh
    }

    /// Takes what is new of it: the journal tells again what was told as it was said.
    fn take(&mut self, offset: u64, data: &str, epoch: Instant) {
        if let Some(position) = self.position.as_mut().filter(|_| offset > 0) {
            position.offset = offset;
        }
        let Ok(words) = serde_json::from_str::<Words<'_>>(data) else { return };
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
