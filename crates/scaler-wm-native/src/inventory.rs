//! What is out there under a manager's name: workers that outlive it, the helper that watches over them, and a socket at
//! which nobody listens. Everything else ends with its manager.

use std::{
    fs, io,
    os::unix::{fs::FileTypeExt, net::UnixStream as StdUnixStream},
    path::{Path, PathBuf},
    time::{Duration, UNIX_EPOCH},
};

use async_trait::async_trait;
use rustix::{
    net::sockopt::socket_peercred,
    process::{Pid, PidfdFlags, Signal, kill_process_group, pidfd_open, pidfd_send_signal},
};
use scaler_wm_core::{
    Error, ErrorKind, Inventory, InventoryInfo, Listing, ManagerId, OnRecord, Result, Role, Thing, Timestamp,
};
use tokio::time::{Instant, sleep};

use crate::{
    NativeConfig,
    helper::{SOCKET, connect},
    kept::{is_held, started},
};

/// The folder of the locks that workers hold.
const WORKERS: &str = "workers";
const WORKER: &str = "worker process";
const HELPER: &str = "Python helper";
const STALE: &str = "socket without a listener";
/// How long a worker that is told to leave may take, until it is killed.
const LEAVES_WITHIN: Duration = Duration::from_secs(5);
/// How long a helper may take, which waits for its workers.
const ENDS_WITHIN: Duration = Duration::from_secs(10);
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// The workers of a manager that may outlive it.
#[derive(Debug)]
pub struct NativeInventory {
    manager: ManagerId,
    folder: Option<PathBuf>,
}

/// A process that holds a worker's lock.
struct Holder {
    pid: Pid,
    started: u64,
}

impl NativeInventory {
    /// That of the manager that this configuration is for.
    #[must_use]
    pub fn new(config: NativeConfig) -> Self {
        Self { manager: config.worker.manager, folder: config.folder }
    }

    fn thing(&self, role: Role, what: &'static str, name: String) -> Thing {
        let manager = Some(self.manager.clone());
        Thing { role, what, name, manager, launch: None, since: None, is_in_use: false }
    }

    fn workers(&self, folder: &Path) -> Result<Vec<Thing>> {
        let failed = |error| looking(folder).with_source(error);
        let entries = match fs::read_dir(folder.join(WORKERS)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            entries => entries.map_err(failed)?,
        };
        let mut workers = Vec::new();
        for entry in entries {
            let entry = entry.map_err(failed)?;
            let Ok(name) = entry.file_name().into_string() else { continue };
            if holder(&entry.path()).is_none() {
                continue;
            }
            let made = entry.metadata().and_then(|data| data.modified()).ok();
            let since = made.and_then(|at| at.duration_since(UNIX_EPOCH).ok()).map(|at| Timestamp::default() + at);
            workers.push(Thing { since, ..self.thing(Role::Unit, WORKER, name) });
        }
        workers.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(workers)
    }

    fn socket(&self, folder: &Path, has_workers: bool) -> Option<Thing> {
        let socket = folder.join(SOCKET);
        let name = socket.to_string_lossy().into_owned();
        match connect(folder) {
            Ok(stream) => {
                let name = helper(&stream).map_or(name, |pid| format!("process {}", pid.as_raw_nonzero()));
                Some(Thing { is_in_use: has_workers, ..self.thing(Role::Temporary, HELPER, name) })
            }
            Err(_) if is_socket(&socket) => Some(self.thing(Role::Leftover, STALE, name)),
            Err(_) => None,
        }
    }

    fn folder(&self) -> Result<&Path> {
        self.folder.as_deref().ok_or_else(|| {
            Error::new(ErrorKind::Invalid, "look for workers", "there is no state folder; name one by --state-dir DIR")
        })
    }
}

#[async_trait]
impl Inventory for NativeInventory {
    fn info(&self) -> InventoryInfo {
        // Without a helper that has kept workers the next manager takes everything on record for gone.
        let is_kept = self.folder.as_deref().is_some_and(|folder| connect(folder).is_ok());
        InventoryInfo { repeatable_for: if is_kept { Duration::MAX } else { Duration::ZERO }, list_lag: Duration::ZERO }
    }

    async fn list(&self, _record: &OnRecord) -> Result<Listing> {
        let folder = self.folder()?;
        let mut things = self.workers(folder)?;
        things.extend(self.socket(folder, !things.is_empty()));
        Ok(Listing { things, ..Listing::default() })
    }

    async fn delete(&self, thing: &Thing) -> Result<()> {
        let folder = self.folder()?;
        match (thing.role, thing.what) {
            (Role::Unit, _) => end_worker(&folder.join(WORKERS).join(&thing.name)).await,
            (_, HELPER) => end_helper(folder).await,
            // Somebody may have begun to listen there.
            (_, STALE) if connect(folder).is_err() => match fs::remove_file(folder.join(SOCKET)) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => Err(looking(folder).with_source(error)),
                _ => Ok(()),
            },
            _ => Ok(()),
        }
    }
}

/// The process that holds this lock: the one that the lock names, since the same instant.
fn holder(lock: &Path) -> Option<Holder> {
    if !is_held(lock) {
        return None;
    }
    let text = fs::read_to_string(lock).ok()?;
    let (pid, since) = text.trim().split_once(' ')?;
    let (pid, since) = (pid.parse().ok()?, since.parse().ok()?);
    (started(pid) == Some(since)).then_some(())?;
    Some(Holder { pid: Pid::from_raw(pid)?, started: since })
}

async fn end_worker(lock: &Path) -> Result<()> {
    let failed = |error: rustix::io::Errno| {
        let context = lock.file_name().unwrap_or_default().to_string_lossy().into_owned();
        Error::new(ErrorKind::Failed, "end a worker", context).with_source(error)
    };
    let Some(worker) = holder(lock) else { return Ok(()) };
    let Ok(process) = pidfd_open(worker.pid, PidfdFlags::empty()) else { return Ok(()) };
    // The descriptor stands for that process for good, if it was the same one still when it was made.
    if started(worker.pid.as_raw_nonzero().get()) != Some(worker.started) {
        return Ok(());
    }
    match pidfd_send_signal(&process, Signal::INT) {
        Err(rustix::io::Errno::SRCH) => return Ok(()),
        sent => sent.map_err(failed)?,
    }
    let until = Instant::now() + LEAVES_WITHIN;
    while is_held(lock) {
        if Instant::now() >= until {
            // With its processors: a worker leads a group of its own.
            return kill_process_group(worker.pid, Signal::KILL).map_err(failed);
        }
        sleep(LOOK_EVERY).await;
    }
    Ok(())
}

/// The process at the other end of a line.
fn helper(stream: &StdUnixStream) -> Option<Pid> {
    socket_peercred(stream).ok().map(|peer| peer.pid)
}

async fn end_helper(folder: &Path) -> Result<()> {
    let Ok(stream) = connect(folder) else { return Ok(()) };
    let Some(process) = helper(&stream).and_then(|pid| pidfd_open(pid, PidfdFlags::empty()).ok()) else {
        return Ok(());
    };
    // It takes this for the end of its manager: its workers leave, and it goes after them.
    if pidfd_send_signal(&process, Signal::TERM).is_err() {
        return Ok(());
    }
    drop(stream);
    let until = Instant::now() + ENDS_WITHIN;
    while connect(folder).is_ok() {
        if Instant::now() >= until {
            return Err(Error::new(ErrorKind::Failed, "end the Python helper", "it was told to, and is still there"));
        }
        sleep(LOOK_EVERY).await;
    }
    Ok(())
}

fn is_socket(path: &Path) -> bool {
    fs::symlink_metadata(path).is_ok_and(|data| data.file_type().is_socket())
}

fn looking(folder: &Path) -> Error {
    Error::new(ErrorKind::Failed, "look for workers", folder.display().to_string())
}

#[cfg(test)]
mod tests {
    use std::os::unix::net::UnixListener;

    use rustix::fs::{FlockOperation, flock};

    use super::*;

    fn inventory(folder: &Path) -> NativeInventory {
        NativeInventory { manager: ManagerId::from("m"), folder: Some(folder.to_owned()) }
    }

    async fn names(inventory: &NativeInventory) -> Vec<(&'static str, String)> {
        let listing = inventory.list(&OnRecord::default()).await.unwrap();
        listing.things.into_iter().map(|thing| (thing.what, thing.name)).collect()
    }

    #[tokio::test]
    async fn a_held_lock_is_a_worker_and_a_free_one_is_none() {
        let folder = tempfile::tempdir().unwrap();
        let inventory = inventory(folder.path());
        assert!(names(&inventory).await.is_empty());
        fs::create_dir(folder.path().join(WORKERS)).unwrap();
        let path = folder.path().join(WORKERS).join("NAT|a");
        let own = std::process::id().cast_signed();
        fs::write(&path, format!("{own} {}\n", started(own).unwrap())).unwrap();
        assert!(names(&inventory).await.is_empty());
        let lock = fs::File::open(&path).unwrap();
        flock(&lock, FlockOperation::LockExclusive).unwrap();
        assert_eq!(names(&inventory).await, [(WORKER, "NAT|a".to_owned())]);
        // A process of that number that began at another time is somebody else's, and is left alone.
        fs::write(&path, format!("{own} 1\n")).unwrap();
        assert!(names(&inventory).await.is_empty());
        end_worker(&path).await.unwrap();
    }

    #[tokio::test]
    async fn a_socket_is_a_helper_or_stale_and_a_stale_one_can_go() {
        let folder = tempfile::tempdir().unwrap();
        let inventory = inventory(folder.path());
        let socket = folder.path().join(SOCKET);
        let listener = UnixListener::bind(&socket).unwrap();
        assert_eq!(names(&inventory).await, [(HELPER, format!("process {}", std::process::id()))]);
        drop(listener);
        assert_eq!(names(&inventory).await, [(STALE, socket.to_string_lossy().into_owned())]);
        let listing = inventory.list(&OnRecord::default()).await.unwrap();
        inventory.delete(&listing.things[0]).await.unwrap();
        assert!(names(&inventory).await.is_empty() && !socket.exists());
    }
}
