//! Real mail: what an SMTP server is given, and what is made of its refusals.

use madang::clients::mail::{Language, MailError, Mailer, Smtp, SmtpSettings, sign_up_code};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

/// A mail server for one connection; gives every line it was sent. `answer` is its answer to RCPT.
async fn server(answer: &'static str) -> (String, JoinHandle<Vec<String>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("smtp://{}", listener.local_addr().unwrap());
    let talk = tokio::spawn(async move {
        let (socket, _) = listener.accept().await.unwrap();
        let (read, mut write) = socket.into_split();
        let mut lines = BufReader::new(read).lines();
        let (mut heard, mut in_data) = (Vec::new(), false);
        write.write_all(b"220 test\r\n").await.unwrap();
        while let Ok(Some(line)) = lines.next_line().await {
            let reply = match line.split([' ', ':']).next() {
                _ if in_data && line == "." => "250 taken",
                _ if in_data => "",
                Some("RCPT") => answer,
                Some("DATA") => "354 go on",
                Some("QUIT") => break,
                Some(_) | None => "250 ok",
            };
            in_data = (in_data || line == "DATA") && line != ".";
            heard.push(line);
            if !reply.is_empty() {
                write.write_all(format!("{reply}\r\n").as_bytes()).await.unwrap();
            }
            if heard.last().is_some_and(|line| line == ".") {
                break;
            }
        }
        heard
    });
    (url, talk)
}

fn smtp(url: String) -> Smtp {
    Smtp::new(&SmtpSettings { url, from: "Madang <no-reply@example.org>".to_owned() }).unwrap()
}

#[tokio::test]
async fn a_mail_reaches_the_server_with_sender_recipient_and_text() {
    let (url, talk) = server("250 ok").await;
    smtp(url).send(sign_up_code("min@example.org", Language::English, "ABC234")).await.unwrap();
    let heard = talk.await.unwrap();
    for line in ["MAIL FROM:<no-reply@example.org>", "RCPT TO:<min@example.org>", "Subject: Your Madang sign-up code"] {
        assert!(heard.iter().any(|heard| heard.starts_with(line)), "{line}: {heard:?}");
    }
    assert!(heard.iter().any(|line| line.contains("ABC234")));
}

#[tokio::test]
async fn a_refusal_is_told_without_the_address() {
    let (url, talk) = server("550 no min@example.org here").await;
    let error = smtp(url).send(sign_up_code("min@example.org", Language::Korean, "ABC234")).await.unwrap_err();
    assert!(matches!(&error, MailError::Refused(why) if why.contains("550")), "{error:?}");
    assert!(!format!("{error} {error:?}").contains("min@"));
    drop(talk);
}

#[tokio::test]
async fn a_server_that_is_away_is_a_refusal() {
    let nobody = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("smtp://{}", nobody.local_addr().unwrap());
    drop(nobody);
    let error = smtp(url).send(sign_up_code("min@example.org", Language::Korean, "ABC234")).await.unwrap_err();
    assert!(matches!(error, MailError::Refused(_)), "{error:?}");
}

#[test]
fn settings_that_lead_nowhere_are_named() {
    let settings = |url: &str, from: &str| Smtp::new(&SmtpSettings { url: url.to_owned(), from: from.to_owned() }).map(drop);
    assert!(settings("http://example.org", "a@example.org").unwrap_err().to_string().contains("mail.smtp_url"));
    assert!(settings("smtp://example.org", "nobody").unwrap_err().to_string().contains("mail.from"));
}
