//! Agreement against worked examples from the literature and against counting pairs.

use proptest::prelude::*;

use crate::consensus::agreement::{cohen, fleiss, krippendorff, with_chosen};
use crate::consensus::crowd::{Collector, Crowd, real};

/// Each row is one thing, each column one person's class; `None` is a missing answer.
fn table(rows: &[Vec<Option<u8>>]) -> Crowd {
    let mut collector = Collector::default();
    for (thing, row) in rows.iter().enumerate() {
        for (person, class) in row.iter().enumerate() {
            if let Some(class) = class {
                collector.add(&thing.to_string(), &person.to_string(), &class.to_string()).unwrap();
            }
        }
    }
    collector.finish()
}

fn near(found: Option<f64>, wanted: f64) {
    assert!(found.is_some_and(|found| (found - wanted).abs() < 5e-4), "{found:?} instead of {wanted}");
}

#[test]
fn cohen_s_kappa_of_fifty_grant_proposals() {
    // 20 both yes, 5 yes and no, 10 no and yes, 15 both no: po 0.70, pe 0.50.
    let cells = [((1, 1), 20), ((1, 0), 5), ((0, 1), 10), ((0, 0), 15)];
    let pairs: Vec<_> = cells.iter().flat_map(|(pair, times)| vec![*pair; *times]).collect();
    near(cohen(&pairs), 0.4);
    assert_eq!(cohen(&[]), None);
    assert_eq!(cohen(&[(3, 3), (3, 3)]), None, "only one class: not 1");
    near(cohen(&[(0, 1), (1, 0)]), -1.0);
}

/// How often fourteen people put each of ten things into each of five classes (Fleiss 1971, as commonly reprinted).
const FLEISS: [[usize; 5]; 10] = [
    [0, 0, 0, 0, 14],
    [0, 2, 6, 4, 2],
    [0, 0, 3, 5, 6],
    [0, 3, 9, 2, 0],
    [2, 2, 8, 1, 1],
    [7, 7, 0, 0, 0],
    [3, 2, 6, 3, 0],
    [2, 5, 3, 2, 2],
    [6, 5, 2, 1, 0],
    [0, 2, 2, 3, 7],
];

#[test]
fn fleiss_kappa_of_fourteen_people() {
    let row = |counts: &[usize; 5]| (0..).zip(counts).flat_map(|(class, times)| vec![Some(class); *times]).collect();
    near(fleiss(&table(&FLEISS.iter().map(row).collect::<Vec<_>>())), 0.2099);
}

#[test]
fn krippendorff_s_alpha_with_missing_answers() {
    // Four people, twelve units (Krippendorff 2011, section C): nominal alpha 0.743.
    let people = [
        [Some(1), Some(2), Some(3), Some(3), Some(2), Some(1), Some(4), Some(1), Some(2), None, None, None],
        [Some(1), Some(2), Some(3), Some(3), Some(2), Some(2), Some(4), Some(1), Some(2), Some(5), None, Some(3)],
        [None, Some(3), Some(3), Some(3), Some(2), Some(3), Some(4), Some(2), Some(2), Some(5), Some(1), None],
        [Some(1), Some(2), Some(3), Some(3), Some(2), Some(4), Some(4), Some(1), Some(2), Some(5), Some(1), None],
    ];
    let units: Vec<Vec<_>> = (0..12).map(|unit| people.iter().map(|person| person[unit]).collect()).collect();
    near(krippendorff(&table(&units)), 0.743);
}

#[test]
fn where_it_is_not_defined_there_is_no_figure() {
    let alone = table(&[vec![Some(1), None], vec![None, Some(2)]]);
    let one_class = table(&[vec![Some(1), Some(1)], vec![Some(1), Some(1)]]);
    for crowd in [&alone, &one_class, &table(&[])] {
        assert_eq!((fleiss(crowd), krippendorff(crowd)), (None, None));
    }
    let perfect = table(&[vec![Some(1), Some(1)], vec![Some(2), Some(2)]]);
    assert_eq!((fleiss(&perfect), krippendorff(&perfect)), (Some(1.0), Some(1.0)));
    assert_eq!(with_chosen(&perfect, &[0, 1]), [Some(1.0), Some(1.0)]);
    assert_eq!(with_chosen(&one_class, &[0, 0]), [None, None]);
}

fn tables() -> impl Strategy<Value = Vec<Vec<Option<u8>>>> {
    prop::collection::vec(prop::collection::vec(prop::option::weighted(0.7, 0u8..3), 4), 1..12)
}

/// Krippendorff's alpha by its definition: every pair of judgements of one thing, and every pair of all of them.
fn slow_alpha(rows: &[Vec<Option<u8>>]) -> Option<f64> {
    let things: Vec<Vec<u8>> = rows.iter().map(|row| row.iter().copied().flatten().collect()).collect();
    let things: Vec<_> = things.into_iter().filter(|thing| thing.len() > 1).collect();
    let unlike = |values: &[u8]| {
        let pairs =
            values.iter().enumerate().flat_map(|(i, a)| values.iter().enumerate().filter(move |(j, b)| i != *j && a != *b));
        real(pairs.count())
    };
    let all: Vec<u8> = things.concat();
    let observed = things.iter().map(|thing| unlike(thing) / (real(thing.len()) - 1.0)).sum::<f64>() / real(all.len());
    let expected = unlike(&all) / (real(all.len()) * (real(all.len()) - 1.0));
    (expected > 0.0).then(|| 1.0 - observed / expected)
}

proptest! {
    #[test]
    fn alpha_is_what_counting_pairs_gives(rows in tables()) {
        let (fast, slow) = (krippendorff(&table(&rows)), slow_alpha(&rows));
        prop_assert_eq!(fast.is_some(), slow.is_some());
        prop_assert!(fast.zip(slow).is_none_or(|(a, b)| (a - b).abs() < 1e-9), "{fast:?} {slow:?}");
    }

    #[test]
    fn two_people_who_missed_nothing_agree_about_as_much_by_all_three(pairs in prop::collection::vec((0usize..3, 0usize..3), 40..80)) {
        let rows: Vec<_> = pairs.iter().map(|(a, b)| vec![u8::try_from(*a).ok(), u8::try_from(*b).ok()]).collect();
        let crowd = table(&rows);
        if let (Some(kappa), Some(pi), Some(alpha)) = (cohen(&pairs), fleiss(&crowd), krippendorff(&crowd)) {
            // Scott's pi is never above Cohen's kappa, and alpha differs from pi by (1 - pi) / 2n.
            prop_assert!(pi <= kappa + 1e-12);
            prop_assert!((alpha - pi - (1.0 - pi) / (2.0 * real(pairs.len()))).abs() < 1e-9);
        }
    }
}
