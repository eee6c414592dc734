//! The pipeline without a database: what goes in, what comes out, what is wrong with the rest.

use std::io::{Cursor, Write};
use std::path::PathBuf;

use image::{DynamicImage, GrayImage, ImageFormat, Luma, Rgb, RgbImage, RgbaImage};
use madang_domain::campaign::TaskKind;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

use super::archive::{Opened, Raw};
use super::boxes::{self, Frame, Piece, Written};
use super::detect::{Components, Detector, Measured, measure};
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

fn frame(left: u32, top: u32, right: u32, bottom: u32) -> Option<Frame> {
    Some(Frame { left, top, right, bottom })
}

#[test]
fn boxes_are_read_from_csv_and_from_json() {
    let csv = "left,top,right,bottom,text,gold\n1,2,30,40,\"A, B\",1\n1.5,2,30,40,,\n";
    let read = boxes::read(csv.as_bytes(), Written::Csv, (100, 100), true).unwrap();
    let piece = |frame, text: Option<&str>, gold| Piece { frame, text: text.map(str::to_owned), gold, machine: None };
    let expected = [piece(frame(1, 2, 30, 40), Some("A, B"), true), piece(frame(1, 2, 30, 40), None, false)];
    assert_eq!((read.pieces.as_slice(), read.faults.len()), (expected.as_slice(), 0));
    let json = r#"[{"left": 1, "top": 2, "right": 30, "bottom": 40, "text": "A, B", "gold": true},
        {"left": 1.5, "top": 2, "right": "30", "bottom": 40}]"#;
    assert_eq!(boxes::read(json.as_bytes(), Written::Json, (100, 100), true).unwrap(), read);
}

#[test]
fn a_bad_line_is_told_by_its_number_and_the_others_are_taken() {
    let long = "x".repeat(501);
    let csv = format!(
        "\u{feff}left,top,right,bottom,text,gold\n1,1,9,9,fine,0\n1,1,x,9,,\n9,1,1,9,,\n1,1,101,9,,\n-1,1,9,9,,\n1,1,9\n\
         1,1,9,9,,maybe\n1,1,9,9,,yes\n1,1,9,9,{long},\nNaN,1,9,9,,\n1,1,9,9,\"two\nlines\",\n1,1,1e9,9,,\n2,2,8,8,also,no\n"
    );
    let read = boxes::read(csv.as_bytes(), Written::Csv, (100, 100), true).unwrap();
    assert_eq!(read.pieces.len(), 3);
    let told: Vec<_> = read.faults.iter().map(|fault| (fault.line.unwrap(), fault.code)).collect();
    let expected = [
        (3, "boxes.not_a_number"),
        (4, "boxes.empty"),
        (5, "boxes.outside"),
        (6, "boxes.outside"),
        (7, "boxes.malformed"),
        (8, "boxes.gold_unclear"),
        (9, "boxes.gold_without_text"),
        (10, "boxes.long_text"),
        (11, "boxes.not_a_number"),
        (14, "boxes.outside"),
    ];
    assert_eq!(told, expected);
}

#[test]
fn a_file_of_boxes_that_cannot_be_read_is_refused() {
    let read = |bytes: &[u8], written| boxes::read(bytes, written, (100, 100), true);
    assert_eq!(why(read(b"left,top,right\n1,1,2\n", Written::Csv)), "boxes.header");
    assert_eq!(why(read(b"", Written::Csv)), "boxes.header");
    assert_eq!(why(read(b"left,top,right,bottom\n\xff\xfe,1,1,1\n", Written::Csv)), "boxes.malformed");
    assert_eq!(read(b"a\nb\n\xff", Written::Csv).unwrap_err().line, Some(3));
    assert_eq!(why(read(b"{}", Written::Json)), "boxes.malformed");
    assert_eq!(read(b"[{},\n{]", Written::Json).unwrap_err().line, Some(2));
    let many: String =
        std::iter::once("left,top,right,bottom\n".to_owned()).chain((0..2_100).map(|_| "1,1,9,9\n".to_owned())).collect();
    let many = read(many.as_bytes(), Written::Csv).unwrap();
    assert_eq!((many.pieces.len(), many.faults.len()), (boxes::MOST_BOXES, 1));
    let wrong: String =
        std::iter::once("left,top,right,bottom\n".to_owned()).chain((0..100).map(|_| "1,1,0,9\n".to_owned())).collect();
    assert_eq!(read(wrong.as_bytes(), Written::Csv).unwrap().faults.len(), 21);
}

#[test]
fn boxes_follow_the_image_when_it_is_made_smaller() {
    let whole = Frame { left: 0, top: 0, right: 5000, bottom: 100 };
    assert_eq!(whole.scaled((5000, 100), (2048, 40)), Frame { left: 0, top: 0, right: 2048, bottom: 40 });
    let dot = Frame { left: 4999, top: 99, right: 5000, bottom: 100 };
    assert_eq!(dot.scaled((5000, 100), (2048, 40)), Frame { left: 2047, top: 39, right: 2048, bottom: 40 });
    assert_eq!(whole.scaled((5000, 100), (5000, 100)), whole);
}

#[test]
fn a_text_is_kept_only_where_it_is_gold() {
    let png = encoded(grey(100, 100), ImageFormat::Png);
    let csv = "left,top,right,bottom,text,gold\n1,1,9,9,known,1\n1,20,9,30,secret,0\n";
    let tasks = one(&wanted(TaskKind::Ocr), &png, Some(csv)).image.unwrap().tasks("im-x.jpg");
    let golds: Vec<_> = tasks.iter().map(|task| task.gold.as_deref()).collect();
    assert_eq!(golds, [Some("known"), None]);
    assert!(!serde_json::to_string(&tasks).unwrap().contains("secret"));
    let all = Wanted { gold_share_bp: 10_000, ..wanted(TaskKind::Ocr) };
    let tasks = one(&all, &png, Some(csv)).image.unwrap().tasks("im-x.jpg");
    assert!(tasks.iter().all(|task| task.gold.is_some()));
}

#[test]
fn the_gold_share_is_drawn_by_its_seed_alone() {
    let png = encoded(grey(100, 100), ImageFormat::Png);
    let csv: String = std::iter::once("left,top,right,bottom,text\n".to_owned())
        .chain((0..1000).map(|n| format!("1,1,9,9,text {n}\n")))
        .collect();
    let golds = |gold_seed| -> Vec<bool> {
        let wanted = Wanted { gold_share_bp: 2_000, gold_seed, ..wanted(TaskKind::Ocr) };
        one(&wanted, &png, Some(&csv)).image.unwrap().pieces.iter().map(|piece| piece.gold).collect()
    };
    let (first, second) = (golds(1), golds(2));
    assert_eq!(first, golds(1));
    assert_ne!(first, second);
    let share = first.iter().filter(|gold| **gold).count();
    assert!((140..=260).contains(&share), "{share} of 1000 for 20 %");
}

#[test]
fn other_kinds_get_one_task_for_each_image() {
    let png = encoded(grey(50, 50), ImageFormat::Png);
    let choice = Wanted { choices: vec!["cat".to_owned(), "dog".to_owned()], ..wanted(TaskKind::Choice) };
    let tasks = |csv| one(&choice, &png, csv).image.map(|image| image.tasks("im-x.jpg"));
    let plain = tasks(None).unwrap();
    assert_eq!((plain.len(), plain[0].region, plain[0].gold.as_deref()), (1, None, None));
    assert_eq!(tasks(Some("text,gold\ncat,1\n")).unwrap()[0].gold.as_deref(), Some("cat"));
    let wrong = one(&choice, &png, Some("text,gold\nhorse,1\n"));
    assert_eq!((wrong.image.is_some(), codes(&wrong)), (false, vec!["boxes.no_choice", "boxes.none"]));
}

#[test]
fn an_image_whose_boxes_cannot_be_read_is_not_taken() {
    let png = encoded(grey(50, 50), ImageFormat::Png);
    let worked = one(&wanted(TaskKind::Ocr), &png, Some("nonsense"));
    assert_eq!((worked.image.is_some(), codes(&worked)), (false, vec!["boxes.header", "boxes.unread"]));
    let worked = one(&wanted(TaskKind::Ocr), &png, Some("left,top,right,bottom\n1,1,99,9\n"));
    assert_eq!((worked.image.is_some(), codes(&worked)), (false, vec!["boxes.outside", "boxes.none"]));
    let worked = one(&wanted(TaskKind::Ocr), &encoded(RgbImage::from_pixel(200, 200, Rgb([250; 3])), ImageFormat::Png), None);
    assert_eq!((worked.image.is_some(), codes(&worked)), (false, vec!["image.no_text"]));
}

/// A page with lines of blocks that stand like letters; gives the true boxes, too.
fn page() -> (GrayImage, Vec<Frame>) {
    let mut page = GrayImage::from_pixel(600, 400, Luma([235]));
    let mut truth = Vec::new();
    for (line, letters) in [(40, 20), (80, 9), (120, 30), (200, 14), (260, 25)] {
        for letter in 0..letters {
            let left = 50 + letter * 16;
            for x in left..left + 11 {
                for y in line..line + 20 {
                    // A ring, like an o.
                    if x < left + 3 || x >= left + 8 || y < line + 3 || y >= line + 17 {
                        page.put_pixel(x, y, Luma([40]));
                    }
                }
            }
        }
        truth.push(Frame { left: 50, top: line, right: 50 + letters * 16 - 5, bottom: line + 20 });
    }
    (page, truth)
}

#[test]
fn lines_of_letters_are_found_and_nothing_else() {
    let (page, truth) = page();
    let measured = measure(&truth, &Components.find(&page, 100));
    assert_eq!(measured, Measured { truth: 5, given: 5, matched: 5, covered: 5 });
    assert_eq!(Components.find(&page, 2).len(), 2);
    assert!(Components.find(&GrayImage::from_pixel(300, 300, Luma([200])), 100).is_empty());
    assert!(Components.find(&GrayImage::new(1, 1), 100).is_empty());
}

#[test]
fn boxes_are_paired_once_and_half_an_overlap_counts() {
    let square = |left: u32| Frame { left, top: 0, right: left + 30, bottom: 10 };
    let measured = |truth: &[u32], given: &[u32]| {
        let squares = |lefts: &[u32]| lefts.iter().map(|left| square(*left)).collect::<Vec<_>>();
        measure(&squares(truth), &squares(given))
    };
    // Two thirds in common are half of both together.
    assert_eq!(measured(&[0], &[10]), Measured { truth: 1, given: 1, matched: 1, covered: 0 });
    assert_eq!(measured(&[0], &[11]), Measured { truth: 1, given: 1, matched: 0, covered: 0 });
    assert_eq!(measured(&[0], &[0, 1]), Measured { truth: 1, given: 2, matched: 1, covered: 1 });
    assert_eq!(measured(&[], &[0]).recall().to_bits(), 0f64.to_bits());
}
