//! As much of XML as answers of the query protocol need: elements with text or with children.

/// An element. Its text is kept as it is written, with its escapes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Element {
    /// Its name, and what follows it in its tag.
    tag: String,
    text: String,
    pub(super) children: Vec<Element>,
}

impl Element {
    /// Reads a document; none if it is none that these protocols have.
    pub(super) fn parse(document: &str) -> Option<Self> {
        let rest = match document.trim_start().strip_prefix("<?") {
            Some(declared) => declared.split_once("?>")?.1,
            None => document,
        };
        let (root, rest) = Self::read(rest.trim_start())?;
        rest.trim().is_empty().then_some(root)
    }

    fn read(text: &str) -> Option<(Self, &str)> {
        let (tag, mut rest) = text.strip_prefix('<')?.split_once('>')?;
        if let Some(tag) = tag.strip_suffix('/') {
            return Some((Self { tag: tag.trim_end().to_owned(), text: String::new(), children: Vec::new() }, rest));
        }
        let mut element = Self { tag: tag.to_owned(), text: String::new(), children: Vec::new() };
        loop {
            let (before, _) = rest.split_once('<')?;
            element.text.push_str(before);
            rest = &rest[before.len()..];
            if let Some(end) = rest.strip_prefix("</") {
                let (name, rest) = end.split_once('>')?;
                return (name.trim_end() == element.name()).then_some((element, rest));
            }
            let (child, after) = Self::read(rest)?;
            element.children.push(child);
            rest = after;
        }
    }

    pub(super) fn write(&self) -> String {
        let children: String = self.children.iter().map(Self::write).collect();
        format!("<{}>{}{children}</{}>", self.tag, self.text, self.name())
    }

    pub(super) fn name(&self) -> &str {
        self.tag.split_whitespace().next().unwrap_or_default()
    }

    pub(super) fn child(&self, name: &str) -> Option<&Self> {
        self.children.iter().find(|child| child.name() == name)
    }

    pub(super) fn text(&self) -> &str {
        self.text.trim()
    }

    /// The text of a child; empty if there is none.
    pub(super) fn text_of(&self, name: &str) -> &str {
        self.child(name).map_or("", Self::text)
    }

    pub(super) fn set_text_of(&mut self, name: &str, text: &str) {
        if let Some(child) = self.children.iter_mut().find(|child| child.name() == name) {
            text.clone_into(&mut child.text);
        }
    }

    /// Calls `change` with every element of this name, outer ones first.
    pub(super) fn each(&mut self, name: &str, change: &mut dyn FnMut(&mut Self)) {
        if self.name() == name {
            change(self);
        }
        self.children.iter_mut().for_each(|child| child.each(name, change));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ANSWER: &str =
        "<?xml version=\"1.0\"?>\n<R xmlns=\"u\"><a>1 &lt; 2</a><set><item><b>x</b></item><item/></set></R>";

    #[test]
    fn what_is_read_is_written_again() {
        let mut root = Element::parse(ANSWER).expect("a document");
        assert_eq!((root.name(), root.text_of("a"), root.text_of("none")), ("R", "1 &lt; 2", ""));
        assert_eq!(root.write(), "<R xmlns=\"u\"><a>1 &lt; 2</a><set><item><b>x</b></item><item></item></set></R>");
        assert_eq!(Element::parse(&root.write()).as_ref(), Some(&root));
        root.each("set", &mut |set| set.children.retain(|item| item.child("b").is_none()));
        root.set_text_of("a", "3");
        assert_eq!(root.write(), "<R xmlns=\"u\"><a>3</a><set><item></item></set></R>");
    }

    #[test]
    fn what_is_no_document_is_refused() {
        for text in ["", "bad gateway", "<a>", "<a></b>", "<a></a>b", "{}"] {
            assert_eq!(Element::parse(text), None, "{text}");
        }
    }
}
