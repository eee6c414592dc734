//! Objects in a folder of this machine. What comes in is written beside its place and then linked there: a crash leaves no
//! half an object, and of two that come for one name the first stays.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use bytes::Bytes;
use futures_util::future::BoxFuture;
use madang_domain::time::Timestamp;
use tokio::fs::File;
use tokio::io::{AsyncReadExt, AsyncWriteExt, BufWriter};
use uuid::Uuid;

use super::{GET_FOR, Incoming, Key, Link, ObjectStore, PUT_FOR, Signer, StoreError, Ticket};

/// Bytes gathered before they are written.
const BUFFER: usize = 256 * 1024;

/// A folder of objects. Cheap to clone.
#[derive(Debug, Clone)]
pub struct LocalStore {
    folder: PathBuf,
    signer: Signer,
}

/// An object that is being received: counts what comes, and keeps nothing unless it is finished.
#[derive(Debug)]
pub struct Arriving {
    file: BufWriter<File>,
    path: PathBuf,
    place: PathBuf,
    announced: u64,
    came: u64,
}

impl LocalStore {
    /// Objects in this folder, which is made; what a crash left half-written in it is removed.
    ///
    /// # Errors
    /// The file system's.
    pub fn open(folder: &Path, signer: Signer) -> io::Result<Self> {
        let arriving = folder.join("arriving");
        match fs::remove_dir_all(&arriving) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            Ok(()) | Err(_) => {}
        }
        fs::create_dir_all(&arriving)?;
        Ok(Self { folder: folder.to_owned(), signer })
    }

    /// Who checks links.
    #[must_use]
    pub fn signer(&self) -> &Signer {
        &self.signer
    }

    fn place(&self, key: &Key) -> PathBuf {
        self.folder.join(key.folder()).join(key.as_str())
    }

    /// Begins to receive an object of exactly that size.
    ///
    /// # Errors
    /// [`StoreError::Exists`], or the disk's.
    pub async fn receive(&self, key: &Key, bytes: u64) -> Result<Arriving, StoreError> {
        let place = self.place(key);
        if tokio::fs::try_exists(&place).await? {
            return Err(StoreError::Exists);
        }
        let path = self.folder.join("arriving").join(Uuid::new_v4().simple().to_string());
        let file = BufWriter::with_capacity(BUFFER, File::create(&path).await?);
        Ok(Arriving { file, path, place, announced: bytes, came: 0 })
    }

    /// Opens an object for reading, with its size.
    ///
    /// # Errors
    /// [`StoreError::Missing`], or the disk's.
    pub async fn read(&self, key: &Key) -> Result<(File, u64), StoreError> {
        let file = File::open(self.place(key)).await?;
        let bytes = file.metadata().await?.len();
        Ok((file, bytes))
    }
}

impl Arriving {
    /// Takes the next bytes.
    ///
    /// # Errors
    /// [`StoreError::TooLarge`] as soon as more come than were announced, or the disk's.
    pub async fn take(&mut self, chunk: &[u8]) -> Result<(), StoreError> {
        self.came = self.came.saturating_add(u64::try_from(chunk.len()).unwrap_or(u64::MAX));
        if self.came > self.announced {
            return Err(StoreError::TooLarge { limit: self.announced });
        }
        Ok(self.file.write_all(chunk).await?)
    }

    /// All has come: makes it durable and puts it in its place.
    ///
    /// # Errors
    /// [`StoreError::TooShort`], [`StoreError::Exists`], or the disk's.
    pub async fn finish(mut self) -> Result<(), StoreError> {
        if self.came < self.announced {
            return Err(StoreError::TooShort { came: self.came, announced: self.announced });
        }
        self.file.flush().await?;
        self.file.get_ref().sync_all().await?;
        if let Some(folder) = self.place.parent() {
            tokio::fs::create_dir_all(folder).await?;
        }
        // A link fails where something is: a rename would replace it.
        tokio::fs::hard_link(&self.path, &self.place).await?;
        if let Some(folder) = self.place.parent() {
            File::open(folder).await?.sync_all().await?;
        }
        Ok(())
    }
}

impl Drop for Arriving {
    fn drop(&mut self) {
        // The name beside the place, whether or not it was linked. A crash leaves it; the next start removes it.
        let _ = fs::remove_file(&self.path);
    }
}

impl ObjectStore for LocalStore {
    fn ticket(&self, incoming: &Incoming, now: Timestamp) -> Ticket {
        let (query, expires_at) = self.signer.put(incoming, now, PUT_FOR);
        Ticket {
            url: format!("/objects/{}?{query}", incoming.key),
            method: "PUT",
            headers: vec![("Content-Type", incoming.key.media().name().to_owned())],
            expires_at,
        }
    }

    fn link(&self, key: &Key, now: Timestamp) -> Link {
        let query = if key.is_public() { String::new() } else { self.signer.get(key, now, GET_FOR) };
        Link::Here { query }
    }

    fn size<'a>(&'a self, key: &'a Key) -> BoxFuture<'a, Result<Option<u64>, StoreError>> {
        Box::pin(async move {
            match tokio::fs::metadata(self.place(key)).await {
                Ok(metadata) => Ok(Some(metadata.len())),
                Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
                Err(error) => Err(error.into()),
            }
        })
    }

    fn fetch<'a>(&'a self, key: &'a Key, to: &'a Path, limit: u64) -> BoxFuture<'a, Result<u64, StoreError>> {
        Box::pin(async move {
            let (file, bytes) = self.read(key).await?;
            if bytes > limit {
                return Err(StoreError::TooLarge { limit });
            }
            let mut copy = File::create(to).await?;
            let copied = tokio::io::copy(&mut file.take(limit), &mut copy).await?;
            copy.flush().await?;
            Ok(copied)
        })
    }

    fn put<'a>(&'a self, key: &'a Key, body: Bytes) -> BoxFuture<'a, Result<(), StoreError>> {
        Box::pin(async move {
            let put = async {
                let mut arriving = self.receive(key, u64::try_from(body.len()).unwrap_or(u64::MAX)).await?;
                arriving.take(&body).await?;
                arriving.finish().await
            };
            match put.await {
                Err(StoreError::Exists) => Ok(()),
                done => done,
            }
        })
    }

    fn remove<'a>(&'a self, key: &'a Key) -> BoxFuture<'a, Result<(), StoreError>> {
        Box::pin(async move {
            match tokio::fs::remove_file(self.place(key)).await {
                Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error.into()),
                Ok(()) | Err(_) => Ok(()),
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clients::objects::MediaType;

    fn store(name: &str) -> LocalStore {
        let folder = std::env::temp_dir().join(format!("madang-objects-{name}-{}", std::process::id()));
        LocalStore::open(&folder, Signer::new(b"a secret")).unwrap()
    }

    #[actix_web::test]
    async fn an_object_is_there_whole_or_not_at_all_and_never_changes() {
        let store = store("whole");
        let key = Key::upload([1; 20], MediaType::Png);
        let mut arriving = store.receive(&key, 5).await.unwrap();
        arriving.take(b"abc").await.unwrap();
        assert_eq!(store.size(&key).await.unwrap(), None);
        assert!(matches!(arriving.finish().await, Err(StoreError::TooShort { came: 3, announced: 5 })));
        let mut arriving = store.receive(&key, 5).await.unwrap();
        arriving.take(b"abc").await.unwrap();
        assert!(matches!(arriving.take(b"def").await, Err(StoreError::TooLarge { limit: 5 })));
        drop(arriving);
        let (mut first, mut second) = (store.receive(&key, 3).await.unwrap(), store.receive(&key, 3).await.unwrap());
        first.take(b"one").await.unwrap();
        second.take(b"two").await.unwrap();
        first.finish().await.unwrap();
        assert!(matches!(second.finish().await, Err(StoreError::Exists)));
        assert!(matches!(store.receive(&key, 3).await, Err(StoreError::Exists)));
        store.put(&key, Bytes::from_static(b"six")).await.unwrap();
        let copy = store.folder.join("copy");
        assert_eq!(store.fetch(&key, &copy, 10).await.unwrap(), 3);
        assert_eq!(fs::read(&copy).unwrap(), b"one");
        assert!(matches!(store.fetch(&key, &copy, 2).await, Err(StoreError::TooLarge { limit: 2 })));
        assert_eq!(fs::read_dir(store.folder.join("arriving")).unwrap().count(), 0, "nothing half-written is left");
        store.remove(&key).await.unwrap();
        store.remove(&key).await.unwrap();
        assert!(matches!(store.fetch(&key, &copy, 9).await, Err(StoreError::Missing)));
        fs::remove_dir_all(&store.folder).unwrap();
    }
}
