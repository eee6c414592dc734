//! The key that signs tokens: made once, kept in the data directory, readable by us alone.

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use rand::TryRng;
use rand::rngs::SysRng;

use crate::config::{AuthSettings, DatabaseSettings};

/// How long a new one is.
const BYTES: usize = 64;

/// Reads the key, or makes it at the first start where no file of one's own is set.
///
/// # Errors
/// The file system's, or the system's source of randomness.
pub(super) fn read_or_make(auth: &AuthSettings, database: &DatabaseSettings) -> io::Result<Vec<u8>> {
    if !auth.secret.is_empty() {
        return Ok(auth.secret.clone().into_bytes());
    }
    if !auth.secret_file.as_os_str().is_empty() {
        return fs::read(&auth.secret_file).map_err(|error| about(&auth.secret_file, &error));
    }
    fs::create_dir_all(&database.data_dir)?;
    read_or_make_file(&database.data_dir.join("token.secret"), || {
        let mut key = vec![0; BYTES];
        SysRng.try_fill_bytes(&mut key).map_err(io::Error::other)?;
        Ok(key)
    })
}

/// Reads a key file, or writes what `fresh` gives at the first start.
///
/// # Errors
/// The file system's, or that of `fresh`.
pub(super) fn read_or_make_file(path: &Path, fresh: impl FnOnce() -> io::Result<Vec<u8>>) -> io::Result<Vec<u8>> {
    match fs::read(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            fresh().and_then(|key| make(path, key)).map_err(|error| about(path, &error))
        }
        found => found.map_err(|error| about(path, &error)),
    }
}

/// The keys of before.
///
/// # Errors
/// The file system's.
pub(super) fn previous(auth: &AuthSettings) -> io::Result<Vec<Vec<u8>>> {
    let mut keys: Vec<Vec<u8>> = auth.previous_secrets.iter().map(|secret| secret.clone().into_bytes()).collect();
    for file in &auth.previous_secret_files {
        keys.push(fs::read(file).map_err(|error| about(file, &error))?);
    }
    Ok(keys)
}

/// Written beside its place and then linked there: a crash leaves no half a key, and of two that start at once one wins.
fn make(path: &Path, key: Vec<u8>) -> io::Result<Vec<u8>> {
    let fresh = PathBuf::from(format!("{}.{}", path.display(), std::process::id()));
    let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&fresh)?;
    file.write_all(&key)?;
    file.sync_all()?;
    let linked = fs::hard_link(&fresh, path);
    fs::remove_file(&fresh)?;
    match linked {
        Ok(()) => Ok(key),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => fs::read(path),
        Err(error) => Err(error),
    }
}

fn about(path: &Path, error: &io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("the key {} cannot be used: {error}", path.display()))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;
    use crate::config::Settings;

    #[test]
    fn a_key_is_made_once_and_is_ours_alone() {
        let mut settings = Settings::default();
        settings.database.data_dir = std::env::temp_dir().join(format!("madang-secret-{}", std::process::id()));
        let first = read_or_make(&settings.auth, &settings.database).unwrap();
        assert_eq!(first.len(), BYTES);
        assert_eq!(read_or_make(&settings.auth, &settings.database).unwrap(), first);
        let file = settings.database.data_dir.join("token.secret");
        assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
        // Another key from now on, the old one beside it.
        settings.auth.secret = "x".repeat(40);
        settings.auth.previous_secret_files = vec![file.clone()];
        settings.auth.previous_secrets = vec!["y".repeat(40)];
        assert_eq!(read_or_make(&settings.auth, &settings.database).unwrap(), [b'x'; 40]);
        assert_eq!(previous(&settings.auth).unwrap(), [vec![b'y'; 40], first]);
        settings.auth.previous_secret_files = vec![settings.database.data_dir.join("gone")];
        assert!(previous(&settings.auth).unwrap_err().to_string().contains("gone"));
        settings.auth.secret = String::new();
        settings.auth.secret_file = settings.database.data_dir.join("missing");
        assert!(read_or_make(&settings.auth, &settings.database).unwrap_err().to_string().contains("missing"));
        fs::remove_dir_all(&settings.database.data_dir).unwrap();
    }
}
