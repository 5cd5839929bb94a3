//! The state folder: one manager per id and folder, its identity on the wire, its journal.

use std::{
    env,
    fs::{self, DirBuilder, File, OpenOptions},
    io::{self, Read, Write},
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::{Path, PathBuf},
};

use rustix::{
    fs::{FlockOperation, flock},
    rand::{GetRandomFlags, getrandom},
};
use scaler_wm_core::{ManagerId, files, options::Values, policy::AccountRecord};
use tracing::warn;

use crate::exit::Failure;

/// The file of what was spent.
const SPENT: &str = "spent.json";

/// The folder of a manager that runs. Nobody else has it while this lives: the lock goes with the process.
#[derive(Debug)]
pub(crate) struct State {
    folder: PathBuf,
    _lock: File,
}

impl State {
    /// Makes and locks the folder of a manager.
    ///
    /// # Errors
    /// When it cannot be made, and when another process has it, with that one's pid.
    pub(crate) fn open(values: &Values, manager: &ManagerId) -> Result<Self, Failure> {
        let folder = folder(values, manager)?;
        let failed = |what: &str, error: io::Error| {
            let folder = folder.display();
            Failure::Usage(format!("failed to {what} {folder}: {error}; give another folder by --state-dir DIR"))
        };
        // 0700: the journal and the identity are nobody else's business.
        DirBuilder::new().recursive(true).mode(0o700).create(&folder).map_err(|error| failed("make", error))?;
        let mut lock = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(folder.join("lock"))
            .map_err(|error| failed("lock", error))?;
        match flock(&lock, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => {}
            Err(rustix::io::Errno::WOULDBLOCK) => return Err(held(&mut lock, manager, &folder)),
            Err(error) => return Err(failed("lock", error.into())),
        }
        // For whoever comes next and is refused.
        lock.set_len(0)
            .and_then(|()| lock.write_all(format!("{}\n{manager}", std::process::id()).as_bytes()))
            .map_err(|error| failed("write the lock in", error))?;
        Ok(Self { folder, _lock: lock })
    }

    /// The folder itself.
    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    /// The file of the journal.
    pub(crate) fn journal(&self) -> PathBuf {
        self.folder.join("journal.redb")
    }

    /// The identity on the wire: kept, so that the scheduler takes a restarted manager at once, and does not wait until
    /// it has forgotten the one before.
    ///
    /// # Errors
    /// When it can neither be read nor written.
    pub(crate) fn identity(&self, kind: &str) -> Result<String, Failure> {
        let file = self.folder.join("identity");
        let failed = |error: io::Error| {
            let file = file.display();
            Failure::Usage(format!(
                "failed to keep {file}: {error}; let this user own it, or give another folder by --state-dir"
            ))
        };
        match fs::read_to_string(&file) {
            Ok(identity) if !identity.is_empty() => return Ok(identity),
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(failed(error)),
            _ => {}
        }
        let mut random = [0_u8; 16];
        getrandom(&mut random, GetRandomFlags::empty()).map_err(|error| failed(error.into()))?;
        let random: String = random.iter().map(|byte| format!("{byte:02x}")).collect();
        let identity = format!("{}|worker_manager_{kind}|{random}", std::process::id());
        files::replace(&file, identity.as_bytes()).map_err(failed)?;
        Ok(identity)
    }

    /// What this manager has spent, by its earlier processes; `None` before the first.
    ///
    /// # Errors
    /// When it is there and cannot be read.
    pub(crate) fn spent(&self) -> Result<Option<AccountRecord>, Failure> {
        let file = self.folder.join(SPENT);
        let failed = |error: String| {
            let file = file.display();
            Failure::Usage(format!(
                "what was spent cannot be read from {file}: {error}; remove the file to begin with nothing spent"
            ))
        };
        match fs::read_to_string(&file) {
            Ok(text) => serde_json::from_str(&text).map(Some).map_err(|error| failed(error.to_string())),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(failed(error.to_string())),
        }
    }

    /// Keeps what this manager has spent. What cannot be kept is said, and stops nobody.
    pub(crate) fn keep_spent(&self, record: &AccountRecord) {
        let path = self.folder.join(SPENT);
        let kept = serde_json::to_vec(record).map_err(io::Error::from).and_then(|text| files::replace(&path, &text));
        if let Err(error) = kept {
            warn!(%error, "failed to keep what was spent; after a restart it is not known");
        }
    }
}

/// The folder of a manager: the one that is given, else one under its name.
///
/// # Errors
/// When none is given and the environment names no place for it.
pub(crate) fn folder(values: &Values, manager: &ManagerId) -> Result<PathBuf, Failure> {
    match values.maybe_text("state_dir") {
        Some(folder) => Ok(PathBuf::from(folder)),
        None => default_folder(manager, variable),
    }
}

/// The folder of a manager that is given none.
///
/// # Errors
/// As [`root`].
#[cfg(feature = "control")]
pub(crate) fn default_folder_of(manager: &ManagerId) -> Result<PathBuf, Failure> {
    default_folder(manager, variable)
}

/// Where the folders of managers are that are given none.
///
/// # Errors
/// When the environment names no place for them.
#[cfg(feature = "control")]
pub(crate) fn root() -> Result<PathBuf, Failure> {
    root_by(variable)
}

fn variable(name: &str) -> Option<String> {
    env::var(name).ok().filter(|value| !value.is_empty())
}

/// Who holds a lock that is held.
pub(crate) fn held(lock: &mut File, manager: &ManagerId, folder: &Path) -> Failure {
    let mut text = String::new();
    // What cannot be read is not named.
    drop(lock.read_to_string(&mut text));
    let (pid, other) = text.split_once('\n').unwrap_or((&text, manager.as_str()));
    let holder = if pid.is_empty() { "another process".to_owned() } else { format!("process {pid}") };
    let folder = folder.display();
    Failure::Usage(if other == manager.as_str() {
        format!(
            "{holder} runs a manager with the same id `{manager}` ({folder} is locked); stop that one, or give this one \
             another name by --worker-manager-id ID"
        )
    } else {
        format!(
            "{holder} runs the manager `{other}` with the state folder {folder}; give this one, `{manager}`, a folder of its \
             own by --state-dir DIR"
        )
    })
}

fn default_folder(manager: &ManagerId, variable: impl Fn(&str) -> Option<String>) -> Result<PathBuf, Failure> {
    Ok(root_by(variable)?.join(file_name(manager.as_str())))
}

fn root_by(variable: impl Fn(&str) -> Option<String>) -> Result<PathBuf, Failure> {
    let base = match (variable("XDG_STATE_HOME"), variable("HOME")) {
        (Some(state), _) => PathBuf::from(state),
        (None, Some(home)) => PathBuf::from(home).join(".local/state"),
        (None, None) => {
            let problem = "no place for the state folder: neither XDG_STATE_HOME nor HOME is set; give --state-dir DIR";
            return Err(Failure::Usage(problem.to_owned()));
        }
    };
    Ok(base.join("scaler-wm"))
}

/// A manager's name as one part of a path: what is not plain is written as its code, so that no two names meet.
fn file_name(name: &str) -> String {
    let mut plain = String::with_capacity(name.len());
    for (index, byte) in name.bytes().enumerate() {
        let is_plain = byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_') || (byte == b'.' && index > 0);
        if is_plain { plain.push(char::from(byte)) } else { plain.push_str(&format!("%{byte:02x}")) }
    }
    plain
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use scaler_wm_core::{
        Timestamp,
        options::{COMMON, Found, OptionSpec, Origin, Raw, resolve},
        policy::Policy,
    };

    use super::*;

    fn values(folder: &Path) -> Values {
        let given = |key, text: &str| Found {
            key,
            raw: Raw::Text(text.to_owned()),
            origin: Origin::CommandLine(String::new()),
        };
        let options: Vec<&OptionSpec> = COMMON.iter().copied().flatten().collect();
        let found = [given("scheduler_address", "tcp://h:1"), given("state_dir", folder.to_str().unwrap())];
        resolve(&options, &found, |_| None, &[]).unwrap()
    }

    #[test]
    fn one_process_has_it_and_the_next_is_told_who() {
        let folder = tempfile::tempdir().unwrap();
        let (values, manager) = (values(&folder.path().join("a/b")), ManagerId::from("m"));
        let first = State::open(&values, &manager).unwrap();
        let Failure::Usage(problem) = State::open(&values, &manager).unwrap_err() else { panic!("of another kind") };
        assert!(problem.contains(&format!("process {} ", std::process::id())), "{problem}");
        assert!(problem.contains("same id `m`") && problem.contains("--worker-manager-id"), "{problem}");
        let Failure::Usage(problem) = State::open(&values, &ManagerId::from("n")).unwrap_err() else {
            panic!("of another kind")
        };
        assert!(problem.contains("the manager `m`") && problem.contains("--state-dir"), "{problem}");
        drop(first);
        State::open(&values, &manager).unwrap();
    }

    #[test]
    fn the_identity_stays_and_nobody_else_reads_it() {
        let folder = tempfile::tempdir().unwrap();
        let values = values(&folder.path().join("state"));
        let first = State::open(&values, &ManagerId::from("m")).unwrap();
        let identity = first.identity("baremetal_native").unwrap();
        drop(first);
        let second = State::open(&values, &ManagerId::from("m")).unwrap();
        assert_eq!(second.identity("baremetal_native").unwrap(), identity);
        let mode = |file: &str| fs::metadata(folder.path().join(file)).unwrap().permissions().mode() & 0o777;
        assert_eq!([mode("state"), mode("state/identity"), mode("state/lock")], [0o700, 0o600, 0o600]);
    }

    #[test]
    fn what_was_spent_is_known_to_the_next_process() {
        let folder = tempfile::tempdir().unwrap();
        let (values, manager) = (values(folder.path()), ManagerId::from("cloud"));
        let state = State::open(&values, &manager).unwrap();
        assert_eq!(state.spent().unwrap(), None);
        let policy = Policy::new("waterfall_v2", "1,cloud,,1\nbudget_per_day,10").unwrap();
        let (before, after) = (policy.ledger().unwrap(), policy.ledger().unwrap());
        let at = |hours: u64| Timestamp::from_millis(hours * 3_600_000);
        before.count(&manager, 4, at(0));
        state.keep_spent(&before.record(&manager, at(2)).unwrap());
        after.restore(&manager, state.spent().unwrap().unwrap(), at(2));
        after.count(&manager, 0, at(2));
        assert_eq!([&before, &after].map(|ledger| ledger.admit(&manager, 9, at(2))), [0, 2]);

        fs::write(folder.path().join(SPENT), "half a li").unwrap();
        let Failure::Usage(problem) = state.spent().unwrap_err() else { panic!("of another kind") };
        assert!(problem.contains(SPENT) && problem.contains("remove the file"), "{problem}");
    }

    #[test]
    fn names_become_one_part_of_a_path_each() {
        for (name, plain) in [("wm-1", "wm-1"), ("a/b", "a%2fb"), ("..", "%2e."), ("ä", "%c3%a4"), ("a.b", "a.b")] {
            assert_eq!(file_name(name), plain);
        }
        let folder = default_folder(&ManagerId::from("m"), |variable| (variable == "HOME").then(|| "/h".to_owned()));
        assert_eq!(folder.unwrap(), Path::new("/h/.local/state/scaler-wm/m"));
        assert!(default_folder(&ManagerId::from("m"), |_| None).is_err());
    }
}
