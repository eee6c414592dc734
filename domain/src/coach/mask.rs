//! Taking people's data out of what is written to a log.

use std::borrow::Cow;
use std::sync::LazyLock;

use regex::Regex;

/// What is looked for, in this order, and what stands in its place. Digits may be grouped by blanks, dots or hyphens.
///
/// Resident numbers: birth date, then 1 to 8 for century, sex and foreigners, then six more (they may be starred already).
/// Cards: 13 to 19 digits. Telephone: Korean mobile and trunk numbers, and whatever begins with `+` and a country.
const PATTERNS: &[(&str, &str)] = &[
    (r"(?i)[a-z0-9._%+\-]+@[a-z0-9\-]+(?:\.[a-z0-9\-]+)+", "[e-mail]"),
    (r"[0-9]{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12][0-9]|3[01])[ \-–]?[1-8][0-9*]{6}", "[resident number]"),
    (r"[0-9]{4}[ .\-]?[0-9]{4}[ .\-]?[0-9]{4}[ .\-]?[0-9]{1,7}", "[card]"),
    (r"\+[0-9]{1,3}[ .\-]?(?:\(?[0-9]{1,4}\)?[ .\-]?){2,4}[0-9]{2,4}", "[phone]"),
    (r"\(?0(?:1[016789]|2|[3-6][0-9]|70|80|50[0-9])\)?[ .\-]?[0-9]{3,4}[ .\-]?[0-9]{4}", "[phone]"),
];

static COMPILED: LazyLock<Vec<(Regex, &'static str)>> = LazyLock::new(|| {
    #[expect(clippy::expect_used, reason = "the patterns are part of the program, and a test compiles them")]
    let compile = |(pattern, place): &(&str, &'static str)| (Regex::new(pattern).expect("a good pattern"), *place);
    PATTERNS.iter().map(compile).collect()
});

/// The text with e-mail addresses, telephone, resident and card numbers replaced by what they were.
#[must_use]
pub fn mask(text: &str) -> Cow<'_, str> {
    let mut masked = Cow::Borrowed(text);
    for (pattern, place) in COMPILED.iter() {
        if let Cow::Owned(replaced) = pattern.replace_all(&masked, *place) {
            masked = Cow::Owned(replaced);
        }
    }
    masked
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_leads_to_a_person_is_masked() {
        for (given, masked) in [
            ("write to kim.lee+run@mail.example.co.kr please", "write to [e-mail] please"),
            ("010-1234-5678로 전화", "[phone]로 전화"),
            ("01012345678", "[phone]"),
            ("02) 123-4567", "[phone]"),
            ("(02) 123-4567", "[phone]"),
            ("+82 10 1234 5678", "[phone]"),
            ("+1 (555) 010-9999", "[phone]"),
            ("주민번호 900101-1234567", "주민번호 [resident number]"),
            ("9001012******", "[resident number]"),
            ("4111 1111 1111 1111", "[card]"),
        ] {
            assert_eq!(mask(given), masked);
        }
    }

    #[test]
    fn numbers_that_lead_to_nobody_stay() {
        for text in ["42.195 km in 3:59:59", "1,234,567 won", "2026-11-21", "call 119", "heart rate 140-160", "[12]"] {
            assert!(matches!(mask(text), Cow::Borrowed(_)), "{text}");
        }
    }

    proptest! {
        #[test]
        fn no_mobile_number_and_no_address_survives_any_surroundings(
            before in "[a-z가-힣 ]{0,12}[가-힣 ]",
            after in "[가-힣 ,.!?]{0,12}",
            middle in 1000_u32..9999,
            end in 1000_u32..9999,
            joint in "[ .-]?",
            name in "[a-z0-9]{1,12}",
        ) {
            let number = format!("010{joint}{middle}{joint}{end}");
            let text = format!("{before}{number}{after}");
            prop_assert!(!mask(&text).contains(&number));
            let address = format!("{name}@mail.example");
            let text = format!("{before}{address}{after}");
            prop_assert!(!mask(&text).contains(&address));
        }

        #[test]
        fn twice_is_once(text in "[0-9a-z@.+() -]{0,60}") {
            let once = mask(&text).into_owned();
            prop_assert_eq!(mask(&once), once.clone());
        }
    }
}
