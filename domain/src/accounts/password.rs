//! Passwords: long enough, short enough to hash, and never printed.

use std::fmt;

/// A password that keeps the policy: 8 to 128 characters, whatever they are. Not printed by `Debug`.
#[derive(Clone, PartialEq, Eq)]
pub struct Password(String);

/// Why a text is no password. Maps to [`Code::PasswordInvalid`](crate::code::Code::PasswordInvalid).
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a password has 8 to 128 characters")]
pub struct NotAPassword;

impl Password {
    /// The fewest characters.
    pub const MIN_CHARS: usize = 8;
    /// The most characters.
    pub const MAX_CHARS: usize = 128;

    /// Takes a new password by the policy. Sign-in must not use this: an old password may have been made under another.
    ///
    /// # Errors
    /// [`NotAPassword`].
    pub fn parse(text: String) -> Result<Self, NotAPassword> {
        let chars = text.chars().count();
        if (Self::MIN_CHARS..=Self::MAX_CHARS).contains(&chars) { Ok(Self(text)) } else { Err(NotAPassword) }
    }

    /// The text, for hashing.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_has_8_to_128_characters_not_bytes() {
        for good in ["12345678".to_owned(), "여덟글자입니다요".to_owned(), "x".repeat(128)] {
            assert!(Password::parse(good).is_ok());
        }
        for bad in ["1234567".to_owned(), "일곱글자입니다".to_owned(), String::new(), "x".repeat(129)] {
            assert_eq!(Password::parse(bad), Err(NotAPassword));
        }
    }

    #[test]
    fn a_password_is_not_printed_by_debug() {
        assert_eq!(format!("{:?}", Password::parse("secret-secret".to_owned()).unwrap()), "Password(..)");
    }
}
