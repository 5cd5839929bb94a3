//! Forms, as the query protocol has them.

use serde_json::{Map, Value};

/// The fields of a form; none if it is none.
pub(crate) fn read(body: &[u8]) -> Map<String, Value> {
    let Ok(text) = std::str::from_utf8(body) else { return Map::new() };
    let fields = text.split('&').filter_map(|field| field.split_once('='));
    fields.map(|(name, value)| (decode(name), decode(value).into())).collect()
}

/// A form with these fields.
pub(crate) fn write(fields: &[(&str, &str)]) -> String {
    let fields: Vec<String> =
        fields.iter().map(|(name, value)| format!("{}={}", encode(name), encode(value))).collect();
    fields.join("&")
}

fn encode(text: &str) -> String {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    let one = |byte: u8| if is_plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") };
    text.bytes().map(one).collect()
}

fn decode(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    while let [first, tail @ ..] = rest {
        let hex = |digits: &[u8]| u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok();
        let (byte, length) = match first {
            b'%' => match tail.get(..2).and_then(hex) {
                Some(byte) => (byte, 3),
                None => (b'%', 1),
            },
            b'+' => (b' ', 1),
            other => (*other, 1),
        };
        bytes.push(byte);
        rest = &rest[length..];
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_is_read_as_it_was_written() {
        let fields = [("Action", "RunInstances"), ("Tag.1.Value", "a b&c=d/é+%2G")];
        let form = read(write(&fields).as_bytes());
        assert_eq!(form.len(), 2);
        assert!(fields.iter().all(|(name, value)| form[*name] == *value), "{form:?}");
        assert_eq!(read(b"a=1+2&b=%zz")["a"], "1 2");
    }
}
