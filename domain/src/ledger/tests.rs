//! The book keeps its promises.

use super::*;
use crate::entity::LedgerEntry;
use crate::ids::Kind;

const KIM: AccountOwner = AccountOwner::User(UserId::new(1));
const LEE: AccountOwner = AccountOwner::User(UserId::new(2));

fn won(amount: i64) -> Money {
    Money::new(amount, Currency::KRW)
}

fn auction(number: i64) -> EntityId {
    EntityId::new(Kind::Auction, number).unwrap()
}

fn transfer(key: &str, legs: &[(AccountOwner, i64)]) -> Transfer {
    let entries = legs.iter().map(|&(account, amount)| LedgerEntry { account, amount: won(amount) }).collect();
    Transfer { key: key.to_owned(), purpose: "test".to_owned(), entries }
}

fn with_deposit(amount: i64) -> Ledger {
    let mut ledger = Ledger::default();
    ledger.post(&transfer("deposit", &[(AccountOwner::World, -amount), (KIM, amount)])).unwrap();
    ledger
}

#[test]
fn a_transfer_must_balance_in_each_currency() {
    let mut ledger = Ledger::default();
    assert_eq!(ledger.post(&transfer("a", &[])), Err(LedgerError::Empty));
    assert_eq!(ledger.post(&transfer("a", &[(AccountOwner::World, -10), (KIM, 9)])), Err(LedgerError::Unbalanced(-1)));
    let mut mixed = transfer("a", &[(AccountOwner::World, -10), (KIM, 10)]);
    mixed.entries[1].amount.currency = Currency::USD;
    assert_eq!(ledger.post(&mixed), Err(LedgerError::Unbalanced(-10)), "each currency by itself");
    assert_eq!(ledger, Ledger::default(), "refused means unchanged");
}

#[test]
fn a_payment_moves_one_amount_from_one_account_to_another() {
    let pays = Some(Payment { from: KIM, to: LEE, amount: won(60) });
    assert_eq!(Payment::of(&transfer("a", &[(KIM, -60), (LEE, 60)])), pays);
    assert_eq!(Payment::of(&transfer("a", &[(LEE, 60), (KIM, -60)])), pays);
    let others: [&[(AccountOwner, i64)]; 7] = [
        &[],
        &[(KIM, -60)],
        &[(KIM, 0), (LEE, 0)],
        &[(KIM, -60), (LEE, 59)],
        &[(KIM, -60), (KIM, 60)],
        &[(KIM, -60), (LEE, 50), (AccountOwner::House, 10)],
        &[(KIM, i64::MIN), (LEE, i64::MAX)],
    ];
    for legs in others {
        assert_eq!(Payment::of(&transfer("a", legs)), None, "{legs:?}");
    }
    let mut mixed = transfer("a", &[(KIM, -60), (LEE, 60)]);
    mixed.entries[1].amount.currency = Currency::USD;
    assert_eq!(Payment::of(&mixed), None);
}

#[test]
fn a_transfer_is_posted_once_by_its_key() {
    let mut ledger = with_deposit(100);
    let pay = transfer("auction:1/settle", &[(KIM, -60), (LEE, 60)]);
    assert_eq!(ledger.post(&pay), Ok(Posted::Now));
    assert_eq!(ledger.post(&pay), Ok(Posted::Before), "the second delivery of an ended auction must not charge twice");
    assert_eq!(ledger.balance(KIM, Currency::KRW), 40);
    let other = transfer("auction:1/settle", &[(KIM, -1), (LEE, 1)]);
    assert!(matches!(ledger.post(&other), Err(LedgerError::KeyReused(_))));
}

#[test]
fn nobody_spends_what_is_held_or_not_there() {
    let mut ledger = with_deposit(100);
    ledger.set_hold(UserId::new(1), won(70), auction(1)).unwrap();
    assert_eq!(ledger.post(&transfer("b", &[(KIM, -31), (LEE, 31)])), Err(LedgerError::NoFunds));
    assert_eq!(ledger.post(&transfer("c", &[(KIM, -30), (LEE, 30)])), Ok(Posted::Now));
    assert_eq!(ledger.check(), Ok(()));
}

#[test]
fn two_auctions_cannot_hold_the_same_money() {
    let mut ledger = with_deposit(100);
    ledger.set_hold(UserId::new(1), won(70), auction(1)).unwrap();
    assert_eq!(ledger.set_hold(UserId::new(1), won(31), auction(2)), Err(LedgerError::NoFunds));
    ledger.set_hold(UserId::new(1), won(30), auction(2)).unwrap();
    assert_eq!(ledger.available(UserId::new(1), Currency::KRW), won(0));
    ledger.set_hold(UserId::new(1), won(0), auction(1)).unwrap();
    assert_eq!(ledger.available(UserId::new(1), Currency::KRW), won(70));
    assert_eq!(ledger.set_hold(UserId::new(1), won(-1), auction(1)), Err(LedgerError::NegativeHold));
}

#[test]
fn effects_are_taken_all_or_not_at_all() {
    let mut ledger = with_deposit(100);
    let before = ledger.clone();
    let effects =
        [Effect::Hold { user: UserId::new(1), amount: won(50) }, Effect::Transfer(transfer("d", &[(LEE, -1), (KIM, 1)]))];
    assert_eq!(ledger.take(auction(1), &effects), Err(LedgerError::NoFunds));
    assert_eq!(ledger, before);
}
