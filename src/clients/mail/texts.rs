//! What mails say, in Korean and English.

use madang_domain::entity::Notice;
use madang_domain::money::{Currency, Money};
use serde_json::Value;

use super::Mail;

/// A language of mails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Language {
    /// 한국어
    Korean,
    /// English
    English,
}

impl Language {
    /// The language of a stored locale.
    #[must_use]
    pub fn of(locale: &str) -> Self {
        if locale == "en" { Self::English } else { Self::Korean }
    }

    const fn pick(self, korean: &'static str, english: &'static str) -> &'static str {
        match self {
            Self::Korean => korean,
            Self::English => english,
        }
    }
}

fn mail(to: &str, subject: &str, text: String) -> Mail {
    Mail { to: to.to_owned(), subject: subject.to_owned(), text }
}

/// The code that shows the address is one's own.
#[must_use]
pub fn sign_up_code(to: &str, language: Language, code: &str) -> Mail {
    let text = with_code(language, language.pick("가입 코드", "Your sign-up code"), code);
    mail(to, language.pick("마당 가입 코드", "Your Madang sign-up code"), text)
}

/// The code with which a new password can be set.
#[must_use]
pub fn password_code(to: &str, language: Language, code: &str) -> Mail {
    let text = with_code(language, language.pick("새 비밀번호 설정 코드", "Your code for a new password"), code);
    mail(to, language.pick("마당 새 비밀번호 설정", "A new Madang password"), text)
}

fn with_code(language: Language, what: &str, code: &str) -> String {
    let more = language.pick(
        "3분 안에 입력해 주세요. 요청하지 않으셨다면 이 메일을 무시하세요.",
        "It is good for 3 minutes. If you did not ask for it, ignore this mail.",
    );
    format!("{what}: {code}\n\n{more}\n")
}

/// To somebody without an account for whom a new password was asked for.
#[must_use]
pub fn not_registered(to: &str, language: Language) -> Mail {
    let text = language.pick(
        "이 주소로 새 비밀번호를 요청하셨지만 계정이 없습니다. 다른 주소로 가입하셨는지 확인해 주세요. 요청하지 않으셨다면 이 메일을 무시하세요.\n",
        "A new password was asked for with this address, but it has no account. Did you sign up with another one? If it was \
         not you, ignore this mail.\n",
    );
    mail(to, language.pick("가입된 계정이 없습니다", "You have no Madang account"), text.to_owned())
}

/// To somebody who has an account and asked for another.
#[must_use]
pub fn already_registered(to: &str, language: Language) -> Mail {
    let text = language.pick(
        "이 주소로 가입 코드를 요청하셨지만 이미 계정이 있습니다. 로그인해 주세요. 요청하지 않으셨다면 이 메일을 무시하세요.\n",
        "A sign-up code was asked for with this address, but it has an account already. Please sign in. If it was not you, \
         ignore this mail.\n",
    );
    mail(to, language.pick("이미 가입되어 있습니다", "You already have a Madang account"), text.to_owned())
}

/// To somebody whose refresh token came twice.
#[must_use]
pub fn device_signed_out(to: &str, language: Language) -> Mail {
    let text = language.pick(
        "로그인 정보가 두 곳에서 사용되어 해당 기기를 로그아웃했습니다. 다시 로그인하고, 본인이 아니라면 모든 기기에서 로그아웃하세요.\n",
        "One of your sign-ins was used in two places, so that device was signed out. Please sign in again; if it was not \
         you, sign out on all devices.\n",
    );
    mail(to, language.pick("기기가 로그아웃되었습니다", "A device was signed out"), text.to_owned())
}

/// What a kind of notice says: Korean and English, subject and sentence. `{title}` and `{amount}` are filled in; the amount
/// is the field that is named.
struct Wording {
    kind: &'static str,
    amount: &'static str,
    korean: (&'static str, &'static str),
    english: (&'static str, &'static str),
}

const WORDINGS: &[Wording] = &[
    Wording {
        kind: "auction.outbid",
        amount: "next_bid",
        korean: ("더 높은 입찰이 있습니다", "〈{title}〉 다른 입찰자가 앞섰습니다. 다음 입찰은 {amount}부터 가능합니다."),
        english: ("You were outbid", "Somebody bid more on “{title}”. The next possible bid is {amount}."),
    },
    Wording {
        kind: "auction.won",
        amount: "total",
        korean: ("낙찰되었습니다", "〈{title}〉 낙찰을 축하합니다. 수수료와 세금을 포함한 금액은 {amount}입니다."),
        english: ("You won", "“{title}” is yours: {amount} with premium and tax. Congratulations!"),
    },
    Wording {
        kind: "auction.sold",
        amount: "hammer",
        korean: ("작품이 판매되었습니다", "〈{title}〉 {amount}에 낙찰되었습니다."),
        english: ("Your artwork was sold", "“{title}” was sold for {amount}."),
    },
    Wording {
        kind: "auction.unsold",
        amount: "",
        korean: ("판매되지 않았습니다", "〈{title}〉 구매자가 없었습니다."),
        english: ("Your artwork was not sold", "“{title}” found no buyer."),
    },
    Wording {
        kind: "auction.not_sold_to_you",
        amount: "",
        korean: ("낙찰되지 않았습니다", "〈{title}〉 입찰가가 내정가에 미치지 못했습니다. 보류된 금액은 풀렸습니다."),
        english: (
            "Your bid did not meet the reserve",
            "“{title}” was not sold: the reserve was not met. Your hold is released.",
        ),
    },
    Wording {
        kind: "auction.defaulted",
        amount: "total",
        korean: ("낙찰이 취소되었습니다", "〈{title}〉 대금 {amount}이 납부되지 않아 낙찰이 취소되었습니다."),
        english: ("A sale was cancelled", "The sale of “{title}” was cancelled, since {amount} was not paid."),
    },
    Wording {
        kind: "raffle.won",
        amount: "",
        korean: ("추첨에 당첨되었습니다", "〈{title}〉 당첨을 축하합니다. 경품 코드는 추첨 페이지에서 볼 수 있습니다."),
        english: ("You won in a raffle", "You won in “{title}”. The code of your prize is on the raffle's page."),
    },
    Wording {
        kind: "auction.cancelled",
        amount: "",
        korean: ("경매가 취소되었습니다", "〈{title}〉 경매가 취소되었습니다. 보류된 금액은 풀렸습니다."),
        english: ("An auction was cancelled", "The auction of “{title}” was cancelled. Any hold is released."),
    },
    Wording {
        kind: "alarm.ringing",
        amount: "",
        korean: ("일어날 시간입니다", "알람이 울리고 있습니다. {title}"),
        english: ("Time to get up", "Your alarm is ringing. {title}"),
    },
    Wording {
        kind: "alarm.wake_check",
        amount: "",
        korean: ("일어나셨나요?", "답하지 않으면 알람이 다시 울립니다. {title}"),
        english: ("Are you up?", "Without an answer your alarm rings again. {title}"),
    },
    Wording {
        kind: "alarm.missed",
        amount: "",
        korean: ("알람을 놓쳤습니다", "여러 번 울렸지만 응답이 없었습니다. {title}"),
        english: ("You missed an alarm", "It rang several times and nobody answered. {title}"),
    },
    Wording {
        kind: "alarm.too_late",
        amount: "",
        korean: ("알람이 울리지 못했습니다", "서버가 쉬는 동안 시간이 지났습니다. {title}"),
        english: ("An alarm did not ring", "The server was away when it was due. {title}"),
    },
    Wording {
        kind: "alarm.plan_unknown",
        amount: "",
        korean: (
            "휴대폰이 알람을 모릅니다",
            "연결이 없으면 다음 알람이 울리지 않을 수 있습니다. 앱을 한 번 열어 주세요. {title}",
        ),
        english: (
            "Your phone does not know your alarms",
            "Without a connection the next one may not ring: please open the app once. {title}",
        ),
    },
    Wording {
        kind: "campaign.approved",
        amount: "",
        korean: ("캠페인이 승인되었습니다", "〈{title}〉 캠페인이 승인되어 라벨링을 시작할 수 있습니다."),
        english: ("Your campaign was approved", "“{title}” was approved: labeling can begin."),
    },
    Wording {
        kind: "campaign.rejected",
        amount: "",
        korean: ("캠페인이 반려되었습니다", "〈{title}〉 캠페인이 반려되었습니다. 사유는 캠페인 페이지에서 확인해 주세요."),
        english: ("Your campaign was rejected", "“{title}” was rejected. The reason is on the campaign's page."),
    },
    Wording {
        kind: "campaign.completed",
        amount: "",
        korean: ("캠페인이 끝났습니다", "〈{title}〉 캠페인이 완료되었습니다. 결과를 내려받을 수 있습니다."),
        english: ("Your campaign is complete", "“{title}” is complete: its results can be downloaded."),
    },
];

/// For kinds without words of their own, so that nobody goes untold.
const NEWS: Wording = Wording {
    kind: "",
    amount: "",
    korean: ("마당에서 알려드립니다", "〈{title}〉 새로운 소식이 있습니다. 알림에서 확인해 주세요."),
    english: ("News from Madang", "There is news about “{title}”. Please see your notices."),
};

/// A notice by mail.
#[must_use]
pub fn notice(to: &str, language: Language, notice: &Notice) -> Mail {
    let (subject, sentence) = wording(language, notice);
    mail(to, subject, format!("{sentence}\n"))
}

/// What a notice says, wherever it is said: a heading and a sentence.
#[must_use]
pub fn wording(language: Language, notice: &Notice) -> (&'static str, String) {
    let wording = WORDINGS.iter().find(|wording| wording.kind == notice.kind).unwrap_or(&NEWS);
    let (subject, sentence) = match language {
        Language::Korean => wording.korean,
        Language::English => wording.english,
    };
    let title = notice.fields.get("title").and_then(Value::as_str).unwrap_or(&notice.about);
    let amount = amount_in(&notice.fields, wording.amount, language).unwrap_or_default();
    // The title last: whatever a seller wrote is not read as a placeholder.
    (subject, sentence.replace("{amount}", &amount).replace("{title}", title).trim().to_owned())
}

fn amount_in(fields: &Value, name: &str, language: Language) -> Option<String> {
    let currency = fields.get("currency").and_then(Value::as_str)?.parse::<Currency>().ok()?;
    let money = Money::new(fields.get(name)?.as_i64()?, currency).to_string();
    // "1234.50 USD" as people write it: "1,234.50 USD", "12,500원".
    let (number, code) = money.split_once(' ')?;
    let (whole, fraction) = number.split_at(number.find('.').unwrap_or(number.len()));
    let mut grouped = String::new();
    for (place, digit) in whole.chars().enumerate() {
        if place > 0 && (whole.len() - place) % 3 == 0 {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    let won = language == Language::Korean && currency == Currency::KRW;
    Some(if won { format!("{grouped}원") } else { format!("{grouped}{fraction} {code}") })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn told(kind: &str, fields: Value, language: Language) -> Mail {
        let about = "auction:17".to_owned();
        notice("a@example.org", language, &Notice { kind: kind.to_owned(), about, fields, mail: true, push: false })
    }

    #[test]
    fn a_notice_names_title_and_amount_in_the_persons_language() {
        let fields = json!({ "title": "달항아리", "total": 1_512_500, "hammer": 1, "currency": "KRW" });
        assert!(told("auction.won", fields.clone(), Language::Korean).text.contains("〈달항아리〉 낙찰을 축하합니다"));
        assert!(told("auction.won", fields.clone(), Language::Korean).text.contains("금액은 1,512,500원입니다"));
        assert!(told("auction.won", fields, Language::English).text.contains("“달항아리” is yours: 1,512,500 KRW"));
        let dollars = json!({ "title": "Moon", "next_bid": 123_456, "currency": "USD" });
        assert!(told("auction.outbid", dollars, Language::English).text.contains("1,234.56 USD"));
    }

    #[test]
    fn every_wording_is_complete_in_both_languages() {
        let fields = json!({ "title": "T", "next_bid": 1, "total": 1, "hammer": 1, "currency": "KRW" });
        for wording in WORDINGS {
            for language in [Language::Korean, Language::English] {
                let Mail { subject, text, .. } = told(wording.kind, fields.clone(), language);
                assert!(!subject.is_empty() && text.contains('T') && !text.contains('{'), "{}: {text}", wording.kind);
            }
        }
    }

    #[test]
    fn an_unknown_notice_is_still_told() {
        let news = told("auction.moved", Value::Null, Language::English);
        assert!(news.text.contains("auction:17"));
    }

    #[test]
    fn a_title_is_only_text() {
        let fields = json!({ "title": "{amount}", "total": 5, "currency": "KRW" });
        assert!(told("auction.won", fields, Language::English).text.contains("“{amount}” is yours: 5 KRW"));
    }
}
