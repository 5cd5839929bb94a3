//! Calls as EC2 reads them: forms.

use std::collections::BTreeMap;

/// One call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Form(BTreeMap<String, String>);

impl Form {
    pub(crate) fn parse(text: &str) -> Self {
        let pair = |pair: &str| {
            let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
            (decoded(key), decoded(value))
        };
        Self(text.split('&').map(pair).collect())
    }

    pub(crate) fn maybe(&self, key: &str) -> Option<String> {
        self.0.get(key).cloned()
    }

    /// One value; an empty one where there is none.
    pub(crate) fn get(&self, key: &str) -> &str {
        self.0.get(key).map_or("", String::as_str)
    }

    /// `key.1`, `key.2` and so on.
    pub(crate) fn list(&self, key: &str) -> Vec<String> {
        (1..).map_while(|index| self.maybe(&format!("{key}.{index}"))).collect()
    }

    /// The tags for what is made of one kind.
    pub(crate) fn tags(&self, kind: &str) -> BTreeMap<String, String> {
        let specification = (1..).map(|index| format!("TagSpecification.{index}"));
        let is_meant = |prefix: &String| self.get(&format!("{prefix}.ResourceType")) == kind;
        let prefix = specification.take(9).find(is_meant).unwrap_or_default();
        let tag = |index: usize| {
            let tag = format!("{prefix}.Tag.{index}");
            Some((self.maybe(&format!("{tag}.Key"))?, self.get(&format!("{tag}.Value")).to_owned()))
        };
        (1..).map_while(tag).collect()
    }
}

fn decoded(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        match byte {
            b'+' => bytes.push(b' '),
            b'%' => {
                let digits = [rest.next().unwrap(), rest.next().unwrap()];
                bytes.push(u8::from_str_radix(std::str::from_utf8(&digits).unwrap(), 16).unwrap());
            }
            other => bytes.push(other),
        }
    }
    String::from_utf8(bytes).unwrap()
}

/// A text inside of an element.
pub(crate) fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
