//! Finds the lines of text on an image.
//!
//! [`Detector`] is what the pipeline knows. The one that is built in, [`Components`], needs no model: dark marks on a
//! lighter ground ([`ink`]) are joined to [`marks`], marks to [`lines`]. Libraries that find text were looked at: each needs
//! a trained model that must be downloaded, or a C++ library; one of those can be put behind the trait.

mod ink;
mod lines;
mod marks;
mod measure;

use std::fmt;

use image::GrayImage;

pub use measure::{Measured, measure};

use super::boxes::Frame;

/// Finds text.
pub trait Detector: fmt::Debug + Send + Sync + 'static {
    /// The boxes of text on an image, from top to bottom and from left to right, at most `most`.
    fn find(&self, image: &GrayImage, most: usize) -> Vec<Frame>;
}

/// Text by connected marks: for print on paper, screens and signs with clear letters.
#[derive(Debug, Clone, Copy, Default)]
pub struct Components;

impl Detector for Components {
    fn find(&self, image: &GrayImage, most: usize) -> Vec<Frame> {
        let marks = marks::find(&ink::find(image));
        let mut frames = lines::join(&marks, image.dimensions());
        frames.sort_by_key(|frame| (frame.top, frame.left));
        frames.truncate(most);
        frames
    }
}
