//! In which of our two languages somebody writes.

use serde::{Deserialize, Serialize};

/// A language that we have texts in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Lang {
    /// Korean.
    Ko,
    /// English, and all others.
    #[default]
    En,
}

impl Lang {
    /// Korean where there is a Hangul syllable or letter: Koreans write foreign words among their own, hardly anybody else
    /// writes Hangul.
    #[must_use]
    pub fn of(text: &str) -> Self {
        if text.chars().any(is_hangul) { Self::Ko } else { Self::En }
    }
}

/// A syllable or a letter of Hangul.
pub(super) fn is_hangul(c: char) -> bool {
    matches!(c, '\u{ac00}'..='\u{d7a3}' | '\u{1100}'..='\u{11ff}' | '\u{3131}'..='\u{318e}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_foreign_word_in_a_korean_question_changes_nothing() {
        assert_eq!(Lang::of("VO2max가 뭐예요?"), Lang::Ko);
        assert_eq!(Lang::of("What is asthma?"), Lang::En);
        assert_eq!(Lang::of("ㅋㅋ"), Lang::Ko);
        assert_eq!(Lang::of(""), Lang::En);
    }
}
