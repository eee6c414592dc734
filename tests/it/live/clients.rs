//! The official client libraries, unchanged, from their packages, against our server.

use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use madang::http::live::LiveSettings;
use tokio::process::Command;
use tokio::sync::OnceCell;

use super::server::TestServer;

pub fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn installed() -> PathBuf {
    root().join("target/clients")
}

pub async fn run(program: &str, arguments: &[&str]) -> Result<String, String> {
    let mut command = Command::new(program);
    command.args(arguments).stdin(Stdio::null()).kill_on_drop(true);
    let output = tokio::time::timeout(Duration::from_secs(300), command.output()).await;
    let output = output.map_err(|_| format!("{program} took too long"))?.map_err(|error| format!("{program}: {error}"))?;
    let said = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    if output.status.success() { Ok(said) } else { Err(format!("{program} {arguments:?}: {said}")) }
}

/// Once more where it failed: a package index is away now and then.
pub async fn run_twice(program: &str, arguments: &[&str]) -> Result<String, String> {
    match run(program, arguments).await {
        Ok(said) => Ok(said),
        Err(_) => run(program, arguments).await,
    }
}

/// Says why a client could not be installed. On a build machine that is a failure; on a bare one the test has nothing to run.
pub fn may_be_missing(installation: &Result<String, String>) -> bool {
    let Err(why) = installation else { return false };
    assert!(std::env::var("CI").is_err(), "the official client cannot be installed: {why}");
    eprintln!("not run, because the official client cannot be installed here: {why}");
    true
}

/// Installs the JavaScript packages once.
async fn javascript() -> Result<String, String> {
    static ONCE: OnceCell<Result<String, String>> = OnceCell::const_new();
    let install = async {
        let folder = installed().join("javascript");
        if folder.join("node_modules/eventsource").exists() && folder.join("node_modules/centrifuge").exists() {
            return Ok(String::new());
        }
        std::fs::create_dir_all(&folder).map_err(|error| error.to_string())?;
        std::fs::copy(root().join("tests/clients/package.json"), folder.join("package.json"))
            .map_err(|error| error.to_string())?;
        let folder = folder.to_str().unwrap_or_default();
        run_twice("npm", &["install", "--prefix", folder, "--no-audit", "--no-fund", "--silent", "--ignore-scripts"]).await
    };
    ONCE.get_or_init(|| install).await.clone()
}

/// Installs the Python package into an environment of its own, once.
async fn python() -> Result<String, String> {
    let folder = installed().join("python");
    if folder.join("ready").exists() {
        return Ok(String::new());
    }
    run("python3", &["-m", "venv", folder.to_str().unwrap_or_default()]).await?;
    let pip = folder.join("bin/pip");
    let requirements = root().join("tests/clients/requirements.txt");
    let arguments = ["install", "--quiet", "--requirement", requirements.to_str().unwrap_or_default()];
    run_twice(pip.to_str().unwrap_or_default(), &arguments).await?;
    std::fs::write(folder.join("ready"), "").map(|()| String::new()).map_err(|error| error.to_string())
}

async fn run_javascript(transport: &str) {
    if may_be_missing(&javascript().await) {
        return;
    }
    let server = TestServer::start(LiveSettings { hubs: 2, ..LiveSettings::default() });
    let script = root().join("tests/clients/client.cjs");
    let modules = installed().join("javascript");
    let arguments = [script.to_str().unwrap(), transport, &server.address.to_string(), modules.to_str().unwrap()];
    let said = run("node", &arguments).await.unwrap_or_else(|why| panic!("{why}"));
    assert!(said.contains(&format!("{transport} ok")), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_javascript_client_works_over_websocket() {
    run_javascript("websocket").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_javascript_client_works_over_sse() {
    run_javascript("sse").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_javascript_client_works_over_an_http_stream() {
    run_javascript("http_stream").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_python_client_works() {
    if may_be_missing(&python().await) {
        return;
    }
    let server = TestServer::start(LiveSettings { hubs: 2, ..LiveSettings::default() });
    let script = root().join("tests/clients/client.py");
    let arguments = [script.to_str().unwrap(), &server.address.to_string()];
    let python = installed().join("python/bin/python");
    let said = run(python.to_str().unwrap(), &arguments).await.unwrap_or_else(|why| panic!("{why}"));
    assert!(said.contains("python ok"), "{said}");
}
