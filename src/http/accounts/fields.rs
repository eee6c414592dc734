//! What a person writes about themselves besides address and password: a name, a language.

use madang_domain::code::Code;

use crate::http::problem::Problem;

/// 1 to 100 characters, none of them a control character, not all of them spaces.
pub(super) fn parse_name(text: &str) -> Result<&str, Problem> {
    let name = text.trim();
    if (1..=100).contains(&name.chars().count()) && !name.chars().any(char::is_control) {
        return Ok(name);
    }
    Err(Problem::new(Code::BadRequest, "The name must have 1 to 100 characters."))
}

/// `ko` or `en`, also from a longer tag such as `en-GB`.
pub(super) fn parse_locale(text: Option<&str>) -> Result<Option<&'static str>, Problem> {
    let Some(text) = text else { return Ok(None) };
    match text.split(['-', '_']).next() {
        Some("ko") => Ok(Some("ko")),
        Some("en") => Ok(Some("en")),
        Some(_) | None => Err(Problem::new(Code::BadRequest, "The locale must be ko or en.")),
    }
}
