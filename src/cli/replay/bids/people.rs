//! The bidders of a replay: signed up over the public API, with money in the mock bank.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use futures_util::{StreamExt, TryStreamExt, stream};
use indicatif::ProgressBar;

use super::plan::Plan;
use crate::cli::client::ClientError;
use crate::cli::client::account::Account;
use crate::cli::client::api::Api;
use crate::cli::replay::command_id;

/// How many sign-ups are under way at once: the server hashes a password for each.
const AT_ONCE: usize = 8;

/// Currency of the file.
pub const CURRENCY: &str = "USD";

/// The bidders by their name in the file.
pub type Bidders = HashMap<String, Arc<Account>>;

/// Signs all bidders up and gives them money. On a second run of the same name they sign in, and are not given it twice.
///
/// # Errors
/// As [`Account::sign_up`] and [`Account::deposit`].
pub async fn assemble(api: &Api, plan: &Plan, run: &str, limit: Duration, bar: &ProgressBar) -> Result<Bidders, ClientError> {
    stream::iter(plan.bidders.iter().map(|(name, need)| async move {
        let email = format!("{name}.{run}@replay.example");
        let account = Account::sign_up(api, &email, &password(run), name, limit).await?;
        account.deposit(*need, CURRENCY, command_id(run, &format!("deposit/{name}")), limit).await?;
        bar.inc(1);
        Ok((name.clone(), Arc::new(account)))
    }))
    .buffer_unordered(AT_ONCE)
    .try_collect()
    .await
}

/// Not a secret: bidders of a replay own nothing but play money.
fn password(run: &str) -> String {
    format!("replay-{run}-password")
}
