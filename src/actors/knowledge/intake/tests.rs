use madang_domain::knowledge::article::Article;

use super::{BadFile, Format, Given, Read, read};

fn given() -> Given {
    Given { name: "sleep.md".to_owned(), source: "house".to_owned(), tags: vec!["sleep".to_owned()] }
}

fn one(bytes: &[u8], format: Format) -> Article {
    let read = read(bytes, format, &given()).unwrap();
    let [Ok((_, article))] = read.as_slice() else { panic!("{read:?}") };
    article.clone()
}

fn sections(article: &Article) -> Vec<(&str, &str)> {
    article.sections().iter().map(|section| (section.heading.as_str(), section.text.as_str())).collect()
}

#[test]
fn lines_of_json_in_both_shapes() {
    let file = concat!(
        r#"{"id": "N-1", "source": "NHLBI", "url": "http://a.example/x", "title": "Asthma", "sections": "#,
        r#"[{"question": "What is it?", "type": "information", "answer": "A disease."}]}"#,
        "\n\n",
        r#"{"title": "Sleep", "text": "Sleep well.", "tags": ["night"], "sections": [{"heading": "Why?", "text": "It helps."}]}"#,
        "\r\n",
        r#"{"id": 7, "title": "Seven", "text": "Seven."}"#,
    );
    let found = read(file.as_bytes(), Format::JsonLines, &given()).unwrap();
    let seen: Vec<_> = found.iter().map(|read| read.as_ref().unwrap()).collect();
    assert_eq!((seen[0].0.source(), seen[0].0.name()), ("NHLBI", "N-1"));
    assert_eq!(sections(&seen[0].1), [("What is it?", "A disease.")]);
    assert_eq!((seen[1].0.source(), seen[1].0.name()), ("house", "Sleep"));
    assert_eq!(seen[1].1.tags(), ["night", "sleep"]);
    assert_eq!(sections(&seen[1].1), [("", "Sleep well."), ("Why?", "It helps.")]);
    assert_eq!(seen[2].0.name(), "7");
}

#[test]
fn a_bad_line_is_named_and_the_others_are_taken() {
    let file = "{\"title\": \"A\", \"text\": \"a\"}\nnot json\n{\"title\": \"B\"}\n[1]\n{\"title\": \"\", \"text\": \"c\"}\n";
    let found = read(file.as_bytes(), Format::JsonLines, &given()).unwrap();
    let faults: Vec<_> =
        found.iter().filter_map(|read: &Read| read.as_ref().err()).map(|fault| (fault.code, fault.line)).collect();
    assert_eq!(faults, [("json", Some(2)), ("empty", Some(3)), ("json", Some(4)), ("title", Some(5))]);
    assert_eq!(found.len(), 5);
}

#[test]
fn a_line_that_never_ends_is_refused_and_the_next_is_taken() {
    let mut file = format!("{{\"title\": \"A\", \"text\": \"{}\"}}\n", "a".repeat(9 * 1024 * 1024));
    file.push_str("{\"title\": \"B\", \"text\": \"b\"}\n");
    let found = read(file.as_bytes(), Format::JsonLines, &given()).unwrap();
    assert_eq!(found.iter().map(Result::is_ok).collect::<Vec<_>>(), [false, true]);
}

#[test]
fn markdown_becomes_sections_of_plain_text() {
    let text = "---\nlayout: x\n---\n# Sleep *apnea*\n\nIntro with a [link](javascript:alert(1)).\n\n## What helps\n\n- rest\n- \
        `CPAP`\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n<script>alert(1)</script>\n\n# Another part\n\nEnd.\n";
    let article = one(text.as_bytes(), Format::Markdown);
    assert_eq!(article.title(), "Sleep apnea");
    let seen = sections(&article);
    assert_eq!(seen[0], ("", "Intro with a link."));
    assert_eq!(seen[1].0, "What helps");
    assert!(seen[1].1.contains("- rest\n- CPAP") && seen[1].1.contains("1 2") && !seen[1].1.contains("script"), "{seen:?}");
    assert_eq!(seen[2], ("Another part", "End."));
}

#[test]
fn html_becomes_what_a_reader_sees() {
    let text = "<!doctype html><html><head><title>Window</title><style>p{}</style></head><body><nav>Home <p>ways</p></nav>\
        <h1>Sleep &amp; rest</h1><p>One<br>two &lt;b&gt; <b>bold</b>.</p><script>document.write('<p>x</p>')</script>\
        <h2>Tips</h2><ul><li>Early<li>Dark</ul><table><tr><td>a<td>b</tr></table><footer>us</footer>";
    let article = one(text.as_bytes(), Format::Html);
    assert_eq!(article.title(), "Sleep & rest");
    let seen = sections(&article);
    assert_eq!(seen[0], ("", "One\ntwo <b> bold."));
    assert_eq!(seen[1].0, "Tips");
    assert!(seen[1].1.contains("- Early\n- Dark") && seen[1].1.contains("a b"), "{seen:?}");
    let all = format!("{seen:?}");
    assert!(!all.contains("write") && !all.contains("ways") && !all.contains("us\""), "{all}");
}

#[test]
fn a_page_without_a_heading_has_the_windows_title_and_a_text_the_files_name() {
    assert_eq!(one(b"<title>Window</title><p>Text.", Format::Html).title(), "Window");
    assert_eq!(one(b"Just text.", Format::Text).title(), "sleep");
    let text = one("First line\n\nThe rest.\nMore.".as_bytes(), Format::Text);
    assert_eq!((text.title(), sections(&text)[0].1), ("First line", "The rest.\nMore."));
}

#[test]
fn files_that_are_not_what_they_say_are_refused_whole() {
    let png = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\xff\xfe";
    for format in [Format::JsonLines, Format::Markdown, Format::Text, Format::Html] {
        assert_eq!(read(png, format, &given()), Err(BadFile::NotText), "{format:?}");
    }
    for bytes in [&b"plain"[..], b"%PDF-1.7\n%broken", b"%PDF-1.4\ntrailer<</Root 1 0 R>>\n%%EOF", b""] {
        assert_eq!(read(bytes, Format::Pdf, &given()), Err(BadFile::NotPdf));
    }
    assert_eq!(read(b" \n \n", Format::JsonLines, &given()), Err(BadFile::Empty));
    let empty = read(b"", Format::Text, &given()).unwrap();
    assert_eq!(empty[0].as_ref().map_err(|fault| fault.code), Err("empty"));
}

/// A PDF of one page that shows these lines, as small as one can be written by hand.
fn pdf(lines: &[&str]) -> Vec<u8> {
    let mut shown = String::from("BT /F1 12 Tf 72 720 Td 14 TL\n");
    for line in lines {
        shown.push_str(&format!("({line}) Tj T*\n"));
    }
    shown.push_str("ET");
    let objects = [
        "<</Type/Catalog/Pages 2 0 R>>".to_owned(),
        "<</Type/Pages/Kids[3 0 R]/Count 1>>".to_owned(),
        "<</Type/Page/Parent 2 0 R/MediaBox[0 0 612 792]/Contents 4 0 R/Resources<</Font<</F1 5 0 R>>>>>>".to_owned(),
        format!("<</Length {}>>\nstream\n{shown}\nendstream", shown.len()),
        "<</Type/Font/Subtype/Type1/BaseFont/Helvetica/Encoding/WinAnsiEncoding>>".to_owned(),
    ];
    let (mut file, mut places) = (String::from("%PDF-1.4\n"), Vec::new());
    for (n, object) in (1..).zip(&objects) {
        places.push(file.len());
        file.push_str(&format!("{n} 0 obj\n{object}\nendobj\n"));
    }
    let table = file.len();
    file.push_str("xref\n0 6\n0000000000 65535 f \n");
    for place in places {
        file.push_str(&format!("{place:010} 00000 n \n"));
    }
    file.push_str(&format!("trailer\n<</Size 6/Root 1 0 R>>\nstartxref\n{table}\n%%EOF\n"));
    file.into_bytes()
}

#[test]
fn the_text_of_a_pdf_is_read() {
    let article = one(&pdf(&["Asthma narrows the airways.", "It can be treated."]), Format::Pdf);
    let text = sections(&article)[0].1.to_owned();
    assert!(text.contains("Asthma narrows the airways.") && text.contains("It can be treated."), "{text:?}");
}

#[test]
fn what_a_name_promises() {
    let of = |name: &str| Format::of_file(name).map(Format::name);
    assert_eq!(of("a.JSONL"), Some("jsonl"));
    assert_eq!(
        (of("b.md"), of("c.htm"), of("d.txt"), of("e.pdf")),
        (Some("markdown"), Some("html"), Some("text"), Some("pdf"))
    );
    assert_eq!((of("f.exe"), of("g")), (None, None));
    assert!(Format::ALL.into_iter().all(|format| Format::from_name(format.name()) == Some(format)));
}
