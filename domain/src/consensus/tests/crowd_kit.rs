//! The model beside Crowd-Kit's, a library of its own making: the same beliefs to six places.
//!
//! Runs where `MADANG_CROWD_KIT` names a Python that has it (`tests/clients/crowd_kit.py` says how).

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::crowds::answers;
use crate::consensus::crowd::Collector;
use crate::consensus::dawid_skene::batch::{Settings, Smoothing, estimate};

type Row = (String, String, String);

/// Forty questions, nine workers of different quality, three classes, a third of the answers missing.
fn made_up() -> Vec<Row> {
    let mut state = 12_345_u64;
    let mut dice = |sides: u64| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) % sides
    };
    let mut rows = Vec::new();
    for question in 0..40_u64 {
        for worker in 0..9_u64 {
            let (missing, wrong, other) = (dice(3) == 0, dice(10) < worker, dice(3));
            if !missing {
                let answer = if wrong { other } else { question % 3 };
                rows.push((format!("q{question}"), format!("w{worker}"), format!("c{answer}")));
            }
        }
    }
    rows
}

fn compare(python: &Path, name: &str, rows: &[Row], rounds: u32) {
    let file = std::env::temp_dir().join(format!("madang-crowd-kit-{}-{name}.csv", std::process::id()));
    let lines = rows.iter().map(|(question, worker, answer)| format!("{question},{worker},{answer}\n"));
    std::fs::write(&file, format!("task,worker,label\n{}", lines.collect::<String>())).unwrap();
    let script = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../tests/clients/crowd_kit.py");
    let output = Command::new(python).arg(script).arg(&file).arg(rounds.to_string()).output().unwrap();
    let _ = std::fs::remove_file(&file);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let theirs: HashMap<String, HashMap<String, f64>> = serde_json::from_slice(&output.stdout).unwrap();

    let mut collector = Collector::default();
    rows.iter().for_each(|(question, worker, answer)| collector.add(question, worker, answer).unwrap());
    let crowd = collector.finish();
    let settings = Settings { smoothing: Smoothing::Floor(1e-10), tolerance: -1.0, rounds };
    let ours = estimate(&crowd, &settings).unwrap();
    assert_eq!(theirs.len(), crowd.questions().len());
    let mut largest = 0.0_f64;
    for (question, belief) in crowd.questions().iter().zip(ours.beliefs()) {
        for (class, ours) in crowd.classes().iter().zip(belief) {
            largest = largest.max((theirs[question][class] - ours).abs());
        }
    }
    println!("{name}: {rounds} rounds, largest difference {largest:e}");
    assert!(largest < 1e-6, "{name}: {largest} after {rounds} rounds");
}

#[test]
fn crowd_kit_believes_the_same() {
    let Some(python) = std::env::var_os("MADANG_CROWD_KIT").map(PathBuf::from) else {
        eprintln!("not run: MADANG_CROWD_KIT names no Python that has crowd-kit");
        return;
    };
    for rounds in [1, 10, 100] {
        compare(&python, "made-up", &made_up(), rounds);
    }
    for name in ["dog", "face"] {
        if let Some(rows) = answers(name) {
            compare(&python, name, &rows, 100);
        }
    }
}
