//! Where this machine keeps its Postgres binaries.

use std::path::{Path, PathBuf};
use std::process::Command;

use super::ClusterError;
use crate::config::environment;

/// A folder with the programs of one Postgres version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Binaries {
    pub(super) dir: PathBuf,
    pub(super) major: u32,
}

/// Folders that hold one folder per version, and what leads from there to the programs.
const DISTRIBUTIONS: &[&str] = &["/usr/lib/postgresql", "/usr/lib/postgres", "/usr", "/opt/homebrew/opt", "/usr/local/opt"];

impl Binaries {
    /// The folder given, else `PG_BIN`, else the first of: the machine's default `postgres` (PATH, links resolved), the
    /// distribution's folders, newest version first. Where data of version `wanted` exists, a matching one goes first.
    pub(super) fn find(given: Option<&Path>, wanted: Option<u32>) -> Result<Self, ClusterError> {
        if let Some(dir) = given.map(Path::to_owned).or_else(environment::postgres_bin_dir) {
            return Self::in_dir(&dir).ok_or_else(|| ClusterError::Start {
                reason: format!("{} holds no postgres and initdb", dir.display()),
                log: dir.clone(),
            });
        }
        let found: Vec<Self> = on_path().into_iter().chain(distribution_dirs()).filter_map(|dir| Self::in_dir(&dir)).collect();
        let matching = found.iter().find(|binaries| Some(binaries.major) == wanted);
        matching.or(found.first()).cloned().ok_or_else(|| ClusterError::NotInstalled { install: install_command() })
    }

    /// One of the programs.
    pub(super) fn program(&self, name: &str) -> PathBuf {
        self.dir.join(name)
    }

    fn in_dir(dir: &Path) -> Option<Self> {
        if !dir.join("initdb").is_file() {
            return None;
        }
        let output = Command::new(dir.join("postgres")).arg("--version").output().ok()?;
        let major = parse_major(&String::from_utf8_lossy(&output.stdout))?;
        Some(Self { dir: dir.to_owned(), major })
    }
}

fn on_path() -> Option<PathBuf> {
    environment::search_path().into_iter().find_map(|dir| {
        let program = dir.join("postgres").canonicalize().ok()?;
        program.parent().map(Path::to_owned)
    })
}

fn distribution_dirs() -> Vec<PathBuf> {
    let mut dirs: Vec<(u32, PathBuf)> = DISTRIBUTIONS
        .iter()
        .filter_map(|root| std::fs::read_dir(root).ok())
        .flatten()
        .flatten()
        .filter_map(|entry| Some((versioned(entry.file_name().to_str()?)?, entry.path().join("bin"))))
        .collect();
    dirs.sort_by(|a, b| b.cmp(a));
    dirs.into_iter().map(|(_, dir)| dir).collect()
}

/// The version in names such as `15`, `postgresql@17` and `pgsql-16`.
fn versioned(name: &str) -> Option<u32> {
    let number = name.strip_prefix("postgresql@").or_else(|| name.strip_prefix("pgsql-")).unwrap_or(name);
    number.parse().ok()
}

/// `postgres (PostgreSQL) 15.14 (Debian 15.14-0+deb12u1)` is 15.
fn parse_major(version: &str) -> Option<u32> {
    let number = version.split_once("(PostgreSQL)")?.1.trim();
    let digits = number.split(|c: char| !c.is_ascii_digit()).next()?;
    digits.parse().ok()
}

fn install_command() -> String {
    let sudo = if rustix::process::geteuid().is_root() { "" } else { "sudo " };
    let known = [
        ("/usr/bin/apt-get", "apt-get update && {sudo}apt-get install -y postgresql"),
        ("/usr/bin/dnf", "dnf install -y postgresql-server"),
        ("/sbin/apk", "apk add postgresql"),
        ("/opt/homebrew/bin/brew", "brew install postgresql@17"),
    ];
    let line = known.iter().find(|(tool, _)| Path::new(tool).exists()).map_or(known[0].1, |(_, line)| line);
    let sudo = if line.starts_with("brew") { "" } else { sudo };
    format!("{sudo}{}", line.replace("{sudo}", sudo))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_read_from_names_and_banners() {
        assert_eq!(versioned("15"), Some(15));
        assert_eq!(versioned("postgresql@17"), Some(17));
        assert_eq!(versioned("pgsql-16"), Some(16));
        assert_eq!(versioned("share"), None);
        assert_eq!(parse_major("postgres (PostgreSQL) 15.14 (Debian 15.14-0+deb12u1)\n"), Some(15));
        assert_eq!(parse_major("postgres (PostgreSQL) 18beta1"), Some(18));
        assert_eq!(parse_major("something else"), None);
    }

    #[test]
    fn a_folder_without_postgres_is_refused() {
        let error = Binaries::find(Some(Path::new("/nonexistent")), None).unwrap_err();
        assert!(error.to_string().contains("holds no postgres"), "{error}");
    }
}
