//! What a command needs before it is typed: a document may take for granted what readers have by then.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::PathBuf;
use std::process::Command;

use scaler_wm_tests::{Failure, Result, until};
use serde_json::Value;

use crate::clouds::Cloud;
use crate::ground::plant_symphony;
use crate::reader::Reader;
use crate::services::Role;
use crate::steps::Step;

/// What a scheduler that nobody has started is started with.
const POLICY: &str = "allocate=even_load; scaling=vanilla";

/// In the place of the name of a unit.
const UNIT: &str = "NAT|";

impl Reader {
    /// Ends what is in the way of a command, and sees to what it needs.
    pub(crate) fn prepare(&mut self, role: Role, words: &[String], text: &str) -> Result<()> {
        let files = self.named_in(words);
        let is = |name: &str| words.get(1).is_some_and(|word| word == name);
        let looks = ["preflight", "doctor"].iter().any(|name| is(name));
        let uses_cloud = matches!(role, Role::Manager | Role::Stack) || looks || is("aws_hpc");
        if let Some(manager) = Cloud::needed_by(&format!("{text}{files}")).filter(|_| uses_cloud) {
            self.find_cloud(manager)?;
        }
        if text.contains("symphony") || files.contains("symphony") {
            plant_symphony(self.root())?;
        }
        // A look beforehand wants free ports, and ids that nobody has.
        let as_if = if is("preflight") && files.contains("[scheduler]") {
            Role::Stack
        } else if is("preflight") {
            Role::Manager
        } else {
            role
        };
        self.end_all(|there| there.gives_way_to(as_if))?;
        let watches = is("ctl") || is("top") || is("record") || words.first().is_some_and(|word| word == "curl");
        if as_if == Role::Manager {
            self.find_scheduler(&format!("{text}{files}"))?;
        } else if watches && !self.has_manager(after(words, "--manager")) {
            self.end_all(|there| there.gives_way_to(Role::Manager))?;
            let id = after(words, "--manager").unwrap_or("local");
            let text = format!("scaler-wm baremetal_native tcp://127.0.0.1:8516 -wmi {id} -mtc 4");
            self.find_scheduler(&text)?;
            self.start(Role::Manager, "a manager", &typed(text))?;
        }
        after(words, "--socket").map_or(Ok(()), |socket| self.find_socket(socket))
    }

    /// Whether one runs that can be looked at, of this id if one is named.
    fn has_manager(&self, id: Option<&str>) -> bool {
        let states = self.root().join("home/.local/state/scaler-wm");
        let is_there = |id: &str| states.join(id).join("control.sock").exists();
        self.has(&[Role::Manager, Role::Stack]) && id.is_none_or(is_there)
    }

    fn has(&self, roles: &[Role]) -> bool {
        self.services.iter().any(|service| roles.contains(&service.role))
    }

    /// A scheduler at the address that a text names, unless one runs there.
    fn find_scheduler(&mut self, text: &str) -> Result<()> {
        let scheme = if text.contains("tls://") { "tls" } else { "tcp" };
        if self.has(&[Role::Scheduler]) && self.scheme == scheme {
            return Ok(());
        }
        self.end_all(|role| matches!(role, Role::Scheduler | Role::Storage))?;
        scheme.clone_into(&mut self.scheme);
        let storage = format!("{scheme}://127.0.0.1:8517");
        let keys = if scheme == "tls" { " --tls-cert control.pem --tls-key control.key" } else { "" };
        let text = format!("scaler_object_storage_server {storage}{keys}");
        self.start(Role::Storage, "an object storage", &typed(text))?;
        let text = format!("scaler_scheduler {scheme}://127.0.0.1:8516 -osa {storage} -pc '{POLICY}'{keys}");
        self.start(Role::Scheduler, "a scheduler", &typed(text))
    }

    /// The control socket of what runs, under a name of the document's.
    fn find_socket(&self, socket: &str) -> Result<()> {
        let failed = |error: std::io::Error| Failure::new("find the control socket", error);
        let place = PathBuf::from(self.names.here(socket));
        let states = fs::read_dir(self.root().join("home/.local/state/scaler-wm")).map_err(failed)?;
        let mut sockets = states.flatten().map(|state| state.path().join("control.sock"));
        let there = sockets.find(|socket| socket.exists());
        let there = there.ok_or_else(|| Failure::new("find the control socket", "no state folder has one"))?;
        fs::create_dir_all(place.parent().unwrap_or(&place)).map_err(failed)?;
        let _ = fs::remove_file(&place);
        symlink(there, place).map_err(failed)
    }

    /// A command with the name of a unit that is there, where it names one.
    pub(crate) fn with_unit(&self, text: &str) -> Result<String> {
        let Some(at) = text.find(UNIT) else { return Ok(text.to_owned()) };
        let end = text[at..].find(['\'', '"', ' ']).map_or(text.len(), |end| at + end);
        let unit = until("a unit that is idle", 30.0, || {
            let told = self.asks(&["ctl", "units", "--json"])?;
            let units = told["units"].as_array().cloned().unwrap_or_default();
            units.iter().find_map(|unit| unit["unit"].as_str().map(str::to_owned))
        })?;
        Ok(format!("{}{unit}{}", &text[..at], &text[end..]))
    }

    fn asks(&self, words: &[&str]) -> Option<Value> {
        let mut command = Command::new(self.root().join("bin/scaler-wm"));
        let output = command.args(words).env_clear().env("HOME", self.root().join("home")).output().ok()?;
        serde_json::from_slice(&output.stdout).ok()
    }

    /// Twenty short tasks, so that there is something to be recorded; waits until they are on record.
    pub(crate) fn give_work(&mut self, words: &[String]) -> Result<()> {
        let text = "python -c 'from scaler import Client\n\
                    with Client(address=\"tcp://127.0.0.1:8516\") as client:\n    \
                    futures = [client.submit(abs, -number) for number in range(20)]\n    \
                    assert [future.result() for future in futures] == list(range(20))'";
        self.run(&typed(text.to_owned()))?;
        let file = self.root().join("work").join(after(words, "-o").unwrap_or_default());
        until("twenty tasks on record", 30.0, || {
            let lines = fs::read_to_string(&file).unwrap_or_default().lines().count();
            (lines >= 20).then_some(())
        })
    }

    /// What the binary says of a file, and whether it takes it.
    pub(crate) fn reads(&self, words: &[&str]) -> Result<(bool, String)> {
        let mut command = Command::new(self.root().join("bin/scaler-wm"));
        let output = command.args(words).current_dir(self.root().join("work")).output();
        let output = output.map_err(|error| Failure::new("run scaler-wm", error))?;
        Ok((output.status.success(), String::from_utf8_lossy(&output.stderr).into_owned()))
    }
}

/// The word behind a flag.
fn after<'a>(words: &'a [String], flag: &str) -> Option<&'a str> {
    words.iter().skip_while(|word| *word != flag).nth(1).map(String::as_str)
}

fn typed(text: String) -> Step {
    Step { line: 0, text, shown: Vec::new() }
}
