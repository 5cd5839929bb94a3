//! An emulator of AWS that really runs tasks of ECS: as processes of this machine.

use std::path::Path;
use std::process::Command;

use rustix::process::Signal;
use serde_json::{Map, Value, json};

use super::task::{Desired, Task};
use crate::aws::client::AwsClient;
use crate::aws::containers::{Containers, Engine, MISSING_IMAGE};
use crate::aws::emulation::Emulation;
use crate::processes::signal;
use crate::stacks::{Ground, TAIL};
use crate::{Backend, Failure, LogFile, Ports, Proc, Process, Result, Venv, is_listening, until};

/// What it emulates for us; `ecs-metadata` answers the containers.
const SERVICES: &str = "ecs,iam,ecs-metadata";

/// The most tasks that one call describes.
const PAGE: usize = 100;

/// How tasks are run.
#[derive(Clone, Debug)]
pub struct EmulatorOptions {
    /// Whether tasks are processes. If not, they run at once and do nothing: there can be thousands of them.
    pub executes: bool,
    /// How long a task takes to start, in seconds.
    pub start_seconds: f64,
    /// Whether a stop asks every process of a container to end, or its first one only, as container engines do.
    pub stops_group: bool,
}

impl Default for EmulatorOptions {
    fn default() -> Self {
        Self { executes: true, start_seconds: 0.0, stops_group: true }
    }
}

/// A running emulator. It ends when this is dropped, and its tasks' processes with it.
#[derive(Debug)]
pub struct Emulator {
    process: Process,
    port: u16,
    client: AwsClient,
    containers: Containers,
}

impl Emulator {
    /// What it printed.
    pub fn log(&self) -> &LogFile {
        self.process.log()
    }

    /// A client that asks it directly.
    pub fn client(&self) -> &AwsClient {
        &self.client
    }

    /// The tasks of all clusters that are to run, or that are to be stopped.
    ///
    /// # Errors
    /// When it does not answer.
    pub fn tasks(&self, desired: Desired) -> Result<Vec<Task>> {
        let clusters = self.client.ecs("ListClusters", &json!({}))?.ok()?;
        let mut tasks = Vec::new();
        for cluster in strings(&clusters["clusterArns"]) {
            let arns = self.arns(&cluster, desired)?;
            for page in arns.chunks(PAGE) {
                let parameters = json!({"cluster": cluster, "tasks": page, "include": ["TAGS"]});
                let answer = self.client.ecs("DescribeTasks", &parameters)?.ok()?;
                tasks.extend(answer["tasks"].as_array().into_iter().flatten().map(Task::of));
            }
        }
        Ok(tasks)
    }

    fn arns(&self, cluster: &str, desired: Desired) -> Result<Vec<String>> {
        let mut arns = Vec::new();
        let mut parameters = json!({"cluster": cluster, "desiredStatus": desired.as_str(), "maxResults": PAGE});
        loop {
            let answer = self.client.ecs("ListTasks", &parameters)?.ok()?;
            arns.extend(strings(&answer["taskArns"]));
            match &answer["nextToken"] {
                Value::Null => return Ok(arns),
                token => parameters["nextToken"] = token.clone(),
            }
        }
    }

    /// Stops a task behind its manager's back; this takes as long as its processes take to end, at most 5 s.
    ///
    /// # Errors
    /// When there is no such task.
    pub fn stop_task(&self, task: &Task, reason: &str) -> Result<()> {
        let parameters = json!({"cluster": task.cluster, "task": task.arn, "reason": reason});
        self.client.ecs("StopTask", &parameters)?.ok().map(|_| ())
    }

    /// Kills the processes of a task at once, as when its machine fails (SIGKILL).
    pub fn kill_unit(&self, task: &Task) {
        self.unit(task).iter().for_each(Proc::kill);
    }

    /// Lets it hang, or go on: calls that are under way then wait.
    pub fn set_frozen(&self, is_frozen: bool) {
        signal(self.process.pid(), if is_frozen { Signal::STOP } else { Signal::CONT });
    }

    /// The live processes of a task.
    pub fn unit(&self, task: &Task) -> Vec<Proc> {
        let mut processes = self.units();
        processes.retain(|process| process.unit.as_deref() == Some(&task.id));
        processes
    }

    /// The live processes of all tasks.
    pub fn units(&self) -> Vec<Proc> {
        self.containers.processes()
    }

    /// What a task printed.
    pub fn unit_log(&self, task: &Task) -> LogFile {
        self.containers.log(&task.id)
    }

    /// Its folder: that of the stack.
    pub fn folder(&self) -> &Path {
        self.containers.folder()
    }
}

impl Emulation for Emulator {
    type Options = EmulatorOptions;
    type Unit = Task;

    fn start(ground: &Ground, units: &Venv, options: &EmulatorOptions) -> Result<Self> {
        let venv = Venv::with_emulator(&|line| eprintln!("{line}"))?;
        let port = Ports::single()?;
        let containers = Containers::new(ground);
        let mut command = Command::new(venv.program("ministack"));
        ground.prepare(&mut command, &venv, "emulator");
        command.env("BIND_HOST", "127.0.0.1").env("GATEWAY_PORT", port.to_string()).env("SERVICES", SERVICES);
        // Listeners at fixed ports, and a real container engine, if there is one.
        command.env("IOT_MTLS_ENABLED", "0").env("SFTP_ENABLED", "0").env("DOCKER_HOST", "unix:///nowhere");
        command.env("TMPDIR", ground.folder());
        if options.executes {
            let images = json!({"*": ["sh", Containers::scripts().join("entrypoint.sh")], MISSING_IMAGE: null});
            let &EmulatorOptions { start_seconds, stops_group, .. } = options;
            let engine = Engine { venv: units, images, environment: Map::new(), start_seconds, stops_group };
            containers.prepare(&mut command, engine)?;
        }
        let mut process = Process::start("emulator", &mut command, ground.log("emulator"))?;
        let client = AwsClient::new(port)?;
        let ended = until("the emulator answer", 30.0, || match process.exited() {
            Some(status) => Some(Some(status)),
            None if !is_listening(port) => None,
            None => client.get("/_ministack/health").is_ok_and(|answer| answer.status == 200).then_some(None),
        });
        match ended.map_err(|failure| failure.with_context(process.log().tail(TAIL)))? {
            Some(status) => Err(Failure::new("see the emulator answer", format!("it ended: {status}"))
                .with_context(process.log().tail(TAIL))),
            None => Ok(Self { process, port, client, containers }),
        }
    }

    fn port(&self) -> u16 {
        self.port
    }

    fn live(&self) -> Result<Vec<Task>> {
        self.tasks(Desired::Running)
    }

    fn processes(&self) -> Vec<Proc> {
        self.units()
    }

    fn backend(endpoint: String) -> Backend {
        Backend::Ecs { endpoint }
    }
}

impl Drop for Emulator {
    fn drop(&mut self) {
        // First, or it would start what it has begun to start.
        self.process.kill();
        self.containers.kill();
    }
}

fn strings(list: &Value) -> Vec<String> {
    list.as_array().into_iter().flatten().filter_map(|entry| entry.as_str().map(str::to_owned)).collect()
}
