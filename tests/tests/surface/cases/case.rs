//! One case, and what it is an example of.

/// Stands for the name of the case's file in its arguments.
pub(crate) const FILE: &str = "{file}";

/// A command line with what it reads.
#[derive(Clone, Debug, Default)]
pub(crate) struct Case {
    /// The type of manager; none for a whole file.
    pub(crate) kind: Option<String>,
    /// What follows the type.
    pub(crate) arguments: Vec<String>,
    /// The file's text.
    pub(crate) toml: Option<String>,
    /// Variables.
    pub(crate) environment: Vec<(String, String)>,
    /// The one thing that is wrong with it.
    pub(crate) mistake: Option<&'static str>,
    /// The key that is wrong, if it is one of them.
    pub(crate) wrong: Option<String>,
    /// What it is an example of.
    pub(crate) features: Vec<&'static str>,
}

impl Case {
    /// A command line.
    pub(crate) fn line(kind: &str, arguments: &[&str]) -> Self {
        let arguments = arguments.iter().map(|word| (*word).to_owned()).collect();
        Self { kind: Some(kind.to_owned()), arguments, ..Self::default() }
    }

    /// A whole file.
    pub(crate) fn file(toml: &str) -> Self {
        Self { toml: Some(toml.to_owned()), ..Self::default() }
    }

    /// The same with a file.
    pub(crate) fn with_file(mut self, toml: &str) -> Self {
        self.arguments.extend(["-c".to_owned(), FILE.to_owned()]);
        self.toml = Some(toml.to_owned());
        self
    }
}
