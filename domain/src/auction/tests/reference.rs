//! The auction's rules once more, as slow and plain as can be: every bid is kept, and sorted again each time.

use std::collections::BTreeMap;

use crate::auction::rules::Bidding;
use crate::auction::terms::Terms;
use crate::ids::UserId;

/// One accepted bid.
#[derive(Debug, Clone, Copy)]
struct Bid {
    user: UserId,
    max: i64,
}

/// What the slow model says of a bid.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Says {
    Leading,
    Outbid,
    Refused,
}

/// Every bid of one auction.
#[derive(Debug, Clone, Default)]
pub struct Reference {
    bids: Vec<Bid>,
    price: Option<i64>,
    resume_at: Option<i64>,
}

impl Reference {
    pub fn price(&self) -> Option<i64> {
        self.price
    }

    /// Everybody's best maximum, the best first; on a tie, the earlier first.
    fn ranking(&self) -> Vec<(UserId, i64)> {
        let mut best: BTreeMap<UserId, (i64, usize)> = BTreeMap::new();
        for (order, bid) in self.bids.iter().enumerate() {
            best.insert(bid.user, (bid.max, order));
        }
        let mut ranking: Vec<_> = best.into_iter().collect();
        ranking.sort_by(|(_, (max, order)), (_, (other, later))| other.cmp(max).then(order.cmp(later)));
        ranking.into_iter().map(|(user, (max, _))| (user, max)).collect()
    }

    pub fn leader(&self) -> Option<(UserId, i64)> {
        self.price.and_then(|_| self.ranking().first().copied())
    }

    fn reckoned(&self, terms: &Terms) -> Option<i64> {
        let ranking = self.ranking();
        let best = ranking.first()?.1;
        if terms.rules.bidding == Bidding::Plain {
            return Some(best);
        }
        let start = self.resume_at.unwrap_or(terms.opening_bid);
        let open = match ranking.get(1) {
            None => start,
            Some((_, second)) => best.min(second + terms.rules.steps.at(*second)).max(start),
        };
        Some(match terms.reserve {
            Some(reserve) if best < reserve => best,
            Some(reserve) if open < reserve => reserve,
            Some(_) | None => open,
        })
    }

    pub fn next_bid(&self, terms: &Terms) -> i64 {
        match self.price {
            Some(price) => price + terms.rules.steps.at(price),
            None => self.resume_at.unwrap_or(terms.opening_bid + i64::from(terms.rules.opening_strict)),
        }
    }

    /// A bid of somebody who may bid and has the money, while bids are taken.
    pub fn bid(&mut self, terms: &Terms, user: UserId, max: i64) -> Says {
        let own = self.leader().filter(|(leader, _)| *leader == user).map(|(_, max)| max);
        let proxy = terms.rules.bidding == Bidding::Proxy;
        let acceptable = match own {
            Some(_) if !terms.rules.leader_may_rebid => false,
            Some(own) if proxy => max > own,
            Some(_) | None => max >= self.next_bid(terms),
        };
        if !acceptable {
            return Says::Refused;
        }
        let before = self.price;
        self.bids.push(Bid { user, max });
        let private = own.is_some_and(|own| proxy && terms.reserve.is_none_or(|reserve| own >= reserve));
        self.price = if private { before } else { self.reckoned(terms).max(before) };
        if self.leader().map(|(leader, _)| leader) == Some(user) { Says::Leading } else { Says::Outbid }
    }

    /// All bids of one person are taken back.
    pub fn retract(&mut self, terms: &Terms, user: UserId) {
        let led = self.leader().is_some_and(|(leader, _)| leader == user);
        self.bids.retain(|bid| bid.user != user);
        let reckoned = self.reckoned(terms);
        if led || self.price.is_none() {
            self.resume_at = Some(reckoned.unwrap_or_else(|| {
                let mut empty = self.clone();
                (empty.bids, empty.price, empty.resume_at) = (Vec::new(), None, None);
                empty.next_bid(terms)
            }));
            self.bids.clear();
            self.price = None;
        } else {
            self.price = self.price.min(reckoned);
        }
    }
}
