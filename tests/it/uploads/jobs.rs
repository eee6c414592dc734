//! Jobs that last: killed, busy, answered into the void, given up.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use futures_util::future::BoxFuture;
use image::ImageFormat;
use madang::actors::jobs::workers::{Trouble, Work};
use madang::storage::jobs;
use parking_lot::Mutex;

use super::world::{OCR, World, picture, zipped};

/// An archive of so many images with so many boxes each.
fn archive(images: usize, boxes: usize) -> Vec<u8> {
    let image = picture(300, 200, ImageFormat::Jpeg);
    let csv: String = std::iter::once("left,top,right,bottom\n".to_owned())
        .chain((0..boxes).map(|n| format!("{n},1,{},9\n", n + 9)))
        .collect();
    let names: Vec<_> = (0..images).map(|n| (format!("{n:04}.jpg"), format!("{n:04}.csv"))).collect();
    let files: Vec<(&str, &[u8])> =
        names.iter().flat_map(|(jpg, table)| [(jpg.as_str(), image.as_slice()), (table.as_str(), csv.as_bytes())]).collect();
    zipped(&files)
}

async fn until(what: &str, mut happened: impl AsyncFnMut() -> bool) {
    let give_up_at = Instant::now() + Duration::from_secs(120);
    while !happened().await {
        assert!(Instant::now() < give_up_at, "waited in vain for {what}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

#[actix_web::test]
async fn a_killed_run_goes_on_where_it_was_and_adds_nothing_twice() {
    let world = World::start().await;
    let upload = world.upload(OCR, "a.zip", "application/zip", archive(40, 30)).await;
    let mut kills = 0;
    // Killed again and again, each time after some more files are settled.
    while kills < 4 {
        let before = world.look(OCR, upload).await["files_done"].as_i64().unwrap();
        let workers = world.work("a");
        until("a file to be settled", async || {
            let seen = world.look(OCR, upload).await;
            seen["state"] != "working" || seen["files_done"].as_i64().unwrap() > before
        })
        .await;
        workers.kill().await;
        kills += 1;
    }
    let workers = world.work("a");
    let over = world.over(OCR, upload).await;
    assert_eq!(
        (&over["state"], over["tasks"].as_i64(), over["tasks_added"].as_i64()),
        (&"done".into(), Some(1200), Some(1200))
    );
    let parts: Vec<_> = world.campaigns.parts.lock().iter().map(|((_, part), tasks)| (*part, tasks.len())).collect();
    assert_eq!(parts, [(0, 500), (1, 500), (2, 200)]);
    let tasks = world.campaigns.tasks();
    let images: std::collections::HashSet<_> = tasks.iter().map(|task| &task.image).collect();
    assert_eq!((tasks.len(), images.len()), (1200, 40));
    workers.stop().await;
    world.end().await;
}

#[actix_web::test]
async fn another_node_takes_over_when_the_lease_runs_out() {
    let world = World::start().await;
    let upload = world.upload(OCR, "a.zip", "application/zip", archive(2, 1)).await;
    // Dead with the job in its hands.
    let dead = jobs::Worker { node: "dead".to_owned(), id: uuid::Uuid::new_v4() };
    let taken = jobs::take(&world.db, &dead, Duration::from_secs(3600)).await.unwrap().unwrap();
    assert_eq!((taken.subject, taken.tries), (upload, 1));
    let workers = world.work("alive");
    assert!(jobs::take(&world.db, &dead, Duration::from_secs(3600)).await.unwrap().is_none(), "one job, one holder");
    sqlx::query("update job set lease_until = clock_timestamp()").execute(&world.db).await.unwrap();
    world.wake.notify_one();
    assert_eq!(world.over(OCR, upload).await["state"], "done");
    // The dead one wakes up: nothing of what it says counts any more.
    assert!(!jobs::renew(&world.db, &dead, taken.id, Duration::from_secs(60)).await.unwrap());
    let late = jobs::Outcome::Dead { error: "too late" };
    assert!(!jobs::settle(&world.db, &dead, taken.id, &late).await.unwrap());
    workers.stop().await;
    world.end().await;
}

#[actix_web::test]
async fn a_busy_campaign_and_a_lost_answer_are_tried_again() {
    let world = World::start().await;
    world.campaigns.busy.store(1, Ordering::SeqCst);
    world.campaigns.lost.store(1, Ordering::SeqCst);
    let upload = world.upload(OCR, "a.zip", "application/zip", archive(3, 200)).await;
    let workers = world.work("a");
    // What waits for its next try is due at once.
    let hurry = async || {
        sqlx::query("update job set due_at = clock_timestamp() where state = 'ready'").execute(&world.db).await.unwrap()
    };
    until("the upload to be over", async || {
        hurry().await;
        world.wake.notify_one();
        world.look(OCR, upload).await["state"] != "working"
    })
    .await;
    assert_eq!(world.look(OCR, upload).await["state"], "done");
    assert_eq!(world.campaigns.tasks().len(), 600);
    assert_eq!(world.campaigns.orders.load(Ordering::SeqCst), 4, "busy, carried out unheard, the same again, the rest");
    workers.stop().await;
    world.end().await;
}

/// Work that never succeeds.
#[derive(Debug, Default)]
struct Hopeless {
    runs: AtomicU32,
    given_up: Mutex<Vec<i64>>,
}

impl Work for Hopeless {
    fn kind(&self) -> &'static str {
        "hopeless"
    }

    fn run(&self, _subject: i64) -> BoxFuture<'_, Result<(), Trouble>> {
        self.runs.fetch_add(1, Ordering::SeqCst);
        Box::pin(async { Err(Trouble("it cannot be done".to_owned())) })
    }

    fn give_up(&self, subject: i64) -> BoxFuture<'_, Result<(), Trouble>> {
        self.given_up.lock().push(subject);
        Box::pin(async { Ok(()) })
    }
}

#[actix_web::test]
async fn what_fails_again_and_again_is_given_up_once() {
    let world = World::start().await;
    let mut connection = world.db.acquire().await.unwrap();
    jobs::insert(&mut connection, "hopeless", 17).await.unwrap();
    jobs::insert(&mut connection, "hopeless", 17).await.unwrap();
    drop(connection);
    let work = Arc::new(Hopeless::default());
    let workers = world.work_on("a", Arc::clone(&work) as Arc<dyn Work>);
    until("the job to be dead", async || {
        sqlx::query("update job set due_at = clock_timestamp() where state = 'ready'").execute(&world.db).await.unwrap();
        world.wake.notify_one();
        sqlx::query_scalar::<_, String>("select state from job").fetch_one(&world.db).await.unwrap() == "dead"
    })
    .await;
    assert_eq!((work.runs.load(Ordering::SeqCst), work.given_up.lock().as_slice()), (6, &[17][..]));
    let backlog = jobs::backlog(&world.db).await.unwrap();
    assert_eq!((backlog.ready, backlog.running, backlog.dead), (0, 0, 1));
    workers.stop().await;
    world.end().await;
}

/// Work that waits to be cut off.
#[derive(Debug, Default)]
struct Endless {
    runs: AtomicU32,
}

impl Work for Endless {
    fn kind(&self) -> &'static str {
        "endless"
    }

    fn run(&self, _subject: i64) -> BoxFuture<'_, Result<(), Trouble>> {
        self.runs.fetch_add(1, Ordering::SeqCst);
        Box::pin(std::future::pending())
    }

    fn give_up(&self, _subject: i64) -> BoxFuture<'_, Result<(), Trouble>> {
        Box::pin(async { Ok(()) })
    }
}

#[actix_web::test]
async fn a_stop_puts_the_job_down_for_the_next_process() {
    let world = World::start().await;
    let mut connection = world.db.acquire().await.unwrap();
    jobs::insert(&mut connection, "endless", 1).await.unwrap();
    drop(connection);
    let work = Arc::new(Endless::default());
    let workers = world.work_on("a", Arc::clone(&work) as Arc<dyn Work>);
    until("the job to run", async || work.runs.load(Ordering::SeqCst) == 1).await;
    workers.stop().await;
    let (state, tries): (String, i32) = sqlx::query_as("select state, tries from job").fetch_one(&world.db).await.unwrap();
    assert_eq!((state.as_str(), tries), ("ready", 0), "a stop is no failed try");
    world.end().await;
}
