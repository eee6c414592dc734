//! A folder of scanned receipts: `NNN.jpg` with `NNN.csv` beside it (left, top, right, bottom, text).

use std::collections::BTreeMap;
use std::fs;
use std::io::{Cursor, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, anyhow};
use madang_domain::consensus::text::{TextRules, normalise};
use serde::Deserialize;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

/// An image with its boxes.
#[derive(Debug, Clone)]
pub struct Receipt {
    /// The image's file name.
    pub name: String,
    /// The image as it is.
    image: Vec<u8>,
    /// The boxes as they are.
    csv: Vec<u8>,
    /// What the boxes say.
    pub boxes: Vec<TrueBox>,
}

/// One box and the true text in it, normalised.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct TrueBox {
    /// The first column.
    pub left: u32,
    /// The first row.
    pub top: u32,
    /// The column after the last.
    pub right: u32,
    /// The row after the last.
    pub bottom: u32,
    /// What it says.
    pub text: String,
}

/// Reads the first `most` receipts of a folder, by name.
///
/// # Errors
/// When the folder or a file cannot be read, or there is no receipt in it.
pub fn read(folder: &Path, most: usize) -> anyhow::Result<Vec<Receipt>> {
    let mut images: Vec<PathBuf> = fs::read_dir(folder)
        .with_context(|| format!("cannot open {}", folder.display()))?
        .filter_map(|entry| entry.ok().map(|entry| entry.path()))
        .filter(|path| path.extension().is_some_and(|ending| ending == "jpg") && path.with_extension("csv").is_file())
        .collect();
    images.sort();
    let receipts = images.iter().take(most).map(|path| receipt(path).with_context(|| path.display().to_string()));
    let receipts = receipts.collect::<anyhow::Result<Vec<_>>>()?;
    if receipts.is_empty() {
        return Err(anyhow!("{} holds no NNN.jpg with NNN.csv beside it", folder.display()));
    }
    Ok(receipts)
}

fn receipt(path: &Path) -> anyhow::Result<Receipt> {
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let csv = fs::read(path.with_extension("csv"))?;
    Ok(Receipt { name, image: fs::read(path)?, boxes: boxes(&csv)?, csv })
}

fn boxes(bytes: &[u8]) -> anyhow::Result<Vec<TrueBox>> {
    let rows = csv::Reader::from_reader(bytes).into_deserialize().collect::<Result<Vec<TrueBox>, _>>()?;
    let normal = |row: TrueBox| TrueBox { text: normalise(&row.text, TextRules::default()), ..row };
    Ok(rows.into_iter().map(normal).collect())
}

/// All of them as one archive. Images do not get smaller, so nothing is compressed.
///
/// # Errors
/// When the archive cannot be made.
pub fn archive(receipts: &[Receipt]) -> anyhow::Result<Vec<u8>> {
    let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default().compression_method(CompressionMethod::Stored);
    for receipt in receipts {
        archive.start_file(receipt.name.as_str(), options)?;
        archive.write_all(&receipt.image)?;
        archive.start_file(Path::new(&receipt.name).with_extension("csv").to_string_lossy(), options)?;
        archive.write_all(&receipt.csv)?;
    }
    Ok(archive.finish()?.into_inner())
}

/// A box of a task, as the server tells it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub struct Region {
    /// The first column.
    pub left: u32,
    /// The first row.
    pub top: u32,
    /// The column after the last.
    pub right: u32,
    /// The row after the last.
    pub bottom: u32,
}

/// What the true text of a task is looked up by.
#[derive(Debug, Clone, PartialEq)]
pub struct Placed {
    /// The task's number.
    pub task: u32,
    /// The image's address.
    pub image: String,
    /// Its width in pixels.
    pub width: u32,
    /// Its height in pixels.
    pub height: u32,
    /// The box in it.
    pub region: Region,
}

/// The true text of each task. The server may show images in another size than they were sent in, and names them anew: the
/// tasks of one image belong to the receipt whose boxes lie nearest to theirs.
#[must_use]
pub fn truths(receipts: &[Receipt], tasks: &[Placed]) -> BTreeMap<u32, String> {
    let mut images: BTreeMap<&str, Vec<&Placed>> = BTreeMap::new();
    for task in tasks {
        images.entry(&task.image).or_default().push(task);
    }
    let mut truths = BTreeMap::new();
    for tasks in images.values() {
        let far = |receipt: &Receipt| -> f64 { tasks.iter().map(|task| nearest(receipt, tasks, task).0).sum() };
        let Some(receipt) = receipts.iter().min_by(|a, b| far(a).total_cmp(&far(b))) else { continue };
        truths.extend(tasks.iter().map(|task| (task.task, nearest(receipt, tasks, task).1.to_owned())));
    }
    truths
}

/// How far the nearest box of a receipt is from a task's, and what it says. Both are measured from the first to the last pixel
/// that any box of the image covers, so that the size of the image does not matter.
fn nearest<'a>(receipt: &'a Receipt, tasks: &[&Placed], task: &Placed) -> (f64, &'a str) {
    let shown = Extent::of(tasks.iter().map(|task| task.region));
    let sent = Extent::of(receipt.boxes.iter().map(TrueBox::region));
    let place = shown.relative(task.region);
    let far = |known: &TrueBox| -> f64 { sent.relative(known.region()).iter().zip(&place).map(|(a, b)| (a - b).abs()).sum() };
    let all = receipt.boxes.iter().map(|known| (far(known), known.text.as_str()));
    all.min_by(|a, b| a.0.total_cmp(&b.0)).unwrap_or((f64::INFINITY, ""))
}

/// The rectangle around all boxes of an image.
#[derive(Debug, Clone, Copy)]
struct Extent {
    left: f64,
    top: f64,
    width: f64,
    height: f64,
}

impl Extent {
    fn of(regions: impl Iterator<Item = Region> + Clone) -> Self {
        let least = |side: fn(Region) -> u32| f64::from(regions.clone().map(side).min().unwrap_or(0));
        let most = |side: fn(Region) -> u32| f64::from(regions.clone().map(side).max().unwrap_or(0));
        let (left, top) = (least(|region| region.left), least(|region| region.top));
        let (right, bottom) = (most(|region| region.right), most(|region| region.bottom));
        Self { left, top, width: (right - left).max(1.0), height: (bottom - top).max(1.0) }
    }

    /// The sides of a box in it, each 0 to 1.
    fn relative(self, region: Region) -> [f64; 4] {
        let across = |x: u32| (f64::from(x) - self.left) / self.width;
        let down = |y: u32| (f64::from(y) - self.top) / self.height;
        [across(region.left), down(region.top), across(region.right), down(region.bottom)]
    }
}

impl TrueBox {
    fn region(&self) -> Region {
        Region { left: self.left, top: self.top, right: self.right, bottom: self.bottom }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn receipt(name: &str, csv: &str) -> Receipt {
        let csv = format!("left,top,right,bottom,text\n{csv}").into_bytes();
        Receipt { name: name.to_owned(), image: b"image".to_vec(), boxes: boxes(&csv).unwrap(), csv }
    }

    fn two() -> [Receipt; 2] {
        [
            receipt("1.jpg", "100,100,300,140,TOTAL\n100,200,300,240,\"RM  9.00\"\n400,900,500,950,CASH\n"),
            receipt("2.jpg", "110,100,300,140,DATE\n100,210,320,240,TIME\n400,800,520,850,NO.\n"),
        ]
    }

    #[test]
    fn tasks_find_their_text_in_another_size_and_under_another_name() {
        let receipts = two();
        let half = |n: usize, image: &str, of: &TrueBox| Placed {
            task: u32::try_from(n).unwrap(),
            image: image.to_owned(),
            width: 300,
            height: 500,
            region: Region { left: of.left / 2, top: of.top / 2, right: of.right.div_ceil(2), bottom: of.bottom.div_ceil(2) },
        };
        let mut tasks: Vec<Placed> = receipts[1].boxes.iter().enumerate().map(|(n, of)| half(n, "x", of)).collect();
        tasks.extend(receipts[0].boxes.iter().enumerate().map(|(n, of)| half(n + 3, "y", of)));
        let found: Vec<_> = truths(&receipts, &tasks).into_values().collect();
        assert_eq!(found, ["DATE", "TIME", "NO.", "TOTAL", "RM 9.00", "CASH"]);
    }

    #[test]
    fn the_archive_has_each_image_with_its_boxes() {
        let bytes = archive(&two()).unwrap();
        let archive = zip::ZipArchive::new(Cursor::new(bytes)).unwrap();
        let mut names: Vec<String> = archive.file_names().map(|name| name.unwrap().into_owned()).collect();
        names.sort();
        assert_eq!(names, ["1.csv", "1.jpg", "2.csv", "2.jpg"]);
    }

    #[test]
    fn a_folder_without_receipts_is_refused() {
        let nowhere = std::env::temp_dir().join("madang-no-receipts-here");
        assert!(read(&nowhere, 3).unwrap_err().to_string().starts_with("cannot open"));
    }
}
