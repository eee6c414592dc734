//! What the demo's assistants answer from: a few short articles of our own, in Korean and English.

use std::io;

use anyhow::anyhow;
use madang_domain::knowledge::article::{Article, Origin};

use crate::actors::knowledge::Knowledge;
use crate::actors::knowledge::intake::{Given, Read, jsonl};
use crate::storage::knowledge::articles::{ListFilter, list};

const ARTICLES: &str = include_str!("articles.jsonl");
/// Where they come from.
const SOURCE: &str = "demo";

/// Puts the articles in, unless some of them are there: what an admin made of them stays.
pub(super) async fn fill(knowledge: &Knowledge) -> anyhow::Result<()> {
    let ours = ListFilter { source: SOURCE.to_owned(), ..ListFilter::default() };
    if !list(knowledge.db(), &ours, i64::MAX, 1).await?.is_empty() {
        return Ok(());
    }
    knowledge.keep(articles()?, None).await?;
    Ok(())
}

fn articles() -> anyhow::Result<Vec<(Origin, Article)>> {
    let given = Given { name: "articles.jsonl".to_owned(), source: SOURCE.to_owned(), tags: Vec::new() };
    let article = |read: io::Result<Read>| read?.map_err(|fault| anyhow!("an article of the demo: {}", fault.message));
    jsonl::Articles::new(ARTICLES.as_bytes(), given).map(article).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_article_is_there_in_both_languages() {
        let articles = articles().unwrap();
        let names: Vec<&str> = articles.iter().map(|(origin, _)| origin.name()).collect();
        for name in &names {
            let (base, language) = name.rsplit_once('-').unwrap();
            let other = if language == "ko" { "en" } else { "ko" };
            assert!(names.contains(&format!("{base}-{other}").as_str()), "{name}");
        }
        assert!(articles.iter().all(|(origin, article)| origin.source() == SOURCE && article.tags().len() == 1));
    }
}
