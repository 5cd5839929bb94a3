//! What is asked at a terminal, and what an answer does.

use std::fs;
use std::os::unix::net::UnixListener;
use std::process::Command;

use scaler_wm_tests::{LATEST, Result, Venv, manager_binary};

/// Runs a command at a terminal and answers its question; ends with its exit code, and prints what it said.
const AT_A_TERMINAL: &str = r#"
import os, pty, sys

pid, fd = pty.fork()
if pid == 0:
    os.execv(sys.argv[2], sys.argv[2:])
said = b""
while not said.endswith(b"[y/N] "):
    said += os.read(fd, 1)
os.write(fd, sys.argv[1].encode() + b"\n")
try:
    while part := os.read(fd, 4096):
        said += part
except OSError:
    pass  # how a terminal ends
print(said.decode())
sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
"#;

#[test]
fn nothing_is_deleted_before_the_answer_and_only_yes_is_one() -> Result<()> {
    let python = Venv::ensure(LATEST, &|line| eprintln!("{line}"))?.python();
    let binary = manager_binary()?;
    let folder = tempfile::tempdir().expect("a folder");
    let socket = folder.path().join("control.sock");
    fs::write(folder.path().join("lock"), "").expect("a file");
    for (answer, code, is_left) in [("n", 1, true), ("", 1, true), ("yes", 0, false)] {
        drop(fs::remove_file(&socket));
        drop(UnixListener::bind(&socket).expect("a socket"));
        let mut command = Command::new(&python);
        command.args(["-c", AT_A_TERMINAL, answer]).arg(&binary);
        command.args(["doctor", "baremetal_native", "tcp://127.0.0.1:9", "--delete", "--state-dir"]).arg(folder.path());
        let output = command.output().expect("python to run");
        let said = String::from_utf8_lossy(&output.stdout);
        assert_eq!(output.status.code(), Some(code), "{answer:?}: {said}");
        assert_eq!(socket.exists(), is_left, "{answer:?}: {said}");
        assert!(said.contains("To be deleted:") && said.contains("Delete these 1? [y/N]"), "{said}");
        assert_eq!(said.contains("nothing was deleted"), is_left, "{said}");
    }
    Ok(())
}
