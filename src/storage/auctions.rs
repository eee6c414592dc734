//! Tables `auction_card` (the list page's read rows) and `auction_offer` (which auction a create request made). Reads the
//! view `pub_engine_auction_head`.

use std::fmt;
use std::str::FromStr;

use madang_domain::ids::{ArtworkId, UserId};
use madang_domain::money::Currency;
use madang_domain::time::Timestamp;
use sqlx::postgres::PgRow;
use sqlx::{FromRow, PgPool, Row};
use uuid::Uuid;

use super::search::{self, Needle};

/// Where an auction is in its life, as far as lists tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Phase {
    /// Not yet open.
    Scheduled,
    /// Open, paused or about to end.
    Live,
    /// Over, one way or another.
    Ended,
}

impl Phase {
    /// The stored name, which is the one in addresses too.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Scheduled => "scheduled",
            Self::Live => "live",
            Self::Ended => "ended",
        }
    }

    /// The phase of a name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Scheduled, Self::Live, Self::Ended].into_iter().find(|phase| phase.name() == name)
    }
}

/// One auction in a list, as of its decision number `seq`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Card {
    /// The auction's number.
    pub id: i64,
    /// How new this is.
    pub seq: i64,
    /// The state's name.
    pub state: String,
    /// Where that is in its life.
    pub phase: Phase,
    /// Who sells.
    pub seller: UserId,
    /// What.
    pub artwork: ArtworkId,
    /// Its title.
    pub title: String,
    /// Who made it.
    pub artist: String,
    /// Such as "oil on canvas".
    pub medium: Option<String>,
    /// Address of its picture.
    pub image: String,
    /// Of all amounts.
    pub currency: Currency,
    /// The price, in minor units; where bidding starts as long as nobody has bid.
    pub price: i64,
    /// How many visible bids there were.
    pub bids: i64,
    /// When it opened or will.
    pub starts_at: Option<Timestamp>,
    /// The end as it is now.
    pub ends_at: Option<Timestamp>,
}

impl Card {
    /// What the list that ends soonest sorts by.
    #[must_use]
    pub fn ends_key(&self) -> i64 {
        self.ends_at.map_or(i64::MAX, |end| end.timestamp_micros())
    }
}

impl FromRow<'_, PgRow> for Card {
    fn from_row(row: &PgRow) -> Result<Self, sqlx::Error> {
        let decode = |error: Box<dyn std::error::Error + Send + Sync>| sqlx::Error::Decode(error);
        let phase: String = row.try_get("phase")?;
        let currency: String = row.try_get("currency")?;
        Ok(Self {
            id: row.try_get("id")?,
            seq: row.try_get("seq")?,
            state: row.try_get("state")?,
            phase: Phase::from_name(&phase).ok_or_else(|| decode("unknown phase".into()))?,
            seller: UserId::new(row.try_get("seller")?),
            artwork: ArtworkId::new(row.try_get("artwork")?),
            title: row.try_get("title")?,
            artist: row.try_get("artist")?,
            medium: row.try_get("medium")?,
            image: row.try_get("image")?,
            currency: currency.parse().map_err(|error| decode(Box::new(error)))?,
            price: row.try_get("price")?,
            bids: row.try_get("bids")?,
            starts_at: row.try_get("starts_at")?,
            ends_at: row.try_get("ends_at")?,
        })
    }
}

/// In which order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Sort {
    /// What ends soonest first.
    #[default]
    Ending,
    /// The newest first.
    Newest,
    /// The cheapest first.
    Price,
}

/// A place in a list: what the last card sorted by, and its number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// What it sorted by.
    pub key: i64,
    /// Its number.
    pub id: i64,
}

impl Place {
    /// The place of a card in a list of that order.
    #[must_use]
    pub fn of(card: &Card, sort: Sort) -> Self {
        let key = match sort {
            Sort::Ending => card.ends_key(),
            Sort::Newest => card.id,
            Sort::Price => card.price,
        };
        Self { key, id: card.id }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.key, self.id)
    }
}

impl FromStr for Place {
    type Err = std::num::ParseIntError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (key, id) = text.split_once('.').unwrap_or((text, ""));
        Ok(Self { key: key.parse()?, id: id.parse()? })
    }
}

/// Which auctions, and where in the list.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Filter {
    /// Only those; `None`: all.
    pub phase: Option<Phase>,
    /// Words that title, artist and medium are searched for.
    pub search: String,
    /// A part of the medium.
    pub medium: String,
    /// In which order.
    pub sort: Sort,
    /// Only those that come after this place.
    pub after: Option<Place>,
    /// At most so many.
    pub limit: i64,
}

/// The page statements differ in order and in whether the search index is asked; each has its own plan.
macro_rules! page {
    ($search:literal, $keyset:literal, $order:literal) => {
        concat!(
            "select id, seq, state, phase, seller, artwork, title, artist, medium, image, currency::text as currency, price,
                bids, starts_at, ends_at
            from auction_card
            where ($1::text is null or phase = $1) and ",
            $search,
            " and ",
            $keyset,
            " order by ",
            $order,
            " limit $7"
        )
    };
    ($keyset:literal, $order:literal) => {
        [
            page!("($2::text[] is not null and $3::text[] is not null and $4::text is not null)", $keyset, $order),
            page!("madang_grams(search) @> $2 and search like all ($3) and medium_key like $4", $keyset, $order),
        ]
    };
}

/// A page of auctions.
///
/// # Errors
/// The database's.
pub async fn list_cards(db: &PgPool, filter: &Filter) -> Result<Vec<Card>, sqlx::Error> {
    let [plain, searching] = match filter.sort {
        Sort::Ending => page!("(ends_key, id) > ($5, $6)", "ends_key, id"),
        Sort::Price => page!("(price, id) > ($5, $6)", "price, id"),
        Sort::Newest => page!("($5::bigint is not null and id < $6)", "id desc"),
    };
    let start = match filter.sort {
        Sort::Ending | Sort::Price => Place { key: i64::MIN, id: i64::MIN },
        Sort::Newest => Place { key: i64::MAX, id: i64::MAX },
    };
    let after = filter.after.unwrap_or(start);
    let needle = Needle::of(&format!("{} {}", filter.search, filter.medium));
    sqlx::query_as(if needle.grams.is_empty() { plain } else { searching })
        .bind(filter.phase.map(Phase::name))
        .bind(needle.grams)
        .bind(needle.patterns)
        .bind(search::containing(filter.medium.trim()))
        .bind(after.key)
        .bind(after.id)
        .bind(filter.limit)
        .fetch_all(db)
        .await
}

/// The cards of these auctions, in no order; those that have none are left out.
///
/// # Errors
/// The database's.
pub async fn find_cards(db: &PgPool, auctions: &[i64]) -> Result<Vec<Card>, sqlx::Error> {
    sqlx::query_as(
        "select id, seq, state, phase, seller, artwork, title, artist, medium, image, currency::text as currency, price, bids,
            starts_at, ends_at
        from auction_card
        where id = any ($1)",
    )
    .bind(auctions)
    .fetch_all(db)
    .await
}

/// Writes cards, each only where it is newer than what is there: may be repeated, and done out of order.
///
/// # Errors
/// The database's.
pub async fn put_cards(db: &PgPool, cards: &[Card]) -> Result<(), sqlx::Error> {
    let numbers = |of: fn(&Card) -> i64| cards.iter().map(of).collect::<Vec<_>>();
    let texts = |of: fn(&Card) -> Option<&str>| cards.iter().map(|card| of(card).map(str::to_owned)).collect::<Vec<_>>();
    let times = |of: fn(&Card) -> Option<Timestamp>| cards.iter().map(of).collect::<Vec<_>>();
    let folded = |of: fn(&Card) -> String| cards.iter().map(of).collect::<Vec<_>>();
    sqlx::query(
        "insert into auction_card (id, seq, state, phase, seller, artwork, title, artist, medium, image, currency, price, bids,
            starts_at, ends_at, ends_key, search, medium_key)
        select *
        from unnest($1::bigint[], $2::bigint[], $3::text[], $4::text[], $5::bigint[], $6::bigint[], $7::text[], $8::text[],
            $9::text[], $10::text[], $11::text[], $12::bigint[], $13::bigint[], $14::timestamptz[], $15::timestamptz[],
            $16::bigint[], $17::text[], $18::text[])
        on conflict (id) do update
        set seq = excluded.seq, state = excluded.state, phase = excluded.phase, seller = excluded.seller,
            artwork = excluded.artwork, title = excluded.title, artist = excluded.artist, medium = excluded.medium,
            image = excluded.image, currency = excluded.currency, price = excluded.price, bids = excluded.bids,
            starts_at = excluded.starts_at, ends_at = excluded.ends_at, ends_key = excluded.ends_key,
            search = excluded.search, medium_key = excluded.medium_key
        where auction_card.seq < excluded.seq",
    )
    .bind(numbers(|card| card.id))
    .bind(numbers(|card| card.seq))
    .bind(texts(|card| Some(&card.state)))
    .bind(texts(|card| Some(card.phase.name())))
    .bind(numbers(|card| card.seller.get()))
    .bind(numbers(|card| card.artwork.get()))
    .bind(texts(|card| Some(&card.title)))
    .bind(texts(|card| Some(&card.artist)))
    .bind(texts(|card| card.medium.as_deref()))
    .bind(texts(|card| Some(&card.image)))
    .bind(texts(|card| Some(card.currency.code())))
    .bind(numbers(|card| card.price))
    .bind(numbers(|card| card.bids))
    .bind(times(|card| card.starts_at))
    .bind(times(|card| card.ends_at))
    .bind(numbers(Card::ends_key))
    .bind(folded(|card| search::document(&[Some(&card.title), Some(&card.artist), card.medium.as_deref()])))
    .bind(folded(|card| search::folded(card.medium.as_deref().unwrap_or_default())))
    .execute(db)
    .await?;
    Ok(())
}

/// The artworks that somebody has on sale now or soon.
///
/// # Errors
/// The database's.
pub async fn list_artworks_on_sale(db: &PgPool, seller: UserId) -> Result<Vec<ArtworkId>, sqlx::Error> {
    let artworks: Vec<i64> =
        sqlx::query_scalar("select artwork from auction_card where seller = $1 and phase in ('scheduled', 'live')")
            .bind(seller.get())
            .fetch_all(db)
            .await?;
    Ok(artworks.into_iter().map(ArtworkId::new).collect())
}

/// Auctions whose card is missing or older than their newest decision: what a crash left to do.
///
/// # Errors
/// The database's.
pub async fn list_behind(db: &PgPool) -> Result<Vec<i64>, sqlx::Error> {
    sqlx::query_scalar(
        "select head.auction
        from pub_engine_auction_head as head
        left join auction_card as card on card.id = head.auction
        where card.seq is null or card.seq < head.seq
        order by head.auction",
    )
    .fetch_all(db)
    .await
}

/// Which auction a create request makes, and when it was first asked: those of before where it is asked again, otherwise
/// `fresh` and `at`.
///
/// # Errors
/// The database's.
pub async fn insert_offer(
    db: &PgPool,
    user: UserId,
    command: Uuid,
    fresh: i64,
    at: Timestamp,
) -> Result<(i64, Timestamp), sqlx::Error> {
    sqlx::query_as(
        "insert into auction_offer (user_id, command, auction, asked_at)
        values ($1, $2, $3, $4)
        on conflict (user_id, command) do update set auction = auction_offer.auction
        returning auction, asked_at",
    )
    .bind(user.get())
    .bind(command)
    .bind(fresh)
    .bind(at)
    .fetch_one(db)
    .await
}
