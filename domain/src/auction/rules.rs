//! The rules of one auction, as data: chosen when it is created, frozen when it opens.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::auction::premium::Band;
use crate::auction::soft_close::{SoftClose, SoftCloseMode};
use crate::auction::steps::{Step, Steps};
use crate::money::Currency;

/// What a bid names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Bidding {
    /// A private maximum; the house bids up to it, one step at a time.
    Proxy,
    /// The price itself.
    Plain,
}

/// How the winner pays.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Settle {
    /// From the hold, as soon as the hammer has fallen.
    AtClose,
    /// When the winner says so, until the invoice is due; then the buyer has defaulted and the hold is given back.
    ByInvoice {
        /// Days from the hammer to the due date.
        due_days: u16,
    },
}

/// The rules of one auction. Amounts are minor units of its currency, rates are basis points (1 = 0.01 %).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rules {
    /// What a bid names.
    pub bidding: Bidding,
    /// How much more the next bid must be.
    pub steps: Steps,
    /// Whether the leader may bid again (a proxy leader: raise the own maximum).
    pub leader_may_rebid: bool,
    /// An amount above this many times the next possible one must be confirmed. Null: none is ever asked about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub confirm_times: Option<u32>,
    /// Whether the first bid must be above the opening bid, not just reach it.
    pub opening_strict: bool,
    /// How late bids move the end. Null is sudden death: the end stands.
    pub soft_close: Option<SoftClose>,
    /// Late bids move the end at most this far beyond the planned one, in seconds.
    pub absolute_end_after_s: Option<u32>,
    /// With no planned end: ends this long after it opened, in seconds. Null: when the clerk says so.
    pub open_for_s: Option<u32>,
    /// After the end the clerk may look at the last bids this long before the hammer falls, in seconds.
    pub review_s: u32,
    /// What the buyer pays on top of the hammer price: marginal, by band.
    pub premium: Vec<Band>,
    /// Value added tax on the premium.
    pub premium_vat_bp: u32,
    /// What the house keeps of the hammer price.
    pub commission_bp: u32,
    /// How the winner pays.
    pub settle: Settle,
}

/// A named set of rules to start from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Preset {
    /// Ends at a planned time, two minutes of quiet needed.
    Timed,
    /// Run by a clerk in the room, ten seconds of quiet needed.
    Live,
    /// Plain bids, strictly higher, the leader may not bid again: the house that Madang grew from.
    Seed,
    /// Classic proxy bidding with a hard end.
    Ebay,
    /// Seconds-long stream auctions: thirty seconds, each late bid resets the clock to ten.
    Whatnot,
}

impl Preset {
    /// All of them, for forms.
    pub const ALL: [Self; 5] = [Self::Timed, Self::Live, Self::Seed, Self::Ebay, Self::Whatnot];

    /// Its rules, for auctions in that currency.
    #[must_use]
    pub fn rules(self, currency: Currency) -> Rules {
        let plain = Rules {
            bidding: Bidding::Proxy,
            steps: if currency == Currency::KRW { Steps::Won } else { Steps::Ebay },
            leader_may_rebid: true,
            confirm_times: Some(Rules::CONFIRM_TIMES),
            opening_strict: false,
            soft_close: None,
            absolute_end_after_s: None,
            open_for_s: None,
            review_s: 0,
            premium: Vec::new(),
            premium_vat_bp: 0,
            commission_bp: 0,
            settle: Settle::AtClose,
        };
        match self {
            Self::Timed => Rules { soft_close: Some(SoftClose::reset(120)), ..plain },
            Self::Live => Rules { soft_close: Some(SoftClose::reset(10)), ..plain },
            Self::Seed => {
                Rules { bidding: Bidding::Plain, steps: Steps::None, leader_may_rebid: false, opening_strict: true, ..plain }
            }
            // An opening bid of a cent is usual here, and says nothing of what people mean to bid.
            Self::Ebay => Rules { steps: Steps::Ebay, confirm_times: None, ..plain },
            Self::Whatnot => {
                Rules { steps: Steps::Whatnot, soft_close: Some(SoftClose::reset(10)), open_for_s: Some(30), ..plain }
            }
        }
    }

    /// Its rules with some of them replaced, by the names of [`Rules`]' fields.
    ///
    /// # Errors
    /// A sentence that names the unknown field or the wrong value.
    pub fn rules_with(self, currency: Currency, overrides: &Value) -> Result<Rules, String> {
        let Value::Object(changes) = overrides else {
            return if overrides.is_null() { Ok(self.rules(currency)) } else { Err("the rules must be an object".to_owned()) };
        };
        let mut rules = serde_json::to_value(self.rules(currency)).map_err(|error| error.to_string())?;
        if let Value::Object(fields) = &mut rules {
            fields.extend(changes.clone());
        }
        let rules: Rules = serde_json::from_value(rules).map_err(|error| error.to_string())?;
        rules.check()?;
        Ok(rules)
    }
}

impl Rules {
    const MAX_ROWS: usize = 50;
    const DAY_S: u32 = 86_400;
    /// Two zeros too many.
    pub const CONFIRM_TIMES: u32 = 100;

    /// Whether they make sense.
    ///
    /// # Errors
    /// One sentence saying what does not.
    pub fn check(&self) -> Result<(), String> {
        if let Steps::Own(rows) = &self.steps {
            check_steps(rows)?;
        }
        if let Some(soft) = &self.soft_close {
            check_soft_close(soft)?;
        }
        if self.absolute_end_after_s.is_some_and(|s| s > 30 * Self::DAY_S) {
            return Err("the absolute end may be at most 30 days after the planned end".to_owned());
        }
        if self.open_for_s.is_some_and(|s| s == 0 || s > 60 * Self::DAY_S) {
            return Err("an auction is open for 1 second to 60 days".to_owned());
        }
        if self.confirm_times.is_some_and(|times| times < 2) {
            return Err("only amounts above at least 2 times the next possible one can be asked about".to_owned());
        }
        if self.review_s > Self::DAY_S {
            return Err("the review may take at most a day".to_owned());
        }
        check_premium(&self.premium)?;
        if self.premium_vat_bp > 10_000 || self.commission_bp > 10_000 {
            return Err("a rate may be at most 10000 basis points".to_owned());
        }
        match self.settle {
            Settle::ByInvoice { due_days } if !(1..=365).contains(&due_days) => {
                Err("an invoice is due after 1 to 365 days".to_owned())
            }
            Settle::ByInvoice { .. } | Settle::AtClose => Ok(()),
        }
    }
}

fn check_steps(rows: &[Step]) -> Result<(), String> {
    if rows.is_empty() || rows.len() > Rules::MAX_ROWS {
        return Err("an own step table has 1 to 50 rows".to_owned());
    }
    if rows.iter().any(|row| row.from < 0 || row.step <= 0 || row.step > crate::money::Money::MAX_AMOUNT) {
        return Err("every step must be more than zero, from a price of zero or more".to_owned());
    }
    if !rows.is_sorted_by(|a, b| a.from < b.from) {
        return Err("the rows of a step table must rise".to_owned());
    }
    Ok(())
}

fn check_soft_close(soft: &SoftClose) -> Result<(), String> {
    let seconds = 1..=Rules::DAY_S;
    if !seconds.contains(&soft.window_s) || !seconds.contains(&soft.extend_s) {
        return Err("a soft close has a window and an extension of 1 second to a day".to_owned());
    }
    match soft.mode {
        SoftCloseMode::Reset | SoftCloseMode::Add if soft.max_extensions > 10_000 => {
            Err("a soft close has at most 10000 extensions".to_owned())
        }
        SoftCloseMode::Reset | SoftCloseMode::Add => Ok(()),
    }
}

fn check_premium(bands: &[Band]) -> Result<(), String> {
    if bands.len() > Rules::MAX_ROWS {
        return Err("a premium has at most 50 bands".to_owned());
    }
    if bands.first().is_some_and(|band| band.from != 0) || !bands.is_sorted_by(|a, b| a.from < b.from) {
        return Err("premium bands must rise from zero".to_owned());
    }
    if bands.iter().any(|band| band.rate_bp > 10_000) {
        return Err("a premium rate may be at most 10000 basis points".to_owned());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn every_preset_makes_sense_in_every_currency() {
        for preset in Preset::ALL {
            for currency in [Currency::KRW, Currency::USD] {
                assert_eq!(preset.rules(currency).check(), Ok(()), "{preset:?}");
            }
        }
    }

    #[test]
    fn overrides_replace_single_rules_and_name_what_is_wrong() {
        let rules = Preset::Timed.rules_with(Currency::KRW, &json!({"commission_bp": 1_000, "soft_close": null})).unwrap();
        assert_eq!((rules.commission_bp, rules.soft_close), (1_000, None));
        assert_eq!(rules.steps, Steps::Won, "what is not named stays");
        assert_eq!(Preset::Timed.rules_with(Currency::KRW, &Value::Null), Ok(Preset::Timed.rules(Currency::KRW)));
        let unknown = Preset::Timed.rules_with(Currency::KRW, &json!({"comission": 1})).unwrap_err();
        assert!(unknown.contains("comission"), "{unknown}");
        assert!(Preset::Timed.rules_with(Currency::KRW, &json!([])).is_err());
    }

    #[test]
    fn senseless_rules_are_refused_with_a_sentence() {
        let wrong = [
            json!({"steps": {"own": []}}),
            json!({"steps": {"own": [{"from": 0, "step": 0}]}}),
            json!({"steps": {"own": [{"from": 5, "step": 1}, {"from": 5, "step": 2}]}}),
            json!({"soft_close": {"mode": "reset", "window_s": 0, "extend_s": 1, "max_extensions": 1}}),
            json!({"premium": [{"from": 1, "rate_bp": 100}]}),
            json!({"premium": [{"from": 0, "rate_bp": 10_001}]}),
            json!({"commission_bp": 10_001}),
            json!({"open_for_s": 0}),
            json!({"review_s": 86_401}),
            json!({"confirm_times": 1}),
            json!({"absolute_end_after_s": 99_999_999}),
            json!({"settle": {"by_invoice": {"due_days": 0}}}),
        ];
        for overrides in wrong {
            let sentence = Preset::Timed.rules_with(Currency::KRW, &overrides).unwrap_err();
            assert!(!sentence.is_empty(), "{overrides}");
        }
    }
}
