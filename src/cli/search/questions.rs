//! Questions with the articles that answer them.

use std::fs::File;
use std::io::{self, BufRead, BufReader};
use std::path::Path;

use serde::Deserialize;

/// An article by its name, of a source where one is named.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Named {
    /// Where it comes from.
    pub source: Option<String>,
    /// Its name there.
    pub name: String,
}

/// A question and the articles that answer it; at least one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Question {
    /// As somebody would ask it.
    pub text: String,
    /// What should be found.
    pub right: Vec<Named>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Right {
    Name(String),
    Both { source: String, name: String },
}

#[derive(Deserialize)]
struct Asked {
    question: String,
    articles: Vec<Right>,
}

#[derive(Deserialize)]
struct Whole {
    id: String,
    source: Option<String>,
    sections: Vec<Section>,
}

#[derive(Deserialize)]
struct Section {
    #[serde(alias = "question")]
    heading: String,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Line {
    Asked(Asked),
    Whole(Whole),
}

/// Why there are no questions.
#[derive(Debug, thiserror::Error)]
pub enum BadQuestions {
    /// The file cannot be read.
    #[error("{0}")]
    Io(#[from] io::Error),
    /// A line is something else.
    #[error("line {line}: neither a question with articles nor an article with id and sections")]
    Line {
        /// Which, from 1.
        line: usize,
    },
    /// There is none.
    #[error("there is no question in the file")]
    None,
}

/// The questions of a file, in order.
///
/// # Errors
/// See [`BadQuestions`].
pub fn read(path: &Path) -> Result<Vec<Question>, BadQuestions> {
    of_lines(BufReader::new(File::open(path)?))
}

fn of_lines(file: impl BufRead) -> Result<Vec<Question>, BadQuestions> {
    let mut questions = Vec::new();
    for (at, line) in file.lines().enumerate() {
        let line = line?;
        if line.trim().is_empty() {
            continue;
        }
        match serde_json::from_str(&line).map_err(|_| BadQuestions::Line { line: at + 1 })? {
            Line::Asked(Asked { question, articles }) => {
                let right: Vec<Named> = articles.into_iter().map(Named::from).collect();
                if right.is_empty() {
                    return Err(BadQuestions::Line { line: at + 1 });
                }
                questions.push(Question { text: question, right });
            }
            Line::Whole(Whole { id, source, sections }) => {
                let right = Named { source, name: id };
                let asked = sections.into_iter().map(|section| section.heading).filter(|heading| !heading.trim().is_empty());
                questions.extend(asked.map(|text| Question { text, right: vec![right.clone()] }));
            }
        }
    }
    if questions.is_empty() { Err(BadQuestions::None) } else { Ok(questions) }
}

impl From<Right> for Named {
    fn from(right: Right) -> Self {
        match right {
            Right::Name(name) => Self { source: None, name },
            Right::Both { source, name } => Self { source: Some(source), name },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn questions_in_both_shapes() {
        let file = concat!(
            r#"{"question": "What helps?", "articles": ["A", {"source": "s", "name": "B"}]}"#,
            "\n\n",
            r#"{"id": "C", "source": "s", "sections": [{"question": "Why?", "answer": "x"}, {"heading": " ", "text": "y"}]}"#,
        );
        let questions = of_lines(file.as_bytes()).unwrap();
        let named = |source: Option<&str>, name: &str| Named { source: source.map(str::to_owned), name: name.to_owned() };
        assert_eq!(questions[0].right, [named(None, "A"), named(Some("s"), "B")]);
        assert_eq!(questions[1], Question { text: "Why?".to_owned(), right: vec![named(Some("s"), "C")] });
        assert_eq!(questions.len(), 2);
    }

    #[test]
    fn other_lines_are_named() {
        for (file, wrong) in [("{}", 1), ("\n[]", 2), (r#"{"question": "a", "articles": []}"#, 1)] {
            assert!(matches!(of_lines(file.as_bytes()), Err(BadQuestions::Line { line }) if line == wrong), "{file}");
        }
        assert!(matches!(of_lines(&b"\n"[..]), Err(BadQuestions::None)));
    }
}
