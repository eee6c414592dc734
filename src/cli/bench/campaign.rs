//! A campaign to be labeled, made as a company would make it, over the public API: asked for, approved, its boxes uploaded.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::{Cursor, Write as _};
use std::time::Duration;

use anyhow::{Context, bail};
use image::{ImageFormat, RgbImage};
use serde_json::{Value, json};
use uuid::Uuid;
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use crate::cli::client::account::Account;
use crate::cli::client::api::{Api, Ask};

/// How long each step may take.
const LIMIT: Duration = Duration::from_secs(60);
/// How often it is looked whether the boxes are in.
const LOOK: Duration = Duration::from_millis(200);
/// Boxes of one picture, those in a row of it, and their size in pixels.
const BOXES: usize = 1_500;
const COLUMNS: usize = 40;
const BOX: usize = 10;

/// Makes a campaign with so many tasks under these rules, approved and running; gives its number. `owner` has the roles of a
/// company and of an admin.
///
/// # Errors
/// When the server refuses a step, or the tasks do not come in within a minute.
pub async fn make(api: &Api, owner: &Account, tasks: usize, rules: Value) -> anyhow::Result<i64> {
    let token = owner.token().await?;
    let draft = json!({ "name": "Boxes", "rules": rules });
    let made: Value = api.persist(&Ask::post("/campaigns", draft).by(&token).once(Uuid::new_v4()), LIMIT).await?;
    let campaign = made.get("id").and_then(Value::as_i64).context("a campaign without an id")?;
    let approve = format!("/campaigns/{campaign}/approve");
    let _: Value = api.persist(&Ask::post(&approve, json!({})).by(&token).once(Uuid::new_v4()), LIMIT).await?;
    upload(api, &token, campaign, archive(tasks)?).await?;
    let path = format!("/campaigns/{campaign}");
    for _ in 0..LIMIT.as_millis().div_ceil(LOOK.as_millis()) {
        let seen: Value = api.persist(&Ask::get(&path).by(&token), LIMIT).await?;
        if seen.pointer("/progress/tasks").and_then(Value::as_u64) == u64::try_from(tasks).ok() {
            return Ok(campaign);
        }
        tokio::time::sleep(LOOK).await;
    }
    let uploads: Value = api.persist(&Ask::get(&format!("/campaigns/{campaign}/uploads")).by(&token), LIMIT).await?;
    bail!("the tasks never came in: {uploads}")
}

async fn upload(api: &Api, token: &str, campaign: i64, archive: Vec<u8>) -> anyhow::Result<()> {
    let path = format!("/campaigns/{campaign}/uploads");
    let body = json!({ "name": "boxes.zip", "type": "application/zip", "bytes": archive.len() });
    let announced: Value = api.persist(&Ask::post(&path, body).by(token).once(Uuid::new_v4()), LIMIT).await?;
    let url = announced.pointer("/put/url").and_then(Value::as_str).context("no address to send the archive to")?;
    let headers = announced.pointer("/put/headers").and_then(Value::as_object).into_iter().flatten();
    let headers: BTreeMap<String, String> =
        headers.map(|(name, value)| (name.clone(), value.as_str().unwrap_or_default().to_owned())).collect();
    api.put(url, &headers, archive, LIMIT).await?;
    let upload = announced.pointer("/upload/id").and_then(Value::as_i64).context("an upload without an id")?;
    let complete = format!("{path}/{upload}/complete");
    let _: Value = api.persist(&Ask::post(&complete, json!({})).by(token).once(Uuid::new_v4()), LIMIT).await?;
    Ok(())
}

/// Pictures with so many boxes in all.
fn archive(tasks: usize) -> anyhow::Result<Vec<u8>> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    for (number, first) in (0..tasks).step_by(BOXES).enumerate() {
        let (picture, boxes) = picture(BOXES.min(tasks.saturating_sub(first)))?;
        for (name, bytes) in [(format!("{number}.png"), picture), (format!("{number}.csv"), boxes.into_bytes())] {
            zip.start_file(name, SimpleFileOptions::default())?;
            zip.write_all(&bytes)?;
        }
    }
    Ok(zip.finish()?.into_inner())
}

/// One picture, and where its boxes are.
fn picture(boxes: usize) -> anyhow::Result<(Vec<u8>, String)> {
    let side = u32::try_from(COLUMNS.max(boxes.div_ceil(COLUMNS)).saturating_mul(BOX))?;
    let mut picture = Cursor::new(Vec::new());
    RgbImage::from_pixel(side, side, image::Rgb([250, 250, 250])).write_to(&mut picture, ImageFormat::Png)?;
    let mut lines = "left,top,right,bottom\n".to_owned();
    for number in 0..boxes {
        let (left, top) = ((number % COLUMNS).saturating_mul(BOX), (number / COLUMNS).saturating_mul(BOX));
        // Writing to a string cannot fail.
        let _ = writeln!(lines, "{left},{top},{},{}", left.saturating_add(BOX), top.saturating_add(BOX));
    }
    Ok((picture.into_inner(), lines))
}
