//! `madang config`: checks settings and shows those that are used.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Subcommand};

use crate::cli::say::say;
use crate::config::Sources;

/// What can be done with settings.
#[derive(Debug, Subcommand)]
pub enum Config {
    /// Tell whether settings are good. A bad one is named, with exit code 64
    Check(Which),
    /// Print every setting that is used as TOML, with who set it
    Show(Which),
}

/// Which settings.
#[derive(Debug, Args)]
pub struct Which {
    /// A file of settings; without it the defaults and the environment count
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
}

impl Config {
    /// Checks or shows.
    ///
    /// # Errors
    /// The first thing that is wrong.
    pub fn run(self) -> anyhow::Result<ExitCode> {
        match self {
            Self::Check(which) => {
                Sources::of_process(which.config.as_deref())?.settings()?;
                say!("The settings are good.");
            }
            Self::Show(which) => {
                let sources = Sources::of_process(which.config.as_deref())?;
                sources.settings()?;
                for setting in sources.effective()? {
                    say!("{} = {} # {}", setting.key, setting.value, setting.set_by);
                }
            }
        }
        Ok(ExitCode::SUCCESS)
    }
}
