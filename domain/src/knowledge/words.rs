//! Words of a text, in the form in which they are compared.
//!
//! Texts are composed by compatibility (NFKC) and folded to lower case. Languages that put spaces between words give words;
//! what is written in Hangul, Han or Kana gives pairs of neighbouring signs, which finds a Korean noun whatever particle
//! hangs on it, and the first sign of each run alone, for nouns of one syllable. Stems are the business of who indexes.

use unicode_normalization::UnicodeNormalization;

/// Longer words are cut: nobody looks for more.
pub const LONGEST: usize = 40;

/// English words that nearly every text has. A question is not searched by them, unless it has no others.
const COMMON: [&str; 66] = [
    "a", "about", "am", "an", "and", "any", "are", "as", "at", "be", "been", "but", "by", "can", "could", "did", "do", "does",
    "for", "from", "had", "has", "have", "he", "her", "his", "how", "i", "if", "in", "into", "is", "it", "its", "me", "my",
    "of", "on", "or", "our", "she", "should", "so", "that", "the", "their", "them", "there", "these", "they", "this", "to",
    "was", "we", "were", "what", "when", "where", "which", "who", "why", "will", "with", "would", "you", "your",
];

/// Whether nearly every English text has this word.
#[must_use]
pub fn is_common(word: &str) -> bool {
    COMMON.binary_search(&word).is_ok()
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Script {
    /// Signs that are searched in pairs.
    Paired,
    /// Letters and digits that make words.
    Spaced,
    /// Joins two parts of a word and is left out: an apostrophe.
    Joint,
    /// Everything else.
    Border,
}

fn script(sign: char) -> Script {
    match sign {
        '\u{1100}'..='\u{11ff}'
        | '\u{3040}'..='\u{30ff}'
        | '\u{3130}'..='\u{318f}'
        | '\u{3400}'..='\u{4dbf}'
        | '\u{4e00}'..='\u{9fff}'
        | '\u{ac00}'..='\u{d7a3}'
        | '\u{f900}'..='\u{faff}' => Script::Paired,
        '\'' | '\u{2019}' | '\u{2bc}' => Script::Joint,
        other if other.is_alphanumeric() => Script::Spaced,
        _ => Script::Border,
    }
}

/// A text as it is compared: composed by compatibility, in lower case.
#[must_use]
pub fn folded(text: &str) -> String {
    text.nfkc().flat_map(char::to_lowercase).nfc().collect()
}

/// Its words, in order, repeated as often as they come.
#[must_use]
pub fn words(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut run = String::new();
    let mut of = Script::Border;
    for sign in folded(text).chars() {
        let script = script(sign);
        if script == Script::Joint && of == Script::Spaced {
            run.push('\'');
            continue;
        }
        if script != of {
            close(&mut run, of, &mut found);
            of = script;
        }
        if matches!(script, Script::Paired | Script::Spaced) {
            run.push(sign);
        }
    }
    close(&mut run, of, &mut found);
    found
}

fn close(run: &mut String, of: Script, found: &mut Vec<String>) {
    match of {
        Script::Paired => {
            let signs: Vec<char> = run.chars().collect();
            found.extend(signs.first().map(ToString::to_string));
            found.extend(signs.windows(2).map(|pair| pair.iter().collect::<String>()));
        }
        Script::Spaced => {
            let word = run.trim_end_matches('\'');
            let word = word.strip_suffix("'s").unwrap_or(word).replace('\'', "");
            if !word.is_empty() {
                found.push(word.chars().take(LONGEST).collect());
            }
        }
        Script::Joint | Script::Border => {}
    }
    run.clear();
}

/// The words that a question is searched by: each once, in order, without the most common ones where others are left.
#[must_use]
pub fn searched(question: &str, most: usize) -> Vec<String> {
    let mut seen = std::collections::HashSet::new();
    let all: Vec<String> = words(question).into_iter().filter(|word| seen.insert(word.clone())).collect();
    let telling: Vec<String> = all.iter().filter(|word| !is_common(word)).take(most).cloned().collect();
    if telling.is_empty() { all.into_iter().take(most).collect() } else { telling }
}
