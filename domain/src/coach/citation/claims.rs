//! Cutting what is shown into sentences, with the marks that belong to each.

/// A longer sentence is cut: nothing is collected without a bound.
const LONGEST: usize = 2_000;

/// A sentence that is over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Sentence {
    /// In characters of what was shown.
    pub(super) start: usize,
    /// In characters of what was shown; not included.
    pub(super) end: usize,
    /// Its words, without marks.
    pub(super) words: String,
    /// The passages it cites, in order, each once.
    pub(super) marks: Vec<usize>,
}

/// Where in a sentence we are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Place {
    /// In the middle.
    #[default]
    Inside,
    /// Right after what may end it.
    Ended,
    /// After what ended it and a blank: the next word begins another.
    Between,
}

/// The sentence that is being said.
#[derive(Debug, Default)]
pub(super) struct Sentences {
    /// Characters shown so far.
    at: usize,
    /// Where the present sentence begins.
    start: usize,
    /// Characters of it.
    length: usize,
    /// Blanks at its end so far.
    tail: usize,
    words: String,
    marks: Vec<usize>,
    place: Place,
    /// Within quotation marks: what closes them.
    quote: Option<char>,
}

impl Sentences {
    /// More of what is shown.
    pub(super) fn text(&mut self, text: &str, over: &mut impl FnMut(Sentence)) {
        for c in text.chars() {
            self.char(c, over);
        }
    }

    /// A mark of `shown` characters. It belongs to the sentence before it, even after its full stop.
    pub(super) fn mark(&mut self, number: usize, shown: usize) {
        if !self.marks.contains(&number) {
            self.marks.push(number);
        }
        self.at += shown;
        self.length += shown;
        self.tail = 0;
    }

    /// Nothing more is said.
    pub(super) fn finish(&mut self, over: &mut impl FnMut(Sentence)) {
        self.close(over);
    }

    fn char(&mut self, c: char, over: &mut impl FnMut(Sentence)) {
        if c == '\n' || self.length >= LONGEST {
            self.close(over);
            self.quote = None;
        } else if self.quote.is_none() {
            self.place = match self.place {
                Place::Between if !c.is_whitespace() => {
                    self.close(over);
                    after(c, Place::Inside)
                }
                place @ (Place::Inside | Place::Ended | Place::Between) => after(c, place),
            };
        } else if matches!(c, '.' | '!' | '?' | '。' | '！' | '？') {
            // `"... said."` ends with the quotation mark.
            self.place = Place::Ended;
        } else if self.quote != Some(c) {
            self.place = Place::Inside;
        }
        self.quote = match (self.quote, c) {
            (Some(close), _) if close == c => None,
            (Some(close), _) => Some(close),
            (None, '"') => Some('"'),
            (None, '“') => Some('”'),
            (None, '「') => Some('」'),
            (None, '『') => Some('』'),
            (None, _) => None,
        };
        self.at += 1;
        if self.words.is_empty() && self.marks.is_empty() && c.is_whitespace() {
            self.start = self.at;
            return;
        }
        self.length += 1;
        self.tail = if c.is_whitespace() { self.tail + 1 } else { 0 };
        self.words.push(c);
    }

    fn close(&mut self, over: &mut impl FnMut(Sentence)) {
        let words = std::mem::take(&mut self.words);
        let marks = std::mem::take(&mut self.marks);
        if !words.is_empty() || !marks.is_empty() {
            over(Sentence { start: self.start, end: self.at.saturating_sub(self.tail), words, marks });
        }
        (self.start, self.length, self.tail, self.place) = (self.at, 0, 0, Place::Inside);
    }
}

/// The place after a character that belongs to the present sentence.
fn after(c: char, place: Place) -> Place {
    match c {
        '.' | '!' | '?' => Place::Ended,
        // These are written without a blank after them.
        '。' | '！' | '？' => Place::Between,
        '"' | '”' | '」' | '』' | '\'' | '’' | ')' | '*' | '_' if place != Place::Inside => place,
        _ if c.is_whitespace() => match place {
            Place::Inside => Place::Inside,
            Place::Ended | Place::Between => Place::Between,
        },
        _ => Place::Inside,
    }
}
