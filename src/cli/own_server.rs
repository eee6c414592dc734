//! A server of one's own, for benchmarks and the fault test: the real binary on a data directory and a port of its own,
//! stopped, killed, frozen and started again at will.

use std::fs::File;
use std::io;
use std::net::{Ipv4Addr, SocketAddrV4, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use super::client::api::Api;

/// How long a start may take: the first one makes a database cluster.
const START_LIMIT: Duration = Duration::from_secs(60);
const STOP_LIMIT: Duration = Duration::from_secs(20);

/// How to start it.
#[derive(Debug, Clone)]
pub struct Recipe {
    /// The `madang` binary.
    pub binary: PathBuf,
    /// Its data directory.
    pub dir: PathBuf,
    /// Where it listens.
    pub address: SocketAddrV4,
    /// Settings by key, such as `("limits.commands_per_second", "100000")`, on top of those above.
    pub settings: Vec<(String, String)>,
    /// Further environment variables.
    pub environment: Vec<(String, String)>,
}

impl Recipe {
    /// A server in this directory, on a free port of 127.0.0.1.
    ///
    /// # Errors
    /// When no port is free.
    pub fn new(binary: &Path, dir: &Path) -> io::Result<Self> {
        let free = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port();
        let address = SocketAddrV4::new(Ipv4Addr::LOCALHOST, free);
        let (binary, dir) = (binary.to_owned(), dir.to_owned());
        Ok(Self { binary, dir, address, settings: Vec::new(), environment: Vec::new() })
    }

    /// With one more setting.
    #[must_use]
    pub fn set(mut self, key: &str, value: impl ToString) -> Self {
        self.settings.push((key.to_owned(), value.to_string()));
        self
    }

    /// Gives a command of this binary the same settings.
    pub fn environ(&self, command: &mut Command) {
        command.env("MADANG__DATABASE__DATA_DIR", &self.dir);
        command.env("MADANG__HTTP__BIND", self.address.to_string());
        for (key, value) in &self.settings {
            command.env(format!("MADANG__{}", key.replace('.', "__").to_uppercase()), value);
        }
        for (key, value) in &self.environment {
            command.env(key, value);
        }
    }

    /// Its address as a URL.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }
}

/// A running server. Dropping it kills it and its database: nothing of a throw-away server is worth keeping.
#[derive(Debug)]
pub struct OwnServer {
    recipe: Recipe,
    child: Child,
}

impl OwnServer {
    /// Starts one and waits until it is ready.
    ///
    /// # Errors
    /// When the binary cannot be started, ends at once, or is not ready in time; the message names its log file.
    pub async fn start(recipe: Recipe) -> io::Result<Self> {
        let child = spawn(&recipe)?;
        let mut server = Self { recipe, child };
        server.wait_ready().await?;
        Ok(server)
    }

    /// How it was started.
    #[must_use]
    pub fn recipe(&self) -> &Recipe {
        &self.recipe
    }

    /// Its process id.
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// The process id of its private database, while there is one.
    #[must_use]
    pub fn postgres_pid(&self) -> Option<u32> {
        let file = std::fs::read_to_string(self.recipe.dir.join("pg/postmaster.pid")).ok()?;
        file.lines().next()?.trim().parse().ok()
    }

    /// Starts it again after its end, on the same data, and waits until it is ready.
    ///
    /// # Errors
    /// As [`OwnServer::start`].
    pub async fn restart(&mut self) -> io::Result<()> {
        self.child = spawn(&self.recipe)?;
        self.wait_ready().await
    }

    /// Kills it as the kernel would, without a word, and waits until it is gone. Whether it was alive.
    ///
    /// # Errors
    /// When it cannot be waited for.
    pub fn kill(&mut self) -> io::Result<bool> {
        let alive = self.child.try_wait()?.is_none();
        if alive {
            self.child.kill()?;
        }
        self.child.wait()?;
        Ok(alive)
    }

    /// Asks it to stop and waits until it has; how long that took.
    ///
    /// # Errors
    /// When it does not end in time.
    pub async fn stop(&mut self) -> io::Result<Duration> {
        let begun = Instant::now();
        signal(self.pid(), Signal::TERM)?;
        while self.child.try_wait()?.is_none() {
            if begun.elapsed() > STOP_LIMIT {
                return Err(io::Error::new(io::ErrorKind::TimedOut, "the server did not stop"));
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        Ok(begun.elapsed())
    }

    async fn wait_ready(&mut self) -> io::Result<()> {
        let api = Api::new(&self.recipe.url()).map_err(io::Error::other)?;
        let begun = Instant::now();
        loop {
            let Err(error) = api.ready().await else { return Ok(()) };
            let log = self.recipe.dir.join(LOG);
            if let Some(status) = self.child.try_wait()? {
                return Err(io::Error::other(format!("the server ended ({status}): see {}", log.display())));
            }
            if begun.elapsed() > START_LIMIT {
                return Err(io::Error::other(format!("the server is not ready ({error}): see {}", log.display())));
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}

impl Drop for OwnServer {
    fn drop(&mut self) {
        let _ = self.kill();
        if let Some(postgres) = self.postgres_pid() {
            // An immediate stop: the data directory is thrown away.
            let _ = signal(postgres, Signal::QUIT);
        }
    }
}

const LOG: &str = "server.log";

fn spawn(recipe: &Recipe) -> io::Result<Child> {
    std::fs::create_dir_all(&recipe.dir)?;
    let log = File::options().create(true).append(true).open(recipe.dir.join(LOG))?;
    let mut command = Command::new(&recipe.binary);
    command.arg("serve").stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log);
    recipe.environ(&mut command);
    command.spawn()
}

/// Sends a signal to a process of ours.
///
/// # Errors
/// When there is no such process.
pub fn signal(pid: u32, signal: Signal) -> io::Result<()> {
    let pid = i32::try_from(pid).ok().and_then(Pid::from_raw);
    let pid = pid.ok_or_else(|| io::Error::new(io::ErrorKind::NotFound, "no such process"))?;
    Ok(kill_process(pid, signal)?)
}
