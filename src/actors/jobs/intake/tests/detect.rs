//! What is found as text, and how that is measured.

use image::{GrayImage, Luma};

use super::super::boxes::Frame;
use super::super::detect::{Components, Detector, Measured, measure};

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
