//! How good a ranking is, against what should have been found.

/// A question's ranking, judged.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Judged {
    /// The place of the first right one, from 1; `None` where none was found.
    pub first: Option<usize>,
    /// Discounted cumulative gain of the first ten, against the best possible: 0 to 1 (Järvelin and Kekäläinen 2002).
    pub ndcg10: f64,
}

/// Means over all questions, each 0 to 1.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Figures {
    /// How many questions.
    pub questions: usize,
    /// Share of questions whose first is right.
    pub hit1: f64,
    /// Share with a right one among the first five.
    pub hit5: f64,
    /// Mean of [`Judged::ndcg10`].
    pub ndcg10: f64,
    /// Mean of one over the place of the first right one; 0 for none.
    pub mrr: f64,
}

/// Judges what was found, the best first, each thing once; `right` has at least one.
#[must_use]
pub fn judge<T: PartialEq>(found: &[T], right: &[T]) -> Judged {
    let first = found.iter().position(|one| right.contains(one)).map(|place| place + 1);
    let gain = |place: usize| (f64::from(u32::try_from(place).unwrap_or(u32::MAX)) + 2.0).log2().recip();
    let gained: f64 = found.iter().take(10).enumerate().filter(|(_, one)| right.contains(one)).map(|(at, _)| gain(at)).sum();
    let best: f64 = (0..right.len().min(10)).map(gain).sum();
    Judged { first, ndcg10: if best > 0.0 { gained / best } else { 0.0 } }
}

/// The means of many questions.
#[must_use]
pub fn figures(judged: &[Judged]) -> Figures {
    let float = |count: usize| f64::from(u32::try_from(count).unwrap_or(u32::MAX));
    let share = |counts: &dyn Fn(&Judged) -> f64| judged.iter().map(counts).sum::<f64>() / float(judged.len()).max(1.0);
    let within = |one: &Judged, most: usize| one.first.is_some_and(|place| place <= most);
    Figures {
        questions: judged.len(),
        hit1: share(&|one| if within(one, 1) { 1.0 } else { 0.0 }),
        hit5: share(&|one| if within(one, 5) { 1.0 } else { 0.0 }),
        ndcg10: share(&|one| one.ndcg10),
        mrr: share(&|one| one.first.map_or(0.0, |place| float(place).recip())),
    }
}
