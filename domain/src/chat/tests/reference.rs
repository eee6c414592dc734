//! A slow model of the conversation's texts: what was taken, in the order in which it was taken.

use super::*;

/// One answer as a fool would keep it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Plain {
    pub(super) text: Vec<char>,
    pub(super) run: Option<u128>,
    pub(super) over: bool,
    pub(super) whole: bool,
}

/// A conversation as a fool would keep it: a list of answers, looked through from the beginning each time.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Model {
    pub(super) answers: Vec<Plain>,
}

impl Model {
    pub(super) fn open(&self) -> usize {
        self.answers.iter().filter(|answer| !answer.over).count()
    }

    pub(super) fn next(&self) -> Option<usize> {
        self.answers.iter().position(|answer| !answer.over)
    }

    pub(super) fn ask(&mut self, waiting: usize) -> bool {
        let room = self.open() <= waiting;
        if room {
            self.answers.push(Plain::default());
        }
        room
    }

    pub(super) fn begin(&mut self, place: usize, run: u128) -> bool {
        let free = self.next() == Some(place) && self.answers[place].run.is_none();
        if free {
            self.answers[place].run = Some(run);
        }
        free
    }

    fn of(&mut self, place: usize, run: u128) -> Option<&mut Plain> {
        self.answers.get_mut(place).filter(|answer| answer.run == Some(run))
    }

    pub(super) fn write(&mut self, place: usize, run: u128, from: usize, text: &str) -> bool {
        match self.of(place, run) {
            Some(answer) if answer.text.len() == from => {
                answer.text.extend(text.chars());
                true
            }
            _ => false,
        }
    }

    pub(super) fn end(&mut self, place: usize, run: u128, whole: bool) -> bool {
        let Some(answer) = self.of(place, run) else { return false };
        (answer.run, answer.over, answer.whole) = (None, true, whole);
        true
    }

    pub(super) fn go_on(&mut self, place: usize) -> bool {
        let quiet = self.open() == 0;
        match self.answers.get_mut(place) {
            Some(answer) if quiet && answer.over && !answer.whole => {
                answer.over = false;
                true
            }
            _ => false,
        }
    }

    /// The texts as one string each.
    pub(super) fn texts(&self) -> Vec<String> {
        self.answers.iter().map(|answer| answer.text.iter().collect()).collect()
    }

    pub(super) fn same_as(&self, chat: &Chat) -> bool {
        let talk = chat.talk().unwrap();
        let texts: Vec<_> = talk.turns.iter().map(|turn| turn.answer.text.clone()).collect();
        let over: Vec<_> = talk.turns.iter().map(|turn| turn.answer.stage.is_over()).collect();
        texts == self.texts() && over == self.answers.iter().map(|answer| answer.over).collect::<Vec<_>>()
    }
}
