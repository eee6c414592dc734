//! The campaign that is labeled: made as a company would, over the public API.

use std::fmt::Write as _;
use std::io::{Cursor, Write as _};
use std::time::Duration;

use anyhow::{Context, bail};
use image::{ImageFormat, RgbImage};
use madang::cli::client::account::Account;
use madang::cli::client::api::{Api, Ask};
use serde_json::{Value, json};
use uuid::Uuid;
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

/// How long each step may take.
const LIMIT: Duration = Duration::from_secs(60);
/// Leases are short, so that many end unanswered.
const LEASE_S: u32 = 10;
/// Boxes of one picture, those in a row of it, and their size in pixels.
const BOXES: usize = 1_500;
const COLUMNS: usize = 40;
const BOX: usize = 10;

/// Makes a campaign with so many tasks, approved and running.
pub async fn make(api: &Api, owner: &Account, tasks: usize) -> anyhow::Result<i64> {
    let token = owner.token().await?;
    let rules = json!({ "kind": "ocr", "lease_s": LEASE_S, "gold_bp": 0, "min_answer_ms": 0, "skip_limit": 0 });
    let draft = json!({ "name": "Under fire", "rules": rules });
    let made: Value = api.persist(&Ask::post("/campaigns", draft).by(&token).once(Uuid::new_v4()), LIMIT).await?;
    let campaign = made.get("id").and_then(Value::as_i64).context("a campaign without an id")?;
    let approve = format!("/campaigns/{campaign}/approve");
    let _: Value = api.persist(&Ask::post(&approve, json!({})).by(&token).once(Uuid::new_v4()), LIMIT).await?;
    upload(api, &token, campaign, archive(tasks)?).await?;
    let path = format!("/campaigns/{campaign}");
    for _ in 0..LIMIT.as_millis() / 200 {
        let seen: Value = api.persist(&Ask::get(&path).by(&token), LIMIT).await?;
        if seen.pointer("/progress/tasks").and_then(Value::as_u64) == u64::try_from(tasks).ok() {
            return Ok(campaign);
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    let uploads: Value = api.persist(&Ask::get(&format!("/campaigns/{campaign}/uploads")).by(&token), LIMIT).await?;
    bail!("the tasks never came in: {uploads}")
}

async fn upload(api: &Api, token: &str, campaign: i64, archive: Vec<u8>) -> anyhow::Result<()> {
    let path = format!("/campaigns/{campaign}/uploads");
    let body = json!({ "name": "fire.zip", "type": "application/zip", "bytes": archive.len() });
    let announced: Value = api.persist(&Ask::post(&path, body).by(token).once(Uuid::new_v4()), LIMIT).await?;
    let put = announced.get("put").context("no address to send the archive to")?;
    let text =
        |key: &str| put.get(key).and_then(Value::as_str).map(str::to_owned).with_context(|| format!("put without {key}"));
    let url = text("url")?;
    let url = if url.starts_with('/') { format!("{}{url}", api.base()) } else { url };
    let mut request = reqwest::Client::new().put(url);
    for (name, value) in put.get("headers").and_then(Value::as_object).into_iter().flatten() {
        request = request.header(name, value.as_str().unwrap_or_default());
    }
    request.body(archive).send().await?.error_for_status()?;
    let upload = announced.pointer("/upload/id").or_else(|| announced.get("id")).and_then(Value::as_i64);
    let complete = format!("{path}/{}/complete", upload.context("an upload without an id")?);
    let _: Value = api.persist(&Ask::post(&complete, json!({})).by(token).once(Uuid::new_v4()), LIMIT).await?;
    Ok(())
}

/// Pictures with so many boxes in all.
fn archive(tasks: usize) -> anyhow::Result<Vec<u8>> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    for (number, first) in (0..tasks).step_by(BOXES).enumerate() {
        let (picture, boxes) = picture(BOXES.min(tasks - first))?;
        for (name, bytes) in [(format!("{number}.png"), picture), (format!("{number}.csv"), boxes.into_bytes())] {
            zip.start_file(name, SimpleFileOptions::default())?;
            zip.write_all(&bytes)?;
        }
    }
    Ok(zip.finish()?.into_inner())
}

/// One picture, and where its boxes are.
fn picture(boxes: usize) -> anyhow::Result<(Vec<u8>, String)> {
    let side = u32::try_from(COLUMNS.max(boxes.div_ceil(COLUMNS)) * BOX)?;
    let mut picture = Cursor::new(Vec::new());
    RgbImage::from_pixel(side, side, image::Rgb([250, 250, 250])).write_to(&mut picture, ImageFormat::Png)?;
    let mut lines = "left,top,right,bottom\n".to_owned();
    for number in 0..boxes {
        let (left, top) = (number % COLUMNS * BOX, number / COLUMNS * BOX);
        // Writing to a string cannot fail.
        let _ = writeln!(lines, "{left},{top},{},{}", left + BOX, top + BOX);
    }
    Ok((picture.into_inner(), lines))
}
