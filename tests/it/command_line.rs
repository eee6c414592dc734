//! The `madang` binary as people and scripts meet it: exit codes, one-line messages, start and stop.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use sqlx::ConnectOptions;

use crate::world;

/// The binary, without the settings of whoever runs the tests.
pub fn madang(data_dir: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_madang"));
    for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("MADANG__")) {
        command.env_remove(name);
    }
    command.env("MADANG__DATABASE__DATA_DIR", data_dir).env("MADANG__DATABASE__SHARED_BUFFERS", "16MB");
    command.env("MADANG__HTTP__BIND", "127.0.0.1:0").stdin(Stdio::null());
    // A busy machine may take long to read a request.
    command.env("MADANG__HTTP__CLIENT_REQUEST_TIMEOUT_S", "120");
    command
}

pub fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// What a refusal looks like: its exit code, and one line that says why.
fn assert_refused(output: &Output, code: i32, words: &[&str]) {
    let said = text(&output.stderr);
    assert_eq!(output.status.code(), Some(code), "{said}");
    assert_eq!(said.trim_end().lines().count(), 1, "one line: {said}");
    assert!(words.iter().all(|word| said.contains(word)), "{said}");
}

/// A server of the test, which is told to stop by the kernel when the test process ends.
pub struct Server {
    child: Child,
    pub url: String,
}

impl Server {
    pub fn start(mut command: Command) -> Self {
        command.arg("serve").stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut wrapped = Command::new("setpriv");
        wrapped.args(["--pdeathsig", "INT"]).arg(command.get_program()).args(command.get_args());
        for (name, value) in command.get_envs() {
            match value {
                Some(value) => wrapped.env(name, value),
                None => wrapped.env_remove(name),
            };
        }
        wrapped.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = world::child(wrapped);
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let first = lines.next().expect("a server that starts says so").unwrap();
        let url = first.strip_prefix("Madang is open at ").expect(&first).to_owned();
        // Keeps the pipe open, so that the server never writes into nothing.
        std::thread::spawn(move || lines.for_each(drop));
        Self { child, url }
    }

    fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).unwrap();
    }

    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    pub fn stop(mut self) -> (ExitStatus, Duration) {
        let began = Instant::now();
        self.signal(Signal::INT);
        (self.child.wait().unwrap(), began.elapsed())
    }
}

pub async fn get(url: &str) -> (u16, String) {
    let address = url.strip_prefix("http://").unwrap();
    let (address, path) = address.split_once('/').unwrap();
    let mut stream = tokio::net::TcpStream::connect(address).await.unwrap();
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let request = format!("GET /{path} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut response = String::new();
    stream.read_to_string(&mut response).await.unwrap();
    let status = response.split(' ').nth(1).unwrap().parse().unwrap();
    (status, response)
}

#[test]
fn an_unknown_key_ends_with_64_and_the_nearest_key() {
    let dir = world::fresh_dir("settings");
    let file = dir.join("my.toml");
    std::fs::write(&file, "[http]\nbnid = \"0.0.0.0:80\"\n").unwrap();
    for words in [["config", "check"].as_slice(), &["config", "show"], &["serve"]] {
        let output = madang(&dir).args(words).arg("--config").arg(&file).output().unwrap();
        assert_refused(&output, 64, &["my.toml", "\"http.bnid\"", "\"http.bind\""]);
    }
    let output = madang(&dir).args(["config", "check"]).env("MADANG__HTTP__BNID", "x").output().unwrap();
    assert_refused(&output, 64, &["the environment", "\"http.bind\""]);
    assert!(!dir.join("pg").exists(), "nothing was started");
}

#[test]
fn bad_files_and_values_end_with_64() {
    let dir = world::fresh_dir("settings");
    let check = |toml: &str| {
        let file = dir.join("my.toml");
        std::fs::write(&file, toml).unwrap();
        madang(&dir).args(["config", "check", "--config"]).arg(&file).output().unwrap()
    };
    assert_refused(&check("[http]\nworkers = \"many\"\n"), 64, &["http.workers"]);
    assert_refused(&check("[ledger]\ncurrencies = [\"won\"]\n"), 64, &["ledger.currencies"]);
    assert_refused(&check("[http\n"), 64, &["my.toml", "cannot be read"]);
    assert_refused(&check("[engine]\nloads = 0\n"), 64, &["engine.loads", "at least 1"]);
    let good = check("[http]\nworkers = 3\n");
    assert_eq!(good.status.code(), Some(0), "{}", text(&good.stderr));
    let missing = madang(&dir).args(["config", "check", "--config", "/nonexistent.toml"]).output().unwrap();
    assert_refused(&missing, 64, &["/nonexistent.toml"]);
}

#[test]
fn the_settings_shown_are_toml_that_can_be_used_again() {
    let dir = world::fresh_dir("settings");
    let shown = madang(&dir).args(["config", "show"]).env("MADANG__LOG__FORMAT", "json").output().unwrap();
    let shown = text(&shown.stdout);
    assert!(shown.contains("log.format = \"json\" # the environment"), "{shown}");
    let file = dir.join("again.toml");
    std::fs::write(&file, &shown).unwrap();
    let again = madang(&dir).args(["config", "check", "--config"]).arg(&file).output().unwrap();
    assert_eq!(again.status.code(), Some(0), "{}", text(&again.stderr));
}

#[test]
fn usage_is_64_and_help_is_0() {
    let dir = world::fresh_dir("settings");
    assert_eq!(madang(&dir).arg("dance").output().unwrap().status.code(), Some(64));
    for words in [["--help"].as_slice(), &["--version"], &["serve", "--help"], &["replay", "bids", "--help"]] {
        let output = madang(&dir).args(words).output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{words:?}");
        assert!(!output.stdout.is_empty());
    }
    let help = text(&madang(&dir).arg("--help").output().unwrap().stdout);
    for word in ["serve", "import", "replay", "bench", "verify", "config", "admin", "Examples:", "Exit codes:"] {
        assert!(help.contains(word), "{word} in {help}");
    }
}

#[test]
fn what_is_needed_and_away_is_69() {
    let dir = world::fresh_dir("away");
    let none = world::fresh_dir("bin");
    let output = madang(&dir).arg("serve").env("PG_BIN", &none).output().unwrap();
    assert_refused(&output, 69, &["postgres"]);

    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let output = madang(&dir).arg("serve").env("MADANG__HTTP__BIND", &address).output().unwrap();
    assert_refused(&output, 69, &[&address, "http.bind"]);

    let nobody = "postgres://nobody@127.0.0.1:1/none";
    let output = madang(&dir).arg("serve").env("MADANG__DATABASE__URL", nobody).output().unwrap();
    assert_refused(&output, 69, &["cannot be reached"]);
}

#[tokio::test]
async fn an_external_database_without_fsync_is_refused_with_the_reason() {
    let options = world::database_options().await;
    let socket = options.get_socket().unwrap().display().to_string().replace('/', "%2F");
    let url = format!("postgres://{}@{socket}/{}", options.get_username(), options.get_database().unwrap());
    // The address is good: it is the setting that is refused.
    url.parse::<sqlx::postgres::PgConnectOptions>().unwrap().connect().await.unwrap();
    let dir = world::fresh_dir("unsafe");
    let output = madang(&dir).arg("serve").env("MADANG__DATABASE__URL", url).output().unwrap();
    let said = text(&output.stderr);
    assert_eq!(output.status.code(), Some(69), "{said}");
    assert!(said.contains("fsync is off") && said.contains("set fsync = on"), "{said}");
}

#[tokio::test]
async fn a_server_starts_serves_and_stops_within_its_time() {
    let dir = world::fresh_dir("serve");
    let server = Server::start(madang(&dir));
    assert_eq!(get(&format!("{}/health", server.url)).await.0, 200);
    assert_eq!(get(&format!("{}/ready", server.url)).await.0, 200);
    let (status, metrics) = get(&format!("{}/metrics", server.url)).await;
    assert!(status == 200 && metrics.contains("# TYPE"), "{metrics}");

    let mut create = madang(&dir);
    create.args(["admin", "create", "--email", "first@madang.example", "--password-stdin"]);
    let mut create = create.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    create.stdin.take().unwrap().write_all(b"a good password\n").unwrap();
    let made = create.wait_with_output().unwrap();
    assert!(text(&made.stdout).contains("first@madang.example"), "beside a running server");

    let (status, took) = server.stop();
    assert_eq!(status.code(), Some(0));
    assert!(took < Duration::from_secs(30), "less than ten seconds, on a machine that is not busy with other tests: {took:?}");
    assert!(!dir.join("pg/postmaster.pid").exists(), "the database went with it");
    let again = madang(&dir)
        .args(["admin", "create", "--email", "first@madang.example", "--password", "a good password"])
        .output()
        .unwrap();
    assert_refused(&again, 64, &["has an account already"]);
}

#[tokio::test]
async fn a_killed_server_comes_back_on_the_same_data() {
    let dir = world::fresh_dir("serve");
    let mut killed = Server::start(madang(&dir));
    killed.signal(Signal::KILL);
    killed.child.wait().unwrap();
    let next = Server::start(madang(&dir));
    assert_eq!(get(&format!("{}/ready", next.url)).await.0, 200);
    next.stop();
}

#[test]
fn two_servers_do_not_share_a_data_directory() {
    let dir = world::fresh_dir("serve");
    let first = Server::start(madang(&dir));
    let second = madang(&dir).arg("serve").output().unwrap();
    assert_refused(&second, 69, &["is in use by another madang"]);
    first.stop();
}

#[test]
fn a_demo_is_not_open_to_other_machines_unless_somebody_says_so() {
    let dir = world::fresh_dir("demo");
    let everywhere = |words: &[&str]| {
        let mut command = madang(&dir);
        command.env("MADANG__HTTP__BIND", "0.0.0.0:0").args(words);
        command
    };
    let refused = everywhere(&["serve", "--demo"]).output().unwrap();
    assert_refused(&refused, 64, &["http.bind", "--demo-public"]);
    let checked = everywhere(&["config", "check"]).env("MADANG__DEMO__ENABLED", "true").output().unwrap();
    assert_refused(&checked, 64, &["http.bind"]);
    assert!(!dir.join("pg").exists(), "nothing was started");
    let allowed =
        everywhere(&["config", "check"]).env("MADANG__DEMO__ENABLED", "true").env("MADANG__DEMO__PUBLIC", "true").output();
    assert_eq!(allowed.unwrap().status.code(), Some(0));
}
