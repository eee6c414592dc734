//! From the bytes that somebody sent to an image that may be shown: checked, turned the right way up, made to fit a screen
//! and encoded anew, so that nothing of the sent bytes but the picture itself remains.

use std::io::Cursor;

use image::codecs::jpeg::JpegEncoder;
use image::imageops::{self, FilterType};
use image::{DynamicImage, ImageDecoder, ImageError, ImageFormat, ImageReader, Limits, Rgb, RgbImage};

use super::fault::{Fault, Why};

/// The longest side of a sent image, in pixels.
const MOST_SIDE: u32 = 16_000;
/// The most pixels of a sent image: a large camera's, and 120 MB once decoded.
const MOST_PIXELS: u64 = 40_000_000;
/// The most that a decoder may allocate, in bytes.
const MOST_ALLOC: u64 = 512 * 1024 * 1024;
/// The shortest side, in pixels: below it no letter can be read.
const LEAST_SIDE: u32 = 8;
/// The longest side of the image that is shown, in pixels. A receipt of this height is still readable.
const WEB_SIDE: u32 = 2048;
/// The JPEG quality of the image that is shown: letters keep their edges.
const QUALITY: u8 = 88;

/// An image that may be shown.
#[derive(Debug, Clone)]
pub struct WebImage {
    /// The picture.
    pub pixels: RgbImage,
    /// The picture as JPEG, without any metadata.
    pub jpeg: Vec<u8>,
    /// Width and height of the sent image when it stands the right way up; boxes are given in its pixels.
    pub sent: (u32, u32),
}

/// The image type that a file's name says, if it is one that is taken.
#[must_use]
pub fn named(ending: &str) -> Option<ImageFormat> {
    match ending.to_ascii_lowercase().as_str() {
        "jpg" | "jpeg" => Some(ImageFormat::Jpeg),
        "png" => Some(ImageFormat::Png),
        "webp" => Some(ImageFormat::WebP),
        _ => None,
    }
}

/// Checks an image of that type and makes it fit to be shown.
///
/// # Errors
/// What is wrong with it.
pub fn check(bytes: &[u8], format: ImageFormat) -> Result<WebImage, Fault> {
    if image::guess_format(bytes).ok() != Some(format) {
        return Err(Why::WrongType.fault());
    }
    // The decoder fills what is missing with grey.
    if format == ImageFormat::Jpeg && !jpeg_is_whole(bytes) {
        return Err(Why::Truncated.fault());
    }
    let mut limits = Limits::default();
    limits.max_image_width = Some(MOST_SIDE);
    limits.max_image_height = Some(MOST_SIDE);
    limits.max_alloc = Some(MOST_ALLOC);
    let mut reader = ImageReader::with_format(Cursor::new(bytes), format);
    reader.limits(limits);
    let mut decoder = reader.into_decoder().map_err(|error| broken(&error))?;
    let (width, height) = decoder.dimensions();
    if u64::from(width) * u64::from(height) > MOST_PIXELS {
        return Err(Why::TooManyPixels.saying(format_args!("{width} x {height}")));
    }
    if width.min(height) < LEAST_SIDE {
        return Err(Why::TooSmall.saying(format_args!("{width} x {height}")));
    }
    let orientation = decoder.orientation().unwrap_or(image::metadata::Orientation::NoTransforms);
    let mut picture = DynamicImage::from_decoder(decoder).map_err(|error| broken(&error))?;
    picture.apply_orientation(orientation);
    let sent = (picture.width(), picture.height());
    let pixels = fitted(on_white(picture));
    let mut jpeg = Vec::new();
    JpegEncoder::new_with_quality(&mut jpeg, QUALITY).encode_image(&pixels).map_err(|error| broken(&error))?;
    Ok(WebImage { pixels, jpeg, sent })
}

fn broken(error: &ImageError) -> Fault {
    #[expect(clippy::wildcard_enum_match_arm, reason = "the crate's other errors all mean that it cannot be read")]
    match error {
        ImageError::Limits(_) => Why::TooManyPixels.fault(),
        ImageError::IoError(error) if error.kind() == std::io::ErrorKind::UnexpectedEof => Why::Truncated.fault(),
        _ => Why::Broken.fault(),
    }
}

/// Colours on white, where the image lets something shine through.
fn on_white(picture: DynamicImage) -> RgbImage {
    if !picture.color().has_alpha() {
        return picture.into_rgb8();
    }
    let see_through = picture.into_rgba8();
    let mut flat = RgbImage::new(see_through.width(), see_through.height());
    for (to, from) in flat.pixels_mut().zip(see_through.pixels()) {
        let [red, green, blue, alpha] = from.0;
        let mix = |colour: u8| {
            let (colour, alpha) = (u32::from(colour), u32::from(alpha));
            u8::try_from((colour * alpha + 255 * (255 - alpha)) / 255).unwrap_or(u8::MAX)
        };
        *to = Rgb([mix(red), mix(green), mix(blue)]);
    }
    flat
}

fn fitted(picture: RgbImage) -> RgbImage {
    let (width, height) = picture.dimensions();
    let longest = width.max(height);
    if longest <= WEB_SIDE {
        return picture;
    }
    imageops::resize(&picture, scaled(width, longest), scaled(height, longest), FilterType::CatmullRom)
}

/// A side of the image that is shown, at least 1.
fn scaled(side: u32, longest: u32) -> u32 {
    let side = u64::from(side) * u64::from(WEB_SIDE) / u64::from(longest);
    u32::try_from(side).unwrap_or(WEB_SIDE).max(1)
}

/// Whether a JPEG runs up to its end marker. Segments are walked by their lengths, so that the end of a thumbnail inside of
/// one is not taken for it.
fn jpeg_is_whole(bytes: &[u8]) -> bool {
    const END: u8 = 0xd9;
    let mut at = 2;
    loop {
        // Before a marker there may be any number of fill bytes, and in a scan the scan's own data.
        let Some(&[first, marker]) = bytes.get(at..at + 2).and_then(|pair| <&[u8; 2]>::try_from(pair).ok()) else {
            return false;
        };
        at += 1;
        if first != 0xff || matches!(marker, 0x00 | 0xff) {
            continue;
        }
        at += 1;
        match marker {
            END => return true,
            // Markers that stand alone.
            0x01 | 0xd0..=0xd8 => {}
            _ => {
                let Some(&length) = bytes.get(at..at + 2).and_then(|pair| <&[u8; 2]>::try_from(pair).ok()) else {
                    return false;
                };
                at += usize::from(u16::from_be_bytes(length));
            }
        }
    }
}
