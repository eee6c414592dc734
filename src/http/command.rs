//! The id of a command as it comes with a request: the same id with the same body gets the same answer.

use actix_web::HttpRequest;
use madang_domain::code::Code;
use uuid::Uuid;

use super::problem::Problem;

/// The request's command id: the header `Idempotency-Key`, or `command_id` in the body; a fresh one where neither is given.
///
/// # Errors
/// `request.malformed` when the header is no UUID, or says something else than the body.
pub fn command_id(request: &HttpRequest, in_body: Option<Uuid>) -> Result<Uuid, Problem> {
    let Some(header) = request.headers().get("idempotency-key") else {
        return Ok(in_body.unwrap_or_else(Uuid::new_v4));
    };
    let key = header.to_str().ok().and_then(|text| Uuid::try_parse(text.trim()).ok());
    let key = key.ok_or_else(|| Problem::new(Code::BadRequest, "The header Idempotency-Key must be a UUID."))?;
    if in_body.is_some_and(|id| id != key) {
        return Err(Problem::new(Code::BadRequest, "Idempotency-Key and command_id are not the same."));
    }
    Ok(key)
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    #[test]
    fn header_and_body_must_agree() {
        let id = Uuid::from_u128(7);
        let with = |value: &str| TestRequest::default().insert_header(("idempotency-key", value)).to_http_request();
        assert_eq!(command_id(&with(&id.to_string()), None).ok(), Some(id));
        assert_eq!(command_id(&with(&id.to_string()), Some(id)).ok(), Some(id));
        assert_eq!(command_id(&TestRequest::default().to_http_request(), Some(id)).ok(), Some(id));
        let code = |result: Result<Uuid, Problem>| result.map_err(|problem| problem.code());
        assert_eq!(code(command_id(&with("seven"), None)), Err(Code::BadRequest));
        assert_eq!(code(command_id(&with(&id.to_string()), Some(Uuid::nil()))), Err(Code::BadRequest));
    }
}
