//! E-mail addresses.

use std::fmt;

/// An e-mail address in the one form in which it is stored and compared: trimmed, in small letters. Not printed by
/// `Debug`, so that it does not get into logs.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct EmailAddress(String);

/// Why a text is no e-mail address. Maps to [`Code::EmailInvalid`](crate::code::Code::EmailInvalid).
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not an e-mail address")]
pub struct NotAnEmail;

impl EmailAddress {
    const MAX_BYTES: usize = 254;
    const MAX_LOCAL: usize = 64;
    const MAX_LABEL: usize = 63;

    /// Parses an address: one `@`, something printable before it, a host name with a dot after it.
    ///
    /// # Errors
    /// [`NotAnEmail`], without a reason: people see at once what is wrong with their own address.
    pub fn parse(text: &str) -> Result<Self, NotAnEmail> {
        let text = text.trim().to_lowercase();
        if text.len() > Self::MAX_BYTES {
            return Err(NotAnEmail);
        }
        let (local, host) = text.rsplit_once('@').ok_or(NotAnEmail)?;
        if is_local(local) && is_host(host) { Ok(Self(text)) } else { Err(NotAnEmail) }
    }

    /// The address, for storage and for sending to it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

fn is_local(local: &str) -> bool {
    let printable = local.chars().all(|c| c.is_alphanumeric() || "!#$%&'*+-/=?^_`{|}~.".contains(c));
    let dots = local.starts_with('.') || local.ends_with('.') || local.contains("..");
    (1..=EmailAddress::MAX_LOCAL).contains(&local.len()) && printable && !dots
}

fn is_host(host: &str) -> bool {
    let is_label = |label: &str| {
        (1..=EmailAddress::MAX_LABEL).contains(&label.len())
            && label.chars().all(|c| c.is_alphanumeric() || c == '-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    host.contains('.') && host.split('.').all(is_label)
}

impl fmt::Debug for EmailAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("EmailAddress(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn usual_addresses_are_taken_in_one_form() {
        for (given, stored) in [
            ("kim@example.com", "kim@example.com"),
            ("  Kim.Minji+art@Mail.Example.COM ", "kim.minji+art@mail.example.com"),
            ("o'neil_1@sub.xn--hq1bm8jm9l.kr", "o'neil_1@sub.xn--hq1bm8jm9l.kr"),
            ("김@예시.한국", "김@예시.한국"),
        ] {
            assert_eq!(EmailAddress::parse(given).unwrap().as_str(), stored);
        }
    }

    #[test]
    fn other_texts_are_refused() {
        let long = format!("{}@example.com", "a".repeat(65));
        let longer = format!("a@{}.com", "b.".repeat(130));
        for text in [
            "",
            "kim",
            "@example.com",
            "kim@",
            "kim@localhost",
            "kim@@example.com",
            "a b@example.com",
            "kim@exa mple.com",
            ".kim@example.com",
            "kim.@example.com",
            "k..m@example.com",
            "kim@-a.com",
            "kim@a-.com",
            "kim@a..com",
            "kim@example.com\r\nBcc: all@example.com",
            "<kim@example.com>",
            &long,
            &longer,
        ] {
            assert_eq!(EmailAddress::parse(text), Err(NotAnEmail), "{text:?}");
        }
    }

    #[test]
    fn an_address_is_not_printed_by_debug() {
        assert_eq!(format!("{:?}", EmailAddress::parse("kim@example.com").unwrap()), "EmailAddress(..)");
    }
}
