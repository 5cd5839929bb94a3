//! How long the manager's whole loop takes, and how that grows with the number of units, over a provider in memory that
//! answers at once.
//!
//! Prints a line for each number of units, `reconcile_units N look_us X change_us Y provider_us Z`: a look after which there
//! is nothing to do (observe, plan); a wish for one unit more or less, from when it is said until it is so (plan, act, observe,
//! until everything is settled); and what the provider takes to tell what is there, which is part of both.

use std::{num::NonZeroU32, sync::Arc, time::Instant};

use scaler_wm_conformance::{LinkHandle, MemoryLink, MemoryProvider, MemorySettings, load_of, settings};
use scaler_wm_core::{
    Clock, Manager, Provider,
    control::{Control, pair},
    manager::Status,
};
use scaler_wm_journal::MemoryJournal;
use tokio::{sync::oneshot, task::yield_now, time::Duration};

/// A wait that takes longer than this is a fault.
const LONGEST: Duration = Duration::from_secs(120);

struct Bench {
    provider: MemoryProvider,
    link: LinkHandle,
    control: Control,
    clock: Clock,
    // Dropped, it would ask the manager to stop.
    _stop: oneshot::Sender<()>,
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    for (count, repeats) in [(10_u32, 2_000_u32), (1_000, 400), (100_000, 12), (300_000, 4)] {
        let bench = Bench::start(count).await;
        let provider = bench.provider_alone(repeats).await;
        let look = bench.looks(repeats).await;
        let change = bench.changes(count, repeats).await;
        println!("reconcile_units {count} look_us {look:.1} change_us {change:.1} provider_us {provider:.1}");
    }
}

impl Bench {
    /// A manager with so many units, half of which have a task.
    async fn start(count: u32) -> Self {
        let clock = Clock::system();
        let mut memory = MemorySettings::default();
        memory.info.largest_batch = NonZeroU32::MIN.saturating_add(999);
        // It looks when something has changed, and not because of the time that has passed.
        memory.info.observe_every = Duration::from_secs(3_600);
        let provider = MemoryProvider::new(memory, clock);
        let settings = settings("bench", provider.info());
        let (control, seat) = pair(settings.manager.clone());
        let (link, handle) = MemoryLink::new();
        let journal = Arc::new(MemoryJournal::default());
        let manager = Manager::new(settings, Arc::new(provider.clone()), Box::new(link), journal, clock).seated(seat);
        let (stop, stopped) = oneshot::channel();
        tokio::spawn(manager.run(stopped));
        let bench = Self { provider, link: handle, control, clock, _stop: stop };
        let since = clock.now();
        bench.link.up();
        bench.link.wish(count);
        bench.until(|status| is_settled(status, count)).await;
        let units = bench.provider.units().into_iter().enumerate();
        let workers = units.map(|(at, unit)| {
            let is_busy = at % 2 == 0;
            bench.provider.set_busy(&unit, is_busy);
            (MemoryProvider::worker_of(&unit), u32::from(is_busy))
        });
        bench.link.load(load_of(Some(since), bench.clock.now(), workers));
        bench.rest().await;
        bench
    }

    async fn until(&self, is_so: impl Fn(&Status) -> bool) {
        let began = Instant::now();
        while !is_so(&self.control.status()) {
            assert!(began.elapsed() < LONGEST, "it is not so: {} units", self.control.status().units.len());
            yield_now().await;
        }
    }

    /// Until the loop waits for something to happen: everybody else has had a turn, and it has made no round meanwhile.
    async fn rest(&self) {
        let mut before = u64::MAX;
        while before != self.rounds() {
            before = self.rounds();
            for _ in 0..64 {
                yield_now().await;
            }
        }
    }

    fn rounds(&self) -> u64 {
        self.control.figures().rounds.count()
    }

    /// Microseconds that the provider takes for a look.
    async fn provider_alone(&self, repeats: u32) -> f64 {
        let began = Instant::now();
        for _ in 0..repeats {
            drop(std::hint::black_box(self.provider.observe(&[]).await.expect("a provider in memory answers")));
        }
        micros(began, repeats)
    }

    /// Microseconds from a tick of the provider until the manager has looked, and found nothing to do.
    async fn looks(&self, repeats: u32) -> f64 {
        let unit = self.provider.units().remove(0);
        let mut micros = Vec::new();
        for _ in 0..repeats {
            let rounds = self.rounds();
            let began = Instant::now();
            // It was busy before: nothing changes but that the provider ticks.
            self.provider.set_busy(&unit, true);
            // One round that sends for a look, and one for what came of it.
            while self.rounds() < rounds + 2 {
                yield_now().await;
            }
            micros.push(began.elapsed().as_secs_f64() * 1e6);
            self.rest().await;
        }
        median(micros)
    }

    /// Microseconds from a wish for one unit more, or one less, until it is so.
    async fn changes(&self, count: u32, repeats: u32) -> f64 {
        let mut micros = Vec::new();
        for wanted in (0..repeats.div_ceil(2)).flat_map(|_| [count + 1, count]) {
            let began = Instant::now();
            self.link.wish(wanted);
            self.until(|status| is_settled(status, wanted)).await;
            micros.push(began.elapsed().as_secs_f64() * 1e6);
            self.rest().await;
        }
        median(micros)
    }
}

/// As many units as are wanted, all of them up, and nothing on its way.
fn is_settled(status: &Status, wanted: u32) -> bool {
    status.desired == Some(wanted)
        && status.open == 0
        && status.running == wanted
        && status.units.len() == wanted as usize
}

fn micros(began: Instant, repeats: u32) -> f64 {
    began.elapsed().as_secs_f64() * 1e6 / f64::from(repeats)
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
