//! The raffle kind at work: what follows its commits, the codes of its prizes, and the proof of its draw.
//!
//! The rules are in `madang_domain::raffle`; the kernel keeps each raffle's actor and its deadlines.

pub mod codes;
pub mod follow;

use madang_domain::code::Code;
use madang_domain::draw::Proof;
use madang_domain::entity::Entity;
use madang_domain::ids::{EntityId, Kind};
use madang_domain::raffle::Event;

pub use madang_domain::raffle::Raffle;

use crate::actors::ask::Denied;
use crate::actors::kernel::Engine;

/// Rows of the journal that are read at a time.
const PAGE: u32 = 1_000;

/// The raffle of that number; `None` where no raffle can have it.
#[must_use]
pub fn raffle_id(number: i64) -> Option<EntityId> {
    EntityId::new(Kind::Raffle, number)
}

/// The proof of a raffle's draw, built from its journal: what is told is what was decided. `None` before the draw.
///
/// # Errors
/// As the engine denies; `internal` when stored events cannot be read.
pub async fn proof(engine: &Engine, id: EntityId) -> Result<Option<Proof>, Denied> {
    let mut raffle = Raffle::vacant(id);
    let mut seq = 0;
    loop {
        let rows = engine.journal(id, seq, PAGE).await?;
        let Some(last) = rows.last() else { break };
        seq = last.seq;
        for row in &rows {
            let events: Vec<Event> = serde_json::from_slice(&row.body).map_err(|error| {
                tracing::error!(entity = %id, seq = row.seq, %error, "stored events cannot be read");
                Denied::Failed(Code::Internal)
            })?;
            events.iter().for_each(|event| raffle.apply(event, row.at));
        }
    }
    Ok(raffle.proof())
}
