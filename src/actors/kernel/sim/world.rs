//! The simulated world: who acts next is decided by the seed.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use madang_domain::entity::{Actor, Order, Viewer};
use madang_domain::ids::{EntityId, Kind, UserId};
use madang_domain::time::Timestamp;
use parking_lot::Mutex;
use uuid::Uuid;

use super::check::{Said, Told, Watched, check};
use super::database::Database;
use super::dice::Dice;
use super::gauge::{Command, Gauge};
use super::node::Node;
use crate::actors::ask::{Answer, Denied};
use crate::actors::kernel::item::{Promise, Viewed};
use crate::actors::kernel::letter::{Content, Letter};
use crate::actors::kernel::plant::{Fault, Faults};
use crate::actors::kernel::resume_from;
use crate::error::Surface;

const NODES: usize = 2;
const CLIENTS: usize = 8;
const ENTITIES: i64 = 3;
const WATCHERS: usize = 3;
/// Steps with faults; then everything comes to rest without.
const STORM: u64 = 1_600;
const CALM: u64 = 6_000;
/// A client that waited so many steps asks again with the same id.
const PATIENCE: u64 = 60;

/// What a client is after.
#[derive(Debug, Clone)]
enum Wish {
    Order { cmd: Uuid, command: Command },
    View,
}

#[derive(Debug, Clone)]
struct Question {
    entity: EntityId,
    wish: Wish,
    asked: u64,
    sent: u64,
}

/// What came back: to which client's which question.
#[derive(Debug)]
enum Reply {
    Answer(Result<Answer, Denied>),
    Sight(Result<Viewed, Denied>),
}

type Post = Arc<Mutex<Vec<(usize, u64, Reply)>>>;

#[derive(Debug, Default)]
struct Client {
    question: Option<Question>,
    /// Commands that were answered, to be asked again now and then.
    done: Vec<(EntityId, Uuid, Command, Answer)>,
}

/// What a run was like.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Report {
    pub(super) answered: u64,
    pub(super) faults: u64,
    pub(super) retold: u64,
}

pub(super) struct World {
    dice: Dice,
    planted: Faults,
    now: Timestamp,
    step: u64,
    database: Database,
    nodes: Vec<Node>,
    clients: Vec<Client>,
    network: Vec<(usize, Letter<Gauge>)>,
    post: Post,
    told: Vec<Told>,
    watchers: Vec<(Watched, bool)>,
    report: Report,
}

impl World {
    pub(super) fn new(seed: u64, planted: Faults) -> Self {
        let now = Timestamp::from_timestamp(1_700_000_000, 0).unwrap();
        let mut database = Database::default();
        database.unfenced = planted.has(Fault::NoFence);
        let watched = || (1..=ENTITIES).map(|number| (entity(number), Vec::new())).collect();
        Self {
            dice: Dice(seed),
            planted,
            now,
            step: 0,
            database,
            nodes: (0..NODES).map(|id| Node::new(id, planted, now)).collect(),
            clients: (0..CLIENTS).map(|_| Client::default()).collect(),
            network: Vec::new(),
            post: Post::default(),
            told: Vec::new(),
            watchers: (0..WATCHERS).map(|_| (watched(), true)).collect(),
            report: Report::default(),
        }
    }

    /// Runs the storm and the calm after it, and checks everything that was said.
    pub(super) fn run(mut self) -> Result<Report, String> {
        for number in 1..=ENTITIES {
            self.take_over(0, entity(number).shard());
        }
        while self.step < STORM {
            self.act(true);
        }
        let end = self.step + CALM;
        while self.step < end && (self.is_busy() || self.step < STORM + 200) {
            self.act(false);
        }
        if let Some(broken) = self.nodes.iter_mut().find_map(|node| node.broken.take()) {
            return Err(broken);
        }
        if self.is_busy() {
            let waiting: Vec<_> = self.clients.iter().filter_map(|client| client.question.as_ref()).collect();
            return Err(format!("it did not come to rest: {self:?}, {waiting:?}, {:?}", self.database.timers));
        }
        for watcher in 0..WATCHERS {
            self.resume(watcher);
        }
        let watched: Vec<Watched> = self.watchers.into_iter().map(|(watched, _)| watched).collect();
        check(&self.database, &self.told, &watched)?;
        self.report.retold = self.nodes.iter().map(|node| node.retold).sum();
        Ok(self.report)
    }

    fn is_busy(&self) -> bool {
        let due = self.database.timers.values().any(|(due, _)| *due <= self.now);
        due || self.clients.iter().any(|client| client.question.is_some())
    }

    fn act(&mut self, storm: bool) {
        self.step += 1;
        let node = self.dice.pick(NODES);
        match self.dice.below(if storm { 100 } else { 90 }) {
            0..14 => self.client(storm),
            14..28 => self.deliver(storm),
            28..40 => self.nodes[node].send(),
            40..54 => {
                let fate = if storm { self.dice.below(60) } else { 60 };
                self.report.faults += u64::from(fate < 4);
                self.nodes[node].arrive(&mut self.database, fate);
            }
            54..66 => {
                self.nodes[node].acknowledged(&mut self.database);
                self.spread(node);
            }
            66..76 => self.nodes[node].errands(&self.database),
            76..84 => {
                let pick = self.dice.pick(8);
                self.nodes[node].load(&self.database, pick);
            }
            84..88 => self.pass_time(),
            88..90 => {
                let pick = self.dice.pick(8);
                self.nodes[node].retire(pick);
            }
            90..94 => {
                let shard = entity(1 + i64::try_from(self.dice.below(3)).unwrap()).shard();
                self.report.faults += 1;
                self.take_over(node, shard);
            }
            94..95 => self.crash(node),
            _ => {
                let watcher = self.dice.pick(WATCHERS);
                if self.watchers[watcher].1 { self.watchers[watcher].1 = false } else { self.resume(watcher) }
            }
        }
        self.read_post();
    }

    /// A node takes a shard from whoever has it, who does not notice.
    fn take_over(&mut self, node: usize, shard: u8) {
        if self.nodes[node].owned.all().iter().any(|(ours, _)| *ours == shard) {
            return;
        }
        let claimed = self.database.claim(node, shard);
        self.nodes[node].owned.acquired(&[claimed]);
    }

    fn crash(&mut self, node: usize) {
        self.report.faults += 1;
        let arrives = self.dice.below(2) == 0;
        let dead = std::mem::replace(&mut self.nodes[node], Node::new(node, self.planted, self.now));
        drop(dead.crash(&mut self.database, arrives));
        self.network.retain(|(to, _)| *to != node);
        for number in 1..=ENTITIES {
            let shard = entity(number).shard();
            if self.database.owner(shard) == Some(node) {
                self.take_over(node, shard);
            }
        }
    }

    fn pass_time(&mut self) {
        self.now += Duration::from_millis(self.dice.below(2_000));
        for node in &mut self.nodes {
            node.now = self.now;
        }
        let due: Vec<EntityId> =
            self.database.timers.iter().filter(|(_, (due, _))| *due <= self.now).map(|(id, _)| *id).collect();
        for id in due {
            let to = self.database.owner(id.shard()).unwrap_or(0);
            self.network.push((to, Letter::new(id, Content::Wake)));
        }
    }

    fn deliver(&mut self, storm: bool) {
        if self.network.is_empty() {
            return;
        }
        let pick = self.dice.pick(self.network.len());
        let (node, letter) = self.network.swap_remove(pick);
        if storm && self.dice.below(30) == 0 {
            // Lost on the way: its promise is dropped, which says "unknown" to a client that may be listening.
            self.report.faults += 1;
            return;
        }
        self.nodes[node].deliver(letter);
    }

    fn client(&mut self, storm: bool) {
        let who = self.dice.pick(CLIENTS);
        let step = self.step;
        match &mut self.clients[who].question {
            Some(question) if step - question.sent > PATIENCE => question.sent = step,
            Some(_) => return,
            None if !storm => return,
            None => {
                let question = self.question(who);
                self.clients[who].question = Some(question);
            }
        }
        self.ask(who);
    }

    fn question(&mut self, who: usize) -> Question {
        let entity = entity(1 + i64::try_from(self.dice.below(ENTITIES.unsigned_abs())).unwrap());
        let (asked, sent) = (self.step, self.step);
        let known = self.database.journal.get(&entity).map_or(0, Vec::len) as i64;
        let wish = match self.dice.below(10) {
            0..3 => Wish::View,
            3 => {
                let at = self.now + Duration::from_millis(self.dice.below(5_000));
                Wish::Order { cmd: self.uuid(), command: Command::Alarm { at } }
            }
            4 if !self.clients[who].done.is_empty() => {
                let pick = self.dice.pick(self.clients[who].done.len());
                let (entity, cmd, command, _) = self.clients[who].done[pick].clone();
                return Question { entity, wish: Wish::Order { cmd, command }, asked, sent };
            }
            _ => {
                let to = known * 2 + i64::try_from(self.dice.below(8)).unwrap() - 2;
                Wish::Order { cmd: self.uuid(), command: Command::Raise { to } }
            }
        };
        Question { entity, wish, asked, sent }
    }

    fn uuid(&mut self) -> Uuid {
        let (high, low) = (self.dice.roll(), self.dice.roll());
        // Half of the clients put the time into their ids, and none of their clocks is right.
        let dated = u64::try_from(self.now.timestamp_millis()).unwrap() + high % 400;
        Uuid::from_u64_pair(if high & (1 << 40) == 0 { high } else { dated << 16 }, low)
    }

    /// Sends a client's question to the owner, or to somebody who was it once.
    fn ask(&mut self, who: usize) {
        let Some(question) = self.clients[who].question.clone() else { return };
        let owner = self.database.owner(question.entity.shard()).unwrap_or(0);
        let node = if self.dice.below(4) == 0 { self.dice.pick(NODES) } else { owner };
        let (post, asked) = (Arc::clone(&self.post), question.asked);
        let content = match question.wish {
            Wish::Order { cmd, command } => Content::Order {
                order: Box::new(Order {
                    to: question.entity,
                    id: cmd,
                    actor: Actor::User { id: UserId::new(1), roles: Vec::new() },
                    command,
                }),
                reply: Promise::new(move |result| post.lock().push((who, asked, Reply::Answer(result)))),
                journal: None,
            },
            Wish::View => Content::View {
                viewer: Viewer::Public,
                reply: Promise::new(move |result| post.lock().push((who, asked, Reply::Sight(result)))),
            },
        };
        self.network.push((node, Letter::new(question.entity, content)));
    }

    fn read_post(&mut self) {
        let replies = std::mem::take(&mut *self.post.lock());
        for (who, asked, reply) in replies {
            let client = &mut self.clients[who];
            // A late reply to an earlier question says nothing new.
            let Some(question) = client.question.clone().filter(|question| question.asked == asked) else { continue };
            let what = match (reply, question.wish) {
                (Reply::Answer(Err(Denied::Failed(code))), _) | (Reply::Sight(Err(Denied::Failed(code))), _) => {
                    assert!(Surface::of(code).temporary, "{code} to {question:?}", question = client.question);
                    if let Some(question) = &mut client.question {
                        question.sent = self.step.saturating_sub(PATIENCE);
                    }
                    continue;
                }
                (Reply::Answer(result), Wish::Order { cmd, command }) => {
                    if let Ok(answer) = &result {
                        let known = client.done.iter().find(|(_, known, _, _)| *known == cmd);
                        if let Some((_, _, _, before)) = known {
                            // The same id, the same answer. It is no fresh event in time: it happened when it happened.
                            let same = (before.seq, before.offset, before.at, &before.data)
                                == (answer.seq, answer.offset, answer.at, &answer.data);
                            assert!(same || self.planted.has(Fault::NoFence) || self.planted.has(Fault::AckBeforeCommit));
                            client.question = None;
                            self.report.answered += 1;
                            continue;
                        }
                        client.done.push((question.entity, cmd, command.clone(), answer.clone()));
                    }
                    Said::Ordered { cmd, command, result }
                }
                (Reply::Sight(Ok(view)), Wish::View) => Said::Viewed { data: view.data, seq: view.seq, offset: view.offset },
                (reply, wish) => unreachable!("{reply:?} to {wish:?}"),
            };
            client.question = None;
            self.report.answered += 1;
            self.told.push(Told { entity: question.entity, asked, answered: self.step, what });
        }
    }

    /// Watchers hear what a node published; one that finds a gap reads the journal.
    fn spread(&mut self, node: usize) {
        let mut gaps = Vec::new();
        for (id, publication) in self.nodes[node].heard() {
            for (index, (watched, listening)) in self.watchers.iter_mut().enumerate() {
                let Some(list) = watched.get_mut(&id).filter(|_| *listening) else { continue };
                match publication.offset.cmp(&(list.len() as u64 + 1)) {
                    std::cmp::Ordering::Equal => list.push(publication.clone()),
                    std::cmp::Ordering::Less => {}
                    std::cmp::Ordering::Greater => gaps.push(index),
                }
            }
        }
        for watcher in gaps {
            self.resume(watcher);
        }
    }

    /// A watcher comes back and gets what it missed.
    fn resume(&mut self, watcher: usize) {
        let (watched, listening) = &mut self.watchers[watcher];
        *listening = true;
        for (id, list) in watched {
            let after = resume_from(list.len() as u64, self.planted);
            let all = self.database.publications(*id).unwrap_or_default();
            list.extend(all.into_iter().filter(|one| one.offset > after));
        }
    }
}

fn entity(number: i64) -> EntityId {
    EntityId::new(Kind::Auction, number).unwrap()
}

/// Kept for readers of a failing seed: what each entity's journal holds.
impl std::fmt::Debug for World {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let lengths: BTreeMap<_, _> = self.database.journal.iter().map(|(id, rows)| (id.to_string(), rows.len())).collect();
        f.debug_struct("World").field("step", &self.step).field("journal", &lengths).finish_non_exhaustive()
    }
}
