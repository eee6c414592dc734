//! `madang serve`: the server itself.

use std::net::TcpListener;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::Context;
use clap::Args;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::task::JoinSet;

use super::demo::{Demo, Fair, mornings};
use super::exit;
use super::say;
use crate::actors::kernel::clock::WallClock;
use crate::app::App;
use crate::config::Settings;
use crate::storage::{Db, Share};
use crate::telemetry;

/// Settings of `madang serve`.
#[derive(Debug, Args)]
pub struct Serve {
    /// A file of settings; without it the defaults and the environment count
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Fill an empty database with artworks, auctions and accounts to play with
    #[arg(long)]
    pub demo: bool,
    /// Let other machines reach the demo, although everybody knows its passwords
    #[arg(long)]
    pub demo_public: bool,
}

impl Serve {
    /// Serves until a signal comes.
    ///
    /// # Errors
    /// Settings, the database or the address, each in one line.
    pub async fn run(self) -> anyhow::Result<ExitCode> {
        let mut settings = Settings::load(self.config.as_deref())?;
        settings.demo.enabled |= self.demo;
        settings.demo.public |= self.demo_public;
        settings.check_demo()?;
        telemetry::start_log(&settings.log)?;
        let listener = TcpListener::bind(settings.http.bind)
            .with_context(|| format!("cannot listen on {} (http.bind)", settings.http.bind))?;
        let signals = Signals::new()?;
        let database = Db::open(&settings.database, Share::Refused).await?;
        let app = Box::pin(App::build(&settings, listener, Arc::new(WallClock), database)).await?;
        // Dropped with this function, which ends the demo's care for its stalls.
        let mut demo = JoinSet::new();
        if settings.demo.enabled {
            let parts = Demo {
                db: app.db().clone(),
                accounts: app.accounts().clone(),
                auctions: app.auctions().clone(),
                engine: app.engine().clone(),
                knowledge: app.knowledge().clone(),
                mornings: mornings::Parts {
                    campaigns: app.campaigns().clone(),
                    alarms: app.alarms().clone(),
                    uploads: app.uploads().clone(),
                    engine: app.engine().clone(),
                },
            };
            demo.spawn(Box::pin(parts.set_up(&settings.demo)).await?.keep());
        }
        announce(&app, &settings, self.config.is_none());
        Box::pin(app.run_until(signals.told_to_stop())).await?;
        Ok(ExitCode::SUCCESS)
    }
}

/// Tells the person who started it where to go.
fn announce(app: &App, settings: &Settings, on_defaults: bool) {
    let address = app.address();
    let url = if settings.http.public_url.is_empty() { format!("http://{address}") } else { settings.http.public_url.clone() };
    say::line_anyway(format_args!("Madang is open at {url}"));
    if settings.demo.enabled {
        say::line_anyway(format_args!("{}", Fair::people()));
    }
    if on_defaults {
        say::line_anyway(format_args!("All settings: madang config show. Data: {}", settings.database.data_dir.display()));
    }
}

/// The signals that end a server.
struct Signals {
    interrupt: Signal,
    terminate: Signal,
}

impl Signals {
    fn new() -> std::io::Result<Self> {
        Ok(Self { interrupt: signal(SignalKind::interrupt())?, terminate: signal(SignalKind::terminate())? })
    }

    async fn next(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }

    /// Ends at the first signal. The second ends the process at once; the private database then stops by itself.
    async fn told_to_stop(mut self) {
        self.next().await;
        tracing::info!("stopping; once more to stop at once");
        tokio::spawn(async move {
            self.next().await;
            std::process::exit(i32::from(exit::INTERRUPTED));
        });
    }
}
