//! An emulator of Batch that really runs jobs: as processes of this machine.

use std::path::Path;
use std::process::Command;

use rustix::process::Signal;
use serde_json::{Map, Value, json};

use super::job::{Job, Made, Object};
use super::options::{BatchOptions, Runner};
use super::setup::set_up;
use crate::aws::client::AwsClient;
use crate::aws::containers::{Containers, Engine};
use crate::aws::emulation::Emulation;
use crate::processes::signal;
use crate::stacks::{Ground, TAIL};
use crate::{Backend, Failure, LogFile, Ports, Proc, Process, Result, Venv, is_listening, python_scripts, until};

/// Where the emulator reads how jobs are run (`tests/python/jobs/settings.py`).
const SETTINGS: &str = "SCALER_WM_TEST_JOBS";

/// A running emulator. It ends when this is dropped, and its jobs' processes with it.
#[derive(Debug)]
pub struct BatchEmulator {
    process: Process,
    port: u16,
    client: AwsClient,
    containers: Containers,
}

impl BatchEmulator {
    /// What it printed.
    pub fn log(&self) -> &LogFile {
        self.process.log()
    }

    /// A client that asks it directly.
    pub fn client(&self) -> &AwsClient {
        &self.client
    }

    /// All jobs, those that have ended and the parents of arrays too, in the order of their submission.
    ///
    /// # Errors
    /// When it does not answer.
    pub fn jobs(&self) -> Result<Vec<Job>> {
        Ok(self.list("jobs")?.iter().map(Job::of).collect())
    }

    /// All jobs that are run: no parents of arrays.
    ///
    /// # Errors
    /// When it does not answer.
    pub fn runs(&self) -> Result<Vec<Job>> {
        let mut jobs = self.jobs()?;
        jobs.retain(|job| !job.is_parent());
        Ok(jobs)
    }

    /// The one with this id, as it is now.
    ///
    /// # Errors
    /// When there is none.
    pub fn job(&self, id: &str) -> Result<Job> {
        self.jobs()?.into_iter().find(|job| job.id == id).ok_or_else(|| Failure::new("find a job", id))
    }

    /// All objects of all buckets.
    ///
    /// # Errors
    /// When it does not answer.
    pub fn objects(&self) -> Result<Vec<Object>> {
        Ok(self.list("objects")?.iter().map(Object::of).collect())
    }

    /// What is there beside jobs and objects.
    ///
    /// # Errors
    /// When it does not answer.
    pub fn made(&self) -> Result<Made> {
        Ok(Made::of(&self.client.harness("resources", &Value::Null)?))
    }

    /// Lets so many jobs run at once from now on; those that run already go on.
    ///
    /// # Errors
    /// When it does not answer.
    pub fn set_at_once(&self, at_once: Option<u32>) -> Result<()> {
        self.client.harness("limit", &at_once.into()).map(|_| ())
    }

    /// Takes the machine of a job away: it fails for a reason that is not its own.
    ///
    /// # Errors
    /// When there is no such job.
    pub fn lose_host(&self, job: &Job) -> Result<()> {
        self.client.harness("lose-host", &job.id.as_str().into()).map(|_| ())
    }

    /// Ends a job behind its manager's back.
    ///
    /// # Errors
    /// When it does not answer.
    pub fn terminate(&self, job: &Job, reason: &str) -> Result<()> {
        self.client.batch("TerminateJob", &json!({"jobId": job.id, "reason": reason}))?.ok().map(|_| ())
    }

    /// Kills the processes of a job at once (SIGKILL).
    pub fn kill_unit(&self, job: &Job) {
        self.unit(job).iter().for_each(Proc::kill);
    }

    /// Lets it hang, or go on: calls that are under way then wait.
    pub fn set_frozen(&self, is_frozen: bool) {
        signal(self.process.pid(), if is_frozen { Signal::STOP } else { Signal::CONT });
    }

    /// The live processes of a job.
    pub fn unit(&self, job: &Job) -> Vec<Proc> {
        let mut processes = self.containers.processes();
        processes.retain(|process| process.unit.as_deref() == Some(&job.id));
        processes
    }

    /// What a job printed.
    pub fn unit_log(&self, job: &Job) -> LogFile {
        self.containers.log(&job.id)
    }

    /// Where jobs reach it, past the proxy: so that only calls of managers are counted there.
    /// Modules that jobs find, and nobody else does, are in `modules`.
    fn environment(port: u16, modules: &Path) -> Map<String, Value> {
        let endpoint = format!("http://127.0.0.1:{port}");
        let pairs = [
            ("AWS_ENDPOINT_URL", &*endpoint),
            ("AWS_REGION", "us-east-1"),
            ("AWS_DEFAULT_REGION", "us-east-1"),
            ("AWS_ACCESS_KEY_ID", "job"),
            ("AWS_SECRET_ACCESS_KEY", "job"),
            ("AWS_EC2_METADATA_DISABLED", "true"),
            ("AWS_CONFIG_FILE", "/dev/null"),
            ("AWS_SHARED_CREDENTIALS_FILE", "/dev/null"),
            ("PYTHONDONTWRITEBYTECODE", "1"),
            ("PYTHONPATH", &*modules.to_string_lossy()),
        ];
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).into())).collect()
    }

    fn list(&self, what: &str) -> Result<Vec<Value>> {
        let told = self.client.harness(what, &Value::Null)?;
        Ok(told.as_array().cloned().unwrap_or_default())
    }
}

impl Emulation for BatchEmulator {
    type Options = BatchOptions;
    type Unit = Job;

    fn start(ground: &Ground, units: &Venv, options: &BatchOptions) -> Result<Self> {
        let say = |line: &str| eprintln!("{line}");
        let (venv, jobs) = (Venv::with_moto(&say)?, Venv::with_aws(units.release(), &say)?);
        let port = Ports::single()?;
        let containers = Containers::new(ground);
        let mut command = Command::new(venv.python());
        command.arg(python_scripts().join("jobs")).arg(port.to_string());
        ground.prepare(&mut command, &venv, "emulator");
        command.env("TMPDIR", ground.folder()).env(SETTINGS, options.to_json().to_string());
        let mut images = Map::new();
        for runner in Runner::ALL {
            images.insert(runner.image().to_owned(), json!(runner.entry_point(&jobs)?));
        }
        let environment = Self::environment(port, &ground.folder().join("modules"));
        // A job is starting for a while before its container is, and a stop reaches its first process, as on AWS.
        let engine = Engine { venv: &jobs, images: images.into(), environment, start_seconds: 0.0, stops_group: false };
        containers.prepare(&mut command, engine)?;
        let mut process = Process::start("emulator", &mut command, ground.log("emulator"))?;
        let client = AwsClient::new(port)?;
        let ended = until("the emulator answer", 30.0, || match process.exited() {
            Some(status) => Some(Some(status)),
            None if !is_listening(port) => None,
            None => client.harness("health", &Value::Null).is_ok().then_some(None),
        });
        if let Some(status) = ended.map_err(|failure| failure.with_context(process.log().tail(TAIL)))? {
            let failure = Failure::new("see the emulator answer", format!("it ended: {status}"));
            return Err(failure.with_context(process.log().tail(TAIL)));
        }
        if options.is_set_up {
            set_up(&client).map_err(|failure| failure.with_context(process.log().tail(TAIL)))?;
        }
        Ok(Self { process, port, client, containers })
    }

    fn port(&self) -> u16 {
        self.port
    }

    fn live(&self) -> Result<Vec<Job>> {
        let mut jobs = self.runs()?;
        jobs.retain(|job| !job.is_over());
        Ok(jobs)
    }

    fn processes(&self) -> Vec<Proc> {
        self.containers.processes()
    }

    fn nothing_left(&self) -> Result<bool> {
        // What a job left for its manager is to be gone too.
        Ok(self.live()?.is_empty() && self.processes().is_empty() && self.objects()?.is_empty())
    }

    fn backend(endpoint: String) -> Backend {
        Backend::Batch { endpoint }
    }
}

impl Drop for BatchEmulator {
    fn drop(&mut self) {
        // First, or it would start what it has begun to start.
        self.process.kill();
        self.containers.kill();
    }
}
