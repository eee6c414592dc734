//! What may enter the catalogue: the facts of one artwork, checked once, where they come in.

use serde::{Deserialize, Serialize};

/// What somebody wrote about an artwork, not yet checked. Empty texts mean the same as absent ones.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Draft {
    /// Its title.
    pub title: String,
    /// Who made it.
    pub artist: String,
    /// Such as "oil on canvas".
    #[serde(default)]
    pub medium: Option<String>,
    /// Such as "72.7 x 60.6 cm".
    #[serde(default)]
    pub size: Option<String>,
    /// Such as "1972" or "about 1890".
    #[serde(default)]
    pub year: Option<String>,
    /// A few words about it.
    #[serde(default)]
    pub description: Option<String>,
    /// Addresses of its pictures, the main one first.
    #[serde(default)]
    pub image_urls: Vec<String>,
}

/// The facts of an artwork, as they may be stored: made by [`Facts::parse`], or read back from storage.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Facts {
    /// Its title: 1 to [`Facts::MAX_TEXT`] characters.
    pub title: String,
    /// Who made it: 1 to [`Facts::MAX_TEXT`] characters.
    pub artist: String,
    /// Such as "oil on canvas".
    pub medium: Option<String>,
    /// Such as "72.7 x 60.6 cm".
    pub size: Option<String>,
    /// Such as "1972" or "about 1890".
    pub year: Option<String>,
    /// A few words about it: up to [`Facts::MAX_DESCRIPTION`] characters.
    pub description: Option<String>,
    /// Addresses of its pictures, the main one first.
    pub image_urls: Vec<String>,
}

/// Why a draft cannot enter the catalogue.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotAnArtwork {
    /// Title or artist is missing.
    #[error("the {0} is missing")]
    Missing(&'static str),
    /// A text beyond its limit.
    #[error("the {field} is longer than {limit} characters")]
    TooLong {
        /// Which text.
        field: &'static str,
        /// How long it may be.
        limit: usize,
    },
    /// A character that no text has, such as NUL.
    #[error("the {0} has a control character")]
    Control(&'static str),
    /// More pictures than allowed.
    #[error("there are more than 20 pictures")]
    TooManyImages,
    /// A picture's address that is none.
    #[error("a picture's address must begin with http://, https:// or / and have no spaces")]
    NotAnAddress,
}

impl Facts {
    /// How long title, artist, medium, size and year may be, in characters.
    pub const MAX_TEXT: usize = 500;
    /// How long a description may be, in characters.
    pub const MAX_DESCRIPTION: usize = 10_000;
    const MAX_IMAGES: usize = 20;
    const MAX_IMAGE_URL: usize = 2_000;

    /// Checks a draft and tidies its texts: no space at either end, runs of white space as one space.
    ///
    /// # Errors
    /// The first thing that is wrong with it.
    pub fn parse(draft: &Draft) -> Result<Self, NotAnArtwork> {
        let required = |field, text: &str| short(field, Some(text))?.ok_or(NotAnArtwork::Missing(field));
        Ok(Self {
            title: required("title", &draft.title)?,
            artist: required("artist", &draft.artist)?,
            medium: short("medium", draft.medium.as_deref())?,
            size: short("size", draft.size.as_deref())?,
            year: short("year", draft.year.as_deref())?,
            description: description(draft.description.as_deref())?,
            image_urls: images(&draft.image_urls)?,
        })
    }
}

/// A text of one line.
fn short(field: &'static str, text: Option<&str>) -> Result<Option<String>, NotAnArtwork> {
    let tidy = text.unwrap_or_default().split_whitespace().collect::<Vec<_>>().join(" ");
    if tidy.chars().count() > Facts::MAX_TEXT {
        return Err(NotAnArtwork::TooLong { field, limit: Facts::MAX_TEXT });
    }
    if tidy.chars().any(char::is_control) {
        return Err(NotAnArtwork::Control(field));
    }
    Ok((!tidy.is_empty()).then_some(tidy))
}

/// A text that keeps its lines.
fn description(text: Option<&str>) -> Result<Option<String>, NotAnArtwork> {
    let text = text.unwrap_or_default().trim();
    if text.chars().count() > Facts::MAX_DESCRIPTION {
        return Err(NotAnArtwork::TooLong { field: "description", limit: Facts::MAX_DESCRIPTION });
    }
    if text.chars().any(|sign| sign.is_control() && !matches!(sign, '\n' | '\r' | '\t')) {
        return Err(NotAnArtwork::Control("description"));
    }
    Ok((!text.is_empty()).then(|| text.to_owned()))
}

fn images(urls: &[String]) -> Result<Vec<String>, NotAnArtwork> {
    let urls: Vec<String> = urls.iter().map(|url| url.trim().to_owned()).filter(|url| !url.is_empty()).collect();
    if urls.len() > Facts::MAX_IMAGES {
        return Err(NotAnArtwork::TooManyImages);
    }
    let begins = |url: &String| url.starts_with("http://") || url.starts_with("https://") || is_path(url);
    let clean =
        |url: &String| url.len() <= Facts::MAX_IMAGE_URL && !url.chars().any(|sign| sign.is_whitespace() || sign.is_control());
    if !urls.iter().all(|url| begins(url) && clean(url)) {
        return Err(NotAnArtwork::NotAnAddress);
    }
    Ok(urls)
}

/// A path on this server; `//host/..` would be another server.
fn is_path(url: &str) -> bool {
    url.starts_with('/') && !url.starts_with("//")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn draft(title: &str) -> Draft {
        Draft { title: title.to_owned(), artist: "김홍도".to_owned(), ..Draft::default() }
    }

    #[test]
    fn texts_are_tidied_and_empty_ones_are_absent() {
        let draft = Draft {
            medium: Some("  ink \n on   paper ".to_owned()),
            size: Some("   ".to_owned()),
            description: Some(" two\nlines ".to_owned()),
            image_urls: vec![" /media/1.svg ".to_owned(), String::new()],
            ..draft(" 씨름 ")
        };
        let facts = Facts::parse(&draft).unwrap();
        assert_eq!((facts.title.as_str(), facts.medium.as_deref()), ("씨름", Some("ink on paper")));
        assert_eq!((facts.size, facts.description.as_deref()), (None, Some("two\nlines")));
        assert_eq!(facts.image_urls, ["/media/1.svg"]);
    }

    #[test]
    fn what_is_no_artwork_is_told_by_field() {
        assert_eq!(Facts::parse(&draft(" ")), Err(NotAnArtwork::Missing("title")));
        assert_eq!(Facts::parse(&draft(&"가".repeat(500))).map(|facts| facts.title.chars().count()), Ok(500));
        assert_eq!(Facts::parse(&draft(&"가".repeat(501))), Err(NotAnArtwork::TooLong { field: "title", limit: 500 }));
        assert_eq!(Facts::parse(&draft("a\0b")), Err(NotAnArtwork::Control("title")));
        let pictures = |urls: &[&str]| {
            let image_urls = urls.iter().map(|&url| url.to_owned()).collect();
            Facts::parse(&Draft { image_urls, ..draft("x") }).map(|facts| facts.image_urls.len())
        };
        assert_eq!(pictures(&["https://a.example/b.jpg", "/c.png"]), Ok(2));
        for wrong in ["javascript:alert(1)", "//evil.example/x.png", "http://a b", "data:image/png;base64,AA"] {
            assert_eq!(pictures(&[wrong]), Err(NotAnArtwork::NotAnAddress), "{wrong}");
        }
        assert_eq!(pictures(&["/x"; 21]), Err(NotAnArtwork::TooManyImages));
    }
}
