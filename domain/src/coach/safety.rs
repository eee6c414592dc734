//! Words that mean somebody may be in danger, and the fixed text that they get before anything else.
//!
//! The texts are ours, never a model's. They are given too often rather than too seldom: who asks about the signs of a heart
//! attack reads them once more than needed.

use super::lang::Lang;
use crate::consensus::text::{TextRules, normalise};

/// What may be happening.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Danger {
    /// Breath, heart, brain, blood, poison, heat: minutes count.
    Body,
    /// Somebody may hurt themselves.
    Life,
}

/// Phrases in English, without apostrophes, sought as whole words.
const ENGLISH: &[(Danger, &[&str])] = &[
    (
        Danger::Body,
        &[
            "cant breathe",
            "cannot breathe",
            "can not breathe",
            "not breathing",
            "stopped breathing",
            "struggling to breathe",
            "gasping for air",
            "choking",
            "suffocating",
            "blue lips",
            "lips are blue",
            "lips turned blue",
            "lips are turning blue",
            "inhaler is not helping",
            "inhaler isnt helping",
            "inhaler does not help",
            "inhaler doesnt help",
            "severe asthma attack",
            "chest pain",
            "chest hurts",
            "pain in my chest",
            "heart attack",
            "having a stroke",
            "face is drooping",
            "slurred speech",
            "passed out",
            "unconscious",
            "collapsed",
            "wont wake up",
            "seizure",
            "anaphylaxis",
            "throat is closing",
            "throat is swelling",
            "coughing up blood",
            "severe bleeding",
            "wont stop bleeding",
            "overdose",
            "overdosed",
            "swallowed poison",
            "heat stroke",
            "heatstroke",
        ],
    ),
    (
        Danger::Life,
        &[
            "kill myself",
            "killing myself",
            "suicide",
            "suicidal",
            "end my life",
            "want to die",
            "hurt myself",
            "harm myself",
            "self harm",
        ],
    ),
];

/// Phrases in Korean, without blanks: people put them where they like.
const KOREAN: &[(Danger, &[&str])] = &[
    (
        Danger::Body,
        &[
            "숨을못쉬",
            "숨을쉴수없",
            "숨쉴수없",
            "숨을쉬지않",
            "숨을안쉬",
            "숨안쉬",
            "숨이안쉬",
            "숨이멎",
            "숨이막",
            "호흡곤란",
            "호흡이없",
            "질식",
            "입술이파래",
            "입술이파랗",
            "입술이새파",
            "청색증",
            "흡입기가듣지않",
            "흡입기가안들",
            "흡입기를써도나아지지",
            "흡입기를써도안",
            "심한천식발작",
            "가슴통증",
            "흉통",
            "가슴이아프",
            "가슴이아파",
            "가슴이조여",
            "심장마비",
            "심근경색",
            "뇌졸중",
            "말이어눌",
            "얼굴이마비",
            "의식이없",
            "의식을잃",
            "쓰러졌",
            "기절",
            "경련",
            "발작이멈추지",
            "아나필락시스",
            "목이부어",
            "피를토",
            "각혈",
            "피가멈추지",
            "과다복용",
            "약을너무많이먹",
            "열사병",
        ],
    ),
    (Danger::Life, &["자살", "죽고싶", "목숨을끊", "자해", "극단적선택"]),
];

const BODY_EN: &str = "If this is happening now, call the emergency services first: 119 in Korea, 112 in Europe, 911 in North \
America. Do not wait for an answer here. Sit the person upright, loosen tight clothing, follow the action plan if there is one, \
and do what the dispatcher says.";
const BODY_KO: &str = "지금 일어나고 있는 일이라면 먼저 119에 전화하세요. 여기서 답을 기다리지 마세요. 환자를 바로 앉히고 \
조이는 옷을 풀어 주세요. 행동 계획이 있으면 그대로 따르고, 119 상담원의 안내를 따르세요.";
const LIFE_EN: &str = "If you may hurt yourself, please talk to somebody now: in Korea 109 (suicide prevention, day and night) \
or 119, elsewhere the emergency number or a crisis line (988 in the USA). You do not have to be alone with this.";
const LIFE_KO: &str = "스스로를 해칠 것 같다면 지금 바로 이야기해 주세요. 자살예방상담전화 109(24시간), 위급하면 119입니다. \
혼자 견디지 않아도 됩니다.";

/// The fixed text for a question in which somebody may be in danger, in the language of the answer. It goes before all
/// words of a model.
#[must_use]
pub fn red_flag(question: &str, lang: Lang) -> Option<&'static str> {
    let danger = danger(question)?;
    Some(match (danger, lang) {
        (Danger::Body, Lang::En) => BODY_EN,
        (Danger::Body, Lang::Ko) => BODY_KO,
        (Danger::Life, Lang::En) => LIFE_EN,
        (Danger::Life, Lang::Ko) => LIFE_KO,
    })
}

fn danger(question: &str) -> Option<Danger> {
    // An apostrophe is dropped, a hyphen must not glue two words together.
    let apart = question.replace(['-', '–', '—', '/', '.', ',', '\n'], " ");
    let folded = normalise(&apart, TextRules { fold_case: true, fold_width: true, ignore_punctuation: true });
    let english = format!(" {folded} ");
    let joined: String = folded.chars().filter(|c| *c != ' ').collect();
    let in_english = |phrase: &&str| english.contains(&format!(" {phrase} "));
    let in_korean = |phrase: &&str| joined.contains(*phrase);
    // Who may hurt themselves is told so, whatever else they wrote.
    let found: Vec<Danger> = ENGLISH
        .iter()
        .filter(|(_, phrases)| phrases.iter().any(in_english))
        .chain(KOREAN.iter().filter(|(_, phrases)| phrases.iter().any(in_korean)))
        .map(|(danger, _)| *danger)
        .collect();
    if found.contains(&Danger::Life) { Some(Danger::Life) } else { found.first().copied() }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn danger_gets_the_emergency_number_in_the_language_of_the_question() {
        for question in [
            "I can't breathe and my inhaler isn't helping",
            "I CAN’T  BREATHE!!",
            "my son's lips are blue",
            "sharp chest-pain after running",
            "숨을 못 쉬겠어요",
            "숨을못쉬겠어요",
            "가슴이 아파요, 뛰다가 쓰러졌어요",
            "천식인데 흡입기를 써도 나아지지 않아요",
        ] {
            let text = red_flag(question, Lang::of(question)).unwrap_or_else(|| panic!("{question}"));
            assert!(text.contains("119"), "{question}");
            assert_eq!(Lang::of(text), Lang::of(question));
        }
    }

    #[test]
    fn who_may_hurt_themselves_is_told_of_people_to_talk_to() {
        assert!(red_flag("I want to die, my chest hurts", Lang::En).unwrap().contains("988"));
        assert!(red_flag("요즘 죽고 싶어요", Lang::Ko).unwrap().contains("109"));
    }

    #[test]
    fn ordinary_questions_get_none() {
        for question in [
            "How should I breathe while running?",
            "What is asthma?",
            "How do I bid on an artwork?",
            "천식이 뭐예요?",
            "달릴 때 호흡은 어떻게 해요?",
            "경매 마감은 언제예요?",
            "",
        ] {
            assert_eq!(red_flag(question, Lang::of(question)), None, "{question}");
        }
    }

    proptest! {
        #[test]
        fn case_blanks_and_what_stands_around_hide_nothing(
            before in "[a-z가-힣]{0,8}",
            after in "[a-z가-힣]{0,8}",
            blank in "[ \t\n]{1,3}",
            upper: bool,
        ) {
            for (_, phrases) in ENGLISH {
                for phrase in *phrases {
                    let phrase = if upper { phrase.to_uppercase() } else { (*phrase).to_owned() };
                    let question = format!("{before} {}, {after}", phrase.replace(' ', &blank));
                    prop_assert!(danger(&question).is_some(), "{question}");
                }
            }
            for (_, phrases) in KOREAN {
                for phrase in *phrases {
                    let spread: String = phrase.chars().flat_map(|c| [c.to_string(), blank.clone()]).collect();
                    let question = format!("{before}{}{after}", spread.trim_end());
                    prop_assert!(danger(&question).is_some(), "{question}");
                }
            }
        }
    }
}
