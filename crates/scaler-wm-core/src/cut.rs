//! Texts of others, no longer than anybody reads.

use std::fmt::{self, Display, Write};

/// No text is longer, in bytes, but for the mark at its end.
const LONGEST: usize = 2000;
const MARK: &str = "… (cut)";

/// A text that a peer can make as long as it likes, for a line of the log or a page: what is beyond 2,000 bytes is cut.
#[must_use]
pub fn cut(text: impl Display) -> String {
    let mut short = Short(String::new());
    // It fails when it is full, and then nothing more is made of the text.
    if write!(short, "{text}").is_err() {
        short.0.push_str(MARK);
    }
    short.0
}

struct Short(String);

impl Write for Short {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let left = LONGEST - self.0.len();
        if text.len() <= left {
            self.0.push_str(text);
            return Ok(());
        }
        self.0.push_str(&text[..text.floor_char_boundary(left)]);
        Err(fmt::Error)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_text_is_cut_between_two_characters() {
        assert_eq!(cut("short"), "short");
        assert_eq!(cut("x".repeat(LONGEST)), "x".repeat(LONGEST));
        let long = cut(format_args!("x{}", "é".repeat(LONGEST)));
        assert_eq!(long, format!("x{}{MARK}", "é".repeat(LONGEST / 2 - 1)));
        assert_eq!(cut("y".repeat(1 << 20)).len(), LONGEST + MARK.len());
    }
}
