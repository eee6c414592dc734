//! `madang replay labels` and `madang labels aggregate` as people run them: as processes.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use image::ImageFormat;
use serde_json::Value;

use crate::command_line::{Server, madang, text};
use crate::uploads::world::picture;
use crate::world;

/// A folder of receipts, as the command expects it: images with boxes and their texts beside them.
fn receipts(dir: &Path) -> PathBuf {
    let folder = dir.join("receipts");
    fs::create_dir(&folder).unwrap();
    for (name, words) in [("001", ["TOTAL", "12.50", "KIMCHI"]), ("002", ["CASH", "9,000", "감사합니다"])] {
        fs::write(folder.join(format!("{name}.jpg")), picture(300, 200, ImageFormat::Jpeg)).unwrap();
        let mut table = "left,top,right,bottom,text\n".to_owned();
        for (n, word) in words.iter().enumerate() {
            table.push_str(&format!("10,{},120,{},\"{word}\"\n", 10 + 40 * n, 40 + 40 * n));
        }
        fs::write(folder.join(format!("{name}.csv")), table).unwrap();
    }
    folder
}

fn figures(output: &Output) -> Value {
    assert_eq!(output.status.code(), Some(0), "{}{}", text(&output.stdout), text(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

#[test]
fn receipts_are_labeled_through_a_running_server() {
    let dir = world::fresh_dir("labels");
    let folder = receipts(&dir);
    let mut command = madang(&dir.join("data"));
    command.env("MADANG__DEMO__ENABLED", "true");
    let server = Server::start(command);
    let replay = |words: &[&str]| {
        let mut replay = madang(&dir.join("nothing"));
        replay.args(["replay", "labels"]).arg(&folder).args(["--server", &server.url, "--workers", "6", "--json"]);
        replay.args(["--error-rate", "0", "--spammers", "0", "--tests", "0"]).args(words).output().unwrap()
    };
    let first = figures(&replay(&["--run", "first"]));
    assert_eq!((&first["images"], &first["tasks"], &first["decided"]), (&2.into(), &6.into(), &6.into()), "{first}");
    assert_eq!((&first["lost"], &first["overshoots"], &first["open"]), (&0.into(), &0.into(), &0.into()), "{first}");
    assert_eq!((&first["accuracy"], &first["paid"]), (&1.0.into(), &first["due"]), "{first}");
    assert!(first["paid"].as_i64() > Some(0), "{first}");

    // The same run once more: every step has its id, so nothing is asked, answered or paid twice.
    let again = figures(&replay(&["--run", "first"]));
    assert_eq!((&again["decided"], &again["paid"], &again["due"]), (&first["decided"], &first["paid"], &first["due"]));

    // Who cannot sign in is told which words say who.
    let nowhere = replay(&["--company-password", "wrong"]);
    assert_eq!(nowhere.status.code(), Some(70), "{}", text(&nowhere.stderr));
    assert!(text(&nowhere.stderr).contains("--company-password"), "{}", text(&nowhere.stderr));
    server.stop();
}

fn aggregate(dir: &Path, words: &[&str]) -> Output {
    madang(dir).args(["labels", "aggregate"]).args(words).output().unwrap()
}

#[test]
fn a_few_answers_are_put_together_by_every_method() {
    let dir = world::fresh_dir("aggregate");
    let file = |name: &str, body: &str| {
        let path = dir.join(name);
        fs::write(&path, body).unwrap();
        path.to_str().unwrap().to_owned()
    };
    // Two who look and one who always says "b".
    let mut rows = "question,worker,answer\n".to_owned();
    let mut truths = "question,truth\n".to_owned();
    for n in 0..12 {
        let truth = if n % 2 == 0 { "a" } else { "b" };
        for (worker, answer) in [("anna", truth), ("ben", truth), ("cid", "b")] {
            rows.push_str(&format!("q{n},{worker},{answer}\n"));
        }
        truths.push_str(&format!("q{n},{truth}\n"));
    }
    let (answers, truths) = (file("answers.csv", &rows), file("truths.csv", &truths));
    for method in ["majority", "weighted", "dawid-skene"] {
        let out = dir.join(format!("{method}.csv"));
        let out = out.to_str().unwrap();
        let found = figures(&aggregate(&dir, &[&answers, "--method", method, "--truth", &truths, "--json", "--out", out]));
        assert_eq!((&found["truth"]["right"], &found["truth"]["known"]), (&12.into(), &12.into()), "{found}");
        let quality = |name: &str| {
            let workers = found["workers"].as_array().unwrap();
            workers.iter().find(|row| row["worker"] == name).unwrap()["truth"]["accuracy"].as_f64().unwrap()
        };
        assert!(quality("anna") > quality("cid"), "{found}");
        assert_eq!(fs::read_to_string(out).unwrap().lines().count(), 13, "{method}");
    }
    let told = aggregate(&dir, &[&answers, "--truth", &truths]);
    assert!(text(&told.stdout).contains("12 of 12"), "{}", text(&told.stdout));
    for (words, code, says) in [
        (vec!["/nonexistent.csv"], 66, "cannot be opened"),
        (vec![file("bad.csv", "item,who,what\n1,2,3\n").as_str()], 65, "names no column"),
        (vec![answers.as_str(), "--method", "vote"], 64, "possible values"),
    ] {
        let refused = aggregate(&dir, &words);
        assert_eq!(refused.status.code(), Some(code), "{words:?}: {}", text(&refused.stderr));
        assert!(text(&refused.stderr).contains(says), "{words:?}: {}", text(&refused.stderr));
    }
}

#[test]
fn real_crowds_reach_what_is_known_of_the_methods() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data/crowd");
    if !folder.is_dir() {
        eprintln!("skipped: {} is not there", folder.display());
        return;
    }
    let dir = world::fresh_dir("aggregate");
    for (name, method, least) in
        [("dog", "majority", 0.818), ("dog", "dawid-skene", 0.842), ("face", "majority", 0.630), ("face", "dawid-skene", 0.640)]
    {
        let of = |what: &str| folder.join(format!("{name}-{what}.csv")).to_str().unwrap().to_owned();
        let words = [&of("answers"), "--truth", &of("truths"), "--method", method, "--json"];
        let first = figures(&aggregate(&dir, &words));
        let accuracy = first["truth"]["accuracy"].as_f64().unwrap();
        assert!(accuracy >= least, "{name} by {method}: {accuracy}");
        let again = figures(&aggregate(&dir, &words));
        assert_eq!(first["truth"], again["truth"], "ties are settled the same way on every run");
    }
}

/// A command whose output goes to a pipe that nobody reads.
fn into_nothing(mut command: Command) -> Output {
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    command.stdout(writer).stderr(std::process::Stdio::piped());
    command.spawn().unwrap().wait_with_output().unwrap()
}

#[test]
fn output_that_nobody_reads_ends_a_command_quietly() {
    let dir = world::fresh_dir("pipe");
    let answers = dir.join("answers.csv");
    fs::write(&answers, "question,worker,answer\n1,a,x\n1,b,x\n").unwrap();
    let answers = answers.to_str().unwrap();
    for words in [["config", "show"].as_slice(), &["labels", "aggregate", answers], &["labels", "aggregate", answers, "--json"]]
    {
        let mut command = madang(&dir);
        command.args(words);
        let output = into_nothing(command);
        assert_eq!((output.status.code(), text(&output.stderr).as_str()), (Some(141), ""), "{words:?}");
    }
    let mut help = madang(&dir);
    help.arg("--help");
    let help = into_nothing(help);
    assert_eq!((help.status.code(), text(&help.stderr).as_str()), (Some(0), ""));
}
