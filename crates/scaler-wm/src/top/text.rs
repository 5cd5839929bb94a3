//! Text for lines of a given width. What others wrote comes through [`plain`], and never as it is: it might be an order to
//! the terminal.

use std::borrow::Cow;

use ratatui::text::Span;

use super::glyphs::Glyphs;
use crate::plain::{is_letter, written_out};

/// The same in one line, of letters that can be shown: what would steer a terminal is written out, such as `\u{1b}`.
pub(super) fn plain<'a>(text: &'a str, glyphs: &Glyphs) -> Cow<'a, str> {
    let is_good = |letter: char| is_letter(letter) && (glyphs.is_unicode || letter.is_ascii());
    // Words stay words.
    written_out(text, is_good, |letter| matches!(letter, '\n' | '\t' | '\r').then_some(' '))
}

/// Columns that a text takes.
pub(super) fn width(text: &str) -> usize {
    if text.is_ascii() { text.len() } else { Span::raw(text).width() }
}

/// At most so many columns of it; a sign says where something is missing.
pub(super) fn cut(text: &str, most: usize, glyphs: &Glyphs) -> String {
    if width(text) <= most {
        return text.to_owned();
    }
    let mut short = head(text, most.saturating_sub(width(glyphs.cut))).to_owned();
    if most > 0 {
        short.push_str(glyphs.cut);
    }
    short
}

/// As much of the beginning as goes into so many columns.
fn head(text: &str, most: usize) -> &str {
    if text.is_ascii() {
        return &text[..most.min(text.len())];
    }
    let mut end = 0;
    for (at, letter) in text.char_indices() {
        let next = at + letter.len_utf8();
        if width(&text[..next]) > most {
            break;
        }
        end = next;
    }
    &text[..end]
}

/// Lines of at most so many columns, broken between words; all but the first begin with an indent.
pub(super) fn wrap(text: &str, most: usize, indent: usize) -> Vec<String> {
    let most = most.max(1);
    let indent = if indent * 2 < most { indent } else { 0 };
    let (mut lines, mut line) = (Vec::new(), String::new());
    let mut is_empty = true;
    for word in text.split(' ') {
        let mut word = word;
        if !is_empty {
            if width(&line) + 1 + width(word) <= most {
                line.push(' ');
                line.push_str(word);
                continue;
            }
            lines.push(std::mem::replace(&mut line, " ".repeat(indent)));
        }
        // A word that is longer than a line is broken anywhere.
        while width(&line) + width(word) > most {
            let room = most.saturating_sub(width(&line));
            // A letter of two columns goes into a single one nowhere.
            let part = match head(word, room) {
                "" => word.chars().next().map_or("", |letter| &word[..letter.len_utf8()]),
                part => part,
            };
            line.push_str(part);
            word = &word[part.len()..];
            if word.is_empty() {
                break;
            }
            lines.push(std::mem::replace(&mut line, " ".repeat(indent)));
        }
        line.push_str(word);
        is_empty = false;
    }
    lines.push(line);
    lines
}

#[cfg(test)]
mod tests {
    use super::{
        super::glyphs::{ASCII, UNICODE},
        *,
    };

    #[test]
    fn what_the_terminal_has_no_letters_for_is_written_out() {
        assert_eq!(plain("a\nb\tc\u{202e}d\u{200b}", &UNICODE), "a b c\\u{202e}d\\u{200b}");
        assert_eq!(plain("Größe 大", &UNICODE), "Größe 大");
        assert_eq!(plain("Größe", &ASCII), "Gr\\u{f6}\\u{df}e");
    }

    #[test]
    fn what_is_cut_says_so() {
        assert_eq!(cut("abcdef", 6, &UNICODE), "abcdef");
        assert_eq!(cut("abcdef", 4, &UNICODE), "abc…");
        assert_eq!(cut("大大大", 4, &UNICODE), "大…");
        assert_eq!(cut("abcdef", 1, &ASCII), "~");
        assert_eq!(cut("abcdef", 0, &ASCII), "");
    }

    #[test]
    fn lines_are_broken_between_words() {
        assert_eq!(wrap("one two three", 9, 2), ["one two", "  three"]);
        assert_eq!(wrap("abcdefghij kl", 6, 1), ["abcdef", " ghij", " kl"]);
        assert_eq!(wrap("大大", 1, 0), ["大", "大"]);
        assert_eq!(wrap("", 5, 0), [""]);
        for most in 0..20 {
            let lines = wrap("some words, and one-that-is-rather-long", most, 3);
            assert!(lines.iter().all(|line| width(line) <= most.max(1)), "{most}: {lines:?}");
        }
    }
}
