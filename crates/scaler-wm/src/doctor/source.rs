//! Where the record of a manager is: in its file, or with the process that has it open.

use std::{
    fs, io,
    os::unix::{fs::FileTypeExt, net::UnixStream},
    path::{Path, PathBuf},
};

use rustix::fs::{FlockOperation, flock};
use scaler_wm_core::{Journal, LaunchId, ManagerId, OnRecord, TaskId, TaskJournal, options::Values};
use scaler_wm_journal::RedbJournal;

use crate::{
    control::socket_path,
    exit::Failure,
    state::{self, State},
};

/// Where the record of a manager is. While this lives, no process of the manager starts.
pub(super) struct Source {
    folder: PathBuf,
    /// At which socket a manager that runs listens, if it is to.
    socket: Option<PathBuf>,
    kind: Kind,
}

enum Kind {
    /// There is no state folder: nothing was ever on record.
    Nowhere,
    /// No process of the manager runs.
    File {
        /// Its lock is ours as long as this lives.
        _lock: State,
        journal: Option<RedbJournal>,
    },
    /// A process of the manager has its journal open.
    Running {
        /// It, if the lock says so.
        pid: Option<u32>,
    },
}

impl Source {
    /// Finds it. Makes nothing.
    ///
    /// # Errors
    /// When the state folder cannot be read, or its journal is damaged.
    pub(super) fn find(values: &Values, manager: &ManagerId) -> Result<Self, Failure> {
        let folder = state::folder(values, manager)?;
        let kind = match holder(&folder) {
            Ok(Lock::None) => Kind::Nowhere,
            Ok(Lock::Held(pid)) => Kind::Running { pid },
            Ok(Lock::Free) => {
                let state = State::open(values, manager)?;
                let path = state.journal();
                let journal = path.exists().then(|| RedbJournal::open(&path)).transpose().map_err(|error| {
                    let advice = "to go on without what is on record, move that file away";
                    Failure::running(error.with_advice(advice))
                })?;
                Kind::File { _lock: state, journal }
            }
            Err(error) => {
                let folder = folder.display();
                return Err(Failure::Running(format!(
                    "failed to read the state folder {folder}: {error}; run this as the user whose manager it is, or name \
                     its folder by --state-dir DIR"
                )));
            }
        };
        let socket = socket_path(values, &folder);
        Ok(Self { folder, socket, kind })
    }

    /// The state folder.
    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }

    /// Whether a process of the manager runs.
    pub(super) fn is_running(&self) -> bool {
        matches!(self.kind, Kind::Running { .. })
    }

    /// Who has the record, in words.
    pub(super) fn words(&self) -> String {
        let folder = self.folder.display();
        match &self.kind {
            Kind::Nowhere => format!("no manager runs, and nothing is on record: there is no {folder}"),
            Kind::File { .. } => format!("no manager runs; its record is in {folder}"),
            Kind::Running { pid: Some(pid) } => format!("process {pid} runs it"),
            Kind::Running { pid: None } => "a process runs it".to_owned(),
        }
    }

    /// What is on record now.
    ///
    /// # Errors
    /// When the journal cannot be read, or the process that has it does not tell.
    pub(super) async fn load(&self) -> Result<OnRecord, Failure> {
        match &self.kind {
            Kind::Nowhere | Kind::File { journal: None, .. } => {
                Ok(OnRecord { launches: Vec::new(), tasks: Some(Vec::new()) })
            }
            Kind::File { journal: Some(journal), .. } => Ok(OnRecord {
                launches: journal.load().await.map_err(Failure::running)?,
                tasks: Some(journal.tasks().await.map_err(Failure::running)?),
            }),
            Kind::Running { pid } => ask(self.socket.as_deref(), *pid).await,
        }
    }

    /// Takes launches off the record.
    ///
    /// # Errors
    /// When the journal cannot be written, and of a manager that runs: its record is its own.
    pub(super) async fn forget_launch(&self, launch: &LaunchId) -> Result<(), Failure> {
        match self.journal() {
            Some(journal) => journal.forget(std::slice::from_ref(launch)).await.map_err(Failure::running),
            None => Err(not_ours()),
        }
    }

    /// Takes tasks off the record.
    ///
    /// # Errors
    /// As [`Self::forget_launch`].
    pub(super) async fn forget_tasks(&self, tasks: &[TaskId]) -> Result<(), Failure> {
        match self.journal() {
            Some(journal) => journal.ended(tasks).await.map_err(Failure::running),
            None => Err(not_ours()),
        }
    }

    fn journal(&self) -> Option<&RedbJournal> {
        match &self.kind {
            Kind::File { journal, .. } => journal.as_ref(),
            Kind::Nowhere | Kind::Running { .. } => None,
        }
    }

    /// A socket at which a manager listened that has been killed.
    pub(super) fn stale_socket(&self) -> Option<PathBuf> {
        let is_stale = |socket: &PathBuf| {
            let is_socket = fs::symlink_metadata(socket).is_ok_and(|data| data.file_type().is_socket());
            is_socket && UnixStream::connect(socket).is_err()
        };
        self.socket.clone().filter(|socket| !self.is_running() && is_stale(socket))
    }
}

/// Asks the process that has the record, at its socket. It tells nothing of tasks: they count as managed.
async fn ask(socket: Option<&Path>, pid: Option<u32>) -> Result<OnRecord, Failure> {
    let holder = pid.map_or_else(|| "a process".to_owned(), |pid| format!("process {pid}"));
    let why = match socket {
        #[cfg(feature = "control")]
        Some(socket) => match super::socket::ask(socket).await {
            Ok(record) => return Ok(record),
            Err(why) => format!("{}: {why}", socket.display()),
        },
        #[cfg(not(feature = "control"))]
        Some(_) => "this build cannot ask it, it was made without the cargo feature `control`".to_owned(),
        None => "it has no socket (control_socket is none)".to_owned(),
    };
    Err(Failure::Running(format!(
        "{holder} runs this manager and has its record, and does not tell of it ({why}); stop it to look at what it would \
         leave, or start it with a socket"
    )))
}

fn not_ours() -> Failure {
    Failure::Running("the record is that of a process that runs: stop it first".to_owned())
}

enum Lock {
    /// There is no folder, or nobody has ever had it.
    None,
    Free,
    Held(Option<u32>),
}

fn holder(folder: &Path) -> io::Result<Lock> {
    let file = match fs::File::open(folder.join("lock")) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Lock::None),
        file => file?,
    };
    // A shared lock, which goes with the file: two who look do not take each other for a manager.
    match flock(&file, FlockOperation::NonBlockingLockShared) {
        Ok(()) => Ok(Lock::Free),
        Err(rustix::io::Errno::WOULDBLOCK) => {
            let text = io::read_to_string(&file)?;
            Ok(Lock::Held(text.lines().next().and_then(|pid| pid.parse().ok())))
        }
        Err(error) => Err(error.into()),
    }
}
