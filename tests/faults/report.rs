//! What a run says at its end, and the table in docs/RELIABILITY.md.

use std::fmt::Write as _;
use std::path::Path;
use std::time::Duration;

use anyhow::Context;

use super::nemesis::{Fault, Outages};
use super::scenario::Outcome;

/// Which part of the document is written.
pub const FIGURES: &str = "figures of the fault test";
/// The other part.
pub const PLANTED: &str = "planted bugs";

/// A row of a table.
pub type Row = (String, String);

/// For how long nobody was served, by fault.
pub fn outages(outages: &Outages) -> Vec<Row> {
    let row = |(fault, outages): (&Fault, &Vec<Duration>)| {
        let mut sorted = outages.clone();
        sorted.sort_unstable();
        let (half, most) = (sorted.get(sorted.len() / 2), sorted.last());
        let ms = |time: Option<&Duration>| time.map_or(0, Duration::as_millis);
        let figure = format!("{}, nobody was served for {} ms p50, {} ms at most", outages.len(), ms(half), ms(most));
        (fault.name().to_owned(), figure)
    };
    outages.iter().map(row).collect()
}

/// The figures of one run.
pub fn rows(outcome: &Outcome) -> Vec<Row> {
    let mut rows = outages(&outcome.outages);
    let mut add = |what: &str, figure: String| rows.push((what.to_owned(), figure));
    let refused: Vec<String> = outcome.refused.iter().map(|(code, count)| format!("{count} {code}")).collect();
    add("calls", format!("{} in {:.0} s", outcome.calls, outcome.took.as_secs_f64()));
    add("commands accepted", outcome.accepted.to_string());
    add("commands refused", refused.join(", "));
    add("reads", outcome.reads.to_string());
    add(
        "calls asked again by id",
        format!("{}, of which {} had been done the first time", outcome.asked_again, outcome.repeated),
    );
    let findings = &outcome.findings;
    let unresolved = findings.unresolved_done.saturating_add(findings.unresolved_not_done);
    add("calls without a definite answer", format!("{unresolved} ({} were in the journal)", findings.unresolved_done));
    add("answers compared with the rules at their place", findings.compared.to_string());
    add("decisions in the journal", outcome.decisions.to_string());
    let compared = &outcome.compared;
    add(
        "watchers' streams compared with the journal",
        format!(
            "{} with {} publications and {} recoveries, {} snapshots",
            compared.streams, compared.publications, compared.recoveries, compared.resets
        ),
    );
    add("lost, doubled, reordered or contradicted", findings.violations().to_string());
    rows
}

/// A Markdown table.
pub fn markdown(head: &str, rows: &[Row]) -> String {
    let mut text = format!("| {head} | |\n|---|---|\n");
    for (what, figure) in rows {
        // Writing to a string cannot fail.
        let _ = writeln!(text, "| {what} | {figure} |");
    }
    text
}

/// Writes tables into docs/RELIABILITY.md, between the marks of this part.
pub fn write(part: &str, tables: &str) -> anyhow::Result<()> {
    let document = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/RELIABILITY.md");
    let (begin, end) = (format!("<!-- {part}: begin -->"), format!("<!-- {part}: end -->"));
    let text = std::fs::read_to_string(&document).with_context(|| document.display().to_string())?;
    let (before, rest) = text.split_once(&begin).context("no begin mark")?;
    let (_, after) = rest.split_once(&end).context("no end mark")?;
    std::fs::write(document, format!("{before}{begin}\n\n{tables}\n{end}{after}"))?;
    Ok(())
}
