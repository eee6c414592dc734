//! What a process and its children cost, as the kernel tells in `/proc`.

use std::collections::HashMap;
use std::fs;
use std::ops::Sub;

/// The kernel counts processor time in hundredths of a second.
const TICKS_PER_SECOND: f64 = 100.0;

/// What was used up to a moment.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Usage {
    /// Processor seconds of the process itself.
    pub own_cpu_s: f64,
    /// Processor seconds of its children: the database.
    pub children_cpu_s: f64,
    /// Resident memory of the process itself, in bytes.
    pub resident_bytes: u64,
}

impl Usage {
    /// Of this process, until now; nothing where it is gone.
    #[must_use]
    pub fn of(pid: u32) -> Self {
        let mut stats = HashMap::new();
        for entry in fs::read_dir("/proc").into_iter().flatten().flatten() {
            if let Some(found) = entry.file_name().to_str().and_then(|name| name.parse::<u32>().ok())
                && let Some(stat) = fs::read_to_string(entry.path().join("stat")).ok().as_deref().and_then(parse)
            {
                stats.insert(found, stat);
            }
        }
        let descends = |mut from: u32| {
            for _ in 0..8 {
                match stats.get(&from) {
                    Some(stat) if stat.parent == pid => return true,
                    Some(stat) => from = stat.parent,
                    None => return false,
                }
            }
            false
        };
        let children = stats.iter().filter(|(found, _)| descends(**found)).map(|(_, stat)| stat.cpu_s).sum();
        Self {
            own_cpu_s: stats.get(&pid).map_or(0.0, |stat| stat.cpu_s),
            children_cpu_s: children,
            resident_bytes: resident(pid).unwrap_or(0),
        }
    }
}

impl Sub for Usage {
    type Output = Self;

    fn sub(self, before: Self) -> Self {
        Self {
            own_cpu_s: self.own_cpu_s - before.own_cpu_s,
            children_cpu_s: self.children_cpu_s - before.children_cpu_s,
            resident_bytes: self.resident_bytes.saturating_sub(before.resident_bytes),
        }
    }
}

struct Stat {
    parent: u32,
    cpu_s: f64,
}

/// The line of `/proc/PID/stat`: the name in brackets may hold anything, so fields are counted from its end.
fn parse(line: &str) -> Option<Stat> {
    let (_, rest) = line.rsplit_once(')')?;
    let fields: Vec<&str> = rest.split_whitespace().collect();
    let ticks = |at: usize| fields.get(at).and_then(|field| field.parse::<f64>().ok());
    Some(Stat { parent: fields.get(1)?.parse().ok()?, cpu_s: (ticks(11)? + ticks(12)?) / TICKS_PER_SECOND })
}

/// Resident memory of a process, in bytes; none where it is gone.
#[must_use]
pub fn resident(pid: u32) -> Option<u64> {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok()?.checked_mul(1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_with_brackets_and_blanks_is_no_trouble() {
        let stat = parse("77 (a ) b) S 5 77 77 0 -1 0 0 0 0 0 150 50 0 0 20 0 1 0 1 1 1").unwrap();
        assert_eq!((stat.parent, stat.cpu_s), (5, 2.0));
    }

    #[test]
    fn we_use_something() {
        assert!(Usage::of(std::process::id()).resident_bytes > 1_000_000);
    }
}
