//! Deadlines, rest, notices, money.

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;
use madang::actors::ask::Denied;
use madang::actors::jobs::outbox::NoticeSink;
use madang::actors::kernel::EngineSettings;
use madang::actors::kernel::clock::{Clock, ManualClock, WallClock};
use madang_domain::code::Code;
use madang_domain::entity::{Notice, Order, Viewer};
use madang_domain::ids::{EntityId, Kind, UserId};
use madang_domain::money::{Currency, Money};
use parking_lot::Mutex;
use uuid::Uuid;

use super::meter::{Command, Meter};
use super::{ask, builder, meter, order, person, settings, start, until};
use crate::world;

fn won(amount: i64) -> Money {
    Money::new(amount, Currency::KRW)
}

#[tokio::test]
async fn a_deadline_fires_once_also_after_a_crash() {
    let db = world::database().await;
    let clock = ManualClock::new(WallClock.now());
    let engine = builder(&db, settings()).clock(Arc::new(clock.clone())).start().await.unwrap();
    let at = clock.now() + Duration::from_secs(3600);
    ask(&engine, meter(1), Command::Alarm { at }).await.unwrap();
    ask(&engine, meter(2), Command::Alarm { at }).await.unwrap();
    clock.advance(Duration::from_secs(3599));
    assert_eq!(engine.inspect(meter(1)).await.unwrap().due, Some(at));
    drop(engine);

    let engine = builder(&db, settings()).clock(Arc::new(clock.clone())).start().await.unwrap();
    clock.advance(Duration::from_secs(2));
    // Nobody asks these meters anything: the table alone wakes them.
    until("both to ring", async || {
        let rung: i64 =
            sqlx::query_scalar("select count(*) from journal where actor_user is null").fetch_one(db.pool()).await.unwrap();
        rung == 2
    })
    .await;
    let left: i64 = sqlx::query_scalar("select count(*) from timer").fetch_one(db.pool()).await.unwrap();
    assert_eq!(left, 0);
    clock.advance(Duration::from_secs(3600));
    let view = engine.view(meter(1), Viewer::Public).await.unwrap();
    assert_eq!((view.seq, &view.data["rings"]), (2, &serde_json::json!(1)));
    engine.stop().await;
}

#[tokio::test]
async fn an_entity_goes_to_rest_and_loses_no_letter() {
    let db = world::database().await;
    let (engine, _) = start(&db, EngineSettings { idle: Duration::from_millis(20), ..settings() }).await;
    let mut incarnations = std::collections::BTreeSet::new();
    let mut to = 0;
    while to < 60 || incarnations.len() <= 3 {
        to += 1;
        assert!(to < 1000, "it rested {} times only", incarnations.len());
        // Letters come right when it wants to rest.
        let (one, two) = tokio::join!(ask(&engine, meter(1), Command::Raise { to }), ask(&engine, meter(1), Command::Idle));
        assert_eq!(one.unwrap().seq, to as u64);
        two.unwrap();
        incarnations.insert(engine.inspect(meter(1)).await.unwrap().incarnation);
        tokio::time::sleep(Duration::from_millis(u64::try_from(to).unwrap() % 35)).await;
    }
    until("it to rest", async || engine.population(Kind::Auction) == 0).await;
    engine.stop().await;
}

/// Mails that fail twice and then go.
#[derive(Debug, Default)]
struct Mails(Mutex<Vec<(UserId, String, Uuid)>>);

impl NoticeSink for Mails {
    fn send(&self, user: UserId, notice: Notice, id: Uuid) -> BoxFuture<'static, Result<(), String>> {
        let mut mails = self.0.lock();
        let first = mails.is_empty();
        mails.push((user, notice.kind, id));
        Box::pin(async move { if first { Err("the mail is away".to_owned()) } else { Ok(()) } })
    }
}

#[tokio::test]
async fn notices_reach_the_inbox_once_and_the_mail_at_least_once() {
    let db = world::database().await;
    let mails = Arc::new(Mails::default());
    let engine = builder(&db, settings()).mail(Arc::clone(&mails) as Arc<dyn NoticeSink>).start().await.unwrap();
    ask(&engine, meter(1), Command::Tell { user: UserId::new(7), times: 3 }).await.unwrap();
    until("everything to be handed over", async || {
        let open: i64 =
            sqlx::query_scalar("select count(*) from outbox where done_at is null").fetch_one(db.pool()).await.unwrap();
        open == 0
    })
    .await;
    let inbox = EntityId::new(Kind::User, 7).unwrap();
    let (_, head, told) = engine.history(inbox, 0, 100).await.unwrap();
    assert_eq!((head, told.len()), (3, 3), "each notice once, though the first was handed over twice");
    let sent = mails.0.lock().clone();
    assert_eq!(sent.len(), 2, "{sent:?}");
    assert_eq!(sent[0], sent[1], "the same mail under the same id");
    engine.stop().await;
}

#[tokio::test]
async fn a_hold_takes_what_is_free_and_gives_it_back() {
    let db = world::database().await;
    let (engine, _) = start(&db, settings()).await;
    let funds = engine.funds();
    let wallet = funds.deposit(UserId::new(1), won(100), "a").await.unwrap();
    assert_eq!((wallet.balance, wallet.available), (won(100), won(100)));
    funds.deposit(UserId::new(2), won(500), "a").await.unwrap();

    ask(&engine, meter(1), Command::Hold { to: 60 }).await.unwrap();
    let refused = ask(&engine, meter(2), Command::Hold { to: 50 }).await.unwrap_err();
    assert_eq!(refused.code(), Code::NoFunds, "the other meter holds 60 of 100");
    ask(&engine, meter(1), Command::Hold { to: 100 }).await.unwrap();
    assert_eq!(funds.withdraw(UserId::new(1), won(1), "b").await, Err(Code::NoFunds));

    // Somebody else goes higher: the first gets everything back, in the same commit.
    let higher = Order { actor: person(2), ..order(meter(1), Command::Hold { to: 300 }) };
    engine.ask::<Meter>(higher).await.unwrap();
    ask(&engine, meter(2), Command::Hold { to: 100 }).await.unwrap();
    ask(&engine, meter(1), Command::Pay).await.unwrap();

    let two = funds.accounts(UserId::new(2)).await.unwrap();
    assert_eq!((two[0].balance, two[0].held), (won(200), won(0)));
    let holds = funds.holds(UserId::new(1)).await.unwrap();
    assert_eq!(holds.iter().map(|held| (held.entity, held.amount)).collect::<Vec<_>>(), [(meter(2), won(100))]);
    let entries = funds.entries(UserId::new(2), None, 10).await.unwrap();
    assert_eq!(entries.iter().map(|entry| entry.amount.amount).collect::<Vec<_>>(), [-300, 500]);
    assert!(funds.reconcile().await.unwrap().is_sound());
    engine.stop().await;
}

#[tokio::test]
async fn a_deposit_counts_once_for_its_key() {
    let db = world::database().await;
    let (engine, _) = start(&db, settings()).await;
    let funds = engine.funds();
    let user = UserId::new(1);
    for _ in 0..3 {
        assert_eq!(funds.deposit(user, won(100), "key").await.unwrap().balance, won(100));
    }
    assert_eq!(funds.deposit(user, won(101), "key").await, Err(Code::IdReused));
    assert_eq!(funds.deposit(user, won(0), "zero").await, Err(Code::AmountNotPositive));
    assert_eq!(funds.deposit(user, won(i64::MAX), "huge").await, Err(Code::AmountTooLarge));
    assert_eq!(funds.withdraw(user, won(101), "more").await, Err(Code::NoFunds));
    assert_eq!(funds.withdraw(user, won(40), "some").await.unwrap().balance, won(60));
    assert!(funds.reconcile().await.unwrap().is_sound());
    engine.stop().await;
}

#[tokio::test]
async fn many_holds_at_once_never_take_more_than_there_is() {
    let db = world::database().await;
    let (engine, _) = start(&db, EngineSettings { threads: 2, ..settings() }).await;
    engine.funds().deposit(UserId::new(1), won(1000), "a").await.unwrap();
    let asked = (1..=40).map(|number| ask(&engine, meter(number), Command::Hold { to: 70 }));
    let results = futures_util::future::join_all(asked).await;
    assert_eq!(results.iter().filter(|result| result.is_ok()).count(), 14, "14 times 70 is 980");
    let refused = results.iter().filter(|result| matches!(result, Err(Denied::Refused { code: Code::NoFunds, .. })));
    assert_eq!(refused.count(), 26);
    let wallet = engine.funds().accounts(UserId::new(1)).await.unwrap()[0];
    assert_eq!((wallet.held, wallet.available), (won(980), won(20)));
    engine.stop().await;
}

#[tokio::test]
async fn the_database_is_the_judge_of_money() {
    let db = world::database().await;
    let (engine, _) = start(&db, settings()).await;
    engine.funds().deposit(UserId::new(1), won(100), "a").await.unwrap();
    ask(&engine, meter(1), Command::Hold { to: 10 }).await.unwrap();
    // Behind the engine's back (another node could) most of the money goes.
    sqlx::query("update account set balance = 15 where owner_kind = 'user' and owner = 1").execute(db.pool()).await.unwrap();
    let bystander = ask(&engine, meter(2), Command::Raise { to: 1 });
    let (judged, bystander) = tokio::join!(ask(&engine, meter(1), Command::Hold { to: 90 }), bystander);
    assert_eq!(judged, Err(Denied::Failed(Code::Busy)), "not written; ask again");
    bystander.unwrap();
    let again = ask(&engine, meter(1), Command::Hold { to: 90 }).await.unwrap_err();
    assert_eq!(again.code(), Code::NoFunds, "and now the engine knows");
    ask(&engine, meter(1), Command::Hold { to: 15 }).await.unwrap();
    engine.stop().await;
}

#[tokio::test]
async fn entries_that_do_not_sum_to_zero_are_refused_by_the_database() {
    let db = world::database().await;
    let refused = sqlx::raw_sql(
        "insert into account (owner_kind, owner, currency) values ('house', 0, 'KRW'); \
         insert into transfer (key, purpose, at) values ('k', 'test', now()); \
         insert into entry select id, 0, 'house', 0, 'KRW', 5 from transfer",
    )
    .execute(db.pool())
    .await
    .unwrap_err();
    let constraint = refused.as_database_error().and_then(|fault| fault.constraint().map(str::to_owned));
    assert_eq!(constraint.as_deref(), Some("entry_sum_zero"));
}
