//! One answer, from the question to the end.
//!
//! A run takes the answer (so that no other node writes it too), looks for passages, lets the author write, and passes on what
//! is said: to those who watch at once, at most every 50 ms, and to the journal in larger pieces. It ends when the author
//! does, when it is told to stop, when nobody watches, or when it hears that the answer is not its own any more.

use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt;
use madang_domain::chat::turn::{Piece, chars};
use madang_domain::chat::{Badge, Chat, Command, End, MAX_ANSWER, MAX_SOURCES, Mark, Source, Stage, Talk, Usage};
use madang_domain::coach::{self, CitationCheck, Lang, Speaker, Turn};
use madang_domain::code::Code;
use madang_domain::ids::EntityId;
use serde_json::json;
use tokio::time::{Instant, interval, sleep_until, timeout_at};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::author::{Task, Words};
use super::desk::{Desk, Ending, order};
use super::live::{Live, Place};
use super::{Chats, chat_id};
use crate::actors::ask::Denied;
use crate::storage::assistants::Row as Assistant;

/// What is said within so long is told together.
const COALESCE: Duration = Duration::from_millis(50);
/// How often a run looks whether anybody watches.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// No answer takes longer.
const LONGEST: Duration = Duration::from_secs(600);
/// A question shorter than this may mean the one before it: passages are sought with both.
const SHORT_QUESTION: usize = 40;
/// So many of the turns before are told to the author.
const HISTORY: usize = 12;
/// The most claims that are kept of an answer.
const MAX_MARKS: usize = 300;

/// An answer that waits to be written.
struct Job {
    id: EntityId,
    message: u32,
    question: String,
    history: Vec<Turn>,
    before: Option<String>,
    assistant: String,
    text: String,
    marks: Vec<Mark>,
    sources: Vec<Source>,
}

impl Job {
    /// The answer that is next in a conversation, if it waits.
    fn next(id: EntityId, talk: &Talk) -> Option<Self> {
        let message = talk.current_number()?;
        let turn = talk.turn(message).filter(|turn| turn.answer.stage == Stage::Queued && turn.answer.run.is_none())?;
        let before: Vec<_> = talk.numbered().filter(|(number, _)| *number < message).map(|(_, turn)| turn).collect();
        let skip = before.len().saturating_sub(HISTORY);
        let said = |role, text: &str| Turn { role, text: text.to_owned() };
        let history = before
            .iter()
            .skip(skip)
            .filter(|turn| !turn.answer.text.is_empty())
            .flat_map(|turn| [said(Speaker::User, &turn.question), said(Speaker::Assistant, &turn.answer.text)]);
        Some(Self {
            id,
            message,
            question: turn.question.clone(),
            history: history.collect(),
            before: before.last().map(|turn| turn.question.clone()),
            assistant: talk.assistant.clone(),
            text: turn.answer.text.clone(),
            marks: turn.answer.marks.clone(),
            sources: turn.answer.sources.clone(),
        })
    }

    /// What passages are sought with.
    fn query(&self) -> String {
        match &self.before {
            Some(before) if self.question.chars().count() < SHORT_QUESTION => format!("{before}\n{}", self.question),
            Some(_) | None => self.question.clone(),
        }
    }
}

impl Chats {
    /// Looks for answers to be written in a conversation, unless somebody does already.
    pub(super) fn start(&self, chat: i64) {
        let (stage, Some(id)) = (&self.parts.stage, chat_id(chat)) else { return };
        if self.closing.is_cancelled() || stage.runners() >= self.parts.settings.at_once {
            // It is offered again in a while.
            metrics::counter!("chat_runs_put_off_total").increment(1);
            return;
        }
        if stage.enter(chat) {
            let chats = self.clone();
            self.runs.spawn(async move { chats.answer_all(id).await });
        }
    }

    async fn answer_all(&self, id: EntityId) {
        let stage = &self.parts.stage;
        loop {
            let stop = stage.fresh_stop(id.number());
            let look = move |chat: &Chat| chat.talk().and_then(|talk| Job::next(id, talk));
            match self.parts.engine.look(id, look).await {
                Ok(Some(job)) if !self.closing.is_cancelled() => {
                    metrics::gauge!("chat_runs").increment(1.0);
                    let outcome = self.answer(job, stop).await;
                    stage.show(id.number(), None);
                    metrics::gauge!("chat_runs").decrement(1.0);
                    if let Err(denied) = outcome {
                        // Deleted, taken by another node, or the journal is away: the deadline settles what is left.
                        tracing::debug!(code = %denied.code(), "a run has lost its answer");
                        metrics::counter!("chat_runs_lost_total").increment(1);
                    }
                }
                Ok(_) | Err(_) => {
                    if stage.leave(id.number()) {
                        return;
                    }
                }
            }
        }
    }

    /// Writes one answer.
    async fn answer(&self, job: Job, stop: CancellationToken) -> Result<(), Denied> {
        let (began, run) = (Instant::now(), Uuid::new_v4());
        let begin = order(&self.parts.engine, job.id, Command::Begin { message: job.message, run });
        let (begun, assistant) = tokio::join!(begin, self.assistants.find(&job.assistant));
        begun?;
        let live = Arc::new(Live::new(job.message, job.text.clone(), job.marks.clone(), stop));
        self.parts.stage.show(job.id.number(), Some(Arc::clone(&live)));
        let desk = Desk::new(self.parts.engine.clone(), (job.id, job.message, run), &live);
        let pass = Pass { chats: self, channel: job.id.to_string(), told: live.end(), told_at: None, live, desk, began };
        match assistant {
            Ok(assistant) => pass.write(job, &assistant).await,
            Err(denied) => pass.over(Ending::failed(denied.code())).await,
        }
    }
}

impl Ending {
    fn of(end: End) -> Self {
        Self { end, reason: None, model: String::new(), usage: Usage::default() }
    }

    fn failed(code: Code) -> Self {
        Self { reason: Some(code.name().to_owned()), ..Self::of(End::Failed) }
    }

    fn because(end: End, reason: &str) -> Self {
        Self { reason: Some(reason.to_owned()), ..Self::of(end) }
    }
}

/// What is said, on its way out.
struct Pass<'a> {
    chats: &'a Chats,
    channel: String,
    live: Arc<Live>,
    desk: Desk,
    /// Watchers have everything before.
    told: Place,
    told_at: Option<Instant>,
    began: Instant,
}

impl Pass<'_> {
    async fn write(mut self, job: Job, assistant: &Assistant) -> Result<(), Denied> {
        let rest = !job.text.is_empty();
        if !rest && let Some(warning) = coach::red_flag(&job.question, Lang::of(&job.question)) {
            // Before anything that could take time or fail.
            self.live.add(&format!("{warning}\n\n"), []);
            self.tell();
        }
        let sources = if rest { job.sources.clone() } else { self.seek(&job, assistant).await? };
        let Some(sources) = Some(sources).filter(|_| !self.live.stop.is_cancelled()) else {
            return self.over(Ending::of(End::Stopped)).await;
        };
        self.live.found(&sources);
        self.live.tell();
        self.desk.found(sources.clone()).await?;
        let asked: Vec<coach::Source> = sources.iter().map(coach_source).collect();
        let health = assistant.health.then(|| Lang::of(&job.question));
        let check = CitationCheck::new(&asked, health);
        let history = if rest { with_rest(&job) } else { job.history };
        let task = Task { question: job.question, history, sources, assistant: assistant.clone(), rest };
        let base = self.live.end().chars;
        self.listen(task, check, base).await
    }

    /// The passages for a question. A search that fails leaves the answer without any.
    async fn seek(&mut self, job: &Job, assistant: &Assistant) -> Result<Vec<Source>, Denied> {
        let seek = self.chats.parts.seek.seek(job.query(), assistant.sources.clone(), assistant.tags.clone());
        let stop = self.live.stop.clone();
        match stop.run_until_cancelled(seek).await {
            Some(Ok(found)) => Ok(found.into_iter().take(MAX_SOURCES).map(Source::bounded).collect()),
            Some(Err(code)) => {
                tracing::warn!(%code, "passages could not be sought");
                Ok(Vec::new())
            }
            None => Ok(Vec::new()),
        }
    }

    /// Passes on what the author says until one of us ends it.
    async fn listen(mut self, task: Task, mut check: CitationCheck, base: u32) -> Result<(), Denied> {
        let author = Arc::clone(&self.chats.parts.author);
        let asked = tokens_of(&task);
        let mut words = author.write(task);
        let (stop, closing) = (self.live.stop.clone(), self.chats.closing.clone());
        let mut look = interval(LOOK_EVERY);
        let mut unwatched_since = None;
        let longest = self.began + LONGEST;
        let mut spent = None;
        let mut ending = loop {
            let tell_at = self.tell_at();
            let due = self.desk.due(&self.live);
            tokio::select! {
                biased;
                () = stop.cancelled() => break Ending::of(End::Stopped),
                () = closing.cancelled() => break Ending::of(End::Interrupted),
                landed = self.desk.landed() => landed?,
                said = timeout_at(longest, words.next()) => match said {
                    Ok(Some(Ok(Words::Text(text)))) => if self.say(&mut check, &text, base) {
                        break Ending::because(End::Done, "length");
                    },
                    Ok(Some(Ok(Words::Over { reason, usage }))) => {
                        spent = usage;
                        break Ending { reason: reason.map(str::to_owned), ..Ending::of(End::Done) };
                    }
                    Ok(None) => break Ending::of(End::Done),
                    Ok(Some(Err(code))) => break Ending::failed(code),
                    Err(_) => break Ending::because(End::Done, "length"),
                },
                () = sleep_until(tell_at), if self.told != self.live.end() => {}
                () = sleep_until(due), if !self.desk.in_flight() => {}
                _ = look.tick() => if self.is_left_alone(&mut unwatched_since) {
                    break Ending::because(End::Stopped, "unwatched");
                },
            }
            if self.told != self.live.end() && Instant::now() >= tell_at {
                self.tell();
            }
            self.desk.work(&self.live);
        };
        // The upstream call ends here.
        drop(words);
        let last = check.finish();
        let room = MAX_ANSWER.saturating_sub(self.live.end().chars);
        self.live.add(head(&last.text, room), marks(last.claims, base));
        let said = self.live.end().chars.saturating_sub(base);
        let guessed = Usage { prompt: asked, completion: said.div_ceil(2) };
        ending.model = author.name();
        ending.usage = spent.unwrap_or(guessed);
        self.over(ending).await
    }

    /// Takes some words. Whether the answer is as long as it may get.
    fn say(&self, check: &mut CitationCheck, text: &str, base: u32) -> bool {
        let checked = check.push(text);
        let end = self.live.end();
        let room = MAX_ANSWER.saturating_sub(end.chars);
        let fits = head(&checked.text, room);
        let few = end.marks() < MAX_MARKS;
        self.live.add(fits, marks(checked.claims, base).into_iter().filter(|_| few));
        fits.len() < checked.text.len()
    }

    fn tell_at(&self) -> Instant {
        self.told_at.map_or_else(Instant::now, |at| at + COALESCE)
    }

    /// Tells watchers what is new. It is no event: what the journal has comes again as one.
    fn tell(&mut self) {
        let (piece, end) = self.live.since(self.told);
        if self.told_at.is_none() {
            metrics::histogram!("chat_first_words_seconds").record(self.began.elapsed().as_secs_f64());
        }
        self.told = end;
        self.told_at = Some(Instant::now());
        let Piece { from, text, marks } = piece;
        let told = json!({ "type": "tokens", "message": self.live.message, "from": from, "to": end.chars, "text": text,
            "marks": marks });
        self.chats.parts.broker.pass(&self.channel, told.to_string().as_bytes());
        self.live.tell();
    }

    /// Whether nobody has watched for as long as the setting allows.
    fn is_left_alone(&self, since: &mut Option<Instant>) -> bool {
        let Some(patience) = self.chats.parts.settings.unwatched else { return false };
        if self.live.readers() > 0 || self.chats.parts.broker.viewers(&self.channel) > 0 {
            *since = None;
            return false;
        }
        since.get_or_insert_with(Instant::now).elapsed() >= patience
    }

    async fn over(mut self, ending: Ending) -> Result<(), Denied> {
        if self.told != self.live.end() {
            self.tell();
        }
        let end = match ending.end {
            End::Done => "done",
            End::Stopped => "stopped",
            End::Failed => "failed",
            End::Interrupted => "interrupted",
        };
        metrics::counter!("chat_answers_total", "end" => end).increment(1);
        metrics::counter!("chat_tokens_total").increment(u64::from(ending.usage.completion));
        self.desk.finish(&self.live, ending).await
    }
}

/// The history of an answer that is continued: its own question and what there is of it at the end.
fn with_rest(job: &Job) -> Vec<Turn> {
    let mut history = job.history.clone();
    history.push(Turn { role: Speaker::User, text: job.question.clone() });
    history.push(Turn { role: Speaker::Assistant, text: job.text.clone() });
    history
}

/// About what a task costs to read, in tokens.
fn tokens_of(task: &Task) -> u32 {
    let estimate = |text: &str| coach::tokens::estimate(text);
    let sources = task.sources.iter().map(|source| estimate(&source.text));
    let said = task.history.iter().map(|turn| estimate(&turn.text));
    sources.chain(said).fold(estimate(&task.question), u32::saturating_add)
}

fn coach_source(source: &Source) -> coach::Source {
    coach::Source {
        title: source.title.clone(),
        url: source.url.clone(),
        heading: source.heading.clone(),
        text: source.text.clone(),
    }
}

/// The claims of a check that began at `base` as marks of the answer.
fn marks(claims: Vec<coach::Claim>, base: u32) -> Vec<Mark> {
    let at = |place: usize| u32::try_from(place).unwrap_or(MAX_ANSWER).saturating_add(base).min(MAX_ANSWER);
    let number = |source: usize| u32::try_from(source).unwrap_or(0);
    claims
        .into_iter()
        .map(|claim| Mark {
            from: at(claim.start),
            to: at(claim.end),
            sources: claim.sources.into_iter().map(number).collect(),
            badge: badge(claim.badge),
        })
        .collect()
}

const fn badge(badge: coach::Badge) -> Badge {
    match badge {
        coach::Badge::Grounded => Badge::Grounded,
        coach::Badge::Partly => Badge::Partly,
        coach::Badge::NotFound => Badge::NotFound,
        coach::Badge::NotCompared => Badge::NotCompared,
    }
}

/// The first characters of a text.
fn head(text: &str, most: u32) -> &str {
    if chars(text) <= most {
        return text;
    }
    let most = usize::try_from(most).unwrap_or(usize::MAX);
    let end = text.char_indices().nth(most).map_or(text.len(), |(at, _)| at);
    text.get(..end).unwrap_or_default()
}
