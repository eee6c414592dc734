//! How many tokens a text is about, where no model has counted them.

/// What a message of a conversation costs besides its words.
pub const PER_TURN: u32 = 4;

/// An estimate on the safe side: today's tokenizers make a token of some four ASCII characters and of about one syllable of
/// Hangul, seldom more.
#[must_use]
pub fn estimate(text: &str) -> u32 {
    let (ascii, others) = text
        .chars()
        .fold((0_usize, 0_usize), |(ascii, others), c| if c.is_ascii() { (ascii + 1, others) } else { (ascii, others + 1) });
    u32::try_from(ascii.div_ceil(4) + others).unwrap_or(u32::MAX)
}

/// The longest beginning of a text that is about so many tokens at most, cut between characters.
#[must_use]
pub fn cut(text: &str, tokens: u32) -> &str {
    let mut quarters: u64 = 0;
    let most = u64::from(tokens) * 4;
    for (at, c) in text.char_indices() {
        quarters += if c.is_ascii() { 1 } else { 4 };
        // An ASCII rest of less than four counts as a whole token.
        if quarters > most {
            return text.get(..at).unwrap_or_default();
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_syllable_weighs_as_much_as_an_english_word() {
        assert_eq!((estimate(""), estimate("four"), estimate("four."), estimate("천식")), (0, 1, 2, 2));
    }

    proptest! {
        #[test]
        fn what_is_cut_fits_and_is_the_longest_that_does(text in "\\PC{0,60}", tokens in 0_u32..30) {
            let kept = cut(&text, tokens);
            prop_assert!(text.starts_with(kept));
            prop_assert!(estimate(kept) <= tokens);
            if let Some(next) = text[kept.len()..].chars().next() {
                let longer = format!("{kept}{next}");
                prop_assert!(estimate(&longer) > tokens);
            }
        }
    }
}
