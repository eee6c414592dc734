//! Table `user_account`: who has an account. Other areas read the view `pub_accounts_user`.

use madang_domain::entity::Role;
use madang_domain::ids::UserId;
use madang_domain::time::Timestamp;
use sqlx::PgPool;
use sqlx::postgres::PgRow;
use sqlx::{FromRow, Row};

use super::email_codes::{self, Purpose};

/// One account as stored, without its password.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// Who.
    pub id: UserId,
    /// Folded to lower case; unique.
    pub email: String,
    /// As the person wrote it.
    pub name: String,
    /// `user` and what an admin added.
    pub roles: Vec<Role>,
    /// `ko` or `en`: the language of mails.
    pub locale: String,
    /// When it was made.
    pub created_at: Timestamp,
}

/// The stored name of a role.
#[must_use]
pub const fn role_name(role: Role) -> &'static str {
    match role {
        Role::User => "user",
        Role::Seller => "seller",
        Role::Clerk => "clerk",
        Role::Company => "company",
        Role::Admin => "admin",
    }
}

/// The role of a name.
#[must_use]
pub fn role_from_name(name: &str) -> Option<Role> {
    [Role::User, Role::Seller, Role::Clerk, Role::Company, Role::Admin].into_iter().find(|role| role_name(*role) == name)
}

impl FromRow<'_, PgRow> for Account {
    fn from_row(row: &PgRow) -> Result<Self, sqlx::Error> {
        let roles: Vec<String> = row.try_get("roles")?;
        Ok(Self {
            id: UserId::new(row.try_get("id")?),
            email: row.try_get("email")?,
            name: row.try_get("name")?,
            roles: roles.iter().filter_map(|name| role_from_name(name)).collect(),
            locale: row.try_get("locale")?,
            created_at: row.try_get("created_at")?,
        })
    }
}

/// An account about to be made.
#[derive(Debug, Clone, Copy)]
pub struct NewAccount<'a> {
    /// Folded to lower case.
    pub email: &'a str,
    /// As written.
    pub name: &'a str,
    /// From argon2id.
    pub password_hash: &'a str,
    /// Of the mails.
    pub locale: &'a str,
    /// What it may do; `user` is among them.
    pub roles: &'a [Role],
    /// Now.
    pub at: Timestamp,
}

/// What came of making an account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Made {
    /// It is there.
    New(Account),
    /// The address has one.
    EmailTaken,
    /// The code was used or replaced meanwhile.
    CodeGone,
}

/// Makes an account and uses up the code that shows the address is the person's own, both or neither.
///
/// # Errors
/// The database's.
pub async fn sign_up(db: &PgPool, new: NewAccount<'_>, code_hash: &[u8]) -> Result<Made, sqlx::Error> {
    let mut tx = db.begin().await?;
    if !email_codes::consume(&mut tx, new.email, Purpose::SignUp, code_hash).await? {
        return Ok(Made::CodeGone);
    }
    let made = insert(&mut tx, new).await?;
    tx.commit().await?;
    Ok(made.map_or(Made::EmailTaken, Made::New))
}

/// Makes an account without a code: for operators. `None`: the address has one.
///
/// # Errors
/// The database's.
pub async fn create(db: &PgPool, new: NewAccount<'_>) -> Result<Option<Account>, sqlx::Error> {
    insert(&mut *db.acquire().await?, new).await
}

async fn insert(tx: &mut sqlx::PgConnection, new: NewAccount<'_>) -> Result<Option<Account>, sqlx::Error> {
    sqlx::query_as(
        "insert into user_account (email, name, password_hash, roles, locale, created_at)
         values ($1, $2, $3, $4, $5, $6)
         on conflict on constraint user_account_email_unique do nothing
         returning id, email, name, roles, locale, created_at",
    )
    .bind(new.email)
    .bind(new.name)
    .bind(new.password_hash)
    .bind(names(new.roles))
    .bind(new.locale)
    .bind(new.at)
    .fetch_optional(tx)
    .await
}

fn names(roles: &[Role]) -> Vec<&'static str> {
    roles.iter().map(|role| role_name(*role)).collect()
}

/// The account of an address, with its password hash.
///
/// # Errors
/// The database's.
pub async fn find_credentials(db: &PgPool, email: &str) -> Result<Option<(Account, String)>, sqlx::Error> {
    let row =
        sqlx::query("select id, email, name, roles, locale, created_at, password_hash from user_account where email = $1")
            .bind(email)
            .fetch_optional(db)
            .await?;
    row.map(|row| Ok((Account::from_row(&row)?, row.try_get("password_hash")?))).transpose()
}

/// Whether the address has an account, and in which language it is written to.
///
/// # Errors
/// The database's.
pub async fn find_locale(db: &PgPool, email: &str) -> Result<Option<String>, sqlx::Error> {
    sqlx::query_scalar("select locale from user_account where email = $1").bind(email).fetch_optional(db).await
}

/// One account.
///
/// # Errors
/// The database's.
pub async fn find(db: &PgPool, id: UserId) -> Result<Option<Account>, sqlx::Error> {
    sqlx::query_as("select id, email, name, roles, locale, created_at from user_account where id = $1")
        .bind(id.get())
        .fetch_optional(db)
        .await
}

/// Accounts after an id whose name or address contains the text, by id.
///
/// # Errors
/// The database's.
pub async fn list(db: &PgPool, search: &str, after: i64, limit: i64) -> Result<Vec<Account>, sqlx::Error> {
    sqlx::query_as(
        "select id, email, name, roles, locale, created_at
         from user_account
         where id > $1
           and ($2 = '' or strpos(lower(name), lower($2)) > 0 or strpos(email, lower($2)) > 0)
         order by id
         limit $3",
    )
    .bind(after)
    .bind(search)
    .bind(limit)
    .fetch_all(db)
    .await
}

/// Changes name and language where given. `None`: no such account.
///
/// # Errors
/// The database's.
pub async fn update_profile(
    db: &PgPool,
    id: UserId,
    name: Option<&str>,
    locale: Option<&str>,
) -> Result<Option<Account>, sqlx::Error> {
    sqlx::query_as(
        "update user_account
         set name = coalesce($2, name), locale = coalesce($3, locale)
         where id = $1
         returning id, email, name, roles, locale, created_at",
    )
    .bind(id.get())
    .bind(name)
    .bind(locale)
    .fetch_optional(db)
    .await
}

/// Sets the password of an address's account and tells whose it is; `None`: the address has no account.
///
/// # Errors
/// The database's.
pub async fn update_password(
    tx: &mut sqlx::PgConnection,
    email: &str,
    password_hash: &str,
) -> Result<Option<UserId>, sqlx::Error> {
    let id: Option<i64> = sqlx::query_scalar("update user_account set password_hash = $2 where email = $1 returning id")
        .bind(email)
        .bind(password_hash)
        .fetch_optional(tx)
        .await?;
    Ok(id.map(UserId::new))
}

/// Sets the roles of an account. `None`: no such account.
///
/// # Errors
/// The database's.
pub async fn update_roles(tx: &mut sqlx::PgConnection, id: UserId, roles: &[Role]) -> Result<Option<Account>, sqlx::Error> {
    sqlx::query_as(
        "update user_account set roles = $2 where id = $1
         returning id, email, name, roles, locale, created_at",
    )
    .bind(id.get())
    .bind(names(roles))
    .fetch_optional(tx)
    .await
}
