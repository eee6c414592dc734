//! The invoice of a sold auction, each party's side of it.

use actix_web::web;
use madang_domain::code::Code;
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::Auctions;
use crate::http::auth::SignedIn;
use crate::http::problem::Problem;

/// What a sale costs the buyer and brings the seller. Amounts are minor units of `currency`. The buyer sees the buyer's
/// side, the seller the seller's, clerks both. This type documents the answer; the rules make it.
#[derive(Debug, Serialize, ToSchema)]
pub struct InvoiceView {
    auction: i64,
    title: String,
    artist: String,
    /// `sold` (to be paid), `settled` or `defaulted`.
    state: String,
    currency: String,
    hammer: i64,
    due_at: String,
    paid_at: Option<String>,
    buyer: Option<i64>,
    /// On top of the hammer price.
    premium: Option<i64>,
    /// Value added tax on the premium.
    vat: Option<i64>,
    /// What the buyer pays in all.
    total: Option<i64>,
    seller: Option<i64>,
    /// What the house keeps of the hammer price.
    commission: Option<i64>,
    /// What the seller gets.
    proceeds: Option<i64>,
}

/// The invoice, for its buyer, its seller and clerks.
#[utoipa::path(get, path = "/auctions/{auction}/invoice", tag = "auctions", security(("bearer" = [])),
    params(("auction" = i64, Path)), responses((status = 200, body = InvoiceView), (status = 403), (status = 404)))]
pub(super) async fn show_invoice(
    auctions: web::Data<Auctions>,
    who: SignedIn,
    auction: web::Path<i64>,
) -> Result<web::Json<Value>, Problem> {
    let view = auctions.view(Auctions::id(*auction)?, who.viewer()).await?;
    Ok(web::Json(invoice_in(view)?))
}

/// The invoice in a person's view of an auction.
fn invoice_in(mut view: Value) -> Result<Value, Problem> {
    let sold = view.pointer("/outcome/hammer").is_some();
    let Some(Value::Object(mut invoice)) = view.pointer_mut("/outcome/invoice").map(Value::take) else {
        let none = || Problem::new(Code::NotFound, "There is no invoice: nothing was sold here.");
        return Err(if sold { Code::Forbidden.into() } else { none() });
    };
    for (name, place) in [("auction", "/id"), ("title", "/artwork/title"), ("artist", "/artwork/artist"), ("state", "/state")] {
        invoice.insert(name.to_owned(), view.pointer(place).cloned().unwrap_or_default());
    }
    Ok(Value::Object(invoice))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn only_parties_of_a_sale_get_an_invoice() {
        let view = |outcome: Value| json!({ "id": 17, "state": "settled", "artwork": { "title": "T", "artist": "A" }, "outcome": outcome });
        let code = |outcome| invoice_in(view(outcome)).map_err(|problem| problem.code());
        let wanted = json!({ "auction": 17, "title": "T", "artist": "A", "state": "settled", "hammer": 9, "total": 11 });
        assert_eq!(code(json!({ "hammer": 9, "invoice": { "hammer": 9, "total": 11 } })), Ok(wanted));
        assert_eq!(code(json!({ "hammer": 9 })), Err(Code::Forbidden));
        assert_eq!(code(Value::Null), Err(Code::NotFound));
        assert_eq!(code(json!({ "result": "unsold" })), Err(Code::NotFound));
    }
}
