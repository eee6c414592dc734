//! Objects in a store that speaks S3. Every request, the clients' and our own, is a presigned URL; size and type of an
//! upload are signed headers, so that the store itself refuses another size or type.

use std::fmt;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::StreamExt;
use futures_util::future::BoxFuture;
use madang_domain::time::Timestamp;
use reqwest::{Client, Response, StatusCode, Url};
use rusty_s3::actions::{DeleteObject, GetObject, HeadObject, PutObject};
use rusty_s3::{Bucket, Credentials, S3Action, UrlStyle};
use tokio::fs::File;
use tokio::io::AsyncWriteExt;

use super::{GET_FOR, IMAGE_LINK_FOR, Incoming, Key, Link, ObjectStore, PUT_FOR, StoreError, Ticket};

/// How long our own requests are signed for.
const OURS_FOR: Duration = Duration::from_secs(300);
/// How long connecting, and how long the next bytes may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// Which store.
#[derive(Clone)]
pub struct S3Settings {
    /// Such as `https://s3.eu-central-1.amazonaws.com`.
    pub endpoint: String,
    /// Such as `eu-central-1`.
    pub region: String,
    /// The bucket.
    pub bucket: String,
    /// The access key's name.
    pub access_key: String,
    /// The access key's secret.
    pub secret_key: String,
    /// Whether the bucket is named in the path instead of the host.
    pub path_style: bool,
}

impl fmt::Debug for S3Settings {
    /// Without the secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("S3Settings").field("endpoint", &self.endpoint).field("bucket", &self.bucket).finish_non_exhaustive()
    }
}

/// Settings that no store can be reached by.
#[derive(Debug, thiserror::Error)]
pub enum S3SettingsError {
    /// Not a URL, or not one of a store.
    #[error("objects.s3_endpoint and objects.s3_bucket name no store: {0}")]
    Endpoint(String),
    /// No HTTP client can be made.
    #[error("no HTTP client can be made: {0}")]
    Client(String),
}

/// A bucket of a store.
#[derive(Clone)]
pub struct S3Store {
    bucket: Bucket,
    credentials: Credentials,
    http: Client,
    now: Arc<dyn Fn() -> Timestamp + Send + Sync>,
}

impl fmt::Debug for S3Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("S3Store").field("bucket", &self.bucket.name()).finish_non_exhaustive()
    }
}

impl S3Store {
    /// A client of that store; `now` is the clock that its signatures carry.
    ///
    /// # Errors
    /// Settings of a wrong form.
    pub fn new(settings: &S3Settings, now: impl Fn() -> Timestamp + Send + Sync + 'static) -> Result<Self, S3SettingsError> {
        let endpoint = Url::parse(&settings.endpoint).map_err(|error| S3SettingsError::Endpoint(error.to_string()))?;
        let style = if settings.path_style { UrlStyle::Path } else { UrlStyle::VirtualHost };
        let bucket = Bucket::new(endpoint, style, settings.bucket.clone(), settings.region.clone())
            .map_err(|error| S3SettingsError::Endpoint(error.to_string()))?;
        // Whoever came first has set the same one.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let http = Client::builder()
            .connect_timeout(PATIENCE)
            .read_timeout(PATIENCE)
            .build()
            .map_err(|error| S3SettingsError::Client(error.to_string()))?;
        let credentials = Credentials::new(&settings.access_key, &settings.secret_key);
        Ok(Self { bucket, credentials, http, now: Arc::new(now) })
    }

    fn sign<'a>(action: &impl S3Action<'a>, now: Timestamp, good_for: Duration) -> Url {
        let now = jiff::Timestamp::from_second(now.timestamp()).unwrap_or(jiff::Timestamp::UNIX_EPOCH);
        action.sign_with_time(good_for, &now)
    }

    fn get(&self, key: &Key, now: Timestamp, good_for: Duration) -> Url {
        let action = GetObject::new(&self.bucket, Some(&self.credentials), key.as_str());
        Self::sign(&action, now, good_for)
    }
}

/// Without the address, which is signed.
fn failed(error: reqwest::Error) -> StoreError {
    StoreError::Failed(error.without_url().to_string())
}

fn good(response: Response) -> Result<Response, StoreError> {
    match response.status() {
        status if status.is_success() => Ok(response),
        StatusCode::NOT_FOUND => Err(StoreError::Missing),
        status => Err(StoreError::Failed(format!("it answered {status}"))),
    }
}

impl ObjectStore for S3Store {
    fn origin(&self) -> Option<String> {
        Some(self.bucket.base_url().origin().ascii_serialization())
    }

    fn ticket(&self, incoming: &Incoming, now: Timestamp) -> Ticket {
        let mut action = PutObject::new(&self.bucket, Some(&self.credentials), incoming.key.as_str());
        let media = incoming.key.media().name();
        action.headers_mut().insert("content-length", incoming.bytes.to_string());
        action.headers_mut().insert("content-type", media);
        Ticket {
            url: Self::sign(&action, now, PUT_FOR).to_string(),
            method: "PUT",
            // The length is set by every HTTP client itself.
            headers: vec![("Content-Type", media.to_owned())],
            expires_at: now + PUT_FOR,
        }
    }

    fn link(&self, key: &Key, now: Timestamp) -> Link {
        let good_for = if key.is_public() { IMAGE_LINK_FOR } else { GET_FOR };
        Link::Elsewhere { url: self.get(key, now, good_for).to_string(), good_for }
    }

    fn size<'a>(&'a self, key: &'a Key) -> BoxFuture<'a, Result<Option<u64>, StoreError>> {
        Box::pin(async move {
            let action = HeadObject::new(&self.bucket, Some(&self.credentials), key.as_str());
            let url = Self::sign(&action, (self.now)(), OURS_FOR);
            match good(self.http.head(url).send().await.map_err(failed)?) {
                Ok(response) => {
                    let length = response.headers().get(reqwest::header::CONTENT_LENGTH);
                    let length = length.and_then(|value| value.to_str().ok()).and_then(|text| text.parse().ok());
                    length.map(Some).ok_or_else(|| StoreError::Failed("it told no length".to_owned()))
                }
                Err(StoreError::Missing) => Ok(None),
                Err(error) => Err(error),
            }
        })
    }

    fn fetch<'a>(&'a self, key: &'a Key, to: &'a Path, limit: u64) -> BoxFuture<'a, Result<u64, StoreError>> {
        Box::pin(async move {
            let url = self.get(key, (self.now)(), OURS_FOR);
            let mut chunks = good(self.http.get(url).send().await.map_err(failed)?)?.bytes_stream();
            let (mut file, mut came) = (File::create(to).await?, 0u64);
            while let Some(chunk) = chunks.next().await {
                let chunk = chunk.map_err(failed)?;
                came = came.saturating_add(u64::try_from(chunk.len()).unwrap_or(u64::MAX));
                if came > limit {
                    return Err(StoreError::TooLarge { limit });
                }
                file.write_all(&chunk).await?;
            }
            file.flush().await?;
            Ok(came)
        })
    }

    fn put<'a>(&'a self, key: &'a Key, body: Bytes) -> BoxFuture<'a, Result<(), StoreError>> {
        Box::pin(async move {
            let mut action = PutObject::new(&self.bucket, Some(&self.credentials), key.as_str());
            let headers = [("cache-control", "public, max-age=31536000, immutable"), ("content-type", key.media().name())];
            for (name, value) in headers {
                action.headers_mut().insert(name, value);
            }
            let mut request = self.http.put(Self::sign(&action, (self.now)(), OURS_FOR)).body(body);
            for (name, value) in headers {
                request = request.header(name, value);
            }
            good(request.send().await.map_err(failed)?).map(drop)
        })
    }

    fn remove<'a>(&'a self, key: &'a Key) -> BoxFuture<'a, Result<(), StoreError>> {
        Box::pin(async move {
            let action = DeleteObject::new(&self.bucket, Some(&self.credentials), key.as_str());
            let url = Self::sign(&action, (self.now)(), OURS_FOR);
            match good(self.http.delete(url).send().await.map_err(failed)?) {
                Ok(_) | Err(StoreError::Missing) => Ok(()),
                Err(error) => Err(error),
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clients::objects::MediaType;
    use madang_domain::ids::UserId;

    /// The account of the examples in "Authenticating Requests: Using Query Parameters (AWS Signature Version 4)".
    fn example() -> S3Store {
        let settings = S3Settings {
            endpoint: "https://s3.amazonaws.com".to_owned(),
            region: "us-east-1".to_owned(),
            bucket: "examplebucket".to_owned(),
            access_key: "AKIAIOSFODNN7EXAMPLE".to_owned(),
            secret_key: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY".to_owned(),
            path_style: false,
        };
        S3Store::new(&settings, example_day).unwrap()
    }

    fn example_day() -> Timestamp {
        "2013-05-24T00:00:00Z".parse().unwrap()
    }

    #[test]
    fn a_get_is_signed_as_the_published_example() {
        let store = example();
        let action = GetObject::new(&store.bucket, Some(&store.credentials), "test.txt");
        let url = S3Store::sign(&action, example_day(), Duration::from_secs(86_400));
        assert_eq!(
            url.as_str(),
            "https://examplebucket.s3.amazonaws.com/test.txt?X-Amz-Algorithm=AWS4-HMAC-SHA256\
             &X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20130524%2Fus-east-1%2Fs3%2Faws4_request&X-Amz-Date=20130524T000000Z\
             &X-Amz-Expires=86400&X-Amz-SignedHeaders=host\
             &X-Amz-Signature=aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404"
        );
    }

    #[test]
    fn an_upload_binds_size_and_type() {
        let store = example();
        let ticket = |bytes, media| {
            let incoming = Incoming { key: Key::upload([3; 20], media), owner: UserId::new(1), bytes };
            store.ticket(&incoming, example_day())
        };
        let one = ticket(1000, MediaType::Zip);
        assert!(one.url.contains("X-Amz-Expires=120&X-Amz-SignedHeaders=content-length%3Bcontent-type%3Bhost"), "{}", one.url);
        assert_eq!(one.headers, [("Content-Type", "application/zip".to_owned())]);
        assert_ne!(one.url, ticket(1001, MediaType::Zip).url);
        assert_eq!(one, ticket(1000, MediaType::Zip));
    }
}
