//! Checks a value against its option's kind.

use super::{Kind, OptionError, OptionSpec, Origin, Raw, Secret, Value};

impl OptionSpec {
    /// Checks what was found at `origin`.
    ///
    /// Numbers and flags may be written as texts, as environment variables must be.
    ///
    /// # Errors
    /// When it is not of this option's kind or outside its bounds, with what to write instead.
    pub fn read(&self, raw: &Raw, origin: &Origin) -> Result<Value, OptionError> {
        let refuse = |problem: String| OptionError::new(origin, problem);
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
                    Raw::Text(text) => text.trim().parse().ok(),
                    _ => None,
                };
                let bounds = bounds(min, special);
                let number = number.ok_or_else(|| refuse(format!("{} is no whole number; {bounds}", show(raw))))?;
                if number < min && special != Some(number) {
                    return Err(refuse(format!("{number} is out of range; {bounds}")));
                }
                Ok(Value::Integer(number))
            }
            Kind::Float => {
                let number = match raw {
                    #[expect(clippy::cast_precision_loss, reason = "seconds of this size are far below 2^53")]
                    Raw::Integer(number) => Some(*number as f64),
                    Raw::Float(number) => Some(*number),
                    Raw::Text(text) => text.trim().parse().ok(),
                    _ => None,
                };
                let number = number.filter(|number| number.is_finite() && *number >= 0.0);
                number.map(Value::Float).ok_or_else(|| refuse(format!("{} is no number of at least 0", show(raw))))
            }
            Kind::Text => match raw {
                Raw::Text(text) if text.is_empty() => Err(refuse("it must not be empty".to_owned())),
                Raw::Text(text) => Ok(Value::Text(text.clone())),
                Raw::Integer(number) => Ok(Value::Text(number.to_string())),
                _ => Err(refuse(format!("{} is no text", show(raw)))),
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
            // Not even what is wrong is shown.
            Kind::Secret => match raw {
                Raw::Text(text) if !text.is_empty() => Ok(Value::Secret(Secret::new(text))),
                _ => Err(refuse("it must be a text that is not empty".to_owned())),
            },
        }
    }
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
        Raw::Other(kind) => (*kind).to_owned(),
    }
}
