//! The suite over the provider in memory, and proof that it can fail.

use std::{
    num::NonZeroU32,
    sync::{Arc, Mutex},
    time::Duration,
};

use async_trait::async_trait;
use scaler_wm_conformance::{Fixture, MemoryProvider, MemorySettings, Way, checks, provider_suite};
use scaler_wm_core::{
    Clock, ExitCause, Launch, LaunchId, Launched, Observed, OpenLaunch, Provider, ProviderInfo, Result, Stop,
    StopAnswer, Tier, Timestamp, UnitId, UnitState,
};
use tokio::sync::watch;

/// The provider in memory, as it is or with a flaw.
struct Memory {
    settings: MemorySettings,
    flaw: Option<Flaw>,
    last: Mutex<Option<MemoryProvider>>,
}

impl Memory {
    fn new(settings: MemorySettings, flaw: Option<Flaw>) -> Self {
        Self { settings, flaw, last: Mutex::default() }
    }
}

#[async_trait]
impl Fixture for Memory {
    async fn provider(&self) -> Arc<dyn Provider> {
        let provider = MemoryProvider::new(self.settings.clone(), Clock::system());
        *self.last.lock().expect("no test panics with it") = Some(provider.clone());
        match self.flaw {
            None => Arc::new(provider),
            Some(flaw) => Arc::new(Flawed { provider, flaw }),
        }
    }

    async fn kill(&self, unit: &UnitId) {
        let provider = self.last.lock().expect("no test panics with it").clone();
        provider.expect("a check asks for it first").kill(unit, ExitCause::Signal(9));
    }
}

#[derive(Clone, Copy)]
enum Flaw {
    ForgetsEnds,
    LaunchesAgain,
    AnswersOnce,
    NamesLaunchesAlike,
    NeverTicks,
    CallsAccidentsAsked,
    LeavesNobody,
}

/// A provider with a flaw.
struct Flawed {
    provider: MemoryProvider,
    flaw: Flaw,
}

#[async_trait]
impl Provider for Flawed {
    fn info(&self) -> &ProviderInfo {
        self.provider.info()
    }

    fn prepare(&self, count: NonZeroU32, tier: &Tier, now: Timestamp) -> Result<Launch> {
        let launch = self.provider.prepare(count, tier, now)?;
        Ok(match self.flaw {
            Flaw::NamesLaunchesAlike => Launch { id: LaunchId::from("launch"), ..launch },
            _ => launch,
        })
    }

    async fn launch(&self, launch: &Launch) -> Result<Launched> {
        match self.flaw {
            Flaw::LaunchesAgain => {
                let fresh = self.provider.prepare(launch.count, &launch.tier, launch.at)?;
                self.provider.launch(&fresh).await
            }
            _ => self.provider.launch(launch).await,
        }
    }

    async fn observe(&self, open: &[OpenLaunch]) -> Result<Observed> {
        let mut observed = self.provider.observe(open).await?;
        match self.flaw {
            Flaw::ForgetsEnds => observed.units.retain(|unit| !matches!(unit.state, UnitState::Gone(_))),
            Flaw::CallsAccidentsAsked => {
                for unit in &mut observed.units {
                    if let UnitState::Gone(exit) = &mut Arc::make_mut(unit).state {
                        exit.asked = true;
                    }
                }
            }
            _ => {}
        }
        Ok(observed)
    }

    async fn stop(&self, units: &[UnitId], how: Stop) -> Vec<(UnitId, Result<StopAnswer>)> {
        match (self.flaw, how) {
            (Flaw::AnswersOnce, _) => self.provider.stop(&units[..1], how).await,
            (Flaw::LeavesNobody, Stop::IfIdle) => {
                units.iter().map(|unit| (unit.clone(), Ok(StopAnswer::Accepted))).collect()
            }
            _ => self.provider.stop(units, how).await,
        }
    }

    fn changed(&self) -> watch::Receiver<u64> {
        match self.flaw {
            Flaw::NeverTicks => watch::channel(0).1,
            _ => self.provider.changed(),
        }
    }

    async fn sweep(&self) -> Result<()> {
        self.provider.sweep().await
    }
}

#[tokio::test(start_paused = true)]
async fn the_provider_in_memory_does_what_a_provider_has_to() {
    provider_suite(&Memory::new(MemorySettings::default(), None)).await;
}

#[tokio::test(start_paused = true)]
async fn a_slow_one_with_lagging_lists_does_too() {
    let mut settings = MemorySettings {
        start_up: Duration::from_secs(3),
        stop_takes: Duration::from_secs(2),
        lag: Duration::from_secs(4),
        ..MemorySettings::default()
    };
    settings.info.list_lag = settings.lag;
    provider_suite(&Memory::new(settings, None)).await;
}

#[tokio::test(start_paused = true)]
async fn one_whose_units_cannot_be_asked_does_too() {
    let unsupported = [Way::IfIdle, Way::HandBack, Way::Resume, Way::Hold].into();
    provider_suite(&Memory::new(MemorySettings { unsupported, ..MemorySettings::default() }, None)).await;
}

/// Runs a check in a task of its own and returns what it panics with.
async fn failure<F>(flaw: Flaw, check: fn(&'static dyn Fixture) -> F) -> String
where
    F: Future<Output = ()> + Send + 'static,
{
    // A task wants what lives as long as it may.
    let fixture: &'static Memory = Box::leak(Box::new(Memory::new(MemorySettings::default(), Some(flaw))));
    let panicked = tokio::spawn(check(fixture)).await.expect_err("the flaw was not seen").into_panic();
    panicked.downcast_ref::<String>().cloned().unwrap_or_default()
}

macro_rules! sees {
    ($($test:ident: $flaw:ident by $check:ident;)*) => {$(
        #[tokio::test(start_paused = true)]
        async fn $test() {
            let message = failure(Flaw::$flaw, |fixture| checks::$check(fixture)).await;
            assert!(message.starts_with(concat!(stringify!($check), ": ")), "{message}");
        }
    )*};
}

sees! {
    forgotten_ends_are_seen: ForgetsEnds by a_killed_unit_is_told_as_gone_once;
    a_second_launch_is_seen: LaunchesAgain by a_repeated_launch_is_the_same_request;
    missing_answers_are_seen: AnswersOnce by questions_are_answered_one_by_one;
    launches_with_one_name_are_seen: NamesLaunchesAlike by prepare_calls_nothing;
    silence_is_seen: NeverTicks by changes_are_told;
    accidents_that_count_as_asked_are_seen: CallsAccidentsAsked by a_killed_unit_is_told_as_gone_once;
    empty_promises_are_seen: LeavesNobody by an_idle_unit_leaves_when_asked;
}
