//! Exit codes, for scripts: those of sysexits.h where one fits.

use std::io;
use std::process::ExitCode;

use super::say::complain;
use crate::app::BuildError;
use crate::config::BadSettings;
use crate::storage::OpenError;

/// The command line or a setting is wrong.
pub const USAGE: u8 = 64;
/// An input file has not the expected form.
pub const DATA: u8 = 65;
/// An input file cannot be opened.
pub const NO_INPUT: u8 = 66;
/// Something that is needed is away: the database, the address to listen on.
pub const UNAVAILABLE: u8 = 69;
/// A fault of ours.
pub const INTERNAL: u8 = 70;
/// Nobody reads what the command says any more: as if by SIGPIPE.
pub const NOBODY_READS: u8 = 141;
/// A second signal ended it at once.
pub const INTERRUPTED: u8 = 130;

/// All of them, for `--help`.
pub const LIST: &str = "\
Exit codes:
  0    all is well
  1    it ran, but the outcome is not what was expected (replay, bench, verify)
  2    some rows of an import were bad; the others went in
  64   the command line or a setting is wrong; the message names the key
  65   an input file has not the expected form
  66   an input file cannot be opened
  69   something that is needed is away (database, address, server); the message says what to do
  70   a fault of ours
  130  stopped at once by a second signal
  141  nobody reads its output any more";

/// Says why a command failed, in one line, and gives the exit code for it.
pub fn explain(error: &anyhow::Error) -> ExitCode {
    let mut text = String::new();
    for cause in error.chain().map(ToString::to_string) {
        // Many errors end with the text of their cause.
        if !text.ends_with(&cause) {
            if !text.is_empty() {
                text.push_str(": ");
            }
            text.push_str(&cause);
        }
    }
    complain!("madang: {}", text.replace('\n', " "));
    ExitCode::from(code(error))
}

fn code(error: &anyhow::Error) -> u8 {
    let of_cause = error.chain().find_map(|cause| {
        if cause.is::<BadSettings>() || matches!(cause.downcast_ref(), Some(BuildError::Setting(_))) {
            return Some(USAGE);
        }
        let is_away = cause.is::<OpenError>()
            || cause.downcast_ref::<reqwest::Error>().is_some_and(reqwest::Error::is_connect)
            || cause.downcast_ref::<io::Error>().is_some_and(|error| {
                matches!(
                    error.kind(),
                    io::ErrorKind::AddrInUse | io::ErrorKind::AddrNotAvailable | io::ErrorKind::ConnectionRefused
                )
            });
        is_away.then_some(UNAVAILABLE)
    });
    of_cause.unwrap_or(INTERNAL)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::storage::Unsafe;

    #[test]
    fn the_cause_decides_wherever_it_is_in_the_chain() {
        let settings = anyhow::Error::new(BadSettings::value("http.bind", "it is wrong")).context("cannot start");
        assert_eq!(code(&settings), USAGE);
        let away = anyhow::Error::new(OpenError::Unsafe(Unsafe::InRecovery));
        assert_eq!(code(&away), UNAVAILABLE);
        let taken = anyhow::Error::new(io::Error::from(io::ErrorKind::AddrInUse)).context("cannot listen");
        assert_eq!(code(&taken), UNAVAILABLE);
        assert_eq!(code(&anyhow::anyhow!("who knows")), INTERNAL);
    }
}
