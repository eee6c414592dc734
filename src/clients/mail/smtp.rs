//! Real mail by SMTP.

use std::fmt;
use std::time::Duration;

use futures_util::future::BoxFuture;
use lettre::message::Mailbox;
use lettre::message::header::ContentType;
use lettre::{AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor};

use super::{Mail, MailError, Mailer};

/// How long one mail may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// Where mail goes.
#[derive(Clone)]
pub struct SmtpSettings {
    /// `smtps://user:password@host:465`, `smtp://host:587?tls=required`, or `smtp://host:25` for a relay next door.
    pub url: String,
    /// The sender, such as `Madang <no-reply@example.org>`.
    pub from: String,
}

impl fmt::Debug for SmtpSettings {
    /// Without the URL, which holds a password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SmtpSettings").field("from", &self.from).finish_non_exhaustive()
    }
}

/// Settings that no server can be reached by.
#[derive(Debug, thiserror::Error)]
pub enum SmtpSettingsError {
    /// Not an SMTP URL.
    #[error("mail.smtp_url is no SMTP address such as smtps://user:password@host:465")]
    Url,
    /// Not a sender.
    #[error("mail.from is no sender such as Madang <no-reply@example.org>")]
    From,
}

/// A pool of connections to one mail server.
#[derive(Clone)]
pub struct Smtp {
    from: Mailbox,
    transport: AsyncSmtpTransport<Tokio1Executor>,
}

impl fmt::Debug for Smtp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Smtp").finish_non_exhaustive()
    }
}

impl Smtp {
    /// A client of that server; connects with the first mail.
    ///
    /// # Errors
    /// Settings of a wrong form.
    pub fn new(settings: &SmtpSettings) -> Result<Self, SmtpSettingsError> {
        let from = settings.from.parse().map_err(|_| SmtpSettingsError::From)?;
        let transport = AsyncSmtpTransport::<Tokio1Executor>::from_url(&settings.url)
            .map_err(|_| SmtpSettingsError::Url)?
            .timeout(Some(PATIENCE))
            .build();
        Ok(Self { from, transport })
    }

    fn write(&self, mail: Mail) -> Result<Message, MailError> {
        // lettre's address error quotes no address.
        let to: Mailbox = mail.to.parse().map_err(|_| MailError::Malformed("an address of a wrong form".to_owned()))?;
        Message::builder()
            .from(self.from.clone())
            .to(to)
            .subject(mail.subject)
            .header(ContentType::TEXT_PLAIN)
            .body(mail.text)
            .map_err(|error| MailError::Malformed(error.to_string()))
    }
}

impl Mailer for Smtp {
    fn send(&self, mail: Mail) -> BoxFuture<'_, Result<(), MailError>> {
        Box::pin(async move {
            let message = self.write(mail)?;
            match tokio::time::timeout(PATIENCE, self.transport.send(message)).await {
                Ok(Ok(_)) => Ok(()),
                // The server's own words may quote the address: only its status is told.
                Ok(Err(error)) => Err(MailError::Refused(match error.status() {
                    Some(status) => status.to_string(),
                    None => "no connection".to_owned(),
                })),
                Err(_) => Err(MailError::TimedOut),
            }
        })
    }
}
