//! Files that outlive a process, and those that keep a secret.

use std::{
    fs::{self, OpenOptions},
    io::{self, Write as _},
    os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _},
    path::Path,
};

/// Writes a file for this user alone (mode 0600), whole or not at all, whatever instant the process or the host dies at: its
/// content goes into a file beside it, whose name ends in `.new`, and that one takes its place.
///
/// # Errors
/// When the folder is not there, or cannot be written to. The file is as it was then.
pub fn replace(path: &Path, content: &[u8]) -> io::Result<()> {
    let mut beside = path.as_os_str().to_owned();
    beside.push(".new");
    let mut new = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&beside)?;
    new.write_all(content)?;
    new.sync_all()?;
    fs::rename(&beside, path)
}

/// What is wrong with the file of a secret that everybody on the host can read or write; `None` if nothing is, or there is no
/// file.
#[must_use]
pub fn open_to_all(path: &Path) -> Option<String> {
    let mode = fs::metadata(path).ok()?.permissions().mode();
    let path = path.display();
    (mode & 0o007 != 0).then(|| format!("everybody on this host can open it; `chmod 600 {path}` keeps others out"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_replaced_as_a_whole_and_is_nobody_elses() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("some.file");
        replace(&path, b"a long first content").unwrap();
        replace(&path, b"second").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"second");
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "nothing is left beside it");
        assert!(replace(&folder.path().join("none/file"), b"").is_err());
    }

    #[test]
    fn a_secret_that_all_can_open_is_told() {
        let file = tempfile::NamedTempFile::new().unwrap();
        assert_eq!(open_to_all(file.path()), None);
        fs::set_permissions(file.path(), fs::Permissions::from_mode(0o604)).unwrap();
        assert!(open_to_all(file.path()).unwrap().contains("chmod 600"));
        assert_eq!(open_to_all(Path::new("/nowhere")), None);
    }
}
