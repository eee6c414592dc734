//! Points and stamps: earned by useful answers, spent on raffles, never bought with money nor paid out.

use crate::entity::{AccountOwner, LedgerEntry, Transfer};
use crate::ids::UserId;
use crate::money::{Currency, Money};

/// What one stamp costs, in points: what one useful answer earns.
pub const STAMP_POINTS: i64 = 15;
/// The most stamps that are bought at once.
pub const MAX_STAMPS_AT_ONCE: i64 = 1_000;

/// The transfer that turns points into stamps, in both currencies at once: either both move or neither. The points go to the
/// house; the stamps come from outside, as all that is not earned does. `None` unless `count` is 1 to
/// [`MAX_STAMPS_AT_ONCE`].
#[must_use]
pub fn buy_stamps(user: UserId, count: i64, key: String) -> Option<Transfer> {
    if !(1..=MAX_STAMPS_AT_ONCE).contains(&count) {
        return None;
    }
    let points = count.checked_mul(STAMP_POINTS)?;
    let leg = |account, amount, currency| LedgerEntry { account, amount: Money::new(amount, currency) };
    Some(Transfer {
        key,
        purpose: "stamps.bought".to_owned(),
        entries: vec![
            leg(AccountOwner::User(user), points.checked_neg()?, Currency::POINTS),
            leg(AccountOwner::House, points, Currency::POINTS),
            leg(AccountOwner::User(user), count, Currency::STAMPS),
            leg(AccountOwner::World, count.checked_neg()?, Currency::STAMPS),
        ],
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::ledger::{Ledger, LedgerError, Posted, check_transfer};

    const WHO: UserId = UserId::new(7);

    fn with_points(points: i64) -> Ledger {
        let mut ledger = Ledger::default();
        let leg = |account, amount| LedgerEntry { account, amount: Money::new(amount, Currency::POINTS) };
        let entries = vec![leg(AccountOwner::User(WHO), points), leg(AccountOwner::World, -points)];
        ledger.post(&Transfer { key: "start".to_owned(), purpose: "test".to_owned(), entries }).unwrap();
        ledger
    }

    #[test]
    fn a_stamp_is_fifteen_points_and_nothing_moves_without_them() {
        let mut ledger = with_points(44);
        assert_eq!(ledger.post(&buy_stamps(WHO, 3, "a".to_owned()).unwrap()), Err(LedgerError::NoFunds));
        assert_eq!(ledger.post(&buy_stamps(WHO, 2, "b".to_owned()).unwrap()), Ok(Posted::Now));
        assert_eq!(ledger.post(&buy_stamps(WHO, 2, "b".to_owned()).unwrap()), Ok(Posted::Before));
        let mine = |currency| ledger.balance(AccountOwner::User(WHO), currency);
        assert_eq!((mine(Currency::POINTS), mine(Currency::STAMPS)), (14, 2));
    }

    #[test]
    fn counts_that_are_none_are_refused() {
        for count in [i64::MIN, -1, 0, 1_001, i64::MAX] {
            assert_eq!(buy_stamps(WHO, count, String::new()), None, "{count}");
        }
    }

    proptest! {
        #[test]
        fn whatever_is_bought_points_and_stamps_add_up(points in 1i64..2_000, counts in prop::collection::vec(1i64..60, 0..20)) {
            let mut ledger = with_points(points);
            let mut bought = 0;
            for (n, count) in counts.into_iter().enumerate() {
                let transfer = buy_stamps(WHO, count, format!("{n}")).unwrap();
                prop_assert_eq!(check_transfer(&transfer), Ok(()));
                if ledger.post(&transfer).is_ok() {
                    bought += count;
                }
            }
            let mine = |currency| ledger.balance(AccountOwner::User(WHO), currency);
            prop_assert_eq!((mine(Currency::POINTS), mine(Currency::STAMPS)), (points - bought * STAMP_POINTS, bought));
            prop_assert!(mine(Currency::POINTS) >= 0);
            prop_assert_eq!(ledger.check(), Ok(()));
        }
    }
}
