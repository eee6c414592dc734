//! Amounts of medicine, as they are written. Where health is concerned nobody is told one, not even in a source's words.

use super::lang::Lang;

/// Units of medicine in Latin letters; a letter after them makes another word of them.
const LATIN: &[&str] = &[
    "milligrams",
    "milligram",
    "micrograms",
    "microgram",
    "milliliters",
    "milliliter",
    "millilitres",
    "millilitre",
    "mg",
    "mcg",
    "µg",
    "μg",
    "ug",
    "ml",
    "cc",
    "iu",
    "puffs",
    "puff",
    "tablets",
    "tablet",
    "pills",
    "pill",
    "capsules",
    "capsule",
    "drops",
    "drop",
    "teaspoons",
    "teaspoon",
    "inhalations",
    "inhalation",
    "sprays",
    "spray",
];
/// Units in Hangul: particles may follow.
const HANGUL: &[&str] = &[
    "밀리그램",
    "마이크로그램",
    "밀리리터",
    "퍼프",
    "캡슐",
    "방울",
    "알",
    "정",
    "모금",
    "번 흡입",
    "회 흡입",
    "번 들이마",
    "번씩 흡입",
    "회씩 흡입",
];
/// Where these follow `정`, it was no tablet: `5정도` is "about five".
const NO_TABLET: &[&str] = &["도", "각", "거장", "류장"];
/// Amounts in words.
const WORDS: &[&str] = &[
    "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "half", "한", "두", "세", "네", "다섯",
    "여섯", "반",
];
/// More is no number that anybody writes.
const LONGEST_NUMBER: usize = 24;

/// What stands at the beginning of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Amount {
    /// An amount of medicine, of so many bytes.
    Medicine(usize),
    /// A word or number of so many bytes that is none.
    Other(usize),
    /// It depends on what comes next.
    Open,
}

/// What stands in the place of an amount. It begins with no bracket of Markdown: after `]` that would be a link.
pub(super) const fn replacement(lang: Lang) -> &'static str {
    match lang {
        Lang::En => "‹amount: ask your doctor or pharmacist›",
        Lang::Ko => "‹용량은 의사·약사에게 확인›",
    }
}

/// Reads the word or number at the beginning of `text`, which must begin with a letter or digit; `last` says that nothing
/// follows the text.
pub(super) fn read(text: &str, last: bool) -> Amount {
    let Some(amount) = amount_at(text, last) else { return Amount::Open };
    let Some(number) = amount.number else { return Amount::Other(amount.word) };
    let after = text.get(number..).unwrap_or_default();
    let blank = after.len() - after.trim_start_matches([' ', '\u{a0}', '-']).len();
    let unit = after.get(blank..).unwrap_or_default();
    if blank > 4 {
        return Amount::Other(amount.word);
    }
    if unit.is_empty() && !last {
        return Amount::Open;
    }
    match unit_at(unit, last) {
        Some(Some(length)) => Amount::Medicine(number + blank + length),
        Some(None) => Amount::Other(amount.word),
        None => Amount::Open,
    }
}

struct Read {
    /// The bytes of an amount, where there is one.
    number: Option<usize>,
    /// The bytes to pass where it is none of medicine.
    word: usize,
}

/// The word or number at the beginning; `None` while it may go on.
fn amount_at(text: &str, last: bool) -> Option<Read> {
    let digits = text.starts_with(|c: char| c.is_ascii_digit());
    let part = |c: char| {
        if digits { c.is_ascii_digit() || matches!(c, '.' | ',' | '/' | '–' | '-' | '~') } else { c.is_alphanumeric() }
    };
    let whole = text.find(|c| !part(c)).unwrap_or(text.len());
    if digits {
        if whole == text.len() && !last && whole <= LONGEST_NUMBER {
            return None;
        }
        // What ends a sentence is no part of the number.
        let number = text.get(..whole).unwrap_or_default().trim_end_matches(['.', ',', '/', '–', '-', '~']).len();
        let number = if number <= LONGEST_NUMBER { Some(number) } else { None };
        return Some(Read { number, word: number.unwrap_or(whole) });
    }
    // A word in Hangul may carry its unit: `두알`.
    let word = text.get(..whole).unwrap_or_default();
    let glued = WORDS.iter().find(|amount| {
        !amount.is_ascii() && word.strip_prefix(**amount).is_some_and(|rest| !rest.is_empty() && unit_begins(rest))
    });
    if let Some(amount) = glued {
        return Some(Read { number: Some(amount.len()), word: whole });
    }
    if whole == text.len() && !last {
        let longest = WORDS.iter().map(|word| word.len()).max().unwrap_or_default();
        return if whole > longest { Some(Read { number: None, word: whole }) } else { None };
    }
    let number = WORDS.iter().any(|amount| amount.eq_ignore_ascii_case(word)).then_some(whole);
    Some(Read { number, word: whole })
}

fn unit_begins(text: &str) -> bool {
    HANGUL.iter().any(|unit| text.starts_with(unit))
}

/// The unit at the beginning: its bytes, none, or not to be told yet.
fn unit_at(text: &str, last: bool) -> Option<Option<usize>> {
    let mut open = false;
    for unit in LATIN {
        let head: String = text.chars().take(unit.chars().count()).collect();
        let lower = head.to_lowercase();
        if lower == *unit {
            match text.get(head.len()..).and_then(|rest| rest.chars().next()) {
                Some(c) if c.is_ascii_alphabetic() => {}
                Some(_) => return Some(Some(head.len())),
                None if last => return Some(Some(head.len())),
                None => open = true,
            }
        } else if head.len() == text.len() && unit.starts_with(lower.as_str()) {
            open = true;
        }
    }
    for unit in HANGUL {
        if let Some(rest) = text.strip_prefix(unit) {
            if *unit != "정" {
                return Some(Some(unit.len()));
            }
            if rest.is_empty() && !last {
                open = true;
            } else if !NO_TABLET.iter().any(|other| rest.starts_with(other)) {
                return Some(Some(unit.len()));
            }
        } else if unit.starts_with(text) {
            open = true;
        }
    }
    if open && !last { None } else { Some(None) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_of_medicine_are_told_from_other_numbers() {
        for (text, bytes) in [
            ("200 mg of it", 6),
            ("200mg를", 5),
            ("2 puffs.", 7),
            ("1-2 puffs", 9),
            ("10-mg", 5),
            ("two puffs", 9),
            ("Two Tablets a day", 11),
            ("2.5ml,", 5),
            ("100–200 mcg ", "100–200 mcg".len()),
            ("2알", "2알".len()),
            ("두 알을", "두 알".len()),
            ("두알", "두알".len()),
            ("3번 흡입하세요", "3번 흡입".len()),
            ("1정을", "1정".len()),
        ] {
            assert_eq!(read(text, true), Amount::Medicine(bytes), "{text}");
        }
        for text in ["5정도", "42.195 km", "10 minutes", "2 mgr", "two people", "3 정각", "twofold mg", "100 people"] {
            assert!(matches!(read(text, true), Amount::Other(_)), "{text}");
        }
    }

    #[test]
    fn nothing_is_told_before_it_is_clear() {
        for text in ["2", "20 ", "20 m", "20 mg", "tw", "two", "two pu", "3번", "3번 흡", "3번 들", "5정", "2."] {
            assert_eq!(read(text, false), Amount::Open, "{text}");
        }
        for text in ["20 k", "20 mx", "twenty ", "persons", "5정도"] {
            assert!(matches!(read(text, false), Amount::Other(_)), "{text}");
        }
    }

    #[test]
    fn what_goes_on_for_ever_is_no_amount() {
        assert!(matches!(read(&"1".repeat(LONGEST_NUMBER + 1), false), Amount::Other(_)));
        assert!(matches!(read(&"x".repeat(40), false), Amount::Other(_)));
    }
}
