//! The official libraries, unmodified, from their packages, against our server.

use std::path::PathBuf;
use std::sync::Arc;

use tokio::sync::OnceCell;

use super::{answering, key};
use crate::chats::house::House;
use crate::live::clients::{may_be_missing, root, run, run_twice};

fn installed() -> PathBuf {
    root().join("target/clients/dialects")
}

/// Installs the JavaScript packages and puts the scripts beside them.
async fn javascript() -> Result<String, String> {
    static ONCE: OnceCell<Result<String, String>> = OnceCell::const_new();
    ONCE.get_or_init(install_javascript).await.clone()
}

async fn install_javascript() -> Result<String, String> {
    let folder = installed();
    std::fs::create_dir_all(&folder).map_err(|error| error.to_string())?;
    let copy = |from: &str, to: &str| {
        std::fs::copy(root().join("tests/clients").join(from), folder.join(to)).map_err(|error| error.to_string())
    };
    copy("openai.mjs", "openai.mjs")?;
    copy("ai.mjs", "ai.mjs")?;
    copy("dialects.package.json", "package.json")?;
    if folder.join("node_modules/ai").exists() && folder.join("node_modules/openai").exists() {
        return Ok(String::new());
    }
    let folder = folder.to_str().unwrap_or_default();
    run_twice("npm", &["install", "--prefix", folder, "--no-audit", "--no-fund", "--silent", "--ignore-scripts"]).await
}

/// Installs the Python package into an environment of its own, once.
async fn python() -> Result<String, String> {
    let folder = installed().join("python");
    if folder.join("ready").exists() {
        return Ok(String::new());
    }
    run("python3", &["-m", "venv", folder.to_str().unwrap_or_default()]).await?;
    let (pip, requirements) = (folder.join("bin/pip"), root().join("tests/clients/dialects.requirements.txt"));
    let arguments = ["install", "--quiet", "--requirement", requirements.to_str().unwrap_or_default()];
    run_twice(pip.to_str().unwrap_or_default(), &arguments).await?;
    std::fs::write(folder.join("ready"), "").map(|()| String::new()).map_err(|error| error.to_string())
}

async fn play(program: &str, script: &str, said: &str) {
    let house = House::open().await;
    let anna = house.person("anna", &[]).await;
    let author = answering(Arc::clone(&house.author));
    let secret = key(&house, &anna).await;
    let output = run(program, &[script, &house.base, &secret]).await.unwrap_or_else(|why| panic!("{why}"));
    assert!(output.contains(said), "{output}");
    author.abort();
    house.close().await;
}

#[actix_web::test]
async fn openai_for_javascript_works() {
    if !may_be_missing(&javascript().await) {
        play("node", installed().join("openai.mjs").to_str().unwrap(), "openai ok").await;
    }
}

#[actix_web::test]
async fn the_ai_sdk_works() {
    if !may_be_missing(&javascript().await) {
        play("node", installed().join("ai.mjs").to_str().unwrap(), "ai ok").await;
    }
}

#[actix_web::test]
async fn openai_for_python_works() {
    if !may_be_missing(&python().await) {
        let python = installed().join("python/bin/python");
        let script = root().join("tests/clients/openai_client.py");
        play(python.to_str().unwrap(), script.to_str().unwrap(), "openai ok").await;
    }
}
