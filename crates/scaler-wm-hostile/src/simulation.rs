//! Files of simulations: whatever is read can be run.

use scaler_wm_sim::{Seconds, Simulation, WorkloadConfig};

/// Managers and policies that are run at most.
const MOST: usize = 2;
/// Workers and tasks of a worker, likewise: they are all in memory.
const MOST_WORKERS: u32 = 16;

/// The text of a file. Its managers and policies are run for a minute, on a workload of our own: its own may take days.
pub fn simulation(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let mut simulation = match Simulation::parse("file", text) {
        Ok(simulation) => simulation,
        Err(error) => return assert!(error.to_string().contains("file")),
    };
    simulation.policy.truncate(MOST);
    simulation.manager.truncate(MOST);
    for manager in &mut simulation.manager {
        manager.heartbeat_interval_seconds = manager.heartbeat_interval_seconds.max(5.0);
        if manager.workers_per_unit.get() > MOST_WORKERS || manager.max_task_concurrency.unsigned_abs() > 64 {
            return;
        }
    }
    simulation.most_hours = simulation.most_hours.min(1.0 / 60.0);
    let task_seconds = Seconds { p50: 2.0, p95: None };
    simulation.workload = WorkloadConfig::Bursts { tasks: 5, bursts: 2, every_seconds: 20.0, task_seconds };
    let outcomes = simulation.run(|_| {}).expect("its policies were read");
    assert_eq!(outcomes.len(), simulation.policy.len());
}
