//! Words to the person who gave the command. Where nobody listens any more (`madang ... | head`) a command ends quietly, as
//! commands do, instead of with a panic.

use std::fmt::Arguments;
use std::io::{self, ErrorKind, Write};

use super::exit;

/// A line on standard output; ends the command with [`exit::NOBODY_READS`] where nobody reads it.
macro_rules! say {
    ($($words:tt)*) => { $crate::cli::say::line(format_args!($($words)*)) };
}

/// A line on standard error. Where nobody reads it, it is lost.
macro_rules! complain {
    ($($words:tt)*) => { $crate::cli::say::aside(format_args!($($words)*)) };
}

pub(super) use {complain, say};

/// As [`say!`].
pub fn line(words: Arguments<'_>) {
    if let Err(error) = write(&mut io::stdout().lock(), words)
        && error.kind() == ErrorKind::BrokenPipe
    {
        std::process::exit(i32::from(exit::NOBODY_READS));
    }
}

/// As [`complain!`].
pub fn aside(words: Arguments<'_>) {
    // Nobody can be told that nobody can be told.
    let _ = write(&mut io::stderr().lock(), words);
}

/// A line on standard output of somebody who goes on even when nobody reads it.
pub fn line_anyway(words: Arguments<'_>) {
    let _ = write(&mut io::stdout().lock(), words);
}

fn write(out: &mut impl Write, words: Arguments<'_>) -> io::Result<()> {
    out.write_fmt(words)?;
    out.write_all(b"\n")?;
    out.flush()
}
