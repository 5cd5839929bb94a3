//! The status page: one file, which asks for nothing but `api/v1/status`.

use std::sync::LazyLock;

use super::tag::tag_of;

/// The page.
pub(super) const PAGE: &str = include_str!("../../page/index.html");

/// What the page may do: run its own script in its own style, and ask the server that it came from. The sums are those of
/// the script and the style in it; a test says what they have to be.
pub(super) const POLICY: &str = "default-src 'none'; \
    script-src 'sha256-UKVPM/H5KMdskm+lKGTfIpp/dwdad69D2aFAHun5LfA='; \
    style-src 'sha256-iSK2O1vDNOhMQ0cccWvJsXWQsBdpKFw1smO0GBMJFec='; \
    img-src data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// The tag of the page.
pub(super) static TAG: LazyLock<String> = LazyLock::new(|| tag_of(PAGE.as_bytes()));

#[cfg(test)]
mod tests {
    use base64::{Engine, prelude::BASE64_STANDARD};
    use sha2::{Digest, Sha256};

    use super::*;

    /// What is between the first two of these tags, and what of the page is left.
    fn inside<'a>(page: &'a str, tag: &str) -> (&'a str, String) {
        let (before, rest) = page.split_once(&format!("<{tag}>")).unwrap();
        let (inside, after) = rest.split_once(&format!("</{tag}>")).unwrap();
        (inside, format!("{before}{after}"))
    }

    #[test]
    fn the_policy_allows_the_script_and_the_style_of_the_page_and_no_other() {
        let (script, rest) = inside(PAGE, "script");
        let (style, rest) = inside(&rest, "style");
        for (kind, content) in [("script", script), ("style", style)] {
            let sum = format!("{kind}-src 'sha256-{}'", BASE64_STANDARD.encode(Sha256::digest(content)));
            assert!(POLICY.contains(&sum), "the policy needs: {sum}");
        }
        for other in
            ["<script", "<style", "style=", "onclick=", "onload=", "javascript:", "<iframe", "<link rel=\"style"]
        {
            assert!(!rest.contains(other), "{other}");
        }
    }

    #[test]
    fn the_page_is_small_and_asks_nobody_else() {
        assert!(PAGE.len() < 100 << 10, "{} bytes", PAGE.len());
        // The names of SVG are no addresses.
        let rest = PAGE.replace("http://www.w3.org/2000/svg", "");
        assert!(!rest.contains("http://") && !rest.contains("https://") && !rest.contains("@import"), "another server");
    }

    #[test]
    fn nothing_that_is_shown_can_become_markup() {
        for way in ["innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "DOMParser", "eval(", "srcdoc"] {
            assert!(!PAGE.contains(way), "{way}");
        }
    }
}
