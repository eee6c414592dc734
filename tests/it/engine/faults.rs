//! What goes wrong: deposed owners, unknown outcomes, poisoned entities, flipped bits, floods.

use std::time::Duration;

use madang::actors::ask::Denied;
use madang::actors::kernel::EngineSettings;
use madang_domain::code::Code;
use madang_domain::entity::Viewer;
use sqlx::{AssertSqlSafe, PgPool};

use super::meter::{Command, Meter};
use super::{ask, meter, order, settings, start, until};
use crate::world;

/// Asks with one id until the engine says something final, as every client must.
async fn insist(engine: &madang::actors::kernel::Engine, command: Command) -> madang::actors::ask::Answer {
    let order = order(meter(1), command);
    let give_up_at = tokio::time::Instant::now() + Duration::from_secs(60);
    loop {
        match engine.ask::<Meter>(order.clone()).await {
            Ok(answer) => return answer,
            Err(Denied::Failed(_)) if tokio::time::Instant::now() < give_up_at => {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
            Err(denied) => panic!("{denied:?}"),
        }
    }
}

async fn seqs(pool: &PgPool) -> Vec<i64> {
    sqlx::query_scalar("select seq from journal order by entity, seq").fetch_all(pool).await.unwrap()
}

#[tokio::test]
async fn a_deposed_owner_can_neither_write_nor_answer() {
    let db = world::database().await;
    let patient = EngineSettings { claim: Duration::from_secs(60), ..settings() };
    let (old, heard) = start(&db, EngineSettings { node: "old".to_owned(), ..patient.clone() }).await;
    ask(&old, meter(1), Command::Raise { to: 5 }).await.unwrap();

    // Another node finds the lease run out, while the old one still believes that it owns everything.
    let impatient = EngineSettings { node: "new".to_owned(), lease: Duration::ZERO, ..patient };
    let (new, _) = start(&db, impatient).await;
    assert_eq!(ask(&new, meter(1), Command::Raise { to: 6 }).await.unwrap().seq, 2);

    assert_eq!(ask(&old, meter(1), Command::Raise { to: 7 }).await, Err(Denied::Failed(Code::Moved)), "no write");
    assert_eq!(old.view(meter(1), Viewer::Public).await, Err(Denied::Failed(Code::Moved)), "no sight");
    assert_eq!(heard.on(meter(1)).len(), 1, "nothing that was not committed is published");
    assert_eq!(ask(&new, meter(1), Command::Raise { to: 7 }).await.unwrap().seq, 3);
    let epochs: Vec<i64> = sqlx::query_scalar("select epoch from journal order by seq").fetch_all(db.pool()).await.unwrap();
    assert!(epochs.is_sorted() && epochs[0] < epochs[1], "{epochs:?}");
    new.stop().await;
    old.stop().await;
}

#[tokio::test]
async fn a_refusal_of_a_deposed_owner_is_not_given() {
    let db = world::database().await;
    let patient = EngineSettings { claim: Duration::from_secs(60), ..settings() };
    let (old, _) = start(&db, EngineSettings { node: "old".to_owned(), ..patient.clone() }).await;
    ask(&old, meter(1), Command::Raise { to: 5 }).await.unwrap();
    let impatient = EngineSettings { node: "new".to_owned(), lease: Duration::ZERO, ..patient };
    let (new, _) = start(&db, impatient).await;
    assert_eq!(ask(&old, meter(1), Command::Raise { to: 1 }).await, Err(Denied::Failed(Code::Moved)));
    new.stop().await;
    old.stop().await;
}

#[tokio::test]
async fn a_cut_connection_is_an_unknown_outcome_and_nothing_is_lost_or_doubled() {
    let db = world::database().await;
    let (engine, heard) = start(&db, settings()).await;
    let mut told = Vec::new();
    for to in 1..=200 {
        if to % 20 == 0 {
            sqlx::query(
                "select pg_terminate_backend(pid) from pg_stat_activity \
                 where application_name = 'madang journal' and datname = current_database()",
            )
            .execute(db.pool())
            .await
            .unwrap();
        }
        told.push(insist(&engine, Command::Raise { to }).await.seq);
    }
    assert_eq!(told, (1..=200).collect::<Vec<u64>>());
    assert_eq!(seqs(db.pool()).await, (1..=200).collect::<Vec<i64>>());
    let (_, _, history) = engine.history(meter(1), 0, 1000).await.unwrap();
    until("what was published", async || heard.on(meter(1)).last().is_some_and(|last| last.offset == 200)).await;
    // Commits of unknown outcome are published by nobody: watchers find the gap and read the journal.
    assert!(heard.on(meter(1)).iter().all(|one| history.contains(one)));
    engine.stop().await;
}

#[tokio::test]
async fn rules_that_panic_while_deciding_hurt_nobody() {
    let db = world::database().await;
    let (engine, _) = start(&db, settings()).await;
    ask(&engine, meter(1), Command::Raise { to: 5 }).await.unwrap();
    let before = engine.inspect(meter(1)).await.unwrap();
    for _ in 0..10 {
        assert_eq!(ask(&engine, meter(1), Command::PanicDeciding).await, Err(Denied::Failed(Code::Internal)));
    }
    let after = engine.inspect(meter(1)).await.unwrap();
    assert_eq!(before.incarnation, after.incarnation, "the same actor lives on");
    assert_eq!(ask(&engine, meter(1), Command::Raise { to: 6 }).await.unwrap().seq, 2);
    engine.stop().await;
}

#[tokio::test]
async fn an_entity_that_fails_again_and_again_rests_and_comes_back() {
    let db = world::database().await;
    // Long enough that a slow machine still meets it.
    let quarantine = (Duration::from_secs(3), Duration::from_secs(6));
    let (engine, _) = start(&db, EngineSettings { quarantine, ..settings() }).await;
    ask(&engine, meter(1), Command::Raise { to: 5 }).await.unwrap();
    let mut codes = Vec::new();
    until("the quarantine", async || {
        let denied = ask(&engine, meter(1), Command::PanicApplying).await.unwrap_err();
        codes.push(denied.code());
        denied.code() == Code::Quarantined
    })
    .await;
    // More than five where the rest was over before we asked again.
    assert!(codes.iter().filter(|code| **code == Code::Internal).count() >= 5, "{codes:?}");
    assert_eq!(ask(&engine, meter(2), Command::Raise { to: 1 }).await.unwrap().seq, 1, "a bystander lives on");
    until("the end of the rest", async || ask(&engine, meter(1), Command::Raise { to: 6 }).await.is_ok()).await;
    assert_eq!(seqs(db.pool()).await, [1, 2, 1], "nothing of the failed commands was written");
    engine.stop().await;
}

#[tokio::test]
async fn a_flipped_bit_in_the_journal_is_refused_and_in_a_snapshot_repaired() {
    let db = world::database().await;
    let mut settings = settings();
    settings.habits.snapshot_rows = 4;
    let (engine, _) = start(&db, settings.clone()).await;
    for to in 1..=6 {
        ask(&engine, meter(1), Command::Raise { to }).await.unwrap();
        ask(&engine, meter(2), Command::Raise { to }).await.unwrap();
    }
    drop(engine);
    let flip = |table: &str, number: i64, seq: i64| {
        let id = meter(number).packed();
        AssertSqlSafe(format!(
            "set session_replication_role = replica; \
             update {table} set body = set_bit(body, 40, 1 - get_bit(body, 40)) where entity = {id} and seq = {seq}; \
             set session_replication_role = default"
        ))
    };
    sqlx::raw_sql(flip("journal", 1, 6)).execute(db.pool()).await.unwrap();
    sqlx::raw_sql(flip("snapshot", 2, 4)).execute(db.pool()).await.unwrap();

    let (engine, _) = start(&db, settings).await;
    let denied = ask(&engine, meter(1), Command::Raise { to: 9 }).await.unwrap_err();
    assert_eq!(denied.code(), Code::Internal, "a past that cannot be trusted is not built upon");
    let answer = ask(&engine, meter(2), Command::Raise { to: 9 }).await.unwrap();
    assert_eq!(answer.seq, 7, "a damaged snapshot only costs a longer way");
    engine.stop().await;
}

#[tokio::test]
async fn a_full_inbox_is_busy_and_empties_again() {
    let db = world::database().await;
    let (engine, _) = start(&db, EngineSettings { permits: 8, ..settings() }).await;
    ask(&engine, meter(1), Command::Raise { to: 1 }).await.unwrap();
    let asked: Vec<_> = (2..=200).map(|to| ask(&engine, meter(1), Command::Raise { to })).collect();
    let results = futures_util::future::join_all(asked).await;
    let busy = results.iter().filter(|result| **result == Err(Denied::Failed(Code::Busy))).count();
    let done = results.iter().filter(|result| result.is_ok()).count();
    assert!(busy > 0 && done >= 8, "{busy} busy, {done} done");
    assert_eq!(busy + done, 199, "everybody got one or the other");
    assert_eq!(engine.inspect(meter(1)).await.unwrap().seq, done as u64 + 1);
    ask(&engine, meter(1), Command::Raise { to: 1000 }).await.unwrap();
    engine.stop().await;
}

#[tokio::test]
async fn a_stopping_engine_answers_what_it_took_and_leaves_snapshots() {
    let db = world::database().await;
    let (engine, _) = start(&db, settings()).await;
    for number in 1..=20 {
        ask(&engine, meter(number), Command::Raise { to: 1 }).await.unwrap();
    }
    let (give, mut taken) = tokio::sync::mpsc::unbounded_channel();
    for to in 2..=100 {
        let give = give.clone();
        engine.ask_then::<Meter>(order(meter(1), Command::Raise { to }), Box::new(move |result| give.send(result).unwrap()));
    }
    engine.stop().await;
    for _ in 2..=100 {
        assert!(taken.recv().await.unwrap().is_ok(), "what was taken is answered");
    }
    assert_eq!(ask(&engine, meter(1), Command::Raise { to: 999 }).await, Err(Denied::Failed(Code::Stopping)));
    let snapshots: i64 = sqlx::query_scalar("select count(*) from snapshot").fetch_one(db.pool()).await.unwrap();
    assert_eq!(snapshots, 20);
    let owned: i64 =
        sqlx::query_scalar("select count(*) from shard where owner is not null").fetch_one(db.pool()).await.unwrap();
    assert_eq!(owned, 0, "shards are given back");
}
