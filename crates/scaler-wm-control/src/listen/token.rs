//! The bearer token.

use std::{fmt, fs, io, path::Path};

use hyper::http::HeaderValue;
use subtle::ConstantTimeEq;

/// A shorter one could be guessed.
const SHORTEST: usize = 16;
/// No token is longer, and no file is read further.
const LONGEST: u64 = 4096;

/// The bearer token, which is shown by nothing.
#[derive(Clone)]
pub struct Token(String);

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(hidden)")
    }
}

impl Token {
    /// Reads it from a file; white space around it does not count.
    ///
    /// # Errors
    /// In words: the file cannot be read, or what is in it is no token.
    pub fn read(file: &Path) -> Result<Self, String> {
        let unreadable = |error: io::Error| format!("it cannot be read: {error}");
        let size = fs::metadata(file).map_err(unreadable)?.len();
        if size > LONGEST {
            return Err(format!("it has {size} bytes, and a token has at most {LONGEST}"));
        }
        let text = fs::read_to_string(file).map_err(unreadable)?;
        let token = text.trim();
        let way_out = "`openssl rand -hex 32` prints a good one";
        match token.len() {
            0 => Err(format!("it is empty, and would let nobody in; {way_out}")),
            length if length < SHORTEST => {
                Err(format!("a token of {length} characters can be guessed: {SHORTEST} at least; {way_out}"))
            }
            _ if !token.bytes().all(|byte| byte.is_ascii_graphic()) => {
                Err(format!("a token is one word of ASCII letters, digits and signs; {way_out}"))
            }
            _ => Ok(Self(token.to_owned())),
        }
    }

    /// Whether a request's `authorization` has it. Takes the same time whatever is wrong with one of the right length.
    pub(crate) fn is_in(&self, authorization: Option<&HeaderValue>) -> bool {
        let Some((scheme, given)) = authorization.and_then(|value| value.as_bytes().split_at_checked(7)) else {
            return false;
        };
        scheme.eq_ignore_ascii_case(b"bearer ") && bool::from(given.ct_eq(self.0.as_bytes()))
    }

    /// The value of `authorization` that has it.
    pub(crate) fn header(&self) -> HeaderValue {
        let mut value = HeaderValue::try_from(format!("Bearer {}", self.0)).expect("it is ASCII without controls");
        // Nobody prints it, and no table of headers keeps it.
        value.set_sensitive(true);
        value
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token(text: &str) -> Result<Token, String> {
        let file = tempfile::NamedTempFile::new().unwrap();
        fs::write(file.path(), text).unwrap();
        Token::read(file.path())
    }

    #[test]
    fn only_its_own_header_has_it() {
        let token = token(" 0123456789abcdef\n").unwrap();
        assert!(token.is_in(Some(&token.header())));
        assert!(token.is_in(Some(&HeaderValue::from_static("bearer 0123456789abcdef"))));
        for other in ["Bearer 0123456789abcdeF", "Bearer 0123456789abcdef0", "Bearer ", "Bear", "0123456789abcdef"] {
            assert!(!token.is_in(Some(&HeaderValue::from_static(other))), "{other}");
        }
        assert!(!token.is_in(None));
    }

    #[test]
    fn nothing_shows_it() {
        let token = token("0123456789abcdef").unwrap();
        assert_eq!(format!("{token:?} {:?}", token.header()), "Token(hidden) Sensitive");
    }

    #[test]
    fn what_could_be_guessed_is_refused() {
        for (text, words) in [("\n", "empty"), ("0123456789abcde", "guessed"), ("0123456789 abcdef", "one word")] {
            let problem = token(text).unwrap_err();
            assert!(problem.contains(words) && problem.contains("openssl rand"), "{problem}");
            assert!(!problem.contains("0123"), "{problem}");
        }
        assert!(Token::read(Path::new("/nowhere")).unwrap_err().contains("cannot be read"));
    }
}
