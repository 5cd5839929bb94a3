//! A manager under test.

use std::{sync::Arc, time::Duration};

use scaler_wm_conformance::{LinkHandle, MemoryLink, MemoryProvider, MemorySettings, load_of, settings};
use scaler_wm_core::{
    Capabilities, Clock, Journal, Limit, Manager, Provider, Result, Sizing, Timestamp, UnitId,
    control::{Control, pair},
    manager::{Settings, Summary},
};
use scaler_wm_journal::MemoryJournal;
use tokio::{sync::oneshot, task::JoinHandle, time::sleep};

/// A manager that runs, and everything around it.
pub(crate) struct Bench {
    pub(crate) provider: MemoryProvider,
    pub(crate) link: LinkHandle,
    pub(crate) journal: Arc<MemoryJournal>,
    pub(crate) control: Control,
    clock: Clock,
    limit: usize,
    stop: oneshot::Sender<()>,
    running: JoinHandle<Result<Summary>>,
}

/// How a manager under test differs from the usual one.
pub(crate) struct Options {
    pub(crate) memory: MemorySettings,
    pub(crate) limit: u32,
    pub(crate) cooldown: Duration,
    pub(crate) journal: Arc<MemoryJournal>,
    pub(crate) keeps_units: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            memory: MemorySettings::default(),
            limit: 8,
            cooldown: Duration::ZERO,
            journal: Arc::default(),
            keeps_units: false,
        }
    }
}

pub(crate) fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

impl Bench {
    /// A manager whose scheduler answers, with nothing wanted yet.
    pub(crate) fn start(options: Options) -> Self {
        let bench = Self::start_alone(options);
        bench.link.up();
        bench
    }

    /// A manager whose scheduler has not answered.
    pub(crate) fn start_alone(options: Options) -> Self {
        Self::start_over(options, |_| {})
    }

    /// The same, over an infrastructure in which there is something already.
    pub(crate) fn start_over(options: Options, prepare: impl FnOnce(&MemoryProvider)) -> Self {
        let clock = Clock::system();
        let provider = MemoryProvider::new(options.memory, clock);
        prepare(&provider);
        Self::start_with(provider, clock, options.limit, options.cooldown, options.journal, options.keeps_units)
    }

    fn start_with(
        provider: MemoryProvider,
        clock: Clock,
        limit: u32,
        cooldown: Duration,
        journal: Arc<MemoryJournal>,
        keeps_units: bool,
    ) -> Self {
        let (link, handle) = MemoryLink::new();
        let settings = Settings {
            sizing: Sizing::new(Limit::AtMost(limit), provider.info(), Capabilities::default()),
            scale_down_cooldown: cooldown,
            keeps_units,
            ..settings("under-test", provider.info())
        };
        let journal_of_manager = Arc::clone(&journal);
        let (control, seat) = pair(settings.manager.clone());
        let manager = Manager::new(settings, Arc::new(provider.clone()), Box::new(link), journal_of_manager, clock);
        let manager = manager.seated(seat);
        let (stop, stopped) = oneshot::channel();
        let running = tokio::spawn(manager.run(stopped));
        Self { provider, link: handle, journal, control, clock, limit: limit as usize, stop, running }
    }

    /// Another process of the same manager over the same infrastructure, after this one was killed.
    pub(crate) async fn killed_and_restarted(self) -> Self {
        self.killed(|| {}).await
    }

    /// The same, and that one leaves its units when it is told to stop.
    pub(crate) async fn killed_and_restarted_to_keep(self) -> Self {
        self.killed_and(|| {}, true).await
    }

    /// The same, with something that happens in between.
    pub(crate) async fn killed(self, meanwhile: impl FnOnce()) -> Self {
        self.killed_and(meanwhile, false).await
    }

    async fn killed_and(self, meanwhile: impl FnOnce(), keeps_units: bool) -> Self {
        self.running.abort();
        drop(self.running.await);
        meanwhile();
        let limit = u32::try_from(self.limit).expect("a small number");
        Self::start_with(self.provider, self.clock, limit, Duration::ZERO, self.journal, keeps_units)
    }

    /// Another process of the same manager, after this one was told to stop.
    pub(crate) async fn stopped_and_restarted(self) -> (Self, Summary) {
        // It may have ended by itself.
        let _ = self.stop.send(());
        let summary = Self::ended(self.running, &self.provider, self.limit).await.expect("it ends well");
        let limit = u32::try_from(self.limit).expect("a small number");
        (Self::start_with(self.provider, self.clock, limit, Duration::ZERO, self.journal, false), summary)
    }

    /// Nothing stays on record.
    pub(crate) async fn stays_forgotten(&self) {
        assert!(self.is_forgotten().await);
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Waits until there are exactly this many units; time passes meanwhile.
    pub(crate) async fn until_units(&self, count: usize) {
        for _ in 0..6000 {
            if self.provider.units().len() == count {
                return;
            }
            sleep(Duration::from_millis(100)).await;
        }
        panic!("waited 600 s for {count} units; there is {:?}", self.provider.units());
    }

    /// Lets time pass, in which this many units must stay.
    pub(crate) async fn stays_at(&self, count: usize, time: Duration) {
        let end = self.now() + time;
        while self.now() < end {
            assert_eq!(self.provider.units().len(), count, "after {:?} of {time:?}", time - end.since(self.now()));
            sleep(Duration::from_millis(100)).await;
        }
    }

    /// Says what is busy: the units of `busy` have a task each, all others none.
    pub(crate) fn tell_load(&self, live_since: Timestamp, busy: &[UnitId]) {
        let workers = self.provider.units().into_iter().map(|unit| {
            self.provider.set_busy(&unit, busy.contains(&unit));
            (MemoryProvider::worker_of(&unit), u32::from(busy.contains(&unit)))
        });
        self.link.load(load_of(Some(live_since), self.now(), workers));
    }

    /// Asks the manager to stop and waits for its end.
    pub(crate) async fn stop(self) -> Result<Summary> {
        // It may have ended by itself.
        let _ = self.stop.send(());
        Self::ended(self.running, &self.provider, self.limit).await
    }

    /// Waits for an end that comes by itself.
    pub(crate) async fn end(self) -> Result<Summary> {
        // Held until then: dropped, it would ask the manager to stop.
        let stop = self.stop;
        let ended = Self::ended(self.running, &self.provider, self.limit).await;
        drop(stop);
        ended
    }

    async fn ended(running: JoinHandle<Result<Summary>>, provider: &MemoryProvider, limit: usize) -> Result<Summary> {
        let summary = running.await.expect("the manager does not panic");
        assert!(provider.peak() <= limit, "{} units at once, the limit is {limit}", provider.peak());
        summary
    }

    /// Whether the journal has nothing left on record, once everything was written.
    pub(crate) async fn is_forgotten(&self) -> bool {
        sleep(Duration::from_millis(100)).await;
        self.journal.load().await.expect("a journal in memory").is_empty()
    }
}
