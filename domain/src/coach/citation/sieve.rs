//! What is taken out of a model's words: marks without a passage and links ([`Brackets`]), then bare addresses and amounts of
//! medicine (`addresses`), which see the words as they are after the first have gone: `h[9]ttps://` must not become one.
//!
//! Words come in pieces that may break anywhere. Whatever may be the beginning of something to be taken out is held until it
//! is clear; all of that is bounded.

use super::super::lang::Lang;
use super::addresses::{Addresses, is_ours};

/// The longest text of a link that is looked at as a whole, in bytes.
const LONGEST_LABEL: usize = 300;
/// The longest address that is compared with the sources'; longer ones are none of them.
pub(super) const LONGEST_LINK: usize = 2_048;
/// What stands where an address was.
pub(super) const NO_LINK: &str = "…";

/// What is left.
pub(super) enum Said<'a> {
    /// To be shown as it is.
    Text(&'a str),
    /// A mark of a passage that there is.
    Mark(usize),
}

/// Both stages.
#[derive(Debug)]
pub(super) struct Sieve {
    brackets: Brackets,
    addresses: Addresses,
}

impl Sieve {
    pub(super) fn new(links: Vec<String>, passages: usize, health: Option<Lang>) -> Self {
        let brackets = Brackets { links: links.clone(), passages, held: String::new(), before: None };
        Self { brackets, addresses: Addresses::new(links, health) }
    }

    /// Takes more words.
    pub(super) fn push(&mut self, text: &str, sink: &mut impl FnMut(Said<'_>)) {
        let Self { brackets, addresses } = self;
        brackets.drain(text, false, &mut |said| pass_on(said, addresses, sink));
    }

    /// Nothing more comes.
    pub(super) fn finish(&mut self, sink: &mut impl FnMut(Said<'_>)) {
        let Self { brackets, addresses } = self;
        brackets.drain("", true, &mut |said| pass_on(said, addresses, sink));
        addresses.drain("", true, &mut |text| sink(Said::Text(text)));
    }
}

fn pass_on(said: Said<'_>, addresses: &mut Addresses, sink: &mut impl FnMut(Said<'_>)) {
    match said {
        Said::Text(text) => addresses.drain(text, false, &mut |text| sink(Said::Text(text))),
        Said::Mark(number) => {
            // Nothing goes on beyond a mark.
            addresses.drain("", true, &mut |text| sink(Said::Text(text)));
            sink(Said::Mark(number));
        }
    }
}

/// What to do with the beginning of what is held.
enum Step {
    /// So many bytes are passed on.
    Pass(usize),
    /// In the place of so many bytes this is passed on.
    Replace(usize, String),
    /// So many bytes are marks of these passages; none: the blank before them goes, too.
    Marks(usize, Vec<usize>),
    /// It depends on what comes.
    Hold,
}

/// The first stage.
#[derive(Debug)]
struct Brackets {
    links: Vec<String>,
    passages: usize,
    held: String,
    /// The last character that was passed on.
    before: Option<char>,
}

impl Brackets {
    fn drain(&mut self, more: &str, last: bool, sink: &mut impl FnMut(Said<'_>)) {
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
                    ready.push_str(&shown);
                    bytes
                }
                Step::Marks(bytes, marks) => {
                    if marks.is_empty() && ready.ends_with(' ') {
                        ready.pop();
                    }
                    if !marks.is_empty() {
                        self.tell(&mut ready, sink);
                    }
                    for mark in marks {
                        sink(Said::Mark(mark));
                        self.before = Some(']');
                    }
                    bytes
                }
                Step::Hold => break,
            };
            rest = rest.get(taken..).unwrap_or_default();
        }
        // A blank may turn out to stand before a mark that goes.
        if !last && ready.ends_with(' ') {
            ready.pop();
            self.held.push(' ');
        }
        self.held.push_str(rest);
        self.tell(&mut ready, sink);
    }

    fn tell(&mut self, ready: &mut String, sink: &mut impl FnMut(Said<'_>)) {
        if let Some(c) = ready.chars().next_back() {
            self.before = Some(c);
            sink(Said::Text(ready));
            ready.clear();
        }
    }

    fn step(&self, rest: &str, before: Option<char>, last: bool) -> Step {
        if rest.starts_with('[') {
            return self.bracket(rest, last);
        }
        if rest.starts_with('(') && before == Some(']') {
            return match self.link(rest, last) {
                Link::Open => Step::Hold,
                Link::None => Step::Pass(1),
                Link::Ours(bytes) => Step::Pass(bytes),
                Link::Foreign(bytes) => Step::Replace(bytes, String::new()),
            };
        }
        // Whatever else there is goes on to the next of them; the first character is none, or was looked at before.
        let first = rest.chars().next().map_or(1, char::len_utf8);
        let bracket = |c: char| matches!(c, '[' | '(');
        let others = rest.get(first..).and_then(|after| after.find(bracket)).map_or(rest.len(), |at| first + at);
        Step::Pass(others)
    }

    /// `[1]`, `[1, 2]`, `[text](address)`, or just a bracket.
    fn bracket(&self, rest: &str, last: bool) -> Step {
        let Some(end) = rest.find([']', '\n']) else {
            return if last || rest.len() > LONGEST_LABEL { Step::Pass(1) } else { Step::Hold };
        };
        let label = rest.get(1..end).unwrap_or_default();
        if !rest.get(end..).is_some_and(|close| close.starts_with(']')) || label.len() > LONGEST_LABEL {
            return Step::Pass(1);
        }
        let link = match self.link(rest.get(end + 1..).unwrap_or_default(), last) {
            Link::Open => return Step::Hold,
            Link::None => None,
            Link::Ours(bytes) => Some((bytes, true)),
            Link::Foreign(bytes) => Some((bytes, false)),
        };
        match (marks(label), link) {
            (Some(marks), link) => {
                let there = marks.into_iter().filter(|mark| (1..=self.passages).contains(mark)).collect();
                Step::Marks(end + 1 + link.map_or(0, |(bytes, _)| bytes), there)
            }
            // Its text is looked at for itself: it may hold more.
            (None, None | Some((_, true))) => Step::Pass(1),
            (None, Some((bytes, false))) => {
                let plain = !label.trim().is_empty() && !label.contains(['<', '[']);
                Step::Replace(end + 1 + bytes, if plain { label } else { NO_LINK }.to_owned())
            }
        }
    }

    /// `(address)`; with a title it is not as a source has it.
    fn link(&self, rest: &str, last: bool) -> Link {
        if rest.is_empty() {
            return if last { Link::None } else { Link::Open };
        }
        if !rest.starts_with('(') {
            return Link::None;
        }
        let Some(end) = rest.find([')', '\n']) else {
            // No address of a source is so long: what came of it goes.
            return if last || rest.len() > LONGEST_LINK { Link::Foreign(rest.len()) } else { Link::Open };
        };
        let closed = rest.get(end..).is_some_and(|close| close.starts_with(')'));
        let bytes = if closed { end + 1 } else { end };
        let address = rest.get(1..end).unwrap_or_default();
        if closed && is_ours(&self.links, address) { Link::Ours(bytes) } else { Link::Foreign(bytes) }
    }
}

enum Link {
    /// Not to be told yet.
    Open,
    /// There is no link.
    None,
    /// An address of a source, of so many bytes with its brackets.
    Ours(usize),
    /// Another one.
    Foreign(usize),
}

/// The numbers of `1, 2`; `None` where it is something else.
fn marks(label: &str) -> Option<Vec<usize>> {
    let number = |part: &str| Some(part.trim()).filter(|part| part.len() <= 3)?.parse::<usize>().ok();
    label.split([',', ';']).map(number).collect()
}
