//! An answer as server-sent events, from any position on.
//!
//! Pulled by the client: nothing is kept for one that reads slowly, it gets more at a time. What is being written on this node
//! comes from memory; otherwise, and at the end, from the conversation itself. Each event's id is the position it leads to,
//! `{message}:{characters}`, so whoever asks again with it misses nothing and gets nothing twice. `stage` and `sources` are
//! facts that are told again to everybody who comes. The last event's id has [`OVER`] behind it: who comes back with it has all.

use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use actix_web::web::Bytes;
use futures_util::Stream;
use futures_util::stream::unfold;
use madang_domain::chat::turn::Piece;
use madang_domain::chat::{Answer, Mark, Source, Stage, Talk};
use madang_domain::code::Code;
use madang_domain::ids::{EntityId, UserId};
use serde::Serialize;
use serde_json::{Value, json};
use tokio::sync::watch;
use tokio::time::{Instant, Sleep, sleep_until};

use crate::actors::ask::Denied;
use crate::actors::chat::Chats;
use crate::actors::chat::live::{Live, Place, Reading};

/// A comment is sent when nothing else was for so long, so that nobody on the way takes the stream for dead.
const HEARTBEAT: Duration = Duration::from_secs(15);

/// Behind the id of an answer's last event.
pub(super) const OVER: &str = ":over";

/// After these times a conversation that is too busy to be looked at is looked at again.
const ONCE_MORE: [Duration; 5] = [
    Duration::from_millis(50),
    Duration::from_millis(200),
    Duration::from_millis(500),
    Duration::from_secs(1),
    Duration::from_secs(2),
];

/// By which right somebody reads.
#[derive(Debug, Clone, Copy)]
pub(in crate::http) enum Access {
    /// As the owner.
    Owner(UserId),
    /// By the link of that number.
    Link(u32),
}

impl Access {
    /// Looks at a conversation by this right.
    pub(super) async fn look<T: Send + 'static>(
        self,
        chats: &Chats,
        id: EntityId,
        look: impl FnOnce(&Talk) -> T + Send + 'static,
    ) -> Result<T, Denied> {
        match self {
            Self::Owner(owner) => chats.look(id, owner, look).await,
            Self::Link(link) => chats.look_by_link(id, link, look).await,
        }
    }
}

/// The answer as the conversation has it.
struct Stored {
    stage: Stage,
    length: u32,
    piece: Piece,
    sources: Vec<Source>,
    end: Value,
}

impl Stored {
    fn of(answer: &Answer, at: u32) -> Self {
        let marks = answer.marks.iter().filter(|mark| mark.to > at).cloned().collect();
        Self {
            stage: answer.stage,
            length: answer.length,
            piece: Piece { from: at, text: answer.after(at).to_owned(), marks },
            sources: answer.sources.clone(),
            end: json!({ "reason": answer.reason, "model": answer.model, "usage": answer.usage }),
        }
    }
}

/// The answer as it is being written.
struct Along {
    live: Arc<Live>,
    place: Place,
    turns: watch::Receiver<u64>,
    _reading: Reading,
}

/// How an answer's events are written.
pub(in crate::http) trait Voice: 'static {
    /// One event at a position (message, characters), by its name and data; may be nothing.
    fn tell(&mut self, position: (u32, u32), name: &str, data: &Value) -> String;

    /// More of the text: the event `delta`.
    fn delta(&mut self, position: (u32, u32), delta: &Delta<'_>) -> String {
        self.tell(position, DELTA, &json!(delta))
    }
}

const DELTA: &str = "delta";

/// More of an answer's text.
#[derive(Debug, Serialize)]
pub(in crate::http) struct Delta<'a> {
    message: u32,
    from: u32,
    to: u32,
    text: &'a str,
    marks: &'a [Mark],
}

/// Our own way.
struct Ours;

impl Voice for Ours {
    fn tell(&mut self, (message, at): (u32, u32), name: &str, data: &Value) -> String {
        let over = if name == "done" { OVER } else { "" };
        format!("id: {message}:{at}{over}\nevent: {name}\ndata: {data}\n\n")
    }

    /// Most of what is told: it does without the detour over a value.
    fn delta(&mut self, (message, at): (u32, u32), delta: &Delta<'_>) -> String {
        let data = serde_json::to_string(delta).unwrap_or_default();
        format!("id: {message}:{at}\nevent: {DELTA}\ndata: {data}\n\n")
    }
}

/// One client's way through an answer.
pub(in crate::http) struct Reader {
    chats: Chats,
    id: EntityId,
    access: Access,
    message: u32,
    /// The client has so many characters.
    at: u32,
    told_stage: Option<Stage>,
    told_sources: bool,
    told_marks: Vec<Mark>,
    along: Option<Along>,
    heard: watch::Receiver<u64>,
    out: String,
    over: bool,
    voice: Box<dyn Voice>,
    /// When something was told last.
    told_at: Instant,
    /// Not later than the next heartbeat.
    beat: Pin<Box<Sleep>>,
}

impl Reader {
    pub(in crate::http) fn new(chats: Chats, id: EntityId, access: Access, (message, at): (u32, u32)) -> Self {
        let heard = chats.listen(id);
        Self {
            chats,
            id,
            access,
            message,
            at,
            told_stage: None,
            told_sources: false,
            told_marks: Vec::new(),
            along: None,
            heard,
            out: String::new(),
            over: false,
            voice: Box::new(Ours),
            told_at: Instant::now(),
            beat: Box::pin(sleep_until(Instant::now() + HEARTBEAT)),
        }
    }

    /// With a first event that says what was taken.
    pub(super) fn greeting(mut self, taken: &Value) -> Self {
        let mut told = taken.clone();
        if let Value::Object(told) = &mut told {
            told.insert("chat".to_owned(), json!(self.id.number()));
        }
        self.event("asked", &told);
        self
    }

    /// In another dialect.
    pub(in crate::http) fn spoken(mut self, voice: impl Voice) -> Self {
        self.voice = Box::new(voice);
        self
    }

    /// The body of a response.
    pub(super) fn body(self) -> impl Stream<Item = Result<Bytes, actix_web::Error>> + 'static {
        unfold(self, |mut reader| async move {
            let text = reader.next().await?;
            Some((Ok(Bytes::from(text)), reader))
        })
    }

    fn event(&mut self, name: &str, data: &Value) {
        let told = self.voice.tell((self.message, self.at), name, data);
        self.out.push_str(&told);
    }

    /// What comes next; `None` at the end.
    async fn next(&mut self) -> Option<String> {
        loop {
            if !self.out.is_empty() {
                self.told_at = Instant::now();
                return Some(std::mem::take(&mut self.out));
            }
            if self.over {
                return None;
            }
            self.heard.borrow_and_update();
            self.attach();
            if self.along.is_some() {
                if self.read_along() {
                    continue;
                }
            } else if self.read_stored().await {
                continue;
            }
            let Self { along, heard, beat, told_at, .. } = &mut *self;
            let changed = async {
                match along {
                    Some(along) => along.turns.changed().await.is_ok(),
                    None => heard.changed().await.is_ok(),
                }
            };
            tokio::select! {
                _ = changed => {}
                () = beat.as_mut() => {
                    let silent = told_at.elapsed() >= HEARTBEAT;
                    if silent {
                        *told_at = Instant::now();
                    }
                    beat.as_mut().reset(*told_at + HEARTBEAT);
                    if silent {
                        return Some(": still here\n\n".to_owned());
                    }
                }
            }
        }
    }

    /// Goes on in memory where the answer is being written here, and lets go where it is not any more.
    fn attach(&mut self) {
        let live = self.chats.live(self.id).filter(|live| live.message == self.message);
        match (&self.along, live) {
            (Some(along), Some(live)) if Arc::ptr_eq(&along.live, &live) => {}
            (_, Some(live)) => {
                self.cut_to(live.end().chars);
                let (turns, reading) = (live.listen(), live.read());
                self.along = Some(Along { place: live.place(self.at), turns, _reading: reading, live });
            }
            (_, None) => self.along = None,
        }
    }

    /// The client has words that were never kept: they were said in the moment before a crash.
    fn cut_to(&mut self, length: u32) {
        if self.at > length {
            self.at = length;
            self.event("cut", &json!({ "message": self.message, "length": length }));
        }
    }

    /// Whether there was something to tell.
    fn read_along(&mut self) -> bool {
        let Some(along) = &mut self.along else { return false };
        along.turns.borrow_and_update();
        let sources = if self.told_sources { Vec::new() } else { along.live.sources() };
        let (piece, place) = along.live.since(along.place);
        along.place = place;
        self.tell_stage(if piece.text.is_empty() && self.at == 0 { Stage::Retrieving } else { Stage::Streaming });
        self.tell_sources(&sources);
        self.tell_piece(piece);
        !self.out.is_empty()
    }

    /// Whether there was something to tell, the end included.
    async fn read_stored(&mut self) -> bool {
        let (message, at) = (self.message, self.at);
        let look = move |talk: &Talk| talk.turn(message).map(|turn| Stored::of(&turn.answer, at));
        let mut looked = self.access.look(&self.chats, self.id, look).await;
        for wait in ONCE_MORE {
            if !matches!(&looked, Err(denied) if denied.code() == Code::Busy) {
                break;
            }
            // So many read along that not all of them can look at its end at once.
            tokio::time::sleep(wait).await;
            looked = self.access.look(&self.chats, self.id, look).await;
        }
        let stored = match looked {
            Ok(Some(stored)) => stored,
            Ok(None) => return self.fail(Code::ChatNoMessage),
            Err(denied) => return self.fail(denied.code()),
        };
        self.cut_to(stored.length);
        self.tell_sources(&stored.sources);
        if stored.stage.is_over() {
            self.tell_piece(stored.piece);
            let mut end = json!({ "message": self.message, "stage": stored.stage, "length": stored.length });
            if let (Value::Object(end), Value::Object(more)) = (&mut end, stored.end) {
                end.extend(more);
            }
            self.event("done", &end);
            self.over = true;
        } else {
            self.tell_stage(stored.stage);
            self.tell_piece(stored.piece);
        }
        !self.out.is_empty()
    }

    fn fail(&mut self, code: Code) -> bool {
        let told = json!({ "code": code.name(), "message": code.sentence() });
        self.event("error", &told);
        self.over = true;
        true
    }

    fn tell_stage(&mut self, stage: Stage) {
        if self.told_stage.replace(stage) != Some(stage) {
            self.event("stage", &json!({ "message": self.message, "stage": stage }));
        }
    }

    fn tell_sources(&mut self, sources: &[Source]) {
        if !sources.is_empty() && !self.told_sources {
            self.told_sources = true;
            self.event("sources", &json!({ "message": self.message, "sources": sources }));
        }
    }

    fn tell_piece(&mut self, mut piece: Piece) {
        piece.marks.retain(|mark| !self.told_marks.contains(mark));
        if piece.text.is_empty() && piece.marks.is_empty() {
            return;
        }
        let from = self.at;
        self.at = from.saturating_add(madang_domain::chat::turn::chars(&piece.text));
        self.told_marks.extend(piece.marks.iter().cloned());
        let delta = Delta { message: self.message, from, to: self.at, text: &piece.text, marks: &piece.marks };
        let told = self.voice.delta((self.message, self.at), &delta);
        self.out.push_str(&told);
    }
}
