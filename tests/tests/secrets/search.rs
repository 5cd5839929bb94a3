//! Looks for secrets.

use std::{
    fs,
    path::{Path, PathBuf},
};

use base64::{Engine, engine::general_purpose::STANDARD};

use crate::planted::{Planted, Secret};

/// The names of the secrets that are in there: as they are, as base64, or as hexadecimal digits.
pub(crate) fn found(planted: &Planted, bytes: &[u8]) -> Vec<&'static str> {
    // What is no text is replaced, and what is looked for is ASCII.
    let text = String::from_utf8_lossy(bytes);
    let is_in = |secret: &&Secret| forms(&secret.core).iter().any(|form| text.contains(form));
    planted.secrets.iter().filter(is_in).map(|secret| secret.name).collect()
}

/// The names of secrets in files below a folder, with the file; those that hold them on purpose are passed over.
pub(crate) fn in_files(planted: &Planted, folder: &Path) -> Vec<(PathBuf, &'static str)> {
    let mut leaks = Vec::new();
    for path in files(folder).into_iter().filter(|path| !planted.files.contains(path)) {
        let bytes = fs::read(&path).unwrap_or_default();
        leaks.extend(found(planted, &bytes).into_iter().map(|name| (path.clone(), name)));
    }
    leaks
}

/// All files below a folder.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut all = Vec::new();
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        match entry.file_type() {
            Ok(kind) if kind.is_dir() => all.extend(files(&entry.path())),
            Ok(kind) if kind.is_file() => all.push(entry.path()),
            _ => {}
        }
    }
    all
}

fn forms(core: &str) -> Vec<String> {
    let hexadecimal = core.bytes().map(|byte| format!("{byte:02x}")).collect();
    let mut forms = vec![core.to_owned(), hexadecimal];
    // Where three bytes become four letters, it matters at which of the three it begins.
    forms.extend((0..3).map(|before| {
        let bytes = [&vec![0; before][..], core.as_bytes()].concat();
        let text = STANDARD.encode(&bytes);
        // Letters that stand for a bit of what is before or behind it are unknown.
        text[(before * 8).div_ceil(6)..bytes.len() * 8 / 6].to_owned()
    }));
    forms
}
