//! The TOML file of managers: every mistake is told with the line where it stands, and every value that is taken is one that
//! its option allows.

use scaler_wm_core::options::{OptionError, resolve};
use scaler_wm_options::{MANAGERS, PYTHON_MANAGERS};

use crate::file::{Entry, File};

const NAME: &str = "file.toml";

/// The text of a file, read for the one manager of each type and for all there is.
pub fn config_file(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let lines = text.bytes().filter(|byte| *byte == b'\n').count() + 1;
    let file = File::new(NAME, text.to_owned());
    for section in MANAGERS.iter().chain(PYTHON_MANAGERS) {
        match file.one(section) {
            Ok(entry) => check(&entry, lines),
            Err(error) => is_told_well(&error, lines),
        }
    }
    match file.everything() {
        Ok(all) => {
            all.unknown.iter().for_each(|error| is_told_well(error, lines));
            assert!(!all.entries.is_empty());
            all.entries.iter().for_each(|entry| check(entry, lines));
        }
        Err(error) => is_told_well(&error, lines),
    }
}

fn check(entry: &Entry, lines: usize) {
    is_a_line(&entry.place, lines);
    entry.unknown.iter().for_each(|error| is_told_well(error, lines));
    let specs: Vec<_> = entry.section.specs().collect();
    for found in &entry.found {
        is_a_line(&found.origin.to_string(), lines);
        assert!(specs.iter().any(|spec| spec.key == found.key), "{} has no {}", entry.section.name, found.key);
    }
    let values = match resolve(&specs, &[], |_| None, &entry.found) {
        Ok(values) => values,
        Err(error) => return assert!(!error.to_string().is_empty()),
    };
    if let Err(error) = (entry.section.check)(&values) {
        assert!(!error.to_string().is_empty());
    }
    // As `config show` does.
    assert!(specs.iter().all(|spec| values.has(spec.key)));
    assert!(!format!("{values:?}").is_empty());
}

fn is_told_well(error: &OptionError, lines: usize) {
    assert!(!error.problem.is_empty());
    if error.origin != NAME {
        is_a_line(&error.origin, lines);
    }
}

/// `file.toml:7`, and what may follow.
fn is_a_line(place: &str, lines: usize) {
    let line = place.strip_prefix(NAME).and_then(|rest| rest.strip_prefix(':')).map(|rest| rest.split(':').next());
    let line: Option<usize> = line.flatten().and_then(|line| line.parse().ok());
    assert!(line.is_some_and(|line| (1..=lines).contains(&line)), "{place:?} is none of {lines} lines");
}
