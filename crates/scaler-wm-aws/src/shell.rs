//! Texts in a shell's command line.

/// `text` as one word of `sh`, whatever is in it. It has no NUL, which no word can hold: options refuse one.
#[must_use]
pub fn quoted(text: &str) -> String {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"_-./:=,@%+".contains(&byte);
    if !text.is_empty() && text.bytes().all(is_plain) {
        return text.to_owned();
    }
    format!("'{}'", text.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use scaler_wm_conformance::{Shell, hostile};

    use super::*;

    #[test]
    fn words_that_need_no_quotes_have_none() {
        for (text, word) in [("tcp://h:1", "tcp://h:1"), ("", "''"), ("it's", r"'it'\''s'"), ("*", "'*'")] {
            assert_eq!(quoted(text), word);
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(20))]

        #[test]
        fn a_shell_reads_back_what_was_quoted(texts in proptest::collection::vec(hostile(), 50)) {
            let words: Vec<String> = texts.iter().map(|text| quoted(text)).collect();
            let shell = Shell::new(&["said"], &[]).unwrap();
            let expected: Vec<String> = ["said".to_owned()].into_iter().chain(texts).collect();
            for name in ["sh", "bash"] {
                let calls = shell.run(name, &format!("said {}\n", words.join(" ")), &[]).unwrap();
                prop_assert_eq!(&calls, std::slice::from_ref(&expected));
            }
        }
    }
}
