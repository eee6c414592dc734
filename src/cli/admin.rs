//! `madang admin`: what only the operator of a server may do.

use std::io::{self, IsTerminal, Write};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::{Context, bail};
use clap::{Args, Subcommand};
use madang_domain::entity::Role;

use super::exit;
use crate::actors::kernel::clock::WallClock;
use crate::app;
use crate::cli::say::{complain, say};
use crate::config::Settings;
use crate::storage::{Db, Share};

/// What operators may do.
#[derive(Debug, Subcommand)]
pub enum Admin {
    /// Make an account with the role admin, which nobody gets by signing up. A running server may stay on
    Create(Create),
}

/// Settings of `madang admin create`.
#[derive(Debug, Args)]
pub struct Create {
    /// The e-mail address to sign in with
    #[arg(long)]
    pub email: String,
    /// The name that others see
    #[arg(long, default_value = "Admin")]
    pub name: String,
    /// The password, 8 to 128 characters. Others on this machine may see it: prefer --password-stdin
    #[arg(long, conflicts_with = "password_stdin")]
    pub password: Option<String>,
    /// Read the password from the first line of standard input
    #[arg(long)]
    pub password_stdin: bool,
    /// A file of settings; without it the defaults and the environment count
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
}

impl Admin {
    /// Does it.
    ///
    /// # Errors
    /// Settings, the database, or an address or password that will not do.
    pub async fn run(self) -> anyhow::Result<ExitCode> {
        let Self::Create(create) = self;
        create.run().await
    }
}

impl Create {
    async fn run(self) -> anyhow::Result<ExitCode> {
        let settings = Settings::load(self.config.as_deref())?;
        let password = self.read_password()?;
        let (db, cluster) = Db::open(&settings.database, Share::Allowed).await?;
        let accounts = app::accounts_alone(&settings, Arc::new(WallClock), db.clone()).await?;
        let made = accounts.create_with_roles(&self.email, password, &self.name, &[Role::Admin]).await;
        db.close().await;
        if let Some(cluster) = cluster {
            tokio::task::spawn_blocking(move || cluster.stop()).await?;
        }
        match made {
            Ok(Some(account)) => {
                say!("Made the administrator {} ({}).", account.email, account.name);
                Ok(ExitCode::SUCCESS)
            }
            Ok(None) => {
                complain!("madang: {} has an account already", self.email);
                Ok(ExitCode::from(exit::USAGE))
            }
            Err(problem) => {
                complain!("madang: {problem}");
                Ok(ExitCode::from(exit::USAGE))
            }
        }
    }

    fn read_password(&self) -> anyhow::Result<String> {
        if let Some(password) = &self.password {
            return Ok(password.clone());
        }
        let stdin = io::stdin();
        if stdin.is_terminal() {
            // It is seen while it is typed; whoever minds pipes it in.
            let mut prompt = io::stderr();
            write!(prompt, "Password for {} (8 to 128 characters): ", self.email)?;
            prompt.flush()?;
        } else if !self.password_stdin {
            bail!("a password is needed: --password-stdin, or --password");
        }
        let mut line = String::new();
        stdin.read_line(&mut line).context("the password cannot be read")?;
        Ok(line.trim_end_matches(['\r', '\n']).to_owned())
    }
}
