//! One policy after the other.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use scaler_wm_core::{Clock, Manager, Sizing, Timestamp, manager::Settings, policy::Policy};
use tokio::sync::oneshot;

use crate::{
    Error, ManagerConfig, Outcome, Result, Simulation,
    journal::NoJournal,
    link::SimLink,
    provider::{Shared, SimProvider, look},
    workload::float,
    world::World,
};

/// How often it is looked whether all is over.
const LOOK_EVERY: Duration = Duration::from_secs(10);
/// How long units may take to go once the last task has ended.
const AFTERMATH: Duration = Duration::from_secs(3_600);

/// How far a simulation is.
#[derive(Clone, Debug)]
pub struct Progress<'a> {
    /// The policy that is run.
    pub policy: &'a str,
    /// Simulated seconds.
    pub at: f64,
    /// Simulated seconds until the last task comes.
    pub of: f64,
    /// Tasks that ended.
    pub completed: u64,
}

impl Simulation {
    /// Runs every policy, each on the same workload, and tells how far it is.
    ///
    /// # Errors
    /// When a policy cannot be followed.
    pub fn run(&self, mut progress: impl FnMut(Progress<'_>)) -> Result<Vec<Outcome>> {
        self.policy
            .iter()
            .map(|config| {
                let policy = config.policy().map_err(|problem| Error::wrong(config.label(), problem))?;
                Ok(self.run_one(&policy, config.label(), &mut progress))
            })
            .collect()
    }

    fn run_one(&self, policy: &Policy, label: &str, progress: &mut dyn FnMut(Progress<'_>)) -> Outcome {
        // One thread, and time that stands still while anybody has something to do.
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
        let world = World::new(self, policy);
        let Ok(runtime) = runtime else { return world.outcome(label, true) };
        let world: Shared = Arc::new(Mutex::new(world));
        let is_cut_off = runtime.block_on(self.live(&world, label, progress));
        // Managers hold on to the world.
        drop(runtime);
        match Arc::try_unwrap(world) {
            Ok(world) => {
                world.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner).outcome(label, is_cut_off)
            }
            Err(_) => unreachable!("everything that knew of the world ended with the runtime"),
        }
    }

    /// Lets managers work until all is over; whether it was cut off.
    async fn live(&self, world: &Shared, policy: &str, progress: &mut dyn FnMut(Progress<'_>)) -> bool {
        let clock = Clock::starting_at(Timestamp::default());
        let mut stops = Vec::new();
        for (index, config) in self.manager.iter().enumerate() {
            let provider = SimProvider::new(config, index, world, clock);
            let link = SimLink::new(index, world, clock);
            let ledger = look(world, &clock).ledger.clone();
            let settings = Settings { ledger, ..settings(config, &provider, self.seed ^ index as u64) };
            let manager = Manager::new(settings, Arc::new(provider), Box::new(link), Arc::new(NoJournal), clock);
            let (stop, stopped) = oneshot::channel();
            stops.push(stop);
            tokio::spawn(manager.run(stopped));
        }
        let end = Timestamp::default() + Duration::from_secs_f64(self.most_hours * 3_600.0);
        let last = self.last_arrival();
        let mut done_at = None;
        loop {
            tokio::time::sleep(LOOK_EVERY).await;
            let now = clock.now();
            let world = look(world, &clock);
            progress(Progress { policy, at: float(now.as_millis()) / 1e3, of: last, completed: world.completed() });
            if world.is_done() {
                let done_at = *done_at.get_or_insert(now);
                if world.is_empty() || now.since(done_at) >= AFTERMATH {
                    return false;
                }
            }
            if now >= end {
                return true;
            }
        }
    }
}

fn settings(config: &ManagerConfig, provider: &SimProvider, seed: u64) -> Settings {
    use scaler_wm_core::Provider;
    let capabilities = config.capabilities().unwrap_or_default();
    Settings {
        manager: scaler_wm_core::ManagerId::from(&*config.id),
        sizing: Sizing::new(config.limit(), provider.info(), capabilities),
        scale_down_cooldown: Duration::from_secs_f64(config.scale_down_cooldown_seconds),
        drain_timeout: Duration::from_secs(300),
        stop_timeout: Duration::from_secs(10),
        rebalances: config.rebalances,
        keeps_units: false,
        ledger: None,
        seed,
    }
}
