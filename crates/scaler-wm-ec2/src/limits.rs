//! What EC2 takes, in one place for options and for templates. Problems are words that follow the name of what is wrong.

/// Its largest volume, in GiB.
pub(crate) const LARGEST_VOLUME: i32 = 65_536;
/// The longest key and value of a tag, in characters.
const LONGEST_TAG_KEY: usize = 128;
const LONGEST_TAG_VALUE: usize = 256;
/// Keys of tags that are not the user's to set begin so, in whatever case.
const RESERVED: [&str; 3] = ["orb:", "aws:", "scaler-wm:"];
/// No instance costs so many dollars an hour.
const TOO_DEAR: f64 = 1e6;

/// Checks a tag of the user.
pub(crate) fn tag(key: &str, value: &str) -> Result<(), String> {
    let lower = key.to_ascii_lowercase();
    if let Some(prefix) = RESERVED.iter().find(|prefix| lower.starts_with(**prefix)) {
        return Err(format!("the key {key} begins with {prefix}, which is reserved; give the tag another key"));
    }
    if key.is_empty() || key.chars().count() > LONGEST_TAG_KEY || value.chars().count() > LONGEST_TAG_VALUE {
        return Err(format!(
            "the tag {key:?} does not fit: EC2 takes keys of 1 to {LONGEST_TAG_KEY} characters, and values of up to \
             {LONGEST_TAG_VALUE}"
        ));
    }
    Ok(())
}

/// A price in dollars an hour, as EC2 takes it: in digits, without an exponent. `None` for what is no price.
pub(crate) fn price(dollars: f64) -> Option<String> {
    (dollars > 0.0 && dollars < TOO_DEAR).then(|| dollars.to_string())
}

/// Whether a text has the form of a region's name: parts with hyphens between them, the last one a number.
pub(crate) fn is_region(name: &str) -> bool {
    let mut parts = name.split('-').rev();
    let has = |part: &str, is_right: fn(u8) -> bool| !part.is_empty() && part.bytes().all(is_right);
    let has_number = parts.next().is_some_and(|last| has(last, |byte| byte.is_ascii_digit()));
    let words: Vec<&str> = parts.collect();
    has_number && words.len() >= 2 && words.iter().all(|word| has(word, |byte| byte.is_ascii_lowercase()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_price_has_digits_only() {
        assert_eq!([0.05, 1e-3, 2.0].map(price), ["0.05", "0.001", "2"].map(|price| Some(price.to_owned())));
        assert_eq!([0.0, -1.0, 1e6, f64::NAN, f64::INFINITY].map(price), [const { None }; 5]);
    }

    #[test]
    fn regions_are_told_from_zones_and_words() {
        for name in ["us-east-1", "ap-southeast-2", "us-gov-west-1", "us-iso-east-1", "eusc-de-east-1"] {
            assert!(is_region(name), "{name}");
        }
        for name in ["", "us east", "us-east", "us-east-1a", "us-west-2-lax-1a", "-east-1", "US-EAST-1", "1"] {
            assert!(!is_region(name), "{name}");
        }
    }
}
