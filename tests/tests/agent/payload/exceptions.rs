//! What Python makes of our exceptions.

use fastrand::Rng;
use scaler_wm_agent::payload::exception;
use scaler_wm_tests::Result;
use serde_json::json;

use super::python::with_each;
use super::random::text;

/// So many bytes of a text are kept.
const LONGEST: usize = 64 * 1024;

/// Texts around the limit, some of which it would cut in the middle of a character.
fn texts() -> Vec<String> {
    let mut texts: Vec<String> =
        ["", "a", "\0", "it's \"so\"", "one\ntwo\r\n", "\u{d7ff}\u{e000}"].map(str::to_owned).to_vec();
    for character in ['a', '\u{e9}', '\u{2028}', '\u{1f40d}'] {
        let text = |length: usize| character.to_string().repeat(length / character.len_utf8());
        for length in [LONGEST - 4, LONGEST, LONGEST + 4, 3 * LONGEST] {
            texts.push(text(length));
            texts.push(format!("x{}", text(length)));
        }
    }
    let mut rng = Rng::with_seed(9);
    for number in 0..100 {
        let length = if number < 5 { LONGEST } else { rng.usize(..200) };
        texts.push(text(&mut rng, length));
    }
    texts
}

/// As many whole characters as are kept.
fn kept(text: &str) -> String {
    let mut length = 0;
    let fits = |character: &char| {
        length += character.len_utf8();
        length <= LONGEST
    };
    text.chars().take_while(fits).collect()
}

#[test]
fn exceptions_of_ours_are_exceptions_to_python() -> Result<()> {
    let texts = texts();
    with_each(
        |_| true,
        |python, script| {
            for (number, text) in texts.iter().enumerate() {
                let loader = python.loaders()[number % python.loaders().len()];
                let answer = script.describe(loader, &exception(text))?;
                let due = json!({"type": "builtins.RuntimeError", "arguments": [kept(text)], "frames": []});
                assert!(answer == due, "{python}: {text:.100?}: {:.300}", answer.to_string());
            }
            Ok(texts.len())
        },
    )
}
