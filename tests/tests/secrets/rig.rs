//! A manager with secrets, asked everything that can be asked.

use std::{
    collections::HashSet,
    fs,
    io::{Read, Write},
    net::{Ipv4Addr, TcpStream},
    path::PathBuf,
    process::{Command, Stdio},
    time::Duration,
};

use scaler_wm_tests::{Backend, Failure, Manager, ManagerKind, ManagerOptions, Ports, Result, Stack, manager_binary};

use crate::{
    modes::{open_to_others, without_mask},
    planted::Planted,
    search::{found, in_files},
    watch::Watch,
};

/// What is served over HTTP.
const PAGES: [&str; 6] = ["/", "/metrics", "/healthz", "/readyz", "/api/v1/status", "/nowhere"];
/// What a manager can be asked.
const QUESTIONS: [&str; 4] = ["status", "units", "events", "explain"];

/// A manager that has yet to be started, and what was said by everybody who was asked about it.
pub(crate) struct Rig<'a> {
    pub(crate) stack: &'a Stack,
    pub(crate) planted: Planted,
    pub(crate) options: ManagerOptions,
    http: u16,
    watch: Watch,
    said: Vec<(String, String)>,
    /// Who is allowed to have a secret in its command line: whoever was given it there by the user.
    pub(crate) given: HashSet<i32>,
}

impl<'a> Rig<'a> {
    /// One that says as much as it can, and is started without a mask.
    pub(crate) fn new(stack: &'a Stack, planted: Planted, backend: Backend, told: &[&str]) -> Result<Self> {
        let failed = |error| Failure::new("write a program that starts another one", error);
        let http = Ports::single()?;
        let place = format!("127.0.0.1:{http}");
        let talks = ["--logging-level", "DEBUG", "--http-address", &place];
        let options = ManagerOptions {
            kind: ManagerKind::Ours,
            backend,
            binary: Some(without_mask(stack.folder(), &manager_binary()?).map_err(failed)?),
            limit: 4,
            cooldown: Some(0.0),
            heartbeat: Some(1.0),
            extra: talks.iter().chain(told).map(ToString::to_string).collect(),
            environment: variables(&[("RUST_LOG", "trace"), ("RUST_BACKTRACE", "full")]),
            ..ManagerOptions::default()
        };
        let (watch, said, given) = (Watch::start(), Vec::new(), HashSet::new());
        Ok(Self { stack, planted, options, http, watch, said, given })
    }

    /// The same with these variables besides.
    pub(crate) fn with(mut self, more: &[(&str, &str)]) -> Self {
        self.options.environment.extend(variables(more));
        self
    }

    pub(crate) fn start(&self) -> Result<Manager> {
        self.stack.connected_manager(&self.options)
    }

    pub(crate) fn state(&self) -> PathBuf {
        self.stack.folder().join(format!("state-{}", self.options.id))
    }

    /// Keeps what somebody has said.
    pub(crate) fn heard(&mut self, who: impl Into<String>, what: impl Into<String>) {
        self.said.push((who.into(), what.into()));
    }

    /// Asks what can be asked without a manager.
    pub(crate) fn ask_about(&mut self) -> Result<()> {
        let looked = self.stack.preflight(&self.options)?;
        self.heard("preflight", looked.said);
        for flags in [&["--json"][..], &[]] {
            let told = self.stack.doctor(&self.options, flags)?;
            self.heard(format!("doctor {flags:?}"), format!("{}{}", told.output, told.errors));
        }
        let told = self.stack.config_show(&self.options)?;
        self.stack.check(told.code == Some(0), "what would run", format!("{told:?}"))?;
        self.heard("config show", format!("{}{}", told.output, told.errors));
        Ok(())
    }

    /// Asks a manager that runs.
    pub(crate) fn ask(&mut self) -> Result<()> {
        let socket = self.state().join("control.sock").to_string_lossy().into_owned();
        for question in QUESTIONS {
            for flags in [&["--json"][..], &[]] {
                let said = self.ctl(&[&[question, "--socket", &socket], flags].concat())?;
                self.stack.check(!said.is_empty(), question, &said)?;
            }
        }
        for page in PAGES {
            let said = self.page(page)?;
            self.heard(page, said);
        }
        self.check_modes()
    }

    pub(crate) fn ctl(&mut self, words: &[&str]) -> Result<String> {
        let mut command = Command::new(manager_binary()?);
        let output = command.arg("ctl").args(words).stdin(Stdio::null()).output();
        let output = output.map_err(|error| Failure::new("run scaler-wm ctl", error))?;
        let said = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
        self.heard(format!("ctl {words:?}"), said.clone());
        Ok(said)
    }

    fn page(&self, page: &str) -> Result<String> {
        let failed = |error| Failure::new(format!("read {page}"), error);
        let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, self.http)).map_err(failed)?;
        stream.set_read_timeout(Some(Duration::from_secs(10))).map_err(failed)?;
        write!(stream, "GET {page} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").map_err(failed)?;
        let mut said = Vec::new();
        stream.read_to_end(&mut said).map_err(failed)?;
        Ok(String::from_utf8_lossy(&said).into_owned())
    }

    /// Files, folders and sockets of the state folder are one user's, although no mask helps.
    pub(crate) fn check_modes(&self) -> Result<()> {
        let open = open_to_others(&self.state());
        self.stack.check(
            open.is_empty() && self.state().join("journal.redb").is_file(),
            "a state folder that is one user's",
            format!("{open:?}"),
        )
    }

    /// No secret is anywhere but where it was planted; `may` says of which file, by its name, who has to know which.
    pub(crate) fn found_nowhere(self, may: &[(&str, &str)]) -> Result<()> {
        self.check_modes()?;
        let Self { stack, planted, watch, said, given, .. } = self;
        // The search finds what is there: in a file that nobody else knows.
        let names: Vec<&str> = planted.secrets.iter().map(|secret| secret.name).collect();
        let deliberate = stack.folder().join("deliberate.log");
        let all: String = planted.secrets.iter().map(|secret| format!("a word: {}\n", secret.text)).collect();
        fs::write(&deliberate, all).map_err(|error| Failure::new("write secrets into a log", error))?;
        let there = in_files(&planted, stack.folder());
        let there: Vec<&str> = there.iter().filter(|(path, _)| *path == deliberate).map(|(_, name)| *name).collect();
        stack.check(there == names && !names.is_empty(), "what is in a log to be found", format!("{there:?}"))?;
        fs::remove_file(&deliberate).map_err(|error| Failure::new("remove it again", error))?;

        let mut leaks = in_files(&planted, stack.folder());
        leaks.retain(|(path, name)| {
            let file = path.file_name().unwrap_or_default().to_string_lossy();
            !may.iter().any(|(known, secret)| file == *known && name == secret)
        });
        stack.check(leaks.is_empty(), "no secret in a file", format!("{leaks:?}"))?;
        for (who, what) in &said {
            let leaks = found(&planted, what.as_bytes());
            stack.check(leaks.is_empty(), &format!("no secret in what {who} says"), format!("{leaks:?}: {what}"))?;
        }
        let seen = watch.end();
        stack.check(seen.len() > 10, "command lines", seen.len())?;
        for (pid, line) in seen.iter().filter(|(pid, _)| !given.contains(pid)) {
            let leaks = found(&planted, line);
            let line = String::from_utf8_lossy(line);
            stack.check(leaks.is_empty(), "no secret in a command line", format!("{leaks:?} {pid}: {line}"))?;
        }
        Ok(())
    }
}

fn variables(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}
