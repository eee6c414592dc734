//! From one image and its boxes to tasks.

use image::imageops;
use madang_domain::campaign::{NewTask, Region, Rules, TaskKind};
use sha2::{Digest, Sha256};

use super::archive::{Content, Raw};
use super::boxes::{self, Frame, MOST_BOXES, Piece};
use super::detect::Detector;
use super::fault::{Fault, Why};
use super::picture::{self, WebImage};

/// What the campaign and the upload say about the tasks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    /// What is asked.
    pub kind: TaskKind,
    /// What may be chosen, where something is.
    pub choices: Vec<String>,
    /// How many of ten thousand texts become gold.
    pub gold_share_bp: u16,
    /// Which of them.
    pub gold_seed: i64,
}

/// What became of one file.
#[derive(Debug)]
pub struct Worked {
    /// Its place in the upload.
    pub n: i32,
    /// Its name.
    pub name: String,
    /// The image that is shown, with its tasks; none when the file is not taken.
    pub image: Option<Shown>,
    /// What was wrong with it, or with some of its boxes.
    pub faults: Vec<Fault>,
}

/// An image that is shown, and what is asked about it.
#[derive(Debug)]
pub struct Shown {
    /// The image.
    pub jpeg: Vec<u8>,
    /// Its width in pixels.
    pub width: u32,
    /// Its height in pixels.
    pub height: u32,
    /// What is asked; never empty.
    pub pieces: Vec<Piece>,
}

impl Shown {
    /// The tasks, for the image under this key.
    #[must_use]
    pub fn tasks(self, key: &str) -> Vec<NewTask> {
        let (width, height) = (self.width, self.height);
        let task = |piece: Piece| NewTask {
            image: key.to_owned(),
            width,
            height,
            region: piece.frame.map(|Frame { left, top, right, bottom }| Region { left, top, right, bottom }),
            gold: piece.text.filter(|_| piece.gold),
            machine: piece.machine,
        };
        self.pieces.into_iter().map(task).collect()
    }
}

/// Works one file up. Takes as long as its image is large: not for threads that others wait for.
#[must_use]
pub fn work_up(raw: Raw, wanted: &Wanted, detector: &dyn Detector) -> Worked {
    let Raw { n, name, content } = raw;
    let mut faults = Vec::new();
    let image = match content.and_then(|content| shown(n, content, wanted, detector, &mut faults)) {
        Ok(image) => Some(image),
        Err(fault) => {
            faults.push(fault);
            None
        }
    };
    Worked { n, name, image, faults }
}

fn shown(n: i32, content: Content, wanted: &Wanted, detector: &dyn Detector, faults: &mut Vec<Fault>) -> Result<Shown, Fault> {
    let image = picture::check(&content.image, content.format)?;
    let boxed = wanted.kind == TaskKind::Ocr;
    let size = image.pixels.dimensions();
    let mut pieces = match content.boxes {
        None if boxed => found(&image, detector)?,
        None => vec![Piece { frame: None, text: None, gold: false, machine: None }],
        Some(beside) => {
            let read = beside.and_then(|(written, bytes)| boxes::read(&bytes, written, image.sent, boxed));
            let read = read.map_err(|fault| {
                faults.push(fault);
                Why::Unread.fault()
            })?;
            faults.extend(read.faults);
            let scaled = |piece: Piece| Piece { frame: piece.frame.map(|frame| frame.scaled(image.sent, size)), ..piece };
            read.pieces.into_iter().map(scaled).collect()
        }
    };
    if !boxed && pieces.len() > 1 {
        pieces.truncate(1);
        faults.push(Why::TooMany.saying("one line is about the whole image"));
    }
    for (index, piece) in (0u32..).zip(&mut pieces) {
        piece.gold = piece.gold || (piece.text.is_some() && drawn(wanted, n, index));
    }
    // A campaign refuses a whole part for one known answer that cannot be asked for.
    pieces.retain(|piece| {
        let known = [piece.text.as_ref().filter(|_| piece.gold), piece.machine.as_ref()];
        let fault = known.into_iter().flatten().find_map(|text| unfit(text, wanted));
        faults.extend(fault.map(Why::fault));
        fault.is_none()
    });
    if pieces.is_empty() {
        return Err(Why::NothingLeft.fault());
    }
    let WebImage { pixels, jpeg, .. } = image;
    Ok(Shown { jpeg, width: pixels.width(), height: pixels.height(), pieces })
}

/// Why a known answer cannot be one in this campaign.
fn unfit(text: &str, wanted: &Wanted) -> Option<Why> {
    let kept = Rules::kept(text);
    if kept.is_empty() || kept.chars().count() > boxes::LONGEST_TEXT {
        Some(Why::LongText)
    } else if wanted.kind == TaskKind::Choice && !wanted.choices.contains(&kept) {
        Some(Why::NoChoice)
    } else {
        None
    }
}

/// What the detector finds, in pixels of the image that is shown.
fn found(image: &WebImage, detector: &dyn Detector) -> Result<Vec<Piece>, Fault> {
    let frames = detector.find(&imageops::grayscale(&image.pixels), MOST_BOXES);
    if frames.is_empty() {
        return Err(Why::NoText.fault());
    }
    let piece = |frame| Piece { frame: Some(frame), text: None, gold: false, machine: None };
    Ok(frames.into_iter().map(piece).collect())
}

/// Whether the upload's gold share falls on this text: by its seed and place alone, so the same every time.
fn drawn(wanted: &Wanted, n: i32, index: u32) -> bool {
    let mut hash = Sha256::new();
    hash.update(b"madang gold");
    hash.update(wanted.gold_seed.to_be_bytes());
    hash.update(n.to_be_bytes());
    hash.update(index.to_be_bytes());
    let number = hash.finalize().iter().take(8).fold(0u64, |number, byte| (number << 8) | u64::from(*byte));
    number % 10_000 < u64::from(wanted.gold_share_bp)
}
