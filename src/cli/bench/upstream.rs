//! A stand-in for a provider of language models: it speaks OpenAI's chat completions over HTTP/1.1, a token every so often,
//! and can be told to do all that real ones do on a bad day. For benchmarks and tests; it listens on this machine only.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use bytes::Bytes;
use parking_lot::Mutex;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::{Instant, MissedTickBehavior};

/// The largest request that it reads, in bytes.
const LARGEST_REQUEST: usize = 4 << 20;
/// How many requests it remembers.
const REMEMBERED: usize = 1_000;

/// What it does with a request.
#[derive(Debug, Clone)]
pub enum Script {
    /// Says these tokens, one at a time.
    Tokens(Tokens),
    /// Says numbered tokens, each with the moment in it, for benchmarks.
    Stamped(Stamps),
    /// Refuses with a status, headers and a body.
    Status(u16, Vec<(&'static str, String)>, String),
    /// Answers with this type and these bytes, each part after a pause, and then ends as HTTP has it.
    Raw(&'static str, Vec<(Duration, Bytes)>),
    /// Takes the request and never says a word.
    Silence,
}

/// A good answer, or the beginning of one.
#[derive(Debug, Clone)]
pub struct Tokens {
    /// What is said.
    pub tokens: Arc<[String]>,
    /// The pause before each.
    pub every: Duration,
    /// What happens after the last.
    pub then: Then,
    /// Whether usage is told at the end.
    pub usage: bool,
}

/// Tokens of the form ` 12:345678`: number, and microseconds since a moment. The first comes at once.
#[derive(Debug, Clone, Copy)]
pub struct Stamps {
    /// How many.
    pub count: usize,
    /// The pause between two.
    pub every: Duration,
    /// The moment.
    pub epoch: std::time::Instant,
}

/// What happens after the last token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Then {
    /// It ends as it should.
    End,
    /// The connection breaks.
    BreakOff,
    /// Nothing more comes, and nothing ends.
    Stall,
}

impl Tokens {
    /// These words, one every so often, and a good end with usage.
    #[must_use]
    pub fn new(tokens: impl IntoIterator<Item = impl Into<String>>, every: Duration) -> Self {
        Self { tokens: tokens.into_iter().map(Into::into).collect(), every, then: Then::End, usage: true }
    }

    /// With another end.
    #[must_use]
    pub fn then(mut self, then: Then) -> Self {
        self.then = then;
        self
    }
}

#[derive(Default)]
struct Told {
    /// What to do with the next requests; the last one stays.
    scripts: Mutex<Vec<Script>>,
    /// What was asked: the head's lines and the body.
    requests: Mutex<Vec<(String, Value)>>,
    asked: AtomicUsize,
}

/// A running stand-in. Dropping it closes all its connections.
pub struct Upstream {
    address: SocketAddr,
    told: Arc<Told>,
    open: watch::Receiver<usize>,
    listening: JoinHandle<()>,
}

impl std::fmt::Debug for Upstream {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Upstream").field("address", &self.address).finish_non_exhaustive()
    }
}

impl Drop for Upstream {
    fn drop(&mut self) {
        self.listening.abort();
    }
}

impl Upstream {
    /// Listens on a free port of this machine. The first request gets the first script, and so on; the last one stays.
    ///
    /// # Errors
    /// When no port is free.
    pub async fn start(scripts: impl IntoIterator<Item = Script>) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let told = Arc::new(Told { scripts: Mutex::new(scripts.into_iter().collect()), ..Told::default() });
        let (count, open) = watch::channel(0);
        let listening = tokio::spawn(listen(listener, Arc::clone(&told), count));
        Ok(Self { address, told, open, listening })
    }

    /// Its base address, as `llm.url` has it.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}/v1", self.address)
    }

    /// Does this from the next request on.
    pub fn tell(&self, scripts: impl IntoIterator<Item = Script>) {
        *self.told.scripts.lock() = scripts.into_iter().collect();
    }

    /// How often it was asked.
    #[must_use]
    pub fn asked(&self) -> usize {
        self.told.asked.load(Ordering::Relaxed)
    }

    /// What it was asked, the newest last: the head and the body.
    #[must_use]
    pub fn requests(&self) -> Vec<(String, Value)> {
        self.told.requests.lock().clone()
    }

    /// How many answers are being said now.
    #[must_use]
    pub fn open(&self) -> usize {
        *self.open.borrow()
    }

    /// Waits until so many answers are being said.
    pub async fn until_open(&self, wanted: usize) {
        let mut open = self.open.clone();
        // The sender lives as long as we do.
        let _ = open.wait_for(|open| *open == wanted).await;
    }
}

async fn listen(listener: TcpListener, told: Arc<Told>, open: watch::Sender<usize>) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => {
                let Ok((socket, _)) = accepted else { continue };
                let (told, open) = (Arc::clone(&told), open.clone());
                connections.spawn(async move {
                    // Whoever asked has gone: that is what some tests are about.
                    let _ = serve(socket, &told, &open).await;
                });
            }
            Some(_) = connections.join_next() => {}
        }
    }
}

/// Counts an answer as long as it is said.
struct Saying<'a>(&'a watch::Sender<usize>);

impl<'a> Saying<'a> {
    fn new(open: &'a watch::Sender<usize>) -> Self {
        open.send_modify(|open| *open += 1);
        Self(open)
    }
}

impl Drop for Saying<'_> {
    fn drop(&mut self) {
        self.0.send_modify(|open| *open = open.saturating_sub(1));
    }
}

async fn serve(mut socket: TcpStream, told: &Told, open: &watch::Sender<usize>) -> io::Result<()> {
    socket.set_nodelay(true)?;
    let mut buffer = Vec::new();
    while let Some((head, body)) = request(&mut socket, &mut buffer).await? {
        told.asked.fetch_add(1, Ordering::Relaxed);
        let body: Value = serde_json::from_slice(&body).unwrap_or(Value::Null);
        let script = next_script(told);
        let streamed = body.get("stream").and_then(Value::as_bool).unwrap_or(false);
        let model = body.get("model").and_then(Value::as_str).unwrap_or("stand-in").to_owned();
        {
            let mut requests = told.requests.lock();
            if requests.len() < REMEMBERED {
                requests.push((head, body));
            }
        }
        let saying = Saying::new(open);
        let (mut reader, mut writer) = socket.split();
        let said = say(&mut writer, script, streamed, &model);
        // Whoever asks says nothing while we speak: what comes is that they have gone.
        let mut byte = [0];
        let goes_on = tokio::select! {
            said = said => said?,
            _ = reader.read(&mut byte) => false,
        };
        drop(saying);
        if !goes_on {
            return Ok(());
        }
    }
    Ok(())
}

fn next_script(told: &Told) -> Script {
    let mut scripts = told.scripts.lock();
    if scripts.len() > 1 {
        return scripts.remove(0);
    }
    scripts.first().cloned().unwrap_or(Script::Silence)
}

/// The head and the body of the next request; `None` when there is none.
async fn request(socket: &mut TcpStream, buffer: &mut Vec<u8>) -> io::Result<Option<(String, Vec<u8>)>> {
    loop {
        if let Some(end) = memchr::memmem::find(buffer, b"\r\n\r\n") {
            let head = String::from_utf8_lossy(buffer.get(..end).unwrap_or_default()).into_owned();
            let length = head.lines().filter_map(|line| line.split_once(':')).find_map(|(name, value)| {
                name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse::<usize>().ok()).flatten()
            });
            let whole = (end + 4).saturating_add(length.unwrap_or(0));
            if buffer.len() >= whole {
                let body = buffer.get(end + 4..whole).unwrap_or_default().to_vec();
                buffer.drain(..whole);
                return Ok(Some((head, body)));
            }
        }
        if buffer.len() > LARGEST_REQUEST {
            return Err(io::ErrorKind::InvalidData.into());
        }
        if socket.read_buf(buffer).await? == 0 {
            return Ok(None);
        }
    }
}

/// Whether the connection can be used again.
async fn say(to: &mut (impl AsyncWriteExt + Unpin), script: Script, streamed: bool, model: &str) -> io::Result<bool> {
    match script {
        Script::Tokens(tokens) if streamed => stream(to, tokens, model).await,
        Script::Tokens(tokens) => {
            whole(to, 200, &[], &answer(&tokens, model).to_string()).await?;
            Ok(true)
        }
        Script::Stamped(stamps) => stamped(to, stamps).await,
        Script::Status(status, headers, body) => {
            whole(to, status, &headers, &body).await?;
            Ok(true)
        }
        Script::Raw(media, parts) => {
            begin(to, media).await?;
            for (pause, part) in parts {
                tokio::time::sleep(pause).await;
                chunk(to, &part).await?;
            }
            to.write_all(b"0\r\n\r\n").await?;
            Ok(true)
        }
        Script::Silence => std::future::pending().await,
    }
}

async fn stream(to: &mut (impl AsyncWriteExt + Unpin), script: Tokens, model: &str) -> io::Result<bool> {
    begin(to, "text/event-stream").await?;
    let id = format!("chatcmpl-{}", uuid::Uuid::new_v4().simple());
    let event = |delta: Value, finish: Option<&str>| {
        let choice = json!({ "index": 0, "delta": delta, "finish_reason": finish });
        let data = json!({ "id": id, "object": "chat.completion.chunk", "created": 0, "model": model, "choices": [choice] });
        format!("data: {data}\n\n")
    };
    chunk(to, event(json!({ "role": "assistant", "content": "" }), None).as_bytes()).await?;
    let mut ticks = (!script.every.is_zero()).then(|| tokio::time::interval_at(Instant::now() + script.every, script.every));
    if let Some(ticks) = &mut ticks {
        ticks.set_missed_tick_behavior(MissedTickBehavior::Burst);
    }
    for token in script.tokens.iter() {
        if let Some(ticks) = &mut ticks {
            ticks.tick().await;
        }
        chunk(to, event(json!({ "content": token }), None).as_bytes()).await?;
    }
    match script.then {
        Then::End => {}
        Then::BreakOff => return Ok(false),
        Then::Stall => std::future::pending().await,
    }
    let mut end = event(json!({}), Some("stop"));
    if script.usage {
        let usage = usage(&script);
        let data =
            json!({ "id": id, "object": "chat.completion.chunk", "created": 0, "model": model, "choices": [], "usage": usage });
        end.push_str(&format!("data: {data}\n\n"));
    }
    end.push_str("data: [DONE]\n\n");
    chunk(to, end.as_bytes()).await?;
    to.write_all(b"0\r\n\r\n").await?;
    Ok(true)
}

async fn stamped(to: &mut (impl AsyncWriteExt + Unpin), stamps: Stamps) -> io::Result<bool> {
    begin(to, "text/event-stream").await?;
    let mut ticks = tokio::time::interval(stamps.every);
    for number in 0..stamps.count {
        ticks.tick().await;
        let said = stamps.epoch.elapsed().as_micros();
        let event = format!("data: {{\"choices\":[{{\"index\":0,\"delta\":{{\"content\":\" {number}:{said}\"}}}}]}}\n\n");
        chunk(to, event.as_bytes()).await?;
    }
    let end = "data: {\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\ndata: [DONE]\n\n";
    chunk(to, end.as_bytes()).await?;
    to.write_all(b"0\r\n\r\n").await?;
    Ok(true)
}

fn usage(script: &Tokens) -> Value {
    json!({ "prompt_tokens": 100, "completion_tokens": script.tokens.len(), "total_tokens": script.tokens.len() + 100 })
}

fn answer(script: &Tokens, model: &str) -> Value {
    let message = json!({ "role": "assistant", "content": script.tokens.concat() });
    let choice = json!({ "index": 0, "message": message, "finish_reason": "stop" });
    json!({ "id": "chatcmpl-1", "object": "chat.completion", "model": model, "choices": [choice], "usage": usage(script) })
}

async fn begin(to: &mut (impl AsyncWriteExt + Unpin), media: &str) -> io::Result<()> {
    let head = format!("HTTP/1.1 200 OK\r\nContent-Type: {media}\r\nTransfer-Encoding: chunked\r\n\r\n");
    to.write_all(head.as_bytes()).await
}

async fn chunk(to: &mut (impl AsyncWriteExt + Unpin), part: &[u8]) -> io::Result<()> {
    let mut framed = format!("{:x}\r\n", part.len()).into_bytes();
    framed.extend_from_slice(part);
    framed.extend_from_slice(b"\r\n");
    to.write_all(&framed).await
}

async fn whole(
    to: &mut (impl AsyncWriteExt + Unpin),
    status: u16,
    headers: &[(&'static str, String)],
    body: &str,
) -> io::Result<()> {
    let mut head = format!("HTTP/1.1 {status} X\r\nContent-Type: application/json\r\nContent-Length: {}\r\n", body.len());
    for (name, value) in headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    head.push_str("\r\n");
    head.push_str(body);
    to.write_all(head.as_bytes()).await
}
