//! What can be wrong with one file of an upload, or with one line of it. A closed list: clients show a text of their own by
//! the code.

use serde::Serialize;

/// Something wrong with one file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Fault {
    /// Its stable name.
    pub code: &'static str,
    /// One sentence.
    pub message: String,
    /// The line of the boxes file, the header being line 1; of a JSON list the number of the box.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line: Option<u64>,
}

macro_rules! faults {
    ($($(#[$doc:meta])* $variant:ident = $name:literal, $sentence:literal;)*) => {
        /// Why a file or a line of it was not taken.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum Why {
            $($(#[$doc])* $variant,)*
        }

        impl Why {
            /// Every reason there is.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];

            /// Its stable name.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }

            /// One sentence for the person.
            #[must_use]
            pub const fn sentence(self) -> &'static str {
                match self { $(Self::$variant => $sentence,)* }
            }
        }
    };
}

faults! {
    // The upload as a whole.
    /// Not a zip, or one that is cut off.
    NoArchive = "archive.unreadable", "This is not a zip archive, or it is cut off.";
    /// More files than are taken.
    ManyFiles = "archive.too_many_files", "The archive holds more files than are taken.";
    /// Files that share bytes: how a small archive unpacks to a huge one.
    Overlapping = "archive.overlapping", "Files of the archive overlap.";
    /// Nothing in it.
    NoFiles = "archive.empty", "The archive holds no images.";
    /// Other bytes than were announced.
    OtherSize = "upload.other_size", "What came is not as large as was announced.";
    /// The bytes are gone.
    Gone = "upload.gone", "What was uploaded is not there any more.";
    /// Nothing of it became a task.
    NothingTaken = "upload.nothing_taken", "Nothing of this upload could be taken.";
    /// It failed again and again.
    GaveUp = "upload.gave_up", "This upload failed again and again on our side; please send it anew.";

    // The file in its archive.
    /// `..`, an absolute path, a backslash, control characters.
    BadPath = "file.bad_path", "The file's name leaves the archive or is no name.";
    /// A link or a device.
    NotAFile = "file.not_a_file", "This is a link, not a file.";
    /// A password is needed.
    Encrypted = "file.encrypted", "The file is encrypted.";
    /// Another method than stored or deflate.
    Method = "file.compression", "The file is compressed by a method that is not taken: use plain zip (deflate).";
    /// It unpacks to far more than it is.
    Bomb = "file.bomb", "The file unpacks to far more than it is.";
    /// The whole archive unpacks to too much; the rest of it is not read.
    ArchiveFull = "file.archive_full", "The archive unpacks to more than is taken: send the rest in another.";
    /// The archive's own data is damaged here.
    Damaged = "file.damaged", "The file is cut off or damaged in the archive.";
    /// Larger than one file may be.
    TooLarge = "file.too_large", "The file is too large.";
    /// No image and no boxes.
    UnknownType = "file.unknown_type", "Only JPEG, PNG and WebP images, and CSV or JSON files of boxes, are taken.";
    /// SVG can carry scripts.
    Svg = "file.svg", "SVG is not taken: it can carry scripts. Send it as PNG.";

    // The image.
    /// The content is not what the name says.
    WrongType = "image.wrong_type", "The content is not an image of the type that the name says.";
    /// The end is missing.
    Truncated = "image.truncated", "The image is cut off.";
    /// It cannot be decoded.
    Broken = "image.broken", "The image cannot be read.";
    /// Too wide, too high, too many pixels.
    TooManyPixels = "image.too_many_pixels", "The image has too many pixels.";
    /// Nothing can be read on it.
    TooSmall = "image.too_small", "The image is too small to read anything on it.";
    /// The detector found no text.
    NoText = "image.no_text", "No text was found on the image, and no boxes came with it.";

    // The boxes.
    /// Boxes without an image of the same name.
    NoImage = "boxes.no_image", "There is no image of the same name beside this file.";
    /// Both a CSV and a JSON file.
    TwoFiles = "boxes.two_files", "There are both a CSV and a JSON file for this image: send one.";
    /// Not UTF-8, not CSV, not JSON.
    Malformed = "boxes.malformed", "The file of boxes cannot be read.";
    /// A column is missing.
    Header = "boxes.header", "The first line must name the columns left, top, right, bottom (and text, gold, machine).";
    /// The boxes file of this image was not taken.
    Unread = "boxes.unread", "The file of boxes beside this image was not taken, so the image was not either.";
    /// Not a number.
    NotANumber = "boxes.not_a_number", "A coordinate is not a number.";
    /// The box has no area.
    Empty = "boxes.empty", "The box is empty: right must be beyond left, and bottom below top.";
    /// The box leaves the image.
    Outside = "boxes.outside", "The box is not within the image.";
    /// The text is too long, or nothing but white space.
    LongText = "boxes.long_text", "The text must have 1 to 500 characters.";
    /// `gold` is neither yes nor no.
    GoldUnclear = "boxes.gold_unclear", "The column gold must be 1 or 0, yes or no, true or false.";
    /// Gold without a text.
    GoldWithoutText = "boxes.gold_without_text", "A gold box needs its text.";
    /// More boxes than one image may have.
    TooMany = "boxes.too_many", "The image has too many boxes.";
    /// A known answer that cannot be chosen.
    NoChoice = "boxes.no_choice", "The known answer is none of the campaign's choices.";
    /// No line was taken.
    NothingLeft = "boxes.none", "No line of the file of boxes could be taken, so the image was not either.";
    /// More faults than are listed.
    MoreFaults = "boxes.more_faults", "More lines of this file were not taken.";
}

impl Why {
    /// As a fault, with its own sentence.
    #[must_use]
    pub fn fault(self) -> Fault {
        Fault { code: self.name(), message: self.sentence().to_owned(), line: None }
    }

    /// As a fault of one line.
    #[must_use]
    pub fn at(self, line: u64) -> Fault {
        Fault { line: Some(line), ..self.fault() }
    }

    /// As a fault that says more.
    #[must_use]
    pub fn saying(self, more: impl std::fmt::Display) -> Fault {
        Fault { message: format!("{} ({more})", self.sentence()), ..self.fault() }
    }
}
