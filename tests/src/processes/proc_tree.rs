//! Processes as the kernel shows them.

use std::collections::HashSet;
use std::fs;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::Signal;

use super::process::signal;
use crate::deadline;

/// Every process of a stack carries this variable with the stack's own value. Children inherit it, so that a process
/// which lost its parent is still found.
pub(crate) const MARKER: &str = "SCALER_WM_TEST_STACK";

/// Which part of the stack a process belongs to (inherited as well).
pub(crate) const ROLE: &str = "SCALER_WM_TEST_ROLE";

/// Whose unit a process belongs to: the id of the task that a cloud runs it for.
pub(crate) const UNIT: &str = "SCALER_WM_TEST_UNIT";

/// One live process (zombies are left out: they hold nothing).
#[derive(Clone, Debug)]
pub struct Proc {
    /// Process id.
    pub pid: i32,
    /// Parent's process id.
    pub parent: i32,
    /// Process group.
    pub group: i32,
    /// Session.
    pub session: i32,
    /// The part of a stack it belongs to, when it has the marker of one.
    pub role: Option<String>,
    /// The task that it runs for, when it is one of an emulated cloud.
    pub unit: Option<String>,
    /// Command line, arguments separated by spaces.
    pub command: String,
    marker: Option<String>,
}

impl Proc {
    /// Kills it at once (SIGKILL).
    pub fn kill(&self) {
        signal(self.pid, Signal::KILL);
    }

    /// Asks it to end (SIGTERM).
    pub fn terminate(&self) {
        signal(self.pid, Signal::TERM);
    }

    fn read(pid: i32) -> Option<Self> {
        let folder = Path::new("/proc").join(pid.to_string());
        let stat = fs::read_to_string(folder.join("stat")).ok()?;
        // The name, in brackets, may hold anything; what follows its last bracket is plain.
        let fields: Vec<&str> = stat[stat.rfind(')')? + 1..].split_whitespace().collect();
        let number = |at: usize| fields.get(at).and_then(|field| field.parse().ok());
        if matches!(fields.first(), Some(&("Z" | "X"))) {
            return None;
        }
        let environment = fs::read(folder.join("environ")).unwrap_or_default();
        let variable = |name: &str| {
            environment
                .split(|byte| *byte == 0)
                .filter_map(|entry| std::str::from_utf8(entry).ok())
                .find_map(|entry| entry.strip_prefix(name)?.strip_prefix('='))
                .map(str::to_owned)
        };
        let command = fs::read(folder.join("cmdline")).unwrap_or_default();
        let command = String::from_utf8_lossy(&command).replace('\0', " ").trim_end().to_owned();
        let (marker, role, unit) = (variable(MARKER), variable(ROLE), variable(UNIT));
        Some(Self { pid, parent: number(1)?, group: number(2)?, session: number(3)?, role, unit, command, marker })
    }
}

/// All live processes that can be seen.
pub fn all_processes() -> Vec<Proc> {
    let Ok(entries) = fs::read_dir("/proc") else { return Vec::new() };
    entries.flatten().filter_map(|entry| entry.file_name().to_str()?.parse().ok()).filter_map(Proc::read).collect()
}

/// All live processes of the stack with this marker.
pub fn marked(marker: &str) -> Vec<Proc> {
    all_processes().into_iter().filter(|process| process.marker.as_deref() == Some(marker)).collect()
}

/// Kills what `mine` gives, again and again: a process that is being forked while the list is read is found the next time.
/// Not by `until`, which gives up when the program is interrupted.
pub(crate) fn kill_all(mine: impl Fn() -> Vec<Proc>) {
    let end = deadline(10.0);
    let mut left = mine();
    while !left.is_empty() && Instant::now() < end {
        left.iter().for_each(Proc::kill);
        thread::sleep(Duration::from_millis(10));
        left = mine();
    }
    if !left.is_empty() {
        eprintln!("processes are left: {left:?}");
    }
}

/// All live descendants of `pid`.
pub fn descendants(pid: i32) -> Vec<Proc> {
    let all = all_processes();
    let mut family = HashSet::from([pid]);
    loop {
        let before = family.len();
        family.extend(
            all.iter()
                .filter(|process| family.contains(&process.parent))
                .map(|process| process.pid)
                .collect::<Vec<_>>(),
        );
        if family.len() == before {
            break;
        }
    }
    family.remove(&pid);
    all.into_iter().filter(|process| family.contains(&process.pid)).collect()
}

/// Those of `processes` that hold an established TCP connection to `port` on loopback.
pub fn with_connection_to(port: u16, processes: Vec<Proc>) -> Vec<Proc> {
    let sockets = sockets_to(port);
    processes.into_iter().filter(|process| holds_any(process.pid, &sockets)).collect()
}

/// Names of the sockets, as `/proc/PID/fd` shows them, whose other end is `port`.
fn sockets_to(port: u16) -> HashSet<String> {
    const ESTABLISHED: &str = "01";
    let suffix = format!(":{port:04X}");
    let mut found = HashSet::new();
    for table in ["/proc/net/tcp", "/proc/net/tcp6"].iter().filter_map(|path| fs::read_to_string(path).ok()) {
        for line in table.lines().skip(1) {
            let fields: Vec<&str> = line.split_whitespace().collect();
            if let [_, _, remote, state, _, _, _, _, _, inode, ..] = fields[..]
                && remote.ends_with(&suffix)
                && state == ESTABLISHED
            {
                found.insert(format!("socket:[{inode}]"));
            }
        }
    }
    found
}

fn holds_any(pid: i32, sockets: &HashSet<String>) -> bool {
    let Ok(entries) = fs::read_dir(format!("/proc/{pid}/fd")) else { return false };
    entries
        .flatten()
        .filter_map(|entry| fs::read_link(entry.path()).ok())
        .any(|target| target.to_str().is_some_and(|target| sockets.contains(target)))
}

#[cfg(test)]
mod tests {
    use std::net::{Ipv4Addr, TcpListener, TcpStream};
    use std::process::{Command, Stdio};

    use super::*;
    use crate::until;

    #[test]
    fn an_orphan_is_found_by_its_marker_and_a_killed_one_is_not() {
        let marker = format!("orphan-{}", std::process::id());
        // The shell ends at once and leaves its child to somebody else.
        let mut shell = Command::new("sh");
        shell.args(["-c", "sleep 60 & true"]).env(MARKER, &marker).stdout(Stdio::null());
        shell.status().expect("a shell");
        let found = until("the orphan", 5.0, || marked(&marker).into_iter().find(|left| left.command == "sleep 60"));
        let found = found.expect("the orphan is found");
        assert!(!descendants(std::process::id().cast_signed()).iter().any(|process| process.pid == found.pid));
        found.kill();
        until("it gone", 5.0, || marked(&marker).is_empty().then_some(())).expect("it is gone");
    }

    #[test]
    fn the_holder_of_a_connection_is_found() {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
        let port = listener.local_addr().expect("its address").port();
        let own =
            || all_processes().into_iter().filter(|process| process.pid == std::process::id().cast_signed()).collect();
        assert!(with_connection_to(port, own()).is_empty());
        let _stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).expect("a connection");
        assert_eq!(with_connection_to(port, own()).len(), 1);
    }
}
