//! Whether a process listens, as the kernel sees it: a trial connection would show up in its log.

use std::{collections::HashSet, fs};

use scaler_wm_core::{Address, Scheme};

/// The state of a TCP socket that listens.
const LISTEN: &str = "0A";

/// Something to listen at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// A TCP port.
    Port(u16),
    /// The file of a Unix socket.
    File(String),
}

impl Place {
    pub(super) fn of(address: &Address) -> Option<Self> {
        match address.scheme {
            Scheme::Ipc => Some(Self::File(address.host.clone())),
            _ => address.port.map(Self::Port),
        }
    }
}

/// Whether process `pid` itself listens at every one of `places`: somebody else at that port does not count.
pub(super) fn listens(pid: u32, places: &[Place]) -> bool {
    if places.is_empty() {
        return true;
    }
    let sockets = sockets_of(pid);
    places.iter().all(|place| match place {
        Place::Port(port) => {
            let suffix = format!(":{port:04X}");
            ["tcp", "tcp6"].into_iter().any(|table| {
                rows(pid, table).any(|row| {
                    let fields: Vec<&str> = row.split_whitespace().collect();
                    matches!(fields[..], [_, local, _, LISTEN, _, _, _, _, _, inode, ..]
                        if local.ends_with(&suffix) && sockets.contains(inode))
                })
            })
        }
        Place::File(file) => rows(pid, "unix").any(|row| {
            let fields: Vec<&str> = row.split_whitespace().collect();
            matches!(fields[..], [_, _, _, _, _, _, inode, path] if path == file && sockets.contains(inode))
        }),
    })
}

/// The inodes of the sockets that a process holds.
fn sockets_of(pid: u32) -> HashSet<String> {
    let descriptors = fs::read_dir(format!("/proc/{pid}/fd")).into_iter().flatten().flatten();
    descriptors
        .filter_map(|entry| fs::read_link(entry.path()).ok())
        .filter_map(|target| {
            let inode = target.to_str()?.strip_prefix("socket:[")?.strip_suffix(']')?;
            Some(inode.to_owned())
        })
        .collect()
}

/// The rows of one of the kernel's tables of sockets.
fn rows(pid: u32, table: &str) -> impl Iterator<Item = String> {
    let text = fs::read_to_string(format!("/proc/{pid}/net/{table}")).unwrap_or_default();
    text.lines().skip(1).map(ToOwned::to_owned).collect::<Vec<_>>().into_iter()
}

#[cfg(test)]
mod tests {
    use std::{net::TcpListener, os::unix::net::UnixListener, process::id};

    use super::*;

    #[test]
    fn only_the_process_that_listens_counts() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let place = [Place::Port(port)];
        assert!(listens(id(), &place));
        assert!(!listens(1, &place));
        drop(listener);
        assert!(!listens(id(), &place));
        assert!(listens(id(), &[]));
    }

    #[test]
    fn a_unix_socket_is_known_by_its_file() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("socket");
        let address: Address = format!("ipc://{}", file.display()).parse().unwrap();
        let place = [Place::of(&address).unwrap()];
        assert!(!listens(id(), &place));
        let _listener = UnixListener::bind(&file).unwrap();
        assert!(listens(id(), &place));
    }
}
