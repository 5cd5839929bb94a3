//! Policy strings: whatever is read can be followed.

use std::time::Duration;

use scaler_wm_core::{
    Capabilities, Limit, ManagerId, TaskId, Timestamp, WorkerId,
    policy::{Change, ENGINE_TYPES, Engine, Offer, Policy},
};

/// What a manager can bring.
const MOST: u32 = 7;

/// The first byte chooses the type of engine, the rest is the string.
pub fn policy(bytes: &[u8]) {
    let Some((first, content)) = bytes.split_first() else { return };
    let Ok(content) = std::str::from_utf8(content) else { return };
    let engine_type = ENGINE_TYPES[usize::from(*first) % ENGINE_TYPES.len()];
    let policy = match Policy::new(engine_type, content) {
        Ok(policy) => policy,
        Err(error) => return assert!(!error.to_string().is_empty()),
    };
    let mut engine = policy.engine();
    let managers = ["1", "m"].map(ManagerId::from);
    for manager in &managers {
        let offer = Offer::new(Limit::AtMost(MOST), Capabilities::default());
        engine.apply(Change::ManagerHeartbeat { manager: manager.clone(), offer });
        follow(&engine, manager);
    }
    engine.apply(Change::TasksAdded { id: TaskId::from("t"), capabilities: Capabilities::default(), count: u32::MAX });
    follow(&engine, &managers[0]);
    for took in [Duration::ZERO, Duration::from_millis(1500), Duration::MAX] {
        engine.apply(Change::TaskTook(took));
        engine.apply(Change::UnitStarted { manager: managers[1].clone(), took });
        managers.iter().for_each(|manager| follow(&engine, manager));
    }
    if let Some(ledger) = policy.ledger() {
        for (manager, now) in managers.iter().zip([0, 1_000].map(Timestamp::from_millis)) {
            ledger.count(manager, u32::MAX, now);
            ledger.changes(now).into_iter().for_each(|change| engine.apply(change));
            follow(&engine, manager);
        }
    }
    let mut allocator = policy.allocator();
    allocator.add_worker(WorkerId::from("w"), &Capabilities::default(), 1);
    assert!(allocator.assign(TaskId::from("t"), &Capabilities::default()).is_some());
}

fn follow(engine: &Engine, manager: &ManagerId) {
    let Some(decision) = engine.decide(manager) else { return };
    assert!(!decision.because.to_string().is_empty());
    assert!(decision.requests().unwrap_or_default().iter().all(|part| part.task_concurrency <= MOST));
}
