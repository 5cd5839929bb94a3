//! Checks a value against its option's kind.

use super::{Kind, OptionError, OptionSpec, Origin, Raw, Secret, Value};
use crate::number::digits;

impl OptionSpec {
    /// Checks what was found at `origin`.
    ///
    /// Numbers and flags may be written as texts, as environment variables must be.
    ///
    /// # Errors
    /// When it is not of this option's kind or outside its bounds, with what to write instead.
    pub fn read(&self, raw: &Raw, origin: &Origin) -> Result<Value, OptionError> {
        let refuse = |problem: String| OptionError::new(origin, problem);
        // Whatever a manager hands on, it hands on in command lines, environments and scripts, which end or change there.
        if has_nul(raw) {
            return Err(refuse("it has a NUL in it, which no command line and no environment can hold".to_owned()));
        }
        match self.kind {
            Kind::Flag => match raw {
                Raw::Bool(value) => Some(*value),
                Raw::Text(text) => boolean(text),
                _ => None,
            }
            .map(Value::Flag)
            .ok_or_else(|| refuse(format!("{} is neither true nor false", show(raw)))),
            Kind::Integer { min, special } => {
                let number = match raw {
                    Raw::Integer(number) => Some(*number),
                    // Files of the released package have them, as in `2.0` seconds.
                    Raw::Float(number) => whole(*number),
                    Raw::Text(text) => digits(text).and_then(|text| text.parse().ok()),
                    _ => None,
                };
                let bounds = bounds(min, special);
                let number = number.ok_or_else(|| refuse(format!("{} is no whole number; {bounds}", show(raw))))?;
                if number < min && special != Some(number) {
                    return Err(refuse(format!("{number} is out of range; {bounds}")));
                }
                Ok(Value::Integer(number))
            }
            Kind::Float | Kind::PositiveFloat => {
                let number = match raw {
                    #[expect(clippy::cast_precision_loss, reason = "seconds of this size are far below 2^53")]
                    Raw::Integer(number) => Some(*number as f64),
                    Raw::Float(number) => Some(*number),
                    Raw::Text(text) => digits(text).and_then(|text| text.parse().ok()),
                    _ => None,
                };
                let is_positive = self.kind == Kind::PositiveFloat;
                let is_fine = |number: &f64| number.is_finite() && (*number > 0.0 || (*number == 0.0 && !is_positive));
                let wanted = if is_positive { "number above 0" } else { "number of at least 0" };
                number.filter(is_fine).map(Value::Float).ok_or_else(|| refuse(format!("{} is no {wanted}", show(raw))))
            }
            Kind::Text => match raw {
                Raw::Text(text) if text.is_empty() => Err(refuse("it must not be empty".to_owned())),
                Raw::Text(text) => Ok(Value::Text(text.clone())),
                Raw::Integer(number) => Ok(Value::Text(number.to_string())),
                _ => Err(refuse(format!("{} is no text; write it in quotes", show(raw)))),
            },
            Kind::AnyText => match raw {
                Raw::Text(text) => Ok(Value::Text(text.clone())),
                _ => Err(refuse(format!("{} is no text; write it in quotes", show(raw)))),
            },
            Kind::Choice(words) => {
                let found = match raw {
                    Raw::Text(text) => words.iter().find(|word| word.eq_ignore_ascii_case(text)),
                    _ => None,
                };
                found
                    .map(|word| Value::Text((*word).to_owned()))
                    .ok_or_else(|| refuse(format!("{} is none of {}", show(raw), words.join(", "))))
            }
            Kind::Address => match raw {
                Raw::Text(text) => text.parse().map(Value::Address).map_err(|error| refuse(format!("{error}"))),
                _ => Err(refuse(format!("{} is no address like tcp://127.0.0.1:8516", show(raw)))),
            },
            Kind::Capabilities => match raw {
                Raw::Text(text) => text.parse().map(Value::Capabilities).map_err(|error| refuse(format!("{error}"))),
                _ => Err(refuse(format!("{} is no capability list like \"linux,gpu=2\"", show(raw)))),
            },
            Kind::Texts => match raw {
                Raw::Text(text) => Ok(Value::Texts(vec![text.clone()])),
                Raw::Texts(texts) if !texts.is_empty() => Ok(Value::Texts(texts.clone())),
                _ => Err(refuse(format!("{} will not do; give a text or a list of texts", show(raw)))),
            },
            Kind::List => match raw {
                Raw::Text(text) => Ok(Value::Texts(parts(text).map(ToOwned::to_owned).collect())),
                Raw::Texts(texts) => Ok(Value::Texts(texts.clone())),
                _ => Err(refuse(format!("{} is no list; write it like \"a,b\" or [\"a\", \"b\"]", show(raw)))),
            },
            Kind::Pairs => match raw {
                Raw::Text(text) => parts(text)
                    .map(|item| match item.split_once('=') {
                        Some((name, value)) => Ok((name.to_owned(), value.to_owned())),
                        None => Err(refuse(format!("`{item}` has no value; write it like {item}=value"))),
                    })
                    .collect::<Result<_, _>>()
                    .map(Value::Pairs),
                Raw::Pairs(pairs) => Ok(Value::Pairs(pairs.clone())),
                _ => Err(refuse(format!("{} will not do; write it like \"K=V,K2=V2\" or {{ K = \"V\" }}", show(raw)))),
            },
            Kind::HostPort => match raw {
                Raw::Text(text) if is_host_and_port(text) => Ok(Value::Text(text.clone())),
                _ => Err(refuse(format!("{} is no host and port; write it like 0.0.0.0:50001", show(raw)))),
            },
            // Not even what is wrong is shown.
            Kind::Secret => match raw {
                Raw::Text(text) if !text.is_empty() => Ok(Value::Secret(Secret::new(text))),
                _ => Err(refuse("it must be a text that is not empty".to_owned())),
            },
        }
    }
}

fn has_nul(raw: &Raw) -> bool {
    let has_nul = |text: &String| text.contains('\0');
    match raw {
        Raw::Text(text) => has_nul(text),
        Raw::Texts(texts) => texts.iter().any(has_nul),
        Raw::Pairs(pairs) => pairs.iter().any(|(name, value)| has_nul(name) || has_nul(value)),
        Raw::Bool(_) | Raw::Integer(_) | Raw::Float(_) | Raw::Other(_) => false,
    }
}

/// The parts between commas that are not empty.
fn parts(text: &str) -> impl Iterator<Item = &str> {
    text.split(',').filter(|part| !part.is_empty())
}

fn is_host_and_port(text: &str) -> bool {
    let is_port =
        |port: &str| port.bytes().all(|byte| byte.is_ascii_digit()) && port.parse().is_ok_and(|port: u16| port > 0);
    text.rsplit_once(':').is_some_and(|(host, port)| !host.is_empty() && is_port(port))
}

/// The number as a whole one, if it is one that a float holds exactly.
fn whole(number: f64) -> Option<i64> {
    const EXACT_BELOW: f64 = 9_007_199_254_740_992.0;
    #[expect(clippy::cast_possible_truncation, reason = "whole, and within what both hold")]
    (number.fract() == 0.0 && number.abs() < EXACT_BELOW).then_some(number as i64)
}

fn boolean(text: &str) -> Option<bool> {
    match text.to_ascii_lowercase().as_str() {
        "true" | "1" | "yes" | "on" => Some(true),
        "false" | "0" | "no" | "off" => Some(false),
        _ => None,
    }
}

fn bounds(min: i64, special: Option<i64>) -> String {
    match special {
        Some(special) => format!("give {min} or more, or {special}"),
        None => format!("give {min} or more"),
    }
}

fn show(raw: &Raw) -> String {
    match raw {
        Raw::Bool(value) => format!("`{value}`"),
        Raw::Integer(number) => format!("`{number}`"),
        Raw::Float(number) => format!("`{number}`"),
        Raw::Text(text) => format!("`{text}`"),
        Raw::Texts(texts) => format!("`{texts:?}`"),
        Raw::Pairs(_) => "a table".to_owned(),
        Raw::Other(kind) => (*kind).to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::options::Preset;

    fn read(kind: Kind, raw: &Raw) -> Result<Value, String> {
        let spec = OptionSpec::new("key", kind, Preset::Nothing, "");
        spec.read(raw, &Origin::CommandLine("--key".to_owned())).map_err(|error| error.to_string())
    }

    fn text(text: &str) -> Raw {
        Raw::Text(text.to_owned())
    }

    fn texts(texts: &[&str]) -> Vec<String> {
        texts.iter().map(|text| (*text).to_owned()).collect()
    }

    #[test]
    fn numbers_are_read_as_python_reads_them() {
        let whole = Kind::Integer { min: 0, special: Some(-1) };
        for (written, number) in [("1_000", 1000), (" 5 ", 5), ("+3", 3), ("-1", -1)] {
            assert_eq!(read(whole, &text(written)), Ok(Value::Integer(number)), "{written}");
        }
        for written in ["1__0", "_1", "1_", "", "0x10", "1.0", "five", "-2"] {
            read(whole, &text(written)).unwrap_err();
        }
        assert_eq!(read(Kind::Float, &text("1_0.5")), Ok(Value::Float(10.5)));
        assert_eq!(read(Kind::Float, &Raw::Integer(0)), Ok(Value::Float(0.0)));
        for written in ["inf", "nan", "-1"] {
            read(Kind::Float, &text(written)).unwrap_err();
        }
        assert!(read(Kind::PositiveFloat, &Raw::Float(0.0)).unwrap_err().contains("no number above 0"));
        assert_eq!(read(Kind::PositiveFloat, &text("0.5")), Ok(Value::Float(0.5)));
    }

    #[test]
    fn lists_and_tables_may_be_written_as_texts() {
        assert_eq!(read(Kind::List, &text("a,,b")), Ok(Value::Texts(texts(&["a", "b"]))));
        assert_eq!(read(Kind::List, &Raw::Texts(texts(&["a,b"]))), Ok(Value::Texts(texts(&["a,b"]))));
        assert_eq!(read(Kind::List, &text("")), Ok(Value::Texts(Vec::new())));
        read(Kind::List, &Raw::Integer(1)).unwrap_err();
        let pairs = |given: &[(&str, &str)]| {
            Value::Pairs(given.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect())
        };
        assert_eq!(read(Kind::Pairs, &text("A=1,B=x=y")), Ok(pairs(&[("A", "1"), ("B", "x=y")])));
        assert!(read(Kind::Pairs, &text("A=1,B")).unwrap_err().contains("write it like B=value"));
    }

    #[test]
    fn what_no_command_line_can_hold_is_refused_and_not_shown() {
        let pairs = Raw::Pairs([("a".to_owned(), "hu\0sh".to_owned())].into());
        for (kind, raw) in [
            (Kind::Text, text("hu\0sh")),
            (Kind::AnyText, text("hu\0sh")),
            (Kind::Secret, text("hu\0sh")),
            (Kind::Address, text("tcp://hu\0sh:1")),
            (Kind::Capabilities, text("hu\0sh=1")),
            (Kind::List, Raw::Texts(texts(&["a", "hu\0sh"]))),
            (Kind::Pairs, pairs),
        ] {
            let problem = read(kind, &raw).unwrap_err();
            assert!(problem.starts_with("--key: it has a NUL") && !problem.contains("hu"), "{kind:?}: {problem}");
        }
    }

    #[test]
    fn a_place_for_browsers_has_a_host_and_a_port() {
        assert_eq!(read(Kind::HostPort, &text("[::1]:80")), Ok(Value::Text("[::1]:80".to_owned())));
        for written in ["80", ":80", "h:0", "h:65536", "h:+1", "h"] {
            read(Kind::HostPort, &text(written)).unwrap_err();
        }
    }
}
