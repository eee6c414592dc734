//! What is read as boxes, and the tasks that come of them.

use image::{ImageFormat, Rgb, RgbImage};
use madang_domain::campaign::TaskKind;

use super::super::boxes::{self, Frame, Piece, Written};
use super::super::task::Wanted;
use super::{codes, encoded, grey, one, wanted, why};

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
