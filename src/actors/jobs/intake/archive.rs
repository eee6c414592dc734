//! What lies in an upload: a zip of images and their boxes, or one image. Names are checked before anything is read, sizes
//! while it is.

use std::collections::{BTreeMap, HashSet};
use std::fs::File;
use std::io::{self, BufReader, Read, Seek, SeekFrom};
use std::path::Path;

use image::ImageFormat;
use zip::{CompressionMethod, ZipArchive};

use super::boxes::Written;
use super::fault::{Fault, Why};
use super::picture;
use crate::clients::objects::MediaType;

/// The most files of an archive.
pub const MOST_FILES: usize = 25_000;
/// The most bytes of one image.
pub const MOST_IMAGE_BYTES: u64 = 32 * 1024 * 1024;
/// The most bytes of one file of boxes.
const MOST_BOXES_BYTES: u64 = 2 * 1024 * 1024;
/// The most bytes that an archive may unpack to.
const MOST_UNPACKED: u64 = 8 * 1024 * 1024 * 1024;
/// A file may unpack to so many times its size; images are compressed already and hardly shrink.
const MOST_RATIO: u64 = 200;
/// Up to this size the ratio says nothing.
const RATIO_FROM: u64 = 8 * 1024 * 1024;
/// The most bytes of an archive's directory; with [`MOST_FILES`] names of 600 bytes.
const MOST_DIRECTORY: u32 = 16 * 1024 * 1024;

/// One image of an upload on its way, or what is wrong with a file.
#[derive(Debug)]
pub struct Raw {
    /// Its place in the order of the upload: the same every time.
    pub n: i32,
    /// Its name.
    pub name: String,
    /// The image, and the boxes beside it.
    pub content: Result<Content, Fault>,
}

/// An image's bytes, and those of its boxes.
#[derive(Debug)]
pub struct Content {
    /// What the name says it is.
    pub format: ImageFormat,
    /// The image.
    pub image: Vec<u8>,
    /// The boxes beside it.
    pub boxes: Option<Result<(Written, Vec<u8>), Fault>>,
}

/// One file of the upload as it will be read.
#[derive(Debug)]
enum Item {
    Image { format: ImageFormat, at: usize, boxes: Option<Result<(Written, usize), Why>> },
    Refused(Why),
}

/// An upload that was opened.
#[derive(Debug)]
pub struct Opened {
    source: Source,
    items: Vec<(String, Item)>,
    unpacked: u64,
}

#[derive(Debug)]
enum Source {
    Zip(Box<ZipArchive<BufReader<File>>>),
    Image(File),
}

impl Opened {
    /// Opens an upload of that type. `name` is the one it was announced with.
    ///
    /// # Errors
    /// What is wrong with it as a whole; the outer one is the disk's.
    pub fn open(path: &Path, media: MediaType, name: &str) -> io::Result<Result<Self, Why>> {
        let format = match media {
            MediaType::Jpeg => ImageFormat::Jpeg,
            MediaType::Png => ImageFormat::Png,
            MediaType::Webp => ImageFormat::WebP,
            MediaType::Zip => return Self::open_zip(File::open(path)?),
        };
        let items = vec![(shown(name), Item::Image { format, at: 0, boxes: None })];
        Ok(Ok(Self { source: Source::Image(File::open(path)?), items, unpacked: 0 }))
    }

    fn open_zip(mut file: File) -> io::Result<Result<Self, Why>> {
        // Asked before the directory is read into memory.
        match directory(&mut file)? {
            None => return Ok(Err(Why::NoArchive)),
            Some((files, bytes)) if usize::from(files) > MOST_FILES || bytes > MOST_DIRECTORY => {
                return Ok(Err(Why::ManyFiles));
            }
            Some(_) => {}
        }
        let Ok(mut archive) = ZipArchive::new(BufReader::new(file)) else { return Ok(Err(Why::NoArchive)) };
        if archive.len() > MOST_FILES {
            return Ok(Err(Why::ManyFiles));
        }
        match archive.has_overlapping_files() {
            Ok(false) => {}
            Ok(true) => return Ok(Err(Why::Overlapping)),
            Err(_) => return Ok(Err(Why::NoArchive)),
        }
        let items = listed(&archive);
        if items.is_empty() {
            return Ok(Err(Why::NoFiles));
        }
        Ok(Ok(Self { source: Source::Zip(Box::new(archive)), items, unpacked: 0 }))
    }

    /// How many files it has; numbered from 0.
    #[must_use]
    pub fn files(&self) -> usize {
        self.items.len()
    }

    /// Reads one file, and the boxes beside it.
    ///
    /// # Errors
    /// The disk's.
    pub fn read(&mut self, n: usize) -> io::Result<Option<Raw>> {
        let Some((name, item)) = self.items.get(n) else { return Ok(None) };
        let name = name.clone();
        let content = match item {
            Item::Refused(why) => Err(why.fault()),
            Item::Image { format, at, boxes } => {
                let (format, at) = (*format, *at);
                let boxes = match boxes {
                    None => None,
                    Some(Ok((written, at))) => Some(Ok((*written, *at))),
                    Some(Err(why)) => Some(Err(*why)),
                };
                self.content(format, at, boxes)?
            }
        };
        Ok(Some(Raw { n: i32::try_from(n).unwrap_or(i32::MAX), name, content }))
    }

    fn content(
        &mut self,
        format: ImageFormat,
        at: usize,
        boxes: Option<Result<(Written, usize), Why>>,
    ) -> io::Result<Result<Content, Fault>> {
        let image = match self.bytes(at, MOST_IMAGE_BYTES)? {
            Ok(image) => image,
            Err(why) => return Ok(Err(why.fault())),
        };
        let boxes = match boxes {
            None => None,
            Some(Err(why)) => Some(Err(why.fault())),
            Some(Ok((written, at))) => {
                Some(self.bytes(at, MOST_BOXES_BYTES)?.map(|bytes| (written, bytes)).map_err(Why::fault))
            }
        };
        Ok(Ok(Content { format, image, boxes }))
    }

    /// The bytes of one entry, of which at most `limit` are read whatever its header says.
    fn bytes(&mut self, at: usize, limit: u64) -> io::Result<Result<Vec<u8>, Why>> {
        if self.unpacked >= MOST_UNPACKED {
            return Ok(Err(Why::ArchiveFull));
        }
        let mut bytes = Vec::new();
        let packed = match &mut self.source {
            Source::Image(file) => {
                file.seek(SeekFrom::Start(0))?;
                file.take(limit + 1).read_to_end(&mut bytes)?;
                u64::MAX
            }
            Source::Zip(archive) => {
                let Ok(entry) = archive.by_index(at) else { return Ok(Err(Why::Damaged)) };
                let packed = entry.compressed_size();
                // A wrong checksum or a broken stream; a broken disk would show elsewhere, too.
                if entry.take(limit + 1).read_to_end(&mut bytes).is_err() {
                    return Ok(Err(Why::Damaged));
                }
                packed
            }
        };
        let length = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        self.unpacked = self.unpacked.saturating_add(length);
        if length > RATIO_FROM && length / packed.max(1) > MOST_RATIO {
            return Ok(Err(Why::Bomb));
        }
        if length > limit { Ok(Err(Why::TooLarge)) } else { Ok(Ok(bytes)) }
    }
}

/// How many files the zip's last record names, and how large the directory is; `None` when there is no such record. The
/// larger form for more than 65,534 files counts as too many.
fn directory(file: &mut File) -> io::Result<Option<(u16, u32)>> {
    const RECORD: usize = 22;
    const LONGEST_COMMENT: u64 = 65_535;
    let length = file.seek(SeekFrom::End(0))?;
    let tail = length.min(LONGEST_COMMENT + 22);
    file.seek(SeekFrom::Start(length - tail))?;
    let mut bytes = Vec::new();
    file.take(tail).read_to_end(&mut bytes)?;
    file.seek(SeekFrom::Start(0))?;
    let record = bytes.windows(RECORD).rev().find(|window| window.starts_with(b"PK\x05\x06"));
    Ok(record.and_then(|record| {
        let files = record.get(10..12)?.try_into().ok().map(u16::from_le_bytes)?;
        let bytes = record.get(12..16)?.try_into().ok().map(u32::from_le_bytes)?;
        Some((files, bytes))
    }))
}

/// What a file of an archive is to us.
enum Sort {
    Image(ImageFormat),
    Boxes(Written),
    Refused(Why),
    /// A folder, or what systems leave in archives unasked.
    Nothing,
}

/// Every file of an archive that counts, in the order of the names.
fn listed(archive: &ZipArchive<BufReader<File>>) -> Vec<(String, Item)> {
    let mut images: BTreeMap<String, (ImageFormat, usize)> = BTreeMap::new();
    let mut boxes: BTreeMap<String, Vec<(String, Written, usize)>> = BTreeMap::new();
    let mut items = Vec::new();
    for at in 0..archive.len() {
        let Ok(entry) = archive.by_index_data(at) else { continue };
        let raw = entry.name_raw();
        let name = std::str::from_utf8(raw).map(str::to_owned);
        let sort = match &name {
            Err(_) => Sort::Refused(Why::BadPath),
            Ok(name) => sort(name, entry.is_dir()),
        };
        let name = name.unwrap_or_else(|_| String::from_utf8_lossy(raw).into_owned());
        let sort = match sort {
            Sort::Nothing => Sort::Nothing,
            _ if !entry.is_file() => Sort::Refused(Why::NotAFile),
            _ if entry.encrypted() => Sort::Refused(Why::Encrypted),
            Sort::Image(_) | Sort::Boxes(_)
                if !matches!(entry.compression(), CompressionMethod::Stored | CompressionMethod::Deflated) =>
            {
                Sort::Refused(Why::Method)
            }
            sort @ (Sort::Image(_) | Sort::Boxes(_) | Sort::Refused(_)) => sort,
        };
        match sort {
            Sort::Nothing => {}
            Sort::Refused(why) => items.push((shown(&name), Item::Refused(why))),
            Sort::Image(format) => {
                images.insert(name, (format, at));
            }
            Sort::Boxes(written) => boxes.entry(stem(&name).to_owned()).or_default().push((name, written, at)),
        }
    }
    let mut named = HashSet::new();
    for (name, (format, at)) in images {
        let beside = match boxes.get(stem(&name)).map(Vec::as_slice) {
            None | Some([]) => None,
            Some([(_, written, at)]) => Some(Ok((*written, *at))),
            Some(_) => Some(Err(Why::TwoFiles)),
        };
        named.insert(stem(&name).to_owned());
        items.push((shown(&name), Item::Image { format, at, boxes: beside }));
    }
    let alone = boxes.into_iter().filter(|(stem, _)| !named.contains(stem)).flat_map(|(_, files)| files);
    items.extend(alone.map(|(name, _, _)| (shown(&name), Item::Refused(Why::NoImage))));
    items.sort_by(|(a, _), (b, _)| a.cmp(b));
    items
}

fn sort(name: &str, folder: bool) -> Sort {
    // Other systems read a backslash as a separator.
    let parts: Vec<&str> = name.split(['/', '\\']).collect();
    let trick = name.starts_with('/')
        || name.contains(['\\', ':'])
        || name.chars().any(char::is_control)
        || parts.contains(&"..")
        || name.len() > 512;
    if trick {
        return Sort::Refused(Why::BadPath);
    }
    let last = parts.last().copied().unwrap_or_default();
    if folder
        || last.is_empty()
        || last.starts_with('.')
        || parts.contains(&"__MACOSX")
        || last.eq_ignore_ascii_case("thumbs.db")
    {
        return Sort::Nothing;
    }
    let ending = last.rsplit_once('.').map_or("", |(_, ending)| ending).to_ascii_lowercase();
    match ending.as_str() {
        "csv" => Sort::Boxes(Written::Csv),
        "json" => Sort::Boxes(Written::Json),
        "svg" | "svgz" => Sort::Refused(Why::Svg),
        ending => picture::named(ending).map_or(Sort::Refused(Why::UnknownType), Sort::Image),
    }
}

/// The name without its ending, folders included.
fn stem(name: &str) -> &str {
    name.rsplit_once('.').map_or(name, |(stem, _)| stem)
}

/// A name as it may be stored and shown: bounded, without control characters.
fn shown(name: &str) -> String {
    name.chars().take(255).map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect()
}
