//! What a hub counts.

use metrics::Counter;

/// Counters whose labels never change, looked up once.
pub(super) struct Meters {
    pub(super) delivered: Counter,
    pub(super) conflated: Counter,
    pub(super) slow_cut: Counter,
    pub(super) gaps: Counter,
    pub(super) resumed_from_ring: Counter,
    pub(super) resumed_from_journal: Counter,
    pub(super) resumed_from_snapshot: Counter,
}

impl Meters {
    pub(super) fn new() -> Self {
        Self {
            delivered: metrics::counter!("live_deliveries_total"),
            conflated: metrics::counter!("live_conflated_total"),
            slow_cut: metrics::counter!("slow_client_cut_total"),
            gaps: metrics::counter!("gap_repair_total"),
            resumed_from_ring: metrics::counter!("resume_total", "source" => "ring"),
            resumed_from_journal: metrics::counter!("resume_total", "source" => "journal"),
            resumed_from_snapshot: metrics::counter!("resume_total", "source" => "snapshot"),
        }
    }
}
