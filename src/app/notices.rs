//! Notices on their way out of the house: by mail and to devices. Who, where and in which language is looked up when they go.

use std::fmt;
use std::sync::Arc;

use futures_util::future::{BoxFuture, join_all};
use madang_domain::entity::Notice;
use madang_domain::ids::UserId;
use uuid::Uuid;

use super::reach::Directory;
use crate::actors::jobs::outbox::NoticeSink;
use crate::clients::mail::{self, Language, Mailer};
use crate::clients::push::{self, Message, Push, PushError, Pusher};
use crate::storage::devices::{self, Device, Reach};
use crate::storage::{Db, accounts};

/// Sends notices through the house's mailer and to the person's devices.
#[derive(Clone)]
pub(super) struct Tellers {
    db: Db,
    mailer: Arc<dyn Mailer>,
    push: Arc<Push>,
    directory: Directory,
}

impl fmt::Debug for Tellers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tellers").finish_non_exhaustive()
    }
}

impl Tellers {
    /// Tells through these. To be made on the runtime that the database's connections belong to.
    pub(super) fn new(db: Db, mailer: Arc<dyn Mailer>, push: Arc<Push>) -> Self {
        let directory = Directory::open(db.pool().clone());
        Self { db, mailer, push, directory }
    }

    async fn mail(&self, user: UserId, notice: &Notice) -> Result<(), String> {
        let account = accounts::find(self.db.pool(), user).await.map_err(|error| error.to_string())?;
        // An account that is gone wants no mail.
        let Some(account) = account else { return Ok(()) };
        let mail = mail::notice(&account.email, Language::of(&account.locale), notice);
        self.mailer.send(mail).await.map_err(|error| error.to_string())
    }

    /// To every device of the person, at once. It is done when one device has it: a phone in a drawer must not have the
    /// one on the bedside rung again and again.
    async fn push(&self, user: UserId, notice: &Notice, id: Uuid) -> Result<(), String> {
        let Some(Reach { locale, devices }) = self.directory.find(user).await? else { return Ok(()) };
        let message = push::message(id, Language::of(&locale), notice);
        let results = join_all(devices.iter().map(|device| self.push_to(device, &message))).await;
        let failed: Vec<String> = results.iter().filter_map(|result| result.as_ref().err().cloned()).collect();
        match failed.into_iter().next() {
            Some(why) if results.iter().all(Result::is_err) => Err(why),
            Some(_) | None => Ok(()),
        }
    }

    /// The error may be tried again. What is refused for good is logged.
    async fn push_to(&self, device: &Device, message: &Message) -> Result<(), String> {
        let kind = device.address.kind();
        let (result, said) = match self.push.push(&device.address, message).await {
            Ok(()) => ("sent", Ok(())),
            Err(PushError::Gone) => {
                if let Err(error) = devices::forget_device(self.db.pool(), device).await {
                    tracing::warn!(%error, "a device that is gone is forgotten later");
                }
                ("gone", Ok(()))
            }
            Err(PushError::Off) => ("off", Ok(())),
            Err(error @ PushError::Refused(_)) => {
                tracing::warn!(%error, kind, device = device.id, "a push is given up");
                ("refused", Ok(()))
            }
            Err(error @ PushError::Failed(_)) => ("failed", Err(error.to_string())),
        };
        metrics::counter!("push_total", "kind" => kind, "result" => result).increment(1);
        said
    }
}

impl NoticeSink for Tellers {
    fn send(&self, user: UserId, notice: Notice, id: Uuid) -> BoxFuture<'static, Result<(), String>> {
        let tellers = self.clone();
        Box::pin(async move {
            let pushed = if notice.push && tellers.push.is_on() { tellers.push(user, &notice, id).await } else { Ok(()) };
            if !notice.mail {
                return pushed;
            }
            // A mail that went must not go again because of a phone.
            if let Err(why) = pushed {
                tracing::warn!(why, "a notice goes by mail alone");
            }
            tellers.mail(user, &notice).await
        })
    }
}
