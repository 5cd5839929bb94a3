//! A template's file, and the script that it may name.

use std::{
    fs::File,
    io::{ErrorKind, Read as _},
    path::{Path, PathBuf},
};

use super::{Template, TemplateError};

/// No template is anywhere near this large, in bytes.
const LARGEST_FILE: u64 = 8 << 20;
/// The longest path that Linux takes, in bytes.
const LONGEST_PATH: usize = 4096;

impl Template {
    /// Reads the template `id` from the file at `path`; a user data of one line that names a file is replaced by that
    /// file's text, as ORB does for HostFactory.
    ///
    /// # Errors
    /// When a file cannot be read, and as [`Template::read`].
    pub fn read_file(path: &Path, id: Option<&str>) -> Result<Self, TemplateError> {
        let text = read(path)
            .map_err(|problem| TemplateError::file(format!("failed to read {}: {problem}", path.display())))?;
        let mut template = Self::read(&text, id)?;
        if let Some(script) = template.user_data.as_deref().and_then(script_file) {
            let text = read(&script).map_err(|problem| {
                TemplateError::field(
                    &template.id,
                    "user_data",
                    format!("failed to read {}: {problem}", script.display()),
                )
            })?;
            template.user_data = Some(text);
        }
        Ok(template)
    }
}

/// The file that a user data means, if it means one.
fn script_file(user_data: &str) -> Option<PathBuf> {
    let name = user_data.trim();
    if name.len() > LONGEST_PATH || name.contains(['\n', '\0']) {
        return None;
    }
    let path = match (name.strip_prefix("~/"), std::env::home_dir()) {
        (Some(below), Some(home)) => home.join(below),
        _ => PathBuf::from(name),
    };
    path.is_file().then_some(path)
}

fn read(path: &Path) -> Result<String, String> {
    let file = File::open(path).map_err(|error| match error.kind() {
        ErrorKind::NotFound => "there is no such file".to_owned(),
        _ => error.to_string(),
    })?;
    let mut text = String::new();
    let mut bounded = file.take(LARGEST_FILE + 1);
    let length = bounded.read_to_string(&mut text).map_err(|error| error.to_string())?;
    if u64::try_from(length).is_ok_and(|length| length > LARGEST_FILE) {
        return Err(format!("it is larger than {} MiB", LARGEST_FILE >> 20));
    }
    Ok(text)
}
