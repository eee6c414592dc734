//! Typed ids: an auction's id cannot be passed where a user's is wanted.

use std::fmt;
use std::num::ParseIntError;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

macro_rules! number_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(i64);

        impl $name {
            /// Wraps a number that storage gave out.
            #[must_use]
            pub const fn new(number: i64) -> Self {
                Self(number)
            }

            /// The bare number, for storage and the wire.
            #[must_use]
            pub const fn get(self) -> i64 {
                self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl FromStr for $name {
            type Err = ParseIntError;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                text.parse().map(Self)
            }
        }
    };
}

number_id!(
    /// A person or organisation with an account.
    UserId
);
number_id!(
    /// A thing that can be auctioned: title, artist, images.
    ArtworkId
);

/// The kinds of live things. The number is stored for ever: never change or reuse one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[repr(u8)]
pub enum Kind {
    /// One lot on sale.
    Auction = 1,
    /// What one user is told: the channel `user:{id}`.
    User = 2,
    /// A company's images that are being labeled.
    Campaign = 3,
    /// One person's alarm clock: their alarms and the session that rings. Its number is the person's.
    Alarm = 4,
    /// Prizes and the entries that were bought for them.
    Raffle = 5,
    /// One person's conversation with an assistant.
    Chat = 6,
}

impl Kind {
    /// Every kind, for loops over all supervisors.
    pub const ALL: [Self; 6] = [Self::Auction, Self::User, Self::Campaign, Self::Alarm, Self::Raffle, Self::Chat];

    /// The stored number.
    #[must_use]
    pub const fn number(self) -> u8 {
        match self {
            Self::Auction => 1,
            Self::User => 2,
            Self::Campaign => 3,
            Self::Alarm => 4,
            Self::Raffle => 5,
            Self::Chat => 6,
        }
    }

    /// The name in channels, metrics and paths.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Auction => "auction",
            Self::User => "user",
            Self::Campaign => "campaign",
            Self::Alarm => "alarm",
            Self::Raffle => "raffle",
            Self::Chat => "chat",
        }
    }

    /// The kind of a stored number.
    #[must_use]
    pub fn from_number(number: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.number() == number)
    }

    /// The kind of a name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }
}

/// One live thing: its kind and its number within the kind. Written `auction:17`, which is also the name of its channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct EntityId {
    kind: Kind,
    number: i64,
}

impl EntityId {
    /// Numbers stay below this, so that the packed form is exact in JavaScript too.
    pub const MAX_NUMBER: i64 = (1 << 44) - 1;
    const KIND_SHIFT: u32 = 44;

    /// The `number`th thing of a kind; `None` when the number is negative or too large.
    #[must_use]
    pub const fn new(kind: Kind, number: i64) -> Option<Self> {
        if number < 0 || number > Self::MAX_NUMBER {
            return None;
        }
        Some(Self { kind, number })
    }

    /// Its kind.
    #[must_use]
    pub const fn kind(self) -> Kind {
        self.kind
    }

    /// Its number within the kind.
    #[must_use]
    pub const fn number(self) -> i64 {
        self.number
    }

    /// Kind and number in one column.
    #[must_use]
    pub fn packed(self) -> i64 {
        (i64::from(self.kind.number()) << Self::KIND_SHIFT) | self.number
    }

    /// The reverse of [`EntityId::packed`].
    #[must_use]
    pub fn from_packed(packed: i64) -> Option<Self> {
        let kind = u8::try_from(packed >> Self::KIND_SHIFT).ok()?;
        Self::new(Kind::from_number(kind)?, packed & Self::MAX_NUMBER)
    }

    /// Which of the 256 shards it lives in; never changes (splitmix64's finisher over the packed id).
    #[must_use]
    pub fn shard(self) -> u8 {
        let mut x = self.packed().cast_unsigned();
        x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (x ^ (x >> 31)).to_le_bytes()[0]
    }
}

impl fmt::Display for EntityId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.kind.name(), self.number)
    }
}

impl FromStr for EntityId {
    type Err = NotAnEntity;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (kind, number) = text.split_once(':').ok_or(NotAnEntity)?;
        let kind = Kind::from_name(kind).ok_or(NotAnEntity)?;
        if number.is_empty() || !number.bytes().all(|b| b.is_ascii_digit()) {
            return Err(NotAnEntity);
        }
        number.parse().ok().and_then(|number| Self::new(kind, number)).ok_or(NotAnEntity)
    }
}

impl TryFrom<String> for EntityId {
    type Error = NotAnEntity;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<EntityId> for String {
    fn from(id: EntityId) -> Self {
        id.to_string()
    }
}

/// The text names no live thing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not the name of a live thing")]
pub struct NotAnEntity;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entity_survives_packing_and_printing() {
        for kind in Kind::ALL {
            for number in [0, 1, 17, EntityId::MAX_NUMBER] {
                let id = EntityId::new(kind, number).unwrap();
                assert_eq!(EntityId::from_packed(id.packed()), Some(id));
                assert_eq!(id.to_string().parse(), Ok(id));
                let stored = serde_json::to_string(&id).unwrap();
                assert_eq!(serde_json::from_str::<EntityId>(&stored).unwrap(), id);
            }
        }
    }

    #[test]
    fn other_names_are_no_entities() {
        for text in
            ["", "auction", "auction:", "auction:-1", "auction:+1", "auction:1x", "lot:1", "auction:99999999999999999999"]
        {
            assert_eq!(text.parse::<EntityId>(), Err(NotAnEntity), "{text}");
        }
    }

    #[test]
    fn shards_are_used_evenly() {
        let mut counts = [0u32; 256];
        for number in 0..25_600 {
            counts[usize::from(EntityId::new(Kind::Auction, number).unwrap().shard())] += 1;
        }
        assert!(counts.iter().all(|&n| (50..=160).contains(&n)), "{counts:?}");
    }
}
