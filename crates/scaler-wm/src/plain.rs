//! What others wrote (an infrastructure, a plug-in, whoever named a manager), on its way to a terminal: it might be an order to
//! the terminal, or say something else than it seems to.

use std::{borrow::Cow, env};

/// Whether colours are welcome (no-color.org).
pub(crate) fn wants_colours() -> bool {
    env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
}

/// The same in one line, without anything that is no letter: what would steer a terminal is written out, such as `\u{1b}`.
pub(crate) fn plain(text: &str) -> Cow<'_, str> {
    written_out(text, is_letter, |letter| matches!(letter, '\n' | '\t' | '\r').then_some(' '))
}

/// The same, with its lines.
pub(crate) fn plain_lines(text: &str) -> Cow<'_, str> {
    written_out(text, |letter| letter == '\n' || is_letter(letter), |letter| (letter == '\t').then_some(' '))
}

/// Letters that are good are kept, some others are replaced, and the rest is written out.
pub(crate) fn written_out(
    text: &str,
    is_good: impl Fn(char) -> bool,
    instead: impl Fn(char) -> Option<char>,
) -> Cow<'_, str> {
    if text.chars().all(&is_good) {
        return Cow::Borrowed(text);
    }
    let mut good = String::with_capacity(text.len());
    for letter in text.chars() {
        match instead(letter) {
            _ if is_good(letter) => good.push(letter),
            Some(other) => good.push(other),
            None => good.extend(letter.escape_default()),
        }
    }
    Cow::Owned(good)
}

/// Whether it shows as what it is, and steers nothing.
pub(crate) fn is_letter(letter: char) -> bool {
    // Letters that turn the direction of others, or have no width, let a line say something else than it does.
    let is_hidden = matches!(letter,
        '\u{ad}' | '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}'
        | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}');
    !letter.is_control() && !is_hidden
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn orders_to_a_terminal_are_written_out() {
        assert_eq!(plain("a\u{1b}[2Jb"), "a\\u{1b}[2Jb");
        assert_eq!(plain("a\u{9b}31mb\u{7}\u{7f}"), "a\\u{9b}31mb\\u{7}\\u{7f}");
        assert_eq!(plain("a\nb\tc\u{202e}d\u{200b}"), "a b c\\u{202e}d\\u{200b}");
        assert_eq!(plain("Größe 大"), "Größe 大");
        assert_eq!(plain_lines("a\nb\tc\r\u{1b}"), "a\nb c\\r\\u{1b}");
    }
}
