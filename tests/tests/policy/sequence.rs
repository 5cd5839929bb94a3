//! Random sequences of operations on an allocator.

use std::collections::BTreeMap;

use fastrand::Rng;
use scaler_wm_core::policy::{Allocator, Policy};
use scaler_wm_core::{Capabilities, TaskId, WorkerId};
use serde_json::{Value, json};

const OPERATIONS: usize = 60;
const SHARED: [&str; 2] = ["gpu", "linux"];

/// What becomes of ties.
///
/// For `allocate=capability` the released code breaks ties between equal workers by the order of a set, which is another
/// one in every process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ties {
    /// The released code breaks them in a way of its own, always the same: ours, too.
    Broken,
    /// There are none: each worker has a capability of its own besides, and where several workers with equally few tasks
    /// could take a task, that task is made to need one of them.
    Avoided,
    /// They do not matter: all workers are alike, and nothing is taken away by name.
    Indifferent,
}

/// Makes operations that fit what went before.
pub(crate) struct Sequence {
    rng: Rng,
    ties: Ties,
    /// Ours, to know the state; what it answers is not looked at.
    state: Box<dyn Allocator>,
    workers: BTreeMap<String, (Vec<String>, usize)>,
    tasks: Vec<String>,
    named: usize,
    /// Of every worker, where all are alike.
    queue_size: usize,
}

impl Sequence {
    /// The operations of one sequence, each followed by a look at all loads.
    pub(crate) fn operations(content: &str, ties: Ties, seed: u64) -> Vec<Value> {
        let policy = Policy::new("simple", content).unwrap_or_else(|error| panic!("{content}: {error}"));
        let mut sequence = Self {
            rng: Rng::with_seed(seed),
            ties,
            queue_size: 1 + usize::try_from(seed % 12).unwrap_or_default(),
            state: policy.allocator(),
            workers: BTreeMap::new(),
            tasks: Vec::new(),
            named: 0,
        };
        let mut lines = Vec::new();
        for _ in 0..OPERATIONS {
            lines.push(sequence.next());
            lines.push(json!({"op": "loads"}));
        }
        lines
    }

    fn next(&mut self) -> Value {
        match self.rng.u8(..100) {
            15..=19 | 70..=84 if self.ties == Ties::Indifferent => self.assign(),
            0..=14 => self.add_worker(),
            15..=19 => self.remove_worker(),
            20..=69 => self.assign(),
            70..=84 => self.remove_task(),
            _ => json!({"op": "balance"}),
        }
    }

    fn add_worker(&mut self) -> Value {
        let is_known = self.rng.u8(..10) == 0 && !self.workers.is_empty();
        let worker = if is_known { self.some_worker() } else { self.name("w") };
        let mut names: Vec<String> = SHARED.into_iter().filter(|_| self.rng.bool()).map(str::to_owned).collect();
        let mut queue_size = self.rng.usize(1..12);
        match self.ties {
            Ties::Broken => {}
            Ties::Avoided => names.push(format!("only-{worker}")),
            Ties::Indifferent => {
                names = vec![SHARED[0].to_owned()];
                queue_size = self.queue_size;
            }
        }
        self.state.add_worker(WorkerId::from(&worker), &set(&names), queue_size);
        self.workers.entry(worker.clone()).or_insert_with(|| (names.clone(), queue_size));
        json!({"op": "add_worker", "worker": worker, "capabilities": told(&names), "queue_size": queue_size})
    }

    fn remove_worker(&mut self) -> Value {
        let is_known = self.rng.u8(..4) > 0 && !self.workers.is_empty();
        let worker = if is_known { self.some_worker() } else { self.name("w") };
        self.workers.remove(&worker);
        let lost = self.state.remove_worker(&WorkerId::from(&worker));
        self.tasks.retain(|task| !lost.contains(&TaskId::from(task)));
        json!({"op": "remove_worker", "worker": worker})
    }

    fn assign(&mut self) -> Value {
        // The released capability policy loses its way when a task is assigned twice: that is left out.
        let is_known = self.ties == Ties::Broken && self.rng.u8(..20) == 0 && !self.tasks.is_empty();
        let task = if is_known { self.rng.choice(&self.tasks).cloned().unwrap_or_default() } else { self.name("t") };
        let mut names: Vec<String> = SHARED.into_iter().filter(|_| self.rng.u8(..3) == 0).map(str::to_owned).collect();
        if self.ties == Ties::Avoided
            && let [_, _, ..] = &*self.tied(&names)
        {
            let tied = self.tied(&names);
            names.push(format!("only-{}", tied[self.rng.usize(..tied.len())]));
        }
        if self.state.assign(TaskId::from(&task), &set(&names)).is_some() && !self.tasks.contains(&task) {
            self.tasks.push(task.clone());
        }
        json!({"op": "assign", "task": task, "capabilities": told(&names)})
    }

    fn remove_task(&mut self) -> Value {
        let is_known = self.rng.u8(..5) > 0 && !self.tasks.is_empty();
        let task = if is_known { self.tasks.swap_remove(self.rng.usize(..self.tasks.len())) } else { self.name("t") };
        self.state.remove_task(&TaskId::from(&task));
        json!({"op": "remove_task", "task": task})
    }

    /// Workers with equally few tasks, a free place, and all of these capabilities.
    fn tied(&self, names: &[String]) -> Vec<String> {
        let loads: Vec<(String, usize)> =
            self.state.loads().into_iter().map(|(worker, load)| (worker.to_string(), load)).collect();
        let able = loads.into_iter().filter(|(worker, load)| {
            let (has, queue_size) = &self.workers[worker];
            names.iter().all(|name| has.contains(name)) && load < queue_size
        });
        let able: Vec<(String, usize)> = able.collect();
        let fewest = able.iter().map(|(_, load)| *load).min();
        able.into_iter().filter(|(_, load)| Some(*load) == fewest).map(|(worker, _)| worker).collect()
    }

    fn some_worker(&mut self) -> String {
        let known: Vec<&String> = self.workers.keys().collect();
        known[self.rng.usize(..known.len())].clone()
    }

    fn name(&mut self, kind: &str) -> String {
        self.named += 1;
        format!("{kind}{}", self.named)
    }
}

fn set(names: &[String]) -> Capabilities {
    names.iter().map(|name| (name.as_str(), -1)).collect()
}

fn told(names: &[String]) -> Value {
    names.iter().map(|name| (name.clone(), json!(-1))).collect::<serde_json::Map<_, _>>().into()
}
