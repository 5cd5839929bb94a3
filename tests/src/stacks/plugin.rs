//! The sample of a plug-in, `local_processes.py`, beside a stack.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::setup::run;
use crate::{Backend, Failure, Proc, Process, Result, Stack, Venv};

/// A running plug-in. It ends when the stack is dropped, and so do its workers.
#[derive(Debug)]
pub struct Plugin {
    venv: Venv,
    socket: PathBuf,
    stubs: PathBuf,
    process: Process,
}

impl Plugin {
    /// Makes the stubs, starts a plug-in beside a stack, and waits until it listens.
    ///
    /// # Errors
    /// When its virtual environment or its stubs cannot be made, or it does not come up.
    pub fn start(stack: &Stack) -> Result<Self> {
        let venv = Venv::with_grpc(stack.venv().release(), &|line| eprintln!("{line}"))?;
        let (socket, stubs) = (stack.folder().join("plugin.sock"), stack.folder().join("stubs"));
        make_stubs(&venv, &stubs)?;
        let process = start(stack, &venv, &socket, &stubs)?;
        Ok(Self { venv, socket, stubs, process })
    }

    /// Where it listens.
    pub fn address(&self) -> String {
        format!("unix://{}", self.socket.display())
    }

    /// The socket at which it listens.
    pub fn socket(&self) -> &Path {
        &self.socket
    }

    /// Managers whose units it starts.
    pub fn backend(&self) -> Backend {
        Backend::External { address: self.address() }
    }

    /// Kills it at once (SIGKILL). Its workers stay.
    pub fn kill(&mut self) {
        self.process.kill();
    }

    /// Starts it again where it was.
    ///
    /// # Errors
    /// When it does not come up.
    pub fn start_again(&mut self, stack: &Stack) -> Result<()> {
        self.process = start(stack, &self.venv, &self.socket, &self.stubs)?;
        Ok(())
    }

    /// The processes of its units: of each that of the worker itself.
    pub fn workers(stack: &Stack) -> Vec<Proc> {
        let mut processes = stack.processes();
        // What a worker has forked has its command line, too.
        let is_worker =
            |process: &Proc| process.command.contains("scaler-wm-plugin-worker") && process.session == process.pid;
        processes.retain(is_worker);
        processes
    }
}

fn start(stack: &Stack, venv: &Venv, socket: &Path, stubs: &Path) -> Result<Process> {
    // What a killed one has left would look as if it listened.
    let _ = fs::remove_file(socket);
    let mut command = Command::new(venv.python());
    command.arg(folder().join("crates/scaler-wm-external/python/local_processes.py"));
    command.arg("--listen").arg(format!("unix://{}", socket.display())).arg("--stubs").arg(stubs);
    let process = stack.process("plugin", &mut command)?;
    stack.until("the plug-in listen", 20.0, || {
        (!process.log().lines_with(&["listening at"]).is_empty()).then_some(())
    })?;
    Ok(process)
}

fn make_stubs(venv: &Venv, folder: &Path) -> Result<()> {
    fs::create_dir_all(folder).map_err(|error| Failure::new("make a folder for stubs", error))?;
    let schemas = self::folder().join("proto/scaler_wm/v1");
    let mut command = Command::new(venv.python());
    command.args(["-m", "grpc_tools.protoc", "-I"]).arg(&schemas);
    for flag in ["--python_out=", "--grpc_python_out="] {
        command.arg(format!("{flag}{}", folder.display()));
    }
    run(command.arg("provider.proto"))
}

/// The folder of the repository.
fn folder() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the tests lie in a workspace")
}
