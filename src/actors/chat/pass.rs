//! What an author says, on its way out: to those who watch at once, at most every 50 ms, and to the journal in larger pieces.

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use futures_util::stream::BoxStream;
use futures_util::{FutureExt, StreamExt};
use madang_domain::chat::turn::{Piece, chars};
use madang_domain::chat::{Badge, End, MAX_ANSWER, MAX_SOURCES, Mark, Source, Usage};
use madang_domain::coach::{self, CitationCheck, Lang, Speaker, Turn};
use madang_domain::code::Code;
use serde::Serialize;
use tokio::time::{Instant, sleep_until};
use tokio_util::task::AbortOnDropHandle;

use super::Chats;
use super::author::{Task, Words};
use super::desk::{Desk, Ending};
use super::live::{Live, Place};
use super::run::Job;
use crate::actors::ask::Denied;
use crate::storage::assistants::Row as Assistant;

/// What is said within so long is told together.
const COALESCE: Duration = Duration::from_millis(50);
/// So many turns of others without a word: all was taken that there is.
const SILENT_TURNS: u32 = 2;
/// How often a run looks whether anybody watches.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// No answer takes longer.
const LONGEST: Duration = Duration::from_secs(600);
/// The most claims that are kept of an answer.
const MAX_MARKS: usize = 300;

impl Ending {
    fn of(end: End) -> Self {
        Self { end, reason: None, model: String::new(), usage: Usage::default() }
    }

    /// By this fault.
    pub(super) fn failed(code: Code) -> Self {
        Self { reason: Some(code.name().to_owned()), ..Self::of(End::Failed) }
    }

    fn because(end: End, reason: &str) -> Self {
        Self { reason: Some(reason.to_owned()), ..Self::of(end) }
    }
}

/// Words in passing, as watchers are told them.
#[derive(Serialize)]
struct Tokens<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    message: u32,
    from: u32,
    to: u32,
    text: &'a str,
    marks: &'a [Mark],
}

/// A search for passages, which ends with whoever waits for it.
pub(super) type Seeking = AbortOnDropHandle<Result<Vec<Source>, Code>>;

/// The passages for a question. Not to be able to look is another thing than to have nothing: that would be told to people.
async fn found(seeking: Seeking) -> Result<Vec<Source>, Code> {
    let code = match seeking.await {
        Ok(Ok(found)) => return Ok(found.into_iter().take(MAX_SOURCES).map(Source::bounded).collect()),
        Ok(Err(code)) => code,
        Err(_) => Code::Internal,
    };
    tracing::warn!(%code, "passages could not be sought");
    Err(code)
}

/// What an author says.
type Said = BoxStream<'static, Result<Words, Code>>;

/// What the author said besides words.
struct Heard {
    ending: Option<Ending>,
    /// What it cost, where that is known.
    spent: Option<Usage>,
}

/// What is said, on its way out.
pub(super) struct Pass<'a> {
    chats: &'a Chats,
    channel: String,
    live: Arc<Live>,
    desk: Desk,
    /// Watchers have everything before.
    told: Place,
    told_at: Option<Instant>,
    began: Instant,
}

impl<'a> Pass<'a> {
    pub(super) fn new(chats: &'a Chats, channel: String, live: Arc<Live>, desk: Desk, began: Instant) -> Self {
        Self { chats, channel, told: live.end(), told_at: None, live, desk, began }
    }

    /// Writes the answer to its end.
    ///
    /// # Errors
    /// The answer is not this run's any more, or the journal has been away for too long.
    pub(super) async fn write(mut self, job: Job, assistant: &Assistant, seeking: Option<Seeking>) -> Result<(), Denied> {
        let rest = !job.text.is_empty();
        if !rest && let Some(warning) = coach::red_flag(&job.question, Lang::of(&job.question)) {
            // Before anything that could take time or fail.
            self.live.add(&format!("{warning}\n\n"), []);
            self.tell();
        }
        let sources = match seeking {
            Some(seeking) => self.live.stop.run_until_cancelled(found(seeking)).await,
            None => Some(Ok(job.sources.clone())).filter(|_| !self.live.stop.is_cancelled()),
        };
        let sources = match sources {
            Some(Ok(sources)) => sources,
            Some(Err(code)) => return self.over(Ending::failed(code)).await,
            None => return self.over(Ending::of(End::Stopped)).await,
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

    /// Passes on what the author says until one of us ends it.
    ///
    /// After telling, the author is not listened to for [`COALESCE`]: what is said meanwhile waits in the kernel and is taken
    /// at once, so that a token costs neither a turn of this task nor a timer.
    async fn listen(mut self, task: Task, mut check: CitationCheck, base: u32) -> Result<(), Denied> {
        let author = Arc::clone(&self.chats.parts.author);
        let asked = tokens_of(&task);
        let mut words = author.write(task);
        let (stop, closing) = (self.live.stop.clone(), self.chats.closing.clone());
        let (mut stopped, mut closed) = (pin!(stop.cancelled()), pin!(closing.cancelled()));
        let (mut look_at, mut unwatched_since) = (Instant::now(), None);
        let mut alarm = pin!(sleep_until(look_at));
        let mut heard = Heard { ending: None, spent: None };
        let mut ending = loop {
            let resting = self.told_at.is_some_and(|at| at.elapsed() < COALESCE);
            alarm.as_mut().reset(self.wake_at(resting, look_at));
            tokio::select! {
                biased;
                () = stopped.as_mut() => break Ending::of(End::Stopped),
                () = closed.as_mut() => break Ending::of(End::Interrupted),
                landed = self.desk.landed() => landed?,
                said = words.next(), if !resting => {
                    self.hear(&mut check, said, base, &mut heard);
                    self.gather(&mut words, &mut check, base, &mut heard).await;
                }
                () = alarm.as_mut() => {}
            }
            if let Some(ending) = heard.ending {
                break ending;
            }
            let now = Instant::now();
            if now >= self.began + LONGEST {
                break Ending::because(End::Done, "length");
            }
            if now >= look_at {
                look_at = now + LOOK_EVERY;
                if self.is_left_alone(&mut unwatched_since) {
                    break Ending::because(End::Stopped, "unwatched");
                }
            }
            if self.told != self.live.end() {
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
        ending.usage = heard.spent.unwrap_or(guessed);
        self.over(ending).await
    }

    /// When something is due, though nobody says anything.
    fn wake_at(&self, resting: bool, look_at: Instant) -> Instant {
        match self.told_at.filter(|_| resting) {
            Some(at) => at + COALESCE,
            None if self.desk.in_flight() => look_at,
            None => look_at.min(self.desk.due(&self.live)),
        }
    }

    /// Takes what was said while nobody listened. It comes through tasks of the connection, which have their turns between.
    async fn gather(&mut self, words: &mut Said, check: &mut CitationCheck, base: u32, heard: &mut Heard) {
        let mut silent = 0;
        while heard.ending.is_none() && silent < SILENT_TURNS {
            if let Some(said) = words.next().now_or_never() {
                silent = 0;
                self.hear(check, said, base, heard);
            } else {
                silent += 1;
                tokio::task::yield_now().await;
            }
        }
    }

    fn hear(&self, check: &mut CitationCheck, said: Option<Result<Words, Code>>, base: u32, heard: &mut Heard) {
        match said {
            Some(Ok(Words::Text(text))) => {
                if self.say(check, &text, base) {
                    heard.ending = Some(Ending::because(End::Done, "length"));
                }
            }
            Some(Ok(Words::Over { reason, usage })) => {
                heard.spent = usage;
                heard.ending = Some(Ending { reason: reason.map(str::to_owned), ..Ending::of(End::Done) });
            }
            None => heard.ending = Some(Ending::of(End::Done)),
            Some(Err(code)) => heard.ending = Some(Ending::failed(code)),
        }
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

    /// Tells watchers what is new. It is no event: what the journal has comes again as one.
    fn tell(&mut self) {
        let (piece, end) = self.live.since(self.told);
        if self.told_at.is_none() {
            metrics::histogram!("chat_first_words_seconds").record(self.began.elapsed().as_secs_f64());
        }
        self.told = end;
        self.told_at = Some(Instant::now());
        let Piece { from, text, marks } = piece;
        let told = Tokens { kind: "tokens", message: self.live.message, from, to: end.chars, text: &text, marks: &marks };
        match serde_json::to_vec(&told) {
            Ok(told) => self.chats.parts.broker.pass(&self.channel, &told),
            Err(error) => tracing::error!(%error, "words cannot be told as JSON"),
        }
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

    /// Ends the answer.
    ///
    /// # Errors
    /// As [`Pass::write`].
    pub(super) async fn over(mut self, ending: Ending) -> Result<(), Denied> {
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
