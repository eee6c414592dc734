//! Money: whole minor units of a named currency. Never a float.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// A currency by its ISO 4217 code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Currency([u8; 3]);

impl Currency {
    /// South Korean won: no minor unit.
    pub const KRW: Self = Self(*b"KRW");
    /// US dollar: cents.
    pub const USD: Self = Self(*b"USD");
    /// Points, earned by useful answers. Not an ISO code, and never bought or paid out.
    pub const POINTS: Self = Self(*b"PTS");
    /// Stamps, bought with points. Not an ISO code, and never bought with money or paid out.
    pub const STAMPS: Self = Self(*b"STM");

    /// Whether it is money that comes from a bank and can go back to one.
    #[must_use]
    pub fn is_cash(self) -> bool {
        self != Self::POINTS && self != Self::STAMPS
    }

    /// Its code, three capital letters.
    #[must_use]
    pub fn code(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or_default()
    }

    /// How many decimal digits its minor unit has (ISO 4217): 0 for KRW, 2 for USD.
    #[must_use]
    pub fn exponent(self) -> u32 {
        match &self.0 {
            b"KRW" | b"JPY" | b"VND" | b"CLP" | b"PTS" | b"STM" => 0,
            b"KWD" | b"BHD" | b"JOD" => 3,
            _ => 2,
        }
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl FromStr for Currency {
    type Err = NotACurrency;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.as_bytes() {
            &[a, b, c] if [a, b, c].iter().all(u8::is_ascii_uppercase) => Ok(Self([a, b, c])),
            _ => Err(NotACurrency),
        }
    }
}

impl TryFrom<String> for Currency {
    type Error = NotACurrency;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<Currency> for String {
    fn from(currency: Currency) -> Self {
        currency.code().to_owned()
    }
}

/// Not three capital letters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a currency is three capital letters, such as KRW")]
pub struct NotACurrency;

/// An amount of a currency, in minor units (won, cents). May be negative only inside the ledger's entries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Money {
    /// Minor units.
    pub amount: i64,
    /// Of which currency.
    pub currency: Currency,
}

impl Money {
    /// The largest amount that may enter from outside: 10^15 minor units, far below what sums can overflow.
    pub const MAX_AMOUNT: i64 = 1_000_000_000_000_000;

    /// An amount of a currency.
    #[must_use]
    pub const fn new(amount: i64, currency: Currency) -> Self {
        Self { amount, currency }
    }

    /// Nothing, in that currency.
    #[must_use]
    pub const fn zero(currency: Currency) -> Self {
        Self::new(0, currency)
    }
}

impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let exponent = self.currency.exponent();
        let unit = 10i64.pow(exponent);
        let sign = if self.amount < 0 { "-" } else { "" };
        let amount = self.amount.unsigned_abs();
        let unit_abs = unit.unsigned_abs();
        if exponent == 0 {
            write!(f, "{sign}{amount} {}", self.currency)
        } else {
            let width = usize::try_from(exponent).unwrap_or(2);
            write!(f, "{sign}{}.{:0width$} {}", amount / unit_abs, amount % unit_abs, self.currency)
        }
    }
}

/// Why a number from outside is no amount of money.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AmountError {
    /// Text, null, a list: nothing that counts.
    #[error("an amount is a whole number of minor units")]
    NotANumber,
    /// 12.5, or a number written with an exponent.
    #[error("an amount has no fraction: give whole minor units")]
    Fractional,
    /// Zero or below.
    #[error("an amount must be more than zero")]
    NotPositive,
    /// Above [`Money::MAX_AMOUNT`].
    #[error("an amount may be at most 10^15 minor units")]
    TooLarge,
}

/// Parses an amount from JSON, telling apart everything that can be wrong with it.
///
/// # Errors
/// One [`AmountError`] for each way of not being a positive whole number in range.
pub fn parse_amount(value: &Value) -> Result<i64, AmountError> {
    let Value::Number(number) = value else { return Err(AmountError::NotANumber) };
    if let Some(amount) = number.as_i64() {
        return match amount {
            ..=0 => Err(AmountError::NotPositive),
            1..=Money::MAX_AMOUNT => Ok(amount),
            _ => Err(AmountError::TooLarge),
        };
    }
    if number.is_u64() {
        return Err(AmountError::TooLarge);
    }
    match number.as_f64() {
        Some(float) if float.fract() == 0.0 && float.abs() >= 1e15 => {
            Err(if float < 0.0 { AmountError::NotPositive } else { AmountError::TooLarge })
        }
        Some(_) | None => Err(AmountError::Fractional),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<i64, AmountError> {
        parse_amount(&serde_json::from_str(text).unwrap())
    }

    #[test]
    fn each_wrong_amount_has_its_own_reason() {
        assert_eq!(parse("12500"), Ok(12_500));
        assert_eq!(parse("0"), Err(AmountError::NotPositive));
        assert_eq!(parse("-5"), Err(AmountError::NotPositive));
        assert_eq!(parse("12.5"), Err(AmountError::Fractional));
        assert_eq!(parse("1e40"), Err(AmountError::TooLarge));
        assert_eq!(parse("18446744073709551615"), Err(AmountError::TooLarge));
        assert_eq!(parse("9223372036854775807"), Err(AmountError::TooLarge));
        assert_eq!(parse("\"100\""), Err(AmountError::NotANumber));
        assert_eq!(parse("null"), Err(AmountError::NotANumber));
    }

    #[test]
    fn money_prints_in_its_own_unit() {
        assert_eq!(Money::new(1500, Currency::KRW).to_string(), "1500 KRW");
        assert_eq!(Money::new(1505, Currency::USD).to_string(), "15.05 USD");
        assert_eq!(Money::new(-5, Currency::USD).to_string(), "-0.05 USD");
    }
}
