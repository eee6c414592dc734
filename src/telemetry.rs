//! What is written about the work: log lines and metrics.

use std::io::{self, IsTerminal};
use std::sync::OnceLock;

use metrics_exporter_prometheus::{BuildError, Matcher, PrometheusBuilder, PrometheusHandle};
use parking_lot::Mutex;
use tracing::Subscriber;
use tracing_subscriber::Layer;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::util::{SubscriberInitExt, TryInitError};

use crate::config::{LogFormat, LogSettings};

/// Upper bounds of durations, in seconds: a command takes about a millisecond, a stop some seconds.
const SECONDS: &[f64] =
    &[0.0001, 0.000_25, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0];
/// Upper bounds of sizes: rows in a commit, frames in a write.
const COUNTS: &[f64] = &[1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0, 512.0, 1024.0, 4096.0];

/// Writes log lines to standard error from now on, for people or for machines.
///
/// # Errors
/// When something in this process does so already.
pub fn start_log(settings: &LogSettings) -> Result<(), TryInitError> {
    // The settings were checked; what cannot be read after all must not silence everything.
    let level = settings.level.parse::<Targets>().unwrap_or_else(|_| Targets::new().with_default(tracing::Level::INFO));
    let registry = tracing_subscriber::registry().with(level);
    match settings.format {
        LogFormat::Text => {
            let lines = tracing_subscriber::fmt::layer().with_writer(io::stderr).with_ansi(io::stderr().is_terminal());
            registry.with(lines.compact()).try_init()
        }
        LogFormat::Json => registry.with(json_lines(io::stderr)).try_init(),
    }
}

/// Log lines as JSON objects, the fields of an event beside its message: `cmd` is the id of the command it is about.
pub fn json_lines<S, W>(to: W) -> impl Layer<S>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    W: for<'w> MakeWriter<'w> + Send + Sync + 'static,
{
    tracing_subscriber::fmt::layer().with_writer(to).json().flatten_event(true)
}

/// The metrics of this process, recorded from the first call on.
///
/// # Errors
/// When another recorder is in place.
pub fn metrics() -> Result<PrometheusHandle, BuildError> {
    static RECORDER: OnceLock<PrometheusHandle> = OnceLock::new();
    static STARTING: Mutex<()> = Mutex::new(());
    let _one_at_a_time = STARTING.lock();
    if let Some(handle) = RECORDER.get() {
        return Ok(handle.clone());
    }
    let handle = PrometheusBuilder::new()
        .set_buckets_for_metric(Matcher::Suffix("_seconds".to_owned()), SECONDS)?
        .set_buckets_for_metric(Matcher::Full("journal_batch_size".to_owned()), COUNTS)?
        .set_buckets_for_metric(Matcher::Full("mailbox_permits_used".to_owned()), COUNTS)?
        .install_recorder()?;
    Ok(RECORDER.get_or_init(|| handle).clone())
}
