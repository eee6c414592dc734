//! Words, by the search library: BM25 over title, heading and text of each chunk, in memory.

use std::fmt;

use madang_domain::knowledge::fusion::Ranked;
use madang_domain::knowledge::words::{searched, words};
use parking_lot::Mutex;
use tantivy::collector::TopDocs;
use tantivy::query::{BooleanQuery, BoostQuery, ConstScoreQuery, Occur, Query, TermQuery};
use tantivy::schema::{FAST, Field, INDEXED, IndexRecordOption, STRING, Schema, TextFieldIndexing, TextOptions};
use tantivy::tokenizer::{Language, RawTokenizer, Stemmer, TextAnalyzer, Token, TokenStream, Tokenizer};
use tantivy::{IndexReader, IndexWriter, ReloadPolicy, TantivyDocument, Term};

use super::{IndexedArticle, Within};

/// What gathers in memory before it becomes a segment.
const WRITER_BYTES: usize = 32_000_000;
/// Words of a question that count.
const MOST_WORDS: usize = 64;
/// How much a word counts in each field.
const TITLE: f32 = 1.5;
const HEADING: f32 = 1.2;
const BODY: f32 = 1.0;

const ANALYZER: &str = "madang";

/// Why the search library failed.
pub type TextError = tantivy::TantivyError;

#[derive(Debug, Clone, Copy)]
struct Fields {
    chunk: Field,
    article: Field,
    source: Field,
    tag: Field,
    title: Field,
    heading: Field,
    body: Field,
}

/// The index of words.
pub(super) struct Text {
    fields: Fields,
    /// Makes stems of words that are words already.
    stems: TextAnalyzer,
    writer: Mutex<IndexWriter>,
    reader: IndexReader,
}

impl fmt::Debug for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Text").finish_non_exhaustive()
    }
}

impl Text {
    pub(super) fn new() -> Result<Self, TextError> {
        let mut schema = Schema::builder();
        let words = TextFieldIndexing::default().set_tokenizer(ANALYZER).set_index_option(IndexRecordOption::WithFreqs);
        let words = TextOptions::default().set_indexing_options(words);
        let fields = Fields {
            chunk: schema.add_i64_field("chunk", FAST),
            article: schema.add_i64_field("article", INDEXED | FAST),
            source: schema.add_text_field("source", STRING),
            tag: schema.add_text_field("tag", STRING),
            title: schema.add_text_field("title", words.clone()),
            heading: schema.add_text_field("heading", words.clone()),
            body: schema.add_text_field("body", words),
        };
        let index = tantivy::Index::create_in_ram(schema.build());
        index.tokenizers().register(ANALYZER, TextAnalyzer::builder(Words).filter(Stemmer::new(Language::English)).build());
        let stems = TextAnalyzer::builder(RawTokenizer::default()).filter(Stemmer::new(Language::English)).build();
        let writer = index.writer_with_num_threads(1, WRITER_BYTES)?;
        let reader = index.reader_builder().reload_policy(ReloadPolicy::Manual).try_into()?;
        Ok(Self { fields, stems, writer: Mutex::new(writer), reader })
    }

    /// How many chunks there are.
    pub(super) fn len(&self) -> u64 {
        self.reader.searcher().num_docs()
    }

    pub(super) fn put(&self, articles: &[IndexedArticle]) -> Result<(), TextError> {
        let mut writer = self.writer.lock();
        let put = || -> Result<(), TextError> {
            for article in articles {
                writer.delete_term(Term::from_field_i64(self.fields.article, article.id));
                for document in self.documents(article) {
                    writer.add_document(document)?;
                }
            }
            Ok(())
        };
        let done = put().and_then(|()| writer.commit().map(drop));
        if let Err(error) = done {
            writer.rollback()?;
            return Err(error);
        }
        self.reader.reload()
    }

    fn documents(&self, article: &IndexedArticle) -> impl Iterator<Item = TantivyDocument> {
        let fields = self.fields;
        article.chunks.iter().map(move |chunk| {
            let mut document = TantivyDocument::default();
            document.add_i64(fields.chunk, chunk.id);
            document.add_i64(fields.article, article.id);
            document.add_text(fields.source, &article.source);
            for tag in &article.tags {
                document.add_text(fields.tag, tag);
            }
            document.add_text(fields.title, &article.title);
            document.add_text(fields.heading, &chunk.heading);
            document.add_text(fields.body, &chunk.text);
            document
        })
    }

    /// Chunks that have some word of the question, the best first.
    pub(super) fn find(&self, question: &str, within: Within<'_>, most: usize) -> Result<Vec<Ranked>, TextError> {
        let Some(query) = self.query(question, within) else { return Ok(Vec::new()) };
        let searcher = self.reader.searcher();
        let found = searcher.search(&query, &TopDocs::with_limit(most.max(1)).order_by_score())?;
        let mut columns = Vec::with_capacity(searcher.segment_readers().len());
        for segment in searcher.segment_readers() {
            columns.push((segment.fast_fields().i64("chunk")?, segment.fast_fields().i64("article")?));
        }
        let ranked = found.into_iter().filter_map(|(score, at)| {
            let (chunks, articles) = columns.get(usize::try_from(at.segment_ord).ok()?)?;
            Some(Ranked { chunk: chunks.first(at.doc_id)?, article: articles.first(at.doc_id)?, score })
        });
        let mut ranked: Vec<Ranked> = ranked.collect();
        // Which segment a chunk lies in must not tell in the answer.
        ranked.sort_by(|a, b| b.score.total_cmp(&a.score).then(a.chunk.cmp(&b.chunk)));
        Ok(ranked)
    }

    fn query(&self, question: &str, within: Within<'_>) -> Option<BooleanQuery> {
        let mut clauses: Vec<(Occur, Box<dyn Query>)> = Vec::new();
        let mut seen = std::collections::HashSet::new();
        let mut stems = self.stems.clone();
        for word in searched(question, MOST_WORDS) {
            let mut stream = stems.token_stream(&word);
            while let Some(token) = stream.next() {
                if !seen.insert(token.text.clone()) {
                    continue;
                }
                for (field, boost) in [(self.fields.title, TITLE), (self.fields.heading, HEADING), (self.fields.body, BODY)] {
                    let term = TermQuery::new(Term::from_field_text(field, &token.text), IndexRecordOption::WithFreqs);
                    clauses.push((Occur::Should, Box::new(BoostQuery::new(Box::new(term), boost))));
                }
            }
        }
        if clauses.is_empty() {
            return None;
        }
        let words = BooleanQuery::new(clauses);
        let filters: Vec<_> = [(self.fields.source, within.sources), (self.fields.tag, within.tags)]
            .into_iter()
            .filter(|(_, names)| !names.is_empty())
            .map(|(field, names)| any(field, names))
            .collect();
        if filters.is_empty() {
            return Some(words);
        }
        let mut all: Vec<(Occur, Box<dyn Query>)> = vec![(Occur::Must, Box::new(words))];
        all.extend(filters.into_iter().map(|filter| (Occur::Must, filter)));
        Some(BooleanQuery::new(all))
    }
}

/// Has one of these names; adds nothing to the score.
fn any(field: Field, names: &[String]) -> Box<dyn Query> {
    let one = |name: &String| -> (Occur, Box<dyn Query>) {
        (Occur::Should, Box::new(TermQuery::new(Term::from_field_text(field, name), IndexRecordOption::Basic)))
    };
    Box::new(ConstScoreQuery::new(Box::new(BooleanQuery::new(names.iter().map(one).collect())), 0.0))
}

/// Cuts texts into words by the rules of the house.
#[derive(Debug, Clone, Default)]
struct Words;

/// The words of one text.
#[derive(Debug)]
struct Stream {
    words: std::vec::IntoIter<String>,
    token: Token,
}

impl Tokenizer for Words {
    type TokenStream<'a> = Stream;

    fn token_stream<'a>(&'a mut self, text: &'a str) -> Stream {
        Stream { words: words(text).into_iter(), token: Token::default() }
    }
}

impl TokenStream for Stream {
    fn advance(&mut self) -> bool {
        let Some(word) = self.words.next() else { return false };
        self.token.text = word;
        self.token.position = self.token.position.wrapping_add(1);
        true
    }

    fn token(&self) -> &Token {
        &self.token
    }

    fn token_mut(&mut self) -> &mut Token {
        &mut self.token
    }
}
