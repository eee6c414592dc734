//! Keeps the database process alive: starts it, waits until it is ready, starts it again when it dies, stops it.
//!
//! All of it happens on one thread that lives exactly as long as the server should: the kernel stops the server when the
//! thread that spawned it ends, so it must not be spawned from a thread of a pool.

use std::os::unix::process::CommandExt;
use std::process::{Child, Stdio};
use std::sync::Arc;
use std::sync::mpsc::{self, Sender};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use parking_lot::{Condvar, Mutex};
use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, kill_process, waitid};

use super::binaries::Binaries;
use super::identity::RunAs;
use super::layout::{Layout, PORT};
use super::{ClusterError, ClusterSettings, Durability};

/// How long a dying predecessor may take to let go of the data.
const PREDECESSOR_PATIENCE: Duration = Duration::from_secs(20);
/// How long one start may take; crash recovery of much log is what takes long.
const START_PATIENCE: Duration = Duration::from_secs(120);
/// Between two looks at the pid file.
const LOOK_EVERY: Duration = Duration::from_millis(5);
/// Between two attempts to start.
const RETRY_EVERY: Duration = Duration::from_millis(100);
/// How long a fast stop may take before it becomes an immediate one (which costs a recovery at the next start).
const STOP_PATIENCE: Duration = Duration::from_secs(6);

/// Everything needed to start the server, again and again.
#[derive(Debug, Clone)]
pub(super) struct Launch {
    pub(super) binaries: Binaries,
    pub(super) run_as: RunAs,
    pub(super) layout: Layout,
    pub(super) settings: ClusterSettings,
}

/// The running server and the thread that keeps it.
#[derive(Debug)]
pub(super) struct Process {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Debug, Default)]
struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    /// Set from spawn until the child is reaped, so that a signal never goes to a stranger.
    child: Option<Pid>,
    stopping: bool,
    ended: bool,
}

impl Process {
    /// Starts the server and returns when it is ready.
    pub(super) fn start(launch: Launch) -> Result<Self, ClusterError> {
        let shared = Arc::new(Shared::default());
        let (tell, told) = mpsc::channel();
        let keeper = Keeper { launch, shared: Arc::clone(&shared) };
        let thread = thread::Builder::new()
            .name("postgres-keeper".to_owned())
            .spawn(move || keeper.run(&tell))
            .map_err(ClusterError::io("the database's thread could not be started"))?;
        let process = Self { shared, thread: Some(thread) };
        match told.recv() {
            Ok(outcome) => outcome.map(|()| process),
            Err(source) => {
                Err(ClusterError::Io { what: "the database's thread ended".to_owned(), source: std::io::Error::other(source) })
            }
        }
    }

    /// The server's process id while it runs.
    pub(super) fn pid(&self) -> Option<u32> {
        self.shared.state.lock().child.and_then(|pid| u32::try_from(pid.as_raw_nonzero().get()).ok())
    }

    fn stop(&mut self) {
        let Some(thread) = self.thread.take() else { return };
        let mut state = self.shared.state.lock();
        state.stopping = true;
        self.shared.changed.notify_all();
        for signal in [Signal::INT, Signal::QUIT] {
            send(&state, signal);
            let deadline = Instant::now() + STOP_PATIENCE;
            while !state.ended && !self.shared.changed.wait_until(&mut state, deadline).timed_out() {}
        }
        let ended = state.ended;
        drop(state);
        if ended && thread.join().is_err() {
            tracing::error!("the database's thread panicked");
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.stop();
    }
}

fn send(state: &State, signal: Signal) {
    if let Some(pid) = state.child
        && let Err(error) = kill_process(pid, signal)
    {
        tracing::warn!(%error, "the database could not be signalled");
    }
}

/// How one attempt to run the server ended.
enum Attempt {
    /// It ran and ended after it had been ready.
    Ended,
    /// It gave up because a predecessor still holds the data.
    Held(String),
    /// It gave up for another reason.
    Failed(ClusterError),
}

struct Keeper {
    launch: Launch,
    shared: Arc<Shared>,
}

impl Keeper {
    fn run(self, tell: &Sender<Result<(), ClusterError>>) {
        let mut give_up_at = Instant::now() + PREDECESSOR_PATIENCE;
        let mut was_ready = false;
        while !self.shared.state.lock().stopping {
            match self.attempt(tell) {
                Attempt::Ended => {
                    was_ready = true;
                    give_up_at = Instant::now() + PREDECESSOR_PATIENCE;
                    if !self.shared.state.lock().stopping {
                        tracing::error!("the embedded database died and is started again");
                    }
                }
                Attempt::Held(reason) if Instant::now() >= give_up_at && !was_ready => {
                    // The receiver may be gone, then nobody waits.
                    drop(tell.send(Err(ClusterError::Start { reason, log: self.launch.layout.log() })));
                    break;
                }
                Attempt::Failed(error) if !was_ready => {
                    drop(tell.send(Err(error)));
                    break;
                }
                Attempt::Held(reason) => tracing::debug!(reason, "a predecessor still holds the data"),
                Attempt::Failed(error) => tracing::error!(%error, "the embedded database could not be started again"),
            }
            let mut state = self.shared.state.lock();
            if !state.stopping {
                self.shared.changed.wait_for(&mut state, RETRY_EVERY);
            }
        }
        self.shared.state.lock().ended = true;
        self.shared.changed.notify_all();
    }

    fn attempt(&self, tell: &Sender<Result<(), ClusterError>>) -> Attempt {
        let (mut child, log_start) = match self.spawn() {
            Ok(spawned) => spawned,
            Err(error) => return Attempt::Failed(error),
        };
        let ready = self.wait_until_ready(&mut child);
        if ready {
            // Only the first start has somebody who waits.
            drop(tell.send(Ok(())));
        }
        self.wait_until_dead(&mut child);
        if ready { Attempt::Ended } else { self.explain(log_start) }
    }

    fn spawn(&self) -> Result<(Child, u64), ClusterError> {
        let Launch { binaries, run_as, layout, settings } = &self.launch;
        let (log, log_start) = layout.open_log()?;
        let mut command = run_as.command(binaries.program("postgres"));
        command.arg("-D").arg(layout.cluster());
        for (name, value) in options(settings, layout) {
            command.arg("-c").arg(format!("{name}={value}"));
        }
        // A group of its own: Ctrl-C in the terminal is for us, who stop the database when it is no longer needed.
        command.process_group(0).current_dir(layout.data_dir()).env("LC_ALL", "C.UTF-8").env_remove("PGDATA");
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(log);
        let mut state = self.shared.state.lock();
        let child = command.spawn().map_err(ClusterError::io("postgres could not be run"))?;
        state.child = i32::try_from(child.id()).ok().and_then(Pid::from_raw);
        if state.stopping {
            send(&state, Signal::INT);
        }
        Ok((child, log_start))
    }

    fn wait_until_ready(&self, child: &mut Child) -> bool {
        let give_up_at = Instant::now() + START_PATIENCE;
        while !matches!(self.has_ended(child), Ok(true) | Err(_)) {
            if self.launch.layout.is_ready(Some(child.id())) {
                return true;
            }
            let mut state = self.shared.state.lock();
            if Instant::now() >= give_up_at {
                send(&state, Signal::QUIT);
            }
            self.shared.changed.wait_for(&mut state, LOOK_EVERY);
        }
        false
    }

    /// Whether it has ended, without reaping it: until then its number stays its own.
    fn has_ended(&self, child: &Child) -> rustix::io::Result<bool> {
        let Some(pid) = i32::try_from(child.id()).ok().and_then(Pid::from_raw) else { return Ok(true) };
        let look = WaitIdOptions::EXITED | WaitIdOptions::NOWAIT | WaitIdOptions::NOHANG;
        waitid(WaitId::Pid(pid), look).map(|status| status.is_some())
    }

    fn wait_until_dead(&self, child: &mut Child) {
        if let Some(pid) = i32::try_from(child.id()).ok().and_then(Pid::from_raw) {
            let wait = WaitIdOptions::EXITED | WaitIdOptions::NOWAIT;
            while matches!(waitid(WaitId::Pid(pid), wait), Err(rustix::io::Errno::INTR)) {}
        }
        let mut state = self.shared.state.lock();
        state.child = None;
        match child.wait() {
            Ok(status) => tracing::debug!(%status, "the database process has ended"),
            Err(error) => tracing::error!(%error, "the database process could not be reaped"),
        }
    }

    fn explain(&self, log_start: u64) -> Attempt {
        let said = self.launch.layout.log_since(log_start);
        let held = ["lock file", "pre-existing shared memory", "is another postmaster"].iter().any(|sign| said.contains(sign));
        let complaint = said.lines().rfind(|line| line.contains("FATAL") || line.contains("PANIC")).or(said.lines().last());
        let reason = complaint.unwrap_or("it ended without a word").trim().to_owned();
        if held {
            return Attempt::Held(reason);
        }
        Attempt::Failed(ClusterError::Start { reason, log: self.launch.layout.log() })
    }
}

/// The server's options. Given on the command line, so that they are the same for old and new clusters.
fn options(settings: &ClusterSettings, layout: &Layout) -> Vec<(&'static str, String)> {
    let mut options = vec![
        ("listen_addresses", String::new()),
        ("port", PORT.to_string()),
        ("unix_socket_directories", layout.socket_dir().display().to_string()),
        ("unix_socket_permissions", "0700".to_owned()),
        ("max_connections", settings.max_connections.to_string()),
        ("shared_buffers", settings.shared_buffers.clone()),
        // Group commit is ours: one big commit at a time, so no commit_delay; room in the log buffer for a whole batch, and
        // checkpoints so rare that their full-page writes do not eat the gain.
        ("wal_buffers", "16MB".to_owned()),
        ("max_wal_size", "4GB".to_owned()),
        ("min_wal_size", "256MB".to_owned()),
        ("checkpoint_timeout", "15min".to_owned()),
        ("checkpoint_completion_target", "0.9".to_owned()),
        ("wal_compression", "on".to_owned()),
        // Short statements only: compiling them costs more than it saves.
        ("jit", "off".to_owned()),
        ("timezone", "UTC".to_owned()),
        ("log_timezone", "UTC".to_owned()),
        ("logging_collector", "off".to_owned()),
        ("log_destination", "stderr".to_owned()),
    ];
    let durable = match settings.durability {
        Durability::Full => "on",
        Durability::ThrowAway => "off",
    };
    options.extend(["fsync", "full_page_writes", "synchronous_commit"].map(|name| (name, durable.to_owned())));
    options
}
