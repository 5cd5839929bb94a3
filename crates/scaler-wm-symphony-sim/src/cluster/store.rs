//! The folder that outlives a process.
//!
//! ```text
//! lock                     held by the process that uses the folder
//! faults                   written by whoever wants faults
//! last-session             the number of the youngest session
//! instances/P-N            of one service instance, which holds a lock on it; inside: the task it has
//! instances/P-N.log        what it has printed
//! sessions/S/facts         what the session was made with
//! sessions/S/T.task        tag and payload
//! sessions/S/T.out         the answer
//! ```
//!
//! Files appear whole, by renaming. Nothing is synced: this is to outlive processes, not machines.

use std::{
    ffi::CStr,
    fs::{self, DirBuilder, File, OpenOptions},
    io::{self, Read, Write},
    os::unix::fs::{DirBuilderExt, FileExt, OpenOptionsExt},
    path::{Path, PathBuf},
    process,
    sync::atomic::{AtomicU64, Ordering::Relaxed},
    thread,
    time::{Duration, Instant},
};

use rustix::{
    fs::{FlockOperation, flock},
    io::Errno,
    process::{Flock, FlockType, Pid, fcntl_getlk},
};

use crate::{
    abi,
    failure::{Failure, Result},
    world::{Facts, Tag},
};

/// A session and a task of it.
pub(crate) type Place = (u64, u64);

/// A task as it is found.
pub(crate) struct Found {
    pub(crate) number: u64,
    pub(crate) tag: Option<Tag>,
    pub(crate) ended: bool,
}

/// The folder, with its lock.
pub(crate) struct Store {
    root: PathBuf,
    lock: File,
    last_instance: AtomicU64,
}

impl Store {
    /// Takes the folder, and waits for that as long as it may.
    pub(crate) fn take(root: &Path, wait: Duration) -> Result<Self> {
        let failed = |error: io::Error| Failure::io(format!("use the folder {}", root.display()), error);
        let root = std::path::absolute(root).map_err(failed)?;
        for folder in ["instances", "sessions"] {
            // Payloads are programs: nobody else may read or place one.
            DirBuilder::new().recursive(true).mode(0o700).create(root.join(folder)).map_err(failed)?;
        }
        let lock = OpenOptions::new().create(true).truncate(false).write(true).mode(0o600).open(root.join("lock"));
        let lock = lock.map_err(failed)?;
        let end = Instant::now() + wait;
        loop {
            match flock(&lock, FlockOperation::NonBlockingLockExclusive) {
                Ok(()) => return Ok(Self { root, lock, last_instance: AtomicU64::new(0) }),
                Err(Errno::WOULDBLOCK | Errno::INTR) if Instant::now() < end => {
                    thread::sleep(Duration::from_millis(20));
                }
                Err(Errno::WOULDBLOCK | Errno::INTR) => {
                    let message = format!("another process uses the folder {}", root.display());
                    return Err(Failure::new(abi::UNREACHABLE, message));
                }
                Err(error) => return Err(failed(error.into())),
            }
        }
    }

    /// Lets another process have the folder.
    pub(crate) fn release(&self) {
        // Fails for a file that is not open only, and this one is.
        let _ = flock(&self.lock, FlockOperation::Unlock);
    }

    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    fn session(&self, session: u64) -> PathBuf {
        self.root.join(format!("sessions/{session}"))
    }

    /// What the files of a task begin with.
    pub(crate) fn task(&self, (session, task): Place) -> PathBuf {
        self.root.join(format!("sessions/{session}/{task}"))
    }

    fn file(&self, place: Place, ending: &str) -> PathBuf {
        let mut path = self.task(place).into_os_string();
        path.push(ending);
        path.into()
    }

    /// Makes a session, and its number.
    pub(crate) fn create(&self, facts: &Facts) -> io::Result<u64> {
        let last = self.root.join("last-session");
        let session = fs::read_to_string(&last).ok().and_then(|text| text.trim().parse().ok()).unwrap_or(0u64) + 1;
        write_whole(&last, &[format!("{session}\n").as_bytes()])?;
        // Its facts make it a session: without them it is not found.
        fs::create_dir(self.session(session))?;
        write_whole(&self.session(session).join("facts"), &[to_text(facts).as_bytes()])?;
        Ok(session)
    }

    /// The sessions that are there.
    pub(crate) fn sessions(&self) -> io::Result<Vec<(u64, Facts)>> {
        let mut all = Vec::new();
        for entry in fs::read_dir(self.root.join("sessions"))? {
            let entry = entry?;
            let Some(number) = entry.file_name().to_str().and_then(|name| name.parse().ok()) else {
                // One that was being removed.
                fs::remove_dir_all(entry.path())?;
                continue;
            };
            if let Some(facts) = fs::read_to_string(entry.path().join("facts")).ok().and_then(|text| from_text(&text)) {
                all.push((number, facts));
            }
        }
        all.sort_unstable_by_key(|(number, _)| *number);
        Ok(all)
    }

    /// Removes a session and all that it has.
    pub(crate) fn remove(&self, session: u64) -> io::Result<()> {
        // Renamed first: an instance that is being killed may be writing, and finds no folder any more.
        let gone = self.root.join(format!("sessions/{session}.gone"));
        fs::rename(self.session(session), &gone)?;
        fs::remove_dir_all(gone)
    }

    pub(crate) fn put(&self, place: Place, tag: Option<&CStr>, payload: &[u8]) -> io::Result<()> {
        let tag = tag.map(CStr::to_bytes);
        let size = tag.map_or(0, |tag| tag.len() as u64 + 1).to_le_bytes();
        write_whole(&self.file(place, ".task"), &[&size, tag.unwrap_or_default(), payload])
    }

    /// Removes a task that nobody wants any more.
    pub(crate) fn forget(&self, place: Place) {
        for ending in [".task", ".out", ".new"] {
            // Most are not there, and with the session all are gone.
            let _ = fs::remove_file(self.file(place, ending));
        }
    }

    /// The tasks of a session.
    pub(crate) fn tasks(&self, session: u64) -> io::Result<Vec<Found>> {
        let mut all = Vec::new();
        for entry in fs::read_dir(self.session(session))? {
            let name = entry?.file_name();
            let number = name.to_str().and_then(|name| name.strip_suffix(".task")?.parse().ok());
            let Some(number) = number else { continue };
            let tag = read_tag(&self.file((session, number), ".task"))?;
            all.push(Found { number, tag, ended: self.has_answer((session, number)) });
        }
        all.sort_unstable_by_key(|found| found.number);
        Ok(all)
    }

    pub(crate) fn has_answer(&self, place: Place) -> bool {
        self.file(place, ".out").exists()
    }

    /// The answer as the service has written it.
    pub(crate) fn answer(&self, place: Place) -> Option<Vec<u8>> {
        fs::read(self.file(place, ".out")).ok()
    }

    /// Answers instead of the service.
    pub(crate) fn fail(&self, place: Place, text: &str) -> io::Result<()> {
        write_whole(&self.file(place, ".out"), &[b"-", text.as_bytes()])
    }

    /// A new file of an instance.
    pub(crate) fn instance(&self) -> io::Result<(PathBuf, File)> {
        loop {
            let number = self.last_instance.fetch_add(1, Relaxed) + 1;
            let path = self.root.join(format!("instances/{}-{number}", process::id()));
            match OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path) {
                // Of an earlier process of the same number.
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                other => return other.map(|file| (path, file)),
            }
        }
    }

    /// The files of instances that are there.
    pub(crate) fn instances(&self) -> io::Result<Vec<PathBuf>> {
        let all = fs::read_dir(self.root.join("instances"))?.map(|entry| Ok(entry?.path()));
        Ok(all.collect::<io::Result<Vec<_>>>()?.into_iter().filter(|path| path.extension().is_none()).collect())
    }
}

/// Writes down which task an instance has; the same length always, so that one write replaces the other whole.
pub(crate) fn assign(file: &File, (session, task): Place) -> io::Result<()> {
    file.write_all_at(format!("{session:020} {task:020}\n").as_bytes(), 0)
}

/// Which task an instance had last.
pub(crate) fn assigned(path: &Path) -> Option<Place> {
    let text = fs::read_to_string(path).ok()?;
    let (session, task) = text.trim().split_once(' ')?;
    Some((session.parse().ok()?, task.parse().ok()?))
}

/// The process of an instance, as long as it lives.
pub(crate) fn owner(path: &Path) -> Option<Pid> {
    let file = File::options().write(true).open(path).ok()?;
    fcntl_getlk(&file, &Flock::from(FlockType::WriteLock)).ok().flatten()?.pid
}

/// Removes the file of an instance, and what it has printed if that is nothing.
pub(crate) fn bury(path: &Path) {
    let log = path.with_extension("log");
    if fs::metadata(&log).is_ok_and(|log| log.len() == 0) {
        // A log that stays is of no harm.
        let _ = fs::remove_file(log);
    }
    let _ = fs::remove_file(path);
}

fn write_whole(path: &Path, parts: &[&[u8]]) -> io::Result<()> {
    let new = path.with_extension("put");
    let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&new)?;
    match parts {
        [part] => file.write_all(part)?,
        _ => file.write_all(&parts.concat())?,
    }
    fs::rename(new, path)
}

fn read_tag(path: &Path) -> io::Result<Option<Tag>> {
    let mut file = File::open(path)?;
    let mut size = [0; 8];
    file.read_exact(&mut size)?;
    let Some(size) = u64::from_le_bytes(size).checked_sub(1) else { return Ok(None) };
    let mut tag = Vec::new();
    file.take(size).read_to_end(&mut tag)?;
    tag.push(0);
    Ok(CStr::from_bytes_until_nul(&tag).ok().map(Into::into))
}

fn to_text(facts: &Facts) -> String {
    let Facts { application, user, name, kind, tag, service, priority, codec } = facts;
    let own = [("user", user), ("name", name), ("tag", tag), ("service", service)]
        .map(|(key, value)| format!("{key}={}\n", value.replace(char::is_control, " ")));
    format!("application={application}\ntype={kind}\npriority={priority}\ncodec={codec}\n{}", own.concat())
}

fn from_text(text: &str) -> Option<Facts> {
    let value = |key: &str| text.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix('=')).map(str::to_owned);
    Some(Facts {
        application: value("application")?,
        kind: value("type")?,
        priority: value("priority")?.parse().ok()?,
        codec: value("codec")?.parse().ok()?,
        user: value("user")?,
        name: value("name")?,
        tag: value("tag")?,
        service: value("service")?,
    })
}
