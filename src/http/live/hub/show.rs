//! The history command: a stretch of a channel's past, from the ring, else from the journal.

use std::sync::Arc;

use madang_domain::code::Code;

use super::super::house::History;
use super::super::protocol::{self, HistoryRequest};
use super::Hub;
use super::conn::Conn;
use super::join::{Ask, What};
use super::rooms::items;
use crate::actors::broker::{Channel, Entry, Stretch};

/// What was asked for.
pub(super) struct Show {
    limit: u64,
    since: Option<(u64, String)>,
    reverse: bool,
    /// Once the head is known: the publications after the first, up to the second.
    range: Option<(u64, u64)>,
}

impl Show {
    /// The stretch that is asked for, in a channel that stands at `head` of `epoch`.
    fn range(&self, epoch: &str, head: u64) -> Result<(u64, u64), Code> {
        if let Some((offset, asked)) = &self.since
            && ((!asked.is_empty() && asked != epoch) || *offset > head)
        {
            return Err(Code::UnrecoverablePosition);
        }
        let since = self.since.as_ref().map(|(offset, _)| *offset);
        Ok(if self.reverse {
            let upto = since.map_or(head, |offset| offset.saturating_sub(1));
            (upto.saturating_sub(self.limit), upto)
        } else {
            let after = since.unwrap_or(0);
            (after, after.saturating_add(self.limit).min(head))
        })
    }
}

impl Hub {
    pub(super) fn history(&mut self, conn: &mut Conn, id: u32, request: HistoryRequest<'_>) {
        let open = match self.rules(conn, &request.channel) {
            // Who may see its past is found out by subscribing.
            Ok((rules, _)) if rules.ask => return self.refuse(conn, id, Code::NotAvailable),
            Ok((_, open)) => open,
            Err(code) => return self.refuse(conn, id, code),
        };
        let most = u64::try_from(self.shared.settings.recover).unwrap_or(u64::MAX);
        let show = Show {
            limit: u64::try_from(request.limit).unwrap_or(most).min(most),
            since: request.since.map(|since| (since.offset, since.epoch.into_owned())),
            reverse: request.reverse,
            range: None,
        };
        let channel = if open { self.shared.broker.open(&request.channel) } else { self.shared.broker.find(&request.channel) };
        if open && channel.is_none() {
            return self.refuse(conn, id, Code::LimitExceeded);
        }
        let name: Arc<str> = Arc::from(&*request.channel);
        match channel.as_ref().and_then(|channel| from_ring(&show, channel, open)) {
            Some(Ok((items, epoch, head))) => self.show(conn, id, &items, &epoch, head),
            Some(Err(code)) => self.refuse(conn, id, code),
            None => {
                conn.in_flight = conn.in_flight.saturating_add(1);
                // Without a limit the answer tells the head, from which the wanted stretch follows.
                self.ask_journal(Ask { key: conn.key, id, channel: name, what: What::Show(show) }, 0, 0);
            }
        }
    }

    /// The answer to [`Hub::ask_journal`] for a history command.
    pub(super) fn on_show_history(&mut self, mut ask: Ask, result: Result<History, Code>) {
        let key = ask.key;
        self.with(key, move |hub, conn| {
            let What::Show(show) = &mut ask.what else { return };
            let asked = result.and_then(|history| match show.range {
                Some(range) => Ok((range, history)),
                None => show.range(&history.epoch, history.head).map(|range| (range, history)),
            });
            let ((after, upto), history) = match asked {
                Ok(asked) => asked,
                Err(code) => {
                    conn.in_flight = conn.in_flight.saturating_sub(1);
                    return hub.refuse(conn, ask.id, code);
                }
            };
            if show.range.replace((after, upto)).is_none() && after < upto {
                let limit = usize::try_from(upto - after).unwrap_or(usize::MAX);
                return hub.ask_journal(ask, after, limit);
            }
            conn.in_flight = conn.in_flight.saturating_sub(1);
            let wanted =
                history.publications.iter().filter(|publication| publication.offset > after && publication.offset <= upto);
            let mut texts: Vec<Vec<u8>> =
                wanted.map(|publication| publication_text(publication.offset, &publication.data)).collect();
            if show.reverse {
                texts.reverse();
            }
            hub.show(conn, ask.id, &items(texts.iter().map(Vec::as_slice)), &history.epoch, history.head);
        });
    }

    fn show(&mut self, conn: &mut Conn, id: u32, items: &[u8], epoch: &str, head: u64) {
        let mut line = std::mem::take(&mut self.scratch);
        protocol::reply(&mut line, id, "history", |reply| {
            if !items.is_empty() {
                reply.list("publications", items);
            }
            reply.text("epoch", epoch).number("offset", head);
        });
        conn.say(&line);
        self.keep_scratch(line);
    }
}

type Shown = (Vec<u8>, Arc<str>, u64);

/// `None` when only the journal knows. An open channel has nothing but its ring.
fn from_ring(show: &Show, channel: &Channel, open: bool) -> Option<Result<Shown, Code>> {
    let standing = channel.standing();
    let (epoch, head) = (standing.epoch?, standing.head?);
    let (mut after, upto) = match show.range(&epoch, head) {
        Ok(range) => range,
        Err(code) => return Some(Err(code)),
    };
    if open {
        after = after.max(channel.oldest().unwrap_or(1).saturating_sub(1));
    }
    let Stretch::Whole(mut entries) = channel.after(after, upto) else { return None };
    if show.reverse {
        entries.reverse();
    }
    Some(Ok((items(entries.iter().map(Entry::publication)), epoch, head)))
}

fn publication_text(offset: u64, data: &[u8]) -> Vec<u8> {
    let mut text = Vec::with_capacity(data.len() + 40);
    let mut object = protocol::Object::new(&mut text);
    object.raw("data", data).number("offset", offset);
    object.end();
    text
}
