//! One command can be followed by its id through the log.

use std::io::{self, Write};
use std::sync::Arc;

use madang_domain::entity::{Actor, Order};
use madang_domain::ids::{EntityId, Kind, UserId};
use madang_domain::time::Timestamp;
use parking_lot::Mutex;
use serde_json::Value;
use tracing_subscriber::layer::SubscriberExt;
use uuid::Uuid;

use super::database::Database;
use super::gauge::Command;
use super::node::Node;
use crate::actors::kernel::item::Promise;
use crate::actors::kernel::letter::{Content, Letter};
use crate::actors::kernel::plant::Faults;
use crate::telemetry::json_lines;

#[derive(Debug, Clone, Default)]
struct Paper(Arc<Mutex<Vec<u8>>>);

impl Write for Paper {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A node runs one command; the database does `fate` with its commit (see [`Node::arrive`]).
fn run(cmd: Uuid, to: i64, fate: u64) {
    let now = Timestamp::from_timestamp(1_700_000_000, 0).unwrap();
    let (mut database, mut node) = (Database::default(), Node::new(0, Faults::default(), now));
    let id = EntityId::new(Kind::Auction, 1).unwrap();
    node.owned.acquired(&[database.claim(0, id.shard())]);
    let actor = Actor::User { id: UserId::new(1), roles: Vec::new() };
    let order = Box::new(Order { to: id, id: cmd, actor, command: Command::Raise { to } });
    node.deliver(Letter::new(id, Content::Order { order, reply: Promise::new(|_| ()), journal: None }));
    for _ in 0..4 {
        node.load(&database, 0);
        node.errands(&database);
        node.send();
        node.arrive(&mut database, fate);
        node.acknowledged(&mut database);
    }
}

/// The messages that name this command, with their levels.
fn told_of(cmd: Uuid, work: impl Fn()) -> Vec<(String, String)> {
    let paper = Paper::default();
    let writer = paper.clone();
    let log = tracing_subscriber::registry().with(json_lines(move || writer.clone()));
    tracing::subscriber::with_default(log, || {
        // A place in the code that another test reaches for the first time just now may be taken for one that nobody listens
        // to. After a first round all places are known, and can be asked anew.
        work();
        tracing::callsite::rebuild_interest_cache();
        paper.0.lock().clear();
        work();
    });
    let text = String::from_utf8(paper.0.lock().clone()).unwrap();
    let lines = text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    lines
        .filter(|line| line["cmd"] == cmd.to_string())
        .map(|line| (line["level"].as_str().unwrap().to_owned(), line["message"].as_str().unwrap().to_owned()))
        .collect()
}

fn line(level: &str, message: &str) -> (String, String) {
    (level.to_owned(), message.to_owned())
}

#[test]
fn a_command_can_be_followed_by_its_id() {
    let cmd = Uuid::from_u64_pair(1, 1);
    let told = told_of(cmd, || run(cmd, 5, 9));
    assert_eq!(told, [line("DEBUG", "a command is decided"), line("DEBUG", "a command is durable")]);
}

#[test]
fn a_refused_command_is_told_with_its_id() {
    let cmd = Uuid::from_u64_pair(1, 2);
    assert_eq!(told_of(cmd, || run(cmd, -5, 9)), [line("DEBUG", "a command is refused")]);
}

#[test]
fn a_command_that_may_not_be_written_is_a_warning_with_its_id() {
    let cmd = Uuid::from_u64_pair(1, 3);
    let told = told_of(cmd, || run(cmd, 5, 0));
    let warning = line("WARN", "a decided command was not written, or may not be");
    assert_eq!(told, [line("DEBUG", "a command is decided"), warning]);
}
