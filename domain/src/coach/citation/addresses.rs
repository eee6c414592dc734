//! The second stage of the sieve: addresses in the middle of the text, in angle brackets or bare, and amounts of medicine.
//! Whatever goes leaves something in its place, so that nothing new is made of what was apart.

use super::super::dose::{self, Amount};
use super::super::lang::Lang;
use super::sieve::{LONGEST_LINK, NO_LINK};

/// How bare addresses begin, in lower case.
const SCHEMES: &[&str] = &["https://", "http://", "ftp://", "www."];
/// The longest name of a scheme.
const LONGEST_SCHEME: usize = 32;

/// What to do with the beginning of what is held.
enum Step {
    /// So many bytes are shown.
    Pass(usize),
    /// In the place of so many bytes this is shown.
    Replace(usize, &'static str),
    /// So many bytes go, and more until the address ends.
    Drop(usize),
    /// It depends on what comes.
    Hold,
}

/// See the module.
#[derive(Debug)]
pub(super) struct Addresses {
    links: Vec<String>,
    health: Option<Lang>,
    held: String,
    /// The last character that was shown.
    before: Option<char>,
    /// Within an address that is too long.
    dropping: bool,
}

impl Addresses {
    pub(super) fn new(links: Vec<String>, health: Option<Lang>) -> Self {
        Self { links, health, held: String::new(), before: None, dropping: false }
    }

    /// Takes more words; with `last`, nothing that is held goes on.
    pub(super) fn drain(&mut self, more: &str, last: bool, sink: &mut impl FnMut(&str)) {
        let mut held = std::mem::take(&mut self.held);
        held.push_str(more);
        let mut rest = held.as_str();
        let mut ready = String::with_capacity(rest.len());
        while !rest.is_empty() {
            let before = ready.chars().next_back().or(self.before);
            let taken = match self.step(rest, before, last) {
                Step::Pass(bytes) => {
                    ready.push_str(rest.get(..bytes).unwrap_or_default());
                    bytes
                }
                Step::Replace(bytes, shown) => {
                    ready.push_str(shown);
                    bytes
                }
                Step::Drop(bytes) => {
                    self.dropping = true;
                    ready.push_str(NO_LINK);
                    bytes
                }
                Step::Hold => break,
            };
            rest = rest.get(taken..).unwrap_or_default();
        }
        self.held.push_str(rest);
        self.dropping &= !last;
        if let Some(c) = ready.chars().next_back() {
            self.before = Some(c);
            sink(&ready);
        }
    }

    fn step(&mut self, rest: &str, before: Option<char>, last: bool) -> Step {
        if self.dropping {
            let end = address(rest);
            self.dropping = end == rest.len();
            return Step::Replace(end, "");
        }
        match rest.chars().next() {
            Some('<') => self.angle(rest, last),
            Some('h' | 'H' | 'f' | 'F' | 'w' | 'W') => match begins(rest) {
                Begins::Yes => self.bare(rest, last),
                Begins::Maybe if !last => Step::Hold,
                Begins::Maybe | Begins::No => self.word(rest, before, last),
            },
            Some(_) | None => self.word(rest, before, last),
        }
    }

    /// An ordinary character; where amounts are looked for, one that may begin an amount.
    fn word(&self, rest: &str, before: Option<char>, last: bool) -> Step {
        let first = rest.chars().next().unwrap_or(' ');
        let begins = first.is_alphanumeric() && !before.is_some_and(char::is_alphanumeric);
        let Some(lang) = self.health.filter(|_| begins) else { return Step::Pass(first.len_utf8()) };
        match dose::read(rest, last) {
            Amount::Medicine(bytes) => Step::Replace(bytes, dose::replacement(lang)),
            // An address may begin in the middle of a word, so only its first character is sure.
            Amount::Other(_) => Step::Pass(first.len_utf8()),
            Amount::Open => Step::Hold,
        }
    }

    /// `<scheme:address>`, or just a bracket.
    fn angle(&self, rest: &str, last: bool) -> Step {
        let inside = rest.get(1..).unwrap_or_default();
        let of_scheme = |c: char| c.is_ascii_alphanumeric() || matches!(c, '+' | '.' | '-');
        let scheme = inside.find(|c: char| !of_scheme(c)).unwrap_or(inside.len());
        let after = inside.get(scheme..).unwrap_or_default();
        if scheme > LONGEST_SCHEME || (!inside.is_empty() && scheme == 0) {
            return Step::Pass(1);
        }
        if after.is_empty() {
            return if last { Step::Pass(1) } else { Step::Hold };
        }
        if !after.starts_with(':') {
            return Step::Pass(1);
        }
        match inside.find(['>', ' ', '\n', '<']) {
            Some(end) => {
                let closed = inside.get(end..).is_some_and(|close| close.starts_with('>'));
                let bytes = 1 + end + usize::from(closed);
                let ours = closed && inside.get(..end).is_some_and(|link| is_ours(&self.links, link));
                if ours { Step::Pass(bytes) } else { Step::Replace(bytes, NO_LINK) }
            }
            None if rest.len() > LONGEST_LINK => Step::Drop(rest.len()),
            None if last => Step::Replace(rest.len(), NO_LINK),
            None => Step::Hold,
        }
    }

    /// An address in the middle of the text.
    fn bare(&self, rest: &str, last: bool) -> Step {
        let whole = address(rest);
        if whole == rest.len() && !last {
            return if whole > LONGEST_LINK { Step::Drop(whole) } else { Step::Hold };
        }
        let found = rest.get(..whole).unwrap_or_default();
        let link = found.trim_end_matches(['.', ',', ';', ':', '!', '?', ')', ']', '}', '*', '_']);
        if is_ours(&self.links, link) { Step::Pass(link.len()) } else { Step::Replace(link.len().max(1), NO_LINK) }
    }
}

/// Whether this is an address of a source: its fragment, a last slash and whether it is encrypted do not count.
pub(super) fn is_ours(links: &[String], link: &str) -> bool {
    fn bare(address: &str) -> &str {
        let address = address.split('#').next().unwrap_or_default();
        let address = address.strip_prefix("https://").or_else(|| address.strip_prefix("http://")).unwrap_or(address);
        address.trim_end_matches('/')
    }
    let web = link.starts_with("https://") || link.starts_with("http://");
    let plain = !link.chars().any(|c| c.is_whitespace() || c.is_control() || matches!(c, '<' | '>' | '"'));
    web && plain && links.iter().any(|ours| bare(ours) == bare(link))
}

enum Begins {
    Yes,
    Maybe,
    No,
}

/// Whether an address begins here.
fn begins(rest: &str) -> Begins {
    let head: String = rest.chars().take(8).collect::<String>().to_ascii_lowercase();
    if SCHEMES.iter().any(|scheme| head.starts_with(scheme)) {
        Begins::Yes
    } else if SCHEMES.iter().any(|scheme| head.len() == rest.len() && scheme.starts_with(&head)) {
        Begins::Maybe
    } else {
        Begins::No
    }
}

/// How many bytes at the beginning belong to an address.
fn address(rest: &str) -> usize {
    let ends = |c: char| !c.is_ascii() || c.is_ascii_whitespace() || c.is_ascii_control() || matches!(c, '<' | '>' | '"');
    rest.find(ends).unwrap_or(rest.len())
}
