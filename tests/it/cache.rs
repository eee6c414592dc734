//! The contract of the cache, against this process's own and against a real Redis.

use std::sync::Arc;
use std::time::Duration;

use madang::config::{RedisSettings, Settings};
use madang::storage::cache::{Admission, Cache, LocalCache, Rate, RedisCache};
use rustix::process::{Pid, Signal, kill_process};
use tokio::sync::mpsc;

use crate::world;

const LONG: Duration = Duration::from_secs(60);

fn redis_cache(url: String) -> RedisCache {
    let prefix = format!("{}:", world::unique("cache"));
    RedisCache::new(&RedisSettings { url, prefix, ..Settings::default().redis }).unwrap()
}

async fn both() -> [Arc<dyn Cache>; 2] {
    let url = tokio::task::spawn_blocking(world::redis_url).await.unwrap();
    [Arc::new(LocalCache::default()), Arc::new(redis_cache(url))]
}

#[tokio::test]
async fn notes_are_kept_for_their_time() {
    for cache in both().await {
        cache.keep("cut:1", "one", LONG).await;
        cache.keep("cut:2", "two", LONG).await;
        cache.keep("other", "three", LONG).await;
        cache.keep("cut:2", "again", LONG).await;
        assert_eq!(cache.find("cut:1").await.as_deref(), Some("one"), "{cache:?}");
        assert_eq!(cache.find("cut:3").await, None);
        let mut listed = cache.list("cut:").await;
        listed.sort();
        assert_eq!(listed, [("1".to_owned(), "one".to_owned()), ("2".to_owned(), "again".to_owned())], "{cache:?}");
        cache.keep("short", "gone", Duration::from_millis(1)).await;
        while cache.find("short").await.is_some() {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        cache.sweep();
        assert_eq!(cache.find("cut:1").await.as_deref(), Some("one"));
    }
}

#[tokio::test]
async fn a_limit_grants_a_minutes_worth_and_names_the_wait() {
    for cache in both().await {
        let rate = Rate::per_minute(3);
        for _ in 0..3 {
            assert_eq!(cache.admit("address", rate).await, Admission::Granted, "{cache:?}");
        }
        match cache.admit("address", rate).await {
            Admission::Refused(wait) => assert!(!wait.is_zero() && wait <= Duration::from_secs(20), "{wait:?}"),
            Admission::Granted => panic!("{cache:?}"),
        }
        assert_eq!(cache.admit("another", rate).await, Admission::Granted, "each has its own");
    }
}

#[tokio::test]
async fn a_limit_fills_up_again_at_an_even_pace() {
    for cache in both().await {
        let rate = Rate::per_minute(600);
        let mut granted = 0;
        while cache.admit("address", rate).await == Admission::Granted {
            granted += 1;
        }
        assert!(granted >= 600, "{granted}");
        let Admission::Refused(wait) = cache.admit("address", rate).await else { continue };
        assert!(wait <= Duration::from_millis(100), "{wait:?}");
        tokio::time::sleep(wait + Duration::from_millis(5)).await;
        assert_eq!(cache.admit("address", rate).await, Admission::Granted, "{cache:?}");
    }
}

#[tokio::test]
async fn listeners_hear_their_topic_only() {
    for cache in both().await {
        let (tell, mut told) = mpsc::unbounded_channel();
        cache.listen("cuts", Box::new(move |message| tell.send(message.to_owned()).unwrap()));
        cache.tell("other", "no").await;
        cache.tell("cuts", "yes").await;
        assert_eq!(told.recv().await.as_deref(), Some("yes"), "{cache:?}");
    }
}

#[tokio::test]
async fn nodes_share_notes_limits_and_messages() {
    let url = tokio::task::spawn_blocking(world::redis_url).await.unwrap();
    let settings = RedisSettings { url, prefix: world::unique("shared"), ..Settings::default().redis };
    let (one, other) = (RedisCache::new(&settings).unwrap(), RedisCache::new(&settings).unwrap());
    one.keep("note", "seen", LONG).await;
    assert_eq!(other.find("note").await.as_deref(), Some("seen"));
    assert_eq!(one.admit("k", Rate::per_minute(1)).await, Admission::Granted);
    assert_ne!(other.admit("k", Rate::per_minute(1)).await, Admission::Granted);

    let (tell, mut told) = mpsc::unbounded_channel();
    other.listen("cuts", Box::new(move |message| tell.send(message.to_owned()).unwrap()));
    // The other node may still be subscribing: tell until it has heard.
    let heard = async {
        loop {
            one.tell("cuts", "session").await;
            if let Ok(heard) = tokio::time::timeout(Duration::from_millis(50), told.recv()).await {
                break heard;
            }
        }
    };
    assert_eq!(heard.await.as_deref(), Some("session"));
}

#[tokio::test]
async fn the_loss_of_redis_stops_nobody() {
    let (pid, url) = tokio::task::spawn_blocking(world::own_redis).await.unwrap();
    let cache = redis_cache(url);
    let (tell, mut told) = mpsc::unbounded_channel();
    cache.listen("cuts", Box::new(move |message| tell.send(message.to_owned()).unwrap()));
    assert_eq!(cache.admit("k", Rate::per_minute(2)).await, Admission::Granted);
    kill_process(Pid::from_raw(i32::try_from(pid).unwrap()).unwrap(), Signal::KILL).unwrap();

    cache.keep("note", "here", LONG).await;
    assert_eq!(cache.find("note").await.as_deref(), Some("here"));
    assert_eq!(cache.list("no").await, [("te".to_owned(), "here".to_owned())]);
    cache.tell("cuts", "still heard").await;
    assert_eq!(told.recv().await.as_deref(), Some("still heard"));
    assert_eq!(cache.admit("k", Rate::per_minute(2)).await, Admission::Granted);
    assert_eq!(cache.admit("k", Rate::per_minute(2)).await, Admission::Granted);
    assert_ne!(cache.admit("k", Rate::per_minute(2)).await, Admission::Granted, "limits go on being counted here");
}
