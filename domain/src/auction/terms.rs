//! What is offered and on which terms: everything that is settled before bidding begins.

use chrono::TimeDelta;
use serde::{Deserialize, Serialize};

use crate::auction::rules::Rules;
use crate::auction::soft_close::Clock;
use crate::ids::{ArtworkId, UserId};
use crate::money::{Currency, Money};
use crate::time::Timestamp;

/// The artwork as it was when it was offered: later edits of the catalogue do not change what people bid on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Subject {
    /// Which artwork of the catalogue.
    pub id: ArtworkId,
    /// Its title.
    pub title: String,
    /// Who made it.
    pub artist: String,
    /// Such as "oil on canvas".
    #[serde(default)]
    pub medium: Option<String>,
    /// Such as "72.7 x 60.6 cm".
    #[serde(default)]
    pub size: Option<String>,
    /// Such as "1972" or "about 1890".
    #[serde(default)]
    pub year: Option<String>,
    /// Addresses of its pictures, the main one first.
    #[serde(default)]
    pub image_urls: Vec<String>,
}

/// The terms of one auction.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Terms {
    /// Who sells.
    pub seller: UserId,
    /// What.
    pub subject: Subject,
    /// All amounts are in this currency.
    pub currency: Currency,
    /// Where bidding starts, in minor units.
    pub opening_bid: i64,
    /// Not sold below this; only the seller and the clerk see it.
    #[serde(default)]
    pub reserve: Option<i64>,
    /// How it is run.
    pub rules: Rules,
    /// Opens by itself at this moment; `None`: when the clerk or the seller says so.
    #[serde(default)]
    pub starts_at: Option<Timestamp>,
    /// The planned end; `None`: by [`Rules::open_for_s`], or when the clerk says so.
    #[serde(default)]
    pub ends_at: Option<Timestamp>,
}

impl Terms {
    const MAX_TEXT: usize = 500;
    const MAX_IMAGES: usize = 20;
    const MAX_IMAGE_URL: usize = 2_000;
    const FARTHEST: TimeDelta = TimeDelta::days(5 * 366);

    /// Whether they make sense at `now`.
    ///
    /// # Errors
    /// One sentence saying what does not.
    pub fn check(&self, now: Timestamp) -> Result<(), String> {
        self.check_subject()?;
        self.check_amounts()?;
        self.check_times(now)?;
        self.rules.check()
    }

    fn check_subject(&self) -> Result<(), String> {
        let Subject { title, artist, medium, size, year, image_urls, .. } = &self.subject;
        if title.trim().is_empty() {
            return Err("the artwork needs a title".to_owned());
        }
        let texts = [Some(title), Some(artist), medium.as_ref(), size.as_ref(), year.as_ref()];
        if texts.into_iter().flatten().any(|text| text.chars().count() > Self::MAX_TEXT) {
            return Err("a text of the artwork is longer than 500 characters".to_owned());
        }
        if image_urls.len() > Self::MAX_IMAGES || image_urls.iter().any(|url| url.len() > Self::MAX_IMAGE_URL) {
            return Err("an artwork has at most 20 pictures with addresses of at most 2000 bytes".to_owned());
        }
        Ok(())
    }

    fn check_amounts(&self) -> Result<(), String> {
        if !(1..=Money::MAX_AMOUNT).contains(&self.opening_bid) {
            return Err("the opening bid must be more than zero and at most 10^15 minor units".to_owned());
        }
        match self.reserve {
            Some(reserve) if reserve < self.opening_bid || reserve > Money::MAX_AMOUNT => {
                Err("the reserve must reach the opening bid and be at most 10^15 minor units".to_owned())
            }
            Some(_) | None => Ok(()),
        }
    }

    fn check_times(&self, now: Timestamp) -> Result<(), String> {
        if let Some(end) = self.ends_at {
            if end <= now {
                return Err("the end must be in the future".to_owned());
            }
            if self.starts_at.is_some_and(|start| start >= end) {
                return Err("the start must be before the end".to_owned());
            }
        }
        let far = |time: Option<Timestamp>| time.is_some_and(|time| time - now > Self::FARTHEST || now - time > Self::FARTHEST);
        if far(self.starts_at) || far(self.ends_at) {
            return Err("start and end must be within five years".to_owned());
        }
        Ok(())
    }

    /// The clock of an auction that opens at `now`.
    #[must_use]
    pub fn clock(&self, now: Timestamp) -> Clock {
        let after = |from: Timestamp, s: u32| from.checked_add_signed(TimeDelta::seconds(s.into()));
        let ends_at = self.ends_at.or_else(|| self.rules.open_for_s.and_then(|s| after(now, s)));
        let absolute_end_at = ends_at.and_then(|end| self.rules.absolute_end_after_s.and_then(|s| after(end, s)));
        Clock { ends_at, absolute_end_at, extensions: 0 }
    }

    /// The least amount that the first bid must name.
    #[must_use]
    pub fn first_bid(&self) -> i64 {
        self.opening_bid.saturating_add(i64::from(self.rules.opening_strict))
    }

    /// An amount of this auction's currency.
    #[must_use]
    pub fn money(&self, amount: i64) -> Money {
        Money::new(amount, self.currency)
    }
}
