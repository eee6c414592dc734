//! What an error of the database says about a commit: certainly not written, or nobody knows.

use madang_domain::ids::EntityId;
use sqlx::postgres::{PgDatabaseError, PgSeverity};

use super::Outcome;

/// Reads the outcome from an error of the commit statement.
///
/// Only an `ERROR` about our own statement proves that the transaction was rolled back. Everything else, from a cut
/// connection to a server that is shutting down, may hide a commit that happened.
pub(super) fn outcome_of(error: &sqlx::Error) -> Outcome {
    let sqlx::Error::Database(database) = error else { return Outcome::Unknown };
    let Some(fault) = database.try_downcast_ref::<PgDatabaseError>() else { return Outcome::Unknown };
    let code = fault.code();
    let class = code.get(..2).unwrap_or_default();
    if fault.severity() != PgSeverity::Error || matches!(class, "57" | "08" | "58" | "XX") {
        return Outcome::Unknown;
    }
    match code {
        "40001" | "40P01" | "55P03" => Outcome::Again,
        "23505" => fault
            .table()
            .filter(|table| table.starts_with("journal"))
            .and_then(|_| fault.detail())
            .and_then(entity_of_key)
            .map_or_else(|| rejected(fault), Outcome::Conflict),
        _ if matches!(class, "53" | "54") => Outcome::Unable(code.to_owned()),
        _ => rejected(fault),
    }
}

fn rejected(fault: &PgDatabaseError) -> Outcome {
    Outcome::Rejected(fault.constraint().unwrap_or_else(|| fault.code()).to_owned())
}

/// The entity in `Key (entity, seq)=(17592186044417, 5) already exists.`
fn entity_of_key(detail: &str) -> Option<EntityId> {
    let (_, values) = detail.split_once("=(")?;
    let (entity, _) = values.split_once(',')?;
    EntityId::from_packed(entity.trim().parse().ok()?)
}

#[cfg(test)]
mod tests {
    use madang_domain::ids::Kind;

    use super::*;

    #[test]
    fn the_entity_is_read_from_a_unique_violation() {
        let id = EntityId::new(Kind::Auction, 1).unwrap();
        let detail = format!("Key (entity, seq)=({}, 5) already exists.", id.packed());
        assert_eq!(entity_of_key(&detail), Some(id));
        assert_eq!(entity_of_key("Key (key)=(auction:17/settle) already exists."), None);
    }

    #[test]
    fn a_broken_connection_is_an_unknown_outcome() {
        let cut = sqlx::Error::Io(std::io::ErrorKind::ConnectionReset.into());
        assert_eq!(outcome_of(&cut), Outcome::Unknown);
        assert_eq!(outcome_of(&sqlx::Error::PoolClosed), Outcome::Unknown);
    }
}
