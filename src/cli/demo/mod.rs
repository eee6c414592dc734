//! Something to look at for newcomers (`madang serve --demo`): people, a catalogue, auctions that are always open, a company
//! whose receipts are read in the morning, and articles that can be asked about.
//!
//! Everything is done through the same doors as by everybody else. What is there already is left alone, so the demo may be
//! started again and again; an auction that has ended is followed by another one at the same stall.

mod library;
pub mod mornings;
mod stalls;
mod works;

use std::fs::File;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, anyhow};
use madang_domain::auction::Command;
use madang_domain::entity::{AccountOwner, Actor, LedgerEntry, Role, Transfer};
use madang_domain::ids::{EntityId, Kind, UserId};
use madang_domain::money::{Currency, Money};
use madang_domain::time::Timestamp;
use uuid::Uuid;

use self::mornings::{Cast, Mornings};
use self::stalls::{STALLS, Stall};
use super::import::artworks::Rows;
use super::import::{DEFAULT_SOURCE, import};
use crate::actors::kernel::Engine;
use crate::actors::knowledge::Knowledge;
use crate::config::DemoSettings;
use crate::http::accounts::Accounts;
use crate::http::auctions::{Auctions, subject_of};
use crate::storage::artworks::{Artwork, Filter, Put, insert_artwork, insert_artworks, list_artworks};
use crate::storage::auctions::list_artworks_on_sale;
use crate::storage::{Db, accounts};

/// The password of all people of the demo.
pub const PASSWORD: &str = "madang-demo";
/// Address, name and roles of the people.
const PEOPLE: [(&str, &str, &[Role]); 12] = [
    ("clerk@madang.example", "Clerk", &[Role::Clerk]),
    ("seller@madang.example", "Seller", &[Role::Seller]),
    ("anna@madang.example", "Anna", &[]),
    ("ben@madang.example", "Ben", &[]),
    ("company@madang.example", "Company", &[Role::Company]),
    ("admin@madang.example", "Admin", &[Role::Admin]),
    ("mina@madang.example", "Mina", &[]),
    ("jun@madang.example", "Jun", &[]),
    ("sora@madang.example", "Sora", &[]),
    ("noah@madang.example", "Noah", &[]),
    ("yuna@madang.example", "Yuna", &[]),
    ("theo@madang.example", "Theo", &[]),
];
/// What Anna and Ben have to begin with, in minor units.
const PURSES: [Money; 2] = [Money::new(50_000_000, Currency::KRW), Money::new(5_000_000, Currency::USD)];
/// And in points.
const POINTS: i64 = 600;
/// Where real artworks lie beside a checkout of the sources.
const REAL_ARTWORKS: &str = "../shared/data/tate/artworks.csv";
/// The stalls are looked after this often.
const LOOK_EVERY: Duration = Duration::from_secs(10);
/// How many works are on sale in turn.
const WORKS_ON_SALE: i64 = 80;

/// The parts of a running server that the demo uses.
#[derive(Debug, Clone)]
pub struct Demo {
    /// The database.
    pub db: Db,
    /// People.
    pub accounts: Accounts,
    /// Where auctions are offered.
    pub auctions: Auctions,
    /// Where numbers of auctions come from.
    pub engine: Engine,
    /// What the mornings use.
    pub mornings: mornings::Parts,
    /// What the coach answers from.
    pub knowledge: Knowledge,
}

/// A demo that is set up: its people, and what is sold.
#[derive(Debug)]
pub struct Fair {
    demo: Demo,
    seller: UserId,
    bidders: [UserId; 2],
    works: Vec<Artwork>,
    mornings: Mornings,
}

impl Demo {
    /// Makes the people, fills the catalogue and opens the stalls, as far as that was not done before.
    ///
    /// # Errors
    /// When the file of artworks that the settings name is no such file, or the server is not able.
    pub async fn set_up(self, settings: &DemoSettings) -> anyhow::Result<Fair> {
        let mut people = Vec::with_capacity(PEOPLE.len());
        for (email, name, roles) in PEOPLE {
            people.push(self.person(email, name, roles).await?);
        }
        let [_, seller, anna, ben, company, operator, ref readers @ ..] = people[..] else {
            return Err(anyhow!("the demo has fewer people than parts to play"));
        };
        let cast = Cast { operator, company, readers: readers.to_vec(), sleeper: anna };
        for (bidder, money) in [anna, ben].into_iter().flat_map(|bidder| PURSES.map(|money| (bidder, money))) {
            if self.auctions.currencies().contains(&money.currency) {
                // The key makes it a deposit that is made once, however often the demo starts.
                let key = format!("demo/{}", money.currency);
                self.engine.funds().deposit(bidder, money, &key).await.map_err(|code| anyhow!("no deposit: {code}"))?;
            }
        }
        for sleeper in [anna, ben] {
            self.give_points(sleeper).await?;
        }
        library::fill(&self.knowledge).await?;
        let works = self.catalogue(settings).await?;
        let mornings = Mornings::set_up(self.mornings.clone(), cast).await?;
        let fair = Fair { demo: self, seller, bidders: [anna, ben], works, mornings };
        fair.look_after().await;
        Ok(fair)
    }

    /// Points to begin with, so that stamps and raffles can be tried without waking up first. Given once, by the key.
    async fn give_points(&self, to: UserId) -> anyhow::Result<()> {
        let leg = |account, amount| LedgerEntry { account, amount: Money::new(amount, Currency::POINTS) };
        let entries = vec![leg(AccountOwner::User(to), POINTS), leg(AccountOwner::World, POINTS.saturating_neg())];
        let transfer = Transfer { key: format!("demo:{to}/points"), purpose: "demo.points".to_owned(), entries };
        self.engine.funds().transfer(transfer).await.map_err(|code| anyhow!("no points: {code}"))
    }

    async fn person(&self, email: &str, name: &str, roles: &[Role]) -> anyhow::Result<UserId> {
        if let Some((account, _)) = accounts::find_credentials(self.db.pool(), email).await? {
            return Ok(account.id);
        }
        let made = self.accounts.create_with_roles(email, PASSWORD.to_owned(), name, roles).await;
        let made = made.map_err(|problem| anyhow!("{problem}"))?;
        Ok(made.with_context(|| format!("{name} was made by somebody else at this moment"))?.id)
    }

    /// What is sold: paintings of the real catalogue where there is one, else the built-in works.
    async fn catalogue(&self, settings: &DemoSettings) -> anyhow::Result<Vec<Artwork>> {
        let (db, now) = (self.db.pool(), self.auctions.now());
        insert_artworks(db, &works::built_in(), now).await?;
        if let Some(file) = real_artworks(settings) {
            self.fill(&file, now).await.with_context(|| format!("demo.artworks: {}", file.display()))?;
        }
        // What people put in themselves is theirs to sell.
        let sources = vec![works::SOURCE.to_owned(), DEFAULT_SOURCE.to_owned()];
        let all = Filter { sources, limit: WORKS_ON_SALE, ..Filter::default() };
        let paintings = list_artworks(db, &Filter { medium: "oil paint on".to_owned(), ..all.clone() }).await?;
        if paintings.len() >= STALLS.len() {
            return Ok(paintings);
        }
        Ok(list_artworks(db, &all).await?)
    }

    /// Puts a file of artworks in, unless its first row shows that this was done before.
    async fn fill(&self, file: &Path, now: Timestamp) -> anyhow::Result<()> {
        let mut rows = Rows::open(File::open(file)?, DEFAULT_SOURCE)?;
        if let Some(first) = rows.find_map(Result::ok)
            && matches!(insert_artwork(self.db.pool(), &first, now).await?, Put::Added(_))
        {
            let report = import(self.db.pool(), rows, now, |_| {}).await?;
            tracing::info!(added = report.added, bad = report.bad.len(), "the demo's catalogue is filled");
        }
        Ok(())
    }
}

fn real_artworks(settings: &DemoSettings) -> Option<PathBuf> {
    if !settings.artworks.as_os_str().is_empty() {
        return Some(settings.artworks.clone());
    }
    Some(PathBuf::from(REAL_ARTWORKS)).filter(|file| file.is_file())
}

impl Fair {
    /// Looks after the stalls and reads receipts, for ever.
    pub async fn keep(self) {
        loop {
            tokio::time::sleep(LOOK_EVERY).await;
            self.look_after().await;
            if let Err(error) = self.mornings.read().await {
                tracing::warn!(error = format!("{error:#}"), "nobody reads the demo's receipts for now");
            }
        }
    }

    async fn look_after(&self) {
        if let Err(error) = self.open_stalls().await {
            tracing::warn!(error = format!("{error:#}"), "a stall of the demo stays empty for now");
        }
    }

    /// What to tell the person who started the server.
    #[must_use]
    pub fn people() -> String {
        let addresses: Vec<&str> = PEOPLE.iter().map(|(address, ..)| *address).collect();
        format!("Demo accounts, all with the password {PASSWORD}: {}", addresses.join(", "))
    }

    /// Gives every empty stall an auction.
    async fn open_stalls(&self) -> anyhow::Result<()> {
        let on_sale = list_artworks_on_sale(self.demo.db.pool(), self.seller).await?;
        let now = self.demo.auctions.now();
        let known = self.demo.auctions.currencies();
        for (number, stall) in STALLS.iter().enumerate().filter(|(_, stall)| known.contains(&stall.currency())) {
            // Each stall sells works of its own, in turn.
            let works: Vec<&Artwork> = self.works.iter().skip(number).step_by(STALLS.len()).collect();
            if works.iter().any(|work| on_sale.contains(&work.id)) {
                continue;
            }
            let turn = usize::try_from(now.timestamp() / 600).unwrap_or(0).checked_rem(works.len());
            if let Some(work) = turn.and_then(|turn| works.get(turn)) {
                self.sell(stall, (*work).clone(), now).await?;
            }
        }
        Ok(())
    }

    async fn sell(&self, stall: &Stall, work: Artwork, now: Timestamp) -> anyhow::Result<()> {
        let Demo { auctions, engine, .. } = &self.demo;
        let denied = |denied: crate::actors::ask::Denied| anyhow!("an auction of the demo was denied: {}", denied.code());
        let terms = stall.terms(self.seller, subject_of(work), now).map_err(|why| anyhow!("{why}"))?;
        let seller = Actor::User { id: self.seller, roles: vec![Role::Seller] };
        let id = engine.allocate(Kind::Auction).await.map_err(denied)?;
        auctions.offer(id, Uuid::new_v4(), seller.clone(), terms).await.map_err(denied)?;
        if stall.opens_at_once() {
            auctions.ask(id, Uuid::new_v4(), seller, Command::Open).await.map_err(denied)?;
            self.first_bids(id, stall).await;
        }
        Ok(())
    }

    /// Anna and Ben bid in turn. Refused bids do not matter: they may have spent their money.
    async fn first_bids(&self, id: EntityId, stall: &Stall) {
        for (bidder, max) in self.bidders.iter().cycle().zip(stall.bids) {
            let max = Money::new(*max, stall.currency());
            let actor = Actor::User { id: *bidder, roles: vec![Role::User] };
            if let Err(denied) =
                self.demo.auctions.ask(id, Uuid::new_v4(), actor, Command::PlaceBid { max, confirm: false }).await
            {
                tracing::debug!(code = %denied.code(), "a first bid of the demo was not taken");
            }
        }
    }
}
