//! Values of fields, as generously as ORB reads them: a number may be a text, a list may be a text with commas.

use super::{TemplateError, fields::Fields, json::Json};
use crate::limits;

type Read<T> = Result<T, TemplateError>;

impl Fields<'_> {
    /// A text.
    pub(super) fn text(&mut self, names: &[&str]) -> Read<Option<String>> {
        let Some((written, value)) = self.take(names) else { return Ok(None) };
        match value {
            Json::Text(text) => Ok(Some(text.trim().to_owned())),
            other => Err(self.error(written, format!("is {}; write a text", other.kind()))),
        }
    }

    /// A text exactly as it stands: a script may end in a new line.
    pub(super) fn verbatim(&mut self, names: &[&str]) -> Read<Option<String>> {
        let Some((written, value)) = self.take(names) else { return Ok(None) };
        match value {
            Json::Text(text) => Ok(Some(text.clone())),
            other => Err(self.error(written, format!("is {}; write a text", other.kind()))),
        }
    }

    /// A list of texts, or one text with commas.
    pub(super) fn list(&mut self, names: &[&str]) -> Read<Vec<String>> {
        let Some((written, value)) = self.take(names) else { return Ok(Vec::new()) };
        let texts: Vec<&str> = match value {
            Json::Text(text) => vec![text],
            Json::List(list) => {
                let mut texts: Vec<&str> = Vec::with_capacity(list.len());
                for item in list {
                    let Json::Text(text) = item else {
                        return Err(self.error(written, format!("holds {}; write a list of texts", item.kind())));
                    };
                    texts.push(text);
                }
                texts
            }
            other => return Err(self.error(written, format!("is {}; write a list of texts", other.kind()))),
        };
        let parts = texts.into_iter().flat_map(|text| text.split(','));
        Ok(parts.map(str::trim).filter(|part| !part.is_empty()).map(str::to_owned).collect())
    }

    /// A whole number in this range.
    pub(super) fn whole<T: TryFrom<i128>>(&mut self, names: &[&str], least: i128, most: i128) -> Read<Option<T>> {
        let Some((written, value)) = self.take(names) else { return Ok(None) };
        self.in_range(written, value, least, most).map(Some)
    }

    fn in_range<T: TryFrom<i128>>(&self, written: &str, value: &Json, least: i128, most: i128) -> Read<T> {
        let found = whole(value).filter(|found| (least..=most).contains(found));
        let found = found.and_then(|found| T::try_from(found).ok());
        found.ok_or_else(|| self.error(written, format!("write a whole number from {least} to {most}")))
    }

    /// Yes or no.
    pub(super) fn flag(&mut self, names: &[&str]) -> Read<Option<bool>> {
        let Some((written, value)) = self.take(names) else { return Ok(None) };
        let flag = match value {
            Json::Flag(flag) => Some(*flag),
            Json::Whole(0) => Some(false),
            Json::Whole(1) => Some(true),
            Json::Text(text) => match text.trim().to_ascii_lowercase().as_str() {
                "true" | "t" | "yes" | "y" | "on" | "1" => Some(true),
                "false" | "f" | "no" | "n" | "off" | "0" => Some(false),
                _ => None,
            },
            _ => None,
        };
        flag.map(Some).ok_or_else(|| self.error(written, "write true or false"))
    }

    /// A price in dollars an hour.
    pub(super) fn price(&mut self, names: &[&str]) -> Read<Option<String>> {
        let Some((written, value)) = self.take(names) else { return Ok(None) };
        let price = match value {
            Json::Whole(whole) => Some(*whole as f64),
            Json::Real(real) => Some(*real),
            Json::Text(text) => text.trim().parse().ok(),
            _ => None,
        };
        let problem = "write the dollars an hour above which no instance is wanted, such as 0.10";
        price.and_then(limits::price).map(Some).ok_or_else(|| self.error(written, problem))
    }

    /// Instance types with their weights.
    pub(super) fn weights(&mut self, names: &[&str]) -> Read<Vec<(String, u32)>> {
        let Some((written, value)) = self.take(names) else { return Ok(Vec::new()) };
        match value {
            // HostFactory's `vmType` may stand where a map belongs.
            Json::Text(text) => Ok(vec![(text.trim().to_owned(), 1)]),
            Json::Object(members) => {
                let weight = |(name, weight): &(String, Json)| {
                    let place = format!("{written}.{name}");
                    Ok((name.trim().to_owned(), self.in_range(&place, weight, 1, u32::MAX.into())?))
                };
                members.iter().map(weight).collect()
            }
            other => {
                let problem = format!(r#"is {}; write types with their weights: {{"t3.medium": 1}}"#, other.kind());
                Err(self.error(written, problem))
            }
        }
    }

    /// Tags: an object, or HostFactory's `key=value;key=value`.
    pub(super) fn tags(&mut self, names: &[&str]) -> Read<Vec<(String, String)>> {
        let Some((written, value)) = self.take(names) else { return Ok(Vec::new()) };
        let tags: Vec<(String, String)> = match value {
            Json::Text(text) => {
                let pair = |part: &str| match part.split_once('=') {
                    Some((key, value)) => Ok((key.trim().to_owned(), value.trim().to_owned())),
                    None => Err(self.error(written, format!("{part:?} is no tag; write key=value;key=value"))),
                };
                text.split(';').filter(|part| !part.trim().is_empty()).map(pair).collect::<Read<_>>()?
            }
            Json::Object(members) => {
                let pair = |(key, value): &(String, Json)| match scalar(value) {
                    Some(value) => Ok((key.clone(), value)),
                    None => {
                        let place = format!("{written}.{key}");
                        Err(self.error(&place, format!("is {}; the value of a tag is a text", value.kind())))
                    }
                };
                members.iter().map(pair).collect::<Read<_>>()?
            }
            other => return Err(self.error(written, format!("is {}; write an object of texts", other.kind()))),
        };
        for (key, value) in &tags {
            limits::tag(key, value).map_err(|problem| self.error(written, problem))?;
        }
        Ok(tags)
    }

    /// A launch template's version: a number or a text.
    pub(super) fn version(&mut self, names: &[&str]) -> Read<Option<String>> {
        let Some((written, value)) = self.take(names) else { return Ok(None) };
        let version = match value {
            Json::Text(text) if matches!(text.trim(), "$Latest" | "$Default") => Some(text.trim().to_owned()),
            other => whole(other).filter(|version| *version >= 1).map(|version| version.to_string()),
        };
        version.map(Some).ok_or_else(|| self.error(written, "write the number of a version, $Latest or $Default"))
    }
}

/// A whole number, in any way that ORB reads one.
fn whole(value: &Json) -> Option<i128> {
    match value {
        Json::Whole(whole) => Some(*whole),
        #[expect(clippy::cast_possible_truncation, reason = "it has no fraction, and is small")]
        Json::Real(real) if real.fract() == 0.0 && real.abs() < 1e15 => Some(*real as i128),
        Json::Text(text) => text.trim().parse().ok(),
        _ => None,
    }
}

/// The text of a tag's value.
fn scalar(value: &Json) -> Option<String> {
    match value {
        Json::Null => Some(String::new()),
        Json::Flag(flag) => Some(flag.to_string()),
        Json::Whole(whole) => Some(whole.to_string()),
        Json::Real(real) => Some(real.to_string()),
        Json::Text(text) => Some(text.clone()),
        Json::List(_) | Json::Object(_) => None,
    }
}
