//! The text of ours that a payload evaluates where it runs.

/// An expression whose value is `bind` of `call.py`.
pub(super) const EXPRESSION: &str =
    concat!("(lambda scope: exec('''", include_str!("call.py"), "''', scope) or scope['bind'])({})");

#[cfg(test)]
mod tests {
    #[test]
    fn the_code_can_stand_inside_of_a_text() {
        let code = include_str!("call.py");
        assert!(!code.contains("'''") && !code.contains('\\'));
    }
}
