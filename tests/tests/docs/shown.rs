//! What a document shows beside a command, compared with what the command says.

/// A line that stands for any number of lines.
const LEFT_OUT: [&str; 2] = ["[…]", "…"];

/// What is wrong with what is shown: `None` when it is what was said. Numbers, times and ids may be others, and lines that
/// several programs print may come in another order. A line that ends with `…` is the beginning of one. Where `is_part`,
/// more may have been said than is shown.
pub(crate) fn differs(shown: &[String], said: &str, is_part: bool) -> Option<String> {
    let mut left: Vec<String> = said.lines().map(mask).filter(|line| !line.is_empty()).collect();
    let is_left_out = |line: &&String| LEFT_OUT.contains(&line.trim());
    let lines: Vec<String> = shown.iter().filter(|line| !is_left_out(line)).map(|line| mask(line)).collect();
    let lines: Vec<&String> = lines.iter().filter(|line| !line.is_empty()).collect();
    if let (Some(first), Some(there), false) =
        (lines.first(), left.first(), is_part || shown.first().is_some_and(|line| is_left_out(&line)))
        && !is_same(first, there)
    {
        return Some(format!("its first line is {there:?}, and shown is {first:?}"));
    }
    for line in lines {
        match left.iter().position(|there| is_same(line, there)) {
            Some(at) => drop(left.remove(at)),
            None => return Some(format!("it has no line like {line:?}")),
        }
    }
    let is_whole = !is_part && !shown.iter().any(|line| is_left_out(&line));
    left.first().filter(|_| is_whole && !shown.is_empty()).map(|line| format!("it also says {line:?}"))
}

fn is_same(shown: &str, said: &str) -> bool {
    shown == said || shown.strip_suffix('…').is_some_and(|begin| said.starts_with(begin.trim_end()))
}

/// A line with `#` for every number and id, and without more than one blank in a row.
fn mask(line: &str) -> String {
    let words: Vec<&str> = line.split_whitespace().collect();
    let mut masked = String::new();
    let mut run = String::new();
    for letter in words.join(" ").chars().chain(['\n']) {
        if letter.is_ascii_alphanumeric() || (letter == '.' && run.ends_with(|last: char| last.is_ascii_digit())) {
            run.push(letter);
            continue;
        }
        let is_number = run.starts_with(|first: char| first.is_ascii_digit());
        let is_id = run.len() >= 12 && run.bytes().all(|byte| byte.is_ascii_hexdigit());
        match (is_id, is_number) {
            (true, _) => masked.push('#'),
            // As in 2.5s, or 9m57s.
            (false, true) => {
                for part in run.split_inclusive(|letter: char| letter.is_ascii_alphabetic()) {
                    let unit = part.trim_start_matches(|digit: char| digit.is_ascii_digit() || digit == '.');
                    if unit.len() < part.len() {
                        masked.push('#');
                    }
                    masked.push_str(unit);
                }
            }
            (false, false) => masked.push_str(&run),
        }
        run.clear();
        masked.push(letter);
    }
    masked.trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(text: &str) -> Vec<String> {
        text.lines().map(str::to_owned).collect()
    }

    #[test]
    fn numbers_and_ids_may_be_others_and_words_may_not() {
        let shown = lines("UNIT  STATE\nNAT|3617f3d95020f3db  idle  3m09s\n");
        assert_eq!(differs(&shown, "UNIT STATE\nNAT|0000f3d95020f3db idle 12m0.5s\n", false), None);
        assert!(differs(&shown, "UNIT STATE\nNAT|0000f3d95020f3db busy 1m1s\n", false).is_some());
        assert!(differs(&shown, "NAT|0000f3d95020f3db idle 1m1s\nUNIT STATE\n", false).is_some(), "another first line");
        assert!(differs(&shown, "UNIT STATE\n", false).is_some(), "one too few");
        let more = "UNIT STATE\nNAT|0000f3d95020f3db idle 1m1s\nmore\n";
        assert!(differs(&shown, more, false).is_some(), "one too many");
        assert_eq!(differs(&shown, more, true), None);
        assert_eq!(differs(&lines("UNIT STATE\n[…]\nmore"), more, false), None);
        assert_eq!(differs(&lines("UNIT …\n…"), more, false), None);
    }
}
