//! Mixed workloads from a seed, with managers that take work back meanwhile.

use std::path::PathBuf;

use super::hand_backs::{Gain, HandBacks, Watch, peak_of_one_manager, submissions};
use super::tally::HANGS_AFTER;
use crate::{Failure, Manager, ManagerKind, ManagerOptions, Result, Script, Stack, StackOptions, Tally, now};

/// One seeded workload over a stack of its own, queue sizes and all else at their defaults.
#[derive(Clone, Debug)]
pub struct Workload {
    /// The release of the Python package.
    pub release: &'static str,
    /// What the workload follows from.
    pub seed: u64,
    /// The manager; else the one that tests build.
    pub binary: Option<PathBuf>,
    /// Further environment variables of the managers.
    pub environment: Vec<(String, String)>,
}

impl Workload {
    /// Whether some tasks ask for a capability that just one of two managers gives.
    pub fn has_capabilities(&self) -> bool {
        self.seed % 5 == 4
    }

    /// The limit of each manager.
    pub fn limit(&self) -> u32 {
        if self.seed.is_multiple_of(2) { 4 } else { 3 }
    }

    /// Runs it on a stack of its own.
    ///
    /// # Errors
    /// When the stack or a manager cannot be started, or the program was interrupted. What is wrong with the outcome is
    /// no error but in the tally.
    pub fn run(&self) -> Result<Tally> {
        let mut options = StackOptions { release: self.release, ..StackOptions::default() };
        if self.has_capabilities() {
            options.policy = "allocate=capability; scaling=vanilla".to_owned();
        }
        let stack = Stack::start(options)?;
        let managers = self.start_managers(&stack)?;
        let capabilities = if self.has_capabilities() { "red,blue" } else { "" };
        let mut client = stack.client(&Script::Mixed { seed: self.seed, capabilities: capabilities.to_owned() })?;
        let mut watch = Watch::default();
        let start = now();
        let ended = stack.until("the end of the client", HANGS_AFTER, || {
            watch.look(&stack.scheduler(), &managers);
            client.exited()
        });
        if ended.is_err() && crate::is_interrupted() {
            return Err(Failure::new("run the workload", "interrupted"));
        }
        let seconds = now() - start;
        let finished = client.finish(1.0);
        let submitted = submissions(client.starts());
        let distinct = client.starts().distinct();
        let hand_backs = HandBacks::of(&managers);
        let mut tally = Tally {
            release: stack.venv().release().to_owned(),
            seed: self.seed,
            limit: self.limit(),
            tasks: submitted.len(),
            repeated: client.starts().repeated(),
            is_right: distinct == submitted.len() && finished.is_ok_and(|finished| finished.right),
            hangs: ended.is_err(),
            seconds,
            spares: hand_backs.spares,
            asked: hand_backs.asked,
            relieved: 0,
            moved: 0,
            overtaken: 0,
            crowded: 0,
            in_vain: Vec::new(),
            peak: peak_of_one_manager(&stack.scheduler()),
            evidence: None,
        };
        for worker in &hand_backs.accepted {
            let Some(left) = watch.left(worker, &stack.scheduler(), &managers) else { continue };
            tally.relieved += 1;
            tally.moved += left.moved;
            tally.overtaken += usize::from(left.is_overtaken);
            match left.gain(client.starts(), &submitted) {
                Gain::Soon => {}
                Gain::Crowded => tally.crowded += 1,
                Gain::None(seen) => tally.in_vain.push(format!("{worker}: {seen}")),
            }
        }
        let violations = tally.violations();
        if !violations.is_empty() {
            tally.evidence =
                Some(stack.explain(Failure::new(format!("see seed {} go well", self.seed), violations.join("; "))));
        }
        Ok(tally)
    }

    fn start_managers(&self, stack: &Stack) -> Result<Vec<Manager>> {
        // What workers answer is logged as detail.
        let detail = ["--logging-level".to_owned(), "DEBUG".to_owned()];
        let plain = ManagerOptions {
            kind: ManagerKind::from_environment(),
            binary: self.binary.clone(),
            limit: self.limit(),
            extra: detail.to_vec(),
            environment: self.environment.clone(),
            ..ManagerOptions::default()
        };
        if !self.has_capabilities() {
            return Ok(vec![stack.connected_manager(&plain)?]);
        }
        let with = |id: &str, capability: &str| {
            // The first part of worker names tells whose they are.
            let own = ["--per-worker-capabilities", capability, "--worker-type", id].map(str::to_owned);
            let extra = detail.iter().cloned().chain(own).collect();
            stack.manager(&ManagerOptions { id: id.to_owned(), extra, ..plain.clone() })
        };
        let managers = vec![with("RED", "red")?, with("BLUE", "blue")?];
        stack.until("both managers at the scheduler", 20.0, || {
            let is_there = |id: &str| {
                let word = format!("WorkerManager b'{id}' connected");
                !stack.scheduler().file().lines_with(&[&word]).is_empty()
            };
            (is_there("RED") && is_there("BLUE")).then_some(())
        })?;
        Ok(managers)
    }
}
