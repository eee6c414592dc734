//! The `madang` command.

use std::process::ExitCode;

/// Many small messages on many threads: measurably faster here than the system's allocator, and returns memory sooner.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    madang::cli::main()
}
