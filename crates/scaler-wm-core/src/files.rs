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
    // One that a dead process left may be open to others: it is not written into.
    match fs::remove_file(&beside) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let written = write(Path::new(&beside), content).and_then(|()| fs::rename(&beside, path));
    if written.is_err() {
        // On a disk that is full it is in the way.
        let _ = fs::remove_file(&beside);
    }
    written
}

fn write(path: &Path, content: &[u8]) -> io::Result<()> {
    let mut new = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    new.write_all(content)?;
    new.sync_all()
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
    fn what_a_dead_process_left_beside_it_is_not_used() {
        let folder = tempfile::tempdir().unwrap();
        let (path, left) = (folder.path().join("some.file"), folder.path().join("some.file.new"));
        fs::write(&left, "half of some").unwrap();
        fs::set_permissions(&left, fs::Permissions::from_mode(0o666)).unwrap();
        replace(&path, b"whole").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"whole");
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        // A folder cannot be replaced by a file.
        let folder_there = folder.path().join("folder");
        fs::create_dir(&folder_there).unwrap();
        assert!(replace(&folder_there, b"content").is_err());
        assert!(!folder.path().join("folder.new").exists(), "nothing is left beside it");
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
