//! Two lists, each newest first, shown as one page.

use std::fmt;
use std::num::ParseIntError;
use std::str::FromStr;

/// An item of either list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Merged<A, B> {
    /// Of the first.
    First(A),
    /// Of the second.
    Second(B),
}

/// A page of both lists.
#[derive(Debug)]
pub(super) struct Page<A, B> {
    /// The items, newest first.
    pub(super) items: Vec<Merged<A, B>>,
    /// Whether either list goes on.
    pub(super) more: bool,
}

impl<A, B> Page<A, B> {
    /// The last item of the first list that is on the page.
    pub(super) fn last_of_first(&self) -> Option<&A> {
        self.items.iter().rev().find_map(|item| if let Merged::First(item) = item { Some(item) } else { None })
    }

    /// The last item of the second list that is on the page.
    pub(super) fn last_of_second(&self) -> Option<&B> {
        self.items.iter().rev().find_map(|item| if let Merged::Second(item) = item { Some(item) } else { None })
    }
}

/// Takes from both lists, each newest first, up to `limit` items; `second_is_newer` compares their heads.
pub(super) fn merge<A, B>(first: Vec<A>, second: Vec<B>, limit: u16, second_is_newer: impl Fn(&B, &A) -> bool) -> Page<A, B> {
    let (mut first, mut second) = (first.into_iter().peekable(), second.into_iter().peekable());
    let mut items = Vec::with_capacity(limit.into());
    while items.len() < usize::from(limit) {
        let take_second = match (first.peek(), second.peek()) {
            (Some(a), Some(b)) => second_is_newer(b, a),
            (None, Some(_)) => true,
            (_, None) => false,
        };
        let item = if take_second { second.next().map(Merged::Second) } else { first.next().map(Merged::First) };
        let Some(item) = item else { break };
        items.push(item);
    }
    let more = first.peek().is_some() || second.peek().is_some();
    Page { items, more }
}

/// Where a page ended, in all lists at once: whole numbers, written `12.7`. The start is above everything.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Position<const N: usize>(pub(super) [i64; N]);

impl<const N: usize> Default for Position<N> {
    fn default() -> Self {
        Self([i64::MAX; N])
    }
}

impl<const N: usize> fmt::Display for Position<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [first, rest @ ..] = self.0.as_slice() else { return Ok(()) };
        write!(f, "{first}")?;
        rest.iter().try_for_each(|number| write!(f, ".{number}"))
    }
}

impl<const N: usize> FromStr for Position<N> {
    type Err = NotAPosition;

    fn from_str(text: &str) -> Result<Self, NotAPosition> {
        let numbers = text.split('.').map(str::parse).collect::<Result<Vec<i64>, ParseIntError>>();
        numbers.ok().and_then(|numbers| numbers.try_into().ok()).map(Self).ok_or(NotAPosition)
    }
}

/// The text is no position that we gave out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct NotAPosition;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_lists_become_one_and_the_page_knows_where_each_ended() {
        let page = merge(vec![9, 5, 1], vec![7, 6], 3, |b, a| b > a);
        assert_eq!(page.items, [Merged::First(9), Merged::Second(7), Merged::Second(6)]);
        assert!(page.more);
        assert_eq!((page.last_of_first(), page.last_of_second()), (Some(&9), Some(&6)));
        let page = merge(vec![5, 1], Vec::<i32>::new(), 3, |b, a| b > a);
        assert_eq!((page.items.len(), page.more), (2, false));
    }

    #[test]
    fn a_position_survives_printing_and_others_are_refused() {
        let position = Position([17, 0, 9_000_000_000]);
        assert_eq!(position.to_string(), "17.0.9000000000");
        assert_eq!(position.to_string().parse(), Ok(position));
        for wrong in ["", "1", "1.2", "1.2.3.4", "1.x.3"] {
            assert_eq!(wrong.parse::<Position<3>>(), Err(NotAPosition), "{wrong}");
        }
    }
}
