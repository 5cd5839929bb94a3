//! Whether a worker that a helper claims to have is really there.

use std::{fs, path::Path};

use rustix::fs::{FlockOperation, flock};

use crate::helper::Kept;

/// Whether process and lock agree with what the helper says of a worker: its process is there since then, and somebody
/// holds the lock that only it can hold.
pub(crate) fn is_there(kept: &Kept, folder: &Path) -> bool {
    started(kept.pid) == Some(kept.started) && is_held(&folder.join("workers").join(&kept.name))
}

/// When a process started, in ticks since the machine did.
pub(crate) fn started(pid: i32) -> Option<u64> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The name, in brackets, may hold anything; what follows its last bracket is plain.
    stat.rsplit_once(')')?.1.split_whitespace().nth(19)?.parse().ok()
}

/// Whether somebody holds a lock.
pub(crate) fn is_held(lock: &Path) -> bool {
    let Ok(file) = fs::File::open(lock) else { return false };
    // It goes with the descriptor, should it be free.
    matches!(flock(&file, FlockOperation::NonBlockingLockShared), Err(rustix::io::Errno::WOULDBLOCK))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kept(pid: i32, started: u64) -> Kept {
        Kept { name: "NAT|a".to_owned(), launch: String::new(), pid, started, up: true, exit: None }
    }

    #[test]
    fn process_and_lock_must_agree() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("workers")).unwrap();
        let own = std::process::id().cast_signed();
        let since = started(own).unwrap();
        assert!(!is_there(&kept(own, since), folder.path()), "no lock");
        let lock = fs::File::create(folder.path().join("workers/NAT|a")).unwrap();
        assert!(!is_there(&kept(own, since), folder.path()), "nobody holds it");
        flock(&lock, FlockOperation::LockExclusive).unwrap();
        assert!(is_there(&kept(own, since), folder.path()));
        assert!(!is_there(&kept(own, since + 1), folder.path()), "another process of that number");
        assert!(!is_there(&kept(i32::MAX, since), folder.path()), "no such process");
    }
}
