//! Making answers comparable: the same word, typed on another keyboard, must be the same answer.

use serde::{Deserialize, Serialize};
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::decompose_compatible;
use unicode_properties::{GeneralCategory, GeneralCategoryGroup, UnicodeGeneralCategory};

/// Which differences between two answers do not count. Composition and white space never count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TextRules {
    /// `Total` is `TOTAL`.
    pub fold_case: bool,
    /// Full-width Latin and half-width Katakana and Hangul are their ordinary forms.
    pub fold_width: bool,
    /// Punctuation (Unicode's category P) is dropped: `1,234.-` is `1234`. Currency and mathematical signs stay.
    pub ignore_punctuation: bool,
}

/// The form in which answers are compared and kept.
///
/// Always: NFC, no white space or control characters at the ends and one space for any run of them inside, and no invisible
/// characters that only steer the display (zero-width space, soft hyphen, byte order mark, direction marks): two answers that
/// look the same would differ by them. Then the options of `rules`. Applying it twice changes nothing. The result may be
/// empty; whether that is an answer is for the caller to say.
#[must_use]
pub fn normalise(text: &str, rules: TextRules) -> String {
    // Most answers are, and each answer is compared with all others of its task.
    if text.is_ascii() { of_ascii(text, rules) } else { in_full(text, rules) }
}

/// The same for a text of ASCII, in which nothing is composed, wide or invisible.
fn of_ascii(text: &str, rules: TextRules) -> String {
    let mut out = String::with_capacity(text.len());
    let mut apart = false;
    for c in text.chars() {
        if is_blank(c) {
            apart = true;
        } else if !(rules.ignore_punctuation && is_punctuation(c)) {
            if std::mem::take(&mut apart) && !out.is_empty() {
                out.push(' ');
            }
            out.push(if rules.fold_case { c.to_ascii_lowercase() } else { c });
        }
    }
    out
}

fn in_full(text: &str, rules: TextRules) -> String {
    let mut folded = String::with_capacity(text.len());
    // Compose first: folding goes character by character, and NFC is what makes "a character" the same for all.
    for c in text.nfc().filter(|c| !steers_display(*c)) {
        if rules.fold_width && has_width_variant(c) {
            decompose_compatible(c, |c| push_folded(&mut folded, c, rules.fold_case));
        } else {
            push_folded(&mut folded, c, rules.fold_case);
        }
    }
    // What was apart may be neighbours now, so compose again.
    let kept = folded.nfc().filter(|c| !(rules.ignore_punctuation && is_punctuation(*c)));
    let kept: String = kept.nfc().collect();
    let mut out = String::with_capacity(kept.len());
    for word in kept.split(is_blank).filter(|word| !word.is_empty()) {
        if !out.is_empty() {
            out.push(' ');
        }
        out.push_str(word);
    }
    out
}

/// Upper case first, so that letters with several lower-case forms (final sigma, sharp s) meet.
fn push_folded(out: &mut String, c: char, fold_case: bool) {
    if fold_case {
        out.extend(c.to_uppercase().flat_map(char::to_lowercase));
    } else {
        out.push(c);
    }
}

/// The block of half-width and full-width forms, and the ideographic space: Unicode's `<wide>` and `<narrow>` mappings.
fn has_width_variant(c: char) -> bool {
    matches!(c, '\u{ff00}'..='\u{ffef}' | '\u{3000}')
}

fn is_punctuation(c: char) -> bool {
    c.general_category_group() == GeneralCategoryGroup::Punctuation
}

fn is_blank(c: char) -> bool {
    c.is_whitespace() || c.is_control()
}

/// Format characters, except the two joiners: those are part of some scripts' spelling and of composed emoji.
fn steers_display(c: char) -> bool {
    !matches!(c, '\u{200c}' | '\u{200d}') && c.general_category() == GeneralCategory::Format
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const PLAIN: TextRules = TextRules { fold_case: false, fold_width: false, ignore_punctuation: false };

    #[test]
    fn composition_and_white_space_never_count() {
        assert_eq!(normalise("\u{1112}\u{1161}\u{11ab}", PLAIN), "한", "three jamo are one syllable");
        assert_eq!(normalise("e\u{301}", PLAIN), "é");
        assert_eq!(normalise("  TAN \t\r\n WOON\u{a0}\u{3000}YANN ", PLAIN), "TAN WOON YANN");
        assert_eq!(normalise(" \u{200b}\n", PLAIN), "");
    }

    #[test]
    fn what_only_steers_the_display_is_dropped() {
        assert_eq!(normalise("\u{feff}to\u{ad}tal\u{202e}\u{200f}", PLAIN), "total");
        assert_eq!(normalise("👩\u{200d}🍳", PLAIN), "👩\u{200d}🍳", "a cook is no woman beside a pan");
        assert_eq!(normalise("שלום 12", PLAIN), "שלום 12");
    }

    #[test]
    fn each_option_folds_its_own_difference_only() {
        let case = TextRules { fold_case: true, ..PLAIN };
        let width = TextRules { fold_width: true, ..PLAIN };
        let marks = TextRules { ignore_punctuation: true, ..PLAIN };
        let given = "Ｔotal：　９.00 ﾊﾞ";
        assert_eq!(normalise(given, PLAIN), "Ｔotal： ９.00 ﾊﾞ");
        assert_eq!(normalise(given, case), "ｔotal： ９.00 ﾊﾞ");
        assert_eq!(normalise(given, width), "Total: 9.00 バ");
        assert_eq!(normalise(given, marks), "Ｔotal ９00 ﾊﾞ");
        let all = TextRules { fold_case: true, fold_width: true, ignore_punctuation: true };
        assert_eq!(normalise(given, all), "total 900 バ");
        assert_eq!(normalise("ΟΔΟΣ", case), normalise("οδος", case), "sigma at the end");
        assert_eq!(normalise("STRASSE", case), normalise("straße", case));
        assert_eq!(normalise("$5 + 3 %", marks), "$5 + 3", "the percent sign is punctuation, the others are signs");
    }

    #[test]
    fn the_stored_form_may_leave_options_out_but_not_misspell_them() {
        assert_eq!(serde_json::from_str::<TextRules>("{}").unwrap(), PLAIN);
        let case: TextRules = serde_json::from_str(r#"{"fold_case":true}"#).unwrap();
        assert_eq!(case, TextRules { fold_case: true, ..PLAIN });
        assert!(serde_json::from_str::<TextRules>(r#"{"foldcase":true}"#).is_err());
    }

    fn rules() -> impl Strategy<Value = TextRules> {
        (any::<bool>(), any::<bool>(), any::<bool>()).prop_map(|(fold_case, fold_width, ignore_punctuation)| TextRules {
            fold_case,
            fold_width,
            ignore_punctuation,
        })
    }

    proptest! {
        #[test]
        fn twice_is_once_and_the_ends_are_clean(text in "\\PC{0,40}|[\u{0}-\u{2f}a-zA-Z가-힣ᄀ-ᇿ\u{300}-\u{36f}ｦ-ﾟ]{0,40}", rules in rules()) {
            let once = normalise(&text, rules);
            prop_assert_eq!(normalise(&once, rules), once.clone(), "of {:?}", text);
            prop_assert_eq!(once.trim(), &once);
            prop_assert!(!once.contains("  "));
        }

        #[test]
        fn the_short_way_of_ascii_is_the_long_way(text in "[\u{0}-\u{7f}]{0,40}|[a-zA-Z .,$]{0,20}", rules in rules()) {
            prop_assert_eq!(of_ascii(&text, rules), in_full(&text, rules), "of {:?}", text);
        }

        #[test]
        fn decomposing_beforehand_changes_nothing(text in "[a-zé가-힣ﾊﾞ .,]{0,30}", rules in rules()) {
            let apart: String = text.nfd().collect();
            prop_assert_eq!(normalise(&apart, rules), normalise(&text, rules));
        }
    }
}
