//! Which tasks workers that have too many give to workers that can do them and have too few.

use std::{collections::BTreeSet, mem};

use foldhash::{HashMap, HashSet};

use super::{
    ability::Ability,
    queues::{Queues, Task, Worker},
};
use crate::{Capabilities, TaskId, WorkerId, policy::by_names::ByNames};

/// Repeatedly moves the youngest task that can move from the worker with the most to the first one below the target.
///
/// The order in which equal workers take part is that of the released policy, so that the advice is the same. Looks at
/// each task of an overloaded worker once at most: a task that nobody can take makes all alike stay, since workers that
/// can take something only get fewer on the way.
pub(super) fn balance(queues: &Queues<Ability, Capabilities>) -> Vec<(WorkerId, Vec<TaskId>)> {
    let mut all = queues.workers();
    if all.all(|worker| worker.len() > 0) {
        return Vec::new();
    }
    let target = Target::new(queues.tasks(), queues.workers().len());
    let mut bench = Bench::new(queues, target);
    // In the order in which workers first give something.
    let mut givers = Vec::new();
    // Needs that nobody below the target can serve any more.
    let mut stuck: HashSet<ByNames> = HashSet::default();

    while bench.order.len() >= 2 {
        let Some(giver) = bench.order.pop_last() else { break };
        if !target.is_high(giver.load) {
            break;
        }
        let mut moved = None;
        let tasks = &mut bench.candidates[giver.candidate].tasks;
        for Task { id, own: needs, .. } in tasks.by_ref() {
            if stuck.contains(&ByNames(needs.clone())) {
                continue;
            }
            let able = bench.low.iter().filter(|(can, _)| needs.names_are_in(&can.0));
            match able.filter_map(|(_, low)| low.first()).min().copied() {
                Some(taker) => {
                    moved = Some((id, taker));
                    break;
                }
                None => drop(stuck.insert(ByNames(needs.clone()))),
            }
        }
        // One that can give nothing stays out of it from now on.
        if let Some((task, taker)) = moved {
            let gives = &mut bench.candidates[giver.candidate].gives;
            if gives.is_empty() {
                givers.push(giver.candidate);
            }
            gives.push(task.clone());
            bench.leave(taker);
            bench.enter(giver.candidate, giver.load - 1);
            bench.enter(taker.candidate, taker.load + 1);
        }
    }
    let mut advice = |giver: usize| {
        let Candidate { worker, gives, .. } = &mut bench.candidates[giver];
        (worker.id.clone(), mem::take(gives))
    };
    givers.into_iter().map(&mut advice).collect()
}

/// The load that all workers are to have.
#[derive(Clone, Copy)]
struct Target(f64);

#[expect(clippy::cast_precision_loss, reason = "the released policy compares in this way; loads are far below 2^52")]
impl Target {
    /// The mean, but at least 1: else nobody would be below it where there are more workers than tasks.
    fn new(tasks: usize, workers: usize) -> Self {
        Self((tasks as f64 / workers as f64).max(1.0))
    }

    fn is_balanced(self, load: usize) -> bool {
        (load as f64 - self.0).abs() < 1.0
    }

    fn is_high(self, load: usize) -> bool {
        load as f64 - self.0 >= 1.0
    }

    fn is_low(self, load: usize) -> bool {
        (load as f64) < self.0
    }
}

/// Workers that may still give or take.
struct Bench<'a> {
    target: Target,
    candidates: Vec<Candidate<'a>>,
    order: BTreeSet<Standing>,
    /// Those below the target, by what they can do.
    low: HashMap<ByNames, BTreeSet<Standing>>,
    turns: u64,
}

struct Candidate<'a> {
    worker: &'a Worker<Ability>,
    /// Its own tasks that have not been looked at, the youngest next. What it is given does not count: who is given
    /// something never comes so far above the target that it would give.
    tasks: Box<dyn Iterator<Item = &'a Task<Capabilities>> + 'a>,
    gives: Vec<TaskId>,
}

/// A worker's place among the others: by load, of equal ones the first to have it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Standing {
    load: usize,
    turn: u64,
    candidate: usize,
}

impl<'a> Bench<'a> {
    fn new(queues: &'a Queues<Ability, Capabilities>, target: Target) -> Self {
        let mut bench =
            Self { target, candidates: Vec::new(), order: BTreeSet::new(), low: HashMap::default(), turns: 0 };
        for worker in queues.workers().filter(|worker| !target.is_balanced(worker.len())) {
            bench.candidates.push(Candidate {
                worker,
                tasks: Box::new(queues.youngest_first(worker)),
                gives: Vec::new(),
            });
            bench.enter(bench.candidates.len() - 1, worker.len());
        }
        bench
    }

    /// Lets a worker take part with this load, unless that is balanced.
    fn enter(&mut self, candidate: usize, load: usize) {
        if self.target.is_balanced(load) {
            return;
        }
        self.turns += 1;
        let standing = Standing { load, turn: self.turns, candidate };
        self.order.insert(standing);
        if self.target.is_low(load) {
            self.low.entry(self.can(candidate)).or_default().insert(standing);
        }
    }

    /// Takes a worker below the target out.
    fn leave(&mut self, standing: Standing) {
        self.order.remove(&standing);
        let can = self.can(standing.candidate);
        if let Some(low) = self.low.get_mut(&can) {
            low.remove(&standing);
        }
    }

    fn can(&self, candidate: usize) -> ByNames {
        ByNames(self.candidates[candidate].worker.own.capabilities.clone())
    }
}
