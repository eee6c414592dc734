//! Search without a dictionary or an extension: texts are folded to lower case here, and cut into single characters and
//! pairs by the database function `madang_grams`, whose index finds Korean words of any length.

use std::collections::BTreeSet;

/// What somebody looks for, ready for `madang_grams(search) @> $grams and search like all ($patterns)`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Needle {
    /// What the index is asked for; empty finds everything.
    pub grams: Vec<String>,
    /// One `like` pattern for each word, for what the index only suspects.
    pub patterns: Vec<String>,
}

/// The form in which texts are compared.
#[must_use]
pub fn folded(text: &str) -> String {
    text.to_lowercase()
}

/// The text of several fields that is searched, folded, a line for each field.
#[must_use]
pub fn document(fields: &[Option<&str>]) -> String {
    folded(&fields.iter().copied().flatten().collect::<Vec<_>>().join("\n"))
}

/// A `like` pattern for everything that contains a text.
#[must_use]
pub fn containing(text: &str) -> String {
    let mut pattern = String::with_capacity(text.len() + 2);
    pattern.push('%');
    for sign in folded(text).chars() {
        if matches!(sign, '%' | '_' | '\\') {
            pattern.push('\\');
        }
        pattern.push(sign);
    }
    pattern.push('%');
    pattern
}

impl Needle {
    /// Words beyond this are left out: nobody searches for more.
    const MAX_WORDS: usize = 12;

    /// Everything that has each of these words, or parts of words.
    #[must_use]
    pub fn of(words: &str) -> Self {
        let mut grams = BTreeSet::new();
        let mut patterns = Vec::new();
        for word in words.split_whitespace().take(Self::MAX_WORDS) {
            let signs: Vec<char> = folded(word).chars().collect();
            if let [only] = signs.as_slice() {
                grams.insert(only.to_string());
            }
            grams.extend(signs.windows(2).map(|pair| pair.iter().collect::<String>()));
            patterns.push(containing(word));
        }
        Self { grams: grams.into_iter().collect(), patterns }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_become_pairs_and_single_characters_stand_for_themselves() {
        let needle = Needle::of("  Blake 물 ");
        assert_eq!(needle.grams, ["ak", "bl", "ke", "la", "물"]);
        assert_eq!(needle.patterns, ["%blake%", "%물%"]);
        assert_eq!(Needle::of(""), Needle::default());
    }

    #[test]
    fn signs_of_the_pattern_language_mean_themselves() {
        assert_eq!(containing("50%_\\"), "%50\\%\\_\\\\%");
    }

    #[test]
    fn a_document_has_a_line_for_each_field_that_is_there() {
        assert_eq!(document(&[Some("씨름"), None, Some("INK")]), "씨름\nink");
    }
}
