//! Python requirements, as far as a manager has to understand them.

use std::{fs, path::Path};

/// The package without which no worker starts.
const PACKAGE: &str = "opengris-scaler";

/// What an instance installs, as pip reads it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Requirements {
    text: String,
    /// Where the package itself comes from a Git repository.
    pub(crate) repository: Option<Repository>,
    /// Whether any comes from one, so that the instance needs Git.
    pub(crate) needs_git: bool,
}

/// A Git repository that a requirement names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Repository {
    pub(crate) url: String,
    /// Branch or tag; the repository's own default where there is none.
    pub(crate) branch: Option<String>,
}

impl Requirements {
    /// Those that `given` is: the path of a file that is there, else the text itself.
    ///
    /// # Errors
    /// When the file is not there or cannot be read, or a line is no requirement, or the package is not among them.
    pub fn load(given: &str) -> Result<Self, String> {
        if !given.contains('\n') && Path::new(given).is_file() {
            let text = fs::read_to_string(given).map_err(|error| format!("{given} cannot be read: {error}"))?;
            return Self::parse(text);
        }
        Self::parse(given.to_owned()).map_err(|problem| if is_like_a_path(given) { no_file(given) } else { problem })
    }

    /// Those of a text.
    ///
    /// # Errors
    /// When a line is no requirement, or the package is not among them.
    pub fn parse(text: String) -> Result<Self, String> {
        let (mut has_package, mut repository, mut needs_git) = (false, None, false);
        for line in text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with(['#', '-'])) {
            let place = repository_of(line);
            needs_git |= place.is_some() || line.starts_with("git+");
            let Some(name) = name_of(line) else {
                if line.contains("://") {
                    continue;
                }
                return Err(format!(
                    "the line {line:?} is no requirement; write one as pip reads it, such as {PACKAGE}==2.9.0"
                ));
            };
            if name == PACKAGE {
                has_package = true;
                // The package alone is built with what its own repository brings; others are as pip knows them.
                repository = repository.or(place);
            }
        }
        if !has_package {
            return Err(format!(
                "{PACKAGE} is not among them, and without it no worker starts: give the path of a requirements file that is \
                 there, or its text, with a line such as {PACKAGE}==2.9.0"
            ));
        }
        Ok(Self { text, repository, needs_git })
    }

    /// As pip reads them.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }
}

/// Whether a text that requires nothing was meant as the path of a file.
fn is_like_a_path(given: &str) -> bool {
    let is_one_line = !given.trim().contains('\n');
    is_one_line && !given.contains("://") && (given.contains('/') || given.trim().ends_with(".txt"))
}

fn no_file(given: &str) -> String {
    let what = if Path::new(given).exists() { "is no file" } else { "is not there" };
    format!(
        "the file {given} {what}: give the path of a requirements file, or its text, with a line such as {PACKAGE}==2.9.0"
    )
}

/// The name that a line requires, as the package index spells it; `None` for a line that requires none.
fn name_of(line: &str) -> Option<String> {
    let is_part = |letter: char| letter.is_ascii_alphanumeric() || "-_.".contains(letter);
    let end = line.find(|letter| !is_part(letter)).unwrap_or(line.len());
    let (name, rest) = line.split_at(end);
    let is_bounded = |letter: Option<char>| letter.is_some_and(|letter| letter.is_ascii_alphanumeric());
    if !is_bounded(name.chars().next()) || !is_bounded(name.chars().next_back()) {
        return None;
    }
    // What may follow a name: extras, a version, a marker, a comment, a place.
    let goes_on = |rest: &str| rest.is_empty() || rest.starts_with(['[', '(', '<', '>', '=', '!', '~', ';', '@', '#']);
    if !goes_on(rest.trim_start()) {
        return None;
    }
    let mut spelled = String::new();
    for letter in name.chars() {
        let letter = if "-_.".contains(letter) { '-' } else { letter.to_ascii_lowercase() };
        if letter != '-' || !spelled.ends_with('-') {
            spelled.push(letter);
        }
    }
    Some(spelled)
}

/// The repository of a line of the form `name @ git+URL@branch ; marker`.
fn repository_of(line: &str) -> Option<Repository> {
    let (_, place) = line.split(';').next()?.split_once('@')?;
    let place = place.trim().strip_prefix("git+")?;
    let place = place.split('#').next().unwrap_or(place);
    // An `@` before the path belongs to a user.
    let path = place.find("://").map_or(0, |at| at + 3);
    let path = place[path..].find('/').map_or(place.len(), |at| path + at);
    let (url, branch) = match place[path..].find('@') {
        Some(at) => (&place[..path + at], Some(place[path + at + 1..].to_owned())),
        None => (place, None),
    };
    Some(Repository { url: url.to_owned(), branch: branch.filter(|branch| !branch.is_empty()) })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn parse(text: &str) -> Result<Requirements, String> {
        Requirements::parse(text.to_owned())
    }

    #[test]
    fn the_package_must_be_among_them_however_it_is_spelled() {
        for line in ["opengris-scaler", "OpenGRIS_Scaler[all]==2.9.0", "opengris.scaler >= 2 ; python_version > '3'"] {
            parse(&format!("# ours\n-r other.txt\n\n  {line}\nnumpy")).unwrap();
        }
        assert!(parse("numpy").unwrap_err().contains("opengris-scaler is not among them"));
        assert!(parse("opengris-scaler\nnot a requirement").unwrap_err().contains("\"not a requirement\""));
        parse("opengris-scaler\nhttps://example.com/pkg.whl").unwrap();
    }

    #[test]
    fn a_repository_is_found_with_its_branch() {
        for (line, url, branch) in [
            ("opengris-scaler @ git+https://h/o/r.git@main", "https://h/o/r.git", Some("main")),
            ("opengris-scaler@git+ssh://git@h/o/r.git@v1 ; python_version<'4'", "ssh://git@h/o/r.git", Some("v1")),
            ("opengris-scaler @ git+https://TOKEN@h/o/r.git", "https://TOKEN@h/o/r.git", None),
            ("opengris-scaler @ git+https://h/o/r.git@main#egg=x", "https://h/o/r.git", Some("main")),
        ] {
            let repository = parse(line).unwrap().repository.unwrap();
            assert_eq!((repository.url.as_str(), repository.branch.as_deref()), (url, branch), "{line}");
        }
        assert_eq!(parse("opengris-scaler @ https://h/x.whl").unwrap().repository, None);
    }

    #[test]
    fn the_repository_of_another_package_is_not_built_as_the_package_is() {
        for other in ["theirs @ git+https://h/o/theirs.git@main", "git+https://h/o/theirs.git"] {
            let requirements = parse(&format!("{other}\nopengris-scaler==2.9.0")).unwrap();
            assert_eq!((requirements.repository, requirements.needs_git), (None, true), "{other}");
            let both = parse(&format!("{other}\nOpenGRIS_Scaler @ git+https://h/o/r.git")).unwrap();
            assert_eq!(both.repository.unwrap().url, "https://h/o/r.git");
        }
        assert!(!parse("opengris-scaler==2.9.0").unwrap().needs_git);
    }

    #[test]
    fn a_file_is_read_and_a_text_taken_as_it_is() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("req.txt");
        fs::write(&path, "opengris-scaler==2.9.0\n").unwrap();
        assert_eq!(Requirements::load(path.to_str().unwrap()).unwrap().text(), "opengris-scaler==2.9.0\n");
        assert_eq!(Requirements::load("opengris-scaler").unwrap().text(), "opengris-scaler");
        let folder = folder.path().to_str().unwrap();
        for (given, words) in [
            ("/no/such/file.txt", "the file /no/such/file.txt is not there: give the path"),
            ("./requirements", "the file ./requirements is not there"),
            ("requirements.txt", "the file requirements.txt is not there"),
            (folder, " is no file"),
            ("numpy", "opengris-scaler is not among them"),
            ("not a requirement", "is no requirement"),
            ("numpy @ https://h/numpy.whl", "opengris-scaler is not among them"),
        ] {
            let problem = Requirements::load(given).unwrap_err();
            assert!(problem.contains(words), "{problem}");
        }
    }

    proptest! {
        #[test]
        fn no_text_ends_the_manager(text in any::<String>()) {
            let _ = Requirements::parse(text.clone());
            let _ = repository_of(&text);
        }
    }
}
