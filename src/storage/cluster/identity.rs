//! As whom the database runs. Postgres refuses root, so root must become somebody else first.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::process::{Command, Stdio};

use super::ClusterError;
use super::layout::Layout;

/// The user of the distribution's own clusters.
const POSTGRES_USER: &str = "postgres";
/// The uid that root is mapped to in a user namespace: not zero, and with a name (`nobody`), which initdb asks for.
const NAMESPACE_UID: &str = "65534";

/// As whom the database runs. A cluster's files belong to one of these for ever.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum RunAs {
    /// As we are: we are not root.
    Ourselves,
    /// We are root: as this user, given up by `setpriv`.
    User { uid: u32, gid: u32 },
    /// We are root, and no other user can reach the data directory: as root seen under another number, in a user namespace.
    Namespace,
}

impl RunAs {
    /// Follows the owner of an existing cluster, else picks the first way that works here.
    pub(super) fn choose(layout: &Layout) -> Result<Self, ClusterError> {
        let us = rustix::process::geteuid();
        let cluster = layout.cluster();
        let owner = fs::metadata(&cluster).ok().map(|meta| (meta.uid(), meta.gid()));
        match owner {
            Some((uid, _)) if !us.is_root() && uid != us.as_raw() => {
                Err(ClusterError::OtherOwner { data: cluster, owner: uid })
            }
            _ if !us.is_root() => Ok(Self::Ourselves),
            Some((0, _)) => Ok(Self::Namespace),
            Some((uid, gid)) => Ok(Self::User { uid, gid }),
            None => Ok(Self::for_root(layout.data_dir())),
        }
    }

    fn for_root(data_dir: &Path) -> Self {
        let number = |flag| {
            let output = Command::new("id").args([flag, POSTGRES_USER]).stderr(Stdio::null()).output().ok()?;
            String::from_utf8_lossy(&output.stdout).trim().parse().ok()
        };
        let postgres = number("-u").zip(number("-g")).map(|(uid, gid)| Self::User { uid, gid });
        postgres.filter(|user| user.can_enter(data_dir)).unwrap_or(Self::Namespace)
    }

    /// Asked of the kernel rather than read from mode bits: access lists and mounts count too.
    fn can_enter(&self, dir: &Path) -> bool {
        let mut command = self.command("test");
        command.arg("-x").arg(dir).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        command.status().is_ok_and(|status| status.success())
    }

    /// A command that runs as this identity and is told to stop (SIGINT) when the thread that spawned it ends. The signal
    /// is set after the change of user, which would clear it.
    pub(super) fn command(&self, program: impl AsRef<OsStr>) -> Command {
        let (uid, gid);
        let words: &[&str] = match self {
            Self::Ourselves if !cfg!(target_os = "linux") => &[],
            Self::Ourselves => &["setpriv", "--pdeathsig", "INT"],
            Self::User { uid: user, gid: group } => {
                (uid, gid) = (user.to_string(), group.to_string());
                &["setpriv", "--reuid", &uid, "--regid", &gid, "--clear-groups", "--pdeathsig", "INT"]
            }
            Self::Namespace => {
                let (user, group) = ("--map-user", "--map-group");
                &["unshare", "--user", user, NAMESPACE_UID, group, NAMESPACE_UID, "setpriv", "--pdeathsig", "INT"]
            }
        };
        let Some((first, rest)) = words.split_first() else { return Command::new(program) };
        let mut command = Command::new(first);
        command.args(rest).arg(program);
        command
    }

    /// Gives a file or folder of ours to this identity.
    pub(super) fn own(&self, path: &Path) -> Result<(), ClusterError> {
        let Self::User { uid, gid } = *self else { return Ok(()) };
        let what = format!("{} could not be given to user {uid}", path.display());
        std::os::unix::fs::chown(path, Some(uid), Some(gid)).map_err(ClusterError::io(what))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(run_as: RunAs) -> Vec<String> {
        let command = run_as.command("postgres");
        let args = command.get_args().map(|arg| arg.to_string_lossy().into_owned());
        std::iter::once(command.get_program().to_string_lossy().into_owned()).chain(args).collect()
    }

    #[test]
    fn the_death_signal_is_set_last() {
        for run_as in [RunAs::Ourselves, RunAs::User { uid: 7, gid: 8 }, RunAs::Namespace] {
            let words = words(run_as);
            assert_eq!(words[words.len() - 3..], ["--pdeathsig", "INT", "postgres"], "{words:?}");
        }
    }
}
