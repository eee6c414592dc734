//! The names of objects. A name says what kind of object it is and of what type, so that neither has to be stored again.

use std::fmt;
use std::str::FromStr;

/// What an object may be. Nothing a browser would run as a page or script, and never SVG.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum MediaType {
    /// An archive of images.
    Zip,
    /// A photograph, and every image that we make.
    Jpeg,
    /// An image without loss.
    Png,
    /// A newer image.
    Webp,
}

impl MediaType {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Zip, Self::Jpeg, Self::Png, Self::Webp];

    /// As in `Content-Type`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Zip => "application/zip",
            Self::Jpeg => "image/jpeg",
            Self::Png => "image/png",
            Self::Webp => "image/webp",
        }
    }

    /// The ending of keys of this type.
    #[must_use]
    pub const fn ending(self) -> &'static str {
        match self {
            Self::Zip => "zip",
            Self::Jpeg => "jpg",
            Self::Png => "png",
            Self::Webp => "webp",
        }
    }

    /// The type of a `Content-Type`; browsers' other name of zip is known, too.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        let name = name.trim().to_ascii_lowercase();
        let name = if name == "application/x-zip-compressed" { Self::Zip.name() } else { name.as_str() };
        Self::ALL.into_iter().find(|media| media.name() == name)
    }
}

/// The name of an object: `up-` for what a company sent, `im-` for an image that sleepers see, then 40 hexadecimal digits
/// that cannot be guessed, a dot and the ending of its type. Who knows the name of an `im-` object may see it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key(String);

/// Not the name of an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("this is not the name of an object")]
pub struct NotAKey;

const UPLOAD: &str = "up-";
const IMAGE: &str = "im-";
const DIGITS: usize = 40;

impl Key {
    /// Of what a company sends. `secret` must be random: 20 bytes.
    #[must_use]
    pub fn upload(secret: [u8; 20], media: MediaType) -> Self {
        Self(format!("{UPLOAD}{}.{}", hex(&secret), media.ending()))
    }

    /// Of an image that we made, by a keyed hash of what it is and belongs to.
    #[must_use]
    pub fn image(digest: [u8; 20]) -> Self {
        Self(format!("{IMAGE}{}.{}", hex(&digest), MediaType::Jpeg.ending()))
    }

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Its type.
    #[must_use]
    pub fn media(&self) -> MediaType {
        let ending = self.0.rsplit('.').next().unwrap_or_default();
        MediaType::ALL.into_iter().find(|media| media.ending() == ending).unwrap_or(MediaType::Jpeg)
    }

    /// Whether everybody who knows the name may read it.
    #[must_use]
    pub fn is_public(&self) -> bool {
        self.0.starts_with(IMAGE)
    }

    /// The folder it lies in: two of its digits, so that no folder gets too full.
    #[must_use]
    pub(super) fn folder(&self) -> &str {
        self.0.get(3..5).unwrap_or("00")
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for Key {
    type Err = NotAKey;

    fn from_str(text: &str) -> Result<Self, NotAKey> {
        let rest = text.strip_prefix(UPLOAD).or_else(|| text.strip_prefix(IMAGE)).ok_or(NotAKey)?;
        let (digits, ending) = rest.split_once('.').ok_or(NotAKey)?;
        let is_hex = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
        let media = MediaType::ALL.into_iter().find(|media| media.ending() == ending).ok_or(NotAKey)?;
        let fits = digits.len() == DIGITS && digits.bytes().all(is_hex);
        let typed = text.starts_with(UPLOAD) || media == MediaType::Jpeg;
        if fits && typed { Ok(Self(text.to_owned())) } else { Err(NotAKey) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_read_back_and_nothing_else_is_one() {
        for media in MediaType::ALL {
            let key = Key::upload([0xa5; 20], media);
            assert_eq!(key.as_str().parse::<Key>(), Ok(key.clone()));
            assert_eq!((key.media(), key.is_public(), key.folder()), (media, false, "a5"));
        }
        let key = Key::image([0x0f; 20]);
        assert_eq!(key.as_str().parse::<Key>(), Ok(key.clone()));
        assert!(key.is_public());
        let digits = "0f".repeat(20);
        for bad in [
            String::new(),
            "../../etc/passwd".to_owned(),
            format!("im-{digits}.png"),
            format!("im-{digits}.svg"),
            format!("up-{digits}.svg"),
            format!("up-{digits}.zip/.."),
            format!("up-{}.zip", digits.to_uppercase()),
            format!("up-{digits}0.zip"),
            format!("up-{digits}"),
        ] {
            assert_eq!(bad.parse::<Key>(), Err(NotAKey), "{bad}");
        }
    }

    #[test]
    fn types_are_known_by_name() {
        assert_eq!(MediaType::from_name("image/JPEG"), Some(MediaType::Jpeg));
        assert_eq!(MediaType::from_name("application/x-zip-compressed"), Some(MediaType::Zip));
        assert_eq!(MediaType::from_name("image/svg+xml"), None);
        assert_eq!(MediaType::from_name("text/html"), None);
    }
}
