//! Mails of notices: who and in which language is looked up when the mail goes.

use std::fmt;
use std::sync::Arc;

use futures_util::future::BoxFuture;
use madang_domain::entity::Notice;
use madang_domain::ids::UserId;
use uuid::Uuid;

use crate::actors::jobs::outbox::NoticeSink;
use crate::clients::mail::{self, Language, Mailer};
use crate::storage::{Db, accounts};

/// Sends notices through the house's mailer.
#[derive(Clone)]
pub(super) struct NoticeMail {
    db: Db,
    mailer: Arc<dyn Mailer>,
}

impl fmt::Debug for NoticeMail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NoticeMail").finish_non_exhaustive()
    }
}

impl NoticeMail {
    pub(super) fn new(db: Db, mailer: Arc<dyn Mailer>) -> Self {
        Self { db, mailer }
    }
}

impl NoticeSink for NoticeMail {
    fn send(&self, user: UserId, notice: Notice, _id: Uuid) -> BoxFuture<'static, Result<(), String>> {
        let Self { db, mailer } = self.clone();
        Box::pin(async move {
            let account = accounts::find(db.pool(), user).await.map_err(|error| error.to_string())?;
            // An account that is gone wants no mail.
            let Some(account) = account else { return Ok(()) };
            let mail = mail::notice(&account.email, Language::of(&account.locale), &notice);
            mailer.send(mail).await.map_err(|error| error.to_string())
        })
    }
}
