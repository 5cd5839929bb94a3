//! What `doctor` says of the managers of a file, word for word. Nothing is started; what it finds is planted.
#![cfg(feature = "native")]
#![expect(clippy::unwrap_used, reason = "a test ends where it cannot go on")]

use std::{
    env, fs,
    num::NonZeroU32,
    os::unix::net::UnixListener,
    path::Path,
    process::{Command, Stdio},
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use bytes::Bytes;
use rustix::fs::{FlockOperation, flock};
use scaler_wm_core::{Journal, Launch, LaunchId, Settled, Tier, Timestamp, Token, UnitId};
use scaler_wm_journal::RedbJournal;

/// Two managers of ours, and one that only the Python package has.
const FILE: &str = r#"
[[worker_manager]]
type = "baremetal_native"
scheduler_address = "tcp://127.0.0.1:9"
worker_manager_id = "first"
state_dir = "first"

[[worker_manager]]
type = "baremetal_native"
scheduler_address = "tcp://127.0.0.1:9"
worker_manager_id = "second"
state_dir = "second"

[[worker_manager]]
type = "oci_raw"
scheduler_address = "tcp://127.0.0.1:9"
compartment_id = "c"
availability_domain = "a"
subnet_id = "s"
container_image = "i"
python_version = "3.12"
requirements_txt = "r.txt"
"#;

/// Runs it; what it said, with its exit code.
fn doctor(folder: &Path, arguments: &[&str]) -> String {
    let mut command = Command::new(env!("CARGO_BIN_EXE_scaler-wm"));
    command.current_dir(folder).env("HOME", folder).env_remove("XDG_STATE_HOME").stdin(Stdio::null());
    let output = command.arg("doctor").args(arguments).output().unwrap();
    let [said, errors] = [&output.stdout, &output.stderr].map(|bytes| String::from_utf8(bytes.clone()).unwrap());
    let line = format!("$ scaler-wm doctor {}", arguments.join(" "));
    format!("{line}\n{said}--- standard error\n{errors}--- exit code {}\n\n", output.status.code().unwrap())
}

/// Two launches, three days old: of one nobody knows what came, the other's unit is gone.
async fn plant(file: &Path) {
    let now = Timestamp::default() + SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    let journal = RedbJournal::open(file).unwrap();
    for id in ["open", "spent"] {
        let launch = Launch {
            id: LaunchId::from(id),
            token: Token::from(id),
            count: NonZeroU32::MIN,
            tier: Tier::default(),
            at: now - Duration::from_secs(3 * 86_400),
            spec: Bytes::new(),
        };
        journal.open(&launch).await.unwrap();
    }
    let settled = Settled { units: vec![UnitId::from("NAT|gone")], missing: 0 };
    journal.settle(&LaunchId::from("spent"), &settled, Timestamp::from_millis(1)).await.unwrap();
}

#[tokio::test]
async fn what_is_found_is_said_as_recorded() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("f.toml"), FILE).unwrap();
    let mut said = doctor(folder.path(), &["f.toml"]);
    let first = folder.path().join("first");
    assert!(!first.exists(), "it makes no state folder");

    fs::create_dir(&first).unwrap();
    fs::write(first.join("lock"), "4711\nfirst").unwrap();
    plant(&first.join("journal.redb")).await;
    drop(UnixListener::bind(first.join("control.sock")).unwrap());
    drop(UnixListener::bind(first.join("helper.sock")).unwrap());
    for flags in [&["f.toml"][..], &["f.toml", "--delete"], &["f.toml", "--yes"], &["f.toml", "--delete", "--yes"]] {
        said += &doctor(folder.path(), flags);
    }

    // A manager runs.
    fs::write(first.join("lock"), "4711\nfirst").unwrap();
    let lock = fs::File::open(first.join("lock")).unwrap();
    flock(&lock, FlockOperation::LockExclusive).unwrap();
    said += &doctor(folder.path(), &["f.toml", "--delete", "--yes"]);
    drop(lock);

    fs::write(first.join("journal.redb"), "no journal").unwrap();
    said += &doctor(folder.path(), &["baremetal_native", "tcp://127.0.0.1:9", "-wmi", "first", "--state-dir", "first"]);

    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/expected/doctor_told.txt");
    if env::var_os("UPDATE_EXPECTED").is_some() {
        fs::write(&file, &said).unwrap();
    }
    assert_eq!(said, fs::read_to_string(&file).unwrap_or_default(), "UPDATE_EXPECTED=1 takes it over");
}
