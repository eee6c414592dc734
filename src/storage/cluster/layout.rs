//! The files of the private cluster.
//!
//! ```text
//! data/            the server's data directory
//!   madang.lock    held by the process that owns the cluster
//!   pg/            the cluster (pg.new while it is being made)
//!   pg.log         what Postgres says
//!   socket/        its unix socket, for us alone (in a short place elsewhere when the path would be too long)
//! ```

use std::fs::{self, DirBuilder, File, OpenOptions, Permissions, TryLockError};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

use super::ClusterError;
use super::identity::RunAs;
use crate::config::environment;

/// The number in the socket's file name; nothing listens on TCP.
pub(super) const PORT: u16 = 5432;
/// The kernel's limit for the path of a unix socket.
const SOCKET_PATH_MAX: usize = 107;
/// The log starts anew beyond this.
const LOG_MAX_BYTES: u64 = 16 * 1024 * 1024;

/// Where everything of one cluster is.
#[derive(Debug, Clone)]
pub(super) struct Layout {
    data_dir: PathBuf,
}

impl Layout {
    /// Makes the data directory where it is missing.
    pub(super) fn prepare(data_dir: &Path) -> Result<Self, ClusterError> {
        let what = || format!("the data directory {} cannot be used", data_dir.display());
        fs::create_dir_all(data_dir).map_err(ClusterError::io(what()))?;
        let data_dir = data_dir.canonicalize().map_err(ClusterError::io(what()))?;
        Ok(Self { data_dir })
    }

    pub(super) fn data_dir(&self) -> &Path {
        &self.data_dir
    }

    pub(super) fn cluster(&self) -> PathBuf {
        self.data_dir.join("pg")
    }

    pub(super) fn log(&self) -> PathBuf {
        self.data_dir.join("pg.log")
    }

    /// Takes the lock that makes us the owner; it goes with the process, however that ends.
    pub(super) fn lock(&self) -> Result<File, ClusterError> {
        let path = self.data_dir.join("madang.lock");
        let what = || format!("{} cannot be locked", path.display());
        let file = OpenOptions::new().create(true).truncate(false).write(true).open(&path).map_err(ClusterError::io(what()))?;
        match file.try_lock() {
            Ok(()) => Ok(file),
            Err(TryLockError::WouldBlock) => Err(ClusterError::InUse { data_dir: self.data_dir.clone() }),
            Err(TryLockError::Error(source)) => Err(ClusterError::Io { what: what(), source }),
        }
    }

    /// The version that wrote the cluster; `None` when there is no cluster yet.
    pub(super) fn version(&self) -> Result<Option<u32>, ClusterError> {
        let path = self.cluster().join("PG_VERSION");
        let what = format!("{} cannot be read", path.display());
        match fs::read_to_string(&path) {
            Ok(text) => match text.trim().parse() {
                Ok(version) => Ok(Some(version)),
                Err(error) => Err(ClusterError::Io { what, source: io::Error::other(error) }),
            },
            Err(error) if error.kind() == io::ErrorKind::NotFound && !self.cluster().exists() => Ok(None),
            Err(source) => Err(ClusterError::Io { what, source }),
        }
    }

    /// An empty folder beside the cluster's place, for `initdb`; what an interrupted attempt left there goes.
    pub(super) fn fresh_cluster(&self, run_as: &RunAs) -> Result<PathBuf, ClusterError> {
        let path = self.data_dir.join("pg.new");
        let what = format!("{} cannot be made", path.display());
        if path.exists() {
            fs::remove_dir_all(&path).map_err(ClusterError::io(what.clone()))?;
        }
        DirBuilder::new().mode(0o700).create(&path).map_err(ClusterError::io(what))?;
        run_as.own(&path)?;
        Ok(path)
    }

    /// Makes a finished fresh cluster the cluster.
    pub(super) fn adopt(&self, fresh: &Path) -> Result<(), ClusterError> {
        let what = format!("{} cannot be renamed", fresh.display());
        fs::rename(fresh, self.cluster()).map_err(ClusterError::io(what.clone()))?;
        File::open(&self.data_dir).and_then(|dir| dir.sync_all()).map_err(ClusterError::io(what))
    }

    /// The socket's folder: in the data directory, else, where that path is too long, in the runtime directory.
    pub(super) fn socket_dir(&self) -> PathBuf {
        let near = self.data_dir.join("socket");
        if socket_path_len(&near) <= SOCKET_PATH_MAX {
            return near;
        }
        let mut hasher = DefaultHasher::new();
        self.data_dir.hash(&mut hasher);
        environment::runtime_dir().join(format!("madang-{:016x}", hasher.finish()))
    }

    /// Makes the socket's folder, closed to everybody else.
    pub(super) fn prepare_socket_dir(&self, run_as: &RunAs) -> Result<(), ClusterError> {
        let dir = self.socket_dir();
        let what = || format!("the socket folder {} cannot be used", dir.display());
        match DirBuilder::new().mode(0o700).create(&dir) {
            Ok(()) => run_as.own(&dir)?,
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(source) => return Err(ClusterError::Io { what: what(), source }),
        }
        let meta = fs::symlink_metadata(&dir).map_err(ClusterError::io(what()))?;
        let owner = match run_as {
            RunAs::User { uid, .. } => *uid,
            RunAs::Ourselves | RunAs::Namespace => rustix::process::geteuid().as_raw(),
        };
        if !meta.is_dir() || meta.uid() != owner {
            let source = io::Error::new(io::ErrorKind::PermissionDenied, "it belongs to somebody else");
            return Err(ClusterError::Io { what: what(), source });
        }
        fs::set_permissions(&dir, Permissions::from_mode(0o700)).map_err(ClusterError::io(what()))
    }

    /// The log, opened to be written by the server, and where it ends now.
    pub(super) fn open_log(&self) -> Result<(File, u64), ClusterError> {
        let path = self.log();
        let what = || format!("{} cannot be written", path.display());
        let file = OpenOptions::new().create(true).append(true).open(&path).map_err(ClusterError::io(what()))?;
        let mut end = file.metadata().map_err(ClusterError::io(what()))?.len();
        if end > LOG_MAX_BYTES {
            file.set_len(0).map_err(ClusterError::io(what()))?;
            end = 0;
        }
        Ok((file, end))
    }

    /// What the server said since `from`.
    pub(super) fn log_since(&self, from: u64) -> String {
        let log = fs::read(self.log()).unwrap_or_default();
        let start = usize::try_from(from).unwrap_or(usize::MAX);
        String::from_utf8_lossy(log.get(start..).unwrap_or_default()).into_owned()
    }

    /// Whether the server takes connections, and is the process `pid` where one is given: the first and the eighth line
    /// of its pid file say so.
    pub(super) fn is_ready(&self, pid: Option<u32>) -> bool {
        let Ok(text) = fs::read_to_string(self.cluster().join("postmaster.pid")) else { return false };
        let lines: Vec<&str> = text.lines().map(str::trim).collect();
        let ours = pid.is_none_or(|pid| lines.first().is_some_and(|line| *line == pid.to_string()));
        ours && lines.get(7).is_some_and(|status| *status == "ready")
    }
}

fn socket_path_len(dir: &Path) -> usize {
    dir.join(format!(".s.PGSQL.{PORT}.lock")).as_os_str().as_bytes().len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_deep_data_directory_gets_a_short_socket_path() {
        let layout = |path: String| Layout { data_dir: PathBuf::from(path) };
        let near = layout("/srv/madang/data".to_owned());
        assert_eq!(near.socket_dir(), Path::new("/srv/madang/data/socket"));
        let deep = layout(format!("/srv/{}", "deep/".repeat(30)));
        assert!(socket_path_len(&deep.socket_dir()) <= SOCKET_PATH_MAX);
        let other = layout(format!("/srv/{}", "deep/".repeat(31)));
        assert_ne!(deep.socket_dir(), other.socket_dir());
    }
}
