//! What a reader types, and what is shown beside it.

use scaler_wm_tests::Result;

use crate::blocks::Block;

/// One command of a `console` block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Step {
    /// Where it stands.
    pub(crate) line: usize,
    /// As it is typed, without the prompt; it may have several lines.
    pub(crate) text: String,
    /// The lines below it: what it prints.
    pub(crate) shown: Vec<String>,
}

/// The commands of a block. Whatever stands before the first prompt is nobody's, so that is a failure.
pub(crate) fn steps(block: &Block) -> Result<Vec<Step>> {
    let mut steps: Vec<Step> = Vec::new();
    let mut goes_on = false;
    for (at, line) in block.text.lines().enumerate() {
        let last = steps.last_mut();
        match (line.strip_prefix("$ "), last) {
            (_, Some(step)) if goes_on => {
                step.text.push('\n');
                step.text.push_str(line);
            }
            (Some(text), _) => steps.push(Step { line: block.line + 1 + at, text: text.to_owned(), shown: Vec::new() }),
            (None, Some(step)) => {
                step.shown.push(line.to_owned());
                continue;
            }
            (None, None) => return Err(block.failed(format!("`{line}` has no prompt before it"))),
        }
        goes_on = line.ends_with('\\');
    }
    for step in &mut steps {
        let end = step.shown.iter().rposition(|line| !line.trim().is_empty()).map_or(0, |at| at + 1);
        step.shown.truncate(end);
    }
    if steps.is_empty() { Err(block.failed("it has no command")) } else { Ok(steps) }
}

/// The words of a command up to the first pipe, as a shell splits them; without variables that are set for it alone, and
/// without `sudo`.
pub(crate) fn words(text: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let (mut word, mut quote) = (None::<String>, None);
    let mut letters = text.chars().peekable();
    while let Some(letter) = letters.next() {
        match (quote, letter) {
            (Some(open), _) if letter == open => quote = None,
            (Some(_), _) => word.get_or_insert_default().push(letter),
            (None, '\'' | '"') => {
                quote = Some(letter);
                word.get_or_insert_default();
            }
            (None, '\\') if letters.peek() == Some(&'\n') => words.extend(word.take()),
            (None, '|') => break,
            (None, '#') if word.is_none() => break,
            (None, _) if letter.is_whitespace() => words.extend(word.take()),
            (None, _) => word.get_or_insert_default().push(letter),
        }
    }
    words.extend(word);
    let is_before = |word: &String| {
        let name = word.split_once('=').map_or("", |(name, _)| name);
        word == "sudo" || (!name.is_empty() && name.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'_'))
    };
    let begin = words.iter().take_while(|word| is_before(word)).count();
    words.split_off(begin)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_has_its_lines_and_what_it_prints() {
        let text = "$ one \\\n    two\n3\n\n4\n\n$ five # six\n".to_owned();
        let block =
            Block { file: "x.md".to_owned(), line: 10, kind: "console".to_owned(), text, before: String::new() };
        let found = steps(&block).expect("steps");
        let shown = ["3", "", "4"].map(str::to_owned).to_vec();
        let first = Step { line: 11, text: "one \\\n    two".to_owned(), shown };
        assert_eq!(found, [first, Step { line: 17, text: "five # six".to_owned(), shown: Vec::new() }]);
        assert_eq!(words(&found[0].text), ["one", "two"]);
        assert_eq!(words(&found[1].text), ["five"]);
        assert_eq!(words("A_B=c sudo d -e 'f g' \"h|i\"j | k"), ["d", "-e", "f g", "h|ij"]);
    }

    #[test]
    fn a_line_before_the_first_prompt_is_refused() {
        let text = "scaler-wm top\n".to_owned();
        let block = Block { file: "x.md".to_owned(), line: 1, kind: "console".to_owned(), text, before: String::new() };
        assert!(steps(&block).expect_err("no prompt").to_string().contains("x.md:1: `scaler-wm top` has no prompt"));
    }
}
