//! A Unix socket for one user.

use std::{
    fs::{self, DirBuilder, File, Permissions},
    io,
    os::{
        fd::AsRawFd,
        unix::{
            fs::{DirBuilderExt, FileTypeExt, MetadataExt, PermissionsExt},
            net::UnixStream,
        },
    },
    path::{Path, PathBuf},
};

use tokio::net::UnixListener;

/// A Unix socket for one user. Dropping it removes it.
#[derive(Debug)]
pub struct Socket {
    listener: UnixListener,
    file: SocketFile,
}

/// The file of a socket, which goes with this.
#[derive(Debug)]
pub(crate) struct SocketFile {
    path: PathBuf,
    inode: u64,
}

impl Socket {
    /// Listens at `path`. What a process has left there that was killed gives way.
    ///
    /// # Errors
    /// When somebody listens there, something else is there, or it cannot be made.
    pub fn bind(path: &Path) -> io::Result<Self> {
        let place = Place::of(path)?;
        match fs::symlink_metadata(path) {
            Ok(there) if !there.file_type().is_socket() => {
                return Err(io::Error::other("something is there that is no socket; name another place"));
            }
            Ok(_) if is_alive(path) => {
                return Err(io::Error::other("another process listens there; name another place, or end that one"));
            }
            Ok(_) => fs::remove_file(path)?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
        // It is made where nobody else can come, and moved when only its user may connect.
        let nest = path.with_file_name(format!(".{}-{}", place.name, std::process::id()));
        // A process of the same number may have left it.
        drop(fs::remove_dir_all(&nest));
        DirBuilder::new().mode(0o700).create(&nest)?;
        let bound = bind_in(&nest, path);
        drop(fs::remove_dir_all(&nest));
        let listener = bound?;
        let inode = fs::symlink_metadata(path)?.ino();
        Ok(Self { listener, file: SocketFile { path: path.to_owned(), inode } })
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.file.path
    }

    pub(crate) fn into_parts(self) -> (UnixListener, SocketFile) {
        (self.listener, self.file)
    }
}

fn bind_in(nest: &Path, path: &Path) -> io::Result<UnixListener> {
    let made = nest.join("socket");
    let listener = UnixListener::bind(Place::of(&made)?.path())?;
    fs::set_permissions(&made, Permissions::from_mode(0o600))?;
    fs::rename(&made, path)?;
    Ok(listener)
}

impl Drop for SocketFile {
    fn drop(&mut self) {
        // Unless it is somebody else's meanwhile.
        if fs::symlink_metadata(&self.path).is_ok_and(|there| there.ino() == self.inode) {
            drop(fs::remove_file(&self.path));
        }
    }
}

/// Whether anybody listens at a socket: processes that were killed leave theirs.
#[must_use]
pub fn is_alive(path: &Path) -> bool {
    Place::of(path).is_ok_and(|place| UnixStream::connect(place.path()).is_ok())
}

/// A place for a socket, by way of its folder: names of sockets are short, and paths may be long.
pub(crate) struct Place {
    folder: File,
    name: String,
}

impl Place {
    pub(crate) fn of(path: &Path) -> io::Result<Self> {
        let (Some(folder), Some(name)) = (path.parent(), path.file_name()) else {
            return Err(io::Error::other("this names no file"));
        };
        let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
        let name = name.to_str().ok_or_else(|| io::Error::other("its name is no UTF-8 text"))?.to_owned();
        Ok(Self { folder: File::open(folder)?, name })
    }

    /// The path to use while this lives.
    pub(crate) fn path(&self) -> PathBuf {
        PathBuf::from(format!("/proc/self/fd/{}/{}", self.folder.as_raw_fd(), self.name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn it_is_one_users_and_gives_way_only_when_it_is_dead() {
        let folder = tempfile::tempdir().unwrap();
        // Longer than the name of any socket may be.
        let deep = folder.path().join("f".repeat(100)).join("g".repeat(100));
        fs::create_dir_all(&deep).unwrap();
        let path = deep.join("control.sock");
        let socket = Socket::bind(&path).unwrap();
        assert_eq!(fs::metadata(&path).unwrap().mode() & 0o777, 0o600);
        assert!(UnixStream::connect(Place::of(&path).unwrap().path()).is_ok());
        assert!(Socket::bind(&path).unwrap_err().to_string().contains("another process listens"));
        drop(socket);
        assert!(!path.exists());

        // As a process leaves it that was killed.
        drop(std::os::unix::net::UnixListener::bind(Place::of(&path).unwrap().path()).unwrap());
        assert!(path.exists());
        let socket = Socket::bind(&path).unwrap();
        assert_eq!(fs::read_dir(&deep).unwrap().count(), 1, "nothing else is left");
        drop(socket);
        fs::write(&path, "a file").unwrap();
        assert!(Socket::bind(&path).unwrap_err().to_string().contains("no socket"));
        assert!(path.exists());
    }
}
