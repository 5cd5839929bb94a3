//! Tags of answers, so that nobody is sent again what he has.

use std::hash::{DefaultHasher, Hash, Hasher};

use hyper::header::{HeaderMap, HeaderValue, IF_NONE_MATCH};

/// A tag made of what is answered. It says that two answers mean the same, not that they are the same bytes.
pub(super) fn tag_of(content: &[u8]) -> String {
    // Of the standard library, without a seed: the same content has the same tag as long as the process lives.
    let mut hasher = DefaultHasher::new();
    content.hash(&mut hasher);
    format!("W/\"{:016x}\"", hasher.finish())
}

/// Whether whoever asks has the answer of this tag already.
pub(super) fn has(headers: &HeaderMap, tag: &str) -> bool {
    let bare = |tag: &str| tag.trim().trim_start_matches("W/").to_owned();
    let known = headers.get_all(IF_NONE_MATCH).iter().filter_map(|value| HeaderValue::to_str(value).ok());
    known.flat_map(|value| value.split(',')).any(|known| known.trim() == "*" || bare(known) == bare(tag))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_known_is_recognized_in_every_form() {
        let tag = tag_of(b"content");
        assert_ne!(tag, tag_of(b"other"));
        let asks = |value: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(IF_NONE_MATCH, HeaderValue::from_str(value).unwrap());
            has(&headers, &tag)
        };
        let strong = tag.trim_start_matches("W/");
        for value in [&*tag, strong, "*", &format!("\"x\", {tag}"), &format!("{strong},\"y\"")] {
            assert!(asks(value), "{value}");
        }
        assert!(!asks("\"x\"") && !asks("") && !has(&HeaderMap::new(), &tag));
    }
}
