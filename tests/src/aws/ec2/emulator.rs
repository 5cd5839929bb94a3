//! An emulator of EC2 that really runs instances: as processes of this machine.

use std::path::Path;
use std::process::Command;

use rustix::process::Signal;
use serde_json::{Value, json};

use super::instance::{Instance, Resources, Shortage};
use super::machines::{Ec2Options, Machines};
use crate::aws::client::AwsClient;
use crate::aws::emulation::Emulation;
use crate::processes::signal;
use crate::stacks::{Ground, TAIL};
use crate::{Backend, Failure, LogFile, Ports, Proc, Process, Result, Venv, is_listening, python_scripts, until};

/// An image that the emulator knows: Amazon Linux 2023 for x86_64, in us-east-1.
pub const IMAGE: &str = "ami-03c3da4cfa8e8943a";

/// A running emulator. It ends when this is dropped, and its instances' processes with it.
#[derive(Debug)]
pub struct Ec2Emulator {
    process: Process,
    port: u16,
    client: AwsClient,
    machines: Machines,
}

impl Ec2Emulator {
    /// What it printed.
    pub fn log(&self) -> &LogFile {
        self.process.log()
    }

    /// A client that asks it directly.
    pub fn client(&self) -> &AwsClient {
        &self.client
    }

    /// All instances of all regions, those that are terminated too, in the order of their launches.
    ///
    /// # Errors
    /// When it does not answer.
    pub fn instances(&self) -> Result<Vec<Instance>> {
        let told = self.client.harness("instances", &Value::Null)?;
        Ok(told.as_array().into_iter().flatten().map(Instance::of).collect())
    }

    /// The one with this id, as it is now.
    ///
    /// # Errors
    /// When there is none.
    pub fn instance(&self, id: &str) -> Result<Instance> {
        let found = self.instances()?.into_iter().find(|instance| instance.id == id);
        found.ok_or_else(|| Failure::new("find an instance", id))
    }

    /// What is there beside instances, in all regions.
    ///
    /// # Errors
    /// When it does not answer.
    pub fn resources(&self) -> Result<Resources> {
        Ok(Resources::of(&self.client.harness("resources", &Value::Null)?))
    }

    /// Lets there be want of these from now on, and of nothing else.
    ///
    /// # Errors
    /// When it does not answer.
    pub fn set_shortages(&self, shortages: &[Shortage]) -> Result<()> {
        let shortages: Vec<Value> = shortages.iter().map(Shortage::to_json).collect();
        self.client.harness("shortages", &shortages.into()).map(|_| ())
    }

    /// Tells a Spot instance that it will be taken away: its request is then `marked-for-termination`.
    ///
    /// # Errors
    /// When there is no such Spot instance.
    pub fn mark_spot(&self, instance: &Instance) -> Result<()> {
        self.interrupt(instance, "marked-for-termination")
    }

    /// Takes a Spot instance away. The status of its request tells why: `instance-terminated-by-price` or
    /// `instance-terminated-no-capacity`.
    ///
    /// # Errors
    /// When there is no such Spot instance.
    pub fn take_spot(&self, instance: &Instance, status: &str) -> Result<()> {
        self.interrupt(instance, status)
    }

    fn interrupt(&self, instance: &Instance, status: &str) -> Result<()> {
        self.client.harness("spot", &json!({"instance": instance.id, "status": status})).map(|_| ())
    }

    /// Terminates an instance behind its manager's back.
    ///
    /// # Errors
    /// When there is no such instance.
    pub fn terminate(&self, instance: &Instance) -> Result<()> {
        self.client.ec2("TerminateInstances", &[("InstanceId.1", &instance.id)])?.ok().map(|_| ())
    }

    /// Gives an instance a tag behind its manager's back.
    ///
    /// # Errors
    /// When there is no such instance.
    pub fn set_tag(&self, instance: &Instance, key: &str, value: &str) -> Result<()> {
        let tag = [("ResourceId.1", instance.id.as_str()), ("Tag.1.Key", key), ("Tag.1.Value", value)];
        self.client.ec2("CreateTags", &tag)?.ok().map(|_| ())
    }

    /// Kills the processes of an instance at once (SIGKILL); it stays what it is.
    pub fn kill_unit(&self, instance: &Instance) {
        self.unit(instance).iter().for_each(Proc::kill);
    }

    /// Lets it hang, or go on: calls that are under way then wait.
    pub fn set_frozen(&self, is_frozen: bool) {
        signal(self.process.pid(), if is_frozen { Signal::STOP } else { Signal::CONT });
    }

    /// The live processes of an instance.
    pub fn unit(&self, instance: &Instance) -> Vec<Proc> {
        let mut processes = self.units();
        processes.retain(|process| process.unit.as_deref() == Some(&instance.id));
        processes
    }

    /// The live processes of all instances.
    pub fn units(&self) -> Vec<Proc> {
        self.machines.processes()
    }

    /// What an instance's user data printed.
    pub fn unit_log(&self, instance: &Instance) -> LogFile {
        self.machines.log(&instance.id)
    }

    /// A file of an instance, by its absolute path there.
    pub fn unit_file(&self, instance: &Instance, path: &str) -> LogFile {
        self.machines.file(&instance.id, path)
    }

    /// Its folder: that of the stack.
    pub fn folder(&self) -> &Path {
        self.machines.folder()
    }
}

impl Emulation for Ec2Emulator {
    type Options = Ec2Options;
    type Unit = Instance;

    fn start(ground: &Ground, units: &Venv, options: &Ec2Options) -> Result<Self> {
        let venv = Venv::with_moto(&|line| eprintln!("{line}"))?;
        let port = Ports::single()?;
        let machines = Machines::new(ground);
        let mut command = Command::new(venv.python());
        command.arg(python_scripts().join("machines")).arg(port.to_string());
        ground.prepare(&mut command, &venv, "emulator");
        command.env("TMPDIR", ground.folder());
        machines.prepare(&mut command, units, options);
        let mut process = Process::start("emulator", &mut command, ground.log("emulator"))?;
        let client = AwsClient::new(port)?;
        let ended = until("the emulator answer", 30.0, || match process.exited() {
            Some(status) => Some(Some(status)),
            None if !is_listening(port) => None,
            None => client.harness("health", &Value::Null).is_ok().then_some(None),
        });
        match ended.map_err(|failure| failure.with_context(process.log().tail(TAIL)))? {
            Some(status) => Err(Failure::new("see the emulator answer", format!("it ended: {status}"))
                .with_context(process.log().tail(TAIL))),
            None => Ok(Self { process, port, client, machines }),
        }
    }

    fn port(&self) -> u16 {
        self.port
    }

    fn live(&self) -> Result<Vec<Instance>> {
        let mut instances = self.instances()?;
        instances.retain(Instance::is_live);
        Ok(instances)
    }

    fn processes(&self) -> Vec<Proc> {
        self.units()
    }

    fn nothing_left(&self) -> Result<bool> {
        // One that is stopped is not gone.
        Ok(self.instances()?.iter().all(Instance::is_terminated) && self.units().is_empty())
    }

    fn backend(endpoint: String) -> Backend {
        Backend::Ec2 { endpoint }
    }
}

impl Drop for Ec2Emulator {
    fn drop(&mut self) {
        // First, or it would start what it has begun to start.
        self.process.kill();
        self.machines.kill();
    }
}
