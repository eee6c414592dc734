//! The building inspector: rules of the house that the compiler cannot keep.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use madang::error::Surface;
use madang_domain::code::Code;

/// The longest a source file may be, in lines.
const MAX_LINES: usize = 400;

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn sources(folder: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    walk(&root().join(folder), &mut found);
    assert!(!found.is_empty(), "nothing to inspect in {folder}");
    found
}

fn walk(folder: &Path, found: &mut Vec<(String, String)>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            walk(&path, found);
        } else if path.extension().is_some_and(|ending| ["rs", "js", "css"].iter().any(|known| ending == *known)) {
            let name = path.strip_prefix(root()).unwrap().to_str().unwrap().to_owned();
            found.push((name, fs::read_to_string(&path).unwrap()));
        }
    }
}

/// Which rooms may not be entered from where, and who is excused.
const WALLS: &[(&str, &[&str], &[&str])] = &[
    ("src/storage/", &["actors", "http", "app", "cli", "clients"], &[]),
    ("src/clients/", &["actors", "http", "app", "cli", "storage"], &[]),
    ("src/actors/", &["http", "app", "cli"], &[]),
    ("src/http/", &["app", "cli"], &[]),
];

#[test]
fn imports_run_one_way() {
    let mut wrong = String::new();
    for (room, forbidden, excused) in WALLS {
        for (name, text) in sources(room).iter().filter(|(name, _)| !excused.contains(&name.as_str())) {
            for other in *forbidden {
                if text.lines().any(|line| !line.trim_start().starts_with("//") && line.contains(&format!("crate::{other}::")))
                {
                    writeln!(wrong, "{name} imports crate::{other}").unwrap();
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

#[test]
fn the_rules_touch_no_io_clock_or_framework() {
    let forbidden =
        ["std::fs", "std::net", "std::time::Instant", "SystemTime", "Utc::now", "tokio", "actix", "sqlx", "async fn", "rand::"];
    for (name, text) in sources("domain/src") {
        let code = text.lines().filter(|line| !line.trim_start().starts_with("//"));
        for line in code {
            let culprit = forbidden.iter().find(|word| line.contains(**word));
            assert!(culprit.is_none() || name.contains("tests"), "{name}: {line}");
        }
    }
}

#[test]
fn files_are_short() {
    let mut long = String::new();
    for folder in ["src", "domain/src", "web"] {
        for (name, text) in sources(folder) {
            let lines = text.lines().count();
            if lines > MAX_LINES && !name.contains("/vendor/") && !name.contains("tests") {
                writeln!(long, "{name}: {lines} lines").unwrap();
            }
        }
    }
    assert!(long.is_empty(), "split by verb:\n{long}");
}

#[test]
fn there_are_no_drawers() {
    let drawers = ["util", "utils", "helper", "helpers", "common", "misc", "types", "manager"];
    for folder in ["src", "domain/src", "web"] {
        for (name, _) in sources(folder) {
            let drawer = Path::new(&name)
                .iter()
                .filter_map(|part| part.to_str())
                .find(|part| drawers.contains(&part.split('.').next().unwrap_or_default()));
            assert!(drawer.is_none(), "{name}: if it has no better name it has no job");
        }
    }
}

#[test]
fn every_code_is_in_the_list_of_errors() {
    let mut wanted = String::from(
        "# Error codes\n\nEvery error has one of these codes: in `application/problem+json` over HTTP, as the message of an error or in a\n\
         refused answer over the live protocol. *Again* says whether asking again with the same id can help.\n\n\
         | code | HTTP | live | again | meaning |\n|---|---|---|---|---|\n",
    );
    for code in Code::ALL {
        let face = Surface::of(*code);
        let again = if face.temporary { "yes" } else { "" };
        writeln!(wanted, "| `{}` | {} | {} | {again} | {} |", code.name(), face.status, face.number, code.sentence()).unwrap();
    }
    compare("docs/errors.md", &wanted);
}

/// Compares a document that is made from the code; `MADANG_WRITE_DOCS=1` writes it instead.
fn compare(path: &str, wanted: &str) {
    let file = root().join(path);
    if std::env::var_os("MADANG_WRITE_DOCS").is_some() {
        fs::write(&file, wanted).unwrap();
    }
    let found = fs::read_to_string(&file).unwrap_or_default();
    assert!(found == wanted, "{path} is not true any more: run MADANG_WRITE_DOCS=1 cargo test --test it house_rules");
}

#[test]
fn numbers_of_errors_are_unique() {
    let mut numbers: Vec<_> = Code::ALL.iter().map(|code| Surface::of(*code).number).collect();
    numbers.sort_unstable();
    numbers.dedup();
    assert_eq!(numbers.len(), Code::ALL.len());
}

#[test]
fn the_dashboards_show_what_is_counted() {
    let code: String = sources("src").into_iter().map(|(_, text)| text).collect();
    let mut shown = 0;
    for file in fs::read_dir(root().join("grafana")).unwrap() {
        let path = file.unwrap().path();
        let dashboard: serde_json::Value = serde_json::from_str(&fs::read_to_string(&path).unwrap()).unwrap();
        let targets = dashboard["panels"].as_array().unwrap().iter().filter_map(|panel| panel["targets"].as_array()).flatten();
        for expression in targets.map(|target| target["expr"].as_str().unwrap()) {
            // What stands in braces and brackets are labels and ranges, what stands in quotes their values.
            let bare: String = expression.split('{').map(|part| part.split_once('}').map_or(part, |(_, rest)| rest)).collect();
            let words = bare.split(|c: char| !c.is_ascii_alphanumeric() && c != '_').filter(|word| word.contains('_'));
            for name in words.filter(|word| !["histogram_quantile", "__rate_interval"].contains(word)) {
                let name = ["_bucket", "_sum", "_count"].iter().find_map(|end| name.strip_suffix(end)).unwrap_or(name);
                assert!(code.contains(&format!("\"{name}\"")), "{}: nothing counts {name}", path.display());
                shown += 1;
            }
        }
    }
    assert!(shown > 20, "the dashboards could not be read");
}
