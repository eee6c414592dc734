//! What is done to the server while clients bid: it is killed, its database is killed, it is asked to stop, it is frozen.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::{Context, bail};
use madang::cli::own_server::{OwnServer, signal};
use rustix::process::Signal;

/// A fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fault {
    /// `kill -9` of the server, then a new one on the same data.
    KillServer,
    /// `kill -9` of Postgres; the server starts it again.
    KillPostgres,
    /// `SIGTERM`: the server drains and ends, then a new one.
    Stop,
    /// `SIGSTOP` for a while, then `SIGCONT`.
    Freeze,
    /// `SIGSTOP` until another server on the same database has taken over, then `SIGCONT`. Needs two servers.
    TakeOver,
}

impl Fault {
    /// In words.
    pub fn name(self) -> &'static str {
        match self {
            Self::KillServer => "kill -9 of the server",
            Self::KillPostgres => "kill -9 of Postgres",
            Self::Stop => "graceful stop and restart",
            Self::Freeze => "server frozen for 1 s",
            Self::TakeOver => "owner frozen until another has taken over",
        }
    }
}

/// A fault that fired: when, and when somebody was served after all was up again. Times are the history's.
#[derive(Debug, Clone, Copy)]
pub struct Strike {
    /// Which.
    pub fault: Fault,
    /// When it began.
    pub begun: Duration,
    /// When a command was accepted after it.
    pub served: Duration,
}

/// How long nobody was served, by fault.
pub type Outages = BTreeMap<Fault, Vec<Duration>>;

/// Tells whether the house is alive, by what its clients are answered.
pub trait Pulse {
    /// The time since the beginning of the run.
    fn now(&self) -> Duration;
    /// When the first command after this moment was accepted.
    fn served_after(&self, moment: Duration) -> Option<Duration>;
}

/// The longest time round each fault in which no command was accepted, from the times at which some were.
pub fn outages(strikes: &[Strike], accepted: impl Iterator<Item = Duration>) -> Outages {
    let mut times: Vec<Duration> = accepted.collect();
    times.sort_unstable();
    let mut outages = Outages::new();
    for Strike { fault, begun, served } in strikes {
        let round = times.iter().copied().filter(|time| time > begun && time <= served);
        let (mut longest, mut last) = (Duration::ZERO, *begun);
        for time in round {
            (longest, last) = (longest.max(time.saturating_sub(last)), time);
        }
        outages.entry(*fault).or_default().push(longest);
    }
    outages
}

/// How long the house may take to serve again.
const LIMIT: Duration = Duration::from_secs(120);
/// Between two faults: enough for load to flow.
const CALM: Duration = Duration::from_millis(2500);

/// Carries out the faults, one after the other, in calm between them. Each is proved to have fired.
pub async fn rage(server: &mut OwnServer, pulse: &impl Pulse, faults: &[Fault]) -> anyhow::Result<Vec<Strike>> {
    let mut strikes = Vec::with_capacity(faults.len());
    for fault in faults {
        tokio::time::sleep(CALM.mul_f64(rand::random_range(0.6..1.4))).await;
        let begun = pulse.now();
        strike(server, *fault).await.with_context(|| fault.name())?;
        let up = pulse.now();
        let served = loop {
            if let Some(served) = pulse.served_after(up) {
                break served;
            }
            if pulse.now() > up + LIMIT {
                bail!("nobody was served for {LIMIT:?} after: {}", fault.name());
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        };
        strikes.push(Strike { fault: *fault, begun, served });
    }
    tokio::time::sleep(CALM).await;
    Ok(strikes)
}

async fn strike(server: &mut OwnServer, fault: Fault) -> anyhow::Result<()> {
    match fault {
        Fault::KillServer => {
            if !server.kill()? {
                bail!("the server was dead already");
            }
            tokio::time::sleep(Duration::from_millis(rand::random_range(0..200))).await;
            server.restart().await?;
        }
        Fault::Stop => {
            server.stop().await?;
            server.restart().await?;
        }
        Fault::Freeze => {
            signal(server.pid(), Signal::STOP)?;
            tokio::time::sleep(Duration::from_secs(1)).await;
            signal(server.pid(), Signal::CONT)?;
        }
        Fault::TakeOver => bail!("one server cannot take over from itself"),
        Fault::KillPostgres => {
            let before = server.postgres_pid().context("no Postgres to kill")?;
            signal(before, Signal::KILL).context("Postgres was dead already")?;
            for _ in 0..600 {
                tokio::time::sleep(Duration::from_millis(50)).await;
                if server.postgres_pid().is_some_and(|pid| pid != before) {
                    return Ok(());
                }
            }
            bail!("Postgres was not started again");
        }
    }
    Ok(())
}
