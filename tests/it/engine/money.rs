//! How holds and transfers are written on the hot path, and that the database judges them all the same.

use std::time::Duration;

use madang::actors::ask::Denied;
use madang::actors::kernel::{Engine, EngineSettings};
use madang::storage::Db;
use madang_domain::code::Code;
use madang_domain::entity::Order;
use madang_domain::ids::UserId;
use madang_domain::money::{Currency, Money};
use sqlx::AssertSqlSafe;

use super::meter::{Command, Meter};
use super::{ask, meter, order, person, settings, start, until};
use crate::world;

fn won(amount: i64) -> Money {
    Money::new(amount, Currency::KRW)
}

async fn hold(engine: &Engine, who: i64, to: i64) -> Result<(), Denied> {
    let order = Order { actor: person(who), ..order(meter(1), Command::Hold { to }) };
    engine.ask::<Meter>(order).await.map(|_| ())
}

/// The rows of holds, as person and amount.
async fn rows(db: &Db) -> Vec<(i64, i64)> {
    sqlx::query_as("select owner, amount from hold order by owner").fetch_all(db.pool()).await.unwrap()
}

/// The constraint by which the database refuses a text.
async fn refused_by(db: &Db, text: impl Into<String>) -> Option<String> {
    let refused = sqlx::raw_sql(AssertSqlSafe(text.into())).execute(db.pool()).await.unwrap_err();
    refused.as_database_error().and_then(|fault| fault.constraint().map(str::to_owned))
}

#[tokio::test]
async fn a_contest_updates_holds_in_place_and_rest_sweeps_the_empty_ones() {
    let db = world::database().await;
    let (engine, _) = start(&db, EngineSettings { idle: Duration::from_secs(1), ..settings() }).await;
    for who in [1, 2, 3] {
        engine.funds().deposit(UserId::new(who), won(1_000), "a").await.unwrap();
    }
    // The first rounds make the rows, the others find them; holds that end as they began are not written at all.
    for round in 1..=20 {
        hold(&engine, 1, round * 30 - 20).await.unwrap();
        hold(&engine, 2, round * 30 - 10).await.unwrap();
        let (third, first) = tokio::join!(hold(&engine, 3, round * 30), hold(&engine, 1, round * 30 + 1));
        third.unwrap();
        first.unwrap();
        let held: Vec<_> = rows(&db).await.into_iter().filter(|(_, amount)| *amount > 0).collect();
        assert_eq!(held, [(1, round * 30 + 1)], "in round {round}");
        assert!(engine.funds().reconcile().await.unwrap().is_sound(), "in round {round}");
    }
    until("the empty rows to go", async || rows(&db).await.len() == 1).await;
    hold(&engine, 2, 900).await.unwrap();
    assert_eq!(engine.funds().holds(UserId::new(1)).await.unwrap(), []);
    assert!(engine.funds().reconcile().await.unwrap().is_sound());
    engine.stop().await;
}

#[tokio::test]
async fn a_hold_whose_row_is_gone_after_all_writes_nothing() {
    let db = world::database().await;
    let (engine, _) = start(&db, settings()).await;
    engine.funds().deposit(UserId::new(1), won(1_000), "a").await.unwrap();
    hold(&engine, 1, 10).await.unwrap();
    hold(&engine, 1, 20).await.unwrap();
    // Behind the engine's back the row goes.
    sqlx::raw_sql("delete from hold; update account set held = 0").execute(db.pool()).await.unwrap();
    assert_eq!(hold(&engine, 1, 30).await, Err(Denied::Failed(Code::Busy)), "not written; ask again");
    assert_eq!(rows(&db).await, []);
    hold(&engine, 1, 30).await.unwrap();
    assert_eq!(rows(&db).await, [(1, 30)]);
    assert!(engine.funds().reconcile().await.unwrap().is_sound());
    engine.stop().await;
}

#[tokio::test]
async fn a_transfer_that_was_made_before_moves_nothing_again() {
    let db = world::database().await;
    let (engine, _) = start(&db, settings()).await;
    engine.funds().deposit(UserId::new(1), won(1_000), "a").await.unwrap();
    let wallet = async || engine.funds().accounts(UserId::new(1)).await.unwrap()[0];
    // A payment is one row; an odd amount is shared, so that it has entries.
    for (before, after) in [(100, 200), (201, 301)] {
        let has = wallet().await.balance;
        hold(&engine, 1, before).await.unwrap();
        sqlx::query("insert into transfer (key, purpose, at) values ($1, 'before', now())")
            .bind(format!("auction:1/pay/{before}"))
            .execute(db.pool())
            .await
            .unwrap();
        ask(&engine, meter(1), Command::Pay).await.unwrap();
        assert_eq!((wallet().await.balance, wallet().await.held), (has, won(0)), "the hold is released, the money stays");
        hold(&engine, 1, after).await.unwrap();
        ask(&engine, meter(1), Command::Pay).await.unwrap();
        assert_eq!(wallet().await.balance, won(has.amount - after));
    }
    let entries = engine.funds().entries(UserId::new(1), None, 10).await.unwrap();
    assert_eq!(entries.iter().map(|entry| entry.amount.amount).collect::<Vec<_>>(), [-301, -200, 1_000]);
    let older = engine.funds().entries(UserId::new(1), Some(entries[0].transfer), 1).await.unwrap();
    assert_eq!(older, entries[1..2]);
    let kept: (i64, i64) =
        sqlx::query_as("select count(*), (select count(*) from entry) from transfer where amount is not null")
            .fetch_one(db.pool())
            .await
            .unwrap();
    assert_eq!(kept, (2, 3), "the deposit and the first payment are whole in their rows, the second has entries");
    assert!(engine.funds().reconcile().await.unwrap().is_sound());
    engine.stop().await;
}

#[tokio::test]
async fn a_payment_that_is_kept_as_two_entries_counts_like_any_other() {
    let db = world::database().await;
    sqlx::raw_sql(
        "insert into account (owner_kind, owner, currency, balance) values ('user', 1, 'KRW', 500), ('world', 0, 'KRW', -500); \
         insert into transfer (key, purpose, at) values ('wallet:1/a', 'wallet.deposit', now()); \
         insert into entry select id, v.n, v.kind, v.owner, 'KRW', v.amount \
         from transfer, (values (0, 'user', 1, 500), (1, 'world', 0, -500)) as v (n, kind, owner, amount)",
    )
    .execute(db.pool())
    .await
    .unwrap();
    let (engine, _) = start(&db, settings()).await;
    engine.funds().deposit(UserId::new(1), won(70), "b").await.unwrap();
    assert_eq!(engine.funds().deposit(UserId::new(1), won(500), "a").await.unwrap().balance, won(570), "made before");
    assert_eq!(engine.funds().deposit(UserId::new(1), won(501), "a").await, Err(Code::IdReused));
    let entries = engine.funds().entries(UserId::new(1), None, 10).await.unwrap();
    assert_eq!(entries.iter().map(|entry| entry.amount.amount).collect::<Vec<_>>(), [70, 500]);
    assert!(engine.funds().reconcile().await.unwrap().is_sound());
    engine.stop().await;
}

#[tokio::test]
async fn payments_and_transfers_of_one_commit_are_each_made_once() {
    let db = world::database().await;
    let (engine, _) = start(&db, settings()).await;
    for (number, amount) in (1..=40).zip(100..) {
        engine.funds().deposit(UserId::new(number), won(1_000), "a").await.unwrap();
        let order = Order { actor: person(number), ..order(meter(number), Command::Hold { to: amount }) };
        engine.ask::<Meter>(order).await.unwrap();
    }
    sqlx::raw_sql("insert into transfer (key, purpose, at) values ('auction:7/pay/106', 'before', now()), ('auction:8/pay/107', 'before', now())")
        .execute(db.pool())
        .await
        .unwrap();
    let paid = (1..=40).map(|number| ask(&engine, meter(number), Command::Pay));
    for paid in futures_util::future::join_all(paid).await {
        paid.unwrap();
    }
    for (number, amount) in (1..=40).zip(100..) {
        let wallet = engine.funds().accounts(UserId::new(number)).await.unwrap()[0];
        let left = if [7, 8].contains(&number) { 1_000 } else { 1_000 - amount };
        assert_eq!((wallet.balance, wallet.held), (won(left), won(0)), "of person {number}");
    }
    assert!(engine.funds().reconcile().await.unwrap().is_sound());
    engine.stop().await;
}

#[tokio::test]
async fn the_database_refuses_payments_that_are_none() {
    let db = world::database().await;
    let account = "insert into account (owner_kind, owner, currency) values ('house', 0, 'KRW'), ('world', 0, 'KRW')";
    sqlx::raw_sql(account).execute(db.pool()).await.unwrap();
    for (payment, constraint) in [
        ("'house', 0, 'tax', 0, 'KRW', 5", "transfer_account"),
        ("'tax', 0, 'house', 0, 'KRW', 5", "transfer_account"),
        ("'house', 0, 'world', 0, 'USD', 5", "transfer_account"),
        ("'house', 0, null, null, 'KRW', 5", "transfer_payment_whole"),
        ("'house', 0, 'world', 0, 'KRW', null", "transfer_payment_whole"),
        ("'house', 0, 'world', 0, 'KRW', 0", "transfer_payment_moves"),
        ("'house', 0, 'world', 0, 'KRW', -5", "transfer_payment_moves"),
        ("'house', 0, 'house', 0, 'KRW', 5", "transfer_payment_moves"),
    ] {
        let text = format!(
            "insert into transfer (key, purpose, at, from_kind, from_owner, to_kind, to_owner, currency, amount) \
             values ('k', 'test', now(), {payment})"
        );
        assert_eq!(refused_by(&db, text).await.as_deref(), Some(constraint), "{payment}");
    }
    let sound = "insert into transfer (key, purpose, at, from_kind, from_owner, to_kind, to_owner, currency, amount) \
         values ('k', 'test', now(), 'house', 0, 'world', 0, 'KRW', 5)";
    sqlx::raw_sql(sound).execute(db.pool()).await.unwrap();
    let twice = "insert into entry select id, v.n, v.kind, 0, 'KRW', v.amount \
         from transfer, (values (0, 'house', 5), (1, 'world', -5)) as v (n, kind, amount)";
    assert_eq!(refused_by(&db, twice).await.as_deref(), Some("entry_transfer"), "it is whole already");
    for text in ["update transfer set amount = 6", "update transfer set to_owner = 1"] {
        assert_eq!(refused_by(&db, text).await.as_deref(), Some("ledger_append_only"), "{text}");
    }
}

#[tokio::test]
async fn the_database_refuses_entries_of_nobody_and_keeps_what_is_posted() {
    let db = world::database().await;
    let account = "insert into account (owner_kind, owner, currency) values ('house', 0, 'KRW'), ('world', 0, 'KRW')";
    sqlx::raw_sql(account).execute(db.pool()).await.unwrap();
    let of_nobody = "insert into transfer (key, purpose, at) values ('k', 'test', now()); insert into entry \
         select id, v.n, v.kind, 0, 'KRW', v.amount from transfer, (values (0, 'house', 5), (1, 'tax', -5)) as v (n, kind, amount)";
    assert_eq!(refused_by(&db, of_nobody).await.as_deref(), Some("entry_account"));
    let of_nothing = "insert into entry values (99, 0, 'house', 0, 'KRW', 5), (99, 1, 'world', 0, 'KRW', -5)";
    assert_eq!(refused_by(&db, of_nothing).await.as_deref(), Some("entry_transfer"));
    let sound = "insert into transfer (key, purpose, at) values ('k', 'test', now()); insert into entry \
         select id, v.n, v.kind, 0, 'KRW', v.amount from transfer, (values (0, 'house', 5), (1, 'world', -5)) as v (n, kind, amount)";
    sqlx::raw_sql(sound).execute(db.pool()).await.unwrap();
    for (text, constraint) in [
        ("delete from account", "account_for_ever"),
        ("update account set owner = 1", "account_for_ever"),
        ("truncate account cascade", "account_for_ever"),
        ("delete from transfer", "ledger_append_only"),
        ("truncate transfer", "ledger_append_only"),
        ("update entry set amount = 6", "ledger_append_only"),
        ("truncate entry", "ledger_append_only"),
        ("truncate journal", "journal_append_only"),
    ] {
        assert_eq!(refused_by(&db, text).await.as_deref(), Some(constraint), "{text}");
    }
}
