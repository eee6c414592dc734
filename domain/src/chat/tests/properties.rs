//! Whatever comes, in whatever order and from whomever: the texts are what a slow model says, and a replay from the journal
//! is the same conversation.

use proptest::prelude::*;

use super::reference::Model;
use super::*;

#[derive(Debug, Clone)]
enum Act {
    Ask(u32),
    Begin(u32, u128),
    /// Writes with an offset that is off by so many.
    Write(u32, u128, i8, String),
    Finish(u32, u128, String, bool),
    Interrupt(u32, u128),
    Continue(u32),
    Stranger,
    Wait(i64),
}

fn act() -> impl Strategy<Value = Act> {
    let message = 1u32..5;
    let run = 1u128..4;
    let text = "[a가😀 ]{0,6}";
    prop_oneof![
        4 => (0u32..4).prop_map(Act::Ask),
        6 => (message.clone(), run.clone()).prop_map(|(m, r)| Act::Begin(m, r)),
        16 => (message.clone(), run.clone(), prop_oneof![8 => Just(0i8), 1 => -2i8..3], text).prop_map(|(m, r, o, t)| Act::Write(m, r, o, t)),
        3 => (message.clone(), run.clone(), text, any::<bool>()).prop_map(|(m, r, t, w)| Act::Finish(m, r, t, w)),
        2 => (message.clone(), run).prop_map(|(m, r)| Act::Interrupt(m, r)),
        3 => message.prop_map(Act::Continue),
        1 => Just(Act::Stranger),
        1 => (0i64..15).prop_map(Act::Wait),
    ]
}

fn place(message: u32) -> usize {
    usize::try_from(message - 1).unwrap()
}

fn length(model: &Model, message: u32) -> u32 {
    u32::try_from(model.answers.get(place(message)).map_or(0, |answer| answer.text.len())).unwrap()
}

proptest! {
    #[test]
    fn the_texts_are_those_of_the_model_and_a_replay_is_the_same(acts in prop::collection::vec(act(), 0..120)) {
        let (mut run, mut model, mut now) = (Run::new(), Model::default(), 1i64);
        for act in acts {
            let before = run.chat.clone();
            let (taken, expected) = match act {
                Act::Ask(waiting) => {
                    let command = Command::Ask { text: "?".to_owned(), waiting, reserved: None };
                    (run.own(&command, now).is_ok(), model.ask(usize::try_from(waiting).unwrap()))
                }
                Act::Begin(message, by) => {
                    let command = Command::Begin { message, run: run_id(by) };
                    (run.house(&command, now).is_ok(), model.begin(place(message), by))
                }
                Act::Write(message, by, off, text) => {
                    let Some(from) = length(&model, message).checked_add_signed(i32::from(off)) else { continue };
                    let command = Command::Write { message, run: run_id(by), piece: piece(from, &text) };
                    (run.house(&command, now).is_ok(), model.write(place(message), by, usize::try_from(from).unwrap(), &text))
                }
                Act::Finish(message, by, text, whole) => {
                    let from = length(&model, message);
                    let end = if whole { End::Done } else { End::Failed };
                    let finish = Finish { message, run: run_id(by), piece: piece(from, &text), end, reason: None, model: String::new(), usage: Usage::default() };
                    let taken = run.house(&Command::Finish(Box::new(finish)), now).is_ok();
                    let wrote = model.write(place(message), by, usize::try_from(from).unwrap(), &text);
                    (taken, wrote && model.end(place(message), by, whole))
                }
                Act::Interrupt(message, by) => {
                    let done = run.house(&Command::Interrupt { message, run: run_id(by) }, now).is_ok_and(|events| !events.is_empty());
                    (done, model.end(place(message), by, false))
                }
                Act::Continue(message) => (run.own(&Command::Continue { message, reserved: None }, now).is_ok(), model.go_on(place(message))),
                Act::Stranger => (run.give(&person(99), &Command::Delete, now).is_ok(), false),
                Act::Wait(seconds) => {
                    // Short enough that no deadline comes between two words.
                    now += seconds;
                    for (number, turn) in run.chat.clone().talk().unwrap().numbered() {
                        if let Some(alive) = turn.answer.run {
                            run.house(&Command::Hold { message: number, run: alive.id }, now).unwrap();
                        }
                    }
                    continue;
                }
            };
            prop_assert_eq!(taken, expected);
            if !taken {
                prop_assert_eq!(&run.chat, &before);
            }
            prop_assert!(model.same_as(&run.chat));
        }
        // Left alone, everything comes to an end by its deadlines.
        for _ in 0..100 {
            let Some((due, _)) = run.chat.wake_at() else { break };
            now = now.max(due.timestamp());
            run.wake(now);
        }
        prop_assert_eq!(run.chat.wake_at(), None);
        prop_assert_eq!(run.chat.talk().unwrap().open(), 0);
        prop_assert_eq!(run.chat.talk().unwrap().turns.iter().map(|turn| turn.answer.text.clone()).collect::<Vec<_>>(), model.texts());
        // The journal, its publications and the stored state give the same conversation.
        let mut again = Chat::vacant(id());
        let mut told = vec![String::new(); model.answers.len()];
        for (event, when) in &run.events {
            again.apply(event, *when);
            let stored = serde_json::to_string(event).unwrap();
            prop_assert_eq!(&serde_json::from_str::<Event>(&stored).unwrap(), event);
            if let Some(publication) = Chat::publication(event, *when).filter(|told| told["type"] == "written") {
                let message = u32::try_from(publication["message"].as_u64().unwrap()).unwrap();
                told[place(message)].push_str(publication["text"].as_str().unwrap());
            }
        }
        prop_assert_eq!(&again, &run.chat);
        prop_assert_eq!(told, model.texts());
        let stored = serde_json::to_string(&run.chat).unwrap();
        prop_assert_eq!(serde_json::from_str::<Chat>(&stored).unwrap(), again);
    }

    #[test]
    fn a_resume_at_any_position_repeats_and_skips_nothing(pieces in prop::collection::vec("[a가😀\n]{1,5}", 1..30), at in 0u32..200) {
        let mut run = Run::streaming();
        let mut from = 0;
        for text in &pieces {
            run.write(1, from, text, 2).unwrap();
            from += u32::try_from(text.chars().count()).unwrap();
        }
        let whole: Vec<char> = pieces.concat().chars().collect();
        let answer = &run.chat.talk().unwrap().turn(1).unwrap().answer;
        let seen = usize::try_from(at).unwrap().min(whole.len());
        let rest: Vec<char> = answer.after(at).chars().collect();
        prop_assert_eq!([&whole[..seen], &rest].concat(), whole);
    }
}
