//! The process environment, apart from settings. The only other reader is the settings themselves, for `MADANG__...`.

use std::collections::BTreeMap;
use std::env;
use std::ffi::OsString;
use std::path::PathBuf;

/// `PG_BIN`: the folder of the Postgres binaries to use.
#[must_use]
pub fn postgres_bin_dir() -> Option<PathBuf> {
    env::var_os("PG_BIN").filter(|dir| !dir.is_empty()).map(PathBuf::from)
}

/// The folders of `PATH`.
#[must_use]
pub fn search_path() -> Vec<PathBuf> {
    env::var_os("PATH").map(|path| env::split_paths(&path).collect()).unwrap_or_default()
}

/// A folder with a short path for sockets: the user's runtime directory, else the one for temporary files.
#[must_use]
pub fn runtime_dir() -> PathBuf {
    env::var_os("XDG_RUNTIME_DIR").map(PathBuf::from).filter(|dir| dir.is_dir()).unwrap_or_else(env::temp_dir)
}

/// The `MADANG__SECTION__KEY` variables. Others, and those that are no text, are not ours.
#[must_use]
pub fn overrides() -> BTreeMap<String, String> {
    let text = |(name, value): (OsString, OsString)| Some((name.into_string().ok()?, value.into_string().ok()?));
    env::vars_os().filter_map(text).filter(|(name, _)| name.starts_with("MADANG__")).collect()
}
