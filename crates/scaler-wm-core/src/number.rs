//! Numbers as users of the released package write them.

/// The same text without blanks around it: those of Python, which also counts four separators.
pub(crate) fn strip(text: &str) -> &str {
    text.trim_matches(|c: char| c.is_whitespace() || ('\u{1c}'..='\u{1f}').contains(&c))
}

/// A number's text as Rust reads it: users may write what Python takes, `1_000` and spaces around it included.
pub(crate) fn digits(text: &str) -> Option<String> {
    let text = strip(text);
    let is_between_digits = text.split('_').all(|part| {
        part.starts_with(|first: char| first != '_')
            && part.ends_with(|last: char| last.is_ascii_digit() || last == '.')
    });
    if text.contains('_') && !is_between_digits {
        return None;
    }
    Some(text.replace('_', ""))
}
