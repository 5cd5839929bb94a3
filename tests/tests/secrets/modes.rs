//! Who may open what.

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
};

/// What others than its user may open, the folder itself included: files and sockets that have not the mode 0600, folders
/// that have not 0700.
pub(crate) fn open_to_others(folder: &Path) -> Vec<(PathBuf, String)> {
    let mut open = Vec::new();
    let Ok(facts) = fs::symlink_metadata(folder) else { return open };
    let mode = facts.permissions().mode() & 0o7777;
    let wanted = if facts.is_dir() { 0o700 } else { 0o600 };
    if mode != wanted {
        open.push((folder.to_owned(), format!("{mode:04o}")));
    }
    if facts.is_dir() {
        let entries = fs::read_dir(folder).into_iter().flatten().flatten();
        open.extend(entries.flat_map(|entry| open_to_others(&entry.path())));
    }
    open
}

/// A program that is started without any mask.
pub(crate) fn without_mask(folder: &Path, program: &Path) -> std::io::Result<PathBuf> {
    let path = folder.join("without-mask");
    fs::write(&path, format!("#!/bin/sh\numask 000\nexec '{}' \"$@\"\n", program.display()))?;
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755))?;
    Ok(path)
}
