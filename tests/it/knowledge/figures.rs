//! The figures of `madang search eval`, on the shared articles where they are.

use std::path::Path;
use std::process::Command;

use serde_json::Value;

use crate::world;

fn madang(arguments: &[&str], dir: &Path) -> (Option<i32>, String, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_madang"));
    command.args(arguments).env("MADANG__DATABASE__DATA_DIR", dir).current_dir(dir);
    let output = command.output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (output.status.code(), text(output.stdout), text(output.stderr))
}

#[test]
fn most_questions_find_their_article() {
    let articles = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data/medquad/articles.jsonl");
    if !articles.exists() {
        return println!("skipped: {} is not there", articles.display());
    }
    let dir = world::fresh_dir("eval");
    // All are searched, but a fourth of them asks: the whole takes minutes where nothing is optimised.
    let lines = std::fs::read_to_string(&articles).unwrap();
    let questions = dir.join("questions.jsonl");
    std::fs::write(&questions, lines.lines().step_by(4).collect::<Vec<_>>().join("\n")).unwrap();
    let (questions, articles) = (questions.to_str().unwrap(), articles.to_str().unwrap());
    let eval = ["search", "eval", questions, "--articles", articles, "--at-least", "0.97", "--json"];
    let (status, report, said) = madang(&eval, &dir);
    assert_eq!(status, Some(0), "{report}{said}");
    let report: Value = serde_json::from_str(&report).unwrap();
    assert!(report["hit5"].as_f64().unwrap() >= 0.97 && report["questions"].as_u64().unwrap() > 200, "{report}");
    assert_eq!((report["articles"].as_u64(), report["model"].as_str()), (Some(166), Some("lexical")));
}

#[test]
fn a_few_questions_are_measured_by_hand() {
    let dir = world::fresh_dir("eval");
    let articles = dir.join("articles.jsonl");
    let lines = [
        r#"{"id": "a", "source": "s", "title": "Asthma", "sections": [{"heading": "What is asthma?", "text": "Airways."}]}"#,
        r#"{"id": "b", "source": "s", "title": "Sleep", "sections": [{"heading": "What is sleep?", "text": "Rest."}]}"#,
    ];
    std::fs::write(&articles, lines.join("\n")).unwrap();
    let questions = dir.join("questions.jsonl");
    let asked = [
        r#"{"question": "airways", "articles": [{"source": "s", "name": "a"}]}"#,
        r#"{"question": "rest", "articles": ["a"]}"#,
        r#"{"question": "nothing of the kind", "articles": ["c"]}"#,
    ];
    std::fs::write(&questions, asked.join("\n")).unwrap();
    let (questions, articles) = (questions.to_str().unwrap(), articles.to_str().unwrap());
    let (status, text, said) = madang(&["search", "eval", questions, "--articles", articles, "--json"], &dir);
    assert_eq!(status, Some(0), "{text}{said}");
    let report: Value = serde_json::from_str(&text).unwrap();
    assert_eq!((report["questions"].as_u64(), report["left_out"].as_u64()), (Some(2), Some(1)), "{report}");
    assert_eq!(report["hit1"].as_f64(), Some(0.5), "{report}");
    let (status, ..) = madang(&["search", "eval", questions, "--articles", articles, "--at-least", "0.9"], &dir);
    assert_eq!(status, Some(1), "less than asked for");
    let (status, _, said) = madang(&["search", "eval", "none.jsonl"], &dir);
    assert_eq!(status, Some(66), "{said}");
    let (status, _, said) = madang(&["search", "eval", articles, "--articles", "none.jsonl"], &dir);
    assert_eq!(status, Some(66), "{said}");
}

#[test]
fn files_are_imported_from_the_command_line_and_found() {
    let dir = world::fresh_dir("eval");
    let file = dir.join("a.jsonl");
    let line = r#"{"id": "a", "title": "Asthma", "sections": [{"question": "What is asthma?", "answer": "Airways narrow."}]}"#;
    std::fs::write(&file, format!("{line}\nnot json\n")).unwrap();
    std::fs::write(dir.join("b.md"), "# Sleep\n\nRest at night.\n").unwrap();
    std::fs::write(dir.join("c.exe"), "x").unwrap();
    let (status, said, bad) = madang(&["import", "articles", "a.jsonl", "b.md", "--tag", "t"], &dir);
    assert_eq!((status, said.trim()), (Some(2), "2 articles added, 0 changed, 0 known before, 1 bad"), "{bad}");
    assert!(bad.contains("a.jsonl:2: "), "{bad}");
    let (status, said, _) = madang(&["import", "articles", "b.md", "--tag", "t"], &dir);
    assert_eq!((status, said.trim()), (Some(0), "0 articles added, 0 changed, 1 known before, 0 bad"));
    let (status, said, _) = madang(&["search", "eval", "a.jsonl"], &dir);
    assert_eq!(status, Some(65), "not every line is a question: {said}");
    std::fs::write(&file, format!("{line}\n")).unwrap();
    let (status, said, bad) = madang(&["search", "eval", "a.jsonl", "--at-least", "1"], &dir);
    assert_eq!(status, Some(0), "{said}{bad}");
    for (file, wanted) in [("none.jsonl", 66), ("c.exe", 65)] {
        assert_eq!(madang(&["import", "articles", file], &dir).0, Some(wanted));
    }
}
