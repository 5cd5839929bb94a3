//! The backends of this build. No other file names one.

use std::{future::Future, pin::Pin, sync::Arc};

use scaler_wm_core::{
    Address, Check, Inventory, Limit, ManagerId, Provider, TaskJournal,
    options::{OptionError, Values},
};
use scaler_wm_options::{AWS_HPC, AWS_RAW_ECS, BAREMETAL_NATIVE, EXTERNAL, ORB_AWS_EC2, SYMPHONY, Section};

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
    /// What looks at what it needs, before anything is started; `None` if it is not in this build.
    look: Option<Preflight>,
    /// Where its workers run.
    pub(crate) workers: Workers,
}

/// Where the workers of a kind run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Workers {
    /// On this host.
    Here,
    /// On other hosts, which reach the scheduler on ways of their own.
    Elsewhere,
    /// Nobody can tell from here.
    Anywhere,
}

/// What makes the provider of a kind.
pub(crate) enum Backend {
    /// It is in this build.
    #[cfg_attr(
        not(any(
            feature = "native",
            feature = "batch",
            feature = "ec2",
            feature = "ecs",
            feature = "external",
            feature = "symphony"
        )),
        expect(dead_code, reason = "a build without a backend has none to make")
    )]
    Built(Build),
    /// It would be, with this cargo feature.
    #[cfg_attr(
        all(
            feature = "native",
            feature = "batch",
            feature = "ec2",
            feature = "ecs",
            feature = "external",
            feature = "symphony"
        ),
        expect(dead_code, reason = "this build leaves out no backend")
    )]
    LeftOut(&'static str),
    /// It can be in no build of this kind, for this reason.
    #[cfg_attr(not(target_feature = "crt-static"), expect(dead_code, reason = "only static builds lack something"))]
    Impossible(&'static str),
}

/// Makes a provider.
type Build = fn(Order) -> Pin<Box<dyn Future<Output = Result<Arc<dyn Provider>, Failure>>>>;

/// Looks at what a manager of a kind needs, at most so much task concurrency of it. Its options are checked at once.
type Preflight = fn(&Values, &ManagerId, Limit) -> Result<Look, OptionError>;
/// What is found is told when all of it is known.
type Look = Pin<Box<dyn Future<Output = Vec<Check>>>>;

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
#[cfg(feature = "native")]
const LOOK_NATIVE: Option<Preflight> = Some(|values, manager, limit| {
    let config = scaler_wm_native::NativeConfig::from_values(values, manager)?;
    Ok(Box::pin(scaler_wm_native::preflight(config, limit)))
});
#[cfg(not(feature = "native"))]
const LOOK_NATIVE: Option<Preflight> = None;

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
#[cfg(feature = "ecs")]
const LOOK_ECS: Option<Preflight> = Some(|values, manager, limit| {
    let config = scaler_wm_ecs::EcsConfig::from_values(values, manager)?;
    Ok(Box::pin(scaler_wm_ecs::preflight(config, limit)))
});
#[cfg(not(feature = "ecs"))]
const LOOK_ECS: Option<Preflight> = None;

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
#[cfg(feature = "ec2")]
const LOOK_EC2: Option<Preflight> = Some(|values, manager, limit| {
    if let Some(config) = scaler_wm_ec2::OrbConfig::from_values(values, manager)? {
        return Ok(Box::pin(scaler_wm_ec2::orb_preflight(config)));
    }
    let config = scaler_wm_ec2::Ec2Config::from_values(values, manager)?;
    Ok(Box::pin(scaler_wm_ec2::preflight(config, limit)))
});
#[cfg(not(feature = "ec2"))]
const LOOK_EC2: Option<Preflight> = None;

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
#[cfg(feature = "batch")]
const LOOK_BATCH: Option<Preflight> = Some(|values, manager, _| {
    let config = scaler_wm_batch::BatchConfig::from_values(values, manager)?;
    Ok(Box::pin(scaler_wm_batch::preflight(config)))
});
#[cfg(not(feature = "batch"))]
const LOOK_BATCH: Option<Preflight> = None;

#[cfg(all(feature = "symphony", not(target_feature = "crt-static")))]
const SYMPHONY_BACKEND: Backend = Backend::Built(|order| {
    Box::pin(async move {
        let config = scaler_wm_symphony::SymphonyConfig::from_values(&order.values)?;
        let executor = scaler_wm_symphony::SymphonyExecutor::start(config).await.map_err(Failure::setup)?;
        let concurrency = order.values.fitting("max_concurrent_tasks")?;
        agents(&order, "SYM".to_owned(), concurrency, executor).await
    })
});
#[cfg(all(feature = "symphony", not(target_feature = "crt-static")))]
const LOOK_SYMPHONY: Option<Preflight> = Some(|values, _, _| {
    let config = scaler_wm_symphony::SymphonyConfig::from_values(values)?;
    Ok(Box::pin(scaler_wm_symphony::preflight(config)))
});
#[cfg(not(all(feature = "symphony", not(target_feature = "crt-static"))))]
const LOOK_SYMPHONY: Option<Preflight> = None;
#[cfg(not(feature = "symphony"))]
const SYMPHONY_BACKEND: Backend = Backend::LeftOut("symphony");
#[cfg(all(feature = "symphony", target_feature = "crt-static"))]
const SYMPHONY_BACKEND: Backend = Backend::Impossible("a static binary cannot load the library of Symphony");

#[cfg(feature = "external")]
const PLUGIN: Backend = Backend::Built(|Order { values, manager, .. }| {
    Box::pin(async move {
        let config = scaler_wm_external::ExternalConfig::from_values(&values, &manager)?;
        let provider = scaler_wm_external::ExternalProvider::start(config).await.map_err(Failure::setup)?;
        Ok(Arc::new(provider) as Arc<dyn Provider>)
    })
});
#[cfg(not(feature = "external"))]
const PLUGIN: Backend = Backend::LeftOut("external");
#[cfg(feature = "external")]
const LOOK_PLUGIN: Option<Preflight> = Some(|values, manager, _| {
    let config = scaler_wm_external::ExternalConfig::from_values(values, manager)?;
    Ok(Box::pin(scaler_wm_external::preflight(config)))
});
#[cfg(not(feature = "external"))]
const LOOK_PLUGIN: Option<Preflight> = None;

/// Every kind of manager.
pub(crate) const KINDS: &[Kind] = &[
    Kind { section: &BAREMETAL_NATIVE, backend: NATIVE, look: LOOK_NATIVE, workers: Workers::Here },
    Kind { section: &AWS_RAW_ECS, backend: ECS, look: LOOK_ECS, workers: Workers::Elsewhere },
    Kind { section: &ORB_AWS_EC2, backend: EC2, look: LOOK_EC2, workers: Workers::Elsewhere },
    // Agents are workers, and run in this process.
    Kind { section: &AWS_HPC, backend: BATCH, look: LOOK_BATCH, workers: Workers::Here },
    Kind { section: &SYMPHONY, backend: SYMPHONY_BACKEND, look: LOOK_SYMPHONY, workers: Workers::Here },
    Kind { section: &EXTERNAL, backend: PLUGIN, look: LOOK_PLUGIN, workers: Workers::Anywhere },
];

/// The kind of that name.
pub(crate) fn find(name: &str) -> Option<&'static Kind> {
    KINDS.iter().find(|kind| kind.section.name == name)
}

/// What tells what is out there under a manager's name.
///
/// # Errors
/// When this build has no such manager, with what brings it, and when values do not go together.
pub(crate) async fn inventory(
    kind: &Kind,
    values: &Values,
    manager: &ManagerId,
) -> Result<Box<dyn Inventory>, Failure> {
    kind.build()?;
    let name = kind.section.name;
    #[cfg(feature = "native")]
    if name == BAREMETAL_NATIVE.name {
        let config = scaler_wm_native::NativeConfig::from_values(values, manager)?;
        return Ok(Box::new(scaler_wm_native::NativeInventory::new(config)));
    }
    #[cfg(feature = "ecs")]
    if name == AWS_RAW_ECS.name {
        let config = scaler_wm_ecs::EcsConfig::from_values(values, manager)?;
        return Ok(Box::new(scaler_wm_ecs::EcsInventory::open(config).await));
    }
    #[cfg(feature = "ec2")]
    if name == ORB_AWS_EC2.name {
        if let Some(config) = scaler_wm_ec2::OrbConfig::from_values(values, manager)? {
            return Ok(Box::new(scaler_wm_ec2::OrbInventory::open(&config).map_err(Failure::setup)?));
        }
        let config = scaler_wm_ec2::Ec2Config::from_values(values, manager)?;
        return Ok(Box::new(scaler_wm_ec2::Ec2Inventory::open(config).await));
    }
    #[cfg(feature = "batch")]
    if name == AWS_HPC.name {
        let config = scaler_wm_batch::BatchConfig::from_values(values, manager)?;
        return Ok(Box::new(scaler_wm_batch::BatchInventory::open(config).await));
    }
    #[cfg(all(feature = "symphony", not(target_feature = "crt-static")))]
    if name == SYMPHONY.name {
        let config = scaler_wm_symphony::SymphonyConfig::from_values(values)?;
        return Ok(Box::new(scaler_wm_symphony::SymphonyInventory::new(config, manager)));
    }
    #[cfg(feature = "external")]
    if name == EXTERNAL.name {
        let config = scaler_wm_external::ExternalConfig::from_values(values, manager)?;
        return Ok(Box::new(scaler_wm_external::ExternalInventory::open(config).await.map_err(Failure::setup)?));
    }
    let _ = (values, manager);
    Err(Failure::Usage(format!("what {name} leaves behind cannot be looked at in this build")))
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

    /// What looks at what a manager of it needs; `None` if this build has nothing that could.
    ///
    /// # Errors
    /// When its options do not go together.
    pub(crate) fn preflight(
        &self,
        values: &Values,
        manager: &ManagerId,
        limit: Limit,
    ) -> Result<Option<Look>, Failure> {
        Ok(self.look.map(|look| look(values, manager, limit)).transpose()?)
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
