//! What a document quotes of the page of figures: lines of its tables, word for word.
//!
//! A table of the document whose head is that of a table of the page has lines of that. It chooses them by having them; a run
//! puts the new line in the place of the old one.

use std::collections::HashMap;

/// Columns that say which figure a line has, by their names. The others have the figure.
const KEYS: [&str; 3] = ["bench", "what", "features"];

/// The document with the lines of the page, and the lines that the page does not have, or has twice.
pub(super) fn quoted(document: &str, page: &str) -> (String, Vec<String>) {
    let mut known: HashMap<(&str, Vec<&str>), Option<&str>> = HashMap::new();
    let mut heads = Vec::new();
    for (head, line) in lines(page) {
        heads.push(head);
        // "The same" after two others says nothing by itself.
        known.entry((head, key(head, line))).and_modify(|line| *line = None).or_insert(Some(line));
    }
    let (mut text, mut missing) = (String::new(), Vec::new());
    let mut quoting = lines(document).filter(|(head, _)| heads.contains(head)).peekable();
    for line in document.lines() {
        let new = match quoting.next_if(|(_, quoted)| std::ptr::eq(*quoted, line)) {
            Some((head, _)) => known.get(&(head, key(head, line))).copied().flatten().unwrap_or_else(|| {
                missing.push(line.to_owned());
                line
            }),
            None => line,
        };
        text.push_str(new);
        text.push('\n');
    }
    (text, missing)
}

/// The lines of all tables, each with the head of its table.
fn lines(text: &str) -> impl Iterator<Item = (&str, &str)> {
    let (mut head, mut before) = (None, "");
    text.lines().filter_map(move |line| {
        let last = std::mem::replace(&mut before, line);
        if !line.starts_with('|') {
            head = None;
        } else if line.starts_with("|---") {
            head = Some(last);
        } else {
            return head.map(|head| (head, line));
        }
        None
    })
}

/// The cells of a line that say which figure it has.
fn key<'a>(head: &str, line: &'a str) -> Vec<&'a str> {
    // A bar within a cell would shift those behind it, which are none of these.
    let cells = head.split(" | ").zip(line.split(" | "));
    let is_key = |name: &str| KEYS.contains(&name.trim_matches(['|', ' ']));
    cells.filter(|(name, _)| is_key(name)).map(|(_, cell)| cell.trim_matches(['|', ' '])).collect()
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::shell;

    const PAGE: &str = "# Figures\n\n| bench | what | ours |\n|---|---|---|\n| a | x | 1 |\n| a | y | 2 |\n| b | x | 3 |\n\n\
                        | features | crates |\n|---|---|\n| `native` | 58 |\n";

    #[test]
    fn lines_are_put_in_the_place_of_old_ones() {
        let old = "Text.\n\n| bench | what | ours |\n|---|---|---|\n| b | x | 0 |\n| a | x | 0 |\n\n| other |\n|---|\n| a | x | 0 |\n\n\
                   | features | crates |\n|---|---|\n| `native` | 1 |\n";
        let new = "Text.\n\n| bench | what | ours |\n|---|---|---|\n| b | x | 3 |\n| a | x | 1 |\n\n| other |\n|---|\n| a | x | 0 |\n\n\
                   | features | crates |\n|---|---|\n| `native` | 58 |\n";
        assert_eq!(quoted(old, PAGE), (new.to_owned(), Vec::new()));
        assert_eq!(quoted(new, PAGE).0, new);
    }

    #[test]
    fn a_line_that_the_page_does_not_have_stays_and_is_told() {
        let document = "| bench | what | ours |\n|---|---|---|\n| c | x | 9 |\n";
        assert_eq!(quoted(document, PAGE), (document.to_owned(), vec!["| c | x | 9 |".to_owned()]));
        let twice = format!("{document}| c | x | 8 |\n");
        assert_eq!(quoted(document, &twice), (document.to_owned(), vec!["| c | x | 9 |".to_owned()]));
    }

    #[test]
    fn the_readme_quotes_the_page_of_figures() {
        let read = |path: &str| fs::read_to_string(shell::root().join(path)).expect("a document");
        let (readme, page) = (read("README.md"), read("docs/figures.md"));
        let (quoted, missing) = quoted(&readme, &page);
        assert!(missing.is_empty(), "not on the page: {missing:#?}");
        assert_eq!(quoted, readme, "the README has other figures than the page: cargo xtask bench all writes both");
        let lines =
            lines(&readme).filter(|(head, _)| head.starts_with("| bench |") || head.starts_with("| features |"));
        assert!(lines.count() >= 20, "the README quotes next to nothing");
    }
}
