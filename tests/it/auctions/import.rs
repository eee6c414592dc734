//! The import of artworks into a real database.

use std::fs::File;
use std::path::Path;

use madang::actors::kernel::clock::{Clock, WallClock};
use madang::cli::import::artworks::Rows;
use madang::cli::import::{Report, import};
use madang::storage::Db;
use madang::storage::artworks::{Filter, list_artworks};

use crate::world;

async fn run(db: &Db, text: &[u8]) -> Report {
    let rows = Rows::open(text, "test").unwrap();
    import(db.pool(), rows, WallClock.now(), |_| {}).await.unwrap()
}

#[actix_web::test]
async fn good_rows_go_in_once_and_bad_ones_are_told() {
    let db = world::database().await;
    let text = "id,title,artist,medium\n1,씨름,김홍도,ink\n2,,Nobody,\n1,씨름,김홍도,ink\n3,\"Sun, moon\",Ann,\n";
    let first = run(&db, text.as_bytes()).await;
    assert_eq!((first.added, first.known, first.bad.len()), (2, 1, 1));
    assert_eq!((first.bad[0].line, first.bad[0].reason.as_str()), (3, "the title is missing"));
    let second = run(&db, text.as_bytes()).await;
    assert_eq!((second.added, second.known), (0, 3));
    let titles: Vec<String> = list_artworks(db.pool(), &Filter { limit: 10, ..Filter::default() })
        .await
        .unwrap()
        .into_iter()
        .map(|artwork| artwork.facts.title)
        .collect();
    assert_eq!(titles, ["Sun, moon", "씨름"]);
    db.close().await;
}

#[actix_web::test]
async fn the_real_catalogue_goes_in_whole_and_is_searched_by_its_index() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data/tate/artworks.csv");
    let Ok(file) = File::open(&path) else {
        eprintln!("skipped: {} is not there", path.display());
        return;
    };
    let db = world::database().await;
    let rows = Rows::open(file, "tate").unwrap();
    let report = import(db.pool(), rows, WallClock.now(), |_| {}).await.unwrap();
    assert_eq!((report.added, report.known, report.bad), (3_009, 0, vec![]));
    sqlx::query("analyze artwork").execute(db.pool()).await.unwrap();
    let plan: Vec<String> = sqlx::query_scalar(
        "explain select id from artwork where id < 9999 and madang_grams(search) @> '{bl,la,ak,ke}' and search like '%blake%'
        order by id desc limit 20",
    )
    .fetch_all(db.pool())
    .await
    .unwrap();
    assert!(plan.iter().any(|line| line.contains("artwork_search")), "{plan:#?}");
    let filter = Filter { search: "blake job".to_owned(), limit: 100, ..Filter::default() };
    let found = list_artworks(db.pool(), &filter).await.unwrap();
    assert!(found.iter().any(|artwork| artwork.facts.title == "The Lord Answering Job out of the Whirlwind"));
    assert!(found.iter().all(|artwork| artwork.facts.artist.to_lowercase().contains("blake")));
    db.close().await;
}
