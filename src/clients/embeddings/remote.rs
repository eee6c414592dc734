//! A server that speaks OpenAI's embeddings protocol: `POST {base}/embeddings`.

use std::fmt;
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::future::BoxFuture;
use madang_domain::knowledge::lexical::normalise;
use reqwest::StatusCode;
use serde::{Deserialize, Serialize};

use super::{EmbedError, Embedder};

/// The longest answer that is read. A batch of 64 vectors of 4,096 numbers takes some 5 MB.
const MOST_BYTES: usize = 32 * 1024 * 1024;
/// What is told of a refusal.
const MOST_WORDS: usize = 200;
/// The longest vector that is taken.
const MOST_DIMENSIONS: usize = 8_192;

/// Which server, which model.
#[derive(Clone, PartialEq, Eq)]
pub struct RemoteSettings {
    /// Up to and with `/v1`, without a slash at its end.
    pub url: String,
    /// The model's name there.
    pub model: String,
    /// The key, where one is needed.
    pub key: String,
    /// How long a request may take.
    pub timeout: Duration,
}

impl fmt::Debug for RemoteSettings {
    /// Without the key.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RemoteSettings").field("url", &self.url).field("model", &self.model).finish_non_exhaustive()
    }
}

/// The client.
#[derive(Debug)]
pub struct Remote {
    http: reqwest::Client,
    settings: RemoteSettings,
}

#[derive(Serialize)]
struct Request<'a> {
    model: &'a str,
    input: &'a [String],
    encoding_format: &'static str,
}

#[derive(Deserialize)]
struct Response {
    data: Vec<One>,
}

#[derive(Deserialize)]
struct One {
    index: Option<usize>,
    embedding: Vec<f32>,
}

impl Remote {
    /// A client for one model.
    ///
    /// # Errors
    /// When the machine's roots of trust cannot be read.
    pub fn new(settings: RemoteSettings) -> Result<Self, reqwest::Error> {
        // Refused where somebody else was first.
        drop(rustls::crypto::ring::default_provider().install_default());
        let http = reqwest::Client::builder().timeout(settings.timeout).redirect(reqwest::redirect::Policy::none()).build()?;
        Ok(Self { http, settings })
    }

    async fn ask(&self, texts: &[String]) -> Result<Vec<Vec<f32>>, EmbedError> {
        if texts.is_empty() {
            return Ok(Vec::new());
        }
        let body = Request { model: &self.settings.model, input: texts, encoding_format: "float" };
        let mut request = self.http.post(format!("{}/embeddings", self.settings.url)).json(&body);
        if !self.settings.key.is_empty() {
            request = request.bearer_auth(&self.settings.key);
        }
        let response = request.send().await.map_err(|error| EmbedError::Away(error.without_url().to_string()))?;
        let status = response.status();
        let bytes = bounded(response).await?;
        if !status.is_success() {
            return Err(refusal(status, &bytes));
        }
        let answer: Response = serde_json::from_slice(&bytes)
            .map_err(|error| EmbedError::Nonsense(format!("it is not the protocol's: {error}")))?;
        in_order(answer.data, texts.len())
    }
}

/// A body of at most [`MOST_BYTES`].
async fn bounded(response: reqwest::Response) -> Result<Vec<u8>, EmbedError> {
    let (mut bytes, mut chunks) = (Vec::new(), response.bytes_stream());
    while let Some(chunk) = chunks.next().await {
        let chunk = chunk.map_err(|error| EmbedError::Away(error.without_url().to_string()))?;
        if bytes.len() + chunk.len() > MOST_BYTES {
            return Err(EmbedError::Nonsense("it is far too long".to_owned()));
        }
        bytes.extend_from_slice(&chunk);
    }
    Ok(bytes)
}

fn refusal(status: StatusCode, body: &[u8]) -> EmbedError {
    let words: String = String::from_utf8_lossy(body).chars().filter(|sign| !sign.is_control()).take(MOST_WORDS).collect();
    let text = format!("{status}: {words}");
    if status.is_server_error() || matches!(status, StatusCode::TOO_MANY_REQUESTS | StatusCode::REQUEST_TIMEOUT) {
        EmbedError::Away(text)
    } else {
        EmbedError::Refused(text)
    }
}

/// The vectors by the place that each names, all there and of one length.
fn in_order(data: Vec<One>, wanted: usize) -> Result<Vec<Vec<f32>>, EmbedError> {
    let nonsense = |why: &str| Err(EmbedError::Nonsense(why.to_owned()));
    let mut vectors: Vec<Option<Vec<f32>>> = vec![None; wanted];
    for (place, one) in data.into_iter().enumerate() {
        let Some(slot) = vectors.get_mut(one.index.unwrap_or(place)) else { return nonsense("it has too many vectors") };
        let mut vector = one.embedding;
        if vector.is_empty() || vector.len() > MOST_DIMENSIONS || vector.iter().any(|value| !value.is_finite()) {
            return nonsense("a vector is empty, too long, or not of numbers");
        }
        normalise(&mut vector);
        *slot = Some(vector);
    }
    let Some(vectors) = vectors.into_iter().collect::<Option<Vec<_>>>() else { return nonsense("vectors are missing") };
    let lengths = |pair: &[Vec<f32>]| pair.first().map(Vec::len) == pair.last().map(Vec::len);
    if vectors.windows(2).all(lengths) { Ok(vectors) } else { nonsense("its vectors are of different lengths") }
}

impl Embedder for Remote {
    fn model(&self) -> &str {
        &self.settings.model
    }

    fn is_local(&self) -> bool {
        false
    }

    fn embed(&self, texts: Vec<String>) -> BoxFuture<'_, Result<Vec<Vec<f32>>, EmbedError>> {
        Box::pin(async move { self.ask(&texts).await })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(index: Option<usize>, embedding: &[f32]) -> One {
        One { index, embedding: embedding.to_vec() }
    }

    #[test]
    fn vectors_come_back_in_the_order_of_the_texts_with_length_one() {
        let found = in_order(vec![one(Some(1), &[0.0, 2.0]), one(Some(0), &[3.0, 4.0])], 2).unwrap();
        assert_eq!(found, [vec![0.6, 0.8], vec![0.0, 1.0]]);
        assert_eq!(in_order(vec![one(None, &[1.0]), one(None, &[-5.0])], 2).unwrap(), [vec![1.0], vec![-1.0]]);
    }

    #[test]
    fn an_answer_that_makes_no_sense_is_not_used() {
        for data in [
            vec![],
            vec![one(Some(0), &[1.0])],
            vec![one(Some(0), &[1.0]), one(Some(0), &[1.0])],
            vec![one(Some(0), &[1.0]), one(Some(2), &[1.0])],
            vec![one(None, &[1.0]), one(None, &[1.0, 0.0])],
            vec![one(None, &[1.0]), one(None, &[])],
            vec![one(None, &[1.0]), one(None, &[f32::NAN])],
        ] {
            assert!(matches!(in_order(data, 2), Err(EmbedError::Nonsense(_))));
        }
    }

    #[test]
    fn what_may_pass_is_told_from_what_will_not() {
        assert!(matches!(refusal(StatusCode::TOO_MANY_REQUESTS, b"slow down"), EmbedError::Away(_)));
        assert!(matches!(refusal(StatusCode::BAD_GATEWAY, b""), EmbedError::Away(_)));
        assert!(matches!(refusal(StatusCode::UNAUTHORIZED, b"no such key"), EmbedError::Refused(_)));
    }
}
