//! The backends of this build. No other file names one.

use std::{future::Future, pin::Pin, sync::Arc};

use scaler_wm_core::{Address, Limit, ManagerId, Provider, TaskJournal, options::Values};
use scaler_wm_options::{AWS_HPC, AWS_RAW_ECS, BAREMETAL_NATIVE, ORB_AWS_EC2, SYMPHONY, Section};

use scaler_wm_wire::ymq::Trust;

#[cfg(any(feature = "batch", feature = "symphony"))]
use crate::agents::agents;
use crate::exit::Failure;

/// Everything that a provider is made of.
#[cfg_attr(not(any(feature = "batch", feature = "symphony")), expect(dead_code, reason = "only agents need all of it"))]
pub(crate) struct Order {
    /// Every option, checked.
    pub(crate) values: Values,
    /// The manager's name at the scheduler.
    pub(crate) manager: ManagerId,
    /// The most task concurrency.
    pub(crate) limit: Limit,
    /// Whom schedulers have to convince.
    pub(crate) trust: Trust,
    /// Where the scheduler publishes what its workers do, if that was said.
    pub(crate) monitor: Option<Address>,
    /// Where tasks are kept on record that were handed on.
    pub(crate) journal: Arc<dyn TaskJournal>,
}

/// One kind of manager. Each is declared in every build; what runs it may not be there.
pub(crate) struct Kind {
    /// Its options.
    pub(crate) section: &'static Section,
    /// What makes its provider.
    pub(crate) backend: Backend,
}

/// What makes the provider of a kind.
pub(crate) enum Backend {
    /// It is in this build.
    #[cfg_attr(
        not(any(feature = "native", feature = "batch", feature = "ec2", feature = "ecs", feature = "symphony")),
        expect(dead_code, reason = "a build without a backend has none to make")
    )]
    Built(Build),
    /// It would be, with this cargo feature.
    #[cfg_attr(
        all(feature = "native", feature = "batch", feature = "ec2", feature = "ecs", feature = "symphony"),
        expect(dead_code, reason = "this build leaves out no backend")
    )]
    LeftOut(&'static str),
    /// It can be in no build of this kind, for this reason.
    #[cfg_attr(not(target_feature = "crt-static"), expect(dead_code, reason = "only static builds lack something"))]
    Impossible(&'static str),
}

/// Makes a provider.
type Build = fn(Order) -> Pin<Box<dyn Future<Output = Result<Arc<dyn Provider>, Failure>>>>;

#[cfg(feature = "native")]
const NATIVE: Backend = Backend::Built(|Order { values, manager, .. }| {
    Box::pin(async move {
        let config = scaler_wm_native::NativeConfig::from_values(&values, &manager)?;
        let provider = scaler_wm_native::NativeProvider::start(config).await.map_err(Failure::setup)?;
        Ok(Arc::new(provider) as Arc<dyn Provider>)
    })
});
#[cfg(not(feature = "native"))]
const NATIVE: Backend = Backend::LeftOut("native");

#[cfg(feature = "ecs")]
const ECS: Backend = Backend::Built(|Order { values, manager, .. }| {
    Box::pin(async move {
        let config = scaler_wm_ecs::EcsConfig::from_values(&values, &manager)?;
        let provider = scaler_wm_ecs::EcsProvider::start(config).await.map_err(Failure::setup)?;
        Ok(Arc::new(provider) as Arc<dyn Provider>)
    })
});
#[cfg(not(feature = "ecs"))]
const ECS: Backend = Backend::LeftOut("ecs");

#[cfg(feature = "ec2")]
const EC2: Backend = Backend::Built(|Order { values, manager, .. }| {
    Box::pin(async move {
        if let Some(config) = scaler_wm_ec2::OrbConfig::from_values(&values, &manager)? {
            let provider = scaler_wm_ec2::OrbProvider::start(config).await.map_err(Failure::setup)?;
            return Ok(Arc::new(provider) as Arc<dyn Provider>);
        }
        let config = scaler_wm_ec2::Ec2Config::from_values(&values, &manager)?;
        let provider = scaler_wm_ec2::Ec2Provider::start(config).await.map_err(Failure::setup)?;
        Ok(Arc::new(provider) as Arc<dyn Provider>)
    })
});
#[cfg(not(feature = "ec2"))]
const EC2: Backend = Backend::LeftOut("ec2");

#[cfg(feature = "batch")]
const BATCH: Backend = Backend::Built(|order| {
    Box::pin(async move {
        let config = scaler_wm_batch::BatchConfig::from_values(&order.values, &order.manager)?;
        let executor = scaler_wm_batch::BatchExecutor::start(config, Arc::clone(&order.journal)).await;
        let name = order.values.maybe_text("name").unwrap_or_else(|| "AWS".to_owned());
        let concurrency = order.values.fitting("max_concurrent_jobs")?;
        agents(&order, name, concurrency, executor.map_err(Failure::setup)?).await
    })
});
#[cfg(not(feature = "batch"))]
const BATCH: Backend = Backend::LeftOut("batch");

#[cfg(all(feature = "symphony", not(target_feature = "crt-static")))]
const SYMPHONY_BACKEND: Backend = Backend::Built(|order| {
    Box::pin(async move {
        let config = scaler_wm_symphony::SymphonyConfig::from_values(&order.values)?;
        let executor = scaler_wm_symphony::SymphonyExecutor::start(config).await.map_err(Failure::setup)?;
        let concurrency = order.values.fitting("max_concurrent_tasks")?;
        agents(&order, "SYM".to_owned(), concurrency, executor).await
    })
});
#[cfg(not(feature = "symphony"))]
const SYMPHONY_BACKEND: Backend = Backend::LeftOut("symphony");
#[cfg(all(feature = "symphony", target_feature = "crt-static"))]
const SYMPHONY_BACKEND: Backend = Backend::Impossible("a static binary cannot load the library of Symphony");

/// Every kind of manager.
pub(crate) const KINDS: &[Kind] = &[
    Kind { section: &BAREMETAL_NATIVE, backend: NATIVE },
    Kind { section: &AWS_RAW_ECS, backend: ECS },
    Kind { section: &ORB_AWS_EC2, backend: EC2 },
    Kind { section: &AWS_HPC, backend: BATCH },
    Kind { section: &SYMPHONY, backend: SYMPHONY_BACKEND },
];

/// The kind of that name.
pub(crate) fn find(name: &str) -> Option<&'static Kind> {
    KINDS.iter().find(|kind| kind.section.name == name)
}

impl Kind {
    /// What makes its provider.
    ///
    /// # Errors
    /// When this build has none, with what brings it.
    pub(crate) fn build(&self) -> Result<Build, Failure> {
        match (&self.backend, self.what_is_missing()) {
            (Backend::Built(build), _) => Ok(*build),
            (_, missing) => Err(Failure::Usage(missing.unwrap_or_default())),
        }
    }

    /// Why this build cannot run it, and what brings what is missing; `None` for what it can run.
    pub(crate) fn what_is_missing(&self) -> Option<String> {
        let name = self.section.name;
        match self.backend {
            Backend::Built(_) => None,
            Backend::LeftOut(feature) => Some(format!(
                "this build has no {name}: it needs the feature `{feature}`; run `cargo install scaler-wm --features \
                 {feature}`"
            )),
            Backend::Impossible(reason) => Some(format!(
                "this build has no {name}: {reason}; build for a target with a dynamic C library, such as \
                 x86_64-unknown-linux-gnu"
            )),
        }
    }
}
