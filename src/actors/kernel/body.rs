//! What identifies a command: its id, and what it asks.

use madang_domain::entity::Actor;
use madang_domain::ids::EntityId;
use serde_json::value::{RawValue, to_raw_value};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::storage::journal::BodyHash;

/// A command's body as it is compared and kept.
#[derive(Debug)]
pub struct Body {
    /// The command as JSON.
    pub json: Box<RawValue>,
    /// Of the command and its sender.
    pub hash: BodyHash,
}

impl Body {
    /// Encodes a command.
    ///
    /// # Errors
    /// When it cannot be encoded.
    pub fn of<C: serde::Serialize>(command: &C, actor: &Actor) -> Result<Self, serde_json::Error> {
        let json = to_raw_value(command)?;
        let mut hash = Sha256::new();
        hash.update(actor.user().map_or(-1, |user| user.get()).to_be_bytes());
        hash.update(json.get().as_bytes());
        let mut body_hash = BodyHash::default();
        for (to, from) in body_hash.iter_mut().zip(hash.finalize()) {
            *to = from;
        }
        Ok(Self { json, hash: body_hash })
    }
}

/// A stable id for what follows from a decision.
#[must_use]
pub fn derived_id(purpose: &[u8], entity: EntityId, seq: u64, n: i16) -> Uuid {
    let mut hash = Sha256::new();
    hash.update(purpose);
    hash.update(entity.packed().to_be_bytes());
    hash.update(seq.to_be_bytes());
    hash.update(n.to_be_bytes());
    let mut bytes = [0u8; 16];
    for (to, from) in bytes.iter_mut().zip(hash.finalize()) {
        *to = from;
    }
    uuid::Builder::from_custom_bytes(bytes).into_uuid()
}

/// The id of a step of a command that more than one entity carries out: the same for the same command and step.
#[must_use]
pub fn derived_from(step: &[u8], id: Uuid) -> Uuid {
    let mut bytes = [0u8; 16];
    for (to, from) in bytes.iter_mut().zip(Sha256::new().chain_update(step).chain_update(id.as_bytes()).finalize()) {
        *to = from;
    }
    uuid::Builder::from_custom_bytes(bytes).into_uuid()
}
