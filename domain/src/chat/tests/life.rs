//! From the question to the end of its answer, and all that can come between.

use super::*;
use crate::chat::turn::tail;
use crate::chat::{Badge, MAX_ANSWER, MAX_OFFERS, MAX_QUESTION, MAX_TURNS, Rating, Verdict};

#[test]
fn a_question_is_answered_piece_by_piece() {
    let mut run = Run::streaming();
    assert_eq!(run.stage(1), Stage::Streaming);
    run.write(1, 0, "숨은 ", 2).unwrap();
    run.write(1, 3, "천천히.", 3).unwrap();
    run.house(&finish(1, 7, " Slowly.", End::Done), 4).unwrap();
    assert_eq!((run.stage(1), run.text(1)), (Stage::Done, "숨은 천천히. Slowly."));
    let answer = &run.chat.talk().unwrap().turn(1).unwrap().answer;
    assert_eq!((answer.length, answer.model.as_str(), answer.usage.total()), (15, "test-model", 15));
    assert_eq!(run.chat.talk().unwrap().title, "How do I breathe?");
    assert_eq!(run.chat.wake_at(), None, "nothing is due any more");
}

#[test]
fn a_piece_that_does_not_follow_is_refused() {
    let mut run = Run::streaming();
    run.write(1, 0, "one ", 2).unwrap();
    assert_eq!(run.write(1, 0, "one ", 2), Err(Refusal::Gap { length: 4 }), "twice");
    assert_eq!(run.write(1, 5, "two", 2), Err(Refusal::Gap { length: 4 }), "a hole");
    assert_eq!(run.write(2, 4, "two", 2), Err(Refusal::Lost), "another run");
    assert_eq!(run.text(1), "one ");
}

#[test]
fn an_answer_stays_within_its_bounds() {
    let mut run = Run::streaming();
    let long = "x".repeat(usize::try_from(MAX_ANSWER).unwrap());
    run.write(1, 0, &long, 2).unwrap();
    assert_eq!(run.write(1, MAX_ANSWER, "y", 2), Err(Refusal::Full));
    let mark = Mark { from: 0, to: MAX_ANSWER + 1, sources: vec![1], badge: Badge::Grounded };
    let outside = Piece { from: MAX_ANSWER, text: String::new(), marks: vec![mark] };
    assert!(run.house(&Command::Write { message: 1, run: run_id(1), piece: outside }, 2).is_err());
    let many: Vec<_> = (0..9).map(source).collect();
    let mut run = Run::new();
    run.own(&ask("?"), 1).unwrap();
    run.house(&Command::Begin { message: 1, run: run_id(1) }, 1).unwrap();
    assert!(run.house(&Command::Found { message: 1, run: run_id(1), sources: many }, 1).is_err());
}

#[test]
fn questions_wait_as_many_as_the_setting_allows() {
    let mut run = Run::streaming();
    let alone = Command::Ask { text: "And?".to_owned(), waiting: 0, reserved: None };
    assert_eq!(run.own(&alone, 2), Err(Refusal::Busy { open: 1 }));
    run.own(&ask("Second?"), 2).unwrap();
    run.own(&ask("Third?"), 2).unwrap();
    assert_eq!(run.own(&ask("Fourth?"), 2), Err(Refusal::Busy { open: 3 }));
    let second = Command::Begin { message: 2, run: run_id(2) };
    assert_eq!(run.house(&second, 2), Err(Refusal::Lost), "the first is not over");
    run.house(&finish(1, 0, "Yes.", End::Done), 3).unwrap();
    run.house(&second, 3).unwrap();
    assert_eq!((run.stage(2), run.stage(3)), (Stage::Retrieving, Stage::Queued));
}

#[test]
fn who_stops_an_answer_keeps_its_text() {
    let mut run = Run::streaming();
    run.write(1, 0, "So far ", 2).unwrap();
    assert_eq!(run.own(&Command::Stop { message: None }, 3).unwrap(), vec![Event::StopAsked { message: 1 }]);
    assert_eq!(run.own(&Command::Stop { message: None }, 3).unwrap(), vec![], "once is enough");
    run.house(&finish(1, 7, "so good", End::Stopped), 3).unwrap();
    assert_eq!((run.stage(1), run.text(1)), (Stage::Stopped, "So far so good"));
    assert_eq!(run.own(&Command::Stop { message: Some(1) }, 4).unwrap(), vec![]);
    assert_eq!(run.own(&Command::Stop { message: Some(9) }, 4), Err(Refusal::NoMessage));
}

#[test]
fn an_answer_that_waits_stops_at_once_and_one_whose_run_died_soon() {
    let mut run = Run::streaming();
    run.own(&ask("Second?"), 2).unwrap();
    run.own(&Command::Stop { message: Some(2) }, 2).unwrap();
    assert_eq!(run.stage(2), Stage::Stopped);
    run.own(&Command::Stop { message: None }, 2).unwrap();
    run.house(&Command::Hold { message: 1, run: run_id(1) }, 4).unwrap();
    run.wake(5);
    assert_eq!(run.stage(1), Stage::Stopped, "its last words are not waited for longer");
}

#[test]
fn a_silent_run_is_dead_and_its_answer_can_be_continued() {
    let mut run = Run::streaming();
    run.write(1, 0, "The first half, ", 2).unwrap();
    run.wake(21);
    assert_eq!(run.stage(1), Stage::Streaming, "it may still live");
    run.house(&Command::Hold { message: 1, run: run_id(1) }, 21).unwrap();
    run.wake(40);
    assert_eq!(run.stage(1), Stage::Streaming, "it said that it lives");
    run.wake(60);
    assert_eq!(run.stage(1), Stage::Interrupted);
    assert_eq!(run.write(1, 16, "late", 61), Err(Refusal::Lost));
    run.own(&Command::Continue { message: 1, reserved: None }, 70).unwrap();
    assert_eq!(run.stage(1), Stage::Queued);
    run.house(&Command::Begin { message: 1, run: run_id(2) }, 70).unwrap();
    run.write(2, 16, "the second.", 71).unwrap();
    run.house(&finish(2, 27, "", End::Done), 72).unwrap();
    assert_eq!((run.stage(1), run.text(1)), (Stage::Done, "The first half, the second."));
    assert_eq!(run.own(&Command::Continue { message: 1, reserved: None }, 73), Err(Refusal::NotContinuable));
}

#[test]
fn a_dead_run_is_interrupted_by_its_own_id_only() {
    let mut run = Run::streaming();
    assert_eq!(run.house(&Command::Interrupt { message: 1, run: run_id(9) }, 2).unwrap(), vec![]);
    run.house(&Command::Interrupt { message: 1, run: run_id(1) }, 2).unwrap();
    assert_eq!(run.stage(1), Stage::Interrupted);
}

#[test]
fn an_answer_that_nobody_takes_is_offered_and_fails_in_the_end() {
    let mut run = Run::new();
    run.own(&ask("Anybody?"), 0).unwrap();
    let mut second = 0;
    for _ in 0..MAX_OFFERS {
        second += 31;
        run.wake(second);
        assert_eq!(run.stage(1), Stage::Queued);
    }
    run.wake(second + 31);
    assert_eq!(run.stage(1), Stage::Failed);
    let offers = run.events.iter().filter(|(event, _)| matches!(event, Event::Offered { .. })).count();
    assert_eq!(offers, usize::try_from(MAX_OFFERS).unwrap());
}

#[test]
fn nothing_is_left_of_a_deleted_conversation() {
    let mut run = Run::streaming();
    run.write(1, 0, "A secret", 2).unwrap();
    run.own(&Command::Delete, 3).unwrap();
    assert!(run.chat.talk().is_none() && run.chat.is_deleted());
    assert!(!serde_json::to_string(&run.chat).unwrap().contains("secret"));
    assert_eq!(run.write(1, 8, "more", 3), Err(Refusal::Unknown), "the run hears that it writes for nobody");
    assert_eq!(run.own(&ask("Hello?"), 4), Err(Refusal::Unknown));
    let open = Command::Open { assistant: "running-coach".to_owned(), title: None };
    assert_eq!(run.own(&open, 4), Err(Refusal::Exists));
    assert_eq!(run.chat.wake_at(), None);
}

#[test]
fn only_the_owner_commands_and_only_the_house_writes() {
    let commands = [
        ask("Mine?"),
        Command::Continue { message: 1, reserved: None },
        Command::Stop { message: None },
        Command::Rename { title: "Mine".to_owned() },
        Command::Share,
        Command::Unshare,
        Command::Rate { message: 1, rating: Rating { verdict: Some(Verdict::Up), comment: String::new() } },
        Command::Delete,
    ];
    let mut run = Run::streaming();
    for command in &commands {
        for other in [person(11), admin(), Actor::System] {
            assert_eq!(run.give(&other, command, 2), Err(Refusal::Unknown), "{command:?}");
        }
    }
    for command in [finish(1, 0, "", End::Done), Command::Wake, Command::Interrupt { message: 1, run: run_id(1) }] {
        assert_eq!(run.own(&command, 2), Err(Refusal::Unknown), "{command:?}");
    }
    assert_eq!(run.stage(1), Stage::Streaming);
}

#[test]
fn texts_are_taken_within_their_bounds_only() {
    let mut run = Run::new();
    for text in ["", "  \n ", "\u{7}bell", "a\0b", &"x".repeat(MAX_QUESTION + 1)] {
        assert!(matches!(run.own(&ask(text), 1), Err(Refusal::Invalid(_))), "{text:?}");
    }
    run.own(&ask(&"가".repeat(MAX_QUESTION)), 1).unwrap();
    for title in ["", " ", "two\nlines", &"x".repeat(121)] {
        assert!(run.own(&Command::Rename { title: title.to_owned() }, 1).is_err(), "{title:?}");
    }
    for assistant in ["", "Coach", "a b", &"a".repeat(41)] {
        let open = Command::Open { assistant: assistant.to_owned(), title: None };
        assert!(Run::vacant().own(&open, 0).is_err(), "{assistant:?}");
    }
}

#[test]
fn a_conversation_has_a_most_of_questions_and_of_text() {
    let mut run = Run::new();
    for second in 0..i64::try_from(MAX_TURNS).unwrap() {
        run.own(&ask("Again?"), second).unwrap();
        run.own(&Command::Stop { message: None }, second).unwrap();
    }
    assert_eq!(run.own(&ask("Once more?"), 500), Err(Refusal::Full));
    let mut run = Run::new();
    let full = (0..MAX_TURNS).any(|_| {
        let refused = run.own(&ask(&"x".repeat(MAX_QUESTION)), 1) == Err(Refusal::Full);
        run.own(&Command::Stop { message: None }, 1).unwrap();
        refused
    });
    assert!(!full, "100 questions of the longest kind fit; answers fill the rest");
}

#[test]
fn titles_come_from_the_first_question() {
    let mut run = Run::new();
    run.own(&ask("  How\n do I   begin to run when I have not run for ten years and it is winter?"), 1).unwrap();
    assert_eq!(run.chat.talk().unwrap().title, "How do I begin to run when I have not run for ten years and…");
    run.own(&Command::Rename { title: " Winter ".to_owned() }, 2).unwrap();
    run.own(&ask("More?"), 3).unwrap();
    assert_eq!(run.chat.talk().unwrap().title, "Winter");
}

#[test]
fn a_link_is_made_taken_back_and_made_anew_with_another_number() {
    let mut run = Run::new();
    assert_eq!(run.own(&Command::Share, 1).unwrap(), vec![Event::Shared { link: 1 }]);
    assert_eq!(run.own(&Command::Share, 1).unwrap(), vec![], "it is there");
    run.own(&Command::Unshare, 2).unwrap();
    assert_eq!(run.own(&Command::Unshare, 2).unwrap(), vec![]);
    assert_eq!(run.own(&Command::Share, 3).unwrap(), vec![Event::Shared { link: 2 }]);
}

#[test]
fn an_answer_is_rated_when_it_is_over() {
    let mut run = Run::streaming();
    let rate = |verdict| Command::Rate { message: 1, rating: Rating { verdict, comment: " thanks ".to_owned() } };
    assert!(run.own(&rate(Some(Verdict::Up)), 2).is_err());
    run.house(&finish(1, 0, "Yes.", End::Done), 3).unwrap();
    run.own(&rate(Some(Verdict::Down)), 4).unwrap();
    let rating = |run: &Run| run.chat.talk().unwrap().turn(1).unwrap().answer.rating.clone();
    assert_eq!(rating(&run), Some(Rating { verdict: Some(Verdict::Down), comment: "thanks".to_owned() }));
    run.own(&rate(None), 5).unwrap();
    assert_eq!(rating(&run), None);
}

#[test]
fn the_rest_of_a_text_begins_at_a_character() {
    assert_eq!(tail("가나다a", 0), "가나다a");
    assert_eq!(tail("가나다a", 2), "다a");
    assert_eq!(tail("가나다a", 4), "");
    assert_eq!(tail("가나다a", 99), "");
}
