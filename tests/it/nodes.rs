//! Two nodes on one database and one Redis: what they share, and who answers for an auction.

use std::time::Instant;

use reqwest::Method;
use serde_json::{Value, json};

use crate::app::Running;
use crate::engine::until;
use crate::world;

/// Requests of one person a minute, on all nodes together.
const ALLOWED: u32 = 30;

async fn pair() -> [Running; 2] {
    let redis = tokio::task::spawn_blocking(world::redis_url).await.unwrap();
    let (options, prefix) = (world::database_options().await, world::unique("nodes"));
    let start = async || {
        let pool = madang::config::DatabaseSettings { pool: 8, ..madang::config::DatabaseSettings::default() };
        let db = madang::storage::Db::connect(options.clone(), &pool).await.unwrap();
        Running::start_with(db, world::fresh_dir("node"), |settings| {
            settings.redis.url.clone_from(&redis);
            settings.redis.prefix = format!("{prefix}:");
            // The same on all nodes, so that what one signed is good on the other.
            settings.auth.secret = "a secret that all nodes of the test share".to_owned();
            settings.limits.requests_per_user = ALLOWED;
        })
        .await
    };
    [start().await, start().await]
}

#[tokio::test(flavor = "multi_thread")]
async fn signing_out_on_one_node_cuts_the_sockets_on_the_other() {
    let [one, other] = pair().await;
    let (phone, desk) = (one.sign_in("anna@x.example").await, one.sign_in("anna@x.example").await);
    let (mut cut, mut kept) = (other.socket(&phone).await, other.socket(&desk).await);
    assert_eq!(one.ask(Method::DELETE, "/sessions/current", Some(&phone), None).await.0, 204);
    let code = loop {
        if let Err(code) = cut.hear().await {
            break code;
        }
    };
    assert_eq!(code, 3503, "stay away");
    let (status, problem) = other.ask(Method::GET, "/me", Some(&phone), None).await;
    assert_eq!((status, &problem["code"]), (401, &json!("auth.token_revoked")));
    assert_eq!(kept.rpc("time.sync", json!({ "t0": 1 })).await["t0"], 1, "the other device goes on");
    one.stop().await;
    other.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_persons_allowance_is_one_on_all_nodes() {
    let nodes = pair().await;
    let ben = nodes[0].sign_in("ben@x.example").await;
    let (began, mut admitted) = (Instant::now(), 0u32);
    for node in nodes.iter().cycle() {
        let (status, problem) = node.ask(Method::GET, "/me", Some(&ben), None).await;
        if status == 429 {
            assert_eq!(problem["code"], "request.rate_limited");
            break;
        }
        assert_eq!(status, 200, "{problem}");
        admitted += 1;
    }
    // It refills while we ask.
    let refilled = f64::from(ALLOWED) / 60.0 * began.elapsed().as_secs_f64();
    assert!(admitted >= ALLOWED && f64::from(admitted) <= f64::from(ALLOWED) + refilled + 2.0, "{admitted}, {refilled}");
    let [one, other] = nodes;
    one.stop().await;
    other.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_node_answers_for_an_auction_and_the_other_says_that_it_is_not_here() {
    let [owner, other] = pair().await;
    let clerk = owner.sign_in("clerk@x.example").await;
    let auction = owner.auction(&clerk).await;
    let (path, channel) = (format!("/auctions/{auction}"), json!({ "channel": format!("auction:{auction}") }));
    // On a machine so busy that the first node misses its lease they may change places: then it is the other way round.
    let is_moved = |(status, problem): &(u16, Value)| *status == 503 && problem["code"] == "engine.moved";
    until("one to answer and one to refuse", async || {
        let answers = [owner.ask(Method::GET, &path, None, None).await, other.ask(Method::GET, &path, None, None).await];
        answers.iter().any(|answer| answer.0 == 200) && answers.iter().any(is_moved)
    })
    .await;
    until("a watcher to be sent away, to ask again", async || {
        let mut told = Vec::new();
        for node in [&owner, &other] {
            let mut socket = node.socket(&clerk).await;
            told.push(socket.try_ask("subscribe", channel.clone()).await);
        }
        let refused = told.iter().find(|reply| reply["error"]["code"] == 1082 && reply["error"]["temporary"] == true);
        refused.is_some() && told.iter().any(|reply| reply["subscribe"]["data"]["state"] == "live")
    })
    .await;
    // When the owner has gone, the other takes its auctions over, and nothing is lost.
    owner.stop().await;
    until("the other to answer", async || other.ask(Method::GET, &path, None, None).await.0 == 200).await;
    let (_, view) = other.ask(Method::GET, &path, None, None).await;
    assert_eq!((&view["id"], &view["state"]), (&json!(auction), &json!("live")));
    other.stop().await;
}
