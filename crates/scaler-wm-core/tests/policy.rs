//! Properties of policies: caps hold, an engine that was told of changes equals one that is told how things stand, and
//! allocators lose nothing.
#![expect(clippy::unwrap_used, reason = "a test ends where it cannot go on")]

use std::collections::{BTreeMap, HashMap};

use proptest::prelude::*;
use scaler_wm_core::{
    Capabilities, Limit, ManagerId, TaskId, WorkerId,
    policy::{Change, Engine, Offer, Policy, Reason, Verdict},
};

const POLICIES: [(&str, &str); 6] = [
    ("simple", "allocate=even_load; scaling=no"),
    ("simple", "allocate=even_load; scaling=vanilla"),
    ("simple", "allocate=capability; scaling=capability"),
    ("simple", "allocate=capability; scaling=target_wait"),
    ("waterfall_v1", "1,m0,3\n1,m1\n2,m2,7"),
    ("waterfall_v2", "1,m0,3,0.5\n1,m1\n2,m2,7\nbudget_per_hour,2"),
];

fn engines() -> Vec<Engine> {
    POLICIES.iter().map(|(engine, content)| Policy::new(engine, content).unwrap().engine()).collect()
}

fn manager(number: u8) -> ManagerId {
    ManagerId::from(format!("m{number}"))
}

fn capabilities() -> impl Strategy<Value = Capabilities> {
    prop::collection::btree_map(prop::sample::select(vec!["gpu", "linux", "big"]), -1_i64..2, 0..3)
        .prop_map(|set| set.into_iter().collect())
}

fn change() -> impl Strategy<Value = Change> {
    let task = || (0_u8..30).prop_map(|id| TaskId::from(&[id]));
    let worker = || (0_u8..20).prop_map(|id| WorkerId::from(&[id]));
    let limit = prop_oneof![Just(Limit::Unlimited), (0_u32..6).prop_map(Limit::AtMost)];
    let offer = (limit, capabilities())
        .prop_map(|(max_task_concurrency, capabilities)| Offer::new(max_task_concurrency, capabilities));
    prop_oneof![
        6 => (task(), capabilities(), 0_u32..40)
            .prop_map(|(id, capabilities, count)| Change::TasksAdded { id, capabilities, count }),
        4 => task().prop_map(Change::TasksGone),
        4 => (worker(), prop::option::of((0_u8..4).prop_map(manager)))
            .prop_map(|(worker, manager)| Change::WorkerConnected { worker, manager }),
        2 => worker().prop_map(Change::WorkerGone),
        3 => ((0_u8..4).prop_map(manager), offer)
            .prop_map(|(manager, offer)| Change::ManagerHeartbeat { manager, offer }),
        1 => (0_u8..4).prop_map(manager).prop_map(Change::ManagerGone),
    ]
}

/// How things stand, kept in the plainest way.
#[derive(Default)]
struct Standing {
    tasks: Vec<(TaskId, Capabilities, u32)>,
    workers: BTreeMap<WorkerId, Option<ManagerId>>,
    offers: BTreeMap<ManagerId, Offer>,
}

impl Standing {
    fn apply(&mut self, change: Change) {
        match change {
            Change::TasksAdded { id, count: 0, .. } => self.tasks.retain(|(known, ..)| *known != id),
            Change::TasksAdded { id, capabilities, count } => {
                match self.tasks.iter_mut().find(|(known, ..)| *known == id) {
                    Some(known) => *known = (id, capabilities, count),
                    None => self.tasks.push((id, capabilities, count)),
                }
            }
            Change::TasksGone(id) => self.tasks.retain(|(known, ..)| *known != id),
            Change::WorkerConnected { worker, manager } => drop(self.workers.insert(worker, manager)),
            Change::WorkerGone(worker) => drop(self.workers.remove(&worker)),
            Change::ManagerHeartbeat { manager, offer } => drop(self.offers.insert(manager, offer)),
            Change::ManagerGone(manager) => drop(self.offers.remove(&manager)),
            // What was measured is not how things stand.
            Change::TaskTook(_) | Change::UnitStarted { .. } | Change::Delivery { .. } | Change::Paid { .. } => {}
        }
    }

    /// The changes that lead here from nothing.
    fn told(&self) -> Vec<Change> {
        let tasks = self.tasks.iter().cloned();
        let tasks = tasks.map(|(id, capabilities, count)| Change::TasksAdded { id, capabilities, count });
        let workers = self.workers.clone().into_iter();
        let workers = workers.map(|(worker, manager)| Change::WorkerConnected { worker, manager });
        let offers = self.offers.clone().into_iter();
        let offers = offers.map(|(manager, offer)| Change::ManagerHeartbeat { manager, offer });
        offers.chain(workers).chain(tasks).collect()
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn an_engine_that_was_told_of_changes_equals_one_that_starts_here(
        changes in prop::collection::vec(change(), 0..120),
    ) {
        let mut standing = Standing::default();
        let mut engines = engines();
        for change in changes {
            engines.iter_mut().for_each(|engine| engine.apply(change.clone()));
            standing.apply(change);
        }
        for (engine, mut fresh) in engines.iter().zip(self::engines()) {
            standing.told().into_iter().for_each(|change| fresh.apply(change));
            for number in 0..4 {
                let decision = engine.decide(&manager(number));
                prop_assert_eq!(decision.is_some(), standing.offers.contains_key(&manager(number)));
                prop_assert_eq!(decision, fresh.decide(&manager(number)));
            }
        }
    }

    #[test]
    fn nobody_is_asked_for_more_than_the_cap(changes in prop::collection::vec(change(), 0..120)) {
        let rules = HashMap::from([(manager(0), 3), (manager(2), 7)]);
        let mut engines = engines();
        for change in changes {
            for engine in &mut engines {
                engine.apply(change.clone());
                for number in 0..4 {
                    let Some(decision) = engine.decide(&manager(number)) else { continue };
                    let Verdict::Asks(parts) = &decision.because.verdict else { continue };
                    let limit = engine.facts().offer(&manager(number)).unwrap().max_task_concurrency;
                    let by_rule = rules.get(&manager(number)).filter(|_| decision.because.policy.starts_with("waterfall"));
                    for part in parts {
                        if let Reason::Hold { .. } = part.reason {
                            // What is there stays, whatever the caps say now.
                            prop_assert_eq!(u64::from(part.asked()), decision.because.connected);
                        } else {
                            prop_assert_eq!(limit.cap(part.asked()), part.asked());
                            prop_assert!(by_rule.is_none_or(|cap| part.asked() <= *cap));
                        }
                    }
                }
            }
        }
    }
}

#[derive(Clone, Debug)]
enum Operation {
    Add(u8, Capabilities, usize),
    RemoveWorker(u8),
    Assign(u8, Capabilities),
    RemoveTask(u8),
    /// Ask what to take back, and do it.
    Balance,
}

fn operation() -> impl Strategy<Value = Operation> {
    prop_oneof![
        2 => (0_u8..12, capabilities(), 0_usize..8).prop_map(|(id, can, size)| Operation::Add(id, can, size)),
        1 => (0_u8..12).prop_map(Operation::RemoveWorker),
        8 => (any::<u8>(), capabilities()).prop_map(|(id, needs)| Operation::Assign(id, needs)),
        3 => any::<u8>().prop_map(Operation::RemoveTask),
        1 => Just(Operation::Balance),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn an_allocator_loses_nothing_and_overloads_nobody(
        operations in prop::collection::vec(operation(), 0..200),
        minds_capabilities in any::<bool>(),
    ) {
        let allocate = if minds_capabilities { "capability" } else { "even_load" };
        let mut allocator = Policy::new("simple", &format!("allocate={allocate}; scaling=no")).unwrap().allocator();
        let mut workers: HashMap<WorkerId, (Capabilities, usize)> = HashMap::new();
        let mut tasks: HashMap<TaskId, WorkerId> = HashMap::new();
        for operation in operations {
            match operation {
                Operation::Add(id, can, size) => {
                    let worker = WorkerId::from(&[id]);
                    let is_new = allocator.add_worker(worker.clone(), &can, size);
                    prop_assert_eq!(is_new, !workers.contains_key(&worker));
                    workers.entry(worker).or_insert((can, size));
                }
                Operation::RemoveWorker(id) => {
                    let worker = WorkerId::from(&[id]);
                    workers.remove(&worker);
                    for task in allocator.remove_worker(&worker) {
                        prop_assert_eq!(tasks.remove(&task), Some(worker.clone()));
                    }
                    prop_assert!(tasks.values().all(|holder| *holder != worker));
                }
                Operation::Assign(id, needs) => {
                    let task = TaskId::from(&[id]);
                    let given = allocator.assign(task.clone(), &needs);
                    if let Some(holder) = tasks.get(&task) {
                        prop_assert_eq!(given.as_ref(), Some(holder));
                    } else {
                        let load = |worker: &WorkerId| tasks.values().filter(|holder| *holder == worker).count();
                        let fewest = if minds_capabilities {
                            let able = workers.iter().filter(|(_, (can, _))| needs.names_are_in(can));
                            let loads = able.map(|(worker, (_, size))| (load(worker), *size));
                            loads.filter(|(load, size)| load < size).map(|(load, _)| load).min()
                        } else {
                            // Only if the one with the fewest has room; of several, whose turn it is.
                            workers.keys().map(load).min()
                        };
                        match &given {
                            Some(worker) => prop_assert_eq!(Some(load(worker)), fewest),
                            None if minds_capabilities => prop_assert_eq!(fewest, None),
                            None => {
                                let mut least = workers.iter().filter(|(worker, _)| Some(load(worker)) == fewest);
                                prop_assert!(workers.is_empty() || least.any(|(_, (_, size))| Some(*size) == fewest));
                            }
                        }
                        if let Some(worker) = given {
                            prop_assert!(!minds_capabilities || needs.names_are_in(&workers[&worker].0));
                            tasks.insert(task, worker);
                        }
                    }
                }
                Operation::RemoveTask(id) => {
                    let task = TaskId::from(&[id]);
                    prop_assert_eq!(allocator.remove_task(&task), tasks.remove(&task));
                }
                Operation::Balance => {
                    let advice = allocator.balance();
                    let has_idle = allocator.loads().iter().any(|(_, load)| *load == 0);
                    prop_assert!(has_idle || advice.is_empty());
                    for (worker, given) in advice {
                        prop_assert!(!given.is_empty());
                        for task in given {
                            prop_assert_eq!(allocator.remove_task(&task), Some(worker.clone()));
                            tasks.remove(&task);
                        }
                    }
                }
            }
            let mut loads: HashMap<WorkerId, usize> = workers.keys().map(|worker| (worker.clone(), 0)).collect();
            tasks.values().for_each(|worker| *loads.get_mut(worker).unwrap() += 1);
            prop_assert!(loads.iter().all(|(worker, load)| *load <= workers[worker].1));
            prop_assert_eq!(allocator.loads().into_iter().collect::<HashMap<_, _>>(), loads);
        }
    }
}
