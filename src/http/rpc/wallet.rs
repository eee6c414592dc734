//! `wallet.view` and `wallet.deposit`.

use madang_domain::code::Code;
use madang_domain::ids::UserId;
use serde::Deserialize;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{Rpc, parse, raw, signed_in};
use crate::actors::funds::Wallet;
use crate::http::amount::MoneyBody;
use crate::http::live::house::{RpcCall, RpcResult};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct DepositCall {
    amount: MoneyBody,
    command_id: Option<Uuid>,
}

/// One's accounts and holds, as `GET /wallet`.
pub(super) async fn view(table: &Rpc, call: &RpcCall) -> RpcResult {
    let user: UserId = signed_in(call)?.user;
    let funds = table.auctions.engine().funds();
    let accounts: Vec<Value> = funds.accounts(user).await?.into_iter().map(account).collect();
    let holds = funds.holds(user).await?;
    let holds: Vec<Value> =
        holds.into_iter().map(|held| json!({ "about": held.entity.to_string(), "amount": held.amount })).collect();
    raw(&json!({ "accounts": accounts, "holds": holds }))
}

/// Puts money in from the mock bank, as `POST /wallet/deposits`: at most once per command id.
pub(super) async fn deposit(table: &Rpc, call: &RpcCall) -> RpcResult {
    let user = signed_in(call)?.user;
    let asked: DepositCall = parse(&call.data)?;
    let amount = asked.amount.parse()?;
    if !table.auctions.currencies().contains(&amount.currency) {
        return Err(Code::WrongCurrency.into());
    }
    let key = asked.command_id.unwrap_or_else(Uuid::new_v4).to_string();
    raw(&account(table.auctions.engine().funds().deposit(user, amount, &key).await?))
}

fn account(wallet: Wallet) -> Value {
    json!({
        "currency": wallet.balance.currency,
        "balance": wallet.balance.amount,
        "held": wallet.held.amount,
        "available": wallet.available.amount,
    })
}
