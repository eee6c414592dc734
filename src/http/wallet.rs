//! One's own accounts, holds and the mock bank.

use std::fmt;
use std::sync::Arc;

use actix_web::{HttpRequest, HttpResponse, web};
use madang_domain::code::Code;
use madang_domain::ids::EntityId;
use madang_domain::money::{Currency, Money};
use madang_domain::time::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, OpenApi, ToSchema};
use uuid::Uuid;

use super::amount::MoneyBody;
use super::auth::SignedIn;
use super::command::command_id;
use super::page;
use super::problem::Problem;
use crate::actors::funds::{Funds, Wallet};
use crate::storage::ledger::{EntryRow, HeldRow};

/// The paths of this area.
pub fn routes(cfg: &mut web::ServiceConfig) {
    cfg.service(web::resource("/wallet").route(web::get().to(show_wallet)))
        .service(web::resource("/wallet/deposits").route(web::post().to(create_deposit)))
        .service(web::resource("/wallet/withdrawals").route(web::post().to(create_withdrawal)))
        .service(web::resource("/wallet/entries").route(web::get().to(list_entries)));
}

/// This area's part of the OpenAPI document.
#[derive(OpenApi)]
#[openapi(paths(show_wallet, create_deposit, create_withdrawal, list_entries))]
pub(super) struct Document;

/// Everybody's money, for handlers. Cheap to clone.
#[derive(Clone)]
pub struct Wallets {
    funds: Arc<Funds>,
    currencies: Arc<[Currency]>,
}

impl fmt::Debug for Wallets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Wallets").field("currencies", &self.currencies).finish_non_exhaustive()
    }
}

impl Wallets {
    /// Over the engine's funds, in the currencies in which accounts are kept.
    #[must_use]
    pub fn new(funds: Arc<Funds>, currencies: &[Currency]) -> Self {
        Self { funds, currencies: currencies.into() }
    }

    fn parse(&self, body: &MoneyBody) -> Result<Money, Code> {
        let money = body.parse()?;
        if self.currencies.contains(&money.currency) { Ok(money) } else { Err(Code::WrongCurrency) }
    }
}

/// Moves money between the mock bank and one's account.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ExchangeBody {
    /// How much, in minor units.
    #[schema(value_type = Object, example = json!({ "amount": 1_000_000, "currency": "KRW" }))]
    amount: MoneyBody,
    /// The client's id of this movement: asked again with the same id, it is made once. Or as header `Idempotency-Key`.
    command_id: Option<Uuid>,
}

/// Which entries to list.
#[derive(Debug, Deserialize, IntoParams)]
struct EntriesQuery {
    /// The page before's `next`.
    after: Option<String>,
    /// 1 to 100.
    limit: Option<u16>,
}

/// One account; amounts in minor units.
#[derive(Debug, Serialize, ToSchema)]
pub struct AccountView {
    #[schema(value_type = String, example = "KRW")]
    currency: Currency,
    /// Everything that is there.
    balance: i64,
    /// What bids hold of it.
    held: i64,
    /// What can still be bid or taken out.
    available: i64,
}

/// What a bid holds.
#[derive(Debug, Serialize, ToSchema)]
pub struct HoldView {
    /// For what, such as `auction:17`.
    #[schema(value_type = String)]
    about: String,
    #[schema(value_type = Object)]
    amount: Money,
}

/// One's money.
#[derive(Debug, Serialize, ToSchema)]
pub struct WalletView {
    /// One for each currency that was ever used.
    accounts: Vec<AccountView>,
    holds: Vec<HoldView>,
}

/// One movement of one's money.
#[derive(Debug, Serialize, ToSchema)]
pub struct EntryView {
    /// The transfer's number.
    id: i64,
    /// Such as `wallet.deposit`, `auction.settlement`.
    purpose: String,
    /// For what, such as `auction:17`; null for the mock bank.
    about: Option<String>,
    #[schema(value_type = String, format = DateTime)]
    at: Timestamp,
    /// Positive came in, negative went out.
    #[schema(value_type = Object)]
    amount: Money,
}

/// Movements, the newest first.
#[derive(Debug, Serialize, ToSchema)]
pub struct EntriesView {
    items: Vec<EntryView>,
    /// For the next page's `after`; null on the last.
    next: Option<String>,
}

impl From<Wallet> for AccountView {
    fn from(wallet: Wallet) -> Self {
        Self {
            currency: wallet.balance.currency,
            balance: wallet.balance.amount,
            held: wallet.held.amount,
            available: wallet.available.amount,
        }
    }
}

impl From<HeldRow> for HoldView {
    fn from(held: HeldRow) -> Self {
        Self { about: held.entity.to_string(), amount: held.amount }
    }
}

impl From<EntryRow> for EntryView {
    fn from(entry: EntryRow) -> Self {
        let EntryRow { transfer, purpose, entity, at, amount } = entry;
        Self { id: transfer, purpose, about: entity.as_ref().map(EntityId::to_string), at, amount }
    }
}

/// One's accounts and what bids hold of them.
#[utoipa::path(get, path = "/wallet", tag = "wallet", security(("bearer" = [])),
    responses((status = 200, body = WalletView)))]
async fn show_wallet(wallets: web::Data<Wallets>, who: SignedIn) -> Result<web::Json<WalletView>, Problem> {
    let accounts = wallets.funds.accounts(who.user()).await?;
    let holds = wallets.funds.holds(who.user()).await?;
    Ok(web::Json(WalletView {
        accounts: accounts.into_iter().map(AccountView::from).collect(),
        holds: holds.into_iter().map(HoldView::from).collect(),
    }))
}

/// Puts money in from the mock bank, at most once for each `Idempotency-Key`.
#[utoipa::path(post, path = "/wallet/deposits", tag = "wallet", security(("bearer" = [])), request_body = ExchangeBody,
    responses((status = 201, body = AccountView), (status = 409, description = "request.id_reused"),
        (status = 422, description = "money.not_a_number, money.fractional, money.not_positive, money.too_large, \
            money.wrong_currency")))]
async fn create_deposit(
    wallets: web::Data<Wallets>,
    who: SignedIn,
    request: HttpRequest,
    body: web::Json<ExchangeBody>,
) -> Result<HttpResponse, Problem> {
    let (amount, key) = (wallets.parse(&body.amount)?, command_id(&request, body.command_id)?);
    let account = wallets.funds.deposit(who.user(), amount, &key.to_string()).await?;
    Ok(HttpResponse::Created().json(AccountView::from(account)))
}

/// Takes money out to the mock bank, at most once for each `Idempotency-Key`. What bids hold cannot be taken.
#[utoipa::path(post, path = "/wallet/withdrawals", tag = "wallet", security(("bearer" = [])),
    request_body = ExchangeBody,
    responses((status = 201, body = AccountView), (status = 402, description = "money.no_funds"),
        (status = 409, description = "request.id_reused"), (status = 422, description = "money.*")))]
async fn create_withdrawal(
    wallets: web::Data<Wallets>,
    who: SignedIn,
    request: HttpRequest,
    body: web::Json<ExchangeBody>,
) -> Result<HttpResponse, Problem> {
    let (amount, key) = (wallets.parse(&body.amount)?, command_id(&request, body.command_id)?);
    let account = wallets.funds.withdraw(who.user(), amount, &key.to_string()).await?;
    Ok(HttpResponse::Created().json(AccountView::from(account)))
}

/// The movements of one's money, the newest first.
#[utoipa::path(get, path = "/wallet/entries", tag = "wallet", security(("bearer" = [])), params(EntriesQuery),
    responses((status = 200, body = EntriesView)))]
async fn list_entries(
    wallets: web::Data<Wallets>,
    who: SignedIn,
    query: web::Query<EntriesQuery>,
) -> Result<web::Json<EntriesView>, Problem> {
    let limit = page::limit(query.limit, 50);
    let before = page::after::<i64>(query.after.as_deref())?;
    let mut rows = wallets.funds.entries(who.user(), before, u32::from(limit) + 1).await?;
    let more = page::cut(&mut rows, limit);
    let next = rows.last().filter(|_| more).map(|entry| entry.transfer.to_string());
    Ok(web::Json(EntriesView { items: rows.into_iter().map(EntryView::from).collect(), next }))
}
