//! The pipeline without a database: what goes in, what comes out, what is wrong with the rest.

mod boxes;
mod detect;

use std::io::{Cursor, Write};
use std::path::PathBuf;

use image::{DynamicImage, GrayImage, ImageFormat, Rgb, RgbImage, RgbaImage};
use madang_domain::campaign::TaskKind;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

use super::archive::{Opened, Raw};
use super::detect::Components;
use super::fault::{Fault, Why};
use super::picture;
use super::task::{Wanted, Worked, work_up};
use crate::clients::objects::MediaType;

fn encoded(image: impl Into<DynamicImage>, format: ImageFormat) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    image.into().write_to(&mut bytes, format).unwrap();
    bytes.into_inner()
}

fn grey(width: u32, height: u32) -> RgbImage {
    RgbImage::from_fn(width, height, |x, y| Rgb([u8::try_from((x * 7 + y * 13) % 256).unwrap(), 90, 200]))
}

fn why(result: Result<impl std::fmt::Debug, Fault>) -> &'static str {
    result.unwrap_err().code
}

struct Packed(ZipWriter<Cursor<Vec<u8>>>);

impl Packed {
    fn new() -> Self {
        Self(ZipWriter::new(Cursor::new(Vec::new())))
    }

    fn with(mut self, name: &str, bytes: &[u8]) -> Self {
        self.0.start_file(name, SimpleFileOptions::default().compression_method(CompressionMethod::Deflated)).unwrap();
        self.0.write_all(bytes).unwrap();
        self
    }

    fn bytes(self) -> Vec<u8> {
        self.0.finish().unwrap().into_inner()
    }
}

/// A file that is gone with the test.
struct OnDisk(PathBuf);

impl OnDisk {
    fn new(bytes: &[u8]) -> Self {
        let path = std::env::temp_dir().join(format!("madang-intake-{}", uuid::Uuid::new_v4()));
        std::fs::write(&path, bytes).unwrap();
        Self(path)
    }

    fn open(&self) -> Result<Opened, Why> {
        Opened::open(&self.0, MediaType::Zip, "x.zip").unwrap()
    }
}

impl Drop for OnDisk {
    fn drop(&mut self) {
        std::fs::remove_file(&self.0).unwrap();
    }
}

fn files(bytes: &[u8]) -> Vec<Raw> {
    let file = OnDisk::new(bytes);
    let mut opened = file.open().unwrap();
    (0..opened.files()).map(|n| opened.read(n).unwrap().unwrap()).collect()
}

/// Name and what is wrong with it, of each file.
fn outcomes(bytes: &[u8]) -> Vec<(String, &'static str)> {
    files(bytes).into_iter().map(|raw| (raw.name, raw.content.map_or_else(|fault| fault.code, |_| "fine"))).collect()
}

fn wanted(kind: TaskKind) -> Wanted {
    Wanted { kind, choices: Vec::new(), gold_share_bp: 0, gold_seed: 0 }
}

fn codes(worked: &Worked) -> Vec<&'static str> {
    worked.faults.iter().map(|fault| fault.code).collect()
}

fn one(wanted: &Wanted, image: &[u8], csv: Option<&str>) -> Worked {
    let mut packed = Packed::new().with("a.png", image);
    if let Some(csv) = csv {
        packed = packed.with("a.csv", csv.as_bytes());
    }
    work_up(files(&packed.bytes()).remove(0), wanted, &Components)
}

#[test]
fn each_reason_has_its_own_name() {
    let names: std::collections::HashSet<_> = Why::ALL.iter().map(|why| why.name()).collect();
    assert_eq!(names.len(), Why::ALL.len());
}

#[test]
fn images_are_checked_and_made_anew() {
    for format in [ImageFormat::Jpeg, ImageFormat::Png, ImageFormat::WebP] {
        let image = picture::check(&encoded(grey(60, 30), format), format).unwrap();
        assert_eq!((image.sent, image.pixels.dimensions()), ((60, 30), (60, 30)), "{format:?}");
        assert_eq!(image::guess_format(&image.jpeg).unwrap(), ImageFormat::Jpeg);
    }
    let large = picture::check(&encoded(GrayImage::new(5000, 100), ImageFormat::Png), ImageFormat::Png).unwrap();
    assert_eq!((large.sent, large.pixels.dimensions()), ((5000, 100), (2048, 40)));
    let glass = RgbaImage::from_pixel(20, 20, image::Rgba([0, 0, 0, 0]));
    let glass = picture::check(&encoded(glass, ImageFormat::Png), ImageFormat::Png).unwrap();
    assert_eq!(glass.pixels.get_pixel(3, 3), &Rgb([255, 255, 255]), "what shines through is white");
}

#[test]
fn what_is_no_image_is_named() {
    let jpeg = encoded(grey(200, 200), ImageFormat::Jpeg);
    let png = encoded(grey(200, 200), ImageFormat::Png);
    assert_eq!(why(picture::check(&png, ImageFormat::Jpeg)), "image.wrong_type");
    assert_eq!(why(picture::check(b"<svg onload='alert(1)'/>", ImageFormat::Png)), "image.wrong_type");
    for part in [jpeg.len() / 3, jpeg.len() / 2, jpeg.len() - 2] {
        assert_eq!(why(picture::check(&jpeg[..part], ImageFormat::Jpeg)), "image.truncated", "{part} bytes");
    }
    let code = why(picture::check(&png[..png.len() / 2], ImageFormat::Png));
    assert!(["image.truncated", "image.broken"].contains(&code), "{code}");
    assert_eq!(why(picture::check(&encoded(grey(4, 100), ImageFormat::Png), ImageFormat::Png)), "image.too_small");
    let mut wrong = png.clone();
    wrong[60] ^= 0xff;
    assert!(picture::check(&wrong, ImageFormat::Png).is_err());
}

/// The header of a PNG that claims to be huge, with next to nothing behind it.
fn bomb(width: u32, height: u32) -> Vec<u8> {
    let mut png = encoded(GrayImage::new(16, 16), ImageFormat::Png);
    png[16..20].copy_from_slice(&width.to_be_bytes());
    png[20..24].copy_from_slice(&height.to_be_bytes());
    let sum = crc(&png[12..29]);
    png[29..33].copy_from_slice(&sum.to_be_bytes());
    png
}

/// The checksum of PNG's chunks.
fn crc(bytes: &[u8]) -> u32 {
    let shift = |crc: u32, _| if crc & 1 == 1 { (crc >> 1) ^ 0xedb8_8320 } else { crc >> 1 };
    !bytes.iter().fold(u32::MAX, |crc, byte| (0..8).fold(crc ^ u32::from(*byte), shift))
}

#[test]
fn an_image_bomb_is_not_even_decoded() {
    for (width, height) in [(60_000, 60_000), (15_000, 15_000), (4_000_000, 10)] {
        assert_eq!(why(picture::check(&bomb(width, height), ImageFormat::Png)), "image.too_many_pixels", "{width}x{height}");
    }
}

#[test]
fn only_the_picture_of_a_polyglot_remains() {
    let mut polyglot = encoded(grey(40, 40), ImageFormat::Jpeg);
    polyglot.extend_from_slice(b"<script>alert(1)</script>PK\x03\x04");
    let image = picture::check(&polyglot, ImageFormat::Jpeg).unwrap();
    assert!(!image.jpeg.windows(8).any(|part| part == b"<script>"));
}

/// A JPEG whose metadata says that it lies on its side, with a word in it.
fn turned() -> Vec<u8> {
    let jpeg = encoded(grey(60, 30), ImageFormat::Jpeg);
    let mut exif = b"Exif\0\0MM\0\x2a\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0".to_vec();
    exif.extend_from_slice(b"where I live");
    let length = u16::try_from(exif.len() + 2).unwrap();
    let mut bytes = vec![0xff, 0xd8, 0xff, 0xe1];
    bytes.extend_from_slice(&length.to_be_bytes());
    bytes.extend_from_slice(&exif);
    bytes.extend_from_slice(&jpeg[2..]);
    bytes
}

#[test]
fn an_image_stands_upright_and_tells_nothing_about_its_sender() {
    let image = picture::check(&turned(), ImageFormat::Jpeg).unwrap();
    assert_eq!((image.sent, image.pixels.dimensions()), ((30, 60), (30, 60)));
    assert!(!image.jpeg.windows(4).any(|part| part == b"Exif" || part == b"wher"));
}

#[test]
fn an_archive_is_read_in_the_order_of_its_names_and_the_rest_is_refused_file_by_file() {
    let png = encoded(grey(20, 20), ImageFormat::Png);
    let bytes = Packed::new()
        .with("b.png", &png)
        .with("a/2.png", &png)
        .with("a/2.csv", b"left,top,right,bottom\n1,1,9,9\n")
        .with("../evil.png", &png)
        .with("/etc/passwd.png", &png)
        .with("c:\\evil.png", &png)
        .with("alone.json", b"[]")
        .with("both.png", &png)
        .with("both.csv", b"")
        .with("both.json", b"")
        .with("script.svg", b"<svg/>")
        .with("notes.txt", b"hello")
        .with("inner.zip", b"PK")
        .with("__MACOSX/a/._2.png", b"")
        .with(".DS_Store", b"")
        .bytes();
    let expected = [
        ("../evil.png", "file.bad_path"),
        ("/etc/passwd.png", "file.bad_path"),
        ("a/2.png", "fine"),
        ("alone.json", "boxes.no_image"),
        ("b.png", "fine"),
        ("both.png", "fine"),
        ("c:\\evil.png", "file.bad_path"),
        ("inner.zip", "file.unknown_type"),
        ("notes.txt", "file.unknown_type"),
        ("script.svg", "file.svg"),
    ];
    assert_eq!(outcomes(&bytes), expected.map(|(name, code)| (name.to_owned(), code)));
    let both = files(&bytes).remove(5).content.unwrap().boxes.unwrap();
    assert_eq!(why(both), "boxes.two_files");
}

#[test]
fn no_file_is_cut_off_however_many_there_are() {
    let packed = (0..2_500).fold(Packed::new(), |packed, n| packed.with(&format!("{n:05}.txt"), b""));
    let found = outcomes(&packed.bytes());
    assert_eq!((found.len(), found.last().unwrap().0.as_str()), (2_500, "02499.txt"));
}

#[test]
fn a_name_is_a_name_and_never_words_for_a_shell() {
    let png = encoded(grey(20, 20), ImageFormat::Png);
    for name in ["$(touch evil).png", "`id`.png", "a; rm -rf b.png", "-rf.png", "a'b\"c.png", "a|b&c.png"] {
        assert_eq!(outcomes(&Packed::new().with(name, &png).bytes()), [(name.to_owned(), "fine")]);
    }
}

#[test]
fn a_bomb_is_stopped_while_it_is_read() {
    let bytes = Packed::new().with("bomb.png", &vec![0; 30 << 20]).with("larger.png", &vec![0; 40 << 20]).bytes();
    assert!(bytes.len() < 200_000);
    let expected = [("bomb.png", "file.bomb"), ("larger.png", "file.bomb")];
    assert_eq!(outcomes(&bytes), expected.map(|(name, code)| (name.to_owned(), code)));
}

#[test]
fn a_broken_archive_is_refused_as_a_whole_or_where_it_is_broken() {
    let refused = |bytes: &[u8]| OnDisk::new(bytes).open().unwrap_err();
    let png = encoded(grey(20, 20), ImageFormat::Png);
    let good = Packed::new().with("a.png", &png).with("b.png", &png).bytes();
    assert_eq!(refused(b"not a zip"), Why::NoArchive);
    assert_eq!(refused(&good[..good.len() - 30]), Why::NoArchive);
    assert_eq!(refused(&Packed::new().bytes()), Why::NoFiles);
    let mut many = good.clone();
    let record = many.len() - 22;
    many[record + 10..record + 12].copy_from_slice(&60_000u16.to_le_bytes());
    assert_eq!(refused(&many), Why::ManyFiles);
    let mut damaged = good;
    damaged[60] ^= 0xff;
    assert_eq!(outcomes(&damaged), [("a.png".to_owned(), "file.damaged"), ("b.png".to_owned(), "fine")]);
}
