//! One's own profile; for admins, everybody's roles.

use actix_web::web;
use madang_domain::code::Code;
use madang_domain::entity::Role;
use madang_domain::ids::UserId;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::fields::{parse_locale, parse_name};
use super::{Accounts, UserView, with_user};
use crate::http::auth::{Admin, Cut, SignedIn};
use crate::http::problem::Problem;
use crate::storage::{accounts, sessions};

/// Changes one's profile: what is unset stays.
#[derive(Debug, Deserialize, ToSchema)]
pub struct ProfileBody {
    /// 1 to 100 characters.
    name: Option<String>,
    /// `ko` or `en`.
    locale: Option<String>,
}

/// Sets roles.
#[derive(Debug, Deserialize, ToSchema)]
pub struct RolesBody {
    /// All of them: `seller`, `clerk`, `admin`; `user` is always among them.
    #[schema(value_type = Vec<String>)]
    roles: Vec<Role>,
}

/// Which people to list.
#[derive(Debug, Deserialize, IntoParams)]
pub(super) struct UsersQuery {
    /// A part of the name or address.
    #[serde(default)]
    search: String,
    /// The last page's `next`.
    #[serde(default)]
    after: i64,
    /// 1 to 100.
    limit: Option<i64>,
}

/// People by number.
#[derive(Debug, Serialize, ToSchema)]
pub struct UsersView {
    items: Vec<UserView>,
    /// For the next page's `after`; null on the last.
    #[schema(value_type = Option<i64>)]
    next: Option<UserId>,
}

/// One's own account.
#[utoipa::path(get, path = "/me", tag = "accounts", security(("bearer" = [])), responses((status = 200, body = UserView)))]
pub(super) async fn show_me(accounts: web::Data<Accounts>, who: SignedIn) -> Result<web::Json<UserView>, Problem> {
    let account = accounts::find(accounts.db(), who.user()).await?.ok_or(Code::TokenInvalid)?;
    Ok(web::Json(account.into()))
}

/// Changes one's name or language.
#[utoipa::path(patch, path = "/me", tag = "accounts", security(("bearer" = [])), request_body = ProfileBody,
    responses((status = 200, body = UserView)))]
pub(super) async fn update_me(
    accounts: web::Data<Accounts>,
    who: SignedIn,
    body: web::Json<ProfileBody>,
) -> Result<web::Json<UserView>, Problem> {
    let name = body.name.as_deref().map(parse_name).transpose()?;
    let locale = parse_locale(body.locale.as_deref())?;
    let changed = accounts::update_profile(accounts.db(), who.user(), name, locale).await?;
    Ok(web::Json(changed.ok_or(Code::TokenInvalid)?.into()))
}

/// Searches people, for admins.
#[utoipa::path(get, path = "/users", tag = "accounts", security(("bearer" = [])), params(UsersQuery),
    responses((status = 200, body = UsersView)))]
pub(super) async fn list_users(
    accounts: web::Data<Accounts>,
    _admin: Admin,
    query: web::Query<UsersQuery>,
) -> Result<web::Json<UsersView>, Problem> {
    let limit = query.limit.unwrap_or(50).clamp(1, 100);
    let mut rows = accounts::list(accounts.db(), query.search.trim(), query.after, limit + 1).await?;
    let size = usize::try_from(limit).unwrap_or(100);
    let more = rows.len() > size;
    rows.truncate(size);
    let next = rows.last().filter(|_| more).map(|account| account.id);
    Ok(web::Json(UsersView { items: rows.into_iter().map(UserView::from).collect(), next }))
}

/// Sets a person's roles, for admins. Their access tokens must be refreshed before they count again.
#[utoipa::path(put, path = "/users/{user}/roles", tag = "accounts", security(("bearer" = [])),
    params(("user" = i64, Path)), request_body = RolesBody, responses((status = 200, body = UserView)))]
pub(super) async fn set_roles(
    accounts: web::Data<Accounts>,
    admin: Admin,
    user: web::Path<UserId>,
    body: web::Json<RolesBody>,
) -> Result<web::Json<UserView>, Problem> {
    let roles = with_user(&body.roles);
    if *user == admin.user() && !roles.contains(&Role::Admin) {
        return Err(Problem::new(Code::Forbidden, "You cannot give up your own admin role: another admin must take it."));
    }
    let changed = sessions::change_roles(accounts.db(), *user, &roles, accounts.now()).await?;
    let (account, stale) = changed.ok_or(Code::NotFound)?;
    for (session, generation) in stale {
        accounts.cut(session, Cut::Stale { generation: generation.unsigned_abs() }).await;
    }
    tracing::info!(admin.id = %admin.user(), user.id = %account.id, "roles were set");
    Ok(web::Json(account.into()))
}
