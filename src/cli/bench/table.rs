//! The figures beside what must be reached.

use std::fmt::Write as _;

use serde::Serialize;

use super::alarms::Minute;
use super::chats::Chatter;
use super::consensus::Consensus;
use super::fanout::Fanout;
use super::hot_lot::HotLot;
use super::labels::Labels;
use super::resume::{Memory, Resume};
use super::row_lock::RowLock;
use super::stuck_reader::StuckReader;

/// Everything measured in one run.
#[derive(Debug, Default, Serialize)]
pub struct Figures {
    /// Bids on one hot lot.
    pub hot_lot: Option<HotLot>,
    /// The same as a row lock.
    pub row_lock: Option<RowLock>,
    /// Claims and answers.
    pub labels: Option<Labels>,
    /// One at a time, and in bursts.
    pub fanout: Vec<Fanout>,
    /// Idle connections.
    pub memory: Option<Memory>,
    /// Cut and back.
    pub resume: Option<Resume>,
    /// Never reading.
    pub stuck_reader: Option<StuckReader>,
    /// A million answers.
    pub consensus: Option<Consensus>,
    /// All at the same moment.
    pub alarms: Option<Minute>,
    /// Many answers at once.
    pub chats: Option<Chatter>,
}

/// One line of the table.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// What was measured.
    pub what: String,
    /// What must be reached, in words.
    pub goal: &'static str,
    /// What was.
    pub measured: String,
    /// Whether that is enough.
    pub reached: bool,
}

impl Figures {
    /// The table.
    #[must_use]
    pub fn rows(&self) -> Vec<Row> {
        let mut rows = Vec::new();
        if let Some(hot) = &self.hot_lot {
            rows.push(row(
                format!("durable answered bids on one hot lot over sockets, {} bidders", hot.bidders),
                ">= 10,000/s",
                format!(
                    "{:.0}/s ({:.1} % accepted), p50 {:.1} ms, p99 {:.1} ms",
                    hot.bids_per_second,
                    hot.accepted_share * 100.0,
                    hot.p50_ms,
                    hot.p99_ms
                ),
                hot.bids_per_second >= 10_000.0 && hot.errors == 0,
            ));
            if let Some(peer) = &self.row_lock {
                let ratio = hot.bids_per_second / peer.best_bids_per_second.max(1.0);
                rows.push(row(
                    "the same as a row lock, best number of clients, same run".to_owned(),
                    "hot lot >= 10 times as many",
                    format!("{:.0}/s: {ratio:.1} times", peer.best_bids_per_second),
                    ratio >= 10.0,
                ));
            }
        }
        rows.extend(self.labels.as_ref().map(labels_row));
        rows.extend(self.fanout.iter().map(fanout_row));
        if let Some(memory) = &self.memory {
            rows.push(row(
                format!("memory of an idle, signed-in, subscribed, resumable connection at {}", memory.connections),
                "<= 7 KB",
                format!("{:.2} KB ({:.0} opened/s)", memory.kb_per_connection, memory.opened_per_second),
                memory.kb_per_connection <= 7.0,
            ));
        }
        rows.extend(self.resume.as_ref().map(resume_row));
        rows.extend(self.stuck_reader.as_ref().map(stuck_row));
        rows.extend(self.consensus.as_ref().map(consensus_row));
        rows.extend(self.alarms.iter().flat_map(Minute::rows));
        rows.extend(self.chats.iter().flat_map(Chatter::rows));
        rows
    }
}

fn labels_row(labels: &Labels) -> Row {
    let refused: usize = labels.refused.values().sum();
    let more = match refused.saturating_add(labels.nothing) {
        0 => String::new(),
        _ => format!(", {refused} refused, {} asked in vain", labels.nothing),
    };
    row(
        format!("durable claims and answers over sockets, {} people who label", labels.people),
        ">= 5,000/s",
        format!("{:.0}/s, p50 {:.1} ms, p99 {:.1} ms{more}", labels.per_second, labels.p50_ms, labels.p99_ms),
        labels.per_second >= 5_000.0 && labels.errors == 0,
    )
}

fn fanout_row(fanout: &Fanout) -> Row {
    let measured = format!(
        "{:.2} CPU s per million, {:.2} million/s, all have it after {:.0} ms p50, {:.0} ms p99",
        fanout.server_cpu_s_per_million,
        fanout.deliveries_per_second / 1e6,
        fanout.all_p50_ms,
        fanout.all_p99_ms
    );
    let in_turn = fanout.out_of_turn == 0;
    let cost = fanout.server_cpu_s_per_million;
    if fanout.window == 1 {
        let what = format!("fan-out to {} watchers, one message at a time", fanout.watchers);
        return row(what, "<= 7.0 CPU s per million", measured, in_turn && cost <= 7.0);
    }
    let what = format!("fan-out to {} watchers in bursts, {} in flight", fanout.watchers, fanout.window);
    let enough = fanout.deliveries_per_second >= 0.5e6;
    row(what, "<= 1.5 CPU s per million, >= 0.5 million/s", measured, in_turn && cost <= 1.5 && enough)
}

fn resume_row(resume: &Resume) -> Row {
    row(
        format!("{} watchers cut for {} s, 50 bids/s going on", resume.watchers, resume.cut_for_s),
        "100 % delivered or a snapshot, 0 doubled, all back in 1.5 s",
        format!(
            "{} missed, {} doubled, {} snapshots, all back in {:.2} s",
            resume.missed, resume.doubled, resume.snapshots, resume.all_back_s
        ),
        resume.missed == 0 && resume.doubled == 0 && resume.all_back_s <= 1.5,
    )
}

fn consensus_row(consensus: &Consensus) -> Row {
    let each = consensus.methods.iter().map(|method| {
        let rounds = method.rounds.map_or_else(String::new, |rounds| format!(", {rounds} rounds"));
        format!("{} {:.2} s ({:.4} right{rounds})", method.method, method.took_s, method.accuracy)
    });
    row(
        format!("{} answers aggregated by `madang labels aggregate`, from the file to the report", consensus.answers),
        "< 5 s by each method",
        each.collect::<Vec<_>>().join("; "),
        consensus.reached(),
    )
}

fn stuck_row(stuck: &StuckReader) -> Row {
    let code = stuck.close_code.map_or_else(|| "not deliverable".to_owned(), |code| code.to_string());
    row(
        "a watcher that never reads".to_owned(),
        "<= 256 KB, then cut",
        format!(
            "{:.0} KB of {:.0} MB published; {} of {} cut, close code {code}",
            stuck.kb_each, stuck.published_mb, stuck.cut, stuck.stuck
        ),
        stuck.kb_each <= 256.0 && stuck.cut >= crate::cli::figures::float(stuck.stuck),
    )
}

fn row(what: String, goal: &'static str, measured: String, reached: bool) -> Row {
    Row { what, goal, measured, reached }
}

/// The table in Markdown.
#[must_use]
pub fn markdown(rows: &[Row]) -> String {
    let mut text = "| what | must reach | measured | |\n|---|---|---|---|".to_owned();
    for Row { what, goal, measured, reached } in rows {
        let verdict = if *reached { "reached" } else { "**missed**" };
        // Writing to a string cannot fail.
        let _ = write!(text, "\n| {what} | {goal} | {measured} | {verdict} |");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ratio_decides() {
        let hot_lot = HotLot {
            bidders: 64,
            bids_per_second: 12_000.0,
            accepted_share: 0.99,
            p50_ms: 4.0,
            p99_ms: 9.0,
            refused: std::collections::BTreeMap::new(),
            errors: 0,
            server_cpu_s_per_thousand: 0.05,
            database_cpu_s_per_thousand: 0.05,
        };
        let row_lock = RowLock { tried: Vec::new(), best_bids_per_second: 1_500.0 };
        let figures = Figures { hot_lot: Some(hot_lot), row_lock: Some(row_lock), ..Figures::default() };
        let reached: Vec<bool> = figures.rows().iter().map(|row| row.reached).collect();
        assert_eq!(reached, [true, false]);
        assert!(markdown(&figures.rows()).ends_with("| 1500/s: 8.0 times | **missed** |"));
    }
}
