//! Amounts of money as they come in: every way of not being one has its own code.

use std::borrow::Cow;

use madang_domain::code::Code;
use madang_domain::money::{AmountError, Currency, Money, parse_amount};
use serde::Deserialize;
use serde_json::value::RawValue;

/// `{"amount": <minor units>, "currency": "KRW"}`, not yet parsed. Owned, for bodies.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MoneyBody {
    amount: Box<RawValue>,
    currency: String,
}

/// The same, borrowed from a frame.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MoneyRef<'a> {
    #[serde(borrow)]
    amount: &'a RawValue,
    #[serde(borrow)]
    currency: Cow<'a, str>,
}

impl MoneyBody {
    /// The money it names.
    ///
    /// # Errors
    /// One of the `money.*` codes.
    pub fn parse(&self) -> Result<Money, Code> {
        money(self.amount.get(), &self.currency)
    }
}

impl MoneyRef<'_> {
    /// The money it names.
    ///
    /// # Errors
    /// One of the `money.*` codes.
    pub fn parse(&self) -> Result<Money, Code> {
        money(self.amount.get(), &self.currency)
    }
}

fn money(amount: &str, currency: &str) -> Result<Money, Code> {
    let amount = whole(amount)?;
    let currency: Currency = currency.parse().map_err(|_| Code::WrongCurrency)?;
    Ok(Money::new(amount, currency))
}

/// A positive whole number from its JSON text.
///
/// # Errors
/// One of the `money.*` codes.
pub fn whole(json: &str) -> Result<i64, Code> {
    // What nearly always comes is a plain number in range.
    if let Ok(amount) = json.parse::<i64>()
        && (1..=Money::MAX_AMOUNT).contains(&amount)
    {
        return Ok(amount);
    }
    let parsed = match serde_json::from_str(json) {
        Ok(value) => parse_amount(&value),
        // It was JSON when it came, so it is a number beyond what a float can hold, such as 1e999.
        Err(_) if json.starts_with('-') => Err(AmountError::NotPositive),
        Err(_) => Err(AmountError::TooLarge),
    };
    parsed.map_err(code_of)
}

fn code_of(error: AmountError) -> Code {
    match error {
        AmountError::NotANumber => Code::AmountNotANumber,
        AmountError::Fractional => Code::AmountFractional,
        AmountError::NotPositive => Code::AmountNotPositive,
        AmountError::TooLarge => Code::AmountTooLarge,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(amount: &str, currency: &str) -> Result<Money, Code> {
        let text = format!(r#"{{"amount":{amount},"currency":"{currency}"}}"#);
        let borrowed = serde_json::from_str::<MoneyRef<'_>>(&text).unwrap().parse();
        assert_eq!(serde_json::from_str::<MoneyBody>(&text).unwrap().parse(), borrowed);
        borrowed
    }

    #[test]
    fn each_wrong_amount_has_its_code() {
        assert_eq!(parse("12500", "KRW"), Ok(Money::new(12_500, Currency::KRW)));
        for (amount, code) in [
            ("0", Code::AmountNotPositive),
            ("-1", Code::AmountNotPositive),
            ("-1e999", Code::AmountNotPositive),
            ("1.5", Code::AmountFractional),
            ("1e999", Code::AmountTooLarge),
            ("1000000000000001", Code::AmountTooLarge),
            ("99999999999999999999999", Code::AmountTooLarge),
            ("\"NaN\"", Code::AmountNotANumber),
            ("null", Code::AmountNotANumber),
            ("[1]", Code::AmountNotANumber),
        ] {
            assert_eq!(parse(amount, "KRW"), Err(code), "{amount}");
        }
        assert_eq!(parse("1", "won"), Err(Code::WrongCurrency));
    }
}
