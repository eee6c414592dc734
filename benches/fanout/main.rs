//! Why sockets leave the HTTP server for our own hub: the same fan-out through the hub and through a session actor of
//! actix-web-actors per socket, in one run, each as a process of its own.
//!
//!     ulimit -n 20000; cargo bench --bench fanout                     # both, 5,000 watchers
//!     FANOUT_WATCHERS=10000 FANOUT_SECONDS=5 cargo bench --bench fanout
//!     cargo bench --bench fanout -- serve-hub 8090                    # only the server, for another load generator
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::as_conversions,
    clippy::disallowed_methods,
    reason = "a benchmark says where it cannot go on, its figures are small, and the peer is as its own example has it"
)]

mod crowd;
mod hub_server;
mod peer_server;

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use crowd::{Crowd, Measured};

fn setting(name: &str, default: usize) -> usize {
    std::env::var(name).ok().and_then(|value| value.parse().ok()).unwrap_or(default)
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    let port = arguments.get(1).and_then(|port| port.parse().ok()).unwrap_or(0);
    match arguments.first().map(String::as_str) {
        Some("serve-hub") => hub_server::serve(port),
        Some("serve-actors") => peer_server::serve(port),
        _ => compare(),
    }
}

/// A server in a process of its own, which prints its port; ended with the value.
struct Server {
    child: Child,
    port: u16,
}

impl Server {
    fn start(kind: &str) -> Self {
        let program = std::env::current_exe().unwrap();
        let mut child = Command::new(program).arg(kind).stdout(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let port = line.trim().parse().expect("the server prints its port");
        Self { child, port }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

struct Row {
    name: &'static str,
    kib_per_connection: f64,
    one: Measured,
    sixteen: Measured,
}

fn measure(name: &'static str, kind: &str, watchers: usize, seconds: Duration) -> Row {
    let server = Server::start(kind);
    let mut crowd = Crowd::connect(server.port, server.child.id(), watchers);
    let kib_per_connection = crowd.kib_per_connection();
    crowd.flat_out(1, Duration::from_millis(500));
    let one = crowd.flat_out(1, seconds);
    let sixteen = crowd.flat_out(16, seconds);
    Row { name, kib_per_connection, one, sixteen }
}

fn compare() {
    let watchers = setting("FANOUT_WATCHERS", 5_000);
    let seconds = Duration::from_secs(u64::try_from(setting("FANOUT_SECONDS", 4)).unwrap());
    println!("{watchers} watchers of one channel, 200-byte messages, {} s each\n", seconds.as_secs());
    println!("| server | KiB per idle socket | 1 in flight: CPU-s/M | deliveries/s | 16 in flight: CPU-s/M | deliveries/s |");
    println!("|---|---|---|---|---|---|");
    let rows =
        [measure("our hub", "serve-hub", watchers, seconds), measure("actix-web-actors", "serve-actors", watchers, seconds)];
    for row in &rows {
        println!(
            "| {} | {:.1} | {:.2} | {:.0} k | {:.2} | {:.0} k |",
            row.name,
            row.kib_per_connection,
            row.one.cpu_s_per_million,
            row.one.per_second / 1e3,
            row.sixteen.cpu_s_per_million,
            row.sixteen.per_second / 1e3,
        );
    }
    let [hub, peer] = rows;
    println!(
        "\nthe hub needs {:.0} % of the peer's processor time one at a time, {:.0} % in bursts, {:.0} % of its memory",
        100.0 * hub.one.cpu_s_per_million / peer.one.cpu_s_per_million,
        100.0 * hub.sixteen.cpu_s_per_million / peer.sixteen.cpu_s_per_million,
        100.0 * hub.kib_per_connection / peer.kib_per_connection,
    );
    assert!(hub.one.cpu_s_per_million < peer.one.cpu_s_per_million, "the hub must be worth its code");
    assert!(hub.sixteen.cpu_s_per_million < peer.sixteen.cpu_s_per_million, "the hub must be worth its code");
}
