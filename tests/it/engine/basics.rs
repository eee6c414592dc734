//! Answers, repetitions, refusals, views, history, and coming back from the journal.

use madang::actors::ask::Denied;
use madang_domain::code::Code;
use madang_domain::entity::{Order, Viewer};
use madang_domain::ids::Kind;
use serde_json::json;

use super::meter::{Command, Meter};
use super::{ask, meter, order, person, settings, start, until};
use crate::world;

#[tokio::test]
async fn the_same_id_gets_the_same_answer_and_another_body_is_refused() {
    let db = world::database().await;
    let (engine, _) = start(&db, settings()).await;
    let first = order(meter(1), Command::Raise { to: 5 });
    let answer = engine.ask::<Meter>(first.clone()).await.unwrap();
    assert_eq!((answer.seq, answer.offset, answer.duplicate), (1, 1, false));
    assert_eq!(answer.data, json!({ "value": 5 }));
    ask(&engine, meter(1), Command::Raise { to: 6 }).await.unwrap();

    let again = engine.ask::<Meter>(first.clone()).await.unwrap();
    assert!(again.duplicate);
    assert_eq!((again.seq, again.offset, again.at, &again.data), (1, 1, answer.at, &answer.data));

    let other_body = Order { command: Command::Raise { to: 9 }, ..first.clone() };
    assert_eq!(engine.ask::<Meter>(other_body).await, Err(Denied::Failed(Code::IdReused)));
    let other_person = Order { actor: person(2), ..first };
    assert_eq!(engine.ask::<Meter>(other_person).await, Err(Denied::Failed(Code::IdReused)));
    engine.stop().await;
}

#[tokio::test]
async fn a_refusal_says_why_and_is_kept_for_those_who_may_see_it() {
    let db = world::database().await;
    let (engine, _) = start(&db, settings()).await;
    ask(&engine, meter(1), Command::Raise { to: 5 }).await.unwrap();
    let refused = ask(&engine, meter(1), Command::Raise { to: 3 }).await.unwrap_err();
    let Denied::Refused { code, message, detail, seq } = refused else { panic!("{refused:?}") };
    assert_eq!((code, message.as_str(), detail, seq), (Code::BidTooLow, "it is at 5 already", json!({ "at": 5 }), 1));
    let kept: (i64, i64, String, serde_json::Value) =
        sqlx::query_as("select actor_user, at_seq, code, command from refusal").fetch_one(db.pool()).await.unwrap();
    assert_eq!(kept, (1, 1, "auction.bid_too_low".to_owned(), json!({ "raise": { "to": 3 } })));
    engine.stop().await;
}

#[tokio::test]
async fn an_answer_that_changes_nothing_writes_nothing() {
    let db = world::database().await;
    let (engine, _) = start(&db, settings()).await;
    let answer = ask(&engine, meter(1), Command::Idle).await.unwrap();
    assert_eq!((answer.seq, answer.data), (0, json!({ "done": null })));
    let rows: i64 = sqlx::query_scalar("select count(*) from journal").fetch_one(db.pool()).await.unwrap();
    assert_eq!(rows, 0);
    engine.stop().await;
}

#[tokio::test]
async fn history_is_what_was_published_byte_for_byte() {
    let db = world::database().await;
    let (engine, heard) = start(&db, settings()).await;
    for to in 1..=50 {
        ask(&engine, meter(1), Command::Raise { to }).await.unwrap();
        if to % 7 == 0 {
            // Private events take a sequence number and no offset.
            ask(&engine, meter(1), Command::Tell { user: madang_domain::ids::UserId::new(9), times: 0 }).await.unwrap();
        }
    }
    until("the last publication", async || heard.on(meter(1)).len() == 50).await;
    let published = heard.on(meter(1));
    for after in [0usize, 1, 13, 49, 50] {
        let (epoch, head, publications) = engine.history(meter(1), after as u64, 1000).await.unwrap();
        assert_eq!((&epoch, head), (engine.channel_epoch(), 50));
        assert_eq!(publications, published[after..], "after {after}");
    }
    let (_, _, some) = engine.history(meter(1), 10, 5).await.unwrap();
    assert_eq!(some, published[10..15]);
    let (_, head, beyond) = engine.history(meter(1), 99, 5).await.unwrap();
    assert_eq!((head, beyond.len()), (50, 0), "a position ahead of the head gets nothing");
    engine.stop().await;
}

#[tokio::test]
async fn a_view_tells_its_position_and_what_the_viewer_may_see() {
    let db = world::database().await;
    let (engine, _) = start(&db, settings()).await;
    let before = engine.view(meter(1), Viewer::Public).await.unwrap();
    assert_eq!((before.seq, before.offset), (0, 0));
    ask(&engine, meter(1), Command::Raise { to: 5 }).await.unwrap();
    let view = engine.view(meter(1), Viewer::Public).await.unwrap();
    assert_eq!((view.seq, view.offset, view.data), (1, 1, json!({ "value": 5, "rings": 0, "mine": null })));
    engine.stop().await;
}

#[tokio::test]
async fn numbers_of_new_entities_are_given_once() {
    let db = world::database().await;
    let (engine, _) = start(&db, settings()).await;
    let first = engine.allocate(Kind::Auction).await.unwrap();
    let second = engine.allocate(Kind::Auction).await.unwrap();
    assert_eq!((first.number(), second.number()), (1, 2));
    engine.stop().await;
}

#[tokio::test]
async fn an_entity_comes_back_from_the_journal_as_it_was() {
    let db = world::database().await;
    let mut settings = settings();
    settings.habits.snapshot_rows = 10;
    let (engine, _) = start(&db, settings.clone()).await;
    let kept = order(meter(1), Command::Raise { to: 1 });
    let answer = engine.ask::<Meter>(kept.clone()).await.unwrap();
    for to in 2..=37 {
        ask(&engine, meter(1), Command::Raise { to }).await.unwrap();
    }
    let before = engine.inspect(meter(1)).await.unwrap();
    // No graceful end: everything in memory is lost.
    drop(engine);

    let (engine, _) = start(&db, settings).await;
    let after = engine.inspect(meter(1)).await.unwrap();
    assert_eq!((after.seq, after.offset, &after.chain, &after.summary), (37, 37, &before.chain, &before.summary));
    assert_eq!(after.snapshot_seq, 30, "loaded from the snapshot, not from the beginning");
    let again = engine.ask::<Meter>(kept).await.unwrap();
    assert_eq!((again.seq, again.duplicate, again.data), (1, true, answer.data));
    let (answer, snapshots): (i64, i64) = (
        sqlx::query_scalar("select count(*) from journal").fetch_one(db.pool()).await.unwrap(),
        sqlx::query_scalar("select count(*) from snapshot").fetch_one(db.pool()).await.unwrap(),
    );
    assert_eq!((answer, snapshots), (37, 2), "two snapshots are kept");
    engine.stop().await;
}

#[tokio::test]
async fn an_id_that_memory_has_forgotten_is_known_to_the_journal() {
    let db = world::database().await;
    let mut settings = settings();
    settings.habits.recent = 4;
    let (engine, _) = start(&db, settings).await;
    let orders: Vec<_> = (1..=30).map(|to| order(meter(1), Command::Raise { to })).collect();
    for first in &orders {
        assert!(!engine.ask::<Meter>(first.clone()).await.unwrap().duplicate);
    }
    let again = futures_util::future::join_all(orders.iter().map(|order| engine.ask::<Meter>(order.clone()))).await;
    for (seq, answer) in (1..).zip(again) {
        let answer = answer.unwrap();
        assert_eq!((answer.seq, answer.duplicate), (seq, true));
    }
    let other_body = Order { command: Command::Raise { to: 99 }, ..orders[0].clone() };
    assert_eq!(engine.ask::<Meter>(other_body).await, Err(Denied::Failed(Code::IdReused)));
    assert_eq!(engine.inspect(meter(1)).await.unwrap().seq, 30);
    engine.stop().await;
}
