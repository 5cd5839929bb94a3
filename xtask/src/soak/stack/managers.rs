//! The managers of the soak.

use std::path::Path;
use std::time::{Duration, Instant};

use scaler_wm_tests::{EcsStack, Failure, Manager, ManagerKind, ManagerOptions, Ports, Result};

use super::seen::Look;
use super::victims::Victim;

/// Units that each may have.
const LIMIT: u32 = 2;

/// How long a manager is away after it was killed.
const AWAY: Duration = Duration::from_secs(2);

/// One manager, whatever process it is in just now.
#[derive(Debug)]
pub(super) struct Managed {
    pub(super) name: &'static str,
    /// By which it is killed.
    pub(super) victim: Victim,
    options: ManagerOptions,
    port: u16,
    pub(super) process: Option<Manager>,
    back_at: Instant,
}

/// The names, in the order in which the scheduler fills them.
pub(super) const NAMES: [&str; 3] = ["local", "kept", "cloud"];

/// What the scheduler is told of them.
pub(super) fn policy() -> String {
    let line = |(at, name): (usize, &&str)| format!("{},{name},{LIMIT}", at + 1);
    NAMES.iter().enumerate().map(line).collect::<Vec<_>>().join("\n")
}

/// All of them, none of which runs.
pub(super) fn all(binary: &Path) -> Result<[Managed; 3]> {
    let [local, kept, cloud] = NAMES;
    Ok([
        Managed::new(local, Victim::Local, binary, &[])?,
        Managed::new(kept, Victim::Kept, binary, &["--on-exit", "keep", "--keep-seconds", "15"])?,
        Managed::new(cloud, Victim::Cloud, binary, &["--ecs-task-cpu", "1", "--observe-interval-seconds", "2"])?,
    ])
}

impl Managed {
    fn new(name: &'static str, victim: Victim, binary: &Path, extra: &[&str]) -> Result<Self> {
        let port = Ports::single()?;
        let listen = ["--http-address".to_owned(), format!("127.0.0.1:{port}")];
        let options = ManagerOptions {
            kind: ManagerKind::Ours,
            binary: Some(binary.to_owned()),
            id: name.to_owned(),
            limit: LIMIT,
            cooldown: Some(1.0),
            heartbeat: Some(1.0),
            extra: extra.iter().map(|word| (*word).to_owned()).chain(listen).collect(),
            log_name: name.to_owned(),
            ..ManagerOptions::default()
        };
        Ok(Self { name, victim, options, port, process: None, back_at: Instant::now() })
    }

    /// Starts it when it is away and its time has come. One that has ended by itself is a fault.
    pub(super) fn mind(&mut self, stack: &EcsStack) -> Result<()> {
        if let Some(process) = &mut self.process {
            return match process.exited() {
                Some(status) => {
                    let detail = format!("it ended: {status}");
                    Err(stack.explain(Failure::new(format!("see the manager {} run", self.name), detail)))
                }
                None => Ok(()),
            };
        }
        if Instant::now() < self.back_at {
            return Ok(());
        }
        let is_cloud = self.victim == Victim::Cloud;
        let started = if is_cloud { stack.manager(&self.options) } else { stack.stack.manager(&self.options) };
        self.process = Some(started?);
        Ok(())
    }

    /// Kills it; it comes back a little later.
    pub(super) fn kill(&mut self) -> bool {
        let Some(mut process) = self.process.take() else { return false };
        process.kill();
        self.back_at = Instant::now() + AWAY;
        true
    }

    pub(super) fn look(&self) -> Option<Look> {
        Look::at(self.process.as_ref()?.pid(), self.port)
    }

    /// Asks it to end, and waits for that: exit code 0.
    pub(super) fn end(&mut self, stack: &EcsStack) -> Result<()> {
        let Some(mut process) = self.process.take() else { return Ok(()) };
        process.terminate();
        let status = process.wait(40.0).map_err(|failure| stack.explain(failure))?;
        stack.check(status.code() == Some(0), &format!("exit code 0 of the manager {}", self.name), status)
    }
}
