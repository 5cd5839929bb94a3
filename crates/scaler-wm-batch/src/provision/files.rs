//! Files that are whole at every instant, and for one user alone.

use std::{
    fs::{self, DirBuilder, OpenOptions},
    io::{self, Write},
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::{Path, PathBuf},
    process,
};

/// Writes a file of mode 0600: whoever looks sees what it was before, or what it is then. Folders on the way are made (0700).
///
/// # Errors
/// When it cannot be written; then it is what it was.
pub(super) fn write_whole(path: &Path, text: &str) -> io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    let name = path.file_name().ok_or(io::ErrorKind::InvalidInput)?.to_string_lossy();
    let draft = folder.join(format!("{name}.{}.new", process::id()));
    // A process of the same number may have left it.
    drop(fs::remove_file(&draft));
    let written = (|| {
        // Whatever somebody else has put in its place is not followed.
        let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&draft)?;
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        fs::rename(&draft, path)
    })();
    if written.is_err() {
        drop(fs::remove_file(&draft));
    }
    written
}

/// A folder that is gone when this is dropped.
#[derive(Debug)]
pub(super) struct Folder(PathBuf);

impl Folder {
    /// A new one among the system's temporary ones, for this user alone: an image is built of what is in it.
    ///
    /// # Errors
    /// When it cannot be made.
    pub(super) fn new(name: &str) -> io::Result<Self> {
        let path = std::env::temp_dir().join(name);
        DirBuilder::new().mode(0o700).create(&path)?;
        Ok(Self(path))
    }

    pub(super) fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        drop(fs::remove_dir_all(&self.0));
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().permissions().mode() & 0o777
    }

    #[test]
    fn a_file_is_written_whole_or_not_at_all() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("new/state.json");
        write_whole(&path, "one").unwrap();
        write_whole(&path, "two").unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "two");
        assert_eq!((mode(&path), mode(path.parent().unwrap())), (0o600, 0o700));
        assert_eq!(fs::read_dir(path.parent().unwrap()).unwrap().count(), 1, "no draft stays");
        // A folder is in its place: what was there stays, and no draft.
        let taken = folder.path().join("taken");
        fs::create_dir(&taken).unwrap();
        assert!(write_whole(&taken, "x").is_err());
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2);
    }

    #[test]
    fn what_an_image_is_built_of_is_nobody_elses() {
        let folder = Folder::new(&format!("scaler-wm-files-{}", process::id())).unwrap();
        assert_eq!(mode(folder.path()), 0o700);
        let path = folder.path().to_owned();
        drop(folder);
        assert!(!path.exists());
    }

    #[test]
    fn a_link_in_the_place_of_a_draft_is_not_followed() {
        let folder = tempfile::tempdir().unwrap();
        let (path, theirs) = (folder.path().join("state"), folder.path().join("theirs"));
        std::os::unix::fs::symlink(&theirs, folder.path().join(format!("state.{}.new", process::id()))).unwrap();
        write_whole(&path, "one").unwrap();
        assert!(!theirs.exists() && fs::symlink_metadata(&path).unwrap().is_file());
    }
}
