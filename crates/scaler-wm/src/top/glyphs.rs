//! What it is drawn with: lines and bars of Unicode, or of ASCII where the locale has no UTF-8.

use std::env;

use ratatui::symbols::bar::{NINE_LEVELS, Set};

/// Signs.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Glyphs {
    pub(super) rule: &'static str,
    /// Before the part that the keys act upon.
    pub(super) mark: &'static str,
    /// Where something is cut off.
    pub(super) cut: &'static str,
    /// Between what belongs together.
    pub(super) dot: &'static str,
    pub(super) up_down: &'static str,
    pub(super) left_right: &'static str,
    pub(super) bars: Set<'static>,
    /// Whether text may have more than ASCII.
    pub(super) is_unicode: bool,
}

/// With UTF-8.
pub(super) const UNICODE: Glyphs = Glyphs {
    rule: "─",
    mark: "▶",
    cut: "…",
    dot: "·",
    up_down: "↑↓",
    left_right: "←→",
    bars: NINE_LEVELS,
    is_unicode: true,
};

/// Without.
pub(super) const ASCII: Glyphs = Glyphs {
    rule: "-",
    mark: ">",
    cut: "~",
    dot: "|",
    up_down: "Up/Down",
    left_right: "Left/Right",
    bars: Set {
        full: "#",
        seven_eighths: "#",
        three_quarters: "*",
        five_eighths: "*",
        half: "=",
        three_eighths: "=",
        one_quarter: "-",
        one_eighth: ".",
        empty: " ",
    },
    is_unicode: false,
};

impl Glyphs {
    /// Those that go with the environment.
    pub(super) fn of_locale() -> Self {
        Self::of(["LC_ALL", "LC_CTYPE", "LANG"].map(|name| env::var(name).ok()))
    }

    /// The first that says anything counts.
    fn of(locale: [Option<String>; 3]) -> Self {
        let locale = locale.into_iter().flatten().find(|text| !text.is_empty()).unwrap_or_default();
        let locale = locale.to_ascii_lowercase();
        if locale.contains("utf-8") || locale.contains("utf8") { UNICODE } else { ASCII }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_locale_says_whether_there_is_utf_8() {
        let of = |all: [&str; 3]| Glyphs::of(all.map(|text| Some(text.to_owned())));
        assert_eq!(of(["", "", "de_DE.UTF-8"]), UNICODE);
        assert_eq!(of(["C.utf8", "C", "C"]), UNICODE);
        assert_eq!(of(["C", "", "de_DE.UTF-8"]), ASCII);
        assert_eq!(Glyphs::of([None, None, None]), ASCII);
    }
}
