//! A manager that is watched while peers do their worst.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpStream};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::Duration;

use scaler_wm_tests::{
    Failure, Manager, ManagerOptions, Ports, Result, Stack, StackOptions, manager_binary, memory_of,
};

/// Lines of a manager's log, and bytes, however often peers misbehave.
const MOST_LINES: usize = 400;
const MOST_BYTES: usize = 200_000;

/// A scheduler that is told what to ask for, and a manager of which everything is known.
pub(crate) struct Watched {
    pub(crate) stack: Stack,
    pub(crate) manager: Manager,
    http: u16,
    /// What it may have resident, in bytes.
    bound: u64,
}

/// A scheduler that asks for what it is told.
pub(crate) fn told() -> Result<Stack> {
    Stack::start(StackOptions { is_told: true, ..StackOptions::default() })
}

impl Watched {
    /// Starts a manager that connects to `address`, and may have so many bytes more resident than when it is at rest.
    pub(crate) fn start(stack: Stack, address: &str, mut options: ManagerOptions, more: u64) -> Result<Self> {
        let http = Ports::single()?;
        options.extra.extend(["--http-address".to_owned(), format!("127.0.0.1:{http}")]);
        (options.heartbeat, options.cooldown) = (Some(1.0), Some(0.0));
        let manager = stack.manager_at(address, &options)?;
        let mut watched = Self { stack, manager, http, bound: u64::MAX };
        watched.until_connected()?;
        watched.bound = memory_of(watched.manager.pid()).peak + more;
        Ok(watched)
    }

    /// The port at which it answers over HTTP.
    pub(crate) fn http(&self) -> u16 {
        self.http
    }

    /// The socket of its control plane.
    pub(crate) fn socket(&self) -> PathBuf {
        self.stack.folder().join("state-wm1").join("control.sock")
    }

    /// It is at the scheduler, by its own word.
    pub(crate) fn until_connected(&mut self) -> Result<()> {
        let http = self.http;
        self.stack.until("the manager ready", 30.0, || get(http, "/readyz").filter(|answer| is_good(answer)).map(drop))
    }

    /// The same process runs, has not had more resident than it may, and answers.
    pub(crate) fn check(&mut self, behind: &str) -> Result<()> {
        let ended = self.manager.exited();
        self.stack.check(ended.is_none(), &format!("the manager run on behind `{behind}`"), format!("{ended:?}"))?;
        let (peak, bound) = (memory_of(self.manager.pid()).peak, self.bound);
        println!("{behind}: {} kB of {} kB", peak / 1024, bound / 1024);
        self.stack.check(peak < bound, &format!("at most {bound} bytes behind `{behind}`"), peak)?;
        let http = self.http;
        self.stack.until(&format!("health behind `{behind}`"), 20.0, || {
            get(http, "/healthz").filter(|answer| is_good(answer)).map(drop)
        })
    }

    /// It works: a worker comes, and goes. The log has few lines, each of them short.
    pub(crate) fn works(&mut self) -> Result<()> {
        self.until_connected()?;
        self.stack.wish(1)?;
        self.stack.until_connected(1, 40.0)?;
        self.stack.wish(0)?;
        self.stack.until_connected(0, 40.0)?;
        self.answers()?;
        self.has_said_little()
    }

    /// `ctl` has an answer.
    pub(crate) fn answers(&self) -> Result<()> {
        let mut command = Command::new(manager_binary()?);
        command.args(["ctl", "status", "--socket"]).arg(self.socket()).stdin(Stdio::null());
        let output = command.output().map_err(|error| Failure::new("run scaler-wm ctl", error))?;
        self.stack.check(output.status.success(), "an answer to `ctl status`", format!("{output:?}"))
    }

    /// One cause is said once, or now and then.
    pub(crate) fn has_said_little(&self) -> Result<()> {
        let text = self.manager.log().text();
        let lines = text.lines().count();
        println!("{lines} lines, {} bytes of log", text.len());
        self.stack.check(lines <= MOST_LINES && text.len() <= MOST_BYTES, "few lines", format!("{lines}"))?;
        let has_controls = text.contains(|letter: char| letter.is_control() && !matches!(letter, '\n' | '\t'));
        self.stack.check(!has_controls, "no control character in the log", "some")
    }
}

fn is_good(answer: &str) -> bool {
    answer.starts_with("HTTP/1.1 200")
}

/// What is answered; `None` when nobody does.
fn get(port: u16, path: &str) -> Option<String> {
    let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).ok()?;
    stream.set_read_timeout(Some(Duration::from_secs(5))).ok()?;
    write!(stream, "GET {path} HTTP/1.1\r\nhost: localhost\r\n\r\n").ok()?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).ok()?;
    Some(answer)
}
