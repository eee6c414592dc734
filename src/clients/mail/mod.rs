//! Mail: one trait, SMTP where it is set, else a local outbox that the page `/outbox` shows.

mod outbox;
mod smtp;
mod texts;

use futures_util::future::BoxFuture;

pub use outbox::{LocalOutbox, OUTBOX_LENGTH, Sent};
pub use smtp::{Smtp, SmtpSettings, SmtpSettingsError};
pub use texts::{
    Language, already_registered, device_signed_out, not_registered, notice, password_code, sign_up_code, wording,
};

/// One mail. Plain text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mail {
    /// The address.
    pub to: String,
    /// One line.
    pub subject: String,
    /// The body.
    pub text: String,
}

/// Why a mail could not be handed over. The text names no address.
#[derive(Debug, thiserror::Error)]
pub enum MailError {
    /// The address or a header is not possible in a mail.
    #[error("the mail cannot be written: {0}")]
    Malformed(String),
    /// The server did not take it. May be tried again.
    #[error("the mail server did not take it: {0}")]
    Refused(String),
    /// It took too long. May be tried again.
    #[error("the mail server did not answer in time")]
    TimedOut,
}

/// Hands mails over to whoever delivers them.
pub trait Mailer: Send + Sync + 'static {
    /// Hands one mail over; done when the next server has it.
    fn send(&self, mail: Mail) -> BoxFuture<'_, Result<(), MailError>>;
}
