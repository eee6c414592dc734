//! The built-in artworks: well-known ones, long in the public domain. Their pictures are drawn by the server.

use madang_domain::artwork::{Draft, Facts};

use crate::storage::artworks::NewArtwork;

/// Name, title, artist, year, medium, size.
type Work = (&'static str, &'static str, &'static str, &'static str, &'static str, &'static str);

/// Where they come from, in the catalogue.
pub(super) const SOURCE: &str = "madang";

const WORKS: [Work; 12] = [
    ("ssireum", "씨름", "김홍도", "18세기 말", "종이에 수묵담채", "27.0 x 22.7 cm"),
    ("miindo", "미인도", "신윤복", "19세기 초", "비단에 채색", "114.0 x 45.5 cm"),
    ("inwang", "인왕제색도", "정선", "1751", "종이에 수묵", "79.2 x 138.2 cm"),
    ("mongyu", "몽유도원도", "안견", "1447", "비단에 수묵담채", "38.7 x 106.5 cm"),
    ("sehan", "세한도", "김정희", "1844", "종이에 수묵", "23.3 x 108.3 cm"),
    ("chochung", "초충도", "신사임당", "16세기", "종이에 채색", ""),
    ("great-wave", "The Great Wave off Kanagawa", "Katsushika Hokusai", "about 1831", "woodblock print", "25.7 x 37.9 cm"),
    ("starry-night", "The Starry Night", "Vincent van Gogh", "1889", "oil on canvas", "73.7 x 92.1 cm"),
    ("pearl-earring", "Girl with a Pearl Earring", "Johannes Vermeer", "about 1665", "oil on canvas", "44.5 x 39.0 cm"),
    ("wanderer", "Wanderer above the Sea of Fog", "Caspar David Friedrich", "about 1818", "oil on canvas", "94.8 x 74.8 cm"),
    ("flea", "The Ghost of a Flea", "William Blake", "about 1819", "tempera and gold on mahogany", "21.4 x 16.2 cm"),
    ("sunrise", "Impression, Sunrise", "Claude Monet", "1872", "oil on canvas", "48.0 x 63.0 cm"),
];

/// All of them, ready for the catalogue.
pub(super) fn built_in() -> Vec<NewArtwork> {
    let artwork = |&(name, title, artist, year, medium, size): &Work| {
        let draft = Draft {
            title: title.to_owned(),
            artist: artist.to_owned(),
            year: Some(year.to_owned()),
            medium: Some(medium.to_owned()),
            size: Some(size.to_owned()),
            ..Draft::default()
        };
        let facts = Facts::parse(&draft).ok()?;
        Some(NewArtwork { facts, source: SOURCE.to_owned(), source_id: name.to_owned() })
    };
    WORKS.iter().filter_map(artwork).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_built_in_work_may_enter_the_catalogue() {
        assert_eq!(built_in().len(), WORKS.len());
    }
}
