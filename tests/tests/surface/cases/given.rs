//! A value, and the ways in which it can be written.

use fastrand::Rng;

/// A value that is given for an option.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Given {
    /// A text as it is.
    Word(String),
    /// A whole number.
    Whole(i64),
    /// Any other number.
    Real(f64),
    /// A flag that is set.
    Set,
    /// Several texts, each a word of its own on the command line.
    Words(Vec<String>),
    /// Several texts, separated by commas in one word.
    List(Vec<String>),
    /// Names with values, separated by commas in one word.
    Pairs(Vec<(String, String)>),
}

impl Given {
    /// The words after a flag.
    pub(crate) fn words(&self, rng: &mut Rng, features: &mut Vec<&'static str>) -> Vec<String> {
        match self {
            Self::Set => Vec::new(),
            Self::Words(words) => words.clone(),
            Self::Word(word) => vec![word.clone()],
            Self::Whole(number) => vec![whole(*number, rng, features)],
            Self::Real(number) => vec![real(*number, rng, features)],
            Self::List(items) => vec![commas(items, rng)],
            Self::Pairs(pairs) => vec![joined(pairs)],
        }
    }

    /// The value after `key =`.
    pub(crate) fn toml(&self, rng: &mut Rng, features: &mut Vec<&'static str>) -> String {
        let mut either = |feature, choice: bool| {
            if choice {
                features.push(feature);
            }
            choice
        };
        match self {
            Self::Word(word) => quoted(word, rng),
            Self::Set if either("flag as text in the file", rng.u8(..4) == 0) => quoted("true", rng),
            Self::Set => "true".to_owned(),
            Self::Whole(number) if either("number as text in the file", rng.u8(..5) == 0) => {
                quoted(&number.to_string(), rng)
            }
            Self::Whole(number) if either("whole float in the file", rng.u8(..8) == 0) => format!("{number}.0"),
            Self::Whole(number) if *number >= 0 && either("hexadecimal in the file", rng.u8(..6) == 0) => {
                format!("{number:#x}")
            }
            Self::Whole(number) => number.to_string(),
            Self::Real(number) if either("number as text in the file", rng.u8(..5) == 0) => {
                quoted(&number.to_string(), rng)
            }
            Self::Real(number) if number.fract() == 0.0 && rng.bool() => format!("{number:.0}"),
            Self::Real(number) => format!("{number:?}"),
            Self::List(items) if either("list as text in the file", rng.bool()) => quoted(&commas(items, rng), rng),
            Self::List(items) | Self::Words(items) => {
                either("array in the file", true);
                let items: Vec<String> = items.iter().map(|item| quoted(item, rng)).collect();
                format!("[{}]", items.join(", "))
            }
            Self::Pairs(pairs) if either("pairs as text in the file", rng.bool()) => quoted(&joined(pairs), rng),
            Self::Pairs(pairs) => {
                either("table as a value in the file", true);
                let pairs: Vec<String> = pairs
                    .iter()
                    .map(|(name, value)| format!("{} = {}", quoted(name, rng), quoted(value, rng)))
                    .collect();
                format!("{{ {} }}", pairs.join(", "))
            }
        }
    }
}

fn whole(number: i64, rng: &mut Rng, features: &mut Vec<&'static str>) -> String {
    let odd = match rng.u8(..12) {
        0 if number >= 0 => format!("+{number}"),
        1 if number >= 0 => format!("00{number}"),
        2 => format!(" {number} "),
        3 if number >= 1000 => format!("{}_{:03}", number / 1000, number % 1000),
        _ => return number.to_string(),
    };
    features.push("number in an odd form");
    odd
}

fn real(number: f64, rng: &mut Rng, features: &mut Vec<&'static str>) -> String {
    let plain = format!("{number:?}");
    let odd = match rng.u8(..8) {
        0 if plain.starts_with("0.") => plain[1..].to_owned(),
        1 if plain.ends_with(".0") => plain[..plain.len() - 1].to_owned(),
        // The package takes `-5e-1` for a flag.
        2 if number >= 0.0 => format!("{number:e}"),
        3 if number.fract() == 0.0 => format!("{number:.0}"),
        _ => return plain,
    };
    features.push("number in an odd form");
    odd
}

/// Empty items count for nothing.
fn commas(items: &[String], rng: &mut Rng) -> String {
    let mut text = items.join(",");
    if rng.u8(..5) == 0 {
        text.push(',');
    }
    text
}

fn joined(pairs: &[(String, String)]) -> String {
    let pairs: Vec<String> = pairs.iter().map(|(name, value)| format!("{name}={value}")).collect();
    pairs.join(",")
}

/// A TOML text, of either kind.
fn quoted(text: &str, rng: &mut Rng) -> String {
    if !text.contains(['\'', '\n', '\t']) && rng.u8(..3) == 0 {
        return format!("'{text}'");
    }
    // JSON escapes are TOML escapes.
    serde_json::Value::from(text).to_string()
}
