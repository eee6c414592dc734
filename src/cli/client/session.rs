//! The task behind a [`Live`](super::live::Live) handle: it owns the socket.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use serde_json::Value;
use tokio::net::TcpStream;
use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, timeout};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async_with_config};

use super::account::Account;
use super::frame::{self, Farewell, Incoming, Position, Positions, PublicationBody, SubscribeReply};
use super::live::{Heard, Order};
use super::{ClientError, code_of_number};
use crate::error::Surface;
use madang_domain::code::Code;

type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

const HANDSHAKE_LIMIT: Duration = Duration::from_secs(5);
const FIRST_PAUSE: Duration = Duration::from_millis(20);
const LONGEST_PAUSE: Duration = Duration::from_millis(500);
/// How much later than promised a heartbeat may come.
const HEARTBEAT_GRACE: Duration = Duration::from_secs(10);

/// What we wait for under a command's number.
enum Waiting {
    Call(oneshot::Sender<Result<Value, ClientError>>),
    Watch { channel: String, asked: Option<Position> },
}

/// Why a connection ended.
enum End {
    /// Come back.
    Lost,
    /// The handle is gone.
    Closed,
}

pub(super) struct Session {
    url: String,
    who: Option<Arc<Account>>,
    orders: mpsc::UnboundedReceiver<Order>,
    heard: mpsc::UnboundedSender<Heard>,
    watched: Positions,
    waiting: HashMap<u32, Waiting>,
    last_id: u32,
    silence: Duration,
    pong: bool,
}

impl Session {
    pub(super) fn new(
        url: String,
        who: Option<Arc<Account>>,
        orders: mpsc::UnboundedReceiver<Order>,
        heard: mpsc::UnboundedSender<Heard>,
    ) -> Self {
        Self {
            url,
            who,
            orders,
            heard,
            watched: HashMap::new(),
            waiting: HashMap::new(),
            last_id: 0,
            silence: Duration::from_secs(3600),
            pong: false,
        }
    }

    pub(super) async fn run(mut self) {
        let mut pause = FIRST_PAUSE;
        loop {
            if let Ok(Ok(mut socket)) = timeout(HANDSHAKE_LIMIT, self.connect()).await {
                pause = FIRST_PAUSE;
                self.tell(Heard::Connected);
                let end = self.serve(&mut socket).await;
                self.tell(Heard::Lost);
                self.lose_calls();
                if matches!(end, End::Closed) {
                    let _ = timeout(Duration::from_secs(1), socket.close(None)).await;
                    return;
                }
            }
            if self.orders.is_closed() && self.orders.is_empty() {
                return;
            }
            tokio::time::sleep(pause.mul_f64(rand::random_range(0.5..1.0))).await;
            pause = pause.saturating_mul(2).min(LONGEST_PAUSE);
        }
    }

    fn tell(&self, heard: Heard) {
        // Nobody listens where only calls matter.
        let _ = self.heard.send(heard);
    }

    fn next_id(&mut self) -> u32 {
        self.last_id = self.last_id.wrapping_add(1).max(1);
        self.last_id
    }

    /// The outcome of calls under way is not known: their callers ask again by id.
    fn lose_calls(&mut self) {
        for (_, waiting) in self.waiting.drain() {
            if let Waiting::Call(answer) = waiting {
                let _ = answer.send(Err(ClientError::Unreachable("the connection was lost".to_owned())));
            }
        }
    }

    async fn connect(&mut self) -> Result<Socket, ClientError> {
        let token = match &self.who {
            Some(account) => Some(account.token().await?),
            None => None,
        };
        let lost = |error: tokio_tungstenite::tungstenite::Error| ClientError::Unreachable(error.to_string());
        let (mut socket, _) = connect_async_with_config(&self.url, None, true).await.map_err(lost)?;
        let id = self.next_id();
        socket.send(Message::text(frame::connect(id, token.as_deref()))).await.map_err(lost)?;
        while let Some(message) = socket.next().await {
            for incoming in lines(&message.map_err(lost)?) {
                if let Some(error) = incoming.error {
                    if let Some(account) = &self.who {
                        account.distrust_token().await;
                    }
                    return Err(ClientError::Unreachable(error.message));
                }
                if let Some(reply) = incoming.connect {
                    self.pong = reply.pong;
                    self.silence = match reply.ping {
                        0 => Duration::from_secs(3600),
                        seconds => Duration::from_secs(seconds) + HEARTBEAT_GRACE,
                    };
                    return Ok(socket);
                }
            }
        }
        if let Some(account) = &self.who {
            account.distrust_token().await;
        }
        Err(ClientError::Unreachable("closed before the connect reply".to_owned()))
    }

    async fn serve(&mut self, socket: &mut Socket) -> End {
        let channels: Vec<String> = self.watched.keys().cloned().collect();
        for channel in channels {
            if self.ask_to_watch(socket, channel).await.is_err() {
                return End::Lost;
            }
        }
        let mut quiet_until = Instant::now() + self.silence;
        loop {
            tokio::select! {
                order = self.orders.recv() => match order {
                    None => return End::Closed,
                    Some(Order::Cut) => return End::Lost,
                    Some(order) => if self.obey(socket, order).await.is_err() {
                        return End::Lost;
                    },
                },
                message = socket.next() => {
                    let Some(Ok(message)) = message else { return End::Lost };
                    quiet_until = Instant::now() + self.silence;
                    for incoming in lines(&message) {
                        if incoming.is_ping() {
                            if self.pong && socket.send(Message::text("{}")).await.is_err() {
                                return End::Lost;
                            }
                        } else if let Some(end) = self.take(incoming) {
                            return end;
                        }
                    }
                }
                () = tokio::time::sleep_until(quiet_until) => return End::Lost,
            }
        }
    }

    async fn obey(&mut self, socket: &mut Socket, order: Order) -> Result<(), tokio_tungstenite::tungstenite::Error> {
        match order {
            Order::Call { method, data, answer } => {
                // The caller may have run out of patience while we were away.
                if answer.is_closed() {
                    return Ok(());
                }
                let id = self.next_id();
                self.waiting.insert(id, Waiting::Call(answer));
                socket.send(Message::text(frame::rpc(id, &method, &data))).await
            }
            Order::Watch { channel, from } => {
                self.watched.insert(channel.clone(), from);
                self.ask_to_watch(socket, channel).await
            }
            Order::Cut => Ok(()),
        }
    }

    async fn ask_to_watch(
        &mut self,
        socket: &mut Socket,
        channel: String,
    ) -> Result<(), tokio_tungstenite::tungstenite::Error> {
        let id = self.next_id();
        let asked = self.watched.get(&channel).cloned().flatten();
        let command = frame::subscribe(id, &channel, asked.as_ref());
        self.waiting.insert(id, Waiting::Watch { channel, asked });
        socket.send(Message::text(command)).await
    }

    /// Takes one reply or push; an end when the connection should be left.
    fn take(&mut self, incoming: Incoming) -> Option<End> {
        if let Some(push) = incoming.push {
            if let Some(publication) = push.publication {
                self.publication(&push.channel, publication);
            }
            if let Some(why) = push.unsubscribe {
                return self.unsubscribed(push.channel, &why);
            }
            if let Some(why) = push.disconnect {
                self.tell(Heard::Farewell(why));
                return Some(End::Lost);
            }
            return None;
        }
        match (self.waiting.remove(&incoming.id)?, incoming.error) {
            (Waiting::Call(answer), Some(error)) => {
                let code = code_of_number(error.code).map_or_else(|| error.code.to_string(), |code| code.name().to_owned());
                let temporary = error.temporary || code_of_number(error.code).is_some_and(|code| Surface::of(code).temporary);
                let problem = ClientError::Problem { code, message: error.message, detail: Value::Null, temporary };
                let _ = answer.send(Err(problem));
            }
            (Waiting::Call(answer), None) => {
                let data = incoming.rpc.map(|reply| reply.data).unwrap_or_default();
                let _ = answer.send(Ok(data));
            }
            (Waiting::Watch { .. }, Some(error)) if error.temporary => return Some(End::Lost),
            (Waiting::Watch { channel, .. }, Some(error)) => {
                if error.code != Surface::of(Code::AlreadySubscribed).number {
                    self.watched.remove(&channel);
                    self.tell(Heard::Ended { channel, why: error.message });
                }
            }
            (Waiting::Watch { channel, asked }, None) => {
                self.subscribed(channel, asked, incoming.subscribe?);
            }
        }
        None
    }

    fn subscribed(&mut self, channel: String, asked: Option<Position>, reply: SubscribeReply) {
        let first = reply.publications.first().map(|publication| publication.offset);
        // Before the first missed publication is where we stand; without any, at the head.
        let offset = first.map_or(reply.offset, |first| first.saturating_sub(1));
        self.watched.insert(channel.clone(), Some(Position { epoch: reply.epoch.clone(), offset }));
        self.tell(Heard::Subscribed {
            channel: channel.clone(),
            asked,
            recovered: reply.recovered,
            epoch: reply.epoch,
            offset: reply.offset,
            snapshot: reply.data,
        });
        for publication in reply.publications {
            self.publication(&channel, publication);
        }
    }

    fn publication(&mut self, channel: &str, publication: PublicationBody) {
        // What is said in passing has no number.
        if publication.offset > 0
            && let Some(Some(position)) = self.watched.get_mut(channel)
        {
            position.offset = publication.offset;
        }
        let PublicationBody { offset, data } = publication;
        self.tell(Heard::Publication { channel: channel.to_owned(), offset, data });
    }

    /// Codes from 2500 on ask us to subscribe again, which a new connection does for all channels.
    fn unsubscribed(&mut self, channel: String, why: &Farewell) -> Option<End> {
        if why.code >= 2500 {
            return Some(End::Lost);
        }
        self.watched.remove(&channel);
        self.tell(Heard::Ended { channel, why: why.reason.clone() });
        None
    }
}

/// The replies in a frame, one per line. What is not ours to understand is passed over.
fn lines(message: &Message) -> Vec<Incoming> {
    match message {
        Message::Text(text) => text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect(),
        Message::Binary(_) | Message::Ping(_) | Message::Pong(_) | Message::Close(_) | Message::Frame(_) => Vec::new(),
    }
}
