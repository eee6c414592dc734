//! Where the database can index vectors. Skipped where its extension is not installed; `PG_BIN` names a Postgres that has it.

use std::sync::Arc;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use madang::actors::knowledge::Filter;
use madang::clients::embeddings::{EmbedError, Embedder};
use madang::storage::knowledge::chunks;
use sha2::{Digest, Sha256};

use super::library::{House, article};
use crate::world;

const ARTICLES: usize = 300;
const QUESTIONS: usize = 30;

/// A meaning by chance, the same for the same text: 16 dimensions, of length 1.
fn meaning(text: &str) -> Vec<f32> {
    let sides: Vec<f32> = Sha256::digest(text).iter().take(16).map(|byte| f32::from(*byte) - 127.5).collect();
    let length = sides.iter().map(|side| side * side).sum::<f32>().sqrt();
    sides.into_iter().map(|side| side / length).collect()
}

#[derive(Debug)]
struct Chance;

impl Embedder for Chance {
    fn model(&self) -> &str {
        "by chance, 'quoted'"
    }

    fn is_local(&self) -> bool {
        false
    }

    fn embed(&self, texts: Vec<String>) -> BoxFuture<'_, Result<Vec<Vec<f32>>, EmbedError>> {
        async move { Ok(texts.iter().map(|text| meaning(text)).collect()) }.boxed()
    }
}

fn cosine(a: &[f32], b: &[f32]) -> f32 {
    let dot = |a: &[f32], b: &[f32]| -> f32 { a.iter().zip(b).map(|(a, b)| a * b).sum() };
    dot(a, b) / (dot(a, a) * dot(b, b)).sqrt()
}

#[actix_web::test]
async fn the_index_finds_what_looking_at_every_vector_finds() {
    let db = world::database().await;
    if !chunks::can_index(db.pool()).await.unwrap() {
        return eprintln!("skipped: this Postgres has no pgvector");
    }
    let version: String =
        sqlx::query_scalar("select extversion from pg_extension where extname = 'vector'").fetch_one(db.pool()).await.unwrap();
    let house = House::over(db, Arc::new(Chance)).await;
    let written = (0..ARTICLES).map(|number| {
        let source = if number % 20 == 0 { "rare" } else { "often" };
        let text = format!("The text of number {number}.");
        article(source, &format!("a{number}"), &[], &format!("Title {number}"), &[("", &text)])
    });
    house.knowledge.keep(written.collect(), None).await.unwrap();
    crate::engine::until("all are embedded and indexed", async || {
        house.knowledge.embed_missing().await.unwrap() == 0 && house.knowledge.state().indexed
    })
    .await;
    let ids: Vec<i64> = sqlx::query_scalar("select id from article_chunk").fetch_all(house.db.pool()).await.unwrap();
    let all = chunks::vectors_of(house.db.pool(), Chance.model(), &ids).await.unwrap();
    assert_eq!(all.len(), ARTICLES);
    let (mut wanted, mut found) = (0, 0);
    for number in 0..QUESTIONS {
        let question = meaning(&format!("question {number}"));
        let mut exact: Vec<(i64, f32)> = all.iter().map(|(id, vector)| (*id, cosine(&question, vector))).collect();
        exact.sort_by(|a, b| b.1.total_cmp(&a.1));
        let near = chunks::nearest(house.db.pool(), Chance.model(), &question, (&[], &[]), 10).await.unwrap();
        assert!(near.is_sorted_by(|a, b| a.2 >= b.2) && near.len() == 10, "{near:?}");
        let (first, score) = exact[0];
        assert!(near[0].0 != first || (near[0].2 - score).abs() < 1e-4);
        wanted += 10;
        found += exact.iter().take(10).filter(|(id, _)| near.iter().any(|(near, _, _)| near == id)).count();
        // One in twenty is of this source: all of them come, and no others.
        let rare = chunks::nearest(house.db.pool(), Chance.model(), &question, (&["rare".to_owned()], &[]), 100).await.unwrap();
        assert_eq!(rare.len(), ARTICLES / 20);
    }
    eprintln!("pgvector {version}: {found} of {wanted} found");
    assert!(found * 20 >= wanted * 19, "{found} of {wanted}");
    // And the whole way, from a question.
    let best = house.find("Title 7", &Filter::default(), 1).await;
    assert!(best[0].scores.vector_rank.is_some(), "{best:?}");
    house.close().await;
}
