//! What an image of jobs is built of.

use scaler_wm_aws::short_hash;
use scaler_wm_core::options::{OptionError, Values};

/// How the image is built.
pub(super) const CONTAINERFILE: &str = include_str!("../../runner/Containerfile");
/// What runs in it.
pub(super) const RUNNER: &str = include_str!("../../runner/job_runner.py");

/// What an image is built of, besides the runner.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recipe {
    /// The version of Python, such as `3.12`.
    pub python_version: String,
    /// Further packages, as pip takes them.
    pub packages: Vec<String>,
}

impl Recipe {
    /// What these values say.
    ///
    /// # Errors
    /// When the version is none, or a package would be an option of pip.
    pub fn from_values(values: &Values) -> Result<Self, OptionError> {
        let python_version = values.text("python_version");
        if !python_version.split('.').all(|part| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit())) {
            let problem = format!("`{python_version}` is no version; write it like 3.12");
            return Err(values.problem("python_version", problem));
        }
        let packages = values.maybe_texts("packages").unwrap_or_default();
        let is_one = |package: &&String| !package.starts_with('-') && !package.contains(char::is_whitespace);
        if let Some(package) = packages.iter().find(|package| !is_one(package)) {
            let problem = format!("`{package}` is no package; write it like numpy==2.3.1, without spaces");
            return Err(values.problem("packages", problem));
        }
        Ok(Self { python_version, packages })
    }

    /// The tag of the image: the same for the same ingredients, so that what is there need not be built again.
    pub(super) fn tag(&self) -> String {
        let packages = self.packages.join(" ");
        short_hash(&[CONTAINERFILE, RUNNER, &self.python_version, &packages].join("\0"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_tells_ingredients_apart() {
        let recipe = |version: &str, packages: &[&str]| Recipe {
            python_version: version.to_owned(),
            packages: packages.iter().map(ToString::to_string).collect(),
        };
        let tags = [recipe("3.12", &[]), recipe("3.13", &[]), recipe("3.12", &["numpy"])].map(|recipe| recipe.tag());
        assert_eq!(tags.iter().collect::<std::collections::BTreeSet<_>>().len(), 3);
        assert_eq!(recipe("3.12", &[]).tag(), tags[0]);
    }
}
