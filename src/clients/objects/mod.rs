//! Objects: uploaded files and the images made from them. One trait; a folder of this machine by default, a store that
//! speaks S3 where one is set.
//!
//! Files do not pass through the API: a client is given a [`Ticket`], a signed request that is good for one object of one
//! size and type and for two minutes, and sends the bytes there. With the local store "there" is this server's own
//! `PUT /objects/{key}`, which streams to the disk.

mod key;
mod local;
mod s3;
mod signature;

use std::fmt;
use std::path::Path;
use std::time::Duration;

use bytes::Bytes;
use futures_util::future::BoxFuture;
use madang_domain::ids::UserId;
use madang_domain::time::Timestamp;

pub use key::{Key, MediaType, NotAKey};
pub use local::{Arriving, LocalStore};
pub use s3::{S3Settings, S3SettingsError, S3Store};
pub use signature::{BadLink, GetQuery, PutQuery, Signer};

/// How long an upload may begin after it was asked for.
pub const PUT_FOR: Duration = Duration::from_secs(120);
/// How long a signed link to an object that is not public can be followed.
pub const GET_FOR: Duration = Duration::from_secs(120);
/// How long a link into a foreign store to a public image can be followed; clients keep the redirect a little shorter.
pub const IMAGE_LINK_FOR: Duration = Duration::from_secs(3600);

/// One object on its way in: everything the signature binds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Incoming {
    /// Its name in the store.
    pub key: Key,
    /// Who may send it.
    pub owner: UserId,
    /// Exactly so many bytes, at least 1.
    pub bytes: u64,
}

/// A signed request that a client makes to bring an object in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ticket {
    /// Where to: an absolute URL, or a path of this server.
    pub url: String,
    /// The HTTP method.
    pub method: &'static str,
    /// Headers that must be sent exactly so.
    pub headers: Vec<(&'static str, String)>,
    /// When it must have begun.
    pub expires_at: Timestamp,
}

/// Where an object can be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Link {
    /// On this server, under the path `/objects/{key}` and this query (which may be empty).
    Here {
        /// `expires=...&signature=...`, or nothing for what everybody with the key may read.
        query: String,
    },
    /// In a store of its own.
    Elsewhere {
        /// The signed address.
        url: String,
        /// How long it can be followed.
        good_for: Duration,
    },
}

/// Why a store did not do what was asked. The text names no credentials.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// No such object.
    #[error("there is no such object")]
    Missing,
    /// It is there already, and objects never change.
    #[error("the object is already there")]
    Exists,
    /// More bytes than were allowed.
    #[error("the object is larger than {limit} bytes")]
    TooLarge {
        /// The limit.
        limit: u64,
    },
    /// Fewer bytes than were announced.
    #[error("only {came} of {announced} bytes came")]
    TooShort {
        /// What came.
        came: u64,
        /// What was announced.
        announced: u64,
    },
    /// The store or the disk failed. May be tried again.
    #[error("the object store failed: {0}")]
    Failed(String),
}

impl From<std::io::Error> for StoreError {
    fn from(error: std::io::Error) -> Self {
        if error.kind() == std::io::ErrorKind::NotFound {
            Self::Missing
        } else if error.kind() == std::io::ErrorKind::AlreadyExists {
            Self::Exists
        } else {
            Self::Failed(error.to_string())
        }
    }
}

/// Keeps objects. Objects never change once they are there.
pub trait ObjectStore: fmt::Debug + Send + Sync + 'static {
    /// The origin that clients send to and fetch from, such as `https://bucket.s3.example`; `None` where it is this server.
    fn origin(&self) -> Option<String> {
        None
    }

    /// A signed request for bringing one object in.
    fn ticket(&self, incoming: &Incoming, now: Timestamp) -> Ticket;

    /// Where an object can be read.
    fn link(&self, key: &Key, now: Timestamp) -> Link;

    /// How many bytes an object has; `None` where there is none.
    fn size<'a>(&'a self, key: &'a Key) -> BoxFuture<'a, Result<Option<u64>, StoreError>>;

    /// Copies an object of at most `limit` bytes into a file, which is made or overwritten. Gives its size.
    fn fetch<'a>(&'a self, key: &'a Key, to: &'a Path, limit: u64) -> BoxFuture<'a, Result<u64, StoreError>>;

    /// Puts an object in. One that is there already stays, and that is fine: keys follow from content.
    fn put<'a>(&'a self, key: &'a Key, body: Bytes) -> BoxFuture<'a, Result<(), StoreError>>;

    /// Removes an object. One that is not there is fine.
    fn remove<'a>(&'a self, key: &'a Key) -> BoxFuture<'a, Result<(), StoreError>>;
}
