//! `madang verify FILE.json`: repeats a draw from its proof. Needs no server, no database and no network.

use std::path::Path;
use std::process::ExitCode;

use madang_domain::draw::{Proof, verify};
use serde_json::json;

use crate::cli::exit;
use crate::cli::say::say;

/// Checks one file and prints what it says. The exit code is 1 when the proof does not hold, 65 when it is none, 66 when the
/// file cannot be read.
///
/// # Errors
/// When the verdict cannot be written as JSON.
pub fn check(file: &Path, as_json: bool) -> anyhow::Result<ExitCode> {
    let text = match std::fs::read_to_string(file) {
        Ok(text) => text,
        Err(error) => {
            say!("{}: {error}", file.display());
            return Ok(ExitCode::from(exit::NO_INPUT));
        }
    };
    let proof: Proof = match serde_json::from_str(&text) {
        Ok(proof) => proof,
        Err(error) => {
            say!("{}: this is no proof of a draw: {error}", file.display());
            return Ok(ExitCode::from(exit::DATA));
        }
    };
    let verdict = verify(&proof);
    if as_json {
        let (name, hash) = (&proof.announced.name, &proof.list_hash);
        let flaw = verdict.err().map(|flaw| flaw.to_string());
        let told = json!({ "draw": name, "holds": flaw.is_none(), "flaw": flaw, "list_hash": hash, "winners": proof.winners });
        say!("{}", serde_json::to_string_pretty(&told)?);
    } else {
        print_in_words(&proof, verdict.err().map(|flaw| flaw.to_string()));
    }
    Ok(if verdict.is_ok() { ExitCode::SUCCESS } else { ExitCode::from(1) })
}

fn print_in_words(proof: &Proof, flaw: Option<String>) {
    let rule = proof.announced.rule;
    say!("{}: {} tickets, {} prizes", proof.announced.name, proof.tickets.len(), rule.prizes);
    say!("list frozen {} with hash {}", proof.frozen_at, proof.list_hash);
    say!("drawn       {} with seed {}", proof.drawn_at, proof.seed);
    for winner in &proof.winners {
        say!("prize {}: ticket {} of participant {}", winner.prize, winner.ticket, winner.holder);
    }
    match flaw {
        None => say!("the draw holds: compare the hash with the one that was published when the list was frozen"),
        Some(flaw) => say!("the draw does NOT hold: {flaw}"),
    }
}
