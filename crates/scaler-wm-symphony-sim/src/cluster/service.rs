//! One service instance: a process that takes one task after the other.

use std::{
    ffi::OsStr,
    fs::File,
    io,
    os::{
        fd::{AsFd, OwnedFd},
        unix::{ffi::OsStrExt, net::UnixStream, process::CommandExt},
    },
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::{Mutex, PoisonError},
    thread,
    time::{Duration, Instant},
};

use rustix::{
    event::{PollFd, PollFlags, poll},
    io::Errno,
    net::{RecvFlags, SendFlags, recv, send},
    process::{Pid, PidfdFlags, Signal, kill_process_group, pidfd_open},
};

use super::store::{self, Place, Store};

/// What the process runs.
const PROGRAM: &str = include_str!("../../python/service.py");
/// How long an instance without a task may take to end.
const FAREWELL: Duration = Duration::from_secs(2);

/// What comes of waiting for an instance.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Heard {
    /// It is ready, or has done what it was told.
    Done,
    /// It is no more.
    Died,
    /// We are to end first.
    Stopped,
}

/// A process, and what we have of it.
pub(crate) struct Service {
    child: Child,
    pid: Pid,
    link: UnixStream,
    /// Tells the end of the process, also where something that it has started holds the link. Not on old kernels.
    end: Option<OwnedFd>,
    path: PathBuf,
    file: File,
}

impl Service {
    /// Starts a process; it is not ready yet.
    pub(crate) fn start(python: &OsStr, store: &Store) -> io::Result<Self> {
        let (path, file) = store.instance()?;
        Self::spawn(python, store.root(), &path, file).inspect_err(|_| store::bury(&path))
    }

    fn spawn(python: &OsStr, folder: &Path, path: &Path, file: File) -> io::Result<Self> {
        let (link, other) = UnixStream::pair()?;
        let log = File::create(path.with_extension("log"))?;
        let mut command = Command::new(python);
        command.arg("-c").arg(PROGRAM).arg(path).current_dir(folder);
        // Not one of our streams: it may outlive us, and whoever reads ours would wait for it.
        command.stdin(Stdio::from(OwnedFd::from(other))).stdout(log.try_clone()?).stderr(log);
        // A group of its own: it outlives us also where the whole of ours is killed, and can be killed with what it starts.
        let child = command.process_group(0).spawn()?;
        let pid = Pid::from_child(&child);
        let end = pidfd_open(pid, PidfdFlags::empty()).ok();
        Ok(Self { child, pid, link, end, path: path.to_owned(), file })
    }

    pub(crate) fn pid(&self) -> Pid {
        self.pid
    }

    /// Writes down that it has this task from here on.
    pub(crate) fn assign(&self, place: Place) -> io::Result<()> {
        store::assign(&self.file, place)
    }

    /// Has it run the task. That it does not hear is found out by waiting.
    pub(crate) fn tell(&self, how: &str, task: &Path) {
        let line = [how.as_bytes(), b" ", task.as_os_str().as_bytes(), b"\n"].concat();
        let mut left = &line[..];
        while !left.is_empty() {
            match send(&self.link, left, SendFlags::NOSIGNAL) {
                Ok(sent) => left = &left[sent..],
                Err(Errno::INTR) => {}
                Err(_) => return,
            }
        }
    }

    /// Waits until it tells something, ends, or nobody writes to `stop` any more.
    pub(crate) fn wait(&self, stop: impl AsFd) -> Heard {
        loop {
            let mut all = vec![PollFd::new(&self.link, PollFlags::IN), PollFd::new(&stop, PollFlags::IN)];
            all.extend(self.end.as_ref().map(|end| PollFd::new(end, PollFlags::IN)));
            if poll(&mut all, None).is_err() {
                continue;
            }
            let has = |index: usize| all.get(index).is_some_and(|it| !it.revents().is_empty());
            if has(0) {
                match recv(&self.link, &mut [0; 1], RecvFlags::empty()) {
                    Ok((_, 1..)) => return Heard::Done,
                    Err(Errno::INTR) => {}
                    _ => return Heard::Died,
                }
            } else if has(2) {
                return Heard::Died;
            } else if has(1) {
                return Heard::Stopped;
            }
        }
    }

    pub(crate) fn is_alive(&mut self) -> bool {
        // Only a look: the process must stay ours to kill until nobody else can.
        match &self.end {
            Some(end) => {
                let mut all = [PollFd::new(end, PollFlags::IN)];
                poll(&mut all, Some(&rustix::event::Timespec { tv_sec: 0, tv_nsec: 0 })) == Ok(0)
            }
            None => true,
        }
    }

    /// Ends it with all that it has started. Nobody else may use its number any more.
    pub(crate) fn bury(mut self) {
        // Until it is waited for its number is not given to another process. Without a group it is all gone already.
        let _ = kill_process_group(self.pid, Signal::KILL);
        let _ = self.child.wait();
        store::bury(&self.path);
    }

    /// Has it end by itself; it has no task.
    pub(crate) fn dismiss(self) {
        // What nobody writes to any more is read to its end.
        let _ = self.link.shutdown(std::net::Shutdown::Both);
        let end = Instant::now() + FAREWELL;
        let mut service = self;
        while service.is_alive() && service.end.is_some() && Instant::now() < end {
            thread::sleep(Duration::from_millis(2));
        }
        service.bury();
    }

    /// Leaves it alone with its task, after which it ends by itself.
    pub(crate) fn leave(self) {
        LEFT.lock().unwrap_or_else(PoisonError::into_inner).push(self.child);
    }
}

/// Processes that were left alone while we live on: somebody must wait for them.
static LEFT: Mutex<Vec<Child>> = Mutex::new(Vec::new());

/// Waits for those that have ended.
pub(crate) fn reap() {
    LEFT.lock().unwrap_or_else(PoisonError::into_inner).retain_mut(|child| matches!(child.try_wait(), Ok(None)));
}
