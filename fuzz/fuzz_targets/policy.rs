//! Policy strings: whatever is read can be followed.
#![no_main]

use libfuzzer_sys::fuzz_target;
use scaler_wm_core::{
    Capabilities, Limit, ManagerId, TaskId, WorkerId,
    policy::{Change, ENGINE_TYPES, Offer, Policy},
};

fuzz_target!(|data: &[u8]| {
    let Some((first, content)) = data.split_first() else { return };
    let Ok(content) = std::str::from_utf8(content) else { return };
    let engine_type = ENGINE_TYPES[usize::from(*first) % ENGINE_TYPES.len()];
    let policy = match Policy::new(engine_type, content) {
        Ok(policy) => policy,
        Err(error) => return assert!(!error.to_string().is_empty()),
    };
    let mut engine = policy.engine();
    let manager = ManagerId::from("1");
    let offer = Offer::new(Limit::AtMost(7), Capabilities::default());
    engine.apply(Change::ManagerHeartbeat { manager: manager.clone(), offer });
    engine.apply(Change::TasksAdded { id: TaskId::from("t"), capabilities: Capabilities::default(), count: u32::MAX });
    for part in engine.decide(&manager).and_then(|decision| decision.requests()).unwrap_or_default() {
        assert!(part.task_concurrency <= 7);
    }
    let mut allocator = policy.allocator();
    allocator.add_worker(WorkerId::from("w"), &Capabilities::default(), 1);
    assert!(allocator.assign(TaskId::from("t"), &Capabilities::default()).is_some());
});
