//! The forms of an export. Pure: rows in, bytes out.

use std::collections::{BTreeMap, HashSet};

use bytes::Bytes;
use madang_domain::campaign::view::TaskRow;
use madang_domain::campaign::{Region, TaskKind};
use madang_domain::time::Timestamp;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

/// As which file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Format {
    Json,
    JsonLines,
    Csv,
    Coco,
}

impl Format {
    pub(super) fn from_name(name: &str) -> Option<Self> {
        match name {
            "json" => Some(Self::Json),
            "jsonl" => Some(Self::JsonLines),
            "csv" => Some(Self::Csv),
            "coco" => Some(Self::Coco),
            _ => None,
        }
    }

    pub(super) const fn ending(self) -> &'static str {
        match self {
            Self::Json => "json",
            Self::JsonLines => "jsonl",
            Self::Csv => "csv",
            Self::Coco => "coco.json",
        }
    }

    pub(super) const fn media_type(self) -> &'static str {
        match self {
            Self::Json | Self::Coco => "application/json",
            Self::JsonLines => "application/jsonl",
            Self::Csv => "text/csv; charset=utf-8",
        }
    }
}

/// A stretch of the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Section {
    Opening,
    /// Of a COCO file: the images, each once.
    Images,
    Between,
    Rows,
    Closing,
}

impl Section {
    pub(super) fn next(self, format: Format) -> Option<Self> {
        match self {
            Self::Opening if format == Format::Coco => Some(Self::Images),
            Self::Opening | Self::Between => Some(Self::Rows),
            Self::Images => Some(Self::Between),
            Self::Rows => Some(Self::Closing),
            Self::Closing => None,
        }
    }
}

/// What stands before the rows.
#[derive(Debug, Clone)]
pub(super) struct Head {
    pub(super) campaign: i64,
    pub(super) name: String,
    pub(super) kind: TaskKind,
    pub(super) choices: Vec<String>,
    pub(super) requested_at: Timestamp,
}

/// Why a part could not be written.
#[derive(Debug, thiserror::Error)]
pub(super) enum WriteError {
    #[error(transparent)]
    Json(#[from] serde_json::Error),
    #[error(transparent)]
    Csv(#[from] csv::Error),
    #[error("the rows could not be taken from their writer")]
    Flush,
}

const COLUMNS: [&str; 18] = [
    "task",
    "image",
    "width",
    "height",
    "left",
    "top",
    "right",
    "bottom",
    "state",
    "answer",
    "votes",
    "of",
    "reliability",
    "confidence",
    "by_review",
    "machine",
    "answers",
    "posterior",
];

/// What stands before, between and after rows; `None` for the rows themselves.
pub(super) fn between(format: Format, section: Section, head: &Head) -> Result<Option<Bytes>, WriteError> {
    let text = match (section, format) {
        (Section::Images | Section::Rows, _) => return Ok(None),
        (Section::Opening, Format::Json) => {
            let facts = json!({ "id": head.campaign, "name": head.name, "kind": head.kind, "choices": head.choices });
            format!("{{\"campaign\":{facts},\"results\":[")
        }
        (Section::Opening, Format::Coco) => {
            let info = json!({ "description": head.name, "date_created": head.requested_at, "version": "1" });
            let categories: Vec<_> = (1..)
                .zip(categories(head))
                .map(|(id, name)| json!({ "id": id, "name": name, "supercategory": head.kind }))
                .collect();
            let categories = Value::from(categories);
            format!("{{\"info\":{info},\"licenses\":[],\"categories\":{categories},\"images\":[")
        }
        (Section::Opening, Format::Csv) => {
            let mut table = csv::Writer::from_writer(Vec::new());
            table.write_record(COLUMNS)?;
            return table.into_inner().map(|bytes| Some(Bytes::from(bytes))).map_err(|_| WriteError::Flush);
        }
        (Section::Between, Format::Coco) => "],\"annotations\":[".to_owned(),
        (Section::Closing, Format::Json | Format::Coco) => "]}\n".to_owned(),
        (Section::Opening | Section::Between | Section::Closing, _) => String::new(),
    };
    Ok(Some(Bytes::from(text)))
}

fn categories(head: &Head) -> Vec<&str> {
    if head.choices.is_empty() { vec![head.kind.name()] } else { head.choices.iter().map(String::as_str).collect() }
}

/// Rows of a section.
pub(super) fn rows(
    format: Format,
    section: Section,
    rows: &[TaskRow],
    (head, images, started): (&Head, &mut HashSet<u64>, &mut bool),
) -> Result<Bytes, WriteError> {
    if format == Format::Csv {
        return csv_rows(rows);
    }
    let mut out = Vec::with_capacity(rows.len() * 256);
    for row in rows {
        let value = match (format, section) {
            (Format::Coco, Section::Images) => {
                let id = image_number(&row.image);
                if !images.insert(id) {
                    continue;
                }
                json!({ "id": id, "file_name": row.image, "width": row.width, "height": row.height })
            }
            (Format::Coco, _) => annotation(row, head),
            (Format::Json | Format::JsonLines | Format::Csv, _) => result(row),
        };
        if format != Format::JsonLines && *started {
            out.push(b',');
        }
        *started = true;
        serde_json::to_writer(&mut out, &value)?;
        if format == Format::JsonLines {
            out.push(b'\n');
        }
    }
    Ok(Bytes::from(out))
}

fn share(basis_points: u16) -> f64 {
    f64::from(basis_points) / 10_000.0
}

/// How many gave each counted answer.
fn tally(row: &TaskRow) -> BTreeMap<&str, u32> {
    let mut tally = BTreeMap::new();
    for vote in row.answers.iter().filter(|vote| !matches!(vote.standing, "late" | "dropped")) {
        let count = tally.entry(vote.answer.as_str()).or_insert(0u32);
        *count = count.saturating_add(1);
    }
    tally
}

fn result(row: &TaskRow) -> Value {
    let settled = row.settlement.as_ref();
    json!({
        "task": row.task, "image": row.image, "width": row.width, "height": row.height, "region": row.region,
        "state": row.state,
        "answer": settled.map(|settled| &settled.answer),
        "votes": settled.map(|settled| settled.votes),
        "of": settled.map(|settled| settled.of),
        "reliability": settled.map(|settled| share(settled.agreement_bp)),
        "confidence": settled.map(|settled| share(settled.confidence_bp)),
        "posterior": settled.and_then(|settled| settled.posterior_bp).map(share),
        "by_review": settled.is_some_and(|settled| settled.by_review),
        "machine": row.machine,
        "answers": tally(row),
    })
}

/// A number for an image that is the same in every export, and exact in every JSON reader.
fn image_number(path: &str) -> u64 {
    let digest = Sha256::digest(path.as_bytes());
    digest.iter().take(6).fold(0u64, |number, byte| (number << 8) | u64::from(*byte))
}

fn annotation(row: &TaskRow, head: &Head) -> Value {
    let Region { left, top, right, bottom } =
        row.region.unwrap_or(Region { left: 0, top: 0, right: row.width, bottom: row.height });
    let (width, height) = (right.saturating_sub(left), bottom.saturating_sub(top));
    let answer = row.settlement.as_ref().map(|settled| settled.answer.as_str());
    let category = answer.and_then(|answer| head.choices.iter().position(|choice| choice == answer)).map_or(1, |n| n + 1);
    json!({
        "id": row.task, "image_id": image_number(&row.image), "category_id": category,
        "bbox": [left, top, width, height], "area": u64::from(width) * u64::from(height), "iscrowd": 0,
        "segmentation": [[left, top, right, top, right, bottom, left, bottom]],
        "attributes": result(row),
    })
}

/// A cell that no spreadsheet takes for a formula.
fn defused(text: &str) -> String {
    if text.starts_with(['=', '+', '-', '@', '\t', '\r', '＝', '＋', '－', '＠']) {
        format!("'{text}")
    } else {
        text.to_owned()
    }
}

fn csv_rows(rows: &[TaskRow]) -> Result<Bytes, WriteError> {
    let mut table = csv::Writer::from_writer(Vec::new());
    for row in rows {
        let settled = row.settlement.as_ref();
        let edge = |of: fn(&Region) -> u32| row.region.as_ref().map(|region| of(region).to_string()).unwrap_or_default();
        let answers: Vec<String> = tally(row).into_iter().map(|(answer, count)| format!("{answer} ({count})")).collect();
        table.write_record([
            row.task.to_string(),
            defused(&row.image),
            row.width.to_string(),
            row.height.to_string(),
            edge(|region| region.left),
            edge(|region| region.top),
            edge(|region| region.right),
            edge(|region| region.bottom),
            row.state.to_owned(),
            defused(settled.map_or("", |settled| &settled.answer)),
            settled.map(|settled| settled.votes.to_string()).unwrap_or_default(),
            settled.map(|settled| settled.of.to_string()).unwrap_or_default(),
            settled.map(|settled| share(settled.agreement_bp).to_string()).unwrap_or_default(),
            settled.map(|settled| share(settled.confidence_bp).to_string()).unwrap_or_default(),
            settled.map(|settled| settled.by_review.to_string()).unwrap_or_default(),
            defused(row.machine.as_deref().unwrap_or("")),
            defused(&answers.join("; ")),
            settled.and_then(|settled| settled.posterior_bp).map(|bp| share(bp).to_string()).unwrap_or_default(),
        ])?;
    }
    table.into_inner().map(Bytes::from).map_err(|_| WriteError::Flush)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_cell_is_a_formula() {
        for (text, kept) in [
            ("=1+1", "'=1+1"),
            ("+49", "'+49"),
            ("-5", "'-5"),
            ("@cmd", "'@cmd"),
            ("\tx", "'\tx"),
            ("1,234", "1,234"),
            ("가=나", "가=나"),
            ("＝1", "'＝1"),
        ] {
            assert_eq!(defused(text), kept);
        }
    }

    #[test]
    fn an_image_has_the_same_exact_number_always() {
        assert_eq!(image_number("/objects/a"), image_number("/objects/a"));
        assert_ne!(image_number("/objects/a"), image_number("/objects/b"));
        assert!(image_number("/objects/a") < 1 << 53);
    }
}
