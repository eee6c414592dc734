//! What the raffle that this one replaces got wrong: each fault is a test.

use std::collections::BTreeSet;

use super::*;

/// The index was drawn below `entries - 1`, so that whoever came last could never win.
#[test]
fn the_last_entrant_can_win() {
    let mut won = BTreeSet::new();
    for number in 0..60 {
        let seed = Seed::new([number; 32]);
        let mut run = Run::new(Terms { commitment: seed.commitment(), ..terms(1) });
        (10..15).for_each(|who| drop(run.enter(who).unwrap()));
        run.draw_with(seed);
        won.extend(run.winners().into_iter().map(|(_, user)| user.get()));
    }
    assert_eq!(won, (10..15).collect());
}

/// With as many entries as prizes the draw looked for ever for one that had not won.
#[test]
fn as_many_entries_as_prizes_end_and_all_win() {
    let mut run = Run::new(terms(3));
    (10..13).for_each(|who| drop(run.enter(who).unwrap()));
    run.draw();
    let winners: BTreeSet<_> = run.winners().into_iter().map(|(_, user)| user.get()).collect();
    assert_eq!(winners, (10..13).collect());
}

/// It demanded as many entries as prizes, and waited for ever where fewer came.
#[test]
fn fewer_entrants_than_prizes_all_win_and_the_rest_is_left() {
    let mut run = Run::new(terms(5));
    run.enter(10).unwrap();
    run.enter(11).unwrap();
    run.draw();
    assert_eq!(run.winners().len(), 2);
    let mut nobody = Run::new(terms(5));
    nobody.draw();
    assert_eq!(nobody.winners(), []);
}

/// It could be drawn again and again, with other winners each time.
#[test]
fn it_is_drawn_once_and_for_ever() {
    let mut run = Run::new(terms(1));
    (10..30).for_each(|who| drop(run.enter(who).unwrap()));
    run.draw();
    let winners = run.winners();
    for second in [DRAW, DRAW + 1, DRAW + 100_000] {
        assert_eq!(run.give(&Actor::System, &Command::Wake, second), Ok(Vec::new()));
        assert_eq!(run.give(&Actor::System, &Command::Draw { seed: seed() }, second), Ok(Vec::new()));
    }
    assert_eq!(run.raffle.wake_at(), None);
    assert_eq!((run.winners(), run.notices("raffle.won").len()), (winners, 1));
}

/// Entries were taken after the draw.
#[test]
fn nobody_enters_a_raffle_that_is_closed_frozen_or_drawn() {
    let mut run = Run::new(terms(1));
    run.enter(10).unwrap();
    let enter = Command::Enter { nonce: None };
    assert_eq!(run.give(&person(11), &enter, CLOSE), Err(Refusal::Closed), "before its deadline was handled");
    run.wake(CLOSE);
    assert_eq!(run.give(&person(11), &enter, CLOSE + 1), Err(Refusal::Closed));
    run.draw();
    assert_eq!(run.give(&person(11), &enter, DRAW + 1), Err(Refusal::Closed));
}

/// Nobody looked at the date: any admin could draw at any time.
#[test]
fn it_is_not_drawn_before_its_date_and_by_nobody() {
    let mut run = Run::new(terms(1));
    run.enter(10).unwrap();
    for second in [10, CLOSE - 1] {
        assert_eq!(run.give(&Actor::System, &Command::Wake, second), Ok(Vec::new()));
    }
    run.wake(CLOSE);
    assert_eq!(run.give(&Actor::System, &Command::Wake, DRAW - 1), Ok(Vec::new()));
    let draw = Command::Draw { seed: seed() };
    assert_eq!(run.give(&Actor::System, &draw, DRAW - 1), Err(Refusal::WrongState { state: "frozen" }));
    for command in [Command::Wake, draw] {
        assert_eq!(run.give(&admin(), &command, DRAW), Err(Refusal::NotAllowed("the house")));
    }
    let other = Command::Draw { seed: Seed::new([8; 32]) };
    assert_eq!(run.give(&Actor::System, &other, DRAW), Err(Refusal::WrongSeed));
    assert!(run.raffle.proof().is_none());
}

/// Somebody with several entries could win several prizes.
#[test]
fn nobody_wins_twice_where_one_prize_each_is_the_rule() {
    let mut run = Run::new(terms(3));
    (0..20).for_each(|_| drop(run.enter(10).unwrap()));
    run.enter(11).unwrap();
    run.draw();
    let users: Vec<_> = run.winners().into_iter().map(|(_, user)| user).collect();
    let distinct: BTreeSet<_> = users.iter().collect();
    assert_eq!((users.len(), distinct.len()), (2, 2));
    let mut free = Run::new(Terms { one_per_person: false, ..terms(3) });
    (0..20).for_each(|_| drop(free.enter(10).unwrap()));
    free.draw();
    assert_eq!(free.winners().len(), 3, "unless it is not");
}

/// Winners were told that they had won, and nobody knew what.
#[test]
fn each_winner_has_a_prize_of_their_own() {
    let mut run = Run::new(terms(4));
    (10..40).for_each(|who| drop(run.enter(who).unwrap()));
    run.draw();
    let (prizes, users): (Vec<_>, Vec<_>) = run.winners().into_iter().unzip();
    assert_eq!(prizes, [1, 2, 3, 4]);
    assert_eq!(run.notices("raffle.won"), users);
    let told = run.effects.iter().filter_map(|effect| match effect {
        Effect::Notify { notice, .. } => Some((notice.mail, notice.push, notice.fields["prize_title"].clone())),
        Effect::Hold { .. } | Effect::Transfer(_) => None,
    });
    let told: Vec<_> = told.collect();
    assert_eq!(told[0], (true, true, serde_json::json!("coffee 1")));
    assert_eq!(told.len(), 4);
}
