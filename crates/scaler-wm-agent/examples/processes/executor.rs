//! An executor of one's own: each task is a Python process of this machine, in a folder that outlives this one.

use std::{
    collections::HashMap,
    fs,
    io::{self, ErrorKind as IoErrorKind},
    num::NonZeroUsize,
    os::unix::process::CommandExt as _,
    path::PathBuf,
    process::Command,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use async_trait::async_trait;
use bytes::Bytes;
use procfs::process::{FDTarget, Process, all_processes};
use rustix::process::{Pid, Signal, kill_process_group};
use scaler_wm_agent::payload::{Envelope, read_result};
use scaler_wm_core::{
    CancelOutcome, Close, Completion, Error, ErrorKind, ExecutorInfo, Result, Submission, TaskEntry, TaskExecutor,
    TaskId, TaskOutcome, Ticket,
};
use tokio::sync::{Mutex as AsyncMutex, mpsc};

/// How often it is looked whether a process that is none of our children has ended.
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// Tasks as Python processes of this machine.
pub(crate) struct ProcessExecutor {
    info: ExecutorInfo,
    inner: Arc<Inner>,
    ended: AsyncMutex<mpsc::UnboundedReceiver<Completion>>,
}

struct Inner {
    folder: PathBuf,
    python: PathBuf,
    /// The process group of each task that runs; one that is canceled is taken out before it is killed.
    running: Mutex<HashMap<TaskId, Pid>>,
    tell: mpsc::UnboundedSender<Completion>,
}

impl ProcessExecutor {
    /// Keeps payloads and results in `folder`.
    pub(crate) fn new(folder: PathBuf, python: PathBuf) -> io::Result<Self> {
        fs::create_dir_all(&folder)?;
        let (tell, ended) = mpsc::unbounded_channel();
        let largest_batch = const { NonZeroUsize::new(100).expect("not 0") };
        Ok(Self {
            info: ExecutorInfo {
                name: "processes",
                largest_batch,
                outlives: true,
                closes_within: Duration::from_secs(30),
            },
            inner: Arc::new(Inner { folder, python, running: Mutex::default(), tell }),
            ended: AsyncMutex::new(ended),
        })
    }
}

impl Inner {
    fn running(&self) -> MutexGuard<'_, HashMap<TaskId, Pid>> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn file(&self, task: &TaskId, kind: &str) -> PathBuf {
        self.folder.join(format!("{task}.{kind}"))
    }

    fn start(self: &Arc<Self>, submission: &Submission) -> Result<Ticket> {
        let task = &submission.task;
        let payload = self.file(task, "payload");
        let failed = |error: io::Error| Error::new(ErrorKind::Failed, "start a process", "").with_source(error);
        fs::write(&payload, Envelope::new(&submission.inputs)?.tuple()).map_err(failed)?;
        let log = fs::File::create(self.file(task, "log")).map_err(failed)?;
        let child = Command::new(&self.python)
            .args(["-c", include_str!("run.py")])
            .arg(&payload)
            .arg(self.file(task, "result"))
            .stdout(log.try_clone().map_err(failed)?)
            .stderr(log)
            // A group of its own: it outlives us, and what it starts ends with it.
            .process_group(0)
            .spawn()
            .map_err(failed)?;
        let pid = Pid::from_child(&child);
        self.running().insert(task.clone(), pid);
        self.watch(task.clone(), pid, Some(child));
        Ok(self.ticket(task.clone()))
    }

    fn ticket(&self, task: TaskId) -> Ticket {
        let handle = Bytes::from(self.file(&task, "payload").to_string_lossy().into_owned());
        Ticket { task, handle }
    }

    /// Tells of the end of a process, unless the task was canceled.
    fn watch(self: &Arc<Self>, task: TaskId, pid: Pid, mut child: Option<std::process::Child>) {
        let inner = Arc::clone(self);
        tokio::spawn(async move {
            let is_there = |child: &mut Option<std::process::Child>| match child {
                Some(child) => matches!(child.try_wait(), Ok(None)),
                None => Process::new(pid.as_raw_pid())
                    .and_then(|process| process.stat())
                    .is_ok_and(|stat| stat.state != 'Z'),
            };
            while is_there(&mut child) {
                tokio::time::sleep(LOOK_EVERY).await;
            }
            // Another process may run the task by now, where this one was canceled.
            let is_ours = inner.running().get(&task) == Some(&pid);
            if is_ours {
                inner.running().remove(&task);
                inner.tell_end(task);
            }
        });
    }

    fn tell_end(&self, task: TaskId) {
        let lost = |why: String| TaskOutcome::Failed(Error::new(ErrorKind::Failed, "run a task", why));
        let outcome = match fs::read(self.file(&task, "result")) {
            Ok(bytes) => read_result(&bytes.into()).unwrap_or_else(|error| lost(format!("its result: {error}"))),
            Err(error) if error.kind() == IoErrorKind::NotFound => {
                let log = fs::read_to_string(self.file(&task, "log")).unwrap_or_default();
                let last = log.lines().last().map(|line| format!(": {line}")).unwrap_or_default();
                lost(format!("its process ended without a result{last}"))
            }
            Err(error) => lost(error.to_string()),
        };
        // Fails only at our end.
        drop(self.tell.send(Completion { task, outcome }));
    }

    fn end(&self, task: &TaskId) -> bool {
        let Some(group) = self.running().remove(task) else { return false };
        // It may have ended by itself just now.
        let _ = kill_process_group(group, Signal::KILL);
        true
    }

    /// Processes that write to a log in our folder, by that log, and not what they have started.
    ///
    /// A process that has just been started has its output, but may not have its command line.
    fn processes(&self) -> HashMap<PathBuf, Pid> {
        let processes = all_processes().into_iter().flatten().flatten().filter_map(|process| {
            let FDTarget::Path(log) = process.fd_from_fd(1).ok()?.target else { return None };
            let is_ours = log.starts_with(&self.folder) && process.stat().ok()?.pgrp == process.pid;
            is_ours.then_some((log, Pid::from_raw(process.pid)?))
        });
        processes.collect()
    }
}

#[async_trait]
impl TaskExecutor for ProcessExecutor {
    fn info(&self) -> &ExecutorInfo {
        &self.info
    }

    async fn submit(&self, tasks: Vec<Submission>) -> Vec<(TaskId, Result<Ticket>)> {
        tasks.into_iter().map(|submission| (submission.task.clone(), self.inner.start(&submission))).collect()
    }

    async fn cancel(&self, tasks: &[TaskId], force: bool) -> Vec<(TaskId, Result<CancelOutcome>)> {
        let cancel = |task: &TaskId| {
            let is_running = self.inner.running().contains_key(task);
            let outcome = if is_running && !force {
                CancelOutcome::Running
            } else if self.inner.end(task) {
                CancelOutcome::Canceled
            } else {
                CancelOutcome::NotFound
            };
            (task.clone(), Ok(outcome))
        };
        tasks.iter().map(cancel).collect()
    }

    async fn next(&self) -> Completion {
        // Cancel safe: a channel's receiver loses nothing.
        match self.ended.lock().await.recv().await {
            Some(completion) => completion,
            None => std::future::pending().await,
        }
    }

    async fn release(&self, tasks: &[TaskId]) {
        for task in tasks {
            for kind in ["payload", "result", "log"] {
                // Some of them may not be there.
                let _ = fs::remove_file(self.inner.file(task, kind));
            }
        }
    }

    async fn recover(&self, known: Vec<TaskEntry>) -> Result<Vec<Ticket>> {
        let processes = self.inner.processes();
        let mut found = Vec::new();
        for TaskEntry { task, .. } in known {
            if let Some(pid) = processes.get(&self.inner.file(&task, "log")) {
                self.inner.running().insert(task.clone(), *pid);
                self.inner.watch(task.clone(), *pid, None);
            } else if self.inner.file(&task, "result").exists() {
                self.inner.tell_end(task.clone());
            } else {
                continue;
            }
            found.push(self.inner.ticket(task));
        }
        Ok(found)
    }

    async fn close(&self, how: Close) -> Result<()> {
        if how == Close::Cancel {
            let running: Vec<TaskId> = self.inner.running().keys().cloned().collect();
            for task in running {
                self.inner.end(&task);
            }
        }
        Ok(())
    }
}
