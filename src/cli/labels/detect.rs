//! `madang labels detect`: how well the built-in detector finds text, against boxes that people drew.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::{Context, anyhow};
use clap::Args;
use image::imageops;

use crate::actors::jobs::intake::boxes::{self, Frame, MOST_BOXES, Written};
use crate::actors::jobs::intake::detect::{Components, Detector, Measured, measure};
use crate::actors::jobs::intake::picture;
use crate::cli::say::{complain, say};

/// The recall is below what was asked for.
const EXIT_BELOW: u8 = 1;
/// Nothing to measure.
const EXIT_NO_INPUT: u8 = 66;

/// Settings of `madang labels detect`.
#[derive(Debug, Args)]
pub struct Detect {
    /// The folder.
    pub folder: PathBuf,
    /// Print a line for each image.
    #[arg(long)]
    pub each: bool,
    /// The recall that must be reached, 0 to 1.
    #[arg(long, default_value_t = 0.0)]
    pub at_least: f64,
}

impl Detect {
    /// Measures, prints the figures.
    ///
    /// # Errors
    /// What could not be read.
    pub fn run(self) -> anyhow::Result<ExitCode> {
        let (mut all, mut images, mut took) = (Measured::default(), 0u32, Duration::ZERO);
        for path in pictures(&self.folder)? {
            let (measured, time) = one(&path).with_context(|| path.display().to_string())?;
            if self.each {
                say!("{}: {}", path.display(), figures(&measured));
            }
            (all, images, took) = (all.with(measured), images + 1, took + time);
        }
        if images == 0 {
            complain!("{} holds no images with a CSV file of boxes beside them", self.folder.display());
            return Ok(ExitCode::from(EXIT_NO_INPUT));
        }
        say!("{images} images, {} true boxes, {} boxes given", all.truth, all.given);
        say!("{}", figures(&all));
        say!("{:.0} ms an image", took.as_secs_f64() * 1000.0 / f64::from(images));
        Ok(if all.recall() < self.at_least { ExitCode::from(EXIT_BELOW) } else { ExitCode::SUCCESS })
    }
}

fn figures(measured: &Measured) -> String {
    let (recall, precision, coverage) = (measured.recall(), measured.precision(), measured.coverage());
    format!("recall {recall:.3} and precision {precision:.3} at IoU 0.5, {coverage:.3} of the true boxes covered by 70 %")
}

/// The images that have boxes beside them, by name.
fn pictures(folder: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let entries = fs::read_dir(folder).with_context(|| folder.display().to_string())?;
    let mut found: Vec<PathBuf> = entries.map(|entry| entry.map(|entry| entry.path())).collect::<Result<_, _>>()?;
    found.retain(|path| format(path).is_some() && path.with_extension("csv").exists());
    found.sort();
    Ok(found)
}

fn format(path: &Path) -> Option<image::ImageFormat> {
    path.extension().and_then(|ending| ending.to_str()).and_then(picture::named)
}

fn one(path: &Path) -> anyhow::Result<(Measured, Duration)> {
    let format = format(path).context("not an image")?;
    let image = picture::check(&fs::read(path)?, format).map_err(|fault| anyhow!(fault.message))?;
    let read = boxes::read(&fs::read(path.with_extension("csv"))?, Written::Csv, image.sent, true);
    let read = read.map_err(|fault| anyhow!("the boxes: {}", fault.message))?;
    let size = image.pixels.dimensions();
    let truth: Vec<Frame> =
        read.pieces.iter().filter_map(|piece| piece.frame).map(|frame| frame.scaled(image.sent, size)).collect();
    let grey = imageops::grayscale(&image.pixels);
    let began = Instant::now();
    let given = Components.find(&grey, MOST_BOXES);
    Ok((measure(&truth, &given), began.elapsed()))
}
