//! The family of commit statements: one for each set of parts that a batch may have.
//!
//! Starting and ending a part of a statement costs the database some 20 us, whether it has rows or not; the commits of a hot
//! lot have two or three parts of nine. Each statement is composed once, prepared once, and always the same for the same set.

use std::collections::HashMap;
use std::sync::Arc;

use super::super::Batch;

/// Which parts a batch has besides the fence.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Parts {
    pub(super) events: bool,
    pub(super) snapshots: bool,
    pub(super) timers_set: bool,
    pub(super) timers_cleared: bool,
    pub(super) notices: bool,
    pub(super) refusals: bool,
    pub(super) holds: Holds,
    pub(super) swept: bool,
    pub(super) payments: Transfers,
    pub(super) transfers: Transfers,
}

/// How the holds of a batch are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Holds {
    /// There are none.
    None,
    /// Each is known to have a row.
    Standing,
    /// Any.
    Any,
}

/// How the payments, or the other transfers, of a batch are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Transfers {
    /// There are none.
    None,
    /// As if all were new.
    New,
    /// Some were made before.
    Again,
}

impl Transfers {
    const fn of(none: bool) -> Self {
        if none { Self::None } else { Self::New }
    }

    const fn again(self) -> Self {
        match self {
            Self::None => Self::None,
            Self::New | Self::Again => Self::Again,
        }
    }
}

impl Parts {
    pub(super) fn of(batch: &Batch<'_>) -> Self {
        Self {
            events: !batch.rows.is_empty(),
            snapshots: !batch.snapshots.is_empty(),
            timers_set: batch.timers.iter().any(|timer| timer.due.is_some()),
            timers_cleared: batch.timers.iter().any(|timer| timer.due.is_none()),
            notices: !batch.notices.is_empty(),
            refusals: !batch.refusals.is_empty(),
            holds: match (batch.holds.is_empty(), batch.holds_stand) {
                (true, _) => Holds::None,
                (false, true) => Holds::Standing,
                (false, false) => Holds::Any,
            },
            swept: !batch.swept.is_empty(),
            payments: Transfers::of(batch.payments.is_empty()),
            transfers: Transfers::of(batch.transfers.is_empty()),
        }
    }

    /// The same, when some payment or transfer was made before.
    pub(super) const fn again(self) -> Self {
        Self { payments: self.payments.again(), transfers: self.transfers.again(), ..self }
    }

    /// The texts of the parts, in the order in which they are bound.
    fn texts(self) -> impl Iterator<Item = &'static str> {
        let holds = match self.holds {
            Holds::None => None,
            Holds::Standing => Some(include_str!("parts/holds_standing.sql")),
            Holds::Any => Some(include_str!("parts/holds.sql")),
        };
        let payments = match self.payments {
            Transfers::None => None,
            Transfers::New => Some(include_str!("parts/payments.sql")),
            Transfers::Again => Some(include_str!("parts/payments_again.sql")),
        };
        let transfers = match self.transfers {
            Transfers::None => None,
            Transfers::New => Some(include_str!("parts/transfers.sql")),
            Transfers::Again => Some(include_str!("parts/transfers_again.sql")),
        };
        let part = |wanted: bool, text: &'static str| wanted.then_some(text);
        [
            part(self.events, include_str!("parts/events.sql")),
            part(self.snapshots, include_str!("parts/snapshots.sql")),
            part(self.timers_set, include_str!("parts/timers_set.sql")),
            part(self.timers_cleared, include_str!("parts/timers_cleared.sql")),
            part(self.notices, include_str!("parts/notices.sql")),
            part(self.refusals, include_str!("parts/refusals.sql")),
            holds,
            part(self.swept, include_str!("parts/holds_swept.sql")),
            payments,
            transfers,
        ]
        .into_iter()
        .flatten()
    }

    /// What changes accounts; empty when nothing does.
    fn changes(self) -> String {
        let of_holds = "select 'user', owner, currency, 0, amount - before from holds";
        let of_payments = "select from_kind, from_owner, currency, -amount, 0 from paid \
             union all select to_kind, to_owner, currency, amount, 0 from paid";
        let of_legs = "select owner_kind, owner, currency, amount, 0 from legs";
        let (paid, moved) = (self.payments != Transfers::None, self.transfers != Transfers::None);
        let all = [(self.holds != Holds::None, of_holds), (paid, of_payments), (moved, of_legs)];
        all.into_iter().filter(|(there, _)| *there).map(|(_, text)| text).collect::<Vec<_>>().join(" union all ")
    }

    /// How many payments and transfers were made.
    fn moved(self) -> &'static str {
        match (self.payments != Transfers::None, self.transfers != Transfers::None) {
            (false, false) => "0::bigint",
            (true, false) => "(select count(*) from paid)",
            (false, true) => "(select count(*) from moved)",
            (true, true) => "(select count(*) from paid) + (select count(*) from moved)",
        }
    }

    /// The statement's text. `unfenced` is the planted fault: neither epochs nor unique keys are checked.
    fn compose(self, unfenced: bool) -> String {
        let mut used = 0;
        let fence = if unfenced { UNFENCED } else { include_str!("parts/fence.sql") };
        let mut texts = vec![renumbered(fence, &mut used)];
        for text in self.texts() {
            let text = renumbered(text, &mut used);
            // Rows that exist are silently left.
            let keyless = unfenced && text.contains("insert into journal");
            texts.push(if keyless { text.replace("from fence)\n)", "from fence) on conflict do nothing\n)") } else { text });
        }
        let changes = self.changes();
        if !changes.is_empty() {
            texts.push(include_str!("parts/accounts.sql").replace("{changes}", &changes));
        }
        let moved = self.moved();
        format!("with {}\nselect (select ok from fence) as held, {moved} as moved", texts.join(",\n"))
    }
}

/// The planted fault: whoever asks holds every shard.
const UNFENCED: &str = "held as (select id from unnest($1::int[], $2::bigint[]) as w (id, epoch)),\n\
     fence as (select (select count(*) from held) = cardinality($1::int[]) as ok)";

/// A part counts its parameters from 1; in the statement they go on where the part before ended.
fn renumbered(part: &str, used: &mut usize) -> String {
    let mut text = String::with_capacity(part.len() + 32);
    let (before, mut most) = (*used, 0);
    let mut pieces = part.split('$');
    text.push_str(pieces.next().unwrap_or_default());
    for piece in pieces {
        let digits = piece.find(|sign: char| !sign.is_ascii_digit()).unwrap_or(piece.len());
        let (number, rest) = piece.split_at(digits);
        let number: usize = number.parse().unwrap_or(0);
        most = most.max(number);
        text.push('$');
        text.push_str(&(before + number).to_string());
        text.push_str(rest);
    }
    *used += most;
    text.trim_end().to_owned()
}

/// The statements composed so far.
#[derive(Debug, Default)]
pub(super) struct Statements {
    texts: HashMap<Parts, Arc<str>>,
    unfenced: bool,
}

impl Statements {
    pub(super) fn new(unfenced: bool) -> Self {
        Self { texts: HashMap::new(), unfenced }
    }

    /// The statement for these parts.
    pub(super) fn text(&mut self, parts: Parts) -> Arc<str> {
        Arc::clone(self.texts.entry(parts).or_insert_with(|| parts.compose(self.unfenced).into()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NONE: Parts = Parts {
        events: false,
        snapshots: false,
        timers_set: false,
        timers_cleared: false,
        notices: false,
        refusals: false,
        holds: Holds::None,
        swept: false,
        payments: Transfers::None,
        transfers: Transfers::None,
    };
    const ALL: Parts = Parts {
        events: true,
        snapshots: true,
        timers_set: true,
        timers_cleared: true,
        notices: true,
        refusals: true,
        holds: Holds::Any,
        swept: true,
        payments: Transfers::New,
        transfers: Transfers::New,
    };

    #[test]
    fn parameters_go_on_where_the_part_before_ended() {
        let text = Parts { events: true, swept: true, ..NONE }.compose(false);
        assert!(text.contains("unnest($1::int[], $2::bigint[])") && text.contains("$14::bytea[]) as e"), "{text}");
        assert!(text.contains("unnest($15::bigint[]) as s (entity)"), "{text}");
    }

    #[test]
    fn every_writing_part_asks_the_fence() {
        let others = Parts { holds: Holds::Standing, ..ALL };
        for text in ALL.texts().chain(others.again().texts()) {
            let asked = text.matches("select ok from fence").count();
            let read = text.matches("unnest(").count();
            assert!(asked > 0 && asked >= read - text.matches("join moved").count(), "{text}");
        }
        assert!(ALL.compose(false).contains("for share of s"));
    }

    #[test]
    fn accounts_change_only_with_money() {
        assert!(!Parts { events: true, ..NONE }.compose(false).contains("update account"));
        assert!(Parts { holds: Holds::Standing, ..NONE }.compose(false).contains("amount - before from holds)"));
        assert_eq!(ALL.compose(false).matches("union all").count(), 3);
    }

    #[test]
    fn the_planted_statement_has_neither_fence_nor_key() {
        let planted = Parts { events: true, ..NONE }.compose(true);
        assert!(!planted.contains("for share"), "{planted}");
        assert!(planted.contains("where (select ok from fence) on conflict do nothing\n)"), "{planted}");
    }
}
