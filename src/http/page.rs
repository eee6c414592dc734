//! Pages of collections: `{items, next}`, where `next` is the cursor for the next page's `after`.

use std::str::FromStr;

use madang_domain::code::Code;

use super::problem::Problem;

/// The most that one page holds.
pub const MOST: u16 = 100;

/// How many items a page holds: what was asked for, within 1 to [`MOST`].
#[must_use]
pub fn limit(asked: Option<u16>, usual: u16) -> u16 {
    asked.unwrap_or(usual).clamp(1, MOST)
}

/// A cursor that we gave out earlier; none on the first page.
///
/// # Errors
/// `request.malformed` for anything else.
pub fn after<T: FromStr>(cursor: Option<&str>) -> Result<Option<T>, Problem> {
    let parse = |cursor: &str| {
        cursor.parse().map_err(|_| Problem::new(Code::BadRequest, "`after` must be the `next` of the page before."))
    };
    cursor.filter(|cursor| !cursor.is_empty()).map(parse).transpose()
}

/// Cuts rows, of which one more than the page holds was asked for, to the page, and tells whether there are more.
pub fn cut<T>(rows: &mut Vec<T>, limit: u16) -> bool {
    let more = rows.len() > usize::from(limit);
    rows.truncate(limit.into());
    more
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_is_cut_and_knows_whether_more_follow() {
        let mut rows = vec![1, 2, 3];
        assert!(cut(&mut rows, 2));
        assert_eq!(rows, [1, 2]);
        assert!(!cut(&mut rows, 2));
        assert_eq!((limit(None, 24), limit(Some(0), 24), limit(Some(500), 24)), (24, 1, 100));
    }

    #[test]
    fn only_our_own_cursors_are_taken() {
        assert_eq!(after::<i64>(None).ok(), Some(None));
        assert_eq!(after::<i64>(Some("17")).ok(), Some(Some(17)));
        assert_eq!(after::<i64>(Some("x")).map_err(|problem| problem.code()), Err(Code::BadRequest));
    }
}
