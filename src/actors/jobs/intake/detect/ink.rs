//! Which pixels are ink: darker than the paper around them, by Sauvola's threshold (Sauvola and Pietikäinen, "Adaptive
//! document image binarization", 2000): `mean * (1 + K * (deviation / 128 - 1))` over a window around the pixel.

use image::GrayImage;

/// How much darker than its surroundings ink must be where contrast is low. The paper's authors took 0.5; print on thermal
/// paper fades. Between 0.05 and 0.1 the figures of [`measure`](mod@super::measure) on scanned receipts hardly change.
const K: f64 = 0.08;
/// Half a window's side is this part of the image's shorter side.
const WINDOW_PART: u32 = 40;
/// Half a window's side at least and at most, in pixels: some letters wide.
const WINDOW: (u32, u32) = (12, 40);

/// A black-and-white image.
#[derive(Debug, Clone)]
pub(super) struct Ink {
    pub(super) width: usize,
    pub(super) height: usize,
    /// Row by row.
    pub(super) dark: Vec<bool>,
}

impl Ink {
    /// One row; empty beyond the image.
    pub(super) fn row(&self, y: usize) -> &[bool] {
        self.dark.get(y * self.width..(y + 1) * self.width).unwrap_or(&[])
    }
}

/// Sums over all pixels above and to the left, so that the sum over any window takes four look-ups.
struct Sums {
    width: usize,
    plain: Vec<u64>,
    squared: Vec<u64>,
}

impl Sums {
    fn of(image: &GrayImage) -> Self {
        let width = size(image.width()) + 1;
        let (mut plain, mut squared) = (vec![0; width], vec![0; width]);
        let mut above = 0;
        for row in image.rows() {
            let (mut sum, mut squares) = (0u64, 0u64);
            plain.push(0);
            squared.push(0);
            for (x, pixel) in (1..).zip(row) {
                let value = u64::from(pixel.0[0]);
                sum += value;
                squares += value * value;
                plain.push(sum + plain.get(above + x).copied().unwrap_or(0));
                squared.push(squares + squared.get(above + x).copied().unwrap_or(0));
            }
            above += width;
        }
        Self { width, plain, squared }
    }

    /// The sums over the window from (left, top) up to (right, bottom), the latter not included.
    fn window(&self, [left, top, right, bottom]: [usize; 4]) -> (u64, u64) {
        let corner = |sums: &[u64], x: usize, y: usize| sums.get(y * self.width + x).copied().unwrap_or(0);
        let sum = |sums: &[u64]| {
            (corner(sums, right, bottom) + corner(sums, left, top)) - corner(sums, right, top) - corner(sums, left, bottom)
        };
        (sum(&self.plain), sum(&self.squared))
    }
}

/// The ink of an image.
pub(super) fn find(image: &GrayImage) -> Ink {
    let (width, height) = (size(image.width()), size(image.height()));
    let sums = Sums::of(image);
    let reach = size((image.width().min(image.height()) / WINDOW_PART).clamp(WINDOW.0, WINDOW.1));
    let mut dark = Vec::with_capacity(width * height);
    for (y, row) in image.rows().enumerate() {
        let (top, bottom) = (y.saturating_sub(reach), (y + reach + 1).min(height));
        for (x, pixel) in row.enumerate() {
            let (left, right) = (x.saturating_sub(reach), (x + reach + 1).min(width));
            let (sum, squares) = sums.window([left, top, right, bottom]);
            let count = number((right - left) * (bottom - top));
            let mean = wide(sum) / count;
            let deviation = (wide(squares) / count - mean * mean).max(0.0).sqrt();
            dark.push(f64::from(pixel.0[0]) < mean * (1.0 + K * (deviation / 128.0 - 1.0)));
        }
    }
    Ink { width, height, dark }
}

fn size(side: u32) -> usize {
    usize::try_from(side).unwrap_or(usize::MAX)
}

/// Exact: no window has so many pixels.
fn number(count: usize) -> f64 {
    f64::from(u32::try_from(count).unwrap_or(u32::MAX))
}

/// Exact up to 2^53, far beyond the sum over a window.
fn wide(sum: u64) -> f64 {
    let (high, low) = (u32::try_from(sum >> 32).unwrap_or(u32::MAX), u32::try_from(sum & 0xffff_ffff).unwrap_or(u32::MAX));
    f64::from(high) * 4_294_967_296.0 + f64::from(low)
}
